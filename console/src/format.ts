// Numbers, money and moments as each language writes them. Nothing else in the console makes text of a number.

import type { Language } from "./theme.ts";

// Dates are read in Europe, where the day comes before the month and the clock has 24 hours.
const LOCALES: Record<Language, string> = { en: "en-GB", it: "it-IT", fr: "fr-FR" };

let locale = "en-GB";
let zone: string | undefined;
let currency = "EUR";

/** Called once, before anything is drawn. */
export function write(language: Language): void {
  locale = LOCALES[language];
  formats.clear();
}

/** Of whoever sits here, until a programme says its own. */
export const zoneHere = (): string => new Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Times are those of the programme's zone, and money is its currency where nothing else is said. */
export function setProgramme(of: { zone?: string; currency?: string }): void {
  zone = of.zone ?? zone;
  currency = of.currency ?? currency;
  formats.clear();
}

/** What is not known yet; never a zero. */
export const UNKNOWN = "…";

const formats = new Map<string, Intl.NumberFormat>();

function number(value: number | null | undefined, options: Intl.NumberFormatOptions): string {
  if (value === null || value === undefined || Number.isNaN(value)) return UNKNOWN;
  const key = JSON.stringify(options);
  let format = formats.get(key);
  // Italian leaves four digits ungrouped, and a column of them would not line up.
  if (!format) formats.set(key, (format = new Intl.NumberFormat(locale, { useGrouping: "always", ...options } as Intl.NumberFormatOptions)));
  return clean(format.format(value));
}

/** A minus that is as wide as a plus; the narrow space that our fonts lack becomes one that they have. */
function clean(text: string): string {
  return text.replace(/[\u202f\u2009]/g, "\u00a0").replace(/-/g, "\u2212");
}

/** Things that can be counted. */
export function count(value: number | null | undefined): string {
  return number(value, { maximumFractionDigits: 0 });
}

/** `1.2 M`: where a whole number has no room. */
export function short(value: number | null | undefined): string {
  return number(value, { notation: "compact", maximumFractionDigits: 1 });
}

