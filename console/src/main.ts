import { mount } from "svelte";
import App from "./App.svelte";
import { write } from "./format.ts";
import { open } from "./session.svelte.ts";
import { currentLanguage, dress } from "./theme.ts";
import { speak, wordsOf } from "./words.ts";

const language = currentLanguage();
document.documentElement.lang = language;
dress();
write(language);

// The words and the door are asked for at the same time; neither waits for the other.
const [words] = await Promise.all([wordsOf(language), open()]);
speak(language, words);

const target = document.getElementById("console");
if (target) mount(App, { target });
