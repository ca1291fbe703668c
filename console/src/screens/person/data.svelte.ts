// Everything that a person's screen asks the server for.

import { asked } from "../../asked.svelte.ts";
import { Problem, get, post, type Answer } from "../../client.ts";
import { paged, type Paged } from "../../pages.svelte.ts";
import type { EventView, SendView } from "./thread.ts";
import type { Part } from "./why.ts";

export type Profile = Answer<"/api/v1/profiles/{address}">;
export type Evidence = Answer<"/api/v1/profiles/{address}/consents">;

/** What a dialog that changes a person is given. */
export interface Changing {
  profile: Profile;
  name: string;
  address: string;
  onclose: () => void;
  onchanged: () => void;
}

const OFTEN_MS = 1_500;
/** So many at once, of events and of sends. */
const PAGE = 500;
/** The channels that a message goes out by; the others are where the person is anyway. */
export const OUTGOING = ["email", "sms", "push", "web_push"] as const;

export interface Worth {
  orders: number;
  /** Absent where no rule asks for the amount, so that it is only in the log. */
  sum?: number;
  reached: string[];
  unreached: string[];
  /** Recency, frequency, money; each from 1 to 5. */
  scores: (number | undefined)[];
}

type Purchase = { event: string; amount?: string | null };

/** Called while a component is made. With an event named, what happened by that name is asked for besides. */
export function person(address: () => string, event: () => string, purchase: () => Purchase | undefined) {
  const of = (what: string) => () => `person ${address()} ${what}`;
  const path = () => ({ address: address() });
  const profile = asked(of(""), (signal) => get("/api/v1/profiles/{address}", { path: path(), signal }), { follow: OFTEN_MS });
  // What else there is changes when something happened to the person: it is asked for again then.
  const heard = () => (profile.value ? profile.value.last_seen : null);
  const after = (what: string) => () => (heard() === null ? null : `person ${address()} ${what}`);
  /** Of somebody who is not there nothing more is asked. */
  const known = (): void => {
    if (profile.problem && !profile.value) throw profile.problem;
  };
  const events = async (name: string, before: string | null, signal: AbortSignal) => {
    known();
    const told = await get("/api/v1/profiles/{address}/timeline", { path: path(), query: { event: name, before, limit: PAGE }, signal });
    return { rows: told.events, next: told.next ?? null };
  };
  const keyOf = (one: EventView) => `${one.seq} ${one.name}`;
  const timeline = paged(of("timeline"), (before, signal) => events("", before, signal), keyOf, { follow: OFTEN_MS });
  const named = paged(() => (event() ? `person ${address()} timeline ${event()}` : null), (before, signal) => events(event(), before, signal), keyOf, { follow: OFTEN_MS });
  const sends = paged<SendView>(
    of("sends"),
    async (before, signal) => {
      known();
      const told = await get("/api/v1/sends", { query: { profile: address(), before, limit: PAGE }, signal });
      return { rows: told.sends, next: told.next === undefined || told.next === null ? null : String(told.next) };
    },
    (one) => one.id,
    { follow: OFTEN_MS },
  );
  const told = (list: Paged<unknown>) => Boolean(list.rows ?? list.problem);
  /** What happened last; null until both lists told. */
  const newest = () => (told(timeline) && told(sends) ? `${timeline.rows?.[0]?.seq ?? 0}-${sends.rows?.[0]?.id ?? 0}` : null);
  const since = (what: string) => () => (heard() === null || newest() === null ? null : `person ${address()} ${what} ${newest()}`);
  const touches = asked(since("touches"), (signal) => get("/api/v1/profiles/{address}/touchpoints", { path: path(), signal }), { settle: 0 });
  const evidence = asked(after("consents"), (signal) => get("/api/v1/profiles/{address}/consents", { path: path(), signal }), { follow: OFTEN_MS * 2 });
  const offers = asked(since("offers"), (signal) => get("/api/v1/profiles/{address}/offers", { path: path(), signal }), { settle: 0 });
  const worth = asked(
    () => (purchase() ? since("worth")() : null),
    (signal) => worthOf(address(), purchase() ?? { event: "" }, signal),
    { settle: 0 },
  );
  return { profile, timeline, named, sends, touches, evidence, offers, worth };
}

/** One explanation answers all of it, from the engine's own exact figures. */
async function worthOf(address: string, { event, amount }: { event: string; amount?: string | null }, signal: AbortSignal): Promise<Worth> {
  const name = JSON.stringify(event);
  const rest = [...OUTGOING.map((channel) => `reachable by ${channel}`), ...["rfm.recency >= 1", "rfm.frequency >= 1", "rfm.monetary >= 1"]];
  const ask = (first: string) =>
    post("/api/v1/profiles/{address}/explain", { path: { address }, body: { expression: [first, ...rest].join(" or ") }, signal });
  const told = await ask(amount ? `did ${name} with sum(${amount}) >= 0` : `did ${name}`).catch((problem: unknown) => {
    // The amount is only in the log so far, and that takes its time: the number of orders is known at once.
    if (problem instanceof Problem && problem.code === "reading_log") return ask(`did ${name}`);
    throw problem;
  });
  const parts = (told.whole.parts ?? []) as Part[];
  const [orders, ...others] = parts;
  const reach = (holds: boolean) => OUTGOING.filter((_, index) => others[index]?.holds === holds);
  return {
    orders: orders?.count ?? 0,
    sum: orders?.figure ?? undefined,
    reached: reach(true),
    unreached: reach(false),
    scores: others.slice(OUTGOING.length).map((part) => part.score ?? undefined),
  };
}
