// A journey as the engine has it, told as its file says it, which is what people edit.

import type { Fields, JourneyForm, Step } from "./form.ts";

type Plain = Record<string, unknown>;

const UNITS: [string, number][] = [["week", 604_800_000], ["day", 86_400_000], ["hour", 3_600_000], ["minute", 60_000], ["second", 1_000], ["millisecond", 1]];
const BEST_WITHIN_MS = 86_400_000;
const WEBHOOK_WITHIN_MS = 86_400_000;

/** `90 minutes` in milliseconds, undefined where it is no length of time. */
export function spanMs(text: string): number | undefined {
  const found = /^(\d+) ?(week|day|hour|minute|second|millisecond)s?$/.exec(text.trim());
  const unit = UNITS.find(([name]) => name === found?.[2])?.[1];
  return found && unit ? Number(found[1]) * unit : undefined;
}

/** In the largest unit that it is a whole number of; days before weeks, as the files say it. */
export function spanText(ms: number): string {
  const [name, size] = UNITS.slice(1).find(([, unit]) => ms % unit === 0) ?? ["millisecond", 1];
  const number = ms / size;
  return `${number} ${name}${number === 1 ? "" : "s"}`;
}

const share = (permille: number) => `${permille / 10}%`;

export function fromCanonical(name: string, of: Plain): JourneyForm {
  const form: JourneyForm = { journey: name, purpose: String(of.purpose ?? ""), enter: String(of.enter ?? ""), steps: [] };
  if (of.for) form.for = String(of.for);
  const reenter = of.reenter as string | { after: number } | undefined;
  if (reenter && reenter !== "never") form.reenter = typeof reenter === "string" ? reenter : `after ${spanText(reenter.after)}`;
  if (of.exit) form.exit = String(of.exit);
  const goal = of.goal as { did: string; within: number } | null | undefined;
  if (goal) form.goal = { did: goal.did, within: spanText(goal.within) };
  if (of.holdout_permille) form.holdout = share(Number(of.holdout_permille));
  if (of.on_change && of.on_change !== "finish") form["on change"] = String(of.on_change);
  form.steps = ((of.steps as unknown[]) ?? []).map(fromStep);
  return form;
}

function fromStep(of: unknown): Step {
  if (typeof of === "string") return "exit";
  const [kind, value] = Object.entries(of as Plain)[0] ?? ["exit", null];
  const fields = value as Plain;
  const steps = (list: unknown) => ((list as unknown[]) ?? []).map(fromStep);
  switch (kind) {
    case "wait":
      return { wait: spanText(Number(value)) };
    case "wait_until":
      return { wait: { until: String(fields.until), "at most": spanText(Number(fields.at_most)) } };
    case "wait_date":
      return { wait: { until: String(value) } };
    case "wait_local": {
      const days = fields.weekdays as string[];
      return { wait: { ...(days.length ? { weekday: days.length === 1 ? days[0] : days } : {}), ...(fields.time ? { until: String(fields.time) } : {}) } };
    }
    case "send":
      return fromSend(fields);
    case "branch":
      return { branch: (value as Plain[]).map((arm) => (arm.when === null || arm.when === undefined ? { else: steps(arm.then) } : { if: String(arm.when), then: steps(arm.then) })) };
    case "split": {
      const split = (fields.ways as Plain[]).map((way) => ({ share: share(Number(way.share_permille)), then: steps(way.then) }));
      return fields.draw === "run" ? { split, draw: "each run" } : { split };
    }
    case "update":
      return { update: fields };
    case "start":
      return { start: String(value) };
    case "offer":
      return { offer: String(value) };
    case "webhook": {
      const step: Fields = { webhook: String(fields.webhook) };
      if (fields.body) step.body = fields.body as Plain;
      if (fields.name !== fields.webhook) step.as = String(fields.name);
      if (fields.at_most !== WEBHOOK_WITHIN_MS) step["at most"] = spanText(Number(fields.at_most));
      if (fields.otherwise) step.else = steps(fields.otherwise);
      return step;
    }
    case "named": {
      const inner = fromStep(fields.step);
      return { ...(inner === "exit" ? { exit: null } : inner), name: String(fields.name) };
    }
    default:
      return "exit";
  }
}

function fromSend(of: Plain): Fields {
  const step: Fields = { send: String(of.message) };
  const channels = (of.channels as string[]) ?? [];
  const choices = (of.choices as { channel?: boolean; variant?: unknown; hour_within?: number }) ?? {};
  if (choices.channel) step.channels = channels.length ? { best: channels } : "best";
  else if (channels.length) step.channels = channels;
  const variant = choices.variant;
  if (variant === "best") step.variant = "best";
  else if (variant && typeof variant === "object") step.variant = String((variant as { named: string }).named);
  if (choices.hour_within) step.at = choices.hour_within === BEST_WITHIN_MS ? "best" : { best: spanText(choices.hour_within) };
  return step;
}

/** Both ways in which a file may say what begins a run, as one text. */
export function enterText(enter: JourneyForm["enter"]): string {
  if (typeof enter === "string") return enter;
  const yearly = "yearly" in enter && enter.yearly !== false ? " yearly" : "";
  return `on ${enter.on}${yearly} at ${enter.at}${enter.before ? ` before ${enter.before}` : ""}`;
}
