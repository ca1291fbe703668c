import assert from "node:assert/strict";
import { test } from "node:test";
import { rank } from "./rank.ts";

test("what begins with the text comes first, accents and capitals do not count", () => {
  const names = ["Win back", "Cart reminder", "Back in stock", "Résultats"];
  const by = (name: string) => name;
  assert.deepEqual(rank(names, "back", by), ["Back in stock", "Win back"]);
  assert.deepEqual(rank(names, "resul", by), ["Résultats"]);
  assert.deepEqual(rank(["No resultat", "Résultats"], "resultat", by), ["Résultats", "No resultat"]);
  assert.deepEqual(rank(names, "crtr", by), ["Cart reminder"]);
  assert.deepEqual(rank(names, "zz", by), []);
  assert.deepEqual(rank(names, " ", by), names);
});
