// Numbers of a picture as a file that spreadsheets open.

interface Numbers {
  columns: string[];
  rows: string[][];
  raw?: (string | number | null)[][];
}

export function csv(numbers: Numbers): string {
  const rows = [numbers.columns, ...(numbers.raw ?? numbers.rows)];
  return `\ufeff${rows.map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;
}

/** A text that begins like a formula is kept from being one. */
function cell(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const safe = /^[=+@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
