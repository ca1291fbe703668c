// What is to come, in the bands of its doubt.

export interface Outlook {
  what: string | null;
  each: string;
  currency?: string | null;
  method: string;
  level: number;
  periods: number;
  total: number;
  forecast: { from: string; value: number; low: number; high: number }[];
  backtest: { origins: number; length: number; mae: number; mase: number | null; coverage: number } | null;
}

/** Each period with its bands, the wider first; the narrower ones are there once they are known, and nothing is below zero. */
export function bands(wide: Outlook, narrow?: Outlook) {
  const inner = new Map((narrow?.forecast ?? []).map((one) => [one.from, one]));
  const band = (level: number, one: { low: number; high: number }) => ({ level: Math.round(level * 100), low: Math.max(0, one.low), high: Math.max(0, one.high) });
  return wide.forecast.map((one) => {
    const near = inner.get(one.from);
    return { at: one.from, value: Math.max(0, one.value), bands: [band(wide.level, one), ...(narrow && near ? [band(narrow.level, near)] : [])] };
  });
}

/** The last day of the forecast. */
export function totals(outlook: Outlook): { until: string } | undefined {
  const last = outlook.forecast.at(-1);
  if (!last) return undefined;
  const length = outlook.each === "week" ? 7 : 1;
  return { until: new Date(Date.parse(last.from) + (length - 1) * 86_400_000).toISOString().slice(0, 10) };
}
