// Who earned it: the models beside each other, what was spent, and where they disagree.

import type { Outline } from "../../programme.ts";

/** In the order in which they are offered: from the simplest. */
export const MODELS = ["first", "last", "linear", "time-decay", "position", "markov", "shapley"] as const;
export type Model = (typeof MODELS)[number];
export type Measure = "conversions" | "value";

export interface Told {
  conversions: number;
  value: number;
  channels: { channel: string; range: number | null; by_model: Record<string, { conversions: number; value: number }> }[];
}

export interface Row {
  channel: string;
  direction: "inbound" | "outbound";
  /** By model, as a share of all. */
  shares: Record<string, number>;
  conversions: number;
  value: number;
  spend: number | null;
  /** Spend over conversions; undefined where nothing was spent or nothing came. */
  cost: number | null;
  roas: number | null;
}

/** Channels are written in several ways: "Paid Search" of visits is "paid-search" of a campaign. */
export const slug = (channel: string): string => channel.trim().toLowerCase().replace(/[\s_]+/g, "-");

/** As the server takes them, where neither a rule nor a campaign of the programme says otherwise. */
const OUTBOUND = new Set([
  "email", "sms", "mobile-push-notifications", "cross-network", "paid-social", "paid-video", "display", "paid-other", "audio",
  "call", "code", "fair", "door-to-door", "flyer", "direct-mail", "tv", "radio", "press", "outdoor", "push", "web-push", "in-app", "onsite",
]);

/** Whether the company went to people by it, or they came. */
export function directionOf(channel: string, programme?: Outline): "inbound" | "outbound" {
  const named = slug(channel);
  const rule = programme?.channels?.rules?.find((one) => one.channel && slug(one.channel) === named && one.direction);
  if (rule?.direction) return rule.direction;
  for (const campaign of Object.values(programme?.campaigns ?? {})) {
    for (const [name, used] of Object.entries(campaign.channels ?? {})) if (slug(name) === named) return used.direction;
  }
  return OUTBOUND.has(named) ? "outbound" : "inbound";
}

/** Rows by the chosen model, the largest first; what was paid for and touched nobody is there with nothing. */
export function rows(told: Told, model: string, measure: Measure, spend: Map<string, number>, programme?: Outline): Row[] {
  const whole = measure === "conversions" ? told.conversions : told.value;
  const left = new Map(spend);
  const touched = told.channels.map(({ channel, by_model }): Row => {
    const credit = by_model[model] ?? { conversions: 0, value: 0 };
    const spent = left.get(slug(channel)) ?? null;
    left.delete(slug(channel));
    const shares = Object.fromEntries(Object.entries(by_model).map(([name, one]) => [name, whole > 0 ? one[measure] / whole : 0]));
    return {
      channel, direction: directionOf(channel, programme), shares, ...credit, spend: spent,
      cost: spent && credit.conversions > 0 ? spent / credit.conversions : null,
      roas: spent ? credit.value / spent : null,
    };
  });
  const idle = [...left].filter(([, amount]) => amount > 0).map(
    ([channel, amount]): Row => ({ channel, direction: directionOf(channel, programme), shares: {}, conversions: 0, value: 0, spend: amount, cost: null, roas: null }),
  );
  return [...touched.sort((a, b) => (b.shares[model] ?? 0) - (a.shares[model] ?? 0)), ...idle];
}

/** The channel on which the models differ most, with the least and the most that one gives it. */
export function dispute(all: readonly Row[]): { channel: string; low: [string, number]; high: [string, number] } | null {
  let widest: ReturnType<typeof dispute> = null;
  for (const row of all) {
    const order = Object.entries(row.shares).sort((a, b) => a[1] - b[1]);
    const [low, high] = [order[0], order.at(-1)];
    if (!low || !high || high[1] - low[1] < 0.005) continue;
    if (!widest || high[1] - low[1] > widest.high[1] - widest.low[1]) widest = { channel: row.channel, low, high };
  }
  return widest;
}

/** The part of all credit that inbound channels have under a model. */
export function inboundShare(all: readonly Row[], model: string): number | null {
  const sum = (rows: readonly Row[]) => rows.reduce((total, row) => total + (row.shares[model] ?? 0), 0);
  const whole = sum(all);
  return whole > 0 ? sum(all.filter((row) => row.direction === "inbound")) / whole : null;
}

/** What was spent by channel, of the answer of key figures by channel. */
export function spent(by: readonly { group: string; kpis: readonly { name: string; value: number | null }[] }[]): Map<string, number> {
  const amounts = by.map((row): [string, number] => [slug(row.group), row.kpis.find((kpi) => kpi.name === "spend")?.value ?? 0]);
  return new Map(amounts.filter(([, amount]) => amount > 0));
}

/** "A > B > B" as its touches, repeated ones with how often. */
export function knots(path: string): { channel: string; times: number }[] {
  const all: { channel: string; times: number }[] = [];
  for (const channel of path.split(" > ").filter(Boolean)) {
    const last = all.at(-1);
    if (last?.channel === channel) last.times += 1;
    else all.push({ channel, times: 1 });
  }
  return all;
}
