// The parts of a programme in its canonical form that the screens of numbers read.

/** Amounts are whole millionths, so that nothing is rounded. */
export interface Amount {
  millionths: number;
  currency: string;
}

export interface CampaignOutline {
  objective?: string;
  phase?: string | null;
  from: string;
  until: string;
  budget?: Amount | null;
  channels?: Record<string, { direction: "inbound" | "outbound"; paid?: boolean }>;
  messages?: string[];
  offers?: string[];
  codes?: string[];
  named?: string[];
}

export interface Cap {
  at_most: number;
  within: number;
  channels?: string[];
  purposes?: string[];
}

export interface ContactPolicy {
  caps?: Cap[];
  quiet_hours?: { from: number; to: number; channels?: string[] } | null;
  fatigue?: { after: number; within: number; then: Cap } | null;
  fewer?: Cap | null;
  exclusions?: { only_one_of: string[]; within: number }[];
  holdout_permille?: number;
  patience?: number;
}

export interface PieceOutline {
  title: string;
  space: string;
  by: string;
  on: string;
  minutes?: number;
  expertise?: string;
  intent?: string;
  state?: string;
}

export interface Purpose {
  title: string | Record<string, string>;
  channels?: string[];
  opt_in?: string;
  confirm?: string | null;
  wording?: unknown;
  soft_opt_in?: unknown;
  third_party?: boolean;
  tracks_opens?: boolean;
  remembers?: boolean;
}

export interface Outline {
  name?: string;
  timezone?: string;
  languages?: string[];
  currency?: string;
  purchase?: { event: string; amount: string };
  purposes?: Record<string, Purpose>;
  contact_policy?: ContactPolicy | null;
  channels?: { own_hosts?: string[]; rules?: { channel?: string; direction?: "inbound" | "outbound" }[] };
  campaigns?: Record<string, CampaignOutline>;
  editorial?: {
    spaces?: Record<string, { url?: string | null; every_days: number }>;
    contributors?: Record<string, { minutes_a_week: number; expertise?: string }>;
    pieces?: Record<string, PieceOutline>;
  };
  pages?: Record<string, unknown>;
  forms?: Record<string, unknown>;
  journeys?: Record<string, { priority?: number; contact_policy?: unknown }>;
  broadcasts?: Record<string, { at?: unknown }>;
  messages?: Record<string, { priority?: number }>;
}

export const amountOf = (amount: Amount | null | undefined): number | null => (amount ? amount.millionths / 1e6 : null);
export const seconds = (milliseconds: number): number => milliseconds / 1000;

/** A text of the programme, in the language that is read where there is one. */
export function worded(text: unknown, language: string): string {
  if (typeof text === "string") return text;
  const texts = (text ?? {}) as Record<string, string>;
  return texts[language] ?? Object.values(texts)[0] ?? "";
}

/** Minutes since midnight as a clock shows them. */
export const clock = (minutes: number): string => `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
