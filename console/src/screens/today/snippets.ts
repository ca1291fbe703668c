// The lines with which a first event is sent, with the key in its place.

export function script(origin: string, key: string): string {
  return `<script async src="${origin}/t.js" data-write-key="${key}"></script>`;
}

export function curl(origin: string, key: string): string {
  return `curl ${origin}/v1/track -u ${key}: \\\n  -H 'content-type: application/json' \\\n  -d '${JSON.stringify(first(origin))}'`;
}

/** What this browser could have done. */
export function first(origin: string): Record<string, unknown> {
  return { event: "Page Viewed", anonymousId: "first-visitor", properties: { url: `${origin}/`, title: "Trama" } };
}
