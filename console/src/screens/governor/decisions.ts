// The ledger, filtered.

/** Every reason that the governor has, in the order in which it asks. */
export const REASONS = [
  "no_consent", "consent_pending", "consent_withdrawn", "suppressed", "unreachable", "no_rendering", "message_missing", "holdout", "global_holdout",
  "frequency_cap", "fatigue", "quiet_hours", "fewer", "paused", "excluded", "expired", "journey_ended", "already_confirmed", "erased",
  "offer_ineligible", "offer_not_begun", "offer_out_of_stock", "offer_expired", "offer_redeemed",
] as const;

interface Filter {
  decision: string;
  reason: string;
  journey: string;
}

export function fits(send: { decision: string; reason?: string | null; journey?: string | null }, filter: Filter): boolean {
  if (filter.decision && send.decision !== filter.decision) return false;
  if (filter.reason && send.reason !== filter.reason) return false;
  return !filter.journey || send.journey === filter.journey;
}
