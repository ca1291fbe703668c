// Slots: places that a page names by `data-trama-slot`. What belongs there is asked for in one request; where no answer comes
// in time, the page keeps its own content.

import { draw } from "./draw.js";
import { afterTrigger, whenSeen } from "./moment.js";

const SEARCH = /(^|\.)(google|bing|duckduckgo|ecosia|qwant|startpage|yahoo|yandex|baidu)\./;

/** @typedef {{ slot: string, decision: string, message: string, format: "banner" | "bar" | "popup" | "inline", trigger: any, height?: number, content?: any }} Decided */

/**
 * @param {import("./trama.js").Settings} own
 * @param {ReturnType<typeof import("./identity.js").identity>} who
 */
export function slots(own, who) {
  /** Ends what waits or is shown. @type {(() => void)[]} */
  let ends = [];
  let turn = 0;

  const report = (/** @type {string} */ decision, /** @type {string} */ what) => {
    const body = JSON.stringify({ writeKey: own.key, reports: [{ decision, what }] });
    const url = `${own.endpoint}/decide/report`;
    // A click may leave the page.
    if (!navigator.sendBeacon?.(url, body)) fetch(url, { method: "POST", body, keepalive: true }).catch(() => {});
  };

  function clear() {
    turn += 1;
    ends.splice(0).forEach((end) => end());
  }

  async function ask() {
    clear();
    const mine = turn;
    await ready();
    if (mine !== turn) return;
    const places = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-trama-slot]"));
    const names = [...new Set([...places].map((place) => place.dataset.tramaSlot ?? ""))].filter(Boolean);
    if (names.length === 0) return;
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), own.wait);
    /** @type {Decided[]} */
    let decisions;
    try {
      const response = await fetch(`${own.endpoint}/decide`, {
        method: "POST",
        body: JSON.stringify({
          writeKey: own.key,
          anonymous_id: who.anonymous,
          user_id: who.user,
          user_hash: who.hash,
          url: location.href,
          slots: names,
          context: { language: navigator.language, from_search: who.views <= 1 && fromSearch() },
        }),
        signal: patience.signal,
      });
      if (!response.ok) return;
      ({ decisions } = await response.json());
    } catch {
      return;
    } finally {
      clearTimeout(timer);
    }
    if (mine !== turn) return;
    // One page, one dialogue: the second would open over the first.
    let popups = 0;
    for (const decided of decisions) {
      if (decided.format === "popup" && popups++ > 0) continue;
      const place = [...places].find((one) => one.dataset.tramaSlot === decided.slot);
      ends.push(afterTrigger(decided.trigger, () => show(decided, place)));
    }
  }

  /** @param {Decided} decided @param {HTMLElement=} place */
  function show(decided, place) {
    const tell = (/** @type {string} */ what) => report(decided.decision, what);
    // Somebody of the holdout: it is told that it would have been shown, and nothing is.
    if (!decided.content) return tell("shown");
    const drawn = draw(decided, place, () => tell("clicked"), () => tell("dismissed"));
    if (!drawn) return;
    ends.push(drawn.remove, whenSeen(drawn.element, () => tell("shown")));
  }

  return { ask, clear };
}

function ready() {
  if (document.readyState !== "loading") return Promise.resolve();
  return new Promise((resolve) => document.addEventListener("DOMContentLoaded", resolve, { once: true }));
}

function fromSearch() {
  try {
    return SEARCH.test(new URL(document.referrer).hostname);
  } catch {
    return false;
  }
}
