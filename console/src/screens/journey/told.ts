// What a step is called: a title, and a few words beside it.

import { list, span, titled } from "../../format.ts";
import type { IconName } from "../../ui/Icon.svelte";
import { say } from "../../words.ts";
import { enterText, spanMs } from "./canonical.ts";
import { kindOf, type Channels, type Fields, type JourneyForm, type Step } from "./form.ts";

export interface Told {
  title: string;
  note: string;
}

export const ICONS = { wait: "clock", send: "send", branch: "branch", split: "split", update: "edit", offer: "gift", start: "forward", webhook: "link", exit: "exit" } as const satisfies Record<string, IconName>;

/** A length of time of the files as it is said here. */
export function length(text: string | undefined): string {
  const ms = spanMs(text ?? "");
  return ms === undefined ? (text ?? "") : span(ms / 1000);
}

/** The name of an event, where an expression asks for nothing else. */
export function eventOf(expression: string): string | undefined {
  return /^did "([^"]+)"$/.exec(expression.trim())?.[1];
}

export function channelsText(channels: Channels | undefined): string {
  if (channels === undefined) return "";
  if (channels === "best") return say("step.best_channel");
  if (typeof channels === "object" && !Array.isArray(channels)) return `${say("step.best_channel")}: ${channels.best.map(channelName).join(", ")}`;
  return [channels].flat().map(channelName).reduce((all, one) => say("step.then", { a: all, b: one }));
}

export function channelName(channel: string): string {
  return say(`step.channel_${channel}`);
}

export function tellStep(step: Step): Told {
  const kind = kindOf(step);
  const of: Fields = typeof step === "string" ? {} : step;
  const named = of.name ? titled(of.name) : "";
  switch (kind) {
    case "wait":
      return tellWait(of.wait ?? "");
    case "send":
      return { title: say("step.send_of", { message: titled(of.send ?? "") }), note: channelsText(of.channels) };
    case "branch":
      return of.branch?.length === 2 && of.branch[1]?.else !== undefined ? { title: question(of.branch[0]?.if ?? ""), note: named } : { title: named || say("step.branch"), note: "" };
    case "split":
      return { title: named || say("step.split"), note: (of.split ?? []).map((way) => way.share).join(" · ") };
    case "update":
      return { title: say("step.update_of", { traits: list(Object.keys(of.update ?? {})) }), note: named };
    case "offer":
      return { title: say("step.offer_of", { offer: titled(of.offer ?? "") }), note: named };
    case "start":
      return { title: say("step.start_of", { journey: titled(of.start ?? "") }), note: named };
    case "webhook":
      return { title: say("step.webhook_of", { webhook: titled(of.webhook ?? "") }), note: say("step.at_most", { span: length(of["at most"] ?? "1 day") }) };
    case "exit":
      return { title: say("step.exit"), note: named };
  }
}

function tellWait(wait: NonNullable<Fields["wait"]>): Told {
  if (typeof wait === "string") return { title: say("step.wait_for", { span: length(wait) }), note: "" };
  const until = wait.until ?? "";
  if (wait.weekday !== undefined) return { title: say("step.wait_day", { days: list([wait.weekday].flat().map((day) => say(`step.day_${day}`))) }), note: until };
  const note = wait["at most"] ? say("step.at_most", { span: length(wait["at most"]) }) : "";
  const event = eventOf(until);
  if (event) return { title: say("step.wait_event", { event }), note };
  return { title: say("step.wait_until", { what: until }), note };
}

/** A condition as a question. */
function question(condition: string): string {
  const segment = /^in segment "([^"]+)"$/.exec(condition.trim())?.[1];
  if (segment) return say("step.in_segment", { segment: titled(segment) });
  return condition || say("step.branch");
}

/** What one of a step's ways is for. */
export function tellWay(step: Step, way: number): string {
  if (typeof step === "string") return "";
  if (step.split) return step.split[way]?.share ?? "";
  if (step.webhook !== undefined) return way === 0 ? say("step.no_answer") : say("step.answered");
  const arm = step.branch?.[way];
  const single = step.branch?.length === 2 && step.branch[1]?.else !== undefined;
  if (arm?.else !== undefined || arm === undefined) return single ? say("step.no") : say("step.otherwise");
  return single ? say("step.yes") : (arm.if ?? "");
}

export function tellEnter(form: JourneyForm): string {
  const text = enterText(form.enter);
  const event = eventOf(text);
  if (event) return say("journey.enters_on", { event });
  const segment = /^(?:in|entered) segment "([^"]+)"$/.exec(text)?.[1];
  if (segment) return say("journey.enters_segment", { segment: titled(segment) });
  if (text === "by request") return say("journey.enters_request");
  return say("journey.enters_when", { when: text });
}

export function tellReenter(reenter: string | undefined): string {
  if (reenter === undefined || reenter === "never") return say("journey.reenter_never");
  if (reenter === "always") return say("journey.reenter_always");
  return say("journey.reenter_after", { span: length(reenter.replace(/^after /, "")) });
}

export function tellGoal(goal: NonNullable<JourneyForm["goal"]>): string {
  const event = eventOf(goal.did);
  return say("journey.goal_of", { what: event ?? goal.did, span: length(goal.within) });
}
