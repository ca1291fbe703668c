// Parts of a definition as somebody reads them who does not read JSON.

const LONG = 240;

/** `steps › 2 › wait`. */
export const way = (place: readonly string[]): string => place.join(" \u203a ");

/** A value in a line: texts as they are, parts by their names. What is not there is a dash. */
export function plain(value: unknown): string {
  const text = written(value);
  return text.length > LONG ? `${text.slice(0, LONG)}…` : text;
}

function written(value: unknown): string {
  if (value === undefined || value === null || value === "") return "\u2013";
  if (Array.isArray(value)) return value.length ? value.map(written).join("; ") : "\u2013";
  if (typeof value !== "object") return String(value);
  return Object.entries(value)
    .map(([key, one]) => `${key}: ${written(one)}`)
    .join(", ");
}
