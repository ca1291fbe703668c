// What the palette leads to, and how well it fits what somebody typed.

import { get, type Answer } from "./client.ts";
import { titled } from "./format.ts";
import { palette } from "./palette.svelte.ts";
import { signOut } from "./session.svelte.ts";
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

let definitions: Promise<Goal[]> | undefined;

/** What fits, at once from what is known, then again with the people that the server found. */
export async function* find(text: string): AsyncGenerator<Goal[]> {
  const here = [...acts(), ...screens()];
  yield best(here, text);
  definitions ??= named().catch(() => ((definitions = undefined), []));
  const all = [...(await definitions), ...here];
  yield best(all, text);
  if (text.trim().length < 3) return;
  yield [...(await people(text.trim())), ...best(all, text)].slice(0, SHOWN_MAX);
}

function best(goals: Goal[], text: string): Goal[] {
  return rank(goals, text, (goal) => `${goal.label} ${goal.note ?? ""}`).slice(0, SHOWN_MAX);
}

function screens(): Goal[] {
  const below = ["merges", "import", "broadcasts", "slots", "decisions", "mailbox"] as const;
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

/** Whoever an identifier names: people are found by what they are known by. */
async function people(text: string): Promise<Goal[]> {
  const kinds = text.includes("@") ? ["email"] : /^\+?\d[\d ]+$/.test(text) ? ["phone", "user_id"] : ["user_id", "anonymous_id"];
  const addresses = /^[a-z_]+:/.test(text) ? [text] : kinds.map((kind) => `${kind}:${text}`);
  const found = await Promise.all(addresses.map((address) => get("/api/v1/profiles/{address}", { path: { address } }).catch(() => null)));
  return found.flatMap((one, index): Goal[] => (one ? [{ kind: "person", label: nameOf(one), note: addresses[index], href: to("person", { person: addresses[index] ?? "" }) }] : []));
}

function nameOf(profile: Answer<"/api/v1/profiles/{address}">): string {
  const traits = profile.traits as Record<string, unknown>;
  const full = [traits.first_name, traits.last_name].filter((part) => typeof part === "string").join(" ");
  return full || profile.identifiers[0]?.value || say("palette.person");
}
