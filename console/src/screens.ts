// Every screen: its name, its address, the entry of the menu that it belongs to, and where it lies. A screen is fetched
// when it is first looked at, or when somebody is about to.

import type { Component } from "svelte";
import { learn } from "./words.ts";
import { href, match, type Names, type Query } from "./route.ts";

type Load = () => Promise<{ default: Component<never> }>;

export const SCREENS = [
  { name: "today", path: "/", menu: "today", load: () => import("./screens/today/Today.svelte") },
  { name: "people", path: "/people", menu: "people", load: () => import("./screens/people/People.svelte") },
  { name: "merges", path: "/people/merges", menu: "people", load: () => learn("persons", import("./screens/people/Merges.svelte")) },
  { name: "import", path: "/people/import", menu: "people", load: () => learn("persons", import("./screens/people/Import.svelte")) },
  { name: "person", path: "/people/:person", menu: "people", load: () => learn("persons", import("./screens/person/Person.svelte")) },
  { name: "segments", path: "/segments", menu: "segments", load: () => import("./screens/segments/Segments.svelte") },
  { name: "segment", path: "/segments/:segment", menu: "segments", load: () => learn("rules", import("./screens/segment/Segment.svelte")) },
  { name: "journeys", path: "/journeys", menu: "journeys", load: () => learn("flows", import("./screens/journeys/Journeys.svelte")) },
  { name: "journey", path: "/journeys/:journey", menu: "journeys", load: () => learn("flows", import("./screens/journey/Journey.svelte")) },
  { name: "broadcasts", path: "/broadcasts", menu: "journeys", load: () => learn("flows", import("./screens/broadcasts/Broadcasts.svelte")) },
  { name: "messages", path: "/messages", menu: "messages", load: () => learn("flows", import("./screens/messages/Messages.svelte")) },
  { name: "message", path: "/messages/:message", menu: "messages", load: () => learn("flows", import("./screens/message/Message.svelte")) },
  { name: "slots", path: "/slots", menu: "messages", load: () => learn("flows", import("./screens/slots/Slots.svelte")) },
  { name: "offers", path: "/offers", menu: "offers", load: () => learn("flows", import("./screens/offers/Offers.svelte")) },
  { name: "offer", path: "/offers/:offer", menu: "offers", load: () => learn("flows", import("./screens/offer/Offer.svelte")) },
  { name: "campaigns", path: "/campaigns", menu: "campaigns", load: () => learn("numbers", import("./screens/campaigns/Campaigns.svelte")) },
  { name: "campaign", path: "/campaigns/:campaign", menu: "campaigns", load: () => learn("numbers", import("./screens/campaign/Campaign.svelte")) },
  { name: "results", path: "/results", menu: "results", load: () => learn("numbers", import("./screens/results/Results.svelte")) },
  { name: "result", path: "/results/:tab", menu: "results", load: () => learn("numbers", import("./screens/results/Results.svelte")) },
  { name: "governor", path: "/governor", menu: "governor", load: () => learn("numbers", import("./screens/governor/Governor.svelte")) },
  { name: "decisions", path: "/governor/decisions", menu: "governor", load: () => learn("numbers", import("./screens/governor/Decisions.svelte")) },
  { name: "mailbox", path: "/mailbox", menu: "messages", load: () => import("./screens/mailbox/Mailbox.svelte") },
  { name: "letter", path: "/mailbox/:letter", menu: "messages", load: () => import("./screens/mailbox/Mailbox.svelte") },
  { name: "settings", path: "/settings", menu: "settings", load: () => learn("numbers", import("./screens/settings/Settings.svelte")) },
  { name: "setting", path: "/settings/:tab", menu: "settings", load: () => learn("numbers", import("./screens/settings/Settings.svelte")) },
] as const satisfies { name: string; path: string; menu: string; load: Load }[];

export type Screen = (typeof SCREENS)[number];
export type ScreenName = Screen["name"];
type PathOf<N extends ScreenName> = Extract<Screen, { name: N }>["path"];

/** The menu, in the order that it keeps. `people` has the first place after a gap. */
export const MENU = [
  ["today"],
  ["people", "segments", "journeys", "messages", "offers"],
  ["campaigns", "results", "governor"],
  ["settings"],
] as const satisfies ScreenName[][];

/** Those that a phone has room for; the rest is behind "More". */
export const BAR = ["today", "people", "journeys", "results"] as const satisfies ScreenName[];

/** The screen at a path, and what the path says. */
export function screenAt(path: string): { screen: Screen; params: Record<string, string> } | null {
  for (const screen of SCREENS) {
    const params = match(screen.path, path);
    if (params) return { screen, params };
  }
  return null;
}

/** The address of a screen: `to("person", { person: "email:ada@example.com" })`. */
export function to<N extends ScreenName>(
  name: N,
  ...rest: Names<PathOf<N>> extends never ? [params?: null, query?: Query] : [params: { [K in Names<PathOf<N>>]: string }, query?: Query]
): string {
  const { path } = SCREENS.find((screen) => screen.name === name) as Screen;
  return (href as (pattern: string, ...rest: unknown[]) => string)(path, ...rest);
}

const loaded = new Map<string, Promise<{ default: Component<never> }>>();

/** Fetches a screen once; what could not be fetched is tried again the next time. */
export function load(screen: Screen): Promise<{ default: Component<never> }> {
  const known = loaded.get(screen.name);
  if (known) return known;
  const fresh = (screen.load as Load)();
  loaded.set(screen.name, fresh);
  fresh.catch(() => loaded.delete(screen.name));
  return fresh;
}
