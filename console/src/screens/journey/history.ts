// What was, what is and what was taken back: undo and redo of anything that is never changed in place.

const KEPT_MAX = 200;

export interface History<T> {
  past: readonly T[];
  now: T;
  future: readonly T[];
  /** What the last change was of: changes of the same in a row are one. */
  of?: string;
}

export const begin = <T>(now: T): History<T> => ({ past: [], now, future: [] });

export function change<T>(history: History<T>, now: T, of?: string): History<T> {
  if (of !== undefined && of === history.of) return { ...history, now, future: [] };
  return { past: [...history.past.slice(1 - KEPT_MAX), history.now], now, future: [], of };
}

export function undo<T>(history: History<T>): History<T> {
  const before = history.past.at(-1);
  if (before === undefined) return history;
  return { past: history.past.slice(0, -1), now: before, future: [history.now, ...history.future] };
}

export function redo<T>(history: History<T>): History<T> {
  const [after, ...future] = history.future;
  if (after === undefined) return history;
  return { past: [...history.past, history.now], now: after, future };
}
