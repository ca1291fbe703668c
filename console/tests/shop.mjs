// The sample shop under test: the real binary with its demonstration, in a directory and on a port of its own, and a
// browser that stands in front of it.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { after, before } from "node:test";
import { promisify } from "node:util";
import { chromium } from "playwright-core";

const TRAMA = process.env.TRAMA_BIN ?? fileURLToPath(new URL("../../target/debug/trama", import.meta.url));
const CHROMIUM = process.env.CHROMIUM_BIN ?? "/usr/bin/chromium";

// Generous, since the machine may be building something else; a test that passes never waits this long.
const PATIENCE_MS = 60_000;
const POLL_MS = 50;
/** A screen has what it asked for when nothing was asked for so long, which is longer than one question takes to lead to another. */
const STILL_MS = 120;
/** Some figures take longer than this; their screen is looked at as it is until then. */
const ANSWERED_MS = 2_500;
/** So many times faster than life: a working day in half a minute. */
const PACE = 1200;

/** Opens the shop and waits until so many events have happened. */
export async function openShop({ events = 200 } = {}) {
  return start((data, host) => ["demo", "--data", data, "--listen", host, "--pace", String(PACE), "--no-browser"], events);
}

/** A server in which nothing has happened, and which has no programme. */
export async function openEmpty() {
  return start((data, host) => ["serve", "--data", data, "--listen", host], 0);
}

async function start(parameters, events) {
  const data = await mkdtemp(join(tmpdir(), "trama-console-"));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(TRAMA, parameters(data, `127.0.0.1:${port}`), { stdio: "pipe" });
  const said = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => said.push(chunk));
  let died;
  child.on("error", (error) => (died = error));
  child.on("exit", (code, signal) => (died ??= new Error(`trama ended with ${code ?? signal}`)));
  const close = async () => {
    if (died === undefined) {
      child.kill("SIGTERM");
      await once(child, "exit");
    }
    await rm(data, { recursive: true, force: true });
  };
  const keys = async () => (await promisify(execFile)(TRAMA, ["keys", "--data", data, "--json"])).stdout;
  const shop = { url, data, said, keys, close };
  try {
    await eventually(async () => {
      if (died !== undefined) throw new Fatal(`${died.message}\n${Buffer.concat(said)}`);
      if ((await fetch(`${url}/readyz`)).status !== 200) throw new Error("not ready");
    });
    if (events > 0) {
      shop.token = (await (await fetch(`${url}/console/greeting.json`)).json()).demo.token;
      await eventually(async () => {
        const { counts } = await ask(shop, "status");
        if (counts.events < events) throw new Error(`${counts.events} events`);
      });
    }
    return shop;
  } catch (error) {
    await close();
    throw error;
  }
}

/** What the API says at a path, to whoever may read. */
export async function ask(shop, path) {
  const answer = await fetch(`${shop.url}/api/v1/${path}`, { headers: { authorization: `Bearer ${shop.token}` } });
  if (!answer.ok) throw new Error(`GET ${path}: ${answer.status}`);
  return answer.json();
}

export function startBrowser() {
  // A container's root may not make the sandbox; the pages are our own.
  return chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--font-render-hinting=none"] });
}

/** A window on the console. What goes wrong in it is in `wrong`: errors of scripts, refused requests, requests to elsewhere. */
export async function openWindow(browser, shop, { width = 1440, height = 900, theme = "light", language = "en", touch = false } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, locale: language, hasTouch: touch, reducedMotion: "reduce", timezoneId: "Europe/Rome" });
  const page = await context.newPage();
  const wrong = [];
  page.on("pageerror", (error) => wrong.push(String(error.stack ?? error)));
  page.on("console", (message) => {
    // What is being written may be mistaken for a while; the look at it says so.
    const path = new URL(message.location().url || "about:blank").pathname;
    // And there may be too little to measure yet.
    const measures = path.startsWith("/api/v1/measure/");
    const told = path.endsWith("/preview") ? /status of 4\d\d/ : measures ? /status of (40[1349]|429)/ : /status of (40[134]|429)/;
    if (message.type() === "error" && !told.test(message.text())) wrong.push(message.text());
  });
  page.on("request", (request) => {
    const to = new URL(request.url());
    if (/^https?:$/.test(to.protocol) && to.origin !== shop.url) wrong.push(`a request to ${to.origin}`);
  });
  page.setDefaultTimeout(PATIENCE_MS);
  heed(page);
  return { page, wrong, context };
}

/** What a file of tests stands on: a server and a browser, from before its first test until after its last. */
export function stand(open) {
  const on = {
    /** A window that is closed when its test is over. */
    async window(t, settings) {
      const opened = await openWindow(on.browser, on.shop, settings);
      t.after(() => opened.context.close());
      return opened;
    },
  };
  before(async () => {
    [on.shop, on.browser] = await Promise.all([open(), startBrowser()]);
  });
  after(async () => {
    await on.browser?.close();
    await on.shop?.close();
  });
  return on;
}

/** Goes to an address and waits until its screen is drawn and has what it asked for. */
export async function look(page, shop, path) {
  await page.goto(`${shop.url}${path}`);
  await page.waitForSelector("main h1");
  await settled(page);
}

/** Waits until nothing has been on its way for a moment; a screen that follows what happens asks again and again, so it is no more than a while. */
export async function settled(page) {
  const asked = questions.get(page);
  const end = Date.now() + ANSWERED_MS;
  while (Date.now() < end && (asked.open.size > 0 || Date.now() - asked.since < STILL_MS)) await new Promise((resolve) => setTimeout(resolve, POLL_MS / 2));
  await page.evaluate(() => document.fonts.ready.then(() => new Promise(requestAnimationFrame)));
}

/** By page: the questions that are not answered yet, and since when that is so many. */
const questions = new WeakMap();

function heed(page) {
  const asked = { open: new Set(), since: Date.now() };
  questions.set(page, asked);
  // The stream of what happens never ends.
  const counts = (request) => !request.url().includes("/stream") && request.resourceType() !== "eventsource";
  const answered = (request) => {
    if (asked.open.delete(request)) asked.since = Date.now();
  };
  page.on("request", (request) => {
    if (!counts(request)) return;
    if (request.isNavigationRequest()) asked.open.clear();
    asked.open.add(request);
    asked.since = Date.now();
  });
  page.on("requestfinished", answered);
  page.on("requestfailed", answered);
}

/** Repeats the check until it no longer throws, and gives what it gives; fails with its last complaint. */
export async function eventually(check) {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (error instanceof Fatal || Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}

/** What no waiting can mend. */
class Fatal extends Error {}

async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  await once(probe, "close");
  return port;
}
