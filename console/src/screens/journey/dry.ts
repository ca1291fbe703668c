// A dry run's report, as far as it is about one journey.

import { flowed, type Ends, type Numbers, type StepFlow } from "./figures.ts";
import type { Step } from "./form.ts";
import { placeOf, walk } from "./tree.ts";

/** Numbers by what they are of, and of that by day. */
type By = Record<string, number>;
type ByDay = Record<string, By>;

export interface Sends {
  wished: number;
  sent: number;
  waiting: number;
  dropped: By;
  /** Those that had to wait, whatever became of them. */
  deferred: By;
  sent_by_day: ByDay;
  dropped_by_day: ByDay;
  deferred_by_day: ByDay;
}
export interface StepTally extends StepFlow {
  /** Who is there at the end. */
  inside: number;
  sends?: Sends;
}
export interface Passages {
  entered: number;
  inside: number;
  held_out: number;
  reached_goal: number;
  entered_by_day: By;
  /** Some of those who entered, once for each time. */
  people: string[];
  steps: Record<string, StepTally>;
}
interface Side {
  journeys: Record<string, Passages>;
}
/** Why something happened: a word that stays the same, and the rule of the programme that it is about. */
export interface Why {
  code: string;
  rule?: string;
}
/** One thing that happened to somebody who is followed. */
export interface Moment {
  at: string;
  journey: string;
  what: "entered" | "went_on" | "left" | "reached_goal" | "wished" | "sent" | "waited" | "dropped";
  step?: string;
  to?: string;
  message?: string;
  channel?: string;
  why?: Why;
  held_out?: boolean;
}
export interface Followed {
  person: string;
  is_known: boolean;
  was: Moment[];
  would: Moment[];
}
export interface Report {
  from: string;
  to: string;
  records: number;
  was: Side;
  would: Side;
  changes: { was: number; would: number; people: number }[];
  limits: string[];
  followed?: Followed;
}

export type Reasons = [string, number][];

export interface Day {
  day: string;
  entered: number;
  sent: number;
  stopped: Reasons;
  waited: Reasons;
}
export interface DryRun {
  ends: Ends;
  enteredWas: number;
  /** Some of those who would have entered, each once. */
  people: string[];
  sent: number;
  sentWas: number;
  reasons: Reasons;
  deferred: Reasons;
  days: Day[];
  /** The steps that it was run with, and their figures by place. */
  steps: readonly Step[];
  numbers: Map<string, Numbers>;
}

export function dryRun(report: Report, name: string, steps: readonly Step[]): DryRun {
  const [was, would] = [report.was.journeys[name], report.would.journeys[name]];
  const sends = sendsOf(would);
  const sent = (of: Sends[]) => of.reduce((sum, one) => sum + one.sent, 0);
  return {
    ends: { entered: would?.entered ?? 0, reached: would?.reached_goal ?? 0, heldOut: would?.held_out ?? 0 },
    enteredWas: was?.entered ?? 0,
    people: [...new Set(would?.people)],
    sent: sent(sends),
    sentWas: sent(sendsOf(was)),
    reasons: summed(sends.map((one) => one.dropped)),
    deferred: summed(sends.map((one) => one.deferred)),
    days: daysOf(would, sends),
    steps,
    numbers: new Map(walk(steps).map((path) => {
      const place = placeOf(steps, path);
      return [place, numbersOf(steps, path, would?.steps[place])];
    })),
  };
}

const sendsOf = (of: Passages | undefined): Sends[] => Object.values(of?.steps ?? {}).flatMap((step) => step.sends ?? []);

function numbersOf(steps: readonly Step[], path: readonly number[], tally: StepTally | undefined): Numbers {
  if (!tally) return {};
  const { sends } = tally;
  const flow = flowed(steps, path, tally, tally.inside);
  if (!sends) return flow;
  const dropped = Object.values(sends.dropped).reduce((sum, one) => sum + one, 0);
  return { ...flow, sent: sends.sent, dropped, deferred: sends.waiting, reasons: sends.dropped };
}

/** The most frequent first. */
function summed(records: readonly By[]): Reasons {
  const all = new Map<string, number>();
  for (const record of records) for (const [reason, number] of Object.entries(record)) all.set(reason, (all.get(reason) ?? 0) + number);
  return [...all].filter(([, number]) => number > 0).sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]));
}

/** The days on which anything would have happened, in their order. */
function daysOf(of: Passages | undefined, sends: readonly Sends[]): Day[] {
  const all = Object.keys(of?.entered_by_day ?? {});
  for (const one of sends) for (const part of [one.sent_by_day, one.dropped_by_day, one.deferred_by_day]) for (const by of Object.values(part)) all.push(...Object.keys(by));
  const on = (part: ByDay, day: string): By => Object.fromEntries(Object.entries(part).map(([name, by]) => [name, by[day] ?? 0]));
  return [...new Set(all)].sort().map((day) => ({
    day,
    entered: of?.entered_by_day[day] ?? 0,
    sent: summed(sends.map((one) => on(one.sent_by_day, day))).reduce((sum, [, number]) => sum + number, 0),
    stopped: summed(sends.map((one) => on(one.dropped_by_day, day))),
    waited: summed(sends.map((one) => on(one.deferred_by_day, day))),
  }));
}
