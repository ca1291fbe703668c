// What waits for somebody, in order of weight: found in what the API says, by nothing else. Each has a way to be done.

/** One thing to do. Its words are keys with values; where it is done is an address. */
export interface Waiting {
  id: string;
  /** The heavier comes first. */
  weight: number;
  /** Whether something is broken, and not only due. */
  broken: boolean;
  title: { key: string; values: Record<string, string | number> };
  why: { key: string; values: Record<string, string | number> };
  act: string;
  href: string;
}

/** The parts of the API's answers that are looked at; what was not asked is absent, and waits for nobody. */
export interface Found {
  sends?: Record<string, number>;
  rejects?: number;
  staleRegisters?: string[];
  journeys?: { name: string; title: string; standing: string; active: number; sends: { wished: number; send: number } }[];
  spaces?: { space: string; stage: string; last?: string | null; every_days: number; selling: number; of: number }[];
  offers?: { name: string; given: number; left_to_give?: number | null; codes_left?: number | null; warning?: string | null }[];
  webhooks?: { name: string; waiting: number; off?: unknown; failing_since?: string | null }[];
  now: number;
}

const DAY_MS = 86_400_000;
/** An offer is low when less than this share of it is left, or fewer than so many. */
const LOW_SHARE = 0.1;
const LOW_COUNT = 10;
/** From this share on, a space that is written for is one that sells. */
const SELLING = 1 / 3;

export function waiting(found: Found): Waiting[] {
  const all = [...sends(found), ...webhooks(found), ...registers(found), ...journeys(found), ...offers(found), ...spaces(found)];
  return all.sort((a, b) => b.weight - a.weight || a.id.localeCompare(b.id));
}

type Values = Record<string, string | number>;

function item(id: string, weight: number, key: string, values: Values, href: string, broken = false): Waiting {
  return { id, weight, broken, title: { key: `waiting.${key}`, values }, why: { key: `waiting.${key}_why`, values }, act: `waiting.${key}_act`, href };
}

function sends({ sends = {} }: Found): Waiting[] {
  const { unknown = 0, failed = 0 } = sends;
  return [
    ...(failed > 0 ? [item("failed", 90, "failed", { n: failed }, "/governor/decisions?status=failed", true)] : []),
    ...(unknown > 0 ? [item("unknown", 80, "unknown", { n: unknown }, "/governor/decisions?status=unknown", true)] : []),
  ];
}

function webhooks({ webhooks = [] }: Found): Waiting[] {
  return webhooks
    .filter((one) => one.off || one.failing_since)
    .map((one) => item(`webhook ${one.name}`, one.off ? 75 : 60, one.off ? "webhook_off" : "webhook_failing", { name: one.name, n: one.waiting }, "/settings/channels", true));
}

function registers({ staleRegisters = [] }: Found): Waiting[] {
  return staleRegisters.map((name) => item(`register ${name}`, 70, "register", { name }, "/settings/data"));
}

/** A pause that nobody ends keeps people waiting. */
function journeys({ journeys = [] }: Found): Waiting[] {
  return journeys
    .filter((one) => one.standing === "paused" && one.active > 0)
    .map((one) => item(`journey ${one.name}`, 50, "paused", { name: one.title, n: one.active }, `/journeys/${encodeURIComponent(one.name)}`));
}

function offers({ offers = [] }: Found): Waiting[] {
  return offers.flatMap((one) => {
    const left = [one.left_to_give, one.codes_left].filter((value): value is number => typeof value === "number");
    const least = Math.min(...left);
    const low = left.length > 0 && one.given > 0 && (least < LOW_COUNT || least < LOW_SHARE * (one.given + least));
    return low ? [item(`offer ${one.name}`, least === 0 ? 55 : 40, least === 0 ? "offer_out" : "offer_low", { name: one.name, n: least }, `/offers/${encodeURIComponent(one.name)}`)] : [];
  });
}

const STAGES: Record<string, number> = { slowing: 20, silent: 30, abandoned: 25 };

function spaces({ spaces = [], now }: Found): Waiting[] {
  return spaces.flatMap((one) => {
    const weight = STAGES[one.stage];
    const days = one.last ? Math.floor((now - Date.parse(one.last)) / DAY_MS) : 0;
    if (weight !== undefined && one.last) return [item(`space ${one.space}`, weight, one.stage, { name: one.space, n: days, every: one.every_days }, "/campaigns?tab=content")];
    const sells = one.of >= 3 && one.selling / one.of > SELLING;
    return sells ? [item(`space ${one.space}`, 15, "selling", { name: one.space, n: one.selling, of: one.of }, "/campaigns?tab=content")] : [];
  });
}
