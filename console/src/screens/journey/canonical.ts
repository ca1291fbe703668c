// A journey as the engine has it, and as its file says it. The one is what a dry run takes, the other what people edit.

import type { Channels, Fields, JourneyForm, Step } from "./form.ts";

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
const permille = (text: string | undefined) => Math.round(10 * Number.parseFloat(text ?? "0")) || 0;
const ms = (text: string | undefined) => spanMs(text ?? "") ?? 0;

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

export function toCanonical(form: JourneyForm): Plain {
  const reenter = form.reenter ?? "never";
  return {
    purpose: form.purpose,
    enter: enterText(form.enter),
    ...(form.for ? { for: form.for } : {}),
    reenter: reenter.startsWith("after ") ? { after: ms(reenter.slice(6)) } : reenter,
    exit: form.exit || null,
    goal: form.goal ? { did: form.goal.did, within: ms(form.goal.within) } : null,
    holdout_permille: permille(form.holdout),
    ...(form["on change"] && form["on change"] !== "finish" ? { on_change: form["on change"] } : {}),
    steps: form.steps.map(toStep),
  };
}

/** Both ways in which a file may say what begins a run, as one text. */
export function enterText(enter: JourneyForm["enter"]): string {
  if (typeof enter === "string") return enter;
  const yearly = "yearly" in enter && enter.yearly !== false ? " yearly" : "";
  return `on ${enter.on}${yearly} at ${enter.at}${enter.before ? ` before ${enter.before}` : ""}`;
}

function toStep(step: Step): unknown {
  if (typeof step === "string") return "exit";
  const { name, ...rest } = step;
  return name ? { named: { name, step: toUnnamed(rest) } } : toUnnamed(rest);
}

function toUnnamed(step: Fields): unknown {
  if (step.wait !== undefined) return toWait(step.wait);
  if (step.send !== undefined) return { send: toSend(step) };
  if (step.branch) return { branch: step.branch.map((arm) => ({ when: arm.else !== undefined ? null : (arm.if ?? ""), then: (arm.then ?? arm.else ?? []).map(toStep) })) };
  if (step.split) return { split: { ...(step.draw === "each run" ? { draw: "run" } : {}), ways: step.split.map((way) => ({ share_permille: permille(way.share), then: way.then.map(toStep) })) } };
  if (step.update) return { update: step.update };
  if (step.start !== undefined) return { start: step.start };
  if (step.offer !== undefined) return { offer: step.offer };
  if (step.webhook !== undefined) {
    const body = Object.fromEntries(Object.entries(step.body ?? {}).map(([key, value]) => [key, String(value)]));
    return { webhook: { webhook: step.webhook, ...(Object.keys(body).length ? { body } : {}), name: step.as ?? step.webhook, at_most: step["at most"] ? ms(step["at most"]) : WEBHOOK_WITHIN_MS, ...(step.else?.length ? { otherwise: step.else.map(toStep) } : {}) } };
  }
  return "exit";
}

const IS_TIME = /^\d{1,2}:\d{2}$/;
const IS_DATE = /^(\d{4}-\d{2}-\d{2}|(trait|event|profile)\.[\w.]+)(\s*[+-]\s*\d+ \w+)?$/;

function toWait(wait: NonNullable<Fields["wait"]>): unknown {
  if (typeof wait === "string") return { wait: ms(wait) };
  const until = wait.until ?? "";
  if (wait.weekday !== undefined) return { wait_local: { time: until || null, weekdays: [wait.weekday].flat() } };
  if (IS_TIME.test(until)) return { wait_local: { time: until, weekdays: [] } };
  if (IS_DATE.test(until)) return { wait_date: until };
  return { wait_until: { until, at_most: ms(wait["at most"]) } };
}

function toSend(step: Fields): Plain {
  const { channels } = step;
  const best = channels === "best" || isBest(channels);
  const list = isBest(channels) ? channels.best : channels === undefined || channels === "best" ? [] : [channels].flat();
  const choices: Plain = {};
  if (best) choices.channel = true;
  if (step.variant && step.variant !== "split") choices.variant = step.variant === "best" ? "best" : { named: step.variant };
  if (step.at) choices.hour_within = typeof step.at === "string" ? BEST_WITHIN_MS : ms(step.at.best);
  return { message: step.send, channels: list, ...(Object.keys(choices).length ? { choices } : {}) };
}

const isBest = (channels: Channels | undefined): channels is { best: string[] } => typeof channels === "object" && !Array.isArray(channels);
