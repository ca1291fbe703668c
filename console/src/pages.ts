// A list whose newest page is asked for again as things happen, and whose older pages come one by one, without a gap between.

export interface PageOf<T> {
  rows: readonly T[];
  /** Where the next page begins; null on the last one. */
  next: string | null;
}

export interface Held<T> extends PageOf<T> {
  /** Whether it is more than the newest page. */
  deep: boolean;
}

type Key<T> = (row: T) => string | number;

/** The newest page anew: what fell off its end stays, where older pages were read. */
export function renewed<T>(held: Held<T> | undefined, page: PageOf<T>, key: Key<T>): Held<T> {
  if (!held?.deep) return { ...page, deep: false };
  const last = page.rows.at(-1);
  // A page that looked far and found nothing says nothing of what was found beyond it.
  if (last === undefined) return page.next === null ? { ...page, deep: false } : held;
  const at = held.rows.findIndex((row) => key(row) === key(last));
  // More came at once than a page holds: what was read before would stand behind a gap.
  if (at < 0) return { ...page, deep: false };
  return { rows: [...page.rows, ...held.rows.slice(at + 1)], next: held.next, deep: true };
}

/** One older page more; what both have is there once. */
export function extended<T>(held: Held<T>, page: PageOf<T>, key: Key<T>): Held<T> {
  const known = new Set(held.rows.map(key));
  return { rows: [...held.rows, ...page.rows.filter((row) => !known.has(key(row)))], next: page.next, deep: true };
}
