// What customers are worth: the answer of the models, as the API tells it.

export interface Expected {
  alive: number;
  purchases: number;
  horizon: number;
  margin: number;
  discount: number;
  value: number | null;
  currency?: string | null;
}

export interface Channel {
  channel: string;
  customers: number;
  repeaters: number;
  purchases: number;
  alive: number;
  value: number | null;
  acquisition_cost: number | null;
  lifetime_value: number | null;
  payback: number | null;
  value_to_cost: number | null;
}

export interface Worth {
  model: string;
  period: string;
  customers: number;
  repeaters: number;
  expected: Expected;
  channels?: Channel[];
  holdout?: { actual: number; predicted: number; mae: number; length: number; correlation: number | null; by_frequency: { frequency: number; customers: number; actual: number; predicted: number }[] } | null;
  notes?: string[];
}

/** How far the forecast of a time that was held back was from what came: a share, with its sign. */
export function missed(holdout: Worth["holdout"]): number | null {
  return holdout && holdout.actual > 0 ? holdout.predicted / holdout.actual - 1 : null;
}

/** Only a whole number of percent is a margin that anybody means. */
export function marginOf(text: string): number {
  const value = Number(text);
  return Number.isFinite(value) && value > 0 && value <= 100 ? value / 100 : 1;
}
