import assert from "node:assert/strict";
import { test } from "node:test";
import { curl, first, script } from "./snippets.ts";

test("the lines have the key and the server, and are whole", () => {
  assert.equal(script("https://t.example", "w_1"), '<script async src="https://t.example/t.js" data-write-key="w_1"></script>');
  const lines = curl("https://t.example", "w_1").split("\n");
  assert.equal(lines[0], "curl https://t.example/v1/track -u w_1: \\");
  assert.deepEqual(JSON.parse(/'(\{.*\})'/.exec(lines[2] ?? "")?.[1] ?? ""), first("https://t.example"));
});
