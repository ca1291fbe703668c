// Who is here, and whether the server lets them in: an operator with a session, or a key that was given.

import { access, get, send, type Answer } from "./client.ts";
import { forget } from "./asked.svelte.ts";
import { foretell } from "./live.svelte.ts";

const KEY = "trama-token";

/** The sample shop, where everybody is invented. */
interface Demo {
  pace: number;
  hour_seconds: number;
  token: string | null;
}

interface Operator {
  name: string;
  role: string;
}

const now = $state({
  is: "opening" as "opening" | "open" | "closed",
  operator: undefined as Operator | undefined,
  demo: undefined as Demo | undefined,
  why: "",
});

export const session = {
  get is() {
    return now.is;
  },
  /** Absent where a key opened the door. */
  get operator() {
    return now.operator;
  },
  get demo() {
    return now.demo;
  },
  /** Why the door is closed, where somebody tried. */
  get why() {
    return now.why;
  },
};

/** Opens with what there is: a key in the address (`#token=…`) or of this window, a session, the demonstration's own operator. */
export async function open(): Promise<void> {
  const given = /^#token=([\w-]+)$/.exec(location.hash);
  if (given?.[1]) {
    sessionStorage.setItem(KEY, given[1]);
    history.replaceState(history.state, "", location.pathname + location.search);
  }
  access.closed = () => close("");
  access.token = null;
  const kept = sessionStorage.getItem(KEY);
  now.demo = (await greeting()) ?? undefined;
  if (kept) return useKey(kept);
  if (await signedIn()) return;
  if (now.demo) await visit();
  if (now.is !== "open") close("");
}

/** Opens with a key, which stays in this window. */
export async function useKey(token: string): Promise<void> {
  access.token = token.trim();
  try {
    const { programme } = await get("/api/v1/status");
    foretell(programme);
    sessionStorage.setItem(KEY, access.token);
    now.is = "open";
  } catch (problem) {
    close(problem instanceof Error ? problem.message : "");
  }
}

/** Opens with a name and a password; what the server says against it is thrown. */
export async function signIn(name: string, password: string): Promise<void> {
  await send("post", "/api/v1/session", { body: { name, password } });
  if (!(await signedIn())) close("");
}

/** Opens the sample shop, which has an operator of its own. */
export async function visit(): Promise<void> {
  if (await begun({})) return;
  if (now.demo?.token) await useKey(now.demo.token);
}

/** Makes the first owner with the token that the server printed, and opens as them. */
export async function begin(token: string, name: string, password: string): Promise<void> {
  await send("post", "/api/v1/operators/first", { body: { token, name, password } });
  history.replaceState(history.state, "", location.pathname);
  if (!(await signedIn())) close("");
}

/** The token of the link with which the first owner is made. */
export function firstToken(): string | undefined {
  return /^#first=([\w-]+)$/.exec(location.hash)?.[1];
}

export async function signOut(): Promise<void> {
  if (now.operator) await send("delete", "/api/v1/session");
  close("");
}

function close(why: string): void {
  sessionStorage.removeItem(KEY);
  access.token = null;
  access.csrf = null;
  forget();
  Object.assign(now, { is: "closed", operator: undefined, why });
}

async function greeting(): Promise<Demo | null> {
  try {
    const answer = await fetch("/console/greeting.json", { cache: "no-store" });
    return answer.ok ? ((await answer.json()) as { demo: Demo | null }).demo : null;
  } catch {
    return null;
  }
}

interface Told {
  name: string;
  role: string;
  kind: string;
  csrf: string | null;
  programme: Answer<"/api/v1/session">["programme"];
}

/** Whether a session of an operator is open, and who that is. */
async function signedIn(): Promise<boolean> {
  return take(await fetch("/api/v1/session", { cache: "no-store" }).catch(() => null));
}

/** Asks for a session without the talk of a problem where there is none to be had. */
async function begun(body: unknown): Promise<boolean> {
  const headers = { "content-type": "application/json" };
  return take(await fetch("/api/v1/session", { method: "POST", headers, body: JSON.stringify(body) }).catch(() => null));
}

async function take(answer: Response | null): Promise<boolean> {
  if (!answer?.ok || !answer.headers.get("content-type")?.includes("json")) return false;
  const told = (await answer.json()) as Told;
  if (told.kind !== "operator") return false;
  access.csrf = told.csrf;
  if (told.programme) foretell(told.programme);
  Object.assign(now, { is: "open", operator: { name: told.name, role: told.role } });
  return true;
}
