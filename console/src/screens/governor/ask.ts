// The governor's figures with the newest of its decisions.

import { get, send } from "../../client.ts";
import { type Decided, type Pressure } from "./pressure.ts";

/** As many as one answer has. */
const NEWEST_MAX = 1000;

export async function ask(days: number, signal: AbortSignal): Promise<{ pressure: Pressure; sends: Decided[] }> {
  const told = send("get", "/api/v1/governor", { query: { days }, signal }) as Promise<Pressure>;
  const [pressure, newest] = await Promise.all([told, get("/api/v1/sends", { query: { limit: NEWEST_MAX }, signal })]);
  return { pressure, sends: newest.sends as Decided[] };
}
