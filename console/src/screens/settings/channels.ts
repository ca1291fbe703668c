// What became of messages, channel by channel, as a row of a table.

/** As the ledger counts it. */
export interface Counted {
  channel: string;
  messages: number;
  statuses: Record<string, number>;
  lost?: { reply: string } | null;
}

export interface Fate {
  channel: string;
  handed: number;
  accepted: number;
  bounced: number;
  failed: number;
  waiting: number;
  /** The newest word of a provider that refused. */
  refusal: string;
}

const WAITING = ["queued", "attempted", "deferred"];
const LOST = ["failed", "unknown"];

export function fateOf({ channel, messages, statuses, lost }: Counted): Fate {
  const sum = (names: readonly string[]) => names.reduce((total, name) => total + (statuses[name] ?? 0), 0);
  const [waiting, bounced, failed, complained] = [sum(WAITING), sum(["bounced"]), sum(LOST), sum(["complained"])];
  return { channel, handed: messages, accepted: messages - waiting - bounced - failed - complained, bounced, failed, waiting, refusal: lost?.reply ?? "" };
}
