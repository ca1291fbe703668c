// A segment as a definition of the programme: read, saved under its version, taken out.

import { Problem, remove, send } from "../../client.ts";

export interface Named {
  kind: string;
  name: string;
}
export interface Definition {
  version: string;
  file: string;
  line: number;
  definition: unknown;
  used_by: Named[];
}
export interface Version {
  number: number;
  at: string;
  by: string;
  changes?: { kind: string; name: string; change: string; lines?: string[] }[] | null;
  /** As it was in this version; absent where it was not there. */
  definition?: Definition | null;
}

/** Null where the server does not tell of definitions. */
export async function definition(name: string, signal?: AbortSignal): Promise<Definition | null> {
  try {
    return (await send("get", "/api/v1/definitions/{kind}/{name}", { path: { kind: "segment", name }, signal })) as Definition;
  } catch (problem) {
    if (problem instanceof Problem && problem.status === 404) return null;
    throw problem;
  }
}

/** What a definition says with another expression; whatever else it says stays. */
export function saying(old: unknown, expression: string): unknown {
  return old !== null && typeof old === "object" && !Array.isArray(old) ? { ...old, is: expression } : expression;
}

export async function put(name: string, definition: unknown, version: string | undefined): Promise<{ version: string }> {
  const headers = version === undefined ? undefined : { "if-match": `"${version}"` };
  return (await send("put", "/api/v1/definitions/{kind}/{name}", { path: { kind: "segment", name }, body: { definition }, headers })) as { version: string };
}

export async function takeOut(name: string, version: string): Promise<void> {
  await remove("/api/v1/definitions/{kind}/{name}" as never, { path: { kind: "segment", name }, headers: { "if-match": `"${version}"` } });
}

const VERSIONS_MAX = 12;

/** The newest versions that changed it, each with what it said then. Null where the server does not tell of versions. */
export async function versions(name: string, signal?: AbortSignal): Promise<Version[] | null> {
  const of = { kind: "segment", name };
  try {
    const told = (await send("get", "/api/v1/programme/versions", { query: { ...of, limit: VERSIONS_MAX }, signal })) as { versions: Version[] };
    const each = told.versions.map(({ number }) => send("get", "/api/v1/programme/versions/{number}", { path: { number }, query: of, signal }) as Promise<Version>);
    return await Promise.all(each);
  } catch (problem) {
    if (problem instanceof Problem && problem.status === 404) return null;
    throw problem;
  }
}

/** The expression of a definition, whichever way it is written. */
export function expressionOf(definition: unknown): string | null {
  if (typeof definition === "string") return definition;
  const is = (definition as { is?: unknown } | null | undefined)?.is;
  return typeof is === "string" ? is : null;
}

/** What the files allow: lower-case letters, digits, `-` and `_`, and it begins with a letter. */
export function nameOf(title: string): string {
  return title
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, "-")
    .replace(/^[^a-z]+|-+$/g, "");
}
