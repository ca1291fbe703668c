// An answer of the server as a screen holds it: the last known one at once, the present one as soon as it is here.

import { untrack } from "svelte";
import { onceRead } from "./client.ts";
import { live } from "./live.svelte.ts";

const REMEMBERED_MAX = 300;
/** Whoever waits longer than this for a first answer is told that it is being counted. */
const COUNTING_MS = 400;

const remembered = new Map<string, { value: unknown; at: number }>();

export class Asked<T> {
  /** The last known answer; what is not known yet is undefined, which is neither zero nor empty. */
  value = $state.raw<T | undefined>();
  /** When it was true, as `Date.now()` has it. */
  at = $state(0);
  problem = $state.raw<Error | undefined>();
  busy = $state(false);
  /** Nothing is known yet, and the answer takes its time. */
  counting = $state(false);
  #again: () => void = () => {};

  /** Asks once more: after a change, or when somebody says "try again". */
  again = (): void => this.#again();

  /** @internal */
  onAgain(again: () => void): void {
    this.#again = again;
  }
}

export interface How {
  /** Asked again when the log has grown: each time, or so many milliseconds after the last time at the earliest. */
  follow?: boolean | number;
  /** Milliseconds to wait for the next change of the question, as somebody types. */
  settle?: number;
  /** The old answer stays until the new one is here: it is the same thing, in another version. */
  stays?: boolean;
}

/**
 * Asks whenever the question changes. The question names everything that the answer depends on, and is what the answer
 * is remembered by; null asks nothing. Called while a component is made.
 */
export function asked<T>(question: () => string | null, ask: (signal: AbortSignal) => Promise<T>, how: How = {}): Asked<T> {
  const held = new Asked<T>();
  let shown: string | null = null;
  let asking: AbortController | undefined;
  let waiting: ReturnType<typeof setTimeout> | undefined;
  let begun = 0;
  /** The question is about to be asked. */
  let due = false;

  function recall(key: string): void {
    const known = remembered.get(key);
    held.value = known?.value as T | undefined;
    held.at = known?.at ?? 0;
  }

  async function run(key: string): Promise<void> {
    asking?.abort();
    const mine = (asking = new AbortController());
    held.busy = true;
    due = false;
    begun = Date.now();
    const late = setTimeout(() => (held.counting = held.value === undefined), COUNTING_MS);
    try {
      // What the log has to be read for comes by itself.
      const value = await onceRead(() => ask(mine.signal), mine.signal, () => {});
      if (mine.signal.aborted) return;
      held.value = value;
      held.at = Date.now();
      held.problem = undefined;
      remember(key, value, held.at);
    } catch (error) {
      if (mine.signal.aborted) return;
      held.problem = error instanceof Error ? error : new Error(String(error));
    } finally {
      clearTimeout(late);
      if (asking === mine) held.busy = held.counting = false;
    }
  }

  held.onAgain(() => void (shown !== null && run(shown)));

  // What the question is made of may change and the question stay: then nothing is asked anew.
  const wanted = $derived.by(question);

  $effect(() => {
    const key = wanted;
    if (key === null) return;
    if (key !== shown) {
      // While somebody types, the old answer stays until the new one is here.
      if (remembered.has(key) || shown === null || !(how.settle || how.stays)) recall(key);
      held.problem = undefined;
    }
    const pause = shown === null ? 0 : (how.settle ?? 0);
    shown = key;
    due = true;
    waiting = setTimeout(() => void run(key), pause);
    return () => clearTimeout(waiting);
  });

  if (how.follow !== undefined && how.follow !== false) {
    const rest = how.follow === true ? 0 : how.follow;
    $effect(() => {
      // A round that is under way will tell of this beat too, or the next one will.
      if (live.beat > 0 && shown !== null && !due && !untrack(() => held.busy) && Date.now() - begun >= rest) void run(shown);
    });
  }

  // What was asked in vain while the server was away is asked again once it is back.
  $effect(() => {
    if (live.lostSince === 0 && wanted !== null && untrack(() => held.problem)) void run(wanted);
  });

  $effect(() => () => asking?.abort());
  return held;
}

/** Whoever signs out leaves nothing behind. */
export function forget(): void {
  remembered.clear();
}

function remember(key: string, value: unknown, at: number): void {
  remembered.delete(key);
  remembered.set(key, { value, at });
  const oldest = remembered.keys().next().value;
  if (remembered.size > REMEMBERED_MAX && oldest !== undefined) remembered.delete(oldest);
}
