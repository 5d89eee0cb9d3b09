// A part of the page that is loaded when it is needed. A lost connection just then is waited for, like any other.
import { lazy, type ComponentType } from "react";
import { noteAnswer } from "../api/busy";
import { sleep } from "../api/persist";

const tries = 20;
const pause = 1500; // milliseconds

export async function persistently<T>(load: () => Promise<T>, wait = sleep): Promise<T> {
  for (let left = tries; ; --left) {
    try {
      return await load();
    } catch (error) {
      if (left === 0) throw error; // perhaps a newer build has replaced it: the page is to be loaded again
      noteAnswer(0, null);
      await wait(pause);
    }
  }
}

export const patient = <Props>(load: () => Promise<ComponentType<Props>>) =>
  lazy(() => persistently(load).then((part) => ({ default: part })));
