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
  journeys: "/journeys",
  journey: "/journeys/cart-reminder",
  journey_step: "/journeys/cart-reminder?step=2&text=1",
  journey_entry: "/journeys/cart-reminder?step=enter",
  journey_people: "/journeys/cart-reminder?tab=runs",
  journey_versions: "/journeys/cart-reminder?tab=versions",
  journey_dry: "/journeys/cart-reminder?dry=1h",
  broadcasts: "/broadcasts?open=new-oil",
  messages: "/messages",
  message: "/messages/cart-reminder",
  message_source: "/messages/cart-reminder?part=source&on=screen&light=dark",
  message_site: "/messages/hamper",
  slots: "/slots",
  offers: "/offers",
  offer: "/offers/friends",
  missing: "/settings/a/b/c",
};
