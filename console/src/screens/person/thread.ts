// A person's thread: what came from them at one side, what went to them at the other, orders on the thread itself.
// It puts together what the server tells in four places, and cuts it into days.

import type { Answer } from "../../client.ts";

export type EventView = Answer<"/api/v1/profiles/{address}/timeline">["events"][number];
export type SendView = Answer<"/api/v1/sends">["sends"][number];
export type TouchView = Answer<"/api/v1/profiles/{address}/touchpoints">["touchpoints"][number];

export type Side = "in" | "out" | "knot";

/** One thing that happened, with whatever is known of it. */
export interface Stitch {
  key: string;
  at: string;
  side: Side;
  /** Not sent, or not yet. */
  withheld: boolean;
  channel?: string;
  /** Its place in the log, where it has one of its own. */
  seq?: number;
  event?: EventView;
  send?: SendView;
  touch?: TouchView;
}

/** Many small things in a row, told as one until somebody asks. */
export interface Burst {
  key: string;
  /** When the newest happened, and the oldest. */
  at: string;
  from: string;
  stitches: Stitch[];
}

export interface Day {
  /** `2026-11-26`, in the programme's time zone. */
  day: string;
  items: (Stitch | Burst)[];
}

export const isBurst = (item: Stitch | Burst): item is Burst => "stitches" in item;

/** What Trama notes about a send that the ledger tells better. */
const TOLD_BY_LEDGER = new Set(["Message Sent", "Message Bounced", "Message Complained"]);
/** What was done to the person: a message on a page was shown, a call was made. */
const FROM_US = new Set(["Message Shown", "Message Withheld", "Call Completed"]);
const BROWSING = new Set(["Page Viewed", "Screen Viewed", "Product Viewed", "Product List Viewed"]);
const BURST_PAUSE_MS = 10 * 60_000;
const BURST_MIN = 4;

interface Told {
  events: readonly EventView[];
  sends: readonly SendView[];
  touches: readonly TouchView[];
}

/** All of it, newest first, back to an instant. */
export function weave({ events, sends, touches }: Told, purchase: string, since = -Infinity): Stitch[] {
  const touchOf = new Map(touches.map((touch) => [touch.seq, touch]));
  const stitches: Stitch[] = [];
  for (const event of events) {
    const touch = touchOf.get(event.seq);
    touchOf.delete(event.seq);
    if (!TOLD_BY_LEDGER.has(event.name)) stitches.push(ofEvent(event, touch, purchase));
  }
  for (const send of sends) stitches.push(ofSend(send));
  // A touch that no event carries, such as an advertisement that was told of afterwards; those of sends are in the ledger.
  for (const touch of touchOf.values()) {
    if (touch.occasion !== "send") stitches.push(ofTouch(touch));
  }
  return stitches.filter((one) => Date.parse(one.at) >= since).sort((a, b) => Date.parse(b.at) - Date.parse(a.at) || (b.seq ?? 0) - (a.seq ?? 0));
}

/** Events of one name as the log tells them, newest first; the ledger is not asked. */
export function weaveNamed(events: readonly EventView[], touches: readonly TouchView[], purchase: string): Stitch[] {
  const touchOf = new Map(touches.map((touch) => [touch.seq, touch]));
  return events.map((event) => ofEvent(event, touchOf.get(event.seq), purchase));
}

interface Part<T> {
  rows: readonly T[] | undefined;
  /** Whether it goes on behind its last row. */
  more: boolean;
}

/** How far back both are known: what is older would be told by one of them alone. The one that ends first is to be asked on. */
export function reach(events: Part<EventView>, sends: Part<SendView>): { since: number; ends: "events" | "sends" } {
  const end = (part: Part<unknown>, at: string | undefined) => (part.more && at ? Date.parse(at) : -Infinity);
  const [ofEvents, ofSends] = [end(events, events.rows?.at(-1)?.occurred_at), end(sends, sends.rows?.at(-1)?.wished_at)];
  return ofSends > ofEvents ? { since: ofSends, ends: "sends" } : { since: ofEvents, ends: "events" };
}

