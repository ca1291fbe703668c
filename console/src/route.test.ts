import assert from "node:assert/strict";
import { test } from "node:test";
import { changed, href, match } from "./route.ts";

test("a path is taken apart by the pattern that it fits", () => {
  const rows: [string, string, Record<string, string> | null][] = [
    ["/", "/", {}],
    ["/people", "/people/", {}],
    ["/people", "/persone", null],
    ["/people/:person", "/people/email:ada@example.com", { person: "email:ada@example.com" }],
    ["/people/:person", "/people/user_id:a%2Fb", { person: "user_id:a/b" }],
    ["/people/:person", "/people", null],
    ["/people/:person", "/people/a/b", null],
    ["/people/:person", "/people/%E0%A4%A", null],
    ["/results/:tab", "/results/kpi", { tab: "kpi" }],
  ];
  for (const [pattern, path, params] of rows) assert.deepEqual(match(pattern, path), params, `${pattern} at ${path}`);
});

test("an address is written so that it is taken apart again, and can be read", () => {
  assert.equal(href("/people/:person", { person: "email:ada@example.com" }), "/people/email:ada@example.com");
  for (const person of ["user_id:a/b?c#d", "email:ü@example.com", "a b", "100%"]) {
    assert.deepEqual(match("/people/:person", href("/people/:person", { person })), { person });
  }
  assert.equal(href("/people", null, { segment: "vip", after: null, q: "", page: 2, all: true, none: false }), "/people?segment=vip&page=2&all=1");
});

test("a changed query keeps what was not changed", () => {
  assert.equal(changed("?v=8&dry=2026-10", { v: 9, panel: "send" }), "?v=9&dry=2026-10&panel=send");
  assert.equal(changed("?v=8", { v: null }), "");
});
