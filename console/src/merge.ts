// What two people made of one thing, put together: where only one of them changed something, that is taken; where both
// did, somebody has to choose. It works on whatever JSON says, and on texts by their lines.

export type Side = "mine" | "theirs";

/** A place that both changed, each in another way. */
export interface Clash {
  /** The way to it: keys, and numbers from 1 where it is in a list. */
  place: string[];
  base: unknown;
  mine: unknown;
  theirs: unknown;
}

/** A place that became other. */
export interface Changed {
  place: string[];
  before: unknown;
  after: unknown;
}

export interface Merged<T> {
  value: T;
  clashes: Clash[];
}

export const keyOf = (place: readonly string[]): string => place.join("\u0000");

/** Lists longer than this are one thing: comparing them costs the product of their lengths. */
const LIST_MAX = 2_000;

/** Both together. At a clash it is mine, unless `picks` says otherwise under the key of its place. */
export function merge<T>(base: T, mine: T, theirs: T, picks: Readonly<Record<string, Side>> = {}): Merged<T> {
  const clashes: Clash[] = [];
  const value = both(base, mine, theirs, []);
  return { value: value as T, clashes };

  function both(was: unknown, one: unknown, other: unknown, place: string[]): unknown {
    if (same(one, other) || same(was, other)) return one;
    if (same(was, one)) return other;
    if (isObject(was) && isObject(one) && isObject(other)) return objects(was, one, other, place);
    if (Array.isArray(was) && Array.isArray(one) && Array.isArray(other)) return lists(was, one, other, place);
    if (isText(was) && isText(one) && isText(other) && [was, one, other].some(hasLines)) return (lists(was.split("\n"), one.split("\n"), other.split("\n"), place) as string[]).join("\n");
    return clash(was, one, other, place);
  }

  function clash(was: unknown, one: unknown, other: unknown, place: string[]): unknown {
    clashes.push({ place, base: was, mine: one, theirs: other });
    return picks[keyOf(place)] === "theirs" ? other : one;
  }

  function objects(was: Plain, one: Plain, other: Plain, place: string[]): Plain {
    const keys = [...new Set([...Object.keys(one), ...Object.keys(other)])];
    const entries = keys.map((key): [string, unknown] => [key, both(was[key], one[key], other[key], [...place, key])]);
    return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
  }

  /** Between the items that all three share lie stretches; each is merged by itself. */
  function lists(was: unknown[], one: unknown[], other: unknown[], place: string[]): unknown[] {
    if (was.length * Math.max(one.length, other.length) > LIST_MAX * LIST_MAX) return clash(was, one, other, place) as unknown[];
    const [toOne, toOther] = [matches(was, one), matches(was, other)];
    const result: unknown[] = [];
    let [a, b, c] = [0, 0, 0];
    for (let at = 0; at <= was.length; at += 1) {
      const [inOne, inOther] = at === was.length ? [one.length, other.length] : [toOne[at], toOther[at]];
      if (inOne === undefined || inOther === undefined) continue;
      result.push(...stretch(was.slice(a, at), one.slice(b, inOne), other.slice(c, inOther), [...place, String(a + 1)], place, a));
      if (at < was.length) result.push(one[inOne]);
      [a, b, c] = [at + 1, inOne + 1, inOther + 1];
    }
    return result;
  }

  function stretch(was: unknown[], one: unknown[], other: unknown[], at: string[], place: string[], from: number): unknown[] {
    if (same(was, other) || same(one, other)) return one;
    if (same(was, one)) return other;
    // Both added something between the same two: mine comes first.
    if (was.length === 0) return [...one, ...other];
    if (was.length === one.length && was.length === other.length) return was.map((item, index) => both(item, one[index], other[index], [...place, String(from + index + 1)]));
    return clash(was, one, other, at) as unknown[];
  }
}

/** What became other from one to the other, by its place. */
export function changes(before: unknown, after: unknown, place: string[] = []): Changed[] {
  if (same(before, after)) return [];
  if (isObject(before) && isObject(after)) {
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) => changes(before[key], after[key], [...place, key]));
  }
  if (isText(before) && isText(after) && (hasLines(before) || hasLines(after))) return stretches(before.split("\n"), after.split("\n"), place, (lines) => lines.join("\n"));
  if (Array.isArray(before) && Array.isArray(after)) return stretches(before, after, place, (items) => (items.length > 1 ? items : items[0]));
  return [{ place, before, after }];
}

function stretches(before: unknown[], after: unknown[], place: string[], told: (items: unknown[]) => unknown): Changed[] {
  const to = matches(before, after);
  const all: Changed[] = [];
  let [a, b] = [0, 0];
  for (let at = 0; at <= before.length; at += 1) {
    const inAfter = at === before.length ? after.length : to[at];
    if (inAfter === undefined) continue;
    const [was, is] = [before.slice(a, at), after.slice(b, inAfter)];
    if (was.length === is.length && was.every((item, index) => isObject(item) && isObject(is[index]))) all.push(...was.flatMap((item, index) => changes(item, is[index], [...place, String(a + index + 1)])));
    else if (was.length + is.length > 0) all.push({ place: [...place, String(a + 1)], before: was.length ? told(was) : undefined, after: is.length ? told(is) : undefined });
    [a, b] = [at + 1, inAfter + 1];
  }
  return all;
}

/** For each item its place in the other list, along the longest part that both have in common. */
function matches(from: unknown[], to: unknown[]): (number | undefined)[] {
  const common = Array.from({ length: from.length + 1 }, () => new Uint16Array(to.length + 1));
  const longest = (x: number, y: number) => common[x]?.[y] ?? 0;
  for (let x = from.length - 1; x >= 0; x -= 1) {
    for (let y = to.length - 1; y >= 0; y -= 1) (common[x] as Uint16Array)[y] = same(from[x], to[y]) ? longest(x + 1, y + 1) + 1 : Math.max(longest(x + 1, y), longest(x, y + 1));
  }
  const found: (number | undefined)[] = Array.from({ length: from.length });
  for (let [x, y] = [0, 0]; x < from.length && y < to.length; ) {
    if (same(from[x], to[y])) found[x++] = y++;
    else if (longest(x + 1, y) >= longest(x, y + 1)) x += 1;
    else y += 1;
  }
  return found;
}

type Plain = Record<string, unknown>;
const isObject = (value: unknown): value is Plain => typeof value === "object" && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === "string";
const hasLines = (text: string): boolean => text.includes("\n");

/** The same whatever the order of keys is. */
function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, index) => same(item, b[index]));
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => key in b && same(a[key], b[key]));
}
