// A message as its folder says it: which channels and languages it has, what is missing, and what to look at before it leaves.

import type { Finding } from "../../definition.ts";

export type Localized = string | Record<string, string>;

export interface Site {
  format?: string;
  slot?: string;
  purpose?: string;
  for?: string;
  trigger?: string | { after: string } | { scroll: string };
  "at most"?: { times: number | string; within: string };
  silent?: string;
  expires?: string;
  title?: Localized;
  text?: Localized;
  image?: { url: string; alt?: Localized };
  button?: { text: Localized; url: string };
  close?: Localized;
  html?: Localized;
}
export interface MessageForm {
  message: string;
  offer?: string;
  priority?: number | string;
  patience?: string;
  email?: { from: string; reply_to?: string; subject: Localized; tracking?: unknown };
  onsite?: Site;
  in_app?: Site;
  variants?: Record<string, unknown>;
}
export type Channel = "email" | "onsite" | "in_app";
export const CHANNELS = ["email", "onsite", "in_app"] as const;

type Plain = Record<string, unknown>;

export function channelsOf(message: Plain | MessageForm | undefined): Channel[] {
  return CHANNELS.filter((channel) => (message as Plain | undefined)?.[channel]);
}

export function inLanguage(text: Localized | undefined, language: string): string {
  return typeof text === "string" ? text : (text?.[language] ?? "");
}

/** A text with another wording in one language. One for all becomes one for each, as soon as they differ. */
export function withLanguage(text: Localized | undefined, language: string, words: string, languages: readonly string[]): Localized {
  if (typeof text === "string") return languages.length === 1 ? words : { ...Object.fromEntries(languages.map((one) => [one, text])), [language]: words };
  return { ...text, [language]: words };
}

/** The file of a mail's body beside its message. */
export function templateOf(language: string, ending: "mjml" | "html" | "txt"): string {
  return ["email", language, ending].join(".");
}

/** Languages of the programme in which some words of a channel are not there. */
export function missing(form: MessageForm, templates: Record<string, string>, languages: readonly string[], channel: Channel): string[] {
  if (channel === "email") {
    return languages.filter((language) => !inLanguage(form.email?.subject, language) || !(templates[templateOf(language, "mjml")] || templates[templateOf(language, "html")] || templates[templateOf(language, "txt")]));
  }
  const site = form[channel];
  const texts = [site?.title, site?.text, site?.button?.text, site?.close].filter((text): text is Localized => typeof text === "string" || Object.values(text ?? {}).some(Boolean));
  return languages.filter((language) => texts.some((text) => !inLanguage(text, language)));
}

/** The engine's form as the folder's, for servers that cannot tell the folder. */
export function fromCanonical(name: string, of: Plain, span: (ms: number) => string): { form: MessageForm; templates: Record<string, string> } {
  const form: MessageForm = { message: name };
  const templates: Record<string, string> = {};
  for (const field of ["offer", "priority"] as const) if (of[field]) form[field] = of[field] as never;
  if (typeof of.patience === "number") form.patience = span(of.patience);
  const email = of.email as (Plain & { templates: Record<string, Record<string, string | null>> }) | null | undefined;
  if (email) {
    form.email = { from: String(email.from), ...(email.reply_to ? { reply_to: String(email.reply_to) } : {}), subject: email.subject as Localized };
    for (const [language, files] of Object.entries(email.templates)) {
      for (const [kind, ending] of [["mjml", "mjml"], ["html", "html"], ["text", "txt"]] as const) if (files[kind]) templates[templateOf(language, ending)] = files[kind] as string;
    }
  }
  for (const channel of ["onsite", "in_app"] as const) {
    const site = of[channel] as (Plain & { blocks?: Site }) | undefined;
    if (!site) continue;
    const { blocks, at_most, within, silent, expires, trigger, ...rest } = site;
    form[channel] = {
      ...rest,
      ...(typeof trigger === "object" && trigger && "after" in trigger ? { trigger: { after: span(Number(trigger.after)) } } : trigger ? { trigger: trigger as string } : {}),
      ...(at_most ? { "at most": { times: Number(at_most), within: span(Number(within)) } } : {}),
      ...(silent ? { silent: span(Number(silent)) } : {}),
      ...(expires ? { expires: span(Number(expires)) } : {}),
      ...blocks,
    };
  }
  return { form, templates };
}

/** Whether a finding is about a field of the mail, in a language or in all. */
export function placeOf(finding: Finding, field: string, language: string): boolean {
  const place = finding.place ?? "";
  return place.endsWith(`.email.${field}`) || place.endsWith(`.email.${field}.${language}`);
}

