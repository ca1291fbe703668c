// The text of a definition in an editor: where its mistakes are, and what each piece of a line is.

import type { Finding } from "../definition.ts";

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
