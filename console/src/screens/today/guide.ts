// How far a new installation is: what was done once is done.

interface Counts {
  events: number;
  sends: Record<string, number>;
}
interface Programme {
  purposes: Record<string, unknown>;
  segments: Record<string, unknown>;
  messages?: Record<string, unknown>;
  journeys?: Record<string, unknown>;
}

export const STEPS = ["event", "purpose", "segment", "message", "journey", "channel"] as const;
export type StepName = (typeof STEPS)[number];

export function steps(counts: Counts | undefined, programme: Programme | undefined): { name: StepName; done: boolean }[] {
  const some = (part: Record<string, unknown> | undefined) => Object.keys(part ?? {}).length > 0;
  const done: Record<StepName, boolean> = {
    event: (counts?.events ?? 0) > 0,
    purpose: some(programme?.purposes),
    segment: some(programme?.segments),
    message: some(programme?.messages),
    journey: some(programme?.journeys),
    // A channel is connected when something went through it.
    channel: (counts?.sends.accepted ?? 0) > 0,
  };
  return STEPS.map((name) => ({ name, done: done[name] }));
}

/** Whether the guide has a place on Today: while something was never done. */
export function isFirstHour(counts: Counts | undefined, programme: Programme | undefined): boolean {
  if (!counts) return false;
  return steps(counts, programme).some((step) => !step.done);
}
