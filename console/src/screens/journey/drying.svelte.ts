// A dry run under way, and what came of the last one.

import { inTurn, send } from "../../client.ts";
import type { Given } from "../../definition.ts";
import { live } from "../../live.svelte.ts";
import { dryRun, type DryRun, type Moment, type Report } from "./dry.ts";
import type { JourneyForm } from "./form.ts";
import { instant, trailOf, type Visit } from "./trail.ts";

const WINDOW_MS: Record<string, number> = { "15m": 900_000, "1h": 3_600_000, "24h": 86_400_000, "7d": 604_800_000, "28d": 2_419_200_000, "90d": 7_776_000_000 };

/** Just after the first programme was made live, where the server can tell. */
async function beginning(): Promise<number | undefined> {
  const told = (await send("get", "/api/v1/programme/versions", { query: { before: 2, limit: 1 } }).catch(() => undefined)) as { versions: { at: string }[] } | undefined;
  const at = told?.versions[0]?.at;
  return at === undefined ? undefined : Date.parse(at) + 1;
}

interface Wanted {
  name: string;
  form: JourneyForm;
  /** As it is sent: the drawing, or the text where that is ahead. */
  given: Given<JourneyForm>;
  window: string;
  /** Somebody who is told of step by step. */
  follow: string;
}

export class Drying {
  report = $state.raw<Report>();
  run = $state.raw<DryRun>();
  /** What it was run with. */
  of = $state.raw<Wanted>();
  problem = $state.raw<Error>();
  busy = $state(false);
  tookMs = $state(0);
  /** Which of the moments is read. */
  at = $state(0);
  #turn = 0;

  /** What would have happened to whom is followed, in this journey. */
  get would(): Moment[] {
    return this.#moments("would");
  }
  /** What did happen to them. */
  get was(): Moment[] {
    return this.#moments("was");
  }
  get trail(): Map<string, Visit> {
    return new Map([...trailOf(this.would)].map(([place, visit]) => [place, { ...visit, when: instant(visit.when) }]));
  }

  #moments(side: "was" | "would"): Moment[] {
    return (this.report?.followed?.[side] ?? []).filter((moment) => moment.journey === this.of?.name);
  }

  /** The live programme with the journey as it is drawn, over the last stretch of the log. */
  async start(wanted: Wanted): Promise<void> {
    const mine = (this.#turn += 1);
    this.busy = true;
    this.problem = undefined;
    const begun = performance.now();
    const end = new Date(live.status?.at ?? Date.now()).getTime();
    const since = end - (WINDOW_MS[wanted.window] ?? 86_400_000);
    const { name, form, given, follow } = wanted;
    try {
      // A log that is younger than what was asked for is told from its beginning.
      const from = new Date(Math.max(since, (await beginning()) ?? since)).toISOString();
      const body = { definitions: [{ kind: "journey", name, ...given }], from, ...(follow ? { follow } : {}) };
      const report = await inTurn(() => send("post", "/api/v1/simulate", { body }) as Promise<Report>);
      if (mine !== this.#turn) return;
      this.report = report;
      this.run = dryRun(report, name, form.steps);
      this.of = wanted;
      this.at = 0;
      this.tookMs = Math.round(performance.now() - begun);
    } catch (problem) {
      if (mine !== this.#turn) return;
      this.report = this.run = undefined;
      this.problem = problem as Error;
    }
    this.busy = false;
  }
}
