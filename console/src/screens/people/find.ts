// Finding people: by any identifier as it is, by the beginning of a name or an email, by a segment, by an expression.

import { Problem, get, post, send, type Answer } from "../../client.ts";
import { addressesOf } from "./filter.ts";

type Profile = Answer<"/api/v1/profiles/{address}">;

/** A row of a list of people. What the server does not tell stays undefined, which is not nothing. */
export interface Row {
  id: number;
  name?: string | null;
  email?: string | null;
  city?: string | null;
  identifiers: Profile["identifiers"];
  segments?: string[];
  purchases?: number;
  purchased?: number | null;
  first_seen?: string;
  last_seen?: string;
}

export interface PageOf {
  rows: Row[];
  next: string | null;
  count?: number;
  /** Only some were told, and there is no next page of them. */
  sampled?: boolean;
}

interface Told {
  profiles: Row[];
  count?: number;
  after?: number | null;
}

interface Sampled {
  count: number;
  sample: { id: number; identifiers: Profile["identifiers"] }[];
}

export const PAGE = 50;

/** A page of those for whom an expression holds, or of everybody. */
export async function people(expression: string, after: string | null, signal?: AbortSignal): Promise<PageOf> {
  const told = (await send("get", "/api/v1/profiles", { query: { expression, after, limit: PAGE }, signal })) as Told;
  // A server that lists only the newest does not say how many there are: whoever asked for some gets the sample of its count.
  if (told.count === undefined && expression) return sampled(expression, signal);
  return { rows: told.profiles, next: told.after === null || told.after === undefined ? null : String(told.after), count: told.count };
}

async function sampled(expression: string, signal?: AbortSignal): Promise<PageOf> {
  const { count, sample } = (await post("/api/v1/segments/preview", { body: { expression }, signal })) as unknown as Sampled;
  const rows = await Promise.all(sample.map(async (one) => (await profileOf(one.identifiers, signal)) ?? one));
  return { rows, next: null, count, sampled: count > rows.length };
}

async function profileOf(identifiers: Profile["identifiers"], signal?: AbortSignal): Promise<Row | null> {
  const first = identifiers[0];
  return first ? byAddress(`${first.type}:${first.value}`, signal) : null;
}

async function byAddress(address: string, signal?: AbortSignal): Promise<Row | null> {
  try {
    return rowOf(await get("/api/v1/profiles/{address}", { path: { address }, signal }));
  } catch (problem) {
    // Nobody has this identifier, or it cannot be one: either way it finds nobody.
    if (problem instanceof Problem && (problem.status === 404 || problem.status === 400)) return null;
    throw problem;
  }
}

export function rowOf({ id, name, identifiers, segments, traits, first_seen, last_seen }: Profile): Row {
  const of = traits as Record<string, unknown>;
  const text = (key: string) => (typeof of[key] === "string" ? (of[key] as string) : null);
  const email = identifiers.find((one) => one.type === "email")?.value ?? text("email");
  return { id, name, email, city: text("city"), identifiers, segments, first_seen, last_seen };
}

/** Those whom a text names exactly. */
export async function named(text: string, signal?: AbortSignal): Promise<Row[]> {
  const found = await Promise.all(addressesOf(text).map((address) => byAddress(address, signal)));
  return [...new Map(found.flatMap((row) => (row ? [[row.id, row] as const] : []))).values()];
}
