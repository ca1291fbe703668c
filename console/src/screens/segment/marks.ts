// The text of an expression: which words it is made of, what may be written at a place, and where a mistake stands.

import type { Problem } from "../../client.ts";
import type { Completion, Mark, Mistake } from "../../ui/Code.svelte";
import type { Vocabulary } from "./vocabulary.ts";

const TOKEN = /"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?|\d+(?:\.\d+)?%?|[A-Za-z_][\w.]*|[<>=!]+|\S/g;
const WORDS = new Set("and or not did at least most exactly times time with sum avg min max within since before between then in segment consented to by reachable first last seen offer top bottom count of contains starts ends exists after on next anniversary today the entry seconds minutes hours days weeks second minute hour day week given clicked redeemed open".split(" "));

export function marks(line: string): Mark[] {
  return [...line.matchAll(TOKEN)].map((found): Mark => {
    const text = found[0];
    const kind = /^["']/.test(text) ? "text" : /^\d/.test(text) ? "number" : WORDS.has(text) ? "word" : "name";
    return { from: found.index, to: found.index + text.length, kind };
  });
}

/** The server counts bytes, the editor characters. */
export function characterAt(text: string, byte: number): number {
  const bytes = new TextEncoder().encode(text);
  return new TextDecoder().decode(bytes.slice(0, byte)).length;
}

/** A mistake at its place, with what mends it where the server knows. */
export function mistakeOf(text: string, problem: Problem, fixLabel: (fix: string) => string): Mistake {
  const told = problem.offset === undefined ? 0 : characterAt(text, problem.offset);
  // Of a name the server tells the place inside its quotes; the quotes belong to the word.
  const inside = text[told - 1] === '"' && (text.slice(0, told).match(/"/g) ?? []).length % 2 === 1;
  const from = inside ? told - 1 : told;
  const token = new RegExp(TOKEN.source, "y");
  token.lastIndex = from;
  const to = Math.max(from + 1, from + (token.exec(text)?.[0].length ?? 1));
  const fix = fixOf(text.slice(from, to), problem.suggestion);
  const message = `${problem.message}${problem.suggestion ? ` (${problem.suggestion})` : ""}`;
  return { from: Math.min(from, text.length), to: Math.min(to, text.length), message, fix: fix === null ? undefined : { label: fixLabel(fix), text: fix } };
}

/** What takes the place of the token, of a suggestion that names it. */
export function fixOf(token: string, suggestion: string | undefined): string | null {
  const meant = /did you mean "([^"]+)"/.exec(suggestion ?? "");
  if (meant) return JSON.stringify(meant[1]);
  const named = /did you mean `([^`]+)`/.exec(suggestion ?? "");
  if (named?.[1]) return named[1];
  const written = /^write `([^`]+)`$/.exec(suggestion ?? "")?.[1];
  // What is to be written goes in the place of a sign or a word, not of more than was told.
  return written && /^(is|==|[<>=!]+)$/.test(token) ? written : null;
}

/** What can stand at a place: values inside quotes by what is before them, else the words that begin a condition. */
export function completions(text: string, at: number, known: Vocabulary, names: { segments: string[]; purposes: string[]; offers: string[] }): { from: number; options: Completion[] } | null {
  const before = text.slice(0, at);
  const open = /"([^"]*)$/.exec(before);
  const outside = (before.match(/"/g) ?? []).length % 2 === 0;
  if (open && !outside) {
    const from = at - (open[1]?.length ?? 0);
    const lead = before.slice(0, open.index);
    const close = text[at] === '"' ? "" : '"';
    const all = (options: Completion[]) => ({ from, options: options.map((one) => ({ ...one, apply: `${one.label}${close}` })) });
    const plain = (labels: string[]) => all(labels.map((label) => ({ label })));
    if (/(did|then|then not|of)\s*$/.test(lead)) return all(known.events.map(({ name, times }) => ({ label: name, detail: times })));
    if (/in segment\s*$/.test(lead)) return plain(names.segments);
    if (/consented to\s*$/.test(lead)) return plain(names.purposes);
    if (/offer\s*$/.test(lead)) return plain(names.offers);
    const path = /(trait\.)?([\w.]+)\s*(?:=|!=|contains|starts with|ends with|in \[(?:"[^"]*",\s*)*)\s*$/.exec(lead);
    const event = [...lead.matchAll(/"([^"]*)"\s*\(/g)].at(-1)?.[1];
    const values = path?.[1] ? known.traits.find((one) => one.name === path[2])?.values : known.events.find((one) => one.name === event)?.properties.find((one) => one.path === path?.[2])?.values;
    return values?.length ? all(values.map(({ value, times }) => ({ label: value, detail: times }))) : null;
  }
  const word = /[\w.]*$/.exec(before)?.[0] ?? "";
  const from = at - word.length;
  if (word.startsWith("trait.")) return { from, options: known.traits.map(({ name, people }) => ({ label: `trait.${name}`, detail: people })) };
  const inside = /"([^"]*)"\s*\([^)]*$/.exec(before);
  if (inside) {
    const properties = known.events.find((one) => one.name === inside[1])?.properties ?? [];
    return properties.length ? { from, options: properties.map(({ path }) => ({ label: path })) } : null;
  }
  if (!/(^|\(|and|or|not)\s*$/.test(before.slice(0, from)) && word === "") return null;
  const starts = ['did "', "not ", "trait.", 'in segment "', 'consented to "', "reachable by ", "first seen within ", "last seen within ", "rfm.frequency >= ", 'top 10% by sum(total) of "', 'offer "'];
  const goes = ["and ", "or ", "within ", "at least ", "at most ", "exactly ", "since \""];
  return { from, options: [...starts, ...goes].map((label) => ({ label })) };
}
