// An offer as its file says it, where it is shown, and what may contradict it.

export interface OfferForm {
  offer: string;
  content: Record<string, { title: string; text?: string; terms?: string; image?: string; url?: string }>;
  value?: string | number | { amount: number | string; currency: string } | Record<string, string>;
  eligible?: string;
  from?: string;
  until?: string;
  lasts?: string;
  stock?: { given?: number | string; redeemed?: number | string };
  codes?: string | { shared: string };
  "redeemed by"?: { event: string; code?: string };
  "per person"?: number | string;
  priority?: number | string;
}

type Plain = Record<string, unknown>;

export interface Use {
  kind: "message" | "journey" | "link" | "page" | "form";
  name: string;
}

/** Every definition that shows an offer or gives it. */
export function uses(programme: Plain, offer: string): Use[] {
  const all: Use[] = [];
  for (const [name, message] of entries(programme.messages)) if (message.offer === offer) all.push({ kind: "message", name });
  for (const [name, journey] of entries(programme.journeys)) if (gives(journey.steps, offer)) all.push({ kind: "journey", name });
  const inUrl = new RegExp(`trama_offer=${offer.replace(/[.\\]/g, "\\$&")}(?![\\w.-])`);
  for (const [part, kind] of [["links", "link"], ["pages", "page"], ["forms", "form"]] as const) {
    for (const [name, one] of entries(programme[part])) if (one.offer === offer || inUrl.test(JSON.stringify(one))) all.push({ kind, name });
  }
  return all;
}

function gives(node: unknown, offer: string): boolean {
  if (Array.isArray(node)) return node.some((one) => gives(one, offer));
  if (node === null || typeof node !== "object") return false;
  return Object.entries(node).some(([key, value]) => (key === "offer" && value === offer) || gives(value, offer));
}

export interface Conflict {
  with: string[];
  within: number;
}

/** Other messages and offers of which nobody gets two, by the contact policy. */
export function conflicts(programme: Plain, offer: string): Conflict[] {
  const { exclusions = [] } = (programme.contact_policy ?? {}) as { exclusions?: { only_one_of: string[]; within: number }[] };
  return exclusions.filter((one) => one.only_one_of.includes(`offer ${offer}`)).map((one) => ({ with: one.only_one_of.filter((other) => other !== `offer ${offer}`), within: one.within }));
}

/** Other offers that last at the same time and keep nobody apart by a rule. */
export function beside(programme: Plain, offer: string): string[] {
  const apart = new Set(conflicts(programme, offer).flatMap((one) => one.with));
  const own = entries(programme.offers).find(([name]) => name === offer)?.[1];
  return entries(programme.offers)
    .filter(([name, other]) => name !== offer && !apart.has(`offer ${name}`) && own && overlap(own, other))
    .map(([name]) => name);
}

function overlap(a: Plain, b: Plain): boolean {
  const [fromA, untilA] = [String(a.from ?? ""), String(a.until ?? "9")];
  const [fromB, untilB] = [String(b.from ?? ""), String(b.until ?? "9")];
  return fromA <= untilB && fromB <= untilA;
}

const entries = (part: unknown) => Object.entries((part ?? {}) as Record<string, Plain>);

/** The engine's form as the file's, for servers that cannot tell the file. */
export function fromCanonical(name: string, of: Plain): OfferForm {
  const content = Object.fromEntries(Object.entries(of.content as OfferForm["content"]).map(([language, words]) => [language, Object.fromEntries(Object.entries(words).filter(([, text]) => text !== "")) as { title: string }]));
  const form: OfferForm = { offer: name, content };
  const value = of.value as Plain | undefined;
  if (value?.words) form.value = value.words as Record<string, string>;
  else if (typeof value?.percent === "number") form.value = `${value.percent / 10}%`;
  else if (value) form.value = value as unknown as OfferForm["value"];
  for (const field of ["eligible", "from", "until"] as const) if (of[field]) form[field] = String(of[field]);
  if (of.stock) form.stock = of.stock as OfferForm["stock"];
  if (of.codes) form.codes = of.codes === "own" ? "one a person" : (of.codes as OfferForm["codes"]);
  if (of.priority) form.priority = Number(of.priority);
  if (typeof of.per_person === "number" && of.per_person !== 1) form["per person"] = of.per_person;
  return form;
}

/** Codes as somebody pastes them: one a line, or with commas; each once. */
export function codesOf(text: string): string[] {
  return [...new Set(text.split(/[\s,;]+/).filter(Boolean))];
}
