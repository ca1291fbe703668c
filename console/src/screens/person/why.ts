// What an explanation says, as facts that each language has words for.

import type { Answer } from "../../client.ts";
import { ago, count, date, decimal, time } from "../../format.ts";
import { say } from "../../words.ts";

export type Explanation = Answer<"/api/v1/profiles/{address}/explain", "post">;
export type Part = Explanation["whole"];

/** The smallest parts that decide: of somebody inside those that hold, of somebody outside those that are missing. */
export function deciding(part: Part, holds = part.holds): Part[] {
  const below = partsOf(part);
  if (below.length === 0) return [part];
  // Under a `not`, what decides is the other way round.
  const negated = below.length === 1;
  const wanted = negated ? !holds : holds;
  return below.filter((one) => one.holds === wanted).flatMap((one) => deciding(one, wanted));
}

/** How far somebody outside is from being inside: how many parts are missing. */
export function missing(part: Part): number {
  if (part.holds) return 0;
  const below = partsOf(part);
  if (below.length < 2) return 1;
  const lacks = below.map(missing);
  // Of alternatives one would do; whether it is an `or` shows in that none of them holds though each could.
  return part.text.includes(" or ") && below.every((one) => !one.holds) ? Math.min(...lacks) : lacks.reduce((sum, one) => sum + one, 0);
}

/** What was found of a part, in a few words. */
export function found(part: Part): string {
  const told: string[] = [];
  if (part.values) told.push(part.values.length ? part.values.map(String).join(", ") : say("why.absent"));
  else if (part.consent) told.push(say(`why.consent_${part.consent}`));
  else if (part.address) told.push(say(`why.address_${part.address}`));
  else if (typeof part.score === "number") told.push(say("why.score", { n: part.score }));
  else if (typeof part.figure === "number") told.push(say("why.figure", { figure: Number.isInteger(part.figure) ? count(part.figure) : decimal(part.figure, 2) }));
  else if (typeof part.count === "number") told.push(say("why.times", { n: part.count }));
  else if (part.seen) told.push(say("why.seen", { ago: ago(part.seen) }));
  if (part.newest && part.count) told.push(say("why.newest", { ago: ago(part.newest) }));
  return told.join(", ");
}

/** What a part is about, in short: the event, the trait, the purpose. */
export function subject(part: Part): string {
  if (part.seen) return "";
  return /"([^"]+)"/.exec(part.text)?.[1] ?? /^(?:trait\.)?([\w.]+)/.exec(part.text)?.[1] ?? "";
}

/** When time alone changes it. */
export function until(part: Part): string {
  return part.changes_at ? say(part.holds ? "why.leaves" : "why.enters", { when: `${date(part.changes_at)}, ${time(part.changes_at)}` }) : "";
}

function partsOf(part: Part): Part[] {
  return (part.parts ?? []) as Part[];
}
