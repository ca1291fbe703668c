// The way to the server: the key, the requests, and what happened since we last asked.

import { sentence } from "./words.js";

const KEY = "trama-token";

/** What the server says of itself to this page: in the demonstration its pace and a key that only reads. */
export const greeting = { demo: null };

/** Thrown where the key is missing or not good. */
export class NeedsKey extends Error {}

/** Takes the key from the address (`#token=…`), from this window, or from the demonstration. */
export async function open() {
  const given = location.hash.match(/^#token=([\w-]+)$/);
  if (given) {
    sessionStorage.setItem(KEY, given[1]);
    history.replaceState(null, "", location.pathname + "#/");
  }
  const answer = await fetch("/page/greeting.json", { cache: "no-store" });
  Object.assign(greeting, await answer.json());
  if (greeting.demo?.token) sessionStorage.setItem(KEY, greeting.demo.token);
}

export function useKey(token) {
  sessionStorage.setItem(KEY, token);
}

/** Everything that this page ever asks for. */
export const ask = {
  status: () => get("status"),
  activity: (after) => get(`activity?after=${after}&limit=1000`),
  ledger: (limit) => get(`sends?limit=${limit}`),
  ledgerOf: (person) => get(`sends?profile=${encodeURIComponent(person)}&limit=200`),
  segments: () => get("segments"),
  journeys: () => get("journeys"),
  rejects: () => get("rejects?limit=100"),
  profiles: () => get("profiles?limit=200"),
  profile: (person) => get(`profiles/${encodeURIComponent(person)}`),
  timeline: (person) => get(`profiles/${encodeURIComponent(person)}/timeline?limit=200`),
  mailbox: (limit) => get(`mailbox?limit=${limit}`),
  mail: (number) => get(`mailbox/${encodeURIComponent(number)}`),
};

/** An answer of the management API; `null` where there is nothing at that address. */
async function get(path) {
  const token = sessionStorage.getItem(KEY);
  if (!token) throw new NeedsKey("");
  const answer = await fetch(`/api/v1/${path}`, { headers: { authorization: `Bearer ${token}` }, cache: "no-store" });
  if (answer.status === 401 || answer.status === 403) {
    sessionStorage.removeItem(KEY);
    throw new NeedsKey(answer.status === 401 ? "No key of this server has this token." : sentence((await answer.json()).message));
  }
  if (answer.status === 404) return null;
  if (!answer.ok) throw new Error((await answer.json()).message);
  return answer.json();
}

/** What this page knows of the recent past, newest first. */
export const live = { status: null, seq: 0, activity: [], sends: new Map() };

const REMEMBERED = 2000;

let asking = null;

/** Asks what is new, once at a time: two answers about the same moment would be told twice. */
export function catchUp() {
  asking ??= news().finally(() => (asking = null));
  return asking;
}

/** Sends change after they were decided, so the newest hundred are asked for again each time. */
async function news() {
  const first = live.status === null;
  const [status, { seq, activity }, ledger] = await Promise.all([ask.status(), ask.activity(live.seq), ask.ledger(first ? 1000 : 100)]);
  live.status = status;
  live.seq = seq;
  live.activity = [...activity, ...live.activity].slice(0, REMEMBERED);
  for (const send of ledger.sends.reverse()) live.sends.set(send.id, send);
  for (const id of live.sends.keys()) {
    if (live.sends.size <= REMEMBERED) break;
    live.sends.delete(id);
  }
}

const NOT_SENT = ["dropped", "bounced", "failed", "unknown"];

/** How many were withheld or came back, of all that were ever decided. */
export function unsentCount() {
  return NOT_SENT.reduce((sum, status) => sum + (live.status.counts.sends[status] ?? 0), 0);
}

/** The sends that were withheld or came back, newest first. */
export function unsent() {
  return [...live.sends.values()].filter((send) => NOT_SENT.includes(send.status)).sort((a, b) => b.id - a.id);
}
