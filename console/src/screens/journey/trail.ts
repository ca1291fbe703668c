// One person through a journey: where each thing happened that a dry run tells of them, and why, in words.

import { time, date } from "../../format.ts";
import { say, says } from "../../words.ts";
import type { Moment } from "./dry.ts";

/** That somebody was at a step: as the how manieth, and when. */
export interface Visit {
  number: number;
  when: string;
}

/** The step at which a moment is: where somebody came to, or was. */
export function placeOfMoment(moment: Moment): string | undefined {
  return moment.to ?? moment.step;
}

/** The steps that somebody came to, in their order; a step that they came to again has the last time. */
export function trailOf(moments: readonly Moment[]): Map<string, Visit> {
  const all = new Map<string, Visit>();
  let number = 0;
  for (const moment of moments) {
    if (moment.to !== undefined) all.set(moment.to, { number: (number += 1), when: moment.at });
  }
  return all;
}

export const instant = (at: string): string => `${date(at)}, ${time(at)}`;

/** Why something happened, as the server says it, and where that has words. An expression of the programme stays as it is. */
const WHYS: Record<string, string> = {
  "the wait is over": "dry.why_wait",
  "the split drew it": "dry.why_split",
  "no answer came in time": "dry.why_no_answer",
  "no condition of the branch that leads elsewhere holds": "dry.why_otherwise",
  "the steps are over": "dry.why_end",
  "the person was inside on another profile as well": "dry.why_merged",
  "the journey was changed": "dry.why_changed",
  "the journey was changed, and they go on in its newer version": "dry.why_newer",
  "the person was erased": "dry.why_erased",
  "The message is no longer part of the programme.": "reason.message_missing",
  "The message has no version for a channel that could be used.": "reason.no_rendering",
  "No address is known for this person on the channels of the message.": "reason.unreachable",
  "The address is suppressed, so nothing is sent to it.": "reason.suppressed",
  "The person never consented to this purpose.": "reason.no_consent",
  "The person has not yet confirmed the consent from their address.": "reason.consent_pending",
  "The person withdrew the consent to this purpose.": "reason.consent_withdrawn",
  "The person belongs to the holdout that shows what the journey brings.": "reason.holdout",
  "The person belongs to the holdout that shows what all messages together bring.": "reason.global_holdout",
  "It would contradict another message to the same person.": "reason.excluded",
  "The person has not responded for a while, and so gets fewer messages.": "reason.fatigue",
  "The person got as many messages as the contact policy allows.": "reason.frequency_cap",
  "It is night where the person is.": "reason.quiet_hours",
  "The person asked for fewer messages.": "reason.fewer",
  "The person asked for a pause.": "reason.paused",
  "The consent needs no confirmation any more.": "reason.already_confirmed",
  "The message waited longer than it is worth sending.": "reason.expired",
  "The journey ended while the message waited.": "reason.journey_ended",
  "The person was erased before the message went out.": "reason.erased",
  "The offer in the message is for others.": "reason.offer_ineligible",
  "The offer in the message has not begun yet.": "reason.offer_not_begun",
  "There is none left of the offer in the message.": "reason.offer_out_of_stock",
  "The offer in the message is over.": "reason.offer_expired",
  "The person has redeemed the offer in the message.": "reason.offer_redeemed",
};
const OR_OVER = ", or the time is over";

export function whyText(why: string | undefined): string {
  if (!why) return "";
  const key = WHYS[why];
  if (key && says(key)) return say(key);
  return why.endsWith(OR_OVER) ? say("dry.why_until", { until: why.slice(0, -OR_OVER.length) }) : why;
}
