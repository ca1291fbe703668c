// How this operator's console looks and speaks. Kept in cookies, so that the server's first answer is right already.

export const LANGUAGES = ["en", "it", "fr"] as const;
export type Language = (typeof LANGUAGES)[number];
export type Theme = "system" | "light" | "dark";
export type TextSize = "100" | "112" | "125";

const YEAR_S = 31_536_000;

/** The value of a cookie in a header or in `document.cookie`. */
export function cookie(text: string, name: string): string | undefined {
  for (const pair of text.split(";")) {
    const [key, value] = pair.split("=");
    if (key?.trim() === name) return value?.trim();
  }
  return undefined;
}

/** The first language that we speak among those that are asked for. */
export function languageOf(kept: string | undefined, wanted: readonly string[]): Language {
  const asked = [kept ?? "", ...wanted].map((one) => one.slice(0, 2).toLowerCase());
  return asked.map((one) => LANGUAGES.find((ours) => ours === one)).find((one) => one !== undefined) ?? "en";
}

export function currentLanguage(): Language {
  return languageOf(cookie(document.cookie, "trama_language"), navigator.languages);
}

export function currentTheme(): Theme {
  const kept = cookie(document.cookie, "trama_theme");
  return kept === "light" || kept === "dark" ? kept : "system";
}

export function currentTextSize(): TextSize {
  const kept = cookie(document.cookie, "trama_text");
  return kept === "112" || kept === "125" ? kept : "100";
}

/** Every word and number changes with the language, so the page begins anew; the address holds what was open. */
export function setLanguage(language: Language): void {
  keep("trama_language", language);
  location.reload();
}

export function setTheme(theme: Theme): void {
  keep("trama_theme", theme);
  dress();
}

export function setTextSize(size: TextSize): void {
  keep("trama_text", size);
  dress();
}

/** Puts theme and size of text on the page. */
export function dress(): void {
  const { classList, dataset } = document.documentElement;
  const theme = currentTheme();
  classList.toggle("light", theme === "light");
  classList.toggle("dark", theme === "dark");
  dataset.text = currentTextSize();
}

function keep(name: string, value: string): void {
  document.cookie = `${name}=${value}; path=/; max-age=${YEAR_S}; samesite=lax`;
}
