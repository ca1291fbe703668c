// The words of a condition that can be changed, as the fields of a form, and back.

import type { Tree } from "./tree.ts";

export type Value = string | number | boolean;
export type Test = Record<string, unknown>;
export type Where = { path: string; test: Test };

/** How a value is compared; what the field beside it is of. */
export const TESTS = ["=", "!=", ">", ">=", "<", "<=", "in", "contains", "starts_with", "ends_with", "exists", "before", "after", "on", "in_the_next", "in_the_last", "anniversary_in_the_next"] as const;
export type TestName = (typeof TESTS)[number];

export const testName = (test: Test): TestName => (Object.keys(test)[0] ?? "=") as TestName;

/** What stands in the field of a test. */
export function testText(test: Test): string {
  const value = Object.values(test)[0];
  if (testName(test) === "exists") return "";
  return Array.isArray(value) ? value.map(String).join(", ") : String(value ?? "");
}

/** A test of what somebody wrote. A number is one where it looks like one, unless it is compared as a text. */
export function testOf(name: TestName, text: string): Test {
  if (name === "exists") return { exists: true };
  if (name === "in") return { in: text.split(",").map((one) => literal(one.trim())).filter((one) => one !== "") };
  if (name === "starts_with" || name === "ends_with" || isDate(name)) return { [name]: text.trim() };
  return { [name]: literal(text.trim()) };
}

const isDate = (name: TestName) => ["before", "after", "on", "in_the_next", "in_the_last", "anniversary_in_the_next"].includes(name);

export function literal(text: string): Value {
  if (text === "true" || text === "false") return text === "true";
  return /^-?\d{1,13}(\.\d{1,6})?$/.test(text) ? Number(text) : text;
}

export interface Window {
  kind: "ever" | "within" | "since" | "before" | "between";
  /** Of `within`: how many of which unit; else the dates. */
  many: string;
  unit: string;
  from: string;
  until: string;
}
export const UNITS = ["minutes", "hours", "days", "weeks"] as const;

export function windowForm(window: unknown): Window {
  const of = (window ?? {}) as Record<string, unknown>;
  const form: Window = { kind: "ever", many: "30", unit: "days", from: "", until: "" };
  if (typeof of.within === "string") {
    const [many, unit] = of.within.split(" ");
    return { ...form, kind: "within", many: many ?? "", unit: `${(unit ?? "days").replace(/s$/, "")}s` };
  }
  if (typeof of.since === "string") return { ...form, kind: "since", from: of.since };
  if (typeof of.before === "string") return { ...form, kind: "before", until: of.before };
  if (Array.isArray(of.between)) return { ...form, kind: "between", from: String(of.between[0]), until: String(of.between[1]) };
  return form;
}

/** Undefined where everything counts, or where the form is not filled in. */
export function windowOf({ kind, many, unit, from, until }: Window): Tree | undefined {
  if (kind === "within") return Number(many) > 0 ? { within: `${Number(many)} ${Number(many) === 1 ? unit.replace(/s$/, "") : unit}` } : undefined;
  if (kind === "since") return from ? { since: from } : undefined;
  if (kind === "before") return until ? { before: until } : undefined;
  if (kind === "between") return from && until ? { between: [from, until] } : undefined;
  return undefined;
}

export interface Quantity {
  kind: "once" | "at_least" | "at_most" | "exactly" | "sum" | "avg" | "min" | "max";
  many: string;
  path: string;
  test: TestName;
  value: string;
}

export function quantityForm(quantity: unknown): Quantity {
  const form: Quantity = { kind: "once", many: "2", path: "", test: ">", value: "" };
  const [kind, of] = Object.entries((quantity ?? {}) as Record<string, unknown>)[0] ?? [];
  if (!kind) return form;
  if (typeof of === "number") return { ...form, kind: kind as Quantity["kind"], many: String(of) };
  const { path, test } = of as Where;
  return { ...form, kind: kind as Quantity["kind"], path, test: testName(test), value: testText(test) };
}

export function quantityOf({ kind, many, path, test, value }: Quantity): Tree | undefined {
  if (kind === "once") return undefined;
  if (kind === "at_least" || kind === "at_most" || kind === "exactly") return /^\d+$/.test(many) ? { [kind]: Number(many) } : undefined;
  return path && value ? { [kind]: { path, test: testOf(test, value) } } : undefined;
}

/** A part with one of its fields set, or without it. */
export function withField(part: Tree, kind: string, field: string, value: unknown): Tree {
  const { [field]: _old, ...rest } = part[kind] as Record<string, unknown>;
  return { [kind]: value === undefined ? rest : { ...rest, [field]: value } };
}

/** The conditions that can be put in: each is whole, so that the text never breaks. */
export function fresh(kind: string, known: { event?: string; trait?: string; segment?: string; purpose?: string; offer?: string }): Tree {
  switch (kind) {
    case "did":
      return { did: { event: known.event ?? "Page Viewed" } };
    case "trait":
      return { trait: { path: known.trait ?? "country", test: { exists: true } } };
    case "in_segment":
      return { in_segment: known.segment ?? "" };
    case "consented_to":
      return { consented_to: { purpose: known.purpose ?? "", channel: "email" } };
    case "reachable_by":
      return { reachable_by: "email" };
    case "offer":
      return { offer: { name: known.offer ?? "", is: "open" } };
    case "score":
      return { score: { of: "frequency", test: { ">=": 4 } } };
    case "first_seen":
      return { first_seen: { within: "7 days" } };
    default:
      return { last_seen: { within: "30 days" } };
  }
}
