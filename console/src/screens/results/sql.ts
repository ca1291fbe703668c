// Questions in SQL: what the editor colours and completes, and what an answer is as a file.

import type { Cell, LakeTable, SqlAnswer } from "../../lake.ts";
import type { Completion, Mark } from "../../ui/editor.ts";

const WORDS = "select from where group by order having limit offset join left right inner outer full cross on using as and or not in is null case when then else end distinct between like ilike with union except intersect all asc desc nulls first last over partition rows interval cast filter exists values explain describe show tables true false at time zone".split(" ");
const FUNCTIONS = "count sum avg min max median round coalesce nullif date_trunc date_part extract now to_char lower upper trim substr concat abs row_number rank lag lead first_value".split(" ");
const KNOWN = new Set([...WORDS, ...FUNCTIONS]);

/** Pieces of a line by their kind. */
export function marks(line: string): Mark[] {
  const found: Mark[] = [];
  for (const match of line.matchAll(/--.*$|\/\*.*?\*\/|'(?:[^']|'')*'?|\b\d+(?:\.\d+)?\b|[A-Za-z_]\w*/g)) {
    const [text] = match;
    const kind = text.startsWith("--") || text.startsWith("/*") ? "comment" : text.startsWith("'") ? "text" : /^\d/.test(text) ? "number" : KNOWN.has(text.toLowerCase()) ? "word" : null;
    if (kind) found.push({ from: match.index, to: match.index + text.length, kind });
  }
  return found;
}

/** What the word that is being written may become: columns of the tables that are named, tables, words of SQL. */
export function completions(text: string, at: number, tables: readonly LakeTable[]): { from: number; options: Completion[] } | null {
  const before = /[A-Za-z_]\w*$/.exec(text.slice(0, at))?.[0] ?? "";
  const named = tables.filter((table) => new RegExp(`\\b${table.name}\\b`, "i").test(text));
  const columns = new Map((named.length ? named : tables).flatMap((table) => table.columns.map((column) => [column.name, table.name])));
  const options = [
    ...[...columns].map(([label, detail]) => ({ label, detail })),
    ...tables.map(({ name }) => ({ label: name })),
    ...[...KNOWN].map((word) => ({ label: word.toUpperCase() })),
  ];
  const fits = options.filter((one) => one.label.toLowerCase().startsWith(before.toLowerCase()));
  return fits.length ? { from: at - before.length, options: fits } : null;
}

/** Whether all that a column holds is numbers, which stand at the right. */
export const isNumber = (type: string): boolean => /^(bigint|u?int\d+|double|float\d*|decimal)/i.test(type);

/** The numbers of an answer as a spreadsheet takes them. */
export const asNumbers = ({ columns, rows }: SqlAnswer) => ({
  columns: columns.map((column) => column.name),
  rows: [],
  raw: rows.map((row) => row.map((cell) => (typeof cell === "boolean" ? String(cell) : cell))),
});

/** A row as an object; of columns of one name the later ones are numbered, so that none is lost. */
export function asJson({ columns, rows }: SqlAnswer): string {
  const seen = new Map<string, number>();
  const names = columns.map(({ name }) => {
    const times = (seen.get(name) ?? 0) + 1;
    seen.set(name, times);
    return times === 1 ? name : `${name}_${times}`;
  });
  return JSON.stringify(rows.map((row) => Object.fromEntries(names.map((name, index): [string, Cell] => [name, row[index] ?? null]))), null, 2);
}

/** A first look into a table. */
export const look = (table: string): string => `SELECT * FROM ${table} LIMIT 100`;

/** Questions to begin with; each is one that the lake answers. */
export const EXAMPLES = {
  orders: "SELECT day, currency, count(*) AS orders, sum(net) AS revenue\nFROM orders WHERE NOT is_returned\nGROUP BY day, currency ORDER BY day",
  reasons: "SELECT reason, count(*) AS messages, count(DISTINCT person) AS people\nFROM sends LEFT JOIN people USING (profile)\nWHERE decision = 'drop'\nGROUP BY reason ORDER BY messages DESC",
  people: "SELECT profile AS person, currency, count(*) AS orders, sum(net) AS revenue\nFROM orders WHERE NOT is_returned AND profile IS NOT NULL\nGROUP BY profile, currency ORDER BY revenue DESC LIMIT 20",
  events: "SELECT name, count(*) AS times, count(DISTINCT person) AS people\nFROM events LEFT JOIN people USING (profile)\nWHERE NOT is_bot\nGROUP BY name ORDER BY times DESC",
} as const;
export type Example = keyof typeof EXAMPLES;
