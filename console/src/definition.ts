// One definition of the programme: as its file says it, saved against its version, with what saving would change told first.

import { Problem, send } from "./client.ts";

export interface Named {
  kind: string;
  name: string;
}

/** A definition as its file says it. */
export interface Definition<F = Record<string, unknown>> extends Named {
  version: string;
  file: string;
  line: number;
  yaml: string;
  definition: F;
  templates: Record<string, string>;
  used_by: Named[];
}

export interface Given<F = Record<string, unknown>> {
  yaml?: string;
  definition?: F;
  templates?: Record<string, string | null>;
}

export interface Finding {
  file: string;
  line: number;
  column: number;
  severity: "error" | "warning";
  message: string;
  suggestion?: string | null;
  /** Its path in the programme, such as `messages.cart.email.subject.en`. */
  place?: string;
  /** Its place in the text that was sent. */
  at?: { line: number; column: number } | null;
}

export interface Plan {
  changes: (Named & { change: "added" | "removed" | "changed"; lines?: string[] })[];
  segments: { name: string; before: number; after: number; entered: number; left: number }[];
  journeys: { name: string; people: number; steps?: Moving[]; positions?: Moving[] }[];
}
interface Moving {
  step: string;
  people: number;
  becomes: "finish" | "move" | "exit";
}

export interface Saved<F = Record<string, unknown>> {
  version?: string | null;
  revision: number;
  changed: boolean;
  plan?: Plan | null;
  findings: Finding[];
  /** As it is stored, or with a dry save as it would be; absent where it is gone. */
  definition?: Definition<F> | null;
}

const PATH = "/api/v1/definitions/{kind}/{name}";

export function definition<F>(kind: string, name: string, signal?: AbortSignal): Promise<Definition<F>> {
  return send("get", PATH, { path: { kind, name }, signal }) as Promise<Definition<F>>;
}

/** Saves it, or with `dry` only tells what would change. Without a version it is a new one. */
export function save<F>(kind: string, name: string, given: Given<F>, { version, dry = false }: { version?: string; dry?: boolean } = {}): Promise<Saved<F>> {
  const headers: Record<string, string> = version ? { "if-match": `"${version.replace(/"/g, "")}"` } : {};
  return send("put", PATH, { path: { kind, name }, query: { dry: dry || null }, body: given, headers }) as Promise<Saved<F>>;
}

/** Takes back a change: what was there before is saved over whatever is there now. */
export function restore<F>(kind: string, name: string, given: Given<F>): Promise<Saved> {
  return send("put", PATH, { path: { kind, name }, body: given, headers: { "if-match": "*" } }) as Promise<Saved>;
}

export function removeDefinition(kind: string, name: string, version: string): Promise<Saved> {
  const headers = { "if-match": version === "*" ? "*" : `"${version.replace(/"/g, "")}"` };
  return send("delete", PATH, { path: { kind, name }, headers }) as Promise<Saved>;
}

/** What the programme has against a change. */
export function findingsOf(problem: unknown): Finding[] {
  const said = problem instanceof Problem ? (problem.said as { findings?: Finding[] } | undefined) : undefined;
  return said?.findings ?? [];
}

/** What somebody else saved while it was worked on. */
export interface Conflict<F = unknown> {
  /** Who it was; empty where that is no more known. */
  by: string;
  at?: string;
  /** As it is live now; absent where they took it out. */
  current?: Definition<F>;
}

/** Where that is why something was not saved. */
export function conflictOf<F = unknown>(problem: unknown): Conflict<F> | undefined {
  if (!(problem instanceof Problem) || problem.status !== 412) return undefined;
  const said = problem.said as { current?: Definition<F> | null; change?: { by?: string; at?: string } | null };
  return { by: said.change?.by ?? "", at: said.change?.at, current: said.current ?? undefined };
}
