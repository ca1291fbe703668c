// Tables of spend as others export them: read, mapped to what we know, and made lines of.

export interface Sheet {
  /** What lies between the cells: where it is a semicolon, a comma divides decimals. */
  between: string;
  columns: string[];
  rows: string[][];
}

/** Reads a table with commas, semicolons or tabs between its cells; quotes may hold any of them. */
export function readTable(text: string): Sheet {
  const clean = text.replace(/^\ufeff/, "").replace(/\r\n?/g, "\n");
  const head = clean.split("\n", 1)[0] ?? "";
  const between = [";", "\t", ","].reduce((best, one) => (head.split(one).length > head.split(best).length ? one : best), ",");
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = "";
  let quoted = false;
  for (let at = 0; at < clean.length; at += 1) {
    const one = clean[at] as string;
    if (quoted) {
      if (one !== '"') cell += one;
      else if (clean[at + 1] === '"') (cell += '"'), (at += 1);
      else quoted = false;
    } else if (one === '"' && cell === "") quoted = true;
    else if (one === between) row.push(cell), (cell = "");
    else if (one === "\n") rows.push([...row, cell]), (row = []), (cell = "");
    else cell += one;
  }
  if (cell !== "" || row.length) rows.push([...row, cell]);
  const filled = rows.filter((cells) => cells.some((value) => value.trim() !== ""));
  return { between, columns: (filled[0] ?? []).map((name) => name.trim()), rows: filled.slice(1) };
}

export const FIELDS = ["date", "channel", "campaign", "amount", "currency", "impressions", "clicks"] as const;
export type Field = (typeof FIELDS)[number];
export type Mapping = Record<Field, number>;

/** What platforms call their columns, in their languages. */
const CALLED: Record<Field, RegExp> = {
  date: /^(date|day|data|giorno|jour|tag|datum|reporting starts)$/i,
  channel: /^(channel|canale|canal|source|platform|piattaforma)$/i,
  campaign: /^(campaign( name)?|campagna|campagne|nome( della)? campagna|nom de la campagne)$/i,
  amount: /^(amount( spent)?.*|cost|costo|co[uû]t|spend|spesa|dépense|importo.*|montant.*)$/i,
  currency: /^(currency( code)?|valuta|devise|codice valuta)$/i,
  impressions: /^(impr(essions|\.)?|impressioni)$/i,
  clicks: /^(clicks?|clic|clics|link clicks)$/i,
};

/** Guesses which column is what; -1 where none is. */
export function guessed(columns: readonly string[]): Mapping {
  return Object.fromEntries(FIELDS.map((field) => [field, columns.findIndex((name) => CALLED[field].test(name))])) as Mapping;
}

/** `1.234,50 €` and `1,234.50` as the number that both are; what is none stays as it was, for the server to refuse by name. */
export function amountOf(text: string, between = ","): string {
  const bare = text.replace(/[^\d.,-]/g, "");
  if (!/\d/.test(bare)) return text;
  const last = Math.max(bare.lastIndexOf(","), bare.lastIndexOf("."));
  const sign = bare[last];
  const alone = last >= 0 && bare.split(sign ?? "").length === 2 && !bare.includes(sign === "," ? "." : ",");
  // Three digits behind a sign that stands alone may be a thousand's: what lies between the cells says how people count there.
  const thousands = last >= 0 && (bare.split(sign ?? "").length > 2 || (alone && sign === "," && bare.length - last === 4 && between === ","));
  const whole = (part: string) => part.replace(/[.,]/g, "");
  return last < 0 || thousands ? whole(bare) : `${whole(bare.slice(0, last))}.${bare.slice(last + 1)}`;
}

/** `31/01/2026` and `31.1.2026` as days; what is none stays. */
export function dayOf(text: string): string {
  const found = /^(\d{1,2})[./](\d{1,2})[./](\d{4})$/.exec(text.trim());
  return found ? `${found[3]}-${String(found[2]).padStart(2, "0")}-${String(found[1]).padStart(2, "0")}` : text.trim();
}

export type Line = Partial<Record<Exclude<Field, "impressions" | "clicks">, string>> & { impressions?: number; clicks?: number; source: string };

export function linesOf(sheet: Sheet, mapping: Mapping, channel: string, source: string): Line[] {
  return sheet.rows.map((cells) => {
    const cell = (field: Field) => (mapping[field] >= 0 ? (cells[mapping[field]] ?? "").trim() : "");
    const whole = (field: "impressions" | "clicks") => (/\d/.test(cell(field)) ? Number(cell(field).replace(/\D/g, "")) : undefined);
    return {
      date: dayOf(cell("date")), channel: cell("channel") || channel, campaign: cell("campaign") || undefined,
      amount: amountOf(cell("amount"), sheet.between), currency: cell("currency") || undefined, impressions: whole("impressions"), clicks: whole("clicks"), source,
    };
  });
}

/** Cuts lines into as many questions as the server takes at once, and puts what it refused back to their rows. */
export async function sendAll<T>(lines: readonly T[], most: number, post: (part: T[]) => Promise<{ taken: number; repeated: number; refused: { index: number; field: string; reason: string }[] }>) {
  const sum = { taken: 0, repeated: 0, refused: [] as { index: number; field: string; reason: string }[] };
  for (let start = 0; start < lines.length; start += most) {
    const told = await post(lines.slice(start, start + most));
    sum.taken += told.taken;
    sum.repeated += told.repeated;
    sum.refused.push(...told.refused.map((one) => ({ ...one, index: one.index + start })));
  }
  return sum;
}
