// Periods as the address has them, and the days that they are.

import { dayNow } from "../format.ts";

/** The first and the last day, both inside, as `2026-11-23`. */
export interface Days {
  from: string;
  until: string;
}
const DAY_MS = 86_400_000;

const text = (at: number) => new Date(at).toISOString().slice(0, 10);

/** A preset (`7d`) or two days (`2026-11-01..2026-11-23`) as days; today is the last day of presets. */
export function days(period: string, today = dayNow()): Days {
  const [from, until] = period.split("..");
  if (from && until) return { from, until };
  const many = Number(/^(\d+)d$/.exec(period)?.[1] ?? 7);
  return { from: text(Date.parse(today) - (many - 1) * DAY_MS), until: today };
}

/** The same length before or after; never beyond today. */
export function stepped(period: string, step: 1 | -1, today?: string): string {
  const { from, until } = days(period, today);
  const length = Date.parse(until) - Date.parse(from) + DAY_MS;
  return `${text(Date.parse(from) + step * length)}..${text(Date.parse(until) + step * length)}`;
}
