// A dry run under way, and what came of the last one.

import { inTurn, send } from "../../client.ts";
import { live } from "../../live.svelte.ts";
import { toCanonical } from "./canonical.ts";
import { dryRun, usersOf, type DryRun, type Report } from "./dry.ts";
import type { JourneyForm } from "./form.ts";

const WINDOW_MS: Record<string, number> = { "15m": 900_000, "1h": 3_600_000, "24h": 86_400_000, "7d": 604_800_000, "28d": 2_419_200_000, "90d": 7_776_000_000 };

/** Just after the first programme was made live, where the server can tell. */
async function beginning(): Promise<number | undefined> {
  const told = (await send("get", "/api/v1/programme/versions", { query: { before: 2, limit: 1 } }).catch(() => undefined)) as { versions: { at: string }[] } | undefined;
  const at = told?.versions[0]?.at;
  return at === undefined ? undefined : Date.parse(at) + 1;
}

export class Drying {
  report = $state.raw<Report>();
  run = $state.raw<DryRun>();
  problem = $state.raw<Error>();
  busy = $state(false);
  tookMs = $state(0);

  /** The whole programme with the journey as it is drawn, over the last stretch of the log. */
  async start(programme: Record<string, unknown>, name: string, form: JourneyForm, window: string): Promise<void> {
    this.busy = true;
    this.problem = undefined;
    const begun = performance.now();
    const journeys = { ...(programme.journeys as Record<string, unknown>), [name]: toCanonical(form) };
    const asked = { ...programme, journeys };
    const end = new Date(live.status?.at ?? Date.now()).getTime();
    const wanted = end - (WINDOW_MS[window] ?? 86_400_000);
    try {
      // A log that is younger than what was asked for is told from its beginning.
      const from = new Date(Math.max(wanted, (await beginning()) ?? wanted)).toISOString();
      this.report = await inTurn(() => send("post", "/api/v1/simulate", { body: { programme: asked, from } }) as Promise<Report>);
      this.run = dryRun(this.report, name, form.steps, usersOf(asked));
      this.tookMs = Math.round(performance.now() - begun);
    } catch (problem) {
      this.report = this.run = undefined;
      this.problem = problem as Error;
    }
    this.busy = false;
  }
}
