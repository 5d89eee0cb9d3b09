// Repeats what is safe to repeat (it has an idempotency key, or does the same when done twice) until the shop has
// answered: after as long as it says, and saying so.
import { pauseBefore, Problem } from "./problem";

export interface Wait {
  problem: Problem;
  until: number; // of performance.now()
  failures: number;
}

export function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(done, milliseconds);
    function done() {
      signal?.removeEventListener("abort", stop);
      resolve();
    }
    function stop() {
      clearTimeout(timer);
      reject(signal?.reason ?? new DOMException("aborted", "AbortError"));
    }
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}

export async function persist<T>(
  ask: () => Promise<T>,
  options: { signal?: AbortSignal; onWait?: (wait: Wait | null) => void; pause?: typeof pauseBefore } = {},
): Promise<T> {
  const { signal, onWait, pause = pauseBefore } = options;
  for (let failures = 0; ; ++failures) {
    try {
      const answer = await ask();
      onWait?.(null);
      return answer;
    } catch (error) {
      if (!(error instanceof Problem) || !error.isWorthRepeating) {
        onWait?.(null);
        throw error;
      }
      const wait = pause(error, failures);
      onWait?.({ problem: error, until: performance.now() + wait, failures: failures + 1 });
      await sleep(wait, signal);
    }
  }
}
