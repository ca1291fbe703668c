// Who is here, and whether the server lets them in: an operator with a session, or a key that was given.

import { access, get, send } from "./client.ts";
import { forget } from "./asked.svelte.ts";

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

/** Opens with what there is: a key in the address (`#token=…`), a session, the demonstration's key, the key of this window. */
export async function open(): Promise<void> {
  const given = /^#token=([\w-]+)$/.exec(location.hash);
  if (given?.[1]) {
    sessionStorage.setItem(KEY, given[1]);
    history.replaceState(history.state, "", location.pathname + location.search);
  }
  access.closed = () => close("");
  access.token = null;
  now.demo = (await greeting()) ?? undefined;
  if (await signedIn()) return;
  const token = now.demo?.token ?? sessionStorage.getItem(KEY);
  if (token) await useKey(token);
  else close("");
}

/** Opens with a key, which stays in this window. */
export async function useKey(token: string): Promise<void> {
  access.token = token.trim();
  try {
    await get("/api/v1/status");
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
    const answer = await fetch("/page/greeting.json", { cache: "no-store" });
    return answer.ok ? ((await answer.json()) as { demo: Demo | null }).demo : null;
  } catch {
    return null;
  }
}

/** Whether a session of an operator is open, and who that is. */
async function signedIn(): Promise<boolean> {
  const answer = await fetch("/api/v1/session", { cache: "no-store" }).catch(() => null);
  if (!answer?.ok || !answer.headers.get("content-type")?.includes("json")) return false;
  const told = (await answer.json()) as { name?: string; operator?: string; role: string; csrf: string };
  access.csrf = told.csrf;
  Object.assign(now, { is: "open", operator: { name: told.name ?? told.operator ?? "", role: told.role } });
  return true;
}
