// A journey in the form of its file.

export interface JourneyForm {
  journey: string;
  purpose: string;
  enter: string | { on: string; at: string; yearly?: unknown; before?: string };
  for?: string;
  reenter?: string;
  exit?: string;
  goal?: { did: string; within: string };
  holdout?: string;
  "on change"?: string;
  steps: Step[];
}

export type Step = "exit" | Fields;
export type Channels = string | string[] | { best: string[] };

export interface Fields {
  wait?: string | { until?: string; "at most"?: string; weekday?: string | string[] };
  send?: string;
  channels?: Channels;
  variant?: string;
  at?: string | { best: string };
  branch?: Arm[];
  split?: Way[];
  draw?: string;
  update?: Record<string, unknown>;
  start?: string;
  webhook?: string;
  body?: Record<string, unknown>;
  as?: string;
  "at most"?: string;
  else?: Step[];
  offer?: string;
  exit?: unknown;
  name?: string;
}
export interface Arm {
  if?: string;
  then?: Step[];
  else?: Step[];
}
export interface Way {
  share: string;
  then: Step[];
}

export const KINDS = ["wait", "send", "branch", "split", "update", "offer", "start", "webhook", "exit"] as const;
export type Kind = (typeof KINDS)[number];

export function kindOf(step: Step): Kind {
  if (typeof step === "string") return "exit";
  return KINDS.find((kind) => kind in step) ?? "exit";
}

export function nameOf(step: Step): string | undefined {
  return typeof step === "string" ? undefined : step.name;
}

/** A step of a kind, with what is most usual in it. */
export function fresh(kind: Kind, known: { messages: string[]; offers: string[]; journeys: string[]; webhooks: string[]; segments: string[] }): Step {
  switch (kind) {
    case "wait":
      return { wait: "1 day" };
    case "send":
      return { send: known.messages[0] ?? "" };
    case "branch":
      return { branch: [{ if: known.segments[0] ? `in segment "${known.segments[0]}"` : 'did "Order Completed"', then: [] }, { else: [] }] };
    case "split":
      return { split: [{ share: "50%", then: [] }, { share: "50%", then: [] }] };
    case "update":
      return { update: { stage: "lead" } };
    case "offer":
      return { offer: known.offers[0] ?? "" };
    case "start":
      return { start: known.journeys[0] ?? "" };
    case "webhook":
      return { webhook: known.webhooks[0] ?? "", body: {} };
    case "exit":
      return "exit";
  }
}

/** The ways that lead on from a step and come together after it. */
export function ways(step: Step): Step[][] {
  if (typeof step === "string") return [];
  if (step.branch) return step.branch.map((arm) => arm.then ?? arm.else ?? []);
  if (step.split) return step.split.map((way) => way.then ?? []);
  if (step.webhook !== undefined && step.else) return [step.else];
  return [];
}

/** Ways as they are drawn: also that of those for whom no condition holds, and of those whose webhook answered. */
export function lanes(step: Step): { steps: Step[]; open: boolean }[] {
  const all = ways(step).map((steps) => ({ steps, open: true }));
  if (typeof step === "string" || all.length === 0) return all;
  if (step.branch && !step.branch.some((arm) => arm.else !== undefined)) return [...all, { steps: [], open: true }];
  return step.webhook !== undefined ? [...all, { steps: [], open: false }] : all;
}

/** The same step with other steps on one of its ways; the way behind the last of a branch is that of everybody else. */
export function withWay(step: Step, index: number, steps: Step[]): Step {
  if (typeof step === "string") return step;
  if (step.branch && index >= step.branch.length) return { ...step, branch: [...step.branch, { else: steps }] };
  if (step.branch) return { ...step, branch: step.branch.map((arm, at) => (at !== index ? arm : arm.else !== undefined ? { else: steps } : { ...arm, then: steps })) };
  if (step.split) return { ...step, split: step.split.map((way, at) => (at === index ? { ...way, then: steps } : way)) };
  return { ...step, else: steps };
}
