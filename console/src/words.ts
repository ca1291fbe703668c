// Everything that the console says. A word has a key by noun ("today.title"), the same in each language; what depends on
// a number has a text for each of the language's plural forms, chosen by the value `n`.

import { count } from "./format.ts";
import { type Language } from "./theme.ts";

export type Text = string | { [form: string]: string };
export type Words = { [noun: string]: { [key: string]: Text } };
export type Value = string | number;
export type Values = Record<string, Value>;

/** A piece of a sentence; the piece of a placeholder has its name, so that a screen can make it bold or a link. */
export interface Piece {
  text: string;
  name?: string;
}

let words: Words = {};
let plural = new Intl.PluralRules("en");
let spokenIn: Language = "en";
let learned: Partial<Record<Book, Promise<void>>> = {};

/** By what their screens are for: a person; numbers and Settings; journeys, messages and offers; a segment. */
const BOOKS = {
  persons: { en: () => import("./words/persons.en.ts"), it: () => import("./words/persons.it.ts"), fr: () => import("./words/persons.fr.ts") },
  numbers: { en: () => import("./words/numbers.en.ts"), it: () => import("./words/numbers.it.ts"), fr: () => import("./words/numbers.fr.ts") },
  flows: { en: () => import("./words/flows.en.ts"), it: () => import("./words/flows.it.ts"), fr: () => import("./words/flows.fr.ts") },
  rules: { en: () => import("./words/rules.en.ts"), it: () => import("./words/rules.it.ts"), fr: () => import("./words/rules.fr.ts") },
};
type Book = keyof typeof BOOKS;

/** Called once, before anything is fetched that has words of its own. */
export function speak(language: Language, spoken: Words = {}): void {
  words = spoken;
  spokenIn = language;
  learned = {};
  plural = new Intl.PluralRules(language);
}

/** Fetches what every screen says, in the language that is spoken; nothing is drawn before. */
export async function learnFirst(): Promise<void> {
  const books = { en: () => import("./words/en.ts"), it: () => import("./words/it.ts"), fr: () => import("./words/fr.ts") };
  // What a screen has learned meanwhile stands: its book has all that is said of a noun.
  const { default: first } = await books[spokenIn]();
  words = { ...first, ...words };
}

/** Fetches the words that only some screens say, once; a screen is drawn when its words are there. */
export async function learn<T>(book: Book, screen: Promise<T>): Promise<T> {
  learned[book] ??= BOOKS[book][spokenIn]().then(({ default: more }) => {
    words = { ...words, ...more };
  });
  learned[book].catch(() => delete learned[book]);
  await learned[book];
  return screen;
}

/** A sentence with its values; numbers are written as the language writes counts. A key that nobody wrote is shown as it is. */
export function say(key: string, values: Values = {}): string {
  return pieces(key, values)
    .map((piece) => piece.text)
    .join("");
}

/** Whether there are words for this, such as a reason that the server may add later. */
export function says(key: string): boolean {
  return find(key) !== undefined;
}

/** The same in pieces. */
export function pieces(key: string, values: Values = {}): Piece[] {
  const text = find(key);
  if (text === undefined) return [{ text: key }];
  return split(chosen(text, values, plural)).map((piece) => (piece.name ? { ...piece, text: shown(values[piece.name]) } : piece));
}

/** The text of the plural form; languages that have more forms than we wrote fall back to `other`. */
export function chosen(text: Text, values: Values, rules: Intl.PluralRules): string {
  if (typeof text === "string") return text;
  const n = Number(values.n ?? 0);
  if (n === 0 && text.zero !== undefined) return text.zero;
  return text[rules.select(n)] ?? text.other ?? "";
}

/** Cuts a text at its placeholders. */
export function split(text: string): Piece[] {
  const cut = text.split(/\{(\w+)\}/);
  const all = cut.map((part, index) => (index % 2 ? { text: part, name: part } : { text: part }));
  return all.filter((piece) => piece.text !== "");
}

function find(key: string): Text | undefined {
  const dot = key.indexOf(".");
  return words[key.slice(0, dot)]?.[key.slice(dot + 1)];
}

function shown(value: Value | undefined): string {
  if (value === undefined) return "…";
  return typeof value === "number" ? count(value) : value;
}
