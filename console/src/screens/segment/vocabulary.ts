// What expressions can be made of here: names of events, properties, traits and values that really occur, and how often.

import { get, send } from "../../client.ts";
import { count } from "../../format.ts";

export interface ValueWord {
  value: string;
  times: string;
}
export interface EventWord {
  name: string;
  times: string;
  people: number;
  properties: { path: string; values: ValueWord[] }[];
}
export interface Vocabulary {
  events: EventWord[];
  traits: { name: string; people: string; values: ValueWord[] }[];
}
export const NOTHING: Vocabulary = { events: [], traits: [] };

interface Told {
  events: { name: string; people: number; times: number; properties: { path: string; values: { value: string; times: number }[] }[] }[];
  traits: { name: string; people: number; values: { value: string; times: number }[] }[];
}

const NEWEST = 500;
const VALUES_MAX = 30;

/** What the engine counted, and beside it the properties of the newest events, which the log alone has. */
export async function vocabulary(signal?: AbortSignal): Promise<Vocabulary> {
  const [told, activity] = await Promise.all([
    send("get", "/api/v1/vocabulary", { signal }).catch(() => ({ events: [], traits: [] })) as Promise<Told>,
    get("/api/v1/activity", { query: { limit: NEWEST }, signal }),
  ]);
  return together(told, activity.activity as unknown as Happened[]);
}

interface Happened {
  kind?: string;
  name?: string;
  properties?: Record<string, unknown>;
}

/** Both in one; what the engine counted goes first, and its counts are kept. */
export function together(told: Told, newest: readonly Happened[]): Vocabulary {
  const seen = new Map<string, { times: number; paths: Map<string, Map<string, number>> }>();
  for (const one of newest) {
    if (one.kind !== "event" || !one.name) continue;
    const event = seen.get(one.name) ?? { times: 0, paths: new Map<string, Map<string, number>>() };
    seen.set(one.name, event);
    event.times += 1;
    for (const [path, value] of leaves(one.properties ?? {})) {
      const values = event.paths.get(path) ?? new Map<string, number>();
      event.paths.set(path, values.set(value, (values.get(value) ?? 0) + 1));
    }
  }
  const events = told.events.map(({ name, people, times, properties }): EventWord => {
    const known = properties.map(({ path, values }) => ({ path, values: values.map(written) }));
    const others = [...(seen.get(name)?.paths ?? [])].filter(([path]) => !known.some((one) => one.path === path)).map(ofPath);
    return { name, people, times: count(times), properties: [...known, ...others] };
  });
  for (const [name, { times, paths }] of seen) {
    if (!events.some((one) => one.name === name)) events.push({ name, people: 0, times: count(times), properties: [...paths].map(ofPath) });
  }
  const traits = told.traits.map(({ name, people, values }) => ({ name, people: count(people), values: values.map(written) }));
  return { events, traits };
}

const written = ({ value, times }: { value: string; times: number }): ValueWord => ({ value, times: count(times) });

function ofPath([path, values]: [string, Map<string, number>]) {
  const frequent = [...values].filter(([, times]) => times > 1).sort((a, b) => b[1] - a[1]);
  return { path, values: frequent.slice(0, VALUES_MAX).map(([value, times]) => written({ value, times })) };
}

/** The paths of a value; of a list those of its elements. */
function leaves(value: unknown, path = ""): [string, string][] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value.flatMap((one) => leaves(one, path));
  if (typeof value === "object") return Object.entries(value).flatMap(([key, one]) => leaves(one, path ? `${path}.${key}` : key));
  return path ? [[path, String(value)]] : [];
}
