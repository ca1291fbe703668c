// The programme that is live, asked for once after each change of it.

import { asked } from "./asked.svelte.ts";
import { get } from "./client.ts";
import { live } from "./live.svelte.ts";

/** The part of it that screens need. */
export interface Programme {
  name: string;
  timezone?: string;
  currency?: string;
  languages: string[];
  purposes: Record<string, { title: Record<string, string>; channels: string[]; opt_in: string }>;
  segments: Record<string, string>;
  messages: Record<string, unknown>;
  journeys?: Record<string, unknown>;
  [part: string]: unknown;
}

/** What there is before anybody said anything. */
const NOTHING: Programme = { name: "", languages: [], purposes: {}, segments: {}, messages: {} };

/** Called while a component is made. */
export function programme() {
  return asked(
    () => `programme ${live.revision}`,
    async (signal) => {
      if (live.revision === 0) return NOTHING;
      const { programme } = (await get("/api/v1/programme", { signal })) as { programme: unknown };
      return programme as Programme;
    },
    { stays: true },
  );
}

/** A purpose as people here call it. */
export function purposeTitle(told: Programme | undefined, name: string, language = document.documentElement.lang): string {
  const title = told?.purposes[name]?.title ?? {};
  return title[language] ?? Object.values(title)[0] ?? name;
}
