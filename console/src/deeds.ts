// What happened as a few words and what they are about, the same on every screen that tells of it.

import { dateLong, moneyExact, time, titled } from "./format.ts";
import { say, says } from "./words.ts";

/** Anything of the log that tells of somebody, as `/api/v1/activity` and timelines have it. */
export interface Happening {
  kind?: string;
  name?: string;
  seq?: number;
  properties?: Record<string, unknown> | null;
  person?: { address: string; name?: string | null } | null;
  [key: string]: unknown;
}

export interface Deed {
  words: string;
  details: string;
  /** From the person, from us, or neither. */
  side: "in" | "out" | "none";
  /** An order is a knot in the thread. */
  knot: boolean;
}

const ORDER = "Order Completed";
/** What we did, and the person only took part in. */
const FROM_US = new Set(["Call Completed"]);

/** What is told of a record. */
export function deed(of: Happening): Deed {
  const text = (key: string) => (typeof of[key] === "string" ? (of[key] as string) : "");
  const plain = (words: string, details = ""): Deed => ({ words, details, side: "none", knot: false });
  switch (of.kind ?? "event") {
    case "event":
      return event(of.name ?? "", of.properties ?? {});
    case "engaged":
      return { words: known(text("engagement")), details: shortUrl(text("url")), side: "in", knot: false };
    case "consent_stated":
      return { ...plain(say(of.granted ? "event.granted" : "event.withdrawn", { purpose: titled(text("purpose")) })), side: "in" };
    case "rejected":
      return plain(say("event.rejected", { why: text("message") }));
    case "suppression_stated":
      return plain(say("event.suppressed", { why: text("reason") }));
    case "profiles_merged":
      return plain(say("event.merged"));
    default:
      return plain(titled(of.kind ?? ""));
  }
}

/** What people are called: their name, or what is known instead of it. */
export function who(person: Happening["person"]): string {
  if (!person) return say("event.nobody");
  if (person.name) return person.name;
  const [kind, ...rest] = person.address.split(":");
  const value = rest.join(":");
  return kind === "anonymous_id" ? say("event.visitor", { id: value.slice(-4) }) : value;
}

function event(name: string, properties: Record<string, unknown>): Deed {
  const words = known(name);
  return { words, details: about(name, properties), side: FROM_US.has(name) ? "out" : "in", knot: name === ORDER };
}

/** Names of events that many companies use have words; others are names already. */
function known(name: string): string {
  const key = `event.${name.toLowerCase().replace(/[^a-z0-9]+/g, "_")}`;
  return says(key) ? say(key) : name;
}

function about(name: string, of: Record<string, unknown>): string {
  const text = (key: string) => (typeof of[key] === "string" ? (of[key] as string) : "");
  const amount = (key: string) => (typeof of[key] === "number" ? moneyExact(of[key] as number, text("currency") || undefined) : "");
  const products = Array.isArray(of.products) ? of.products.map((one: unknown) => several(one)).filter(Boolean).join(", ") : "";
  if (name.startsWith("Call ")) return call(text("outcome"), text("appointment_at"));
  const page = name === "Page Viewed" || name === "Screen Viewed";
  const parts = page ? [text("title") || text("path") || shortUrl(text("url"))] : [products, text("name") || text("title") || text("place") || text("category"), amount("total") || amount("price")];
  return parts.filter(Boolean).join(" · ");
}

/** What came of a call: outcomes that many use have words. */
function call(outcome: string, appointment: string): string {
  const key = `event.outcome_${outcome.toLowerCase().replace(/[^a-z0-9]+/g, "_")}`;
  const until = Number.isNaN(Date.parse(appointment)) ? "" : say("event.appointment", { when: `${dateLong(appointment)}, ${time(appointment)}` });
  return [says(key) ? say(key) : titled(outcome), until].filter(Boolean).join(" · ");
}

function several(product: unknown): string {
  const { name, quantity } = (product ?? {}) as { name?: unknown; quantity?: unknown };
  if (typeof name !== "string") return "";
  return typeof quantity === "number" && quantity > 1 ? `${quantity} × ${name}` : name;
}

export function shortUrl(url: string): string {
  return url.replace(/^https?:\/\/(www\.)?/, "").replace(/[?#].*$/, "");
}
