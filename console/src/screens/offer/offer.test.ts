import assert from "node:assert/strict";
import { test } from "node:test";
import { beside, codesOf, conflicts, fromCanonical, uses } from "./offer.ts";

const programme = {
  offers: { a: { until: "2026-03-01" }, b: { from: "2026-02-01" }, c: { from: "2026-04-01" }, d: {} },
  messages: { strip: { offer: "a" }, other: {} },
  journeys: { welcome: { steps: [{ branch: [{ then: [{ offer: "a" }] }] }] }, none: { steps: [] } },
  links: { ad: { to: "https://x.example/?trama_offer=a" }, near: { to: "https://x.example/?trama_offer=ab" } },
  contact_policy: { exclusions: [{ only_one_of: ["offer a", "offer d", "loud"], within: 5 }] },
};

test("where an offer is shown or given, and not where another begins like it", () => {
  assert.deepEqual(uses(programme, "a"), [{ kind: "message", name: "strip" }, { kind: "journey", name: "welcome" }, { kind: "link", name: "ad" }]);
});

test("rules that keep offers apart, and those of the same time without one", () => {
  assert.deepEqual(conflicts(programme, "a"), [{ with: ["offer d", "loud"], within: 5 }]);
  assert.deepEqual(beside(programme, "a"), ["b"], "c begins later, d is kept apart");
});

test("codes are what stands between spaces, once", () => {
  assert.deepEqual(codesOf("A1, B2\nA1\n\n C3;"), ["A1", "B2", "C3"]);
});

test("what is usual is not in the file", () => {
  const form = fromCanonical("a", { content: { en: { title: "T", text: "" } }, value: { words: { en: "free" } }, codes: "own", per_person: 1, stock: { given: 2 } });
  assert.deepEqual(form, { offer: "a", content: { en: { title: "T" } }, value: { en: "free" }, stock: { given: 2 }, codes: "one a person" });
});
