// Steps back and forth of a text that is edited.

const KEPT_MAX = 200;

export interface Steps {
  past: readonly string[];
  now: string;
  future: readonly string[];
}

export const begun = (now: string): Steps => ({ past: [], now, future: [] });

/** A new text; what is written in one go is one step. */
export function stepped(steps: Steps, text: string, goesOn = false): Steps {
  if (text === steps.now) return steps;
  return { past: goesOn ? steps.past : [...steps.past, steps.now].slice(-KEPT_MAX), now: text, future: [] };
}

export function back({ past, now, future }: Steps): Steps | null {
  const before = past.at(-1);
  return before === undefined ? null : { past: past.slice(0, -1), now: before, future: [now, ...future] };
}

export function forth({ past, now, future }: Steps): Steps | null {
  const [next, ...rest] = future;
  return next === undefined ? null : { past: [...past, now], now: next, future: rest };
}
