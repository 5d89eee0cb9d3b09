// What a request may fail with: a problem that the shop describes (RFC 9457), or no answer at all.
import type { components } from "./schema.gen";

export type ProblemBody = Partial<components["schemas"]["Problem"]>;

export class Problem extends Error {
  constructor(
    readonly status: number, // 0: no answer came
    readonly body: ProblemBody,
    readonly retryAfter: number | null, // seconds, as the shop said
  ) {
    super(body.detail ?? body.title ?? `HTTP ${status}`);
    this.name = "Problem";
  }

  get code(): string {
    return this.body.code ?? (this.status === 0 ? "OFFLINE" : `HTTP_${this.status}`);
  }
  // The connection was lost, or a gateway answered for a server that was not there: nobody knows what happened.
  get isUnknown(): boolean {
    return this.status === 0 || this.code === "OUTCOME_UNKNOWN" || this.code === "HTTP_502" || this.code === "HTTP_504";
  }
  // Certainly not done; to be repeated after retryAfter.
  get isBusy(): boolean {
    return !this.isUnknown && (this.status === 503 || this.status === 429 || this.status === 408);
  }
  get isWorthRepeating(): boolean {
    return this.isUnknown || this.isBusy;
  }
}

export async function problemOf(response: Response): Promise<Problem> {
  const wait = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
  let body: ProblemBody = {};
  try {
    body = (await response.clone().json()) as ProblemBody;
  } catch {
    // no JSON: a proxy's own page
  }
  return new Problem(response.status, body, Number.isNaN(wait) ? null : Math.max(wait, 0));
}

// Milliseconds until the try after `failures` failed ones: as the shop said, else longer each time; never all
// visitors at once.
export function pauseBefore(problem: Problem, failures: number, random = Math.random): number {
  const told = problem.retryAfter === null ? null : problem.retryAfter * 1000;
  const own = Math.min(500 * 2 ** Math.min(failures, 5), 8000);
  return Math.round((told ?? own) + random() * 400);
}
