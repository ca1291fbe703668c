// What the governor did of late, and what another rule would change of it.

export interface Day {
  wanted: number;
  sent: number;
  deferred: number;
  withheld: number;
  /** Of the withheld, by reason. */
  reasons: Record<string, number>;
}

export interface Pressure {
  since: string;
  until: string;
  total: Day;
  days: Record<string, Day>;
  /** How many people got so many messages within seven days. */
  pressure: Record<string, number>;
}

export interface Decided {
  id: number;
  profile?: number | null;
  decision: string;
  status: string;
  channel?: string | null;
  reason?: string | null;
  message: string;
  journey?: string | null;
  wished_at: string;
  attempted_at?: string | null;
}

const DAY_MS = 86_400_000;

export interface Reason {
  reason: string;
  deferred: number;
  withheld: number;
  /** Whose message it was most often, among the newest. */
  often: string;
}

/** Reasons with those that wait and those that stayed, most of them first. */
export function reasons(total: Day, sends: readonly Decided[]): Reason[] {
  const names = new Map<string, Map<string, number>>();
  const waits: Record<string, number> = {};
  for (const send of sends) {
    if (send.decision === "send" || !send.reason) continue;
    if (send.decision === "defer") waits[send.reason] = (waits[send.reason] ?? 0) + 1;
    const of = names.get(send.reason) ?? new Map<string, number>();
    const name = send.journey || send.message;
    of.set(name, (of.get(name) ?? 0) + 1);
    names.set(send.reason, of);
  }
  const all = new Set([...Object.keys(total.reasons), ...Object.keys(waits)]);
  return [...all]
    .map((reason) => {
      const often = [...(names.get(reason) ?? [])].sort((a, b) => b[1] - a[1])[0]?.[0] ?? "";
      return { reason, deferred: waits[reason] ?? 0, withheld: total.reasons[reason] ?? 0, often };
    })
    .sort((a, b) => b.withheld + b.deferred - (a.withheld + a.deferred));
}

/** Bars of a histogram: every number from one to the largest, the rest in the last. */
export function bins(pressure: Record<string, number>, most = 8): { label: string; value: number }[] {
  const largest = Math.max(0, ...Object.keys(pressure).map(Number));
  return Array.from({ length: Math.min(most, largest) }, (_, index) => {
    const number = index + 1;
    const last = number === most && largest > most;
    const value = last ? Object.entries(pressure).reduce((sum, [sends, people]) => sum + (Number(sends) >= most ? people : 0), 0) : (pressure[number] ?? 0);
    return { label: last ? `${number}+` : String(number), value };
  });
}

/** One side of a dry run: as it was, or as it would be. */
export interface Course {
  messages: Record<string, { sent: number; waiting: number; dropped: Record<string, number> }>;
  held_back: Record<string, number>;
  busiest_week: Record<string, number>;
}

const sum = (numbers: Record<string, number>) => Object.values(numbers).reduce((total, one) => total + one, 0);

/** What another rule changes: messages sent, and messages that stay here. */
export function difference(was: Course, would: Course): { sent: number; withheld: number; was: number; would: number } {
  const sent = (course: Course) => Object.values(course.messages).reduce((total, message) => total + message.sent, 0);
  return { sent: sent(would) - sent(was), withheld: sum(would.held_back) - sum(was.held_back), was: sent(was), would: sent(would) };
}

/** The days on which a dry run may begin, the earliest first: the log may be younger than the first of them. */
export function begins(now: string, oldest?: string): string[] {
  const ago = [90, 28, 7, 1].map((days) => new Date(Date.parse(now) - days * DAY_MS).toISOString());
  return [...ago, ...(oldest ? [new Date(Date.parse(oldest) + 1000).toISOString()] : [])];
}
