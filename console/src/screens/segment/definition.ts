// What a segment says as a definition of the programme, now and in its versions.

import { send } from "../../client.ts";
import type { Definition } from "../../definition.ts";

export interface Version {
  number: number;
  at: string;
  by: string;
  changes?: { kind: string; name: string; change: string; lines?: string[] }[] | null;
  /** As it was in this version; absent where it was not there. */
  definition?: Definition | null;
}

/** What a definition says with another expression; whatever else it says stays. */
export function saying(old: unknown, expression: string): unknown {
  return old !== null && typeof old === "object" && !Array.isArray(old) ? { ...old, is: expression } : expression;
}

const VERSIONS_MAX = 12;

/** The newest versions that changed it, each with what it said then. */
export async function versions(name: string, signal?: AbortSignal): Promise<Version[]> {
  const of = { kind: "segment", name };
  const told = (await send("get", "/api/v1/programme/versions", { query: { ...of, limit: VERSIONS_MAX }, signal })) as { versions: Version[] };
  return Promise.all(told.versions.map(({ number }) => send("get", "/api/v1/programme/versions/{number}", { path: { number }, query: of, signal }) as Promise<Version>));
}

/** The expression of a definition, whichever way it is written. */
export function expressionOf(definition: unknown): string | null {
  if (typeof definition === "string") return definition;
  const is = (definition as { is?: unknown } | null | undefined)?.is;
  return typeof is === "string" ? is : null;
}
