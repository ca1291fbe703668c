// What the console says, in the words of its own files: so a test of a screen is one of every language.

import { readdirSync, readFileSync } from "node:fs";

const WORDS = new URL("../src/words/", import.meta.url);

/** `say(key)` gives the text of a key as a button has it; of one with values or numbers, whatever fits it. */
export function speaker(language) {
  const folder = new URL(`${language}/`, WORDS);
  const books = Object.fromEntries(readdirSync(folder).map((file) => [file.replace(".json", ""), JSON.parse(readFileSync(new URL(file, folder), "utf8"))]));
  return (key) => {
    const dot = key.indexOf(".");
    const text = books[key.slice(0, dot)]?.[key.slice(dot + 1)];
    if (text === undefined) throw new Error(`there are no words for ${key}`);
    const forms = typeof text === "string" ? [text] : Object.values(text);
    if (forms.length === 1 && !/\{\w+\}/.test(text)) return text;
    const fits = forms.map((form) => form.split(/\{\w+\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join(".+?"));
    return new RegExp(fits.map((fit) => `^${fit}$`).join("|"));
  };
}
