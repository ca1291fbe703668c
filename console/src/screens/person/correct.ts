// The traits of a person as a form has them, and what the form says otherwise than the profile.

export type Kind = "text" | "number" | "truth" | "parts";
export const KINDS = ["text", "number", "truth", "parts"] as const satisfies Kind[];

/** What most sources tell of people, in the order in which they are read. */
export const USUAL = ["first_name", "last_name", "email", "phone", "city", "country", "language", "birthday"] as const;

export interface Row {
  id: number;
  name: string;
  kind: Kind;
  /** As it is written in its field: lists and parts as JSON, yes and no as `true` and `false`. */
  text: string;
  /** It is taken away. */
  gone: boolean;
  /** Nobody told it yet. */
  fresh: boolean;
  /** Its name is being written too. */
  naming: boolean;
}

export type Wrong = "number" | "parts" | "name" | "twice" | "value";

export interface Changes {
  /** By name; null takes a trait away. */
  traits: Record<string, unknown>;
  /** What cannot be meant, by the row. */
  wrong: Map<number, Wrong>;
}

export function rowsOf(traits: Record<string, unknown>): Row[] {
  const rank = (name: string) => (USUAL as readonly string[]).indexOf(name) + 1 || USUAL.length + 1;
  const names = Object.keys(traits).sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
  return names.map((name, id) => ({ id, name, kind: kindOf(traits[name]), text: textOf(traits[name]), gone: false, fresh: false, naming: false }));
}

/** Only what differs. A field that was emptied takes its trait away; one that was begun and left empty says nothing. */
export function changesOf(before: Record<string, unknown>, rows: readonly Row[]): Changes {
  const changes: Changes = { traits: {}, wrong: new Map() };
  const seen = new Set<string>();
  for (const row of rows) {
    const [name, isEmpty] = [row.name.trim(), row.text.trim() === ""];
    if (row.fresh && isEmpty && (row.naming ? name === "" : true)) continue;
    if (name === "") changes.wrong.set(row.id, "name");
    else if (seen.has(name)) changes.wrong.set(row.id, "twice");
    else if (row.fresh && isEmpty) changes.wrong.set(row.id, "value");
    else if (row.gone || isEmpty) changes.traits[name] = null;
    else {
      const value = valueOf(row);
      if (value === undefined) changes.wrong.set(row.id, row.kind === "number" ? "number" : "parts");
      else if (JSON.stringify(value) !== JSON.stringify(before[name])) changes.traits[name] = value;
    }
    seen.add(name);
  }
  return changes;
}

/** What takes changes back. */
export function backOf(before: Record<string, unknown>, changes: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.keys(changes).map((name) => [name, before[name] ?? null]));
}

/** The text of a value once it is of another kind, so that what was written is not lost. */
export function asKind(row: Row, kind: Kind): Row {
  if (kind === row.kind) return row;
  if (kind === "truth") return { ...row, kind, text: row.text === "false" ? "false" : "true" };
  return { ...row, kind };
}

function kindOf(value: unknown): Kind {
  if (typeof value === "number") return "number";
  if (typeof value === "boolean") return "truth";
  return typeof value === "object" ? "parts" : "text";
}

function textOf(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value, null, 2) : String(value);
}

function valueOf({ kind, text }: Row): unknown {
  if (kind === "text") return text;
  if (kind === "truth") return text === "true";
  if (kind === "number") {
    const number = Number(text.trim().replace(",", "."));
    return Number.isFinite(number) ? number : undefined;
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
