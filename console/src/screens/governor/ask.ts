// The governor's figures with the newest of its decisions.

import { get, send } from "../../client.ts";
import { type Decided, type Pressure } from "./pressure.ts";

/** As many as one answer has. */
const NEWEST_MAX = 1000;

/** The figures of some days, and what waited or stayed in them. */
export async function ask(days: number, signal: AbortSignal): Promise<{ pressure: Pressure; sends: Decided[] }> {
  const pressure = (await send("get", "/api/v1/governor", { query: { days }, signal })) as Pressure;
  const of = (decision: string) => get("/api/v1/sends", { query: { decision, from: pressure.since, limit: NEWEST_MAX }, signal });
  const [waited, stayed] = await Promise.all([of("defer"), of("drop")]);
  return { pressure, sends: [...waited.sends, ...stayed.sends] };
}
