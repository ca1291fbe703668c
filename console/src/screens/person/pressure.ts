// How much somebody got of what the contact policy allows, and when there is room again.

import type { SendView } from "./thread.ts";

interface Cap {
  at_most: number;
  /** Milliseconds. */
  within: number;
  channel?: string | null;
  purpose?: string | null;
}

/** The part of the programme that this needs. */
export interface Policy {
  contact_policy?: { caps?: Cap[] } | null;
  purposes: Record<string, { opt_in: string; contact_policy?: string | null }>;
}

export interface Pressure {
  cap: Cap;
  used: number;
  /** When the oldest of them leaves the window, where there is no room before. */
  free?: string;
}

/** Each cap with what counts against it at an instant. */
export function pressure(sends: readonly SendView[], policy: Policy, now: number): Pressure[] {
  return (policy.contact_policy?.caps ?? []).map((cap) => {
    const counting = sends
      .filter((send) => counts(send, policy) && (!cap.channel || cap.channel === send.channel) && (!cap.purpose || cap.purpose === send.purpose))
      .map((send) => Date.parse(send.settled_at ?? send.attempted_at ?? send.decided_at))
      .filter((at) => at > now - cap.within && at <= now)
      .sort((a, b) => b - a);
    const oldest = counting[cap.at_most - 1];
    return { cap, used: counting.length, free: oldest === undefined ? undefined : new Date(oldest + cap.within).toISOString() };
  });
}

/** What arrived or may still arrive, of purposes to which the policy applies. */
function counts(send: SendView, policy: Policy): boolean {
  if (send.decision !== "send" || send.status === "failed" || send.status === "bounced") return false;
  const purpose = policy.purposes[send.purpose];
  const applies = purpose?.contact_policy ?? (purpose?.opt_in === "none" ? "none" : "applies");
  return applies !== "none";
}
