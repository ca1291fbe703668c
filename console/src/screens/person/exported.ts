// All that is known of a person in one file, for the person themselves.

import { save } from "../../charts/save.ts";
import { get } from "../../client.ts";
import { tell } from "../../ui/toasts.svelte.ts";
import { say } from "../../words.ts";

const MOST = 1000;

export async function exported(address: string, name: string): Promise<void> {
  const path = { address };
  try {
    const [profile, timeline, sends, touchpoints, consents, offers] = await Promise.all([
      get("/api/v1/profiles/{address}", { path }),
      get("/api/v1/profiles/{address}/timeline", { path, query: { limit: MOST } }),
      everySend(address),
      get("/api/v1/profiles/{address}/touchpoints", { path }),
      get("/api/v1/profiles/{address}/consents", { path }),
      get("/api/v1/profiles/{address}/offers", { path }),
    ]);
    const whole = { exported_at: new Date().toISOString(), profile, ...timeline, sends, ...touchpoints, consents, ...offers };
    save(`${address.replace(/\W+/g, "-")}.json`, "application/json", JSON.stringify(whole, null, 2));
    // The server tells so many events at most; a file that is not whole says so.
    tell(timeline.events.length < MOST ? say("person.exported", { name }) : say("person.exported_part", { name, n: MOST }));
  } catch (problem) {
    tell(problem instanceof Error ? problem.message : String(problem));
  }
}

async function everySend(profile: string): Promise<unknown[]> {
  const all: unknown[] = [];
  for (let before: number | undefined; ; ) {
    const { sends } = await get("/api/v1/sends", { query: { profile, limit: MOST, before } });
    all.push(...sends);
    if (sends.length < MOST) return all;
    before = sends.at(-1)?.id;
  }
}
