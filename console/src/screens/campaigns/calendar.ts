// Weeks with what comes to us above and what we send below, and what it costs.

import { titled } from "../../format.ts";
import type { Outline } from "../../programme.ts";

const DAY_MS = 86_400_000;

export interface Entry {
  label: string;
  kind: "campaign" | "piece" | "broadcast" | "flight";
  direction: "inbound" | "outbound";
  from: string;
  until: string;
  /** Channels of a campaign, the space of a piece. */
  note: string;
  state?: string;
}

export interface Week {
  monday: string;
  sunday: string;
  inbound: Entry[];
  outbound: Entry[];
  cost: number;
}

export interface Flight {
  medium?: string;
  place?: string;
  from?: string;
  until?: string | null;
  campaign?: string;
}

/** The day of an instant where the programme is; a day stays what it is. */
export function dayIn(at: string, zone = "UTC"): string {
  return /^\d{4}-\d\d-\d\d$/.test(at) ? at : new Intl.DateTimeFormat("en-CA", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" }).format(new Date(at));
}

const day = (at: number) => new Date(at).toISOString().slice(0, 10);

/** The Monday of a day's week. */
export function monday(of: string): string {
  const at = Date.parse(`${of.slice(0, 10)}T00:00:00Z`);
  return day(at - ((new Date(at).getUTCDay() + 6) % 7) * DAY_MS);
}

export const later = (of: string, weeks: number): string => day(Date.parse(`${of}T00:00:00Z`) + weeks * 7 * DAY_MS);

/** All that has a day: campaigns by the directions of their channels, pieces, broadcasts, and what was done outside of the net. */
export function entries(programme: Outline, flights: readonly Flight[]): Entry[] {
  const campaigns = Object.entries(programme.campaigns ?? {}).flatMap(([name, campaign]) =>
    (["inbound", "outbound"] as const).flatMap((direction): Entry[] => {
      const channels = Object.entries(campaign.channels ?? {}).filter(([, used]) => used.direction === direction).map(([channel]) => channel);
      return channels.length ? [{ label: name, kind: "campaign", direction, from: campaign.from, until: campaign.until, note: channels.join(", ") }] : [];
    }),
  );
  const pieces = Object.values(programme.editorial?.pieces ?? {}).map((piece): Entry => ({ label: piece.title, kind: "piece", direction: "inbound", from: piece.on, until: piece.on, note: titled(piece.space), state: piece.state }));
  const broadcasts = Object.entries(programme.broadcasts ?? {}).flatMap(([name, broadcast]): Entry[] => {
    const said = typeof broadcast.at === "string" ? broadcast.at : "";
    // An instant, or a time wherever somebody is.
    const at = /(Z|[+-]\d\d:\d\d)$/.test(said) ? dayIn(said, programme.timezone) : said.slice(0, 10);
    return /^\d{4}-\d\d-\d\d$/.test(at) ? [{ label: name, kind: "broadcast", direction: "outbound", from: at, until: at, note: "" }] : [];
  });
  const outside = flights.flatMap((flight): Entry[] => {
    if (!flight.from) return [];
    const from = dayIn(flight.from, programme.timezone);
    // An end is the first instant that is outside.
    const until = flight.until ? dayIn(new Date(Date.parse(flight.until) - 1).toISOString(), programme.timezone) : from;
    return [{ label: flight.place || (flight.medium ?? ""), kind: "flight", direction: "outbound", from, until: until < from ? from : until, note: flight.medium ?? "" }];
  });
  return [...campaigns, ...pieces, ...broadcasts, ...outside];
}

const within = (of: string, begin: string, end: string): boolean => of >= begin && of <= end;

/** So many weeks from a Monday on; what lasts longer is in each of its weeks. */
export function weeks(first: string, many: number, all: readonly Entry[], spend: readonly { date?: string | null; from?: string | null; amount?: string | null; currency?: string | null }[], currency: string): Week[] {
  return Array.from({ length: many }, (_, index) => {
    const begin = later(first, index);
    const end = day(Date.parse(begin) + 6 * DAY_MS);
    const here = all.filter((entry) => entry.from <= end && entry.until >= begin).sort((a, b) => a.from.localeCompare(b.from));
    // What was paid for a stretch of days stands in the week in which it began.
    const lines = spend.filter((line) => within((line.date ?? line.from ?? "").slice(0, 10), begin, end) && (line.currency ?? currency) === currency);
    const cost = lines.reduce((sum, line) => sum + Number(line.amount ?? 0), 0);
    return { monday: begin, sunday: end, inbound: here.filter((entry) => entry.direction === "inbound"), outbound: here.filter((entry) => entry.direction === "outbound"), cost };
  });
}
