import assert from "node:assert/strict";
import { test } from "node:test";
import { readFileSync } from "node:fs";
import { speak, type Words } from "../../words.ts";
import { addressOf, called, sentence, short } from "./portrait.ts";

const book = (noun: string) => JSON.parse(readFileSync(new URL(`../../words/en/${noun}.json`, import.meta.url), "utf8")) as Words[string];
speak("en", { person: book("person"), channel: book("channel"), event: book("event") });

const id = (type: string, value: string) => ({ type, value });

test("a person is called by their name, then by what they are known by", () => {
  assert.equal(called("Ada Byron", []), "Ada Byron");
  assert.equal(called(null, [id("user_id", "c-1"), id("email", "ada@example.com")]), "ada@example.com");
  assert.equal(called("", [id("anonymous_id", "b00-4639")]), "Visitor 4639");
  assert.equal(called(null, []), "Nobody known");
  assert.equal(short("Ada Byron"), "Ada");
});

test("the address is the identifier that is trusted most", () => {
  assert.equal(addressOf([id("anonymous_id", "x"), id("email", "a@b.c"), id("user_id", "u:1")]), "user_id:u:1");
  assert.equal(addressOf([id("anonymous_id", "x"), id("device_token", "t")]), "anonymous_id:x");
  assert.equal(addressOf([]), "");
});

test("the sentence says no more than is known", () => {
  const firstSeen = "2024-03-14T10:00:00Z";
  assert.equal(sentence({ firstSeen }), "Known since 14 March 2024.");
  assert.equal(
    sentence({ firstSeen, firstOrder: firstSeen, channel: "Instagram", orders: 4, sum: 312.4, currency: "EUR", granted: ["email", "push"], withdrawn: ["sms", "email"] }),
    "Customer since 14 March 2024, came by Instagram. 4 orders, €312.40. May get email and push, not SMS.",
  );
  assert.equal(sentence({ firstSeen, orders: 0, granted: [], withdrawn: ["email"] }), "Known since 14 March 2024. No order yet. Wants nothing more by email.");
  assert.equal(sentence({ firstSeen, orders: 1, granted: [], withdrawn: [] }), "Known since 14 March 2024. 1 order. No consent to write.");
});
