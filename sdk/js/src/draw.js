// Draws a message into a shadow tree of its own: the page's styles stay out, ours stay in. Elements are made one by one and
// texts are set as text, so nothing of a message can become markup of the page.

import { STYLES } from "./styles.js";

/** Made once: a page allows a name once. @type {any} */
let policy;

const SAFE = /^(https?:\/\/|\/(?![/\\]))/;

/** @param {string} name @param {string=} text @param {Record<string, string>=} attributes */
function make(name, text, attributes = {}) {
  const element = document.createElement(name);
  if (text) element.textContent = text;
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

/**
 * @param {import("./slots.js").Decided} decided
 * @param {HTMLElement | undefined} place
 * @param {() => void} clicked
 * @param {() => void} dismissed
 */
export function draw(decided, place, clicked, dismissed) {
  const { format, content } = decided;
  const inline = format === "inline";
  const modal = format === "popup";
  if (inline && !place) return undefined;
  const host = make("trama-message", undefined, { lang: content.language });
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLES);
  root.adoptedStyleSheets = [sheet];

  /** @type {Record<string, string>} */
  const role = modal ? { role: "dialog", "aria-modal": "true" } : { role: "region" };
  const box = make("div", undefined, { class: `box ${format}`, tabindex: "-1", "aria-labelledby": "title", ...role });
  if (content.image && SAFE.test(content.image.url)) {
    box.append(make("img", undefined, { src: content.image.url, alt: content.image.alt, decoding: "async" }));
  }
  const words = make("div", undefined, { class: "words" });
  words.append(make(modal ? "h2" : "strong", content.title, { id: "title" }));
  if (content.text) {
    box.setAttribute("aria-describedby", "text");
    words.append(make("p", content.text, { id: "text" }));
  }
  if (content.html) words.append(...frame(content));
  if (content.button && SAFE.test(content.button.url)) {
    const button = make("a", content.button.text, { href: content.button.url, class: "button" });
    button.addEventListener("click", () => clicked());
    words.append(button);
  }
  box.append(words);
  // Last in reading order of a slot, and first that a dialogue's keys come to from its end.
  const close = make("button", "×", { type: "button", class: "close", "aria-label": content.close || "Close" });
  box.append(close);

  const before = /** @type {HTMLElement | null} */ (document.activeElement);
  const had = inline && place ? [...place.childNodes] : [];
  const end = new AbortController();
  const remove = () => {
    if (end.signal.aborted) return;
    end.abort();
    const inside = host.contains(document.activeElement);
    host.remove();
    if (inline) place?.replaceChildren(...had);
    if (modal && (inside || document.activeElement === document.body)) before?.focus?.({ preventScroll: true });
  };
  const dismiss = () => (remove(), dismissed());
  close.addEventListener("click", dismiss);

  if (inline && place) {
    // What the page keeps free stays as high as it is, whatever lies in it.
    place.replaceChildren(host);
  } else {
    document.body.append(host);
  }
  if (modal) {
    const shade = make("div", undefined, { class: "shade" });
    shade.addEventListener("click", dismiss);
    root.append(shade, box);
    host.addEventListener("keydown", (event) => trap(event, box, dismiss), { signal: end.signal });
    document.addEventListener("keydown", (event) => event.key === "Escape" && dismiss(), { signal: end.signal });
    // The page behind is out of reach for the keyboard as it is for the eye.
    document.addEventListener("focusin", (event) => event.target !== host && box.focus(), { signal: end.signal });
    box.focus({ preventScroll: true });
  } else {
    root.append(box);
    box.addEventListener("keydown", (event) => event.key === "Escape" && dismiss(), { signal: end.signal });
  }
  return { element: box, remove };
}

/** @param {KeyboardEvent} event @param {HTMLElement} box @param {() => void} dismiss */
function trap(event, box, dismiss) {
  if (event.key !== "Tab") return;
  const all = /** @type {NodeListOf<HTMLElement>} */ (box.querySelectorAll("a[href], button, iframe"));
  const [first, last] = [all[0], all[all.length - 1]];
  const root = /** @type {ShadowRoot} */ (box.getRootNode());
  const at = root.activeElement;
  if (event.shiftKey && (at === first || at === box)) event.preventDefault(), last.focus();
  else if (!event.shiftKey && at === last) event.preventDefault(), first.focus();
}

/** The author's own HTML: no scripts, no origin, and whatever the page's own policy forbids. @param {any} content */
function frame(content) {
  const sandbox = "allow-popups allow-popups-to-escape-sandbox";
  const element = make("iframe", undefined, { sandbox, title: content.title });
  try {
    policy ??= /** @type {any} */ (window).trustedTypes?.createPolicy?.("trama", { createHTML: String });
    /** @type {any} */ (element).srcdoc = policy ? policy.createHTML(content.html) : content.html;
    return [element];
  } catch {
    // The page lets nobody but its own scripts write HTML: the other blocks are there.
    return [];
  }
}
