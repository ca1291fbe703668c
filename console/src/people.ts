// People by what somebody types, for fields that ask for one.

import { get } from "./client.ts";
import { rank } from "./rank.ts";
import type { Found } from "./ui/Combo.svelte";

const ASKED_MAX = 100;
const SHOWN_MAX = 8;

/** The best known of somebody's identifiers, as addresses of the API are. */
export function addressOf(identifiers: { type: string; value: string }[]): string {
  const best = ["email", "user_id", "phone"].map((type) => identifiers.find((one) => one.type === type)).find(Boolean) ?? identifiers[0];
  return best ? `${best.type}:${best.value}` : "";
}

/** Those seen last that fit the text, and whoever an identifier names exactly. */
export async function findPeople(text: string): Promise<Found[]> {
  const { profiles } = await get("/api/v1/profiles", { query: { limit: ASKED_MAX } });
  const known = profiles.filter((one) => one.identifiers.some((identifier) => identifier.type !== "anonymous_id"));
  const found = rank(known, text, (one) => `${one.name ?? ""} ${addressOf(one.identifiers)}`).slice(0, SHOWN_MAX);
  const rows = found.map((one) => ({ value: addressOf(one.identifiers), label: one.name ?? addressOf(one.identifiers), note: addressOf(one.identifiers).replace(/^\w+:/, "") }));
  if (rows.length || !text.includes("@")) return rows;
  const address = `email:${text.trim()}`;
  const exact = await get("/api/v1/profiles/{address}", { path: { address } }).catch(() => null);
  return exact ? [{ value: address, label: text.trim() }] : [];
}
