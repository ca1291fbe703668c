// A condition as a sentence of the operator's language, cut into words that can be changed and words between them.

import { dateLong, list, span } from "../../format.ts";
import { say } from "../../words.ts";
import { channelOf } from "../person/portrait.ts";
import { testName, testText, type Test, type Where } from "./form.ts";
import { kindOf, type Row, type Tree } from "./tree.ts";

/** What of a condition a word stands for. */
export type Slot = "event" | "where" | "quantity" | "window" | "trait" | "segment" | "purpose" | "channel" | "offer" | "score" | "text";

export interface Word {
  text: string;
  slot?: Slot;
  /** Of several of one kind, which. */
  index?: number;
  strong?: boolean;
}

const UNITS: Record<string, number> = { second: 1, minute: 60, hour: 3600, day: 86_400, week: 604_800 };

/** The words of a row. A chain of deeds and a share of all are one word that is changed as text. */
export function sentence({ part, negated, group }: Row): Word[] {
  const kind = kindOf(part);
  if (group) return [{ text: say(`rule.${negated ? "none" : kind === "or" ? "any" : "all"}${negated && kind === "and" ? "_all" : ""}`) }];
  const not = (key: string) => ({ text: say(negated ? `rule.not_${key}` : `rule.${key}`) });
  const of = part[kind];
  switch (kind) {
    case "did":
      return [not("did"), ...deed(of as Did)];
    case "trait":
      return [...(negated ? [{ text: say("rule.not") }] : []), { text: whereText(of as Where), slot: "trait", strong: true }];
    case "in_segment":
      return [not("in_segment"), { text: String(of), slot: "segment", strong: true }];
    case "consented_to": {
      const { purpose, channel } = of as { purpose: string; channel?: string };
      return [not("consented_to"), { text: purpose, slot: "purpose", strong: true }, { text: channel ? say("rule.by", { channel: channelOf(channel) }) : say("rule.by_any"), slot: "channel" }];
    }
    case "reachable_by":
      return [not("reachable_by"), { text: channelOf(String(of)), slot: "channel", strong: true }];
    case "first_seen":
    case "last_seen":
      return [not(kind), { text: windowText(of as Tree), slot: "window", strong: true }];
    case "offer": {
      const { name, is } = of as { name: string; is: string };
      return [not("offer"), { text: name, slot: "offer", strong: true }, { text: say(`rule.offer_${is}`) }];
    }
    case "score": {
      const { of: what, test } = of as { of: string; test: Test };
      return [...(negated ? [{ text: say("rule.not") }] : []), { text: `${say(`value.${what}`)} ${testWords(test)}`, slot: "score", strong: true }];
    }
    default:
      return [...(negated ? [{ text: say("rule.not") }] : []), { text: whole(kind, of), slot: "text", strong: true }];
  }
}

interface Did {
  event: string;
  where?: Where[] | null;
  quantity?: Tree | null;
  window?: Tree | null;
}

function deed({ event, where, quantity, window }: Did): Word[] {
  const words: Word[] = [{ text: event, slot: "event", strong: true }];
  const all = where ?? [];
  if (all.length) words.push({ text: say("rule.where") });
  all.forEach((one, index) => words.push({ text: whereText(one), slot: "where", index }));
  if (quantity) words.push({ text: quantityText(quantity), slot: "quantity" });
  if (window) words.push({ text: windowText(window), slot: "window" });
  return words;
}

export function whereText({ path, test }: Where): string {
  return `${path} ${testWords(test)}`;
}

function testWords(test: Test): string {
  const name = testName(test);
  const value = Object.values(test)[0];
  const text = Array.isArray(value) ? list(value.map(String)) : name.startsWith("in_the") || name.startsWith("anniversary") ? lengthText(String(value)) : testText(test);
  return say(`rule.test_${KEY[name] ?? name}`, { value: text });
}

const KEY: Record<string, string> = { "=": "is", "!=": "is_not", "<": "below", "<=": "at_most", ">": "above", ">=": "at_least" };
export const testKey = (name: string): string => KEY[name] ?? name;

export function quantityText(quantity: Tree): string {
  const kind = kindOf(quantity);
  const of = quantity[kind];
  if (typeof of === "number") return say(`rule.${kind}`, { n: of });
  const { path, test } = of as Where;
  return say(`rule.${kind}`, { path, test: testWords(test) });
}

export function windowText(window: Tree): string {
  const of = window as Record<string, unknown>;
  if (typeof of.within === "string") return say("rule.within", { span: lengthText(of.within) });
  if (typeof of.since === "string") return say("rule.since", { date: day(of.since) });
  if (typeof of.before === "string") return say("rule.before", { date: day(of.before) });
  if (Array.isArray(of.between)) return say("rule.between", { from: day(String(of.between[0])), until: day(String(of.between[1])) });
  return say("rule.since_entry");
}

/** `30 days` in the operator's language. */
export function lengthText(length: string): string {
  const [many, unit] = length.split(" ");
  const seconds = Number(many) * (UNITS[(unit ?? "").replace(/s$/, "")] ?? NaN);
  return Number.isFinite(seconds) ? span(seconds) : length;
}

function day(date: string): string {
  return Number.isNaN(Date.parse(date)) ? date : dateLong(date);
}

function whole(kind: string, of: unknown): string {
  if (kind === "sequence") {
    const { event, then, then_not: not } = of as { event: string; then?: { event: string; within?: string }[]; then_not?: { event: string; within?: string } };
    const step = (key: "then" | "then_not", one: { event: string; within?: string }) => ` ${say(`rule.${key}`, { event: one.event })}${one.within ? ` ${say("rule.within", { span: lengthText(one.within) })}` : ""}`;
    return `${event}${(then ?? []).map((one) => step("then", one)).join("")}${not ? step("then_not", not) : ""}`;
  }
  if (kind === "top" || kind === "bottom") {
    const { percent, by } = of as { percent: number; by: Record<string, { event: string; path?: string }> };
    const [figure, about] = Object.entries(by)[0] ?? ["", { event: "" }];
    return say(`rule.${kind}`, { percent: String(percent), figure: about.path ? `${figure}(${about.path})` : figure, event: about.event });
  }
  return JSON.stringify({ [kind]: of });
}
