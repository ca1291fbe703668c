// Records and states as sentences. One place, so that a thing is called the same on every screen.

const number = new Intl.NumberFormat();

export function count(value) {
  return number.format(value ?? 0);
}

/** `2 people`, `1 person`. */
export function some(value, one, many) {
  return `${count(value)} ${value === 1 ? one : many}`;
}

export function money(value, currency = "EUR") {
  return new Intl.NumberFormat(undefined, { style: "currency", currency }).format(value);
}

/** `cart-reminder` as a title: `Cart reminder`. */
export function title(name) {
  const words = name.replace(/[-_]+/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A message of the server, which may begin anywhere, as a sentence; the name of a field stays as it is. */
export function sentence(message) {
  const begun = /^[a-z]+ /.test(message) ? message.charAt(0).toUpperCase() + message.slice(1) : message;
  return /[.?!…]$/.test(begun) ? begun : `${begun}.`;
}

/** Who somebody is: their name, or what is known instead. */
export function who(person) {
  if (!person) return "Nobody";
  if (person.name) return person.name;
  const [kind, ...rest] = person.address.split(":");
  const value = rest.join(":");
  return kind === "anonymous_id" ? `Visitor ${value.slice(-4)}` : value;
}

export function identifier(one) {
  const names = { user_id: "Customer", email: "Email", phone: "Phone", anonymous_id: "Browser", device_token: "Device" };
  return names[one.type] ?? title(one.type);
}

/** The address of a person in the API, from a list of identifiers. */
export function address(identifiers) {
  return identifiers.length ? `${identifiers[0].type}:${identifiers[0].value}` : "";
}

const languages = new Intl.DisplayNames(["en"], { type: "language" });

export function language(code) {
  return code ? languages.of(code) : "the first language";
}

const EVENTS = {
  "Page Viewed": (p) => ["Visited", p.title || p.path || p.url],
  "Product List Viewed": (p) => ["Browsed", p.category],
  "Product Viewed": (p) => ["Looked at", p.name, p.price && money(p.price, p.currency)],
  "Product Added": (p) => ["Put into the cart", p.name, p.price && money(p.price, p.currency)],
  "Product Removed": (p) => ["Took out of the cart", p.name],
  "Checkout Started": (p) => ["Went to the checkout", p.total && money(p.total, p.currency)],
  "Order Completed": (p) => ["Ordered", (p.products ?? []).map(several).join(", "), p.total && money(p.total, p.currency)],
  "Newsletter Requested": () => ["Asked for the letter from the shop"],
  "Guide Read": (p) => ["Read the guide", p.title],
  "QR Scanned": (p) => ["Scanned a QR code", p.place],
  "Message Opened": () => ["Opened a message"],
  "Message Clicked": (p) => ["Followed a link in a message", p.url && p.url.replace(/^https?:\/\//, "").replace(/\?.*/, "")],
  "Message Unsubscribed": () => ["Unsubscribed"],
  Identified: () => ["Said who they are"],
};

function several(product) {
  return product.quantity > 1 ? `${product.quantity} × ${product.name}` : product.name;
}

/** What somebody did: a few words, and details that follow them. */
export function deed(name, properties) {
  const [words, ...details] = (EVENTS[name] ?? ((p) => [name, p.name ?? p.title]))(properties ?? {});
  return { words, details: details.filter(Boolean).join(" · ") };
}

/** What is to be done about opt-out registers whose last look is too old; nothing where there are none. */
export function stale(names = []) {
  if (!names.length) return "";
  const which = names.length === 1 ? `the opt-out register ${names[0]}` : `the opt-out registers ${names.join(", ")}`;
  return `It is time to look at ${which} again: whom the last look left out may be listed by now.`;
}

const CONSENT_WAYS = {
  event: "on a form",
  api: "told to the shop",
  double_opt_in: "with the link in the mail",
  one_click: "with one click in the mail program",
  unsubscribe_page: "on the page behind the link",
  merge: "by joining two profiles",
};

export function consentWay(source) {
  return CONSENT_WAYS[source] ?? source;
}

/** One record of the activity: who, what, from where, and of which kind it is. */
export function activity(record) {
  const from = [record.source, campaign(record.context)].filter(Boolean).join(" · ");
  const at = record.occurred_at ?? record.received_at ?? record.stated_at ?? record.at;
  if (record.kind === "event") {
    const bot = record.flags.includes("bot");
    const { words, details } = deed(record.name, record.properties);
    const signUp = record.type === "identify" ? consents(record.context) : "";
    const what = [words, details || signUp].filter(Boolean).join(" · ");
    return { at, what: bot ? `${what} · a program, not counted` : what, from, kind: bot ? "bot" : record.name === "Order Completed" ? "order" : "event" };
  }
  if (record.kind === "rejected") return { at, what: `Refused: ${record.message}`, from, kind: "refused" };
  if (record.kind === "consent_stated") {
    const way = CONSENT_WAYS[record.source] ?? record.source;
    return { at, what: `${record.granted ? "Gave consent to" : "Withdrew consent to"} ${record.purpose}, ${way}`, from: "", kind: "consent" };
  }
  if (record.kind === "suppression_stated") return { at, what: `Address ${record.lifted ? "free again" : "blocked"}: ${record.reason}`, from: "", kind: "refused" };
  if (record.kind === "profiles_merged") return { at: record.merged_at, what: `Found to be one with ${record.from.value}, says ${record.operator}`, from: "", kind: "event" };
  if (record.kind === "merge_undone") return { at: record.undone_at, what: `Found to be somebody else after all, says ${record.operator}`, from: "", kind: "event" };
  if (record.kind === "identifier_lifted") return { at: record.lifted_at, what: `${record.identifier.value} names somebody again, says ${record.operator}`, from: "", kind: "event" };
  const deeds = { opened: "Opened a message", clicked: "Followed a link in a message" };
  return { at, what: deeds[record.engagement] ?? title(record.engagement ?? record.kind), from: record.machine ? "a mail scanner" : "mail", kind: "event" };
}

function consents(context) {
  const stated = Object.entries(context?.consent?.categoryPreferences ?? {});
  const yes = stated.filter(([, given]) => given).map(([name]) => name);
  if (!stated.length) return "";
  return yes.length ? `agreed to ${yes.join(" and ")}` : "agreed to nothing";
}

function campaign(context) {
  const found = context?.campaign;
  if (found?.source) return [found.source, found.name].filter(Boolean).join(", ");
  const referrer = context?.page?.referrer;
  return referrer ? referrer.replace(/^https?:\/\/(www\.)?/, "").replace(/\/.*/, "") : "";
}

const STATUSES = {
  deferred: ["waits for a better hour", ""],
  queued: ["waits its turn", ""],
  attempted: ["being handed over", ""],
  accepted: ["delivered", "good"],
  bounced: ["came back", "bad"],
  failed: ["given up", "bad"],
  unknown: ["not known", "warn"],
  dropped: ["not sent", ""],
};

export function status(send) {
  if (send.status === "queued" && send.retry_at) return ["tried again soon", "warn"];
  return STATUSES[send.status] ?? [send.status, ""];
}

/** Why a message did not arrive, as a sentence. */
export function why(send) {
  if (send.explanation) return send.explanation;
  // Before a reply's number stands what we made of it.
  const said = send.reply?.replace(/^[a-z ]+: (?=\d{3} )/, "");
  const reply = said ? ` It said: ${said}` : "";
  if (send.status === "bounced") return `The mail server refused the address, so it is blocked from now on.${reply}`;
  if (send.status === "failed") return `It was given up.${reply}`;
  return "The process ended between the hand-over and the answer. It may have arrived, and is not sent again.";
}

const REASONS = {
  no_consent: "Never consented",
  consent_pending: "Not confirmed yet",
  consent_withdrawn: "Consent withdrawn",
  suppressed: "Address blocked",
  unreachable: "No address known",
  holdout: "Held out, to measure",
  global_holdout: "Held out of everything, to measure",
  excluded: "Contradicts another message",
  fatigue: "Does not respond",
  frequency_cap: "Has had enough for now",
  quiet_hours: "It is night there",
  journey_ended: "The journey ended",
  already_confirmed: "Nothing to confirm",
  expired: "Its moment had gone",
  message_missing: "Message no longer there",
  no_rendering: "No version for a channel",
  bounced: "Came back",
  failed: "Given up",
  unknown: "Not known",
};

export function reason(name) {
  return REASONS[name] ?? title(name);
}
