// The parts of Settings: each is a file of its own, fetched when it is looked at. Whoever builds one puts it here.

import type { Component } from "svelte";

type Load = () => Promise<{ default: Component }>;

export const TABS: { key: string; load?: Load }[] = [
  { key: "programme", load: () => import("./Programme.svelte") },
  { key: "purposes", load: () => import("./Purposes.svelte") },
  { key: "channels" },
  { key: "keys", load: () => import("./Keys.svelte") },
  { key: "operators" },
  { key: "data" },
  { key: "health", load: () => import("./Health.svelte") },
  { key: "audit" },
  { key: "console", load: () => import("./Console.svelte") },
];