/** What is wrong in one template, as characters of its text: from the place that is named to the end of its word. */
export function inFile(source: string, file: string, findings: readonly Finding[]): { from: number; to: number; message: string; severity: "error" | "warning" }[] {
  const lines = source.split("\n");
  return findings.flatMap((finding) => {
    const line = lines[finding.line - 1];
    if (line === undefined || finding.file.split("/").at(-1) !== file) return [];
    const start = Math.min(line.length, Math.max(0, finding.column - 1));
    const from = lines.slice(0, finding.line - 1).reduce((sum, one) => sum + one.length + 1, 0) + start;
    const word = /^\S+/.exec(line.slice(start))?.[0].length ?? 1;
    return [{ from, to: Math.min(source.length, from + word), message: [finding.message, finding.suggestion].filter(Boolean).join(": "), severity: finding.severity }];
  });
}

export interface Preview {
  subject: string;
  html?: string | null;
  text: string;
  html_bytes: number;
  unsubscribe?: string | null;
  missing: string[];
  unknown: string[];
  warnings: string[];
}
export interface Check {
  key: "unsubscribe" | "size" | "subject" | "subject_long" | "traits" | "unknown" | "alt" | "links" | "language" | "warning";
  /** Whether it is as it should be. */
  fine: boolean;
  /** What it is about: names, a number, a sentence of the server. */
  about?: string;
  number?: number;
  /** Where one mends it. */
  fix?: { language?: string; field?: "subject" | "source" };
}

/** What Gmail shows of a mail before it cuts it. */
const HTML_MAX_BYTES = 102 * 1024;
const SUBJECT_MAX = 60;

export function checks(preview: Preview, without: readonly string[], asked: boolean): Check[] {
  const html = preview.html ?? "";
  const images = [...html.matchAll(/<img\b[^>]*>/g)].map((found) => found[0]).filter((tag) => !/\balt="[^"]+"/.test(tag) && !/\b(width|height)="1"/.test(tag));
  const links = [...html.matchAll(/<a\b[^>]*\bhref="([^"]*)"/g)].map((found) => found[1] ?? "").filter((url) => !/^(https:\/\/[^/]+\.[^/]|mailto:|tel:|https?:\/\/(127\.0\.0\.1|localhost))/.test(url));
  const all: Check[] = [
    { key: "subject", fine: preview.subject.trim() !== "", fix: { field: "subject" } },
    { key: "subject_long", fine: preview.subject.length <= SUBJECT_MAX, number: preview.subject.length, fix: { field: "subject" } },
    { key: "size", fine: preview.html_bytes < HTML_MAX_BYTES, number: preview.html_bytes, fix: { field: "source" } },
    { key: "alt", fine: images.length === 0, number: images.length, fix: { field: "source" } },
    { key: "links", fine: links.length === 0, about: [...new Set(links)].join(", "), fix: { field: "source" } },
    { key: "traits", fine: preview.missing.length === 0, about: preview.missing.join(", "), fix: { field: "source" } },
    { key: "unknown", fine: preview.unknown.length === 0, about: preview.unknown.join(", "), fix: { field: "source" } },
    { key: "language", fine: without.length === 0, about: without.join(" "), fix: { language: without[0] } },
  ];
  // What belongs to a contract has nothing to unsubscribe from.
  if (asked) all.unshift({ key: "unsubscribe", fine: !!preview.unsubscribe && html.includes("unsubscribe"), fix: { field: "source" } });
  return [...all.filter((check) => !check.fine), ...preview.warnings.map((about): Check => ({ key: "warning", fine: false, about })), ...all.filter((check) => check.fine)];
}

/** Messages of one place on a page, the one that goes first at the top. */
export function slots(messages: Record<string, Plain>): Map<string, { name: string; site: Site; priority: number }[]> {
  const all = new Map<string, { name: string; site: Site; priority: number }[]>();
  for (const [name, message] of Object.entries(messages)) {
    const site = message.onsite as (Site & { blocks?: Site }) | undefined;
    if (!site) continue;
    const slot = site.slot ?? "";
    all.set(slot, [...(all.get(slot) ?? []), { name, site: { ...site, ...site.blocks }, priority: Number(message.priority ?? 0) }]);
  }
  for (const list of all.values()) list.sort((a, b) => b.priority - a.priority || a.name.localeCompare(b.name));
  return all;
}
