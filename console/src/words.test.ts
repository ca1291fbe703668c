import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { parse } from "svelte/compiler";
import { chosen, split, type Text } from "./words.ts";

const HERE = new URL("./", import.meta.url);
const LANGUAGES = ["en", "it", "fr"];

function book(language: string): Map<string, Text> {
  const folder = new URL(`words/${language}/`, HERE);
  const files = readdirSync(folder).filter((file) => file.endsWith(".json"));
  return new Map(
    files.flatMap((file) => {
      const entries = JSON.parse(readFileSync(new URL(file, folder), "utf8")) as Record<string, Text>;
      return Object.entries(entries).map(([key, text]): [string, Text] => [`${file.replace(".json", "")}.${key}`, text]);
    }),
  );
}

const books = new Map(LANGUAGES.map((language) => [language, book(language)]));
const english = books.get("en") ?? new Map<string, Text>();

const sources = (readdirSync(HERE, { recursive: true }) as string[])
  .filter((file) => /\.(svelte|ts)$/.test(file) && !/\.(test|gen)\.ts$/.test(file))
  .map((file) => ({ file, text: readFileSync(new URL(file, HERE), "utf8") }));

const forms = (text: Text) => (typeof text === "string" ? [text] : Object.values(text));
const placeholders = (text: Text) => [...new Set(forms(text).flatMap((form) => split(form).flatMap((piece) => piece.name ?? [])))].sort();

test("each language has each word, with the same placeholders and the plural forms that it needs", () => {
  for (const [language, words] of books) {
    assert.deepEqual([...words.keys()].sort(), [...english.keys()].sort(), language);
    for (const [key, text] of words) {
      assert.deepEqual(placeholders(text), placeholders(english.get(key) ?? ""), `${key} in ${language}`);
      assert.ok(forms(text).every((form) => form.trim() !== ""), `${key} in ${language} is empty`);
      assert.equal(typeof text, typeof english.get(key), `${key} in ${language}: plural in one language and not in the other`);
      if (typeof text !== "string") assert.ok("one" in text && "other" in text, `${key} in ${language} wants the forms one and other`);
    }
  }
});

test("a voice without noise: no exclamation marks, no please, no straight apostrophe", () => {
  for (const [language, words] of books) {
    for (const [key, text] of words) {
      for (const form of forms(text)) assert.doesNotMatch(form, /!|\bplease\b|\boops\b|[a-zà-ÿ]'[a-zà-ÿ]/i, `${key} in ${language}`);
    }
  }
});

test("every word that is said is written, and every word that is written is said", () => {
  const all = sources.map((source) => source.text).join("\n");
  const said = new Set([...all.matchAll(/\b(?:say|says|pieces)\(\s*"([\w.]+)"/g), ...all.matchAll(/<Say key="([\w.]+)"/g)].map((found) => found[1] ?? ""));
  // What is put together from a noun and something that the server says, and keys that are handed on.
  const begun = [...all.matchAll(/`([a-z_]+\.[a-z_]*)\$\{/g)].map((found) => found[1] ?? "");
  const handed = new Set([...all.matchAll(/"([a-z_]+\.\w+)"/g)].map((found) => found[1] ?? ""));
  for (const key of said) assert.ok(english.has(key), `nobody wrote ${key}`);
  for (const start of begun) assert.ok([...english.keys()].some((key) => key.startsWith(start)), `nobody wrote ${start}…`);
  const idle = [...english.keys()].filter((key) => !said.has(key) && !handed.has(key) && !begun.some((start) => key.startsWith(start)));
  assert.deepEqual(idle, [], "written and never said");
});

/** What is the same in each language, or is no word. */
const NAMES = new Set(["Trama", "Esc", "SQL", "CSV", "SVG", "PNG", "MJML", "JSON", "QR"]);
const SPOKEN = new Set(["label", "title", "placeholder", "alt", "aria-label", "help", "why", "note", "tab"]);

test("no component has a text of its own", () => {
  const found: string[] = [];
  for (const { file, text } of sources.filter((source) => source.file.endsWith(".svelte"))) {
    walk(parse(text, { modern: true }).fragment, (node) => {
      if (node.type === "Text" && isText(node.data)) found.push(`${file}: ${String(node.data).trim()}`);
      if (node.type === "Attribute" && SPOKEN.has(String(node.name)) && Array.isArray(node.value)) {
        for (const part of node.value as Node[]) if (part.type === "Text" && isText(part.data)) found.push(`${file}: ${String(node.name)}="${String(part.data)}"`);
        return true;
      }
      return node.type === "Attribute" || node.type === "StyleDirective";
    });
  }
  assert.deepEqual(found, []);
});

test("a plural form is that of the language, and a form that was not written falls back", () => {
  const text = { one: "{n} person", other: "{n} people" };
  assert.equal(chosen(text, { n: 1 }, new Intl.PluralRules("en")), "{n} person");
  assert.equal(chosen(text, { n: 0 }, new Intl.PluralRules("en")), "{n} people");
  assert.equal(chosen(text, { n: 0 }, new Intl.PluralRules("fr")), "{n} person");
  assert.equal(chosen(text, { n: 1_000_000 }, new Intl.PluralRules("it")), "{n} people");
  assert.equal(chosen({ ...text, zero: "nobody" }, { n: 0 }, new Intl.PluralRules("en")), "nobody");
});

type Node = Record<string, unknown>;

function isText(data: unknown): boolean {
  const words = String(data).match(/\p{L}{2,}/gu) ?? [];
  return words.some((word) => !NAMES.has(word));
}

/** Every node below; a visitor that answers true has seen what is inside. */
function walk(node: unknown, visit: (node: Node) => boolean | void): void {
  if (Array.isArray(node)) return node.forEach((one) => walk(one, visit));
  if (node === null || typeof node !== "object") return;
  const known = node as Node;
  if (typeof known.type === "string" && visit(known) === true) return;
  for (const [key, value] of Object.entries(known)) if (key !== "parent" && key !== "metadata") walk(value, visit);
}
