// The parts of Messages. Only the sample shop has a mailbox of its own.

import { to } from "../../screens.ts";
import { session } from "../../session.svelte.ts";
import { say } from "../../words.ts";

export function tabs(messages?: number): { key: string; label: string; href: string; count?: number }[] {
  const all = [
    { key: "messages", label: say("menu.messages"), href: to("messages"), count: messages },
    { key: "slots", label: say("menu.slots"), href: to("slots") },
  ];
  return session.demo ? [...all, { key: "mailbox", label: say("menu.mailbox"), href: to("mailbox") }] : all;
}
