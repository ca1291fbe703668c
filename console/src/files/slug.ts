// Names as the files allow them.

/** Of what somebody calls it: lower-case letters, digits, `-` and `_`, and it begins with a letter. */
export function slugOf(title: string): string {
  return title
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, "-")
    .replace(/^[^a-z]+|-+$/g, "");
}