function ofEvent(event: EventView, touch: TouchView | undefined, purchase: string): Stitch {
  // Of what the log lost, and of erased sends, nothing is told but that it was.
  const { channel } = (event.properties ?? {}) as { channel?: unknown };
  const fromUs = FROM_US.has(event.name) || TOLD_BY_LEDGER.has(event.name);
  return {
    key: `e${event.seq}-${event.name}`,
    at: event.occurred_at,
    side: event.name === purchase ? "knot" : fromUs ? "out" : "in",
    withheld: event.name === "Message Withheld",
    channel: typeof channel === "string" ? channel : event.name.startsWith("Call ") ? "call" : undefined,
    seq: event.seq,
    event,
    touch,
  };
}

function ofSend(send: SendView): Stitch {
  const withheld = send.decision === "drop" || send.status === "deferred";
  return {
    key: `s${send.id}`,
    at: withheld ? send.decided_at : (send.settled_at ?? send.attempted_at ?? send.decided_at),
    side: "out",
    withheld,
    channel: send.channel ?? undefined,
    send,
  };
}

function ofTouch(touch: TouchView): Stitch {
  return { key: `t${touch.seq}`, at: touch.at, side: touch.direction === "outbound" ? "out" : "in", withheld: false, seq: touch.seq, touch };
}

/** What is shown: one side, what was not sent, or a channel. */
export interface Choice {
  side: "" | "in" | "out" | "withheld";
  channel: string;
}

export function chosen(stitches: readonly Stitch[], { side, channel }: Choice): Stitch[] {
  return stitches.filter((one) => {
    if (channel && one.channel !== channel) return false;
    if (side === "withheld") return one.withheld;
    if (side === "out") return one.side === "out";
    // An order is the person's doing.
    if (side === "in") return one.side !== "out";
    return true;
  });
}

/** The channels that occur, for the filter. */
export function channelsOf(stitches: readonly Stitch[]): string[] {
  return [...new Set(stitches.flatMap((one) => one.channel ?? []))].sort();
}

/** Names of events for the filter: those of the person first, then what occurs elsewhere; the chosen one in any case. */
export function eventsOf(events: readonly EventView[], elsewhere: readonly string[], chosen: string): string[] {
  return [...new Set([...events.map((event) => event.name).sort(), ...elsewhere, ...(chosen ? [chosen] : [])])];
}

/** Pages looked at one after the other become one item, unless somebody opened it. */
export function folded(stitches: readonly Stitch[], open: ReadonlySet<string> = new Set()): (Stitch | Burst)[] {
  const items: (Stitch | Burst)[] = [];
  let row: Stitch[] = [];
  function end() {
    const [newest, oldest] = [row[0], row.at(-1)];
    // The oldest names it: what comes after does not change which burst it is.
    if (newest && oldest && row.length >= BURST_MIN && !open.has(oldest.key)) items.push({ key: oldest.key, at: newest.at, from: oldest.at, stitches: row });
    else items.push(...row);
    row = [];
  }
  for (const one of stitches) {
    const before = row.at(-1);
    if (!isBrowsing(one) || (before && Date.parse(before.at) - Date.parse(one.at) > BURST_PAUSE_MS)) end();
    if (isBrowsing(one)) row.push(one);
    else items.push(one);
  }
  end();
  return items;
}

function isBrowsing(one: Stitch): boolean {
  return one.event !== undefined && BROWSING.has(one.event.name) && !one.touch;
}

/** Cut by days of the zone; the order stays. */
export function days(items: readonly (Stitch | Burst)[], zone: string | undefined): Day[] {
  const format = new Intl.DateTimeFormat("en-CA", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" });
  const all: Day[] = [];
  for (const item of items) {
    const day = format.format(new Date(item.at));
    const last = all.at(-1);
    if (last?.day === day) last.items.push(item);
    else all.push({ day, items: [item] });
  }
  return all;
}

/** How many came on top of the one that was the newest; all of them where it is gone. */
export function newer(stitches: readonly Stitch[], than: string): number {
  const at = stitches.findIndex((one) => one.key === than);
  return at < 0 ? stitches.length : at;
}
