// The key figures of a period beside those of the one before it, ready to be shown.

import { change, count, decimal, money, percent, points } from "../../format.ts";
import { courseOf, reachedOf, stateOf, type Target } from "../../target.ts";
import { say } from "../../words.ts";

/** As `/api/v1/measure/kpis` tells it. */
export interface Kpi {
  name: string;
  unit: string;
  value?: number | null;
  currency?: string | null;
  n: number;
  target?: Target | null;
}
export interface Shown {
  name: string;
  label: string;
  value: string;
  note: string;
  state?: "good" | "warn";
  /** How much of what is due there is, where it has a target. */
  of?: number;
  spark: number[];
}

/** What Today shows, where it is known: what has a target first, else in this order, and no more than fit. */
export const NAMES = ["revenue", "orders", "leads", "landing_conversion", "cac", "repeat_purchase", "visits"] as const;
export const SHOWN_MAX = 5;
/** Less of it is better. */
const COSTS = new Set(["cac", "cpl", "cpa"]);
/** A change below this is noise, and neither good nor bad. */
const QUIET = 0.05;

export function shown(now: readonly Kpi[], before: readonly Kpi[], days: readonly (readonly Kpi[])[]): Shown[] {
  const of = (kpis: readonly Kpi[], name: string) => kpis.find((kpi) => kpi.name === name);
  const names = [...new Set([...NAMES, ...now.map((kpi) => kpi.name)])].filter((name) => of(now, name)?.target || NAMES.some((one) => one === name));
  const known = names.filter((name) => defined(of(now, name))).sort((a, b) => Number(!of(now, a)?.target) - Number(!of(now, b)?.target));
  return known.slice(0, SHOWN_MAX).map((name) => {
    const kpi = of(now, name) as Kpi;
    return {
      name,
      label: say(`kpi.${name}`),
      value: written(kpi),
      ...(kpi.target?.course ? { note: courseOf(kpi.target), state: stateOf(kpi.target), of: reachedOf(kpi.target) } : compared(kpi, of(before, name))),
      spark: days.map((day) => of(day, name)?.value ?? 0),
    };
  });
}

function defined(kpi: Kpi | undefined): boolean {
  return kpi !== undefined && kpi.value !== null && kpi.value !== undefined && !(kpi.name === "cac" && kpi.value === 0);
}

export function written(kpi: Kpi): string {
  if (kpi.unit === "money") return money(kpi.value, kpi.currency ?? undefined);
  if (kpi.unit === "ratio") return decimal(kpi.value, 2);
  return kpi.unit === "share" ? percent(kpi.value) : count(kpi.value);
}

/** A share is told with its base where there is nothing to compare it with. */
function compared(kpi: Kpi, before: Kpi | undefined): { note: string; state?: "good" | "warn" } {
  const [value, was] = [kpi.value ?? 0, before?.value ?? 0];
  if (!was || !before) return { note: kpi.unit === "share" ? say("kpi.of", { n: kpi.n }) : say("today.no_base") };
  const grew = value / was - 1;
  const better = COSTS.has(kpi.name) ? -grew : grew;
  const state = better < -QUIET ? "warn" : undefined;
  const told = kpi.unit === "share" ? points(value - was) : change(grew);
  return { note: say("today.against", { change: told, before: written(before) }), state };
}
