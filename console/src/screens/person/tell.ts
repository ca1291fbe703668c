// What a thing in the thread is called, and the line under it.

import { deed } from "../../deeds.ts";
import { count, date, span, time, titled } from "../../format.ts";
import type { IconName } from "../../ui/Icon.svelte";
import { say, says } from "../../words.ts";
import { channelOf } from "./portrait.ts";
import type { Burst, SendView, Stitch, TouchView } from "./thread.ts";

export interface Told {
  icon: IconName;
  title: string;
  detail: string;
}

const ICONS: Record<string, IconName> = {
  "Product Added": "cart",
  "Product Removed": "cart",
  "Checkout Started": "cart",
  "Message Opened": "letter",
  "Message Clicked": "letter",
  "Message Unsubscribed": "withheld",
  "QR Scanned": "code",
  "Guide Read": "table",
  "Call Completed": "phone",
  "Call Received": "phone",
  Identified: "person",
  "Newsletter Requested": "check",
};
const OF_CHANNEL: Record<string, IconName> = { email: "letter", push: "bell", web_push: "bell", in_app: "browser", onsite: "browser", sms: "letter" };
const HOUR_S = 3600;

export function told(stitch: Stitch): Told {
  if (stitch.send) return ofSend(stitch.send);
  if (!stitch.event) return ofTouch(stitch.touch);
  const { name, properties } = stitch.event;
  const of = (properties ?? {}) as Record<string, unknown>;
  const lost = stitch.event.trimmed ? say("thread.trimmed") : "";
  const { words, details } = deed({ name, properties: of });
  if (stitch.side === "knot") {
    const order = typeof of.order_id === "string" ? say("thread.order", { id: of.order_id }) : words;
    return { icon: "star", title: order, detail: joined([details, typeof of.coupon === "string" ? say("thread.coupon", { code: of.coupon }) : "", lost]) };
  }
  const message = typeof of.message === "string" ? say("thread.of_message", { message: titled(of.message) }) : "";
  const slug = name.toLowerCase().replace(/[^a-z0-9]+/g, "_");
  const icon = ICONS[name] ?? (name.startsWith("Message ") ? (OF_CHANNEL[String(of.channel)] ?? "letter") : "browser");
  return { icon, title: says(`thread.event_${slug}`) ? say(`thread.event_${slug}`) : words, detail: joined([details, message, from(stitch.touch), lost]) };
}

export function toldBurst({ stitches, at, from }: Burst): Told {
  const seconds = (Date.parse(at) - Date.parse(from)) / 1000;
  return { icon: "browser", title: say("thread.burst", { n: stitches.length, span: span(Math.max(1, Math.round(seconds))) }), detail: "" };
}

function ofSend(send: SendView): Told {
  const title = say("thread.message", { message: titled(send.message) });
  const icon = send.channel ? (OF_CHANNEL[send.channel] ?? "letter") : "letter";
  if (send.decision === "drop") {
    return { icon: "withheld", title: say("thread.not_sent", { message: titled(send.message) }), detail: reason(send) };
  }
  if (send.status === "deferred") {
    const again = send.until ? say("thread.tries", { when: day(send.until) }) : "";
    return { icon: "clock", title: say("thread.deferred", { message: titled(send.message) }), detail: joined([reason(send), again]) };
  }
  const waited = (Date.parse(send.settled_at ?? send.decided_at) - Date.parse(send.decided_at)) / 1000;
  const state = says(`send.${send.status}`) ? say(`send.${send.status}`) : send.status;
  const after = send.status === "accepted" && waited > 0 && waited < HOUR_S ? say("thread.after", { span: span(waited) }) : "";
  const reactions = [send.clicked_at && say("send.clicked"), !send.clicked_at && send.opened_at && say("send.opened")].filter(Boolean);
  return { icon, title, detail: joined([send.channel ? channelOf(send.channel) : "", `${state}${after && ` ${after}`}`, ...reactions.map(String)]) };
}

/** Why it was not sent, in the words of the console, or the server's where they are newer. */
export function reason(send: Pick<SendView, "reason" | "explanation">): string {
  return says(`reason.${send.reason ?? ""}`) ? say(`reason.${send.reason ?? ""}`) : (send.explanation ?? "");
}

function ofTouch(touch: TouchView | undefined): Told {
  if (!touch) return { icon: "help", title: "", detail: "" };
  const title = touch.paid || touch.direction === "outbound" ? say("thread.seen_ad", { channel: channelOf(touch.channel) }) : say("thread.came_by", { channel: channelOf(touch.channel) });
  return { icon: "horn", title, detail: joined([touch.campaign, touch.source]) };
}

function from(touch: TouchView | undefined): string {
  return touch ? joined([say("thread.came_by", { channel: channelOf(touch.channel) }), touch.campaign]) : "";
}

function day(at: string): string {
  return `${date(at)}, ${time(at)}`;
}

function joined(parts: (string | null | undefined)[]): string {
  return parts.filter(Boolean).join(" · ");
}

/** Values of a record as they are read: texts as they are, lists and parts in short. */
export function valueText(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return Number.isInteger(value) ? count(value) : String(value);
  return JSON.stringify(value);
}
