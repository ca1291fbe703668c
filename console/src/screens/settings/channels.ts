// What became of messages, channel by channel, counted from the newest of the ledger.

export interface Sent {
  channel?: string | null;
  status: string;
  reply: string;
  settled_at?: string | null;
}

export interface Fate {
  channel: string;
  handed: number;
  accepted: number;
  bounced: number;
  failed: number;
  complained: number;
  waiting: number;
  /** The newest word of a provider that refused. */
  refusal: string;
}

const WAITING = new Set(["queued", "attempted", "deferred"]);
const BACK = new Set(["bounced"]);
const LOST = new Set(["failed", "unknown"]);

/** One row a channel, that with most messages first; what the governor kept here is no channel's doing. */
export function fates(sends: readonly Sent[]): Fate[] {
  const by = new Map<string, Fate>();
  for (const send of sends) {
    if (!send.channel || send.status === "dropped") continue;
    const fate = by.get(send.channel) ?? { channel: send.channel, handed: 0, accepted: 0, bounced: 0, failed: 0, complained: 0, waiting: 0, refusal: "" };
    by.set(send.channel, fate);
    fate.handed += 1;
    if (WAITING.has(send.status)) fate.waiting += 1;
    else if (BACK.has(send.status)) fate.bounced += 1;
    else if (LOST.has(send.status)) fate.failed += 1;
    else if (send.status === "complained") fate.complained += 1;
    else fate.accepted += 1;
    if ((BACK.has(send.status) || LOST.has(send.status)) && !fate.refusal) fate.refusal = send.reply;
  }
  return [...by.values()].sort((a, b) => b.handed - a.handed);
}
