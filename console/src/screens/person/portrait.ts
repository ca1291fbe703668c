// A person in one sentence, as a colleague would say it, and what they are called.

import type { Answer } from "../../client.ts";
import { dateLong, list, moneyExact } from "../../format.ts";
import { say, says } from "../../words.ts";

type Identifier = Answer<"/api/v1/profiles/{address}">["identifiers"][number];

interface Known {
  firstSeen: string;
  firstOrder?: string;
  channel?: string;
  orders?: number;
  sum?: number;
  currency?: string;
  /** Channels on which some purpose is granted and that reach the person, and those on which it was withdrawn. */
  granted?: string[];
  withdrawn?: string[];
}

/** The name that the traits give, else what they are known by; a visitor by the end of a number that nobody knows. */
export function called(name: string | null | undefined, identifiers: readonly Identifier[]): string {
  if (name) return name;
  const known = identifiers.find((one) => one.type === "email") ?? identifiers.find((one) => one.type !== "anonymous_id") ?? identifiers[0];
  if (!known) return say("event.nobody");
  return known.type === "anonymous_id" ? say("event.visitor", { id: known.value.slice(-4) }) : known.value;
}

/** The identifier that is trusted most, as addresses have it. */
export function addressOf(identifiers: readonly Identifier[]): string {
  const order = ["user_id", "email", "phone"];
  const rank = (one: Identifier) => (order.indexOf(one.type) + order.length + 1) % (order.length + 1);
  const [best] = [...identifiers].sort((a, b) => rank(a) - rank(b));
  return best ? `${best.type}:${best.value}` : "";
}

/** Of a full name the part by which a colleague calls them. */
export function short(name: string): string {
  return name.includes("@") ? (name.split("@")[0] ?? name) : (name.split(" ")[0] ?? name);
}

export function sentence(known: Known): string {
  const parts = [
    known.firstOrder ? say("person.customer_since", { date: dateLong(known.firstOrder) }) : say("person.known_since", { date: dateLong(known.firstSeen) }),
    known.channel ? say("person.came_by", { channel: channelOf(known.channel) }) : "",
  ];
  const first = `${parts.filter(Boolean).join(", ")}.`;
  const orders = known.orders === undefined ? "" : known.sum && known.orders ? say("person.orders_sum", { n: known.orders, sum: moneyExact(known.sum, known.currency) }) : say("person.orders", { n: known.orders });
  return [first, orders, may(known)].filter(Boolean).join(" ");
}

function may({ granted, withdrawn }: Known): string {
  if (!granted || !withdrawn) return "";
  const yes = granted.map(channelOf);
  const no = withdrawn.filter((one) => !granted.includes(one)).map(channelOf);
  if (yes.length === 0) return no.length ? say("person.may_not", { channels: list(no) }) : say("person.may_nothing");
  return no.length ? say("person.may_but", { channels: list(yes), others: list(no) }) : say("person.may", { channels: list(yes) });
}

/** A medium as it is called here; the names of touches are names already. */
export function channelOf(name: string): string {
  return says(`channel.${name}`) ? say(`channel.${name}`) : name;
}
