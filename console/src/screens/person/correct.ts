// What a form of traits says otherwise than the profile.

/** Only what differs; a field that was emptied takes the trait away. A number stays a number, and yes and no stay so. */
export function changedTraits(before: Record<string, unknown>, now: Record<string, string>): Record<string, unknown> {
  const changes: Record<string, unknown> = {};
  for (const [key, text] of Object.entries(now)) {
    const old = before[key];
    const wanted = text.trim();
    if (wanted === (old === undefined || old === null ? "" : String(old))) continue;
    changes[key] = wanted === "" ? null : typed(wanted, old);
  }
  return changes;
}

function typed(text: string, like: unknown): unknown {
  if (typeof like === "number" && Number.isFinite(Number(text))) return Number(text);
  if (typeof like === "boolean" && (text === "true" || text === "false")) return text === "true";
  return text;
}