export function decimal(value: number | null | undefined, digits = 1): string {
  return number(value, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** A share between 0 and 1. */
export function percent(share: number | null | undefined, digits = share !== null && share !== undefined && Math.abs(share) < 0.1 ? 1 : 0): string {
  return number(share, { style: "percent", minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** How much a share grew or shrank against what it was, with its sign. */
export function change(share: number | null | undefined, digits = 0): string {
  return number(share, { style: "percent", signDisplay: "exceptZero", maximumFractionDigits: digits });
}

/** A difference between two shares, in points of a hundred: the word for them stands beside it. */
export function points(difference: number | null | undefined, digits = 1): string {
  const hundred = difference === null || difference === undefined ? difference : difference * 100;
  return number(hundred, { signDisplay: "exceptZero", minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Money as a figure: without cents from a thousand on. */
export function money(value: number | null | undefined, code = currency): string {
  const digits = value !== null && value !== undefined && Math.abs(value) >= 1000 ? 0 : 2;
  return number(value, { style: "currency", currency: code, minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Money in a row, to the cent. */
export function moneyExact(value: number | null | undefined, code = currency): string {
  return number(value, { style: "currency", currency: code });
}

const BETWEEN: Record<string, (low: string, high: string) => string> = {
  "en-GB": (low, high) => `${low} to ${high}`,
  "it-IT": (low, high) => `da ${low} a ${high}`,
  "fr-FR": (low, high) => `de ${low} à ${high}`,
};

/** From a low to a high, both written by `how`. */
export function interval(low: number | null | undefined, high: number | null | undefined, how: (value: number | null | undefined) => string = decimal): string {
  const between = BETWEEN[locale];
  return between ? between(how(low), how(high)) : `${how(low)}\u2013${how(high)}`;
}

const BYTES = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];

export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined) return UNKNOWN;
  const step = Math.min(BYTES.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(value, 1)) / 3)));
  return number(value / 1000 ** step, { style: "unit", unit: BYTES[step], unitDisplay: "short", maximumFractionDigits: step ? 1 : 0 });
}

type Instant = string | number | Date;

/** A day, such as `2026-11-26`, is the same day everywhere. */
const isDay = (at: Instant): boolean => typeof at === "string" && /^\d{4}-\d\d-\d\d$/.test(at);

function dated(at: Instant, options: Intl.DateTimeFormatOptions, of = zone): string {
  return new Intl.DateTimeFormat(locale, { timeZone: isDay(at) ? "UTC" : of, ...options }).format(new Date(at)).replace(/\u202f/g, "\u00a0");
}

/** `17:48` */
export const time = (at: Instant, of = zone): string => dated(at, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }, of);
/** `17:48:09` */
export const timeExact = (at: Instant): string => dated(at, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
/** `26 Nov`, with its year where that is another than now's. */
export function date(at: Instant): string {
  const other = new Date(at).getFullYear() !== new Date().getFullYear();
  return dated(at, { day: "numeric", month: "short", year: other ? "numeric" : undefined });
}
/** `26 November 2026` */
export const month = (at: Instant): string => dated(at, { month: "short", year: "numeric" });
export const dateLong = (at: Instant): string => dated(at, { day: "numeric", month: "long", year: "numeric" });
/** The day that it is where the programme is: `2026-11-26`. */
export const dayOf = (at: Instant): string => new Intl.DateTimeFormat("en-CA", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" }).format(new Date(at));
/** The day that it is there now. */
export const dayNow = (): string => dayOf(Date.now());
/** `Monday 23 November, 17:48` */
export function today(at: Instant): string {
  const day = dated(at, { weekday: "long", day: "numeric", month: "long" });
  return `${day.charAt(0).toUpperCase()}${day.slice(1)}, ${time(at)}`;
}
/** `26 November 2026 at 17:48:09`: for a tooltip. */
export const exact = (at: Instant): string => `${dateLong(at)}, ${timeExact(at)}`;

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];

/** `3 minutes ago` within a day, then the date. */
export function ago(at: Instant, now = Date.now()): string {
  const seconds = (new Date(at).getTime() - now) / 1000;
  if (Math.abs(seconds) >= 86_400) return date(at);
  const [unit, size] = STEPS.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  return clean(new Intl.RelativeTimeFormat(locale, { numeric: "auto" }).format(Math.trunc(seconds / size), unit));
}

const SPANS: [string, number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];

/** A length of time in its largest unit: `2 hours`. */
export function span(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return UNKNOWN;
  if (Math.abs(seconds) < 1) return number(seconds * 1000, { style: "unit", unit: "millisecond", unitDisplay: "short", maximumFractionDigits: 0 });
  const [unit, size] = SPANS.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  return number(seconds / size, { style: "unit", unit, unitDisplay: "long", maximumFractionDigits: seconds / size < 10 && (seconds / size) % 1 ? 1 : 0 });
}

/** `a, b and c` */
export function list(items: string[]): string {
  return new Intl.ListFormat(locale, { type: "conjunction" }).format(items);
}

/** What a language or a country is called here. */
export function languageName(code: string): string {
  return named("language", code);
}
export function countryName(code: string): string {
  return named("region", code);
}

function named(type: "language" | "region", code: string): string {
  try {
    return new Intl.DisplayNames([locale], { type }).of(code) ?? code;
  } catch {
    return code;
  }
}

/** In the order of the alphabet that is read here. */
export function sorted<T>(items: readonly T[], by: (item: T) => string): T[] {
  const order = new Intl.Collator(locale, { numeric: true, sensitivity: "base" });
  return [...items].sort((a, b) => order.compare(by(a), by(b)));
}

/** A name of the files as a title: `cart-reminder` is "Cart reminder". */
export function titled(name: string): string {
  const text = name.replace(/[-_]+/g, " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** What the server says, which may begin anywhere, as a sentence. */
export function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.?!…]$/.test(begun) ? begun : `${begun}.`;
}
