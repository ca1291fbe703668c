// The web SDK: one tag that loads while the page goes on, a queue that may be filled before it is here, and nothing that a
// strict content policy forbids: no eval, no styles in strings of HTML, no HTML at all but in a frame that can reach nothing.

import { identity } from "./identity.js";
import { tracker } from "./track.js";
import { slots } from "./slots.js";

// Later than this, people see a page jump.
const WAIT_MS = 400;

/** @typedef {(string | object | undefined)[]} Call */
/** @typedef {{ key: string, endpoint: string, auto: boolean, store: boolean, wait: number }} Settings */

const tag = /** @type {HTMLScriptElement | null} */ (document.currentScript ?? document.querySelector("script[data-write-key]"));

/** @returns {Settings} */
function settings() {
  const given = tag?.dataset ?? {};
  const origin = tag?.src ? new URL(tag.src, location.href).origin : location.origin;
  return {
    key: given.writeKey ?? "",
    endpoint: (given.endpoint ?? origin).replace(/\/+$/, ""),
    auto: given.page !== "none",
    store: given.storage !== "none",
    wait: Number(given.wait) || WAIT_MS,
  };
}

/**
 * Whoever came by one of our links is one visitor here and there. Its token is taken out of the address, which people copy.
 * @param {Settings} own
 * @param {string} anonymous
 */
function joinVisit(own, anonymous) {
  const url = new URL(location.href);
  const visit = url.searchParams.get("trama_visit");
  if (visit === null) return;
  url.searchParams.delete("trama_visit");
  history.replaceState(history.state, "", url);
  const body = JSON.stringify({ writeKey: own.key, visit, anonymous_id: anonymous });
  // Without an answer the two visits stay two.
  fetch(`${own.endpoint}/v1/visit`, { method: "POST", body, keepalive: true }).catch(() => {});
}

function start() {
  const own = settings();
  const who = identity(own.store);
  joinVisit(own, who.anonymous);
  const track = tracker(own, who);
  const shown = slots(own, who);

  /** @type {Record<string, (...call: any[]) => void>} */
  const calls = {
    track: (event, properties) => track.add("track", { event, properties }),
    page: (name, properties) => (track.page(name, properties), shown.ask()),
    identify: (user, traits, hash) => {
      if (user && typeof user === "object") [user, traits, hash] = [undefined, user, traits];
      if (user) who.signIn(String(user), hash);
      track.add("identify", { traits });
      track.flush();
      shown.ask();
    },
    consent: (preferences) => track.add("track", { event: "Consent Given" }, { consent: { categoryPreferences: preferences } }),
    reset: () => (track.flush(), who.reset(), shown.clear()),
    decide: () => shown.ask(),
    flush: () => track.flush(),
  };
  const push = (/** @type {Call[]} */ ...all) => {
    for (const [name, ...rest] of all) calls[String(name)]?.(...rest);
  };
  const given = /** @type {any} */ (window).trama;
  const waiting = Array.isArray(given) ? given : [];
  /** @type {any} */ (window).trama = { push, anonymousId: () => who.anonymous, loaded: true };
  push(...waiting);

  if (own.auto) {
    const view = () => (track.page(), shown.ask());
    let seen = location.href.split("#")[0];
    const moved = () => {
      const now = location.href.split("#")[0];
      if (now !== seen) (seen = now), view();
    };
    // Pages that change their address themselves say so by nothing that one could listen for.
    for (const name of /** @type {const} */ (["pushState", "replaceState"])) {
      const original = history[name];
      history[name] = function (...given) {
        original.apply(this, given);
        setTimeout(moved);
      };
    }
    addEventListener("popstate", moved);
    view();
  }
}

if (!(/** @type {any} */ (window).trama?.loaded)) start();
