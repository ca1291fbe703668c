import assert from "node:assert/strict";
import { test } from "node:test";
import { cookie, languageOf } from "./theme.ts";

test("the language is the one that was chosen, then the first wanted that we speak, then English", () => {
  assert.equal(languageOf("it", ["fr-FR"]), "it");
  assert.equal(languageOf(undefined, ["de-DE", "fr-CA", "it"]), "fr");
  assert.equal(languageOf("tlh", ["de-DE"]), "en");
});

test("a cookie is found by its whole name", () => {
  assert.equal(cookie("x_trama_theme=light; trama_theme=dark", "trama_theme"), "dark");
  assert.equal(cookie("", "trama_theme"), undefined);
});
