// The questions that results answer, and what all of them share.

import { asked } from "../../asked.svelte.ts";
import { get, send } from "../../client.ts";
import { place } from "../../place.svelte.ts";
import { days } from "../../ui/period.ts";
import type { Found } from "../../ui/Combo.svelte";
import { count } from "../../format.ts";
import { say } from "../../words.ts";

export { outline } from "../../outline.svelte.ts";

export const TABS = ["kpi", "attribution", "paths", "funnel", "cohorts", "value", "forecast", "experiments", "sql"] as const;
export type Tab = (typeof TABS)[number];

/** The period of the address. */
export const period = () => days(place.query("period") || "28d");

/** Segments as a choice, everybody first. */
export function segmentChoice() {
  const held = asked(() => "segments", (signal) => get("/api/v1/segments", { signal }));
  return {
    get options() {
      const named = (held.value?.segments ?? []).map(({ name }) => ({ value: name, label: name }));
      return [{ value: "", label: say("results.everybody") }, ...named];
    },
  };
}

interface Vocabulary {
  events: { name: string; people: number }[];
}

let known: Promise<Vocabulary> | undefined;

/** Events that occurred, most frequent first; a server that cannot tell leaves the field free. */
export async function events(text: string): Promise<Found[]> {
  known ??= (send("get", "/api/v1/vocabulary") as Promise<Vocabulary>).catch(() => ((known = undefined), { events: [] }));
  const { events: all } = await known;
  const wanted = text.trim().toLowerCase();
  const fits = all.filter((event) => event.name.toLowerCase().includes(wanted));
  return fits.slice(0, 12).map((event) => ({ value: event.name, label: event.name, note: count(event.people) }));
}
