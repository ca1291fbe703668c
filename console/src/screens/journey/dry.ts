// A dry run's report, as far as it is about one journey.

import { kindOf, type Step } from "./form.ts";
import { stepAt, walk } from "./tree.ts";

interface Passages {
  entered: number;
  finished: number;
  exited: number;
  inside: number;
  held_out: number;
  reached_goal: number;
}
interface Sends {
  wished: number;
  sent: number;
  waiting: number;
  dropped: Record<string, number>;
  deferred: Record<string, number>;
}
interface Side {
  journeys: Record<string, Passages>;
  broadcasts: Record<string, Passages>;
  messages: Record<string, Sends>;
  held_back: Record<string, number>;
}
export interface Report {
  from: string;
  to: string;
  records: number;
  was: Side;
  would: Side;
  changes: { was: number; would: number; people: number }[];
  limits: string[];
  people?: unknown[];
}

export interface DryStep {
  sent: number;
  held: number;
  /** Whether others send the same message, whose sends are in the figures too. */
  shared: boolean;
}
export interface DryRun {
  entered: number;
  enteredWas: number;
  reached: number;
  sent: number;
  sentWas: number;
  reasons: [string, number][];
  deferred: [string, number][];
  messages: Map<string, DryStep>;
  /** Messages of this journey that others send as well. */
  shared: string[];
}

/** Every message that the steps send, once. */
export function messagesOf(steps: readonly Step[]): string[] {
  const sent = walk(steps).flatMap((path) => {
    const step = stepAt(steps, path);
    return step !== undefined && typeof step !== "string" && kindOf(step) === "send" ? [step.send ?? ""] : [];
  });
  return [...new Set(sent)];
}

/** `users` says how many steps and broadcasts of the whole programme send a message. */
export function dryRun(report: Report, name: string, steps: readonly Step[], users: (message: string) => number): DryRun {
  const messages = messagesOf(steps);
  const of = (side: Side) => messages.map((message) => side.messages[message]).filter((one) => one !== undefined);
  const sum = (records: Record<string, number>[]) => {
    const total = new Map<string, number>();
    for (const record of records) for (const [reason, count] of Object.entries(record)) total.set(reason, (total.get(reason) ?? 0) + count);
    return [...total].filter(([, count]) => count > 0).sort((a, b) => b[1] - a[1]);
  };
  const dropped = (one: Sends) => Object.values(one.dropped).reduce((total, count) => total + count, 0);
  const shared = messages.filter((message) => users(message) > 1);
  return {
    entered: report.would.journeys[name]?.entered ?? 0,
    enteredWas: report.was.journeys[name]?.entered ?? 0,
    reached: report.would.journeys[name]?.reached_goal ?? 0,
    sent: of(report.would).reduce((total, one) => total + one.sent, 0),
    sentWas: of(report.was).reduce((total, one) => total + one.sent, 0),
    reasons: sum(of(report.would).map((one) => one.dropped)),
    deferred: sum(of(report.would).map((one) => one.deferred)),
    messages: new Map(messages.map((message) => {
      const one = report.would.messages[message];
      return [message, { sent: one?.sent ?? 0, held: one ? dropped(one) : 0, shared: shared.includes(message) }];
    })),
    shared,
  };
}

/** How many places of a programme in its canonical form send a message. */
export function usersOf(programme: Record<string, unknown>): (message: string) => number {
  const count = new Map<string, number>();
  const note = (message: unknown) => typeof message === "string" && count.set(message, (count.get(message) ?? 0) + 1);
  const look = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(look);
    if (node === null || typeof node !== "object") return;
    for (const [key, value] of Object.entries(node)) {
      if (key === "send" && value && typeof value === "object") note((value as { message?: unknown }).message);
      else look(value);
    }
  };
  look(programme.journeys);
  for (const broadcast of Object.values((programme.broadcasts ?? {}) as Record<string, { message?: unknown }>)) note(broadcast.message);
  return (message) => count.get(message) ?? 0;
}
