// The ledger, filtered: what can be chosen, and how it is asked.

import type { Query } from "../../route.ts";

/** Every reason that the governor has, in the order in which it asks. */
export const REASONS = [
  "no_consent", "consent_pending", "consent_withdrawn", "suppressed", "unreachable", "no_rendering", "message_missing", "holdout", "global_holdout",
  "frequency_cap", "fatigue", "quiet_hours", "fewer", "paused", "excluded", "expired", "journey_ended", "already_confirmed", "erased",
  "offer_ineligible", "offer_not_begun", "offer_out_of_stock", "offer_expired", "offer_redeemed",
] as const;
export const DECISIONS = ["send", "defer", "drop"] as const;
export const STATUSES = ["queued", "attempted", "accepted", "bounced", "failed", "unknown", "complained", "dismissed", "deferred", "dropped"] as const;
export const CHANNELS = ["email", "sms", "push", "web_push", "in_app", "onsite", "webhook", "call"] as const;
export const DAYS = ["1", "7", "30", "90"] as const;

/** What an address says of the ledger; the names are those of the API, but for the time. */
export const FILTERS = ["decision", "reason", "status", "channel", "message", "journey", "broadcast", "days"] as const;
export type Filter = Record<(typeof FILTERS)[number], string>;

const DAY_MS = 86_400_000;

/** The filter as the server is asked. */
export function queryOf({ days, ...filter }: Filter, now: number): Record<string, string> {
  const from = /^\d+$/.test(days) ? new Date(now - Number(days) * DAY_MS).toISOString() : "";
  return { ...filter, from };
}

/** Who wanted a send, as one choice: journeys and broadcasts have their names among them only once. */
export function senderOf({ journey, broadcast }: Pick<Filter, "journey" | "broadcast">): string {
  return broadcast ? `broadcast ${broadcast}` : journey ? `journey ${journey}` : "";
}

/** What a choice of a sender changes of the address. */
export function bySender(sender: string): Query {
  const [kind, ...name] = sender.split(" ");
  const chosen = name.join(" ");
  return { journey: kind === "journey" ? chosen : null, broadcast: kind === "broadcast" ? chosen : null };
}
