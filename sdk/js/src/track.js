// Events, in batches. Sent as text/plain with the key in the body, so that the browser need not ask first.

import { fresh } from "./identity.js";

const WAIT_MS = 1_000;
const WAITING_MAX = 200;
const BATCH_MAX = 50;
// What a browser lets go with a page that is left.
const BEACON_BYTES_MAX = 60_000;

/**
 * @param {import("./trama.js").Settings} own
 * @param {ReturnType<typeof import("./identity.js").identity>} who
 */
export function tracker(own, who) {
  /** @type {object[]} */
  let waiting = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let failures = 0;

  const body = (/** @type {object[]} */ batch) =>
    JSON.stringify({ writeKey: own.key, sentAt: new Date().toISOString(), batch });

  const later = (/** @type {number} */ ms) => (timer ??= setTimeout(flush, ms));

  async function flush() {
    clearTimeout(timer);
    timer = undefined;
    const batch = waiting.splice(0, BATCH_MAX);
    if (batch.length === 0) return;
    let again = true;
    try {
      const response = await fetch(`${own.endpoint}/v1/batch`, { method: "POST", body: body(batch), keepalive: true });
      // What is refused for itself is refused again; what met a full or a broken server may come again.
      again = response.status === 429 || response.status >= 500;
    } catch {
      // The network is gone for a while.
    }
    failures = again ? failures + 1 : 0;
    if (again) waiting = [...batch, ...waiting].slice(-WAITING_MAX);
    if (waiting.length > 0) later(again ? Math.min(WAIT_MS * 2 ** failures, 60_000) * (1 + Math.random()) : 0);
  }

  addEventListener("pagehide", leave);
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && leave());

  function leave() {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, BATCH_MAX);
      const text = body(batch);
      if (text.length > BEACON_BYTES_MAX || !navigator.sendBeacon(`${own.endpoint}/v1/batch`, text)) {
        waiting = [...batch, ...waiting];
        return;
      }
    }
  }

  /** @param {string} type @param {object} content @param {object=} context */
  function add(type, content, context) {
    const { title, referrer } = document;
    const { pathname: path, search, href: url } = location;
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    waiting.push({
      type,
      messageId: fresh(),
      anonymousId: who.anonymous,
      userId: who.user,
      timestamp: new Date().toISOString(),
      ...content,
      context: {
        library: { name: "trama.js", version: "1" },
        page: { path, search, url, title, referrer },
        campaign: campaign(search),
        locale: navigator.language,
        timezone: zone,
        ...context,
      },
    });
    waiting = waiting.slice(-WAITING_MAX);
    later(WAIT_MS);
  }

  /** @param {string=} name @param {object=} properties */
  function page(name, properties) {
    who.view();
    const { title, referrer } = document;
    const { pathname: path, search, href: url } = location;
    add("page", { name, properties: { path, search, url, title, referrer, ...properties } });
  }

  return { add, page, flush };
}

/** @param {string} search */
function campaign(search) {
  /** @type {Record<string, string>} */
  const found = {};
  for (const [name, value] of new URLSearchParams(search)) {
    if (name.startsWith("utm_")) found[name === "utm_campaign" ? "name" : name.slice(4)] = value;
  }
  return Object.keys(found).length > 0 ? found : undefined;
}
