// Addresses of screens: patterns, what they match, and how an address is written. It knows no screen and no browser.

/** The names in a pattern: of "/people/:person" it is "person". */
export type Names<P extends string> = P extends `${string}:${infer Name}/${infer Rest}`
  ? Name | Names<`/${Rest}`>
  : P extends `${string}:${infer Name}`
    ? Name
    : never;

export type Params<P extends string> = { [N in Names<P>]: string };

export type Query = Record<string, string | number | boolean | null | undefined>;

/** What stands in the path where the pattern has names, or null where the path is another's. */
export function match(pattern: string, path: string): Record<string, string> | null {
  const wanted = parts(pattern);
  const given = parts(path);
  if (wanted.length !== given.length) return null;
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const is = given[index] ?? "";
    if (part.startsWith(":")) {
      const value = decoded(is);
      if (value === null) return null;
      params[part.slice(1)] = value;
    } else if (part !== is) return null;
  }
  return params;
}

/** The address of a screen. What is null, undefined, false or empty in the query is left out. */
export function href<P extends string>(
  pattern: P,
  ...rest: Names<P> extends never ? [params?: null, query?: Query] : [params: Params<P>, query?: Query]
): string {
  const params = (rest[0] ?? {}) as Record<string, string>;
  const path = parts(pattern).map((part) => (part.startsWith(":") ? encoded(params[part.slice(1)] ?? "") : part));
  return `/${path.join("/")}${queryText(rest[1] ?? {})}`;
}

/** A query as text, its keys in the order in which they were given. */
export function queryText(query: Query): string {
  const kept = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== false && value !== "");
  const text = kept.map(([key, value]) => `${encoded(key)}=${value === true ? "1" : encoded(String(value))}`).join("&");
  return text && `?${text}`;
}

/** The query with some of its values changed; what becomes null goes. */
export function changed(search: string, changes: Query): string {
  return queryText({ ...Object.fromEntries(new URLSearchParams(search)), ...changes });
}

function parts(path: string): string[] {
  return path.split("/").filter((part) => part !== "");
}

/** People read addresses: what a path may hold as it is stays as it is. */
function encoded(value: string): string {
  return encodeURIComponent(value).replace(/%3A/g, ":").replace(/%40/g, "@").replace(/%2C/g, ",");
}

function decoded(value: string): string | null {
  try {
    return decodeURIComponent(value);
  } catch {
    return null;
  }
}
