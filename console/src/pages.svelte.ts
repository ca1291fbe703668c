// Pages as a screen holds them: the newest follows what happens, older ones come when somebody wants them.

import { untrack } from "svelte";
import { asked, type How } from "./asked.svelte.ts";
import { extended, renewed, type Held, type PageOf } from "./pages.ts";

/** A page may find nothing and the list still go on: so many are asked for at once until one does. */
const LOOKS_MAX = 5;

export interface Paged<T> {
  /** Undefined until something is known. */
  readonly rows: readonly T[] | undefined;
  /** Whether there is more. */
  readonly more: boolean;
  readonly busy: boolean;
  readonly problem: Error | undefined;
  /** Asks for the next older page. */
  older: () => Promise<void>;
  again: () => void;
}

/** Called while a component is made. The question names the list; `page` gives what is older than a place, or the newest. */
export function paged<T>(
  question: () => string | null,
  page: (before: string | null, signal: AbortSignal) => Promise<PageOf<T>>,
  key: (row: T) => string | number,
  how: How = {},
): Paged<T> {
  const newest = asked(question, (signal) => page(null, signal), how);
  let held = $state.raw<Held<T>>();
  let busy = $state(false);
  let problem = $state.raw<Error>();
  let of: string | null = null;
  let asking: AbortController | undefined;

  $effect(() => {
    const [now, told] = [question(), newest.value];
    untrack(() => {
      if (now !== of) {
        asking?.abort();
        held = problem = undefined;
        busy = false;
        of = now;
      }
      if (told) held = renewed(held, told, key);
    });
  });
  $effect(() => () => asking?.abort());

  async function older(): Promise<void> {
    if (busy || !held || held.next === null) return;
    const mine = (asking = new AbortController());
    busy = true;
    try {
      const before = held.rows.length;
      for (let look = 0; look < LOOKS_MAX && held.next !== null && held.rows.length === before; look += 1) {
        const from: string = held.next;
        const told: PageOf<T> = await page(from, mine.signal);
        // The newest page may have come anew meanwhile, and far from here.
        if (mine.signal.aborted || held.next !== from) return;
        held = extended(held, told, key);
      }
      problem = undefined;
    } catch (error) {
      if (!mine.signal.aborted) problem = error as Error;
    } finally {
      if (asking === mine) busy = false;
    }
  }

  return {
    get rows() {
      return held?.rows;
    },
    get more() {
      return held !== undefined && held.next !== null;
    },
    get busy() {
      return busy;
    },
    get problem() {
      return problem ?? newest.problem;
    },
    older,
    again: newest.again,
  };
}
