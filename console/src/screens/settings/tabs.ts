// The parts of Settings: each is a file of its own, fetched when it is looked at. Whoever builds one puts it here.

import type { Component } from "svelte";

type Load = () => Promise<{ default: Component }>;

export const TABS: { key: string; load?: Load }[] = [
  { key: "programme", load: () => import("./Programme.svelte") },
  { key: "purposes", load: () => import("./Purposes.svelte") },
  { key: "channels", load: () => import("./Channels.svelte") },
  { key: "keys", load: () => import("./Keys.svelte") },
  { key: "operators", load: () => import("./Operators.svelte") },
  { key: "data", load: () => import("./Data.svelte") },
  { key: "health", load: () => import("./Health.svelte") },
  { key: "webhooks", load: () => import("./Webhooks.svelte") },
  { key: "suppressions", load: () => import("./Suppressions.svelte") },
  { key: "registers", load: () => import("./Registers.svelte") },
  { key: "audit", load: () => import("./Audit.svelte") },
  { key: "console", load: () => import("./Console.svelte") },
];
