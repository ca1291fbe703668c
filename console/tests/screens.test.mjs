// Every screen of the console, in a real browser on the sample shop: nothing goes wrong in it, nothing is asked of elsewhere,
// axe finds nothing, and no screen is wider than its window.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, test } from "node:test";
import { ADDRESSES } from "./addresses.mjs";
import { look, openShop, stand } from "./shop.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
/** Both themes are looked at by axe where most is shown, and fingers where least is; between them only the width can differ. */
const WINDOWS = [
  { width: 1440, height: 900, themes: ["light", "dark"], language: "it" },
  { width: 390, height: 844, themes: ["light"], language: "fr", touch: true },
  { width: 768, height: 1024, themes: [], language: "en", touch: true },
];

const on = stand(() => openShop());

// Two at once: while one screen waits for its answers, axe looks at another.
describe("screens", { concurrency: 2 }, () => {
  for (const window of WINDOWS) {
    test(`at ${window.width} px, ${window.language}`, async (t) => {
      const { page, wrong } = await on.window(t, window);
      for (const [name, path] of Object.entries(ADDRESSES)) {
        await look(page, on.shop, path);
        assert.equal(await page.getAttribute("html", "lang"), window.language);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.ok(wide <= 0, `${name} is ${wide} px wider than its window`);
        for (const theme of window.themes) {
          await page.emulateMedia({ colorScheme: theme });
          assert.deepEqual(await findings(page), [], `${name}, ${theme}`);
        }
        assert.deepEqual(wrong, [], name);
      }
    });
  }
});

/** What axe finds, in a line each. It is put into the page past its own policy, which lets no script in. */
async function findings(page) {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(axe);
  const { violations } = await page.evaluate((tags) => globalThis.axe.run(document, { runOnly: tags, resultTypes: ["violations"] }), TAGS);
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(" ")} ${node.failureSummary.split("\n")[1] ?? ""}`));
}
