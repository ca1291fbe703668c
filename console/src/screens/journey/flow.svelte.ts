// How people went through the steps of a journey in the days that the address names.

import { asked } from "../../asked.svelte.ts";
import { inTurn, send } from "../../client.ts";
import { place } from "../../place.svelte.ts";
import { days } from "../../ui/period.ts";
import type { Ends } from "./figures.ts";
import type { Flow } from "./flow.ts";

/** Counting goes on from where it was, so it may be asked for often; the first time it reads the log. */
const OFTEN_MS = 10_000;

/** Called while a component is made. */
export function flowing(name: () => string, on: () => boolean) {
  const period = $derived(place.query("period") || "28d");
  const of = asked(
    () => (on() ? `steps ${name()} ${period}` : null),
    (signal) => inTurn(() => send("get", "/api/v1/journeys/{name}/steps", { path: { name: name() }, query: { ...days(period) }, signal }) as Promise<Flow>),
    { follow: OFTEN_MS },
  );
  const live = $derived(on() ? of.value?.versions.find((one) => one.live) : undefined);
  const flows = $derived(live && new Map(live.steps.map((step) => [step.step, step])));
  const ends = $derived<Ends | undefined>(live && { entered: live.entered, reached: live.reached_goal, heldOut: live.held_out });
  return {
    get period() {
      return period;
    },
    get value() {
      return of.value;
    },
    /** By the places of the live version's steps. */
    get flows() {
      return flows;
    },
    get ends() {
      return ends;
    },
    get problem() {
      return of.problem;
    },
    get reading() {
      return of.busy && of.value === undefined;
    },
    again: of.again,
  };
}
