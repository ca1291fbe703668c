// What the first look at the console weighs, and each screen after it: gzip, as every server could send it.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

const DIST = new URL("../dist/", import.meta.url);
const KIB = 1024;

const files = readdirSync(new URL("console/", DIST)).filter((file) => !file.endsWith(".br"));
const raw = (file) => readFileSync(new URL(`console/${file}`, DIST));
const weight = (file) => gzipSync(raw(file), { level: 9 }).length;
const sum = (chosen) => chosen.reduce((total, file) => total + weight(file), 0);
const index = readFileSync(new URL("index.html", DIST), "utf8");
const first = files.filter((file) => index.includes(file));
const languages = files.filter((file) => /^(en|it|fr)-.*\.js$/.test(file));

function within(what, bytes, most) {
  assert.ok(bytes <= most, `${what}: ${(bytes / KIB).toFixed(1)} KiB of ${most / KIB}`);
}

test("the shell", () => {
  within("scripts", sum(first.filter((file) => file.endsWith(".js"))), 60 * KIB);
  within("styles", sum(first.filter((file) => file.endsWith(".css"))), 14 * KIB);
  const fonts = files.filter((file) => /-latin-[^.]*\.woff2$/.test(file) && !file.includes("-ext-"));
  assert.equal(fonts.length, 3);
  within("fonts", fonts.reduce((total, file) => total + raw(file).length, 0), 60_000);
});

test("one language", () => {
  assert.equal(languages.length, 3);
  for (const file of languages) within(file, weight(file), 14 * KIB);
});

test("the first look", () => {
  const most = Math.max(...languages.map(weight));
  const today = files.filter((file) => file.startsWith("Today-"));
  const fonts = first.filter((file) => file.endsWith(".woff2"));
  within("all together", sum([...first, ...today]) + sum(fonts) + most, 250 * KIB);
});

test("every other file", () => {
  for (const file of files.filter((one) => /\.(js|css)$/.test(one) && !first.includes(one))) {
    within(file, weight(file), (file.startsWith("editor-") ? 110 : 40) * KIB);
  }
});
