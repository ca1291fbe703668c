// Definitions as they are written, one at a time: read, tried, saved, taken back.

import { Problem, send } from "../client.ts";

export interface Named {
  kind: string;
  name: string;
}

export interface Definition extends Named {
  version: string;
  file: string;
  line: number;
  yaml: string;
  definition: unknown;
  used_by: Named[];
}

export interface Finding {
  file: string;
  line: number;
  column: number;
  severity: "error" | "warning";
  message: string;
  suggestion?: string | null;
  /** Its place in the text that was sent, where it is inside. */
  at?: { line: number; column: number } | null;
}

export interface Edited {
  version: string | null;
  revision: number;
  changed: boolean;
  findings: Finding[];
  plan?: {
    changes: (Named & { change: string })[];
    segments: { name: string; before: number; after: number; entered: number; left: number }[];
    journeys: { name: string; people: number }[];
  } | null;
}

const PATH = "/api/v1/definitions/{kind}/{name}";

export const read = ({ kind, name }: Named, signal?: AbortSignal): Promise<Definition> => send("get", PATH, { path: { kind, name }, signal }) as Promise<Definition>;

/** Saves a text, or with `dry` only tells what would come of it. Without a version a new definition is made. */
export function write({ kind, name }: Named, yaml: string, version: string | null, dry = false): Promise<Edited> {
  const headers: Record<string, string> = version === null ? {} : { "if-match": `"${version}"` };
  return send("put", PATH, { path: { kind, name }, query: { dry: dry || null }, headers, body: { yaml } }) as Promise<Edited>;
}

/** The same for a value in the form of the files. */
export function writeValue({ kind, name }: Named, definition: unknown, version: string | null, dry = false): Promise<Edited> {
  const headers: Record<string, string> = version === null ? {} : { "if-match": `"${version}"` };
  return send("put", PATH, { path: { kind, name }, query: { dry: dry || null }, headers, body: { definition } }) as Promise<Edited>;
}

export function drop({ kind, name }: Named, version: string): Promise<unknown> {
  return send("delete", PATH, { path: { kind, name }, headers: { "if-match": `"${version}"` } });
}

/** What is wrong with a text, of the answer that refused it. */
export function findingsOf(problem: unknown): Finding[] {
  const told = problem instanceof Problem ? (problem.said as { findings?: Finding[] } | undefined) : undefined;
  return told?.findings ?? [];
}

/** What somebody else saved meanwhile. */
export function conflictOf(problem: unknown): Definition | undefined {
  if (!(problem instanceof Problem) || problem.status !== 412) return undefined;
  return (problem.said as { current?: Definition } | undefined)?.current ?? undefined;
}

/** Whether this server has no definitions to be changed one at a time. */
export const isAbsent = (problem: unknown): boolean => problem instanceof Problem && problem.status === 404 && problem.code !== "unknown_definition";

/** Where a finding lies in the text, as characters: the word that it points at. */
export function placed(yaml: string, findings: readonly Finding[]): { from: number; to: number; message: string; severity: "error" | "warning" }[] {
  const lines = yaml.split("\n");
  return findings.flatMap((finding) => {
    if (!finding.at) return [];
    const line = lines[finding.at.line - 1] ?? "";
    const from = lines.slice(0, finding.at.line - 1).reduce((sum, one) => sum + one.length + 1, 0) + Math.min(line.length, finding.at.column - 1);
    const word = /^\S+/.exec(line.slice(finding.at.column - 1))?.[0].length ?? 1;
    return [{ from, to: Math.min(yaml.length, from + word), message: finding.message, severity: finding.severity }];
  });
}

/** Pieces of a line of YAML by their kind. */
export function marks(line: string): { from: number; to: number; kind: "word" | "text" | "number" | "name" | "comment" }[] {
  const found: ReturnType<typeof marks> = [];
  for (const match of line.matchAll(/(?:^|\s)#.*$|"(?:[^"\\]|\\.)*"?|'[^']*'?|[\w-]+(?=:(?:\s|$))|\b\d+(?:\.\d+)?\b/g)) {
    const [text] = match;
    const kind = text.trimStart().startsWith("#") ? "comment" : /^["']/.test(text) ? "text" : /^\d+(?:\.\d+)?$/.test(text) ? "number" : "name";
    found.push({ from: match.index, to: match.index + text.length, kind });
  }
  return found;
}
