// A message as one person would get it, asked of the server each time that what is written rests: as it is live, or as the
// draft that is being written.

import { asked } from "../../asked.svelte.ts";
import { Problem, get, post, type Answer } from "../../client.ts";
import { findingsOf, type Finding } from "../../definition.ts";
import { live } from "../../live.svelte.ts";
import { place } from "../../place.svelte.ts";
import { addressOf } from "../person/portrait.ts";
import type { Channel } from "./message.ts";

export type Look = Answer<"/api/v1/messages/{name}/preview", "post">;
export type Content = NonNullable<Look["content"]>;

/** What is written in an instant; the same object is the same draft. */
export interface Draft {
  definition: object;
  templates: Record<string, string | null>;
}

/** A pause in typing after which somebody looks up. */
const SETTLE_MS = 400;

const numbers = new WeakMap<object, number>();
let last = 0;
/** One number for one draft, so that a draft that comes back by undoing is known. */
function numberOf(draft: object): number {
  const known = numbers.get(draft) ?? (last += 1);
  numbers.set(draft, known);
  return known;
}

interface Asking {
  name: string;
  channel: Channel | undefined;
  language: string;
  /** The state that is drawn, and what is given of it; nothing given is what is live. */
  state: object | undefined;
  draft: Draft | undefined;
}

/** Called while a component is made. */
export function looking(of: () => Asking) {
  const people = asked(() => "somebody", (signal) => get("/api/v1/profiles", { query: { limit: 50 }, signal }));
  const somebody = $derived(people.value?.profiles.find((one) => one.identifiers.some((identifier) => identifier.type === "email")));
  const person = $derived(place.query("as") || (somebody ? addressOf(somebody.identifiers) : ""));
  const key = $derived.by(() => {
    const { name, channel, language, state, draft } = of();
    if (!person || !channel || !language || !state) return null;
    return `look ${name} ${channel} ${person} ${language} ${draft ? `draft ${numberOf(state)}` : live.revision}`;
  });
  const shown = asked(
    () => key,
    (signal) => {
      const { name, channel, language, draft } = of();
      return post("/api/v1/messages/{name}/preview", { path: { name }, body: { profile: person, language, channel, draft }, signal });
    },
    { settle: SETTLE_MS },
  );
  const findings = $derived<Finding[]>(shown.problem ? findingsOf(shown.problem) : ((shown.value?.findings ?? []) as Finding[]));
  const refused = $derived(shown.problem instanceof Problem && shown.problem.status < 500 && findings.length === 0 ? shown.problem : undefined);
  return {
    get person() {
      return person;
    },
    /** What the person is called, where nobody chose one. */
    get called() {
      return place.query("as") ? undefined : (somebody?.name ?? undefined);
    },
    get nobody() {
      return people.value !== undefined && !person;
    },
    get value(): Look | undefined {
      return shown.value;
    },
    /** What is wrong with what is written, or doubtful, with its place. */
    get findings() {
      return findings;
    },
    /** Whether the picture is older than what is written, since that cannot be drawn. */
    get behind() {
      return shown.value !== undefined && shown.problem !== undefined;
    },
    /** Why it cannot be written for this person. */
    get refused() {
      return refused;
    },
    /** Why there was no answer at all. */
    get problem() {
      return refused || findings.length ? undefined : shown.problem;
    },
    get busy() {
      return shown.busy;
    },
    again: shown.again,
  };
}

export type Looking = ReturnType<typeof looking>;
