// People by what somebody types: an identifier as it is, or the beginning of a name or of an identifier.

import { get, type Answer } from "./client.ts";
import { who } from "./deeds.ts";
import type { Found } from "./ui/Combo.svelte";

export type Person = Answer<"/api/v1/search">["people"][number];

export async function searched(text: string, signal?: AbortSignal): Promise<Person[]> {
  return (await get("/api/v1/search", { query: { q: text.trim() }, signal })).people;
}

/** For a field in which somebody is chosen. */
export async function findPeople(text: string): Promise<Found[]> {
  const found = await searched(text);
  return found.map((person) => ({ value: person.address, label: who(person), note: person.address.replace(/^\w+:/, "") }));
}
