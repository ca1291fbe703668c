// A purpose and the head of a programme as their definitions say them.

export type OptIn = "single" | "none";

export function programmeOf(name: string, languages: readonly string[], timezone: string): Record<string, unknown> {
  return { programme: name, languages: [...languages], timezone };
}

/** In one language a title is a text, in several a text for each. */
export function purposeOf(titles: Readonly<Record<string, string>>, languages: readonly string[], channels: readonly string[], optIn: OptIn): Record<string, unknown> {
  const said = Object.fromEntries(languages.map((language) => [language, (titles[language] ?? "").trim()]));
  const [first] = languages;
  return { title: languages.length === 1 && first ? said[first] : said, channels: [...channels], opt_in: optIn };
}
