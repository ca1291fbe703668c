// The addresses that tests and pictures look at: one of each screen, with names of the sample shop. Whoever adds a screen adds
// a row.

export const ADDRESSES = {
  today: "/",
  mailbox: "/mailbox",
  letter: "/mailbox/1",
  programme: "/settings/programme",
  purposes: "/settings/purposes",
  keys: "/settings/keys",
  health: "/settings/health",
  console: "/settings/console",
  missing: "/settings/a/b/c",
};
