// What the palette leads to, and how well it fits what somebody typed.

import { get } from "./client.ts";
import { who } from "./deeds.ts";
import { titled } from "./format.ts";
import { searched } from "./people.ts";
import { live } from "./live.svelte.ts";
import { palette } from "./palette.svelte.ts";
import { session, signOut } from "./session.svelte.ts";
import { MENU, to, type ScreenName } from "./screens.ts";
import { setTheme } from "./theme.ts";
import { rank } from "./rank.ts";
import { say } from "./words.ts";

export interface Goal {
  kind: "person" | "segment" | "journey" | "message" | "offer" | "act" | "screen";
  label: string;
  note?: string;
  href?: string;
  act?: () => void;
}

const SHOWN_MAX = 12;

let definitions: { revision: number; goals: Promise<Goal[]> } | undefined;

/** What fits, at once from what is known, then again with the people that the server found. */
export async function* find(text: string): AsyncGenerator<Goal[]> {
  const here = [...acts(), ...screens()];
  yield best(here, text);
  if (definitions?.revision !== live.revision) definitions = { revision: live.revision, goals: named().catch(() => ((definitions = undefined), [])) };
  const all = [...(await definitions.goals), ...here];
  yield best(all, text);
  if (text.trim().length < 3) return;
  const people = (await searched(text).catch(() => [])).map((person): Goal => ({ kind: "person", label: who(person), note: person.address, href: to("person", { person: person.address }) }));
  yield [...people, ...best(all, text)].slice(0, SHOWN_MAX);
}

function best(goals: Goal[], text: string): Goal[] {
  return rank(goals, text, (goal) => `${goal.label} ${goal.note ?? ""}`).slice(0, SHOWN_MAX);
}

function screens(): Goal[] {
  const below = ["merges", "import", "broadcasts", "slots", "decisions", ...(session.demo ? (["mailbox"] as const) : [])] as const;
  const names: ScreenName[] = [...MENU.flat(), ...below];
  const settings = ["programme", "purposes", "channels", "keys", "operators", "data", "health", "audit"];
  return [
    ...names.map((name): Goal => ({ kind: "screen", label: say(`menu.${name}`), href: to(name as "today") })),
    ...settings.map((tab): Goal => ({ kind: "screen", label: say(`settings.${tab}`), note: say("menu.settings"), href: to("setting", { tab }) })),
  ];
}

function acts(): Goal[] {
  return [
    { kind: "act", label: say("palette.dark"), act: () => setTheme("dark") },
    { kind: "act", label: say("palette.light"), act: () => setTheme("light") },
    { kind: "act", label: say("palette.keys"), act: () => (palette.help = true) },
    { kind: "act", label: say("palette.sign_out"), act: () => void signOut() },
  ];
}

async function named(): Promise<Goal[]> {
  const [segments, journeys, offers] = await Promise.all([get("/api/v1/segments"), get("/api/v1/journeys"), get("/api/v1/offers")]);
  return [
    ...segments.segments.map(({ name }): Goal => ({ kind: "segment", label: titled(name), note: name, href: to("segment", { segment: name }) })),
    ...journeys.journeys.map(({ name }): Goal => ({ kind: "journey", label: titled(name), note: name, href: to("journey", { journey: name }) })),
    ...offers.offers.map(({ name }): Goal => ({ kind: "offer", label: titled(name), note: name, href: to("offer", { offer: name }) })),
  ];
}
