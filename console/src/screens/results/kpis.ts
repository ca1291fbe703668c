// Key figures: their order, and how each is written.

import { count, decimal, interval, money, percent, UNKNOWN } from "../../format.ts";
import { aimOf, type Target } from "../../target.ts";
import { say, says } from "../../words.ts";

/** A figure as the API tells it. */
export interface Kpi {
  name: string;
  title: string;
  formula: string;
  unit: string;
  value: number | null;
  currency?: string | null;
  undefined?: string | null;
  numerator: number | string;
  denominator: number | string | null;
  n: number;
  interval: [number, number] | null;
  target?: Target;
}

/** What belongs together, in the order of the way that people take. */
export const GROUPS: { key: string; names: string[] }[] = [
  { key: "orders", names: ["orders", "revenue", "order_value", "new_customers", "cpa", "cac", "roas", "spend"] },
  { key: "reach", names: ["visits", "organic_visits", "landing_conversion", "response_rate", "ctr", "cpc", "cpm"] },
  { key: "leads", names: ["leads", "lead_conversion", "lead_value", "cpl"] },
  { key: "staying", names: ["repeat_purchase", "retention"] },
];

/** Figures in groups; what a newer server adds stands at the end, under its own name. */
export function grouped(kpis: readonly Kpi[]): { key: string; kpis: Kpi[] }[] {
  const by = new Map(kpis.map((kpi) => [kpi.name, kpi]));
  const known = GROUPS.map(({ key, names }) => ({ key, kpis: names.flatMap((name) => by.get(name) ?? []) }));
  const placed = new Set(GROUPS.flatMap((group) => group.names));
  const others = kpis.filter((kpi) => !placed.has(kpi.name));
  return [...known, ...(others.length ? [{ key: "others", kpis: others }] : [])].filter((group) => group.kpis.length > 0);
}

export type Writer = (value: number | null | undefined) => string;

/** How values of a unit are written. */
export function writer(unit: string, currency?: string | null): Writer {
  if (unit === "money") return (value) => money(value, currency ?? undefined);
  if (unit === "share") return (value) => percent(value, 1);
  if (unit === "ratio") return (value) => decimal(value, 2);
  return count;
}

export function written(kpi: Kpi | undefined): string {
  if (!kpi) return UNKNOWN;
  return kpi.value === null ? "–" : writer(kpi.unit, kpi.currency)(kpi.value);
}

/** The numerator or the denominator, which are money where they are texts. */
export function part(value: number | string | null, currency?: string | null): string {
  if (value === null) return "";
  return typeof value === "string" ? money(Number(value), currency ?? undefined) : count(value);
}

/** "of 10,842": what a share or a mean is of. */
export function base(kpi: Kpi): string {
  if (kpi.denominator === null || kpi.value === null) return "";
  return `${part(kpi.numerator, kpi.currency)} / ${part(kpi.denominator, kpi.currency)}`;
}

/** What it is to come to, as the programme says it. */
export function aim(kpi: Kpi): string {
  return kpi.target ? aimOf(kpi.target, writer(kpi.unit, kpi.target.currency)) : "";
}

export function doubt(kpi: Kpi): string {
  return kpi.interval ? interval(kpi.interval[0], kpi.interval[1], writer(kpi.unit, kpi.currency)) : "";
}

/** The name of a figure in the language that is read; a figure that is newer than the console has its own. */
export const titleOf = (kpi: { name: string; title: string }): string => (says(`kpi.${kpi.name}`) ? say(`kpi.${kpi.name}`) : kpi.title);
export const formulaOf = (kpi: { name: string; formula: string }): string => (says(`kpi.${kpi.name}_how`) ? say(`kpi.${kpi.name}_how`) : kpi.formula);

/** How it compares with the time before: a share of change, or null where there is nothing to compare. */
export function grown(now: Kpi | undefined, before: Kpi | undefined): number | null {
  if (!now || !before || now.value === null || !before.value) return null;
  return now.value / before.value - 1;
}
