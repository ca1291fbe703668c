import { mount } from "svelte";
import App from "./App.svelte";
import { write } from "./format.ts";
import { load, screenAt } from "./screens.ts";
import { open } from "./session.svelte.ts";
import { currentLanguage, dress } from "./theme.ts";
import { learnFirst, speak } from "./words.ts";

const language = currentLanguage();
document.documentElement.lang = language;
dress();
write(language);
speak(language);

// The words, the door and the screen of this address are asked for at the same time; none waits for another.
const asked = screenAt(location.pathname);
// A screen that cannot be had says so where it is to be drawn.
if (asked) load(asked.screen).catch(() => {});
await Promise.all([learnFirst(), open()]);

const target = document.getElementById("console");
if (target) mount(App, { target });
