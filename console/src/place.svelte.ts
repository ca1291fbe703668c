// Where the operator is: the address, and nothing beside it. Whoever changes the address changes the screen.

import { changed, type Query } from "./route.ts";

const here = $state({ path: location.pathname, search: location.search });

/** How far down each entry of the history was read; restored once its screen is drawn again. */
const scrolls = new Map<number, number>();
let entry = 0;

export const place = {
  get path(): string {
    return here.path;
  },
  get search(): string {
    return here.search;
  },
  /** A value of the query, "" where it is absent. */
  query(key: string): string {
    return new URLSearchParams(here.search).get(key) ?? "";
  },
};

/** Goes to another address. */
export function go(url: string, { replace = false } = {}): void {
  const to = new URL(url, location.href);
  scrolls.set(entry, scrollY);
  if (replace) history.replaceState({ entry }, "", to);
  else history.pushState({ entry: (entry += 1) }, "", to);
  const moved = to.pathname !== here.path;
  Object.assign(here, { path: to.pathname, search: to.search });
  if (moved && !replace) scrollTo(0, 0);
}

/** Changes values of the query: filters, periods, open panels. It is a step of its own only where `step` says so. */
export function setQuery(changes: Query, { step = false } = {}): void {
  go(`${here.path}${changed(here.search, changes)}`, { replace: !step });
}

/** Follows links to screens, and the browser's buttons. Called once. */
export function follow(isScreen: (path: string) => boolean): void {
  history.scrollRestoration = "manual";
  history.replaceState({ entry }, "");
  addEventListener("popstate", (event) => {
    scrolls.set(entry, scrollY);
    entry = (event.state as { entry?: number } | null)?.entry ?? 0;
    Object.assign(here, { path: location.pathname, search: location.search });
  });
  addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element | null)?.closest?.("a[href]");
    if (!(link instanceof HTMLAnchorElement) || !isOurs(link) || !isScreen(link.pathname)) return;
    event.preventDefault();
    go(link.href);
  });
}

/** How far down this entry was read; 0 for a new one. */
export function scrollKept(): number {
  return scrolls.get(entry) ?? 0;
}

function isOurs(link: HTMLAnchorElement): boolean {
  if (link.target !== "" || link.hasAttribute("download") || link.origin !== location.origin) return false;
  return !link.getAttribute("href")?.startsWith("#");
}
