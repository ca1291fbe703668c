// People by when they first ordered.

import { date, month } from "../../format.ts";

export interface Cohort {
  channel: string;
  begin: string;
  people: number;
  /** Of them, how many ordered again in each whole period after. */
  ordered: number[];
}

/** One table a channel, that with most people first. */
export function tables(cohorts: readonly Cohort[]): { channel: string; cohorts: Cohort[] }[] {
  const by = new Map<string, Cohort[]>();
  for (const cohort of cohorts) by.set(cohort.channel, [...(by.get(cohort.channel) ?? []), cohort]);
  const size = (all: Cohort[]) => all.reduce((sum, cohort) => sum + cohort.people, 0);
  return [...by].map(([channel, all]) => ({ channel, cohorts: all })).sort((a, b) => size(b.cohorts) - size(a.cohorts));
}

/** The share that ordered again in the first period after, over all cohorts that are old enough. */
export function returning(cohorts: readonly Cohort[]): { share: number; people: number } | null {
  const old = cohorts.filter((cohort) => cohort.ordered.length > 0);
  const people = old.reduce((sum, cohort) => sum + cohort.people, 0);
  return people === 0 ? null : { share: old.reduce((sum, cohort) => sum + (cohort.ordered[0] ?? 0), 0) / people, people };
}

/** The month or the day with which a cohort begins, as they are read. */
export function begun(begin: string): string {
  // Noon of a day in the middle is in the month wherever the programme is.
  if (/^\d{4}-\d\d$/.test(begin)) return month(`${begin}-15T12:00:00Z`);
  return /^\d{4}-\d\d-\d\d$/.test(begin) ? date(begin) : begin;
}
