// How long each screen takes until it can be used, in a real browser that has seen nothing yet: a benchmark, and no test.
// `npm run usable -- URL [URL-OF-A-SMALL-ONE]`, against running demonstrations: `trama demo --people 1000000 --no-browser`, and as the
// floor one with few people. With `--only name,name` some screens alone, with `--rounds N` each so often.
//
// Browser and server share the cores here, as they do nowhere else. Linux gives each session of processes as much as another
// before it looks at how nice a thread is, so that what the server reads at leisure takes from the browser what it would never
// have there: as root, `echo 0 > /proc/sys/kernel/sched_autogroup_enabled` switches that off.
//
// A screen can be used when its title is there and all that it asked on opening is answered. What says of itself that it is
// being counted is not waited for, and neither is what was answered once and is asked again as the shop goes on.

import { readFile } from "node:fs/promises";
import { ADDRESSES } from "./addresses.mjs";
import { startBrowser } from "./shop.mjs";

/** Nothing was asked for so long: one answer does not lead to another question any more. */
const STILL_MS = 150;
const PATIENCE_MS = 120_000;
const POLL_MS = 10;
/** What may be counted from the log, while the screen says so. */
const COUNTED = /^(measure\/|editorial|journeys\/[^/]+\/steps|segments\/[^/]+\/sizes)/;
/** What is not the screen's own: how the server is, and the stream of what happens. */
const NOT_OURS = /\/api\/v1\/(stream|status)$|\/greeting\.json$/;

const flag = (name) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : process.argv.splice(at, 2)[1];
};
const only = flag("only")?.split(",");
const rounds = Number(flag("rounds") ?? 3);
const urls = process.argv.slice(2);
if (urls.length === 0) throw new Error("give the address of a running demonstration: npm run usable -- http://127.0.0.1:8080");

const names = Object.keys(ADDRESSES).filter((name) => !only || only.includes(name));
const browser = await startBrowser();
const told = [];
try {
  for (const url of urls) told.push(await demonstration(url.replace(/\/$/, "")));
} finally {
  await browser.close();
}
print(told);

async function demonstration(url) {
  const grouped = await readFile("/proc/sys/kernel/sched_autogroup_enabled", "utf8").catch(() => "0");
  if (grouped.trim() !== "0") process.stderr.write("The scheduler groups processes: what the server does at leisure counts as much as the browser (see above).\n");
  const { counts } = await status(url);
  process.stderr.write(`${url}: ${counts.profiles} people, ${counts.events} events\n`);
  const screens = {};
  for (const name of names) {
    const seen = [];
    for (let round = 0; round < rounds; round += 1) seen.push(await open(url, ADDRESSES[name]));
    seen.sort((one, other) => one.usable - other.usable);
    screens[name] = seen[Math.floor(seen.length / 2)];
    const { drawn, usable, slowest, counting } = screens[name];
    process.stderr.write(`${name.padEnd(22)} ${ms(drawn)} ${ms(usable)}  ${slowest ? `${ms(slowest.took)} ${slowest.path}` : ""}${counting ? `  (${counting} being counted)` : ""}\n`);
  }
  return { url, counts, screens };
}

async function status(url) {
  const greeting = await (await fetch(`${url}/console/greeting.json`)).json();
  const answer = await fetch(`${url}/api/v1/status`, { headers: { authorization: `Bearer ${greeting.demo.token}` } });
  return answer.json();
}

/** Opens an address in a window of its own, and says when it was drawn, when it could be used, and which question took longest. */
async function open(url, path) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: "en", timezoneId: "Europe/Rome", reducedMotion: "reduce" });
  const page = await context.newPage();
  const open = new Map();
  const answered = [];
  const known = new Set();
  let last = 0;
  const begun = performance.now();
  const since = () => performance.now() - begun;
  page.on("request", (request) => {
    const to = new URL(request.url());
    if (NOT_OURS.test(to.pathname) || request.resourceType() === "eventsource") return;
    const path = to.pathname.replace("/api/v1/", "") + decodeURIComponent(to.search);
    const question = `${request.method()} ${path} ${request.postData() ?? ""}`;
    if (known.has(question)) return;
    open.set(request, { at: since(), path, question });
    last = since();
  });
  const closed = (request) => {
    const asked = open.get(request);
    if (!asked) return;
    open.delete(request);
    last = since();
    if (request.url().includes("/api/v1/")) answered.push({ path: asked.path, took: last - asked.at });
  };
  page.on("response", (response) => {
    const asked = open.get(response.request());
    if (asked && response.ok()) known.add(asked.question);
  });
  page.on("requestfinished", closed);
  page.on("requestfailed", closed);
  try {
    await page.goto(url + path, { waitUntil: "commit" });
    await page.waitForSelector("main h1", { timeout: PATIENCE_MS });
    const drawn = since();
    const waits = async () => {
      if (open.size === 0) return false;
      const counted = [...open.values()].every(({ path }) => COUNTED.test(path));
      return !counted || (await page.locator("[data-counting]").count()) === 0;
    };
    while ((since() - last < STILL_MS || (await waits())) && since() < PATIENCE_MS) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    // The answer has to be painted as well.
    const painted = performance.now();
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    const usable = Math.max(drawn, last) + (performance.now() - painted);
    const counting = await page.locator("[data-counting]").count();
    const slowest = answered.sort((one, other) => other.took - one.took)[0];
    return { drawn, usable, slowest, counting };
  } finally {
    await context.close();
  }
}

function ms(value) {
  return `${Math.round(value)} ms`.padStart(8);
}

/** A table for BENCHMARKS: each screen, the slowest question in it, and the same on the small one. */
function print([large, small]) {
  console.log(`\n| screen | usable${small ? ` | with ${small.counts.profiles} people` : ""} | slowest question |\n| --- | ---${small ? " | ---" : ""} | --- |`);
  for (const name of names) {
    const { usable, slowest } = large.screens[name];
    const floor = small ? ` | ${ms(small.screens[name].usable).trim()}` : "";
    console.log(`| ${name} | ${ms(usable).trim()}${floor} | ${slowest ? `\`${slowest.path}\` ${ms(slowest.took).trim()}` : ""} |`);
  }
}
