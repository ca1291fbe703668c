// What the governor did of late: told by the server, or counted from the ledger where an older one does not tell.

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
const WEEK_MS = 7 * DAY_MS;

const nothing = (): Day => ({ wanted: 0, sent: 0, deferred: 0, withheld: 0, reasons: {} });

function add(day: Day, send: Decided): void {
  day.wanted += 1;
  if (send.decision === "send") day.sent += 1;
  else if (send.decision === "defer") day.deferred += 1;
  else {
    day.withheld += 1;
    const reason = send.reason ?? "";
    day.reasons[reason] = (day.reasons[reason] ?? 0) + 1;
  }
}

/** The same as the server counts, from sends that are newest first; as far back as they go, and no further than so many days. */
export function counted(sends: readonly Decided[], days: number, until: string): Pressure {
  const begin = Date.parse(until) - days * DAY_MS;
  const total = nothing();
  const by: Record<string, Day> = {};
  const handed = new Map<number, number>();
  for (const send of sends) {
    const at = send.attempted_at ? Date.parse(send.attempted_at) : 0;
    const arrived = send.channel !== "onsite" && send.status !== "bounced" && send.status !== "failed";
    if (send.profile && at > Date.parse(until) - WEEK_MS && arrived) handed.set(send.profile, (handed.get(send.profile) ?? 0) + 1);
    if (Date.parse(send.wished_at) < begin) continue;
    add(total, send);
    add((by[send.wished_at.slice(0, 10)] ??= nothing()), send);
  }
  const pressure: Record<string, number> = {};
  for (const number of handed.values()) pressure[number] = (pressure[number] ?? 0) + 1;
  const oldest = sends.at(-1)?.wished_at;
  const since = new Date(Math.max(begin, oldest ? Date.parse(oldest) : begin)).toISOString();
  return { since, until, total, days: by, pressure };
}

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
