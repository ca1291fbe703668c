import assert from "node:assert/strict";
import { test } from "node:test";
import { programmeOf, purposeOf } from "./purposes.ts";

test("a purpose has a title for each language that the programme speaks, and none that it does not", () => {
  assert.deepEqual(purposeOf({ en: " News ", fr: "x" }, ["en"], ["email"], "single"), { title: "News", channels: ["email"], opt_in: "single" });
  assert.deepEqual(purposeOf({ en: "News", it: "Notizie" }, ["it", "en"], ["email"], "none").title, { it: "Notizie", en: "News" });
  assert.deepEqual(programmeOf("mill", ["en"], "Europe/Rome"), { programme: "mill", languages: ["en"], timezone: "Europe/Rome" });
});
