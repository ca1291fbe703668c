// What a list of people is filtered by, as one expression of the segment language: whatever is filtered can be saved as a segment.

export interface Filter {
  text: string;
  segment: string;
  expression: string;
}

const quoted = JSON.stringify;

/** All of it joined, "" where nothing is filtered. */
export function expressionOf({ text, segment, expression }: Filter): string {
  const parts = [segment && `in segment ${quoted(segment)}`, expression.trim(), text.trim() && textExpression(text)].filter(Boolean);
  return parts.length < 2 ? (parts[0] ?? "") : parts.map((part) => (/ or /.test(part) ? `(${part})` : part)).join(" and ");
}

/** What somebody may be called by: the beginning of a name or of an email. Several words are first and last name in any order. */
export function textExpression(text: string): string {
  const [first, ...rest] = text.trim().split(/\s+/);
  const begins = (trait: string, word: string) => `trait.${trait} starts with ${quoted(word)}`;
  if (!first) return "";
  if (rest.length === 0) return ["first_name", "last_name", "name", "email"].map((trait) => begins(trait, first)).join(" or ");
  const last = rest.join(" ");
  return [
    `${begins("first_name", first)} and ${begins("last_name", last)}`,
    `${begins("last_name", first)} and ${begins("first_name", last)}`,
    begins("name", text.trim()),
  ].join(" or ");
}

const KINDS = ["email", "phone", "user_id", "anonymous_id", "device_token"];

/** The identifiers that a text may be. One with its type before it is just that. */
export function addressesOf(text: string): string[] {
  const wanted = text.trim();
  if (wanted === "" || /\s/.test(wanted.replace(/^\+[\d ]+$/, ""))) return [];
  if (/^[a-z_]+:./.test(wanted)) return [wanted];
  if (wanted.includes("@")) return [`email:${wanted}`, `user_id:${wanted}`];
  const dense = wanted.replace(/ /g, "");
  return KINDS.filter((kind) => kind !== "email" && (kind !== "phone" || /^\+?\d+$/.test(dense))).map((kind) => `${kind}:${kind === "phone" ? dense : wanted}`);
}
