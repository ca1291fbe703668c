// All that is known of a person in one file, for the person themselves.

import { save } from "../../charts/save.ts";
import { get } from "../../client.ts";
import { tell } from "../../ui/toasts.svelte.ts";
import { say } from "../../words.ts";

const MOST = 1000;

export async function exported(address: string, name: string): Promise<void> {
  const path = { address };
  try {
    const [profile, events, sends, touchpoints, consents, offers] = await Promise.all([
      get("/api/v1/profiles/{address}", { path }),
      everyEvent(address),
      everySend(address),
      get("/api/v1/profiles/{address}/touchpoints", { path }),
      get("/api/v1/profiles/{address}/consents", { path }),
      get("/api/v1/profiles/{address}/offers", { path }),
    ]);
    const whole = { exported_at: new Date().toISOString(), profile, events, sends, ...touchpoints, consents, ...offers };
    save(`${address.replace(/\W+/g, "-")}.json`, "application/json", JSON.stringify(whole, null, 2));
    tell(say("person.exported", { name }));
  } catch (problem) {
    tell(problem instanceof Error ? problem.message : String(problem));
  }
}

async function everyEvent(address: string): Promise<unknown[]> {
  const all: unknown[] = [];
  for (let before: string | undefined; ; ) {
    const { events, next } = await get("/api/v1/profiles/{address}/timeline", { path: { address }, query: { limit: MOST, before } });
    all.push(...events);
    if (!next) return all;
    before = next;
  }
}

async function everySend(profile: string): Promise<unknown[]> {
  const all: unknown[] = [];
  for (let before: number | undefined; ; ) {
    const { sends, next } = await get("/api/v1/sends", { query: { profile, limit: MOST, before } });
    all.push(...sends);
    if (next === undefined || next === null) return all;
    before = next;
  }
}
