// How large a segment was, day by day, and what that says.

export interface Day {
  day: string;
  /** Absent where the log tells of that day no longer, or where there was no such segment. */
  size?: number | null;
}

export interface Point {
  at: string;
  value: number | null;
}

/** Days as points of a line; the middle of a day is that day in every time zone of people. */
export function pointsOf(days: readonly Day[]): Point[] {
  return days.map(({ day, size }) => ({ at: `${day}T12:00:00Z`, value: size ?? null }));
}

/** From the first size that is known to the last one, and of how many days one is; null where none is. */
export function course(days: readonly Day[]): { from: number; to: number; since: string; days: number; gaps: boolean } | null {
  const known = days.filter((one) => typeof one.size === "number");
  const [first, last] = [known[0], known.at(-1)];
  if (!first || !last) return null;
  return { from: first.size ?? 0, to: last.size ?? 0, since: first.day, days: known.length, gaps: known.length < days.length };
}
