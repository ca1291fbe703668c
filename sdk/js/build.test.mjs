// What the server carries is what these sources build to, and it is small.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

import { build } from "esbuild";

import { options } from "./build.mjs";

// A page that loads nothing else of ours still loads this.
const GZIP_BYTES_MAX = 10 * 1024;

test("dist/t.js is built from src, and fits", async () => {
  const built = await build({ ...options, write: false });
  const fresh = built.outputFiles[0].text;
  assert.equal(await readFile(new URL("dist/t.js", import.meta.url), "utf8"), fresh, "run `npm run build` in sdk/js");
  const bytes = gzipSync(fresh, { level: 9 }).length;
  assert.ok(bytes <= GZIP_BYTES_MAX, `${bytes} bytes`);
  assert.doesNotMatch(fresh, /\beval\(|new Function|innerHTML|document\.write|\.style\b/, "nothing that a strict policy forbids");
});
