//! Every bound of the engine, each with its reason.

use crate::at::Span;

/// Longest identifier in bytes: longer ones are bugs of a sender, not names of people.
pub const IDENTIFIER_BYTES_MAX: usize = 256;
/// Most identifiers on one record: user, anonymous, email, phone, and a few of the sender's own.
pub const RECORD_IDENTIFIERS_MAX: usize = 16;
/// Most identifiers on one profile. Beyond it a buggy sender is gluing strangers together; see Segment's own cap.
pub const PROFILE_IDENTIFIERS_MAX: usize = 1_000;
/// Most merges into one profile, for the same reason.
pub const PROFILE_MERGES_MAX: u32 = 100;
/// Different `user_id`s that may come with one other identifier. A family shares a tablet, a small office its address; what
/// more people than that come with is a till, a kiosk or a constant that a sender put there, and names nobody.
pub const IDENTIFIER_USERS_MAX: usize = 10;
/// Most emails on one profile, ever. People keep two or three, change one with each employer and misspell some; in twenty
/// years that is below ten. Segment's default of five for every type is right for a month and wrong for a life.
pub const EMAILS_MAX: u32 = 10;
/// Most phone numbers on one profile, ever: for the same reasons.
pub const PHONES_MAX: u32 = 10;
/// Most device tokens that a profile may get in [`DEVICE_TOKENS_WITHIN`]. Every installation of an app gets a new one, and so
/// do some updates: a few devices, each a dozen times a year.
pub const DEVICE_TOKENS_MAX: u32 = 50;
pub const DEVICE_TOKENS_WITHIN: Span = Span::DAY.times(365);
/// Most anonymous ids that a profile may get in [`ANONYMOUS_IDS_WITHIN`]. Some browsers forget theirs within a week, private
/// windows at once, and each app that opens pages has its own: a busy person brings several a week for years, so there is
/// no bound on their number, only on how quickly they come. A hundred in a month is an account that many people use.
pub const ANONYMOUS_IDS_MAX: u32 = 100;
pub const ANONYMOUS_IDS_WITHIN: Span = Span::DAY.times(30);
/// The same for each of a company's own types, since some of them are as short-lived as cookies.
pub const EXTERNALS_MAX: u32 = 100;
pub const EXTERNALS_WITHIN: Span = Span::DAY.times(30);
/// Most values that a programme may block besides those that are always blocked.
pub const BLOCKED_VALUES_MAX: usize = 10_000;
/// Most traits on one profile; further new names are not kept.
pub const PROFILE_TRAITS_MAX: usize = 300;
/// How long a message id is remembered, so that a second delivery of it counts for nothing.
pub const MESSAGE_ID_WINDOW: Span = Span::DAY.times(7);
/// Rejected events that an operator can list; the log keeps them all.
pub const REJECTS_LISTED_MAX: usize = 1_000;
/// Hand-overs tried for one send before it counts as failed.
pub const ATTEMPTS_MAX: u8 = 6;
/// Wait before the second attempt; doubles with each further one.
pub const RETRY_FIRST: Span = Span::MINUTE;
/// Days with a soft bounce after which an address is suppressed: a mailbox may be full for a week, and nobody empties one
/// that was full on so many days.
pub const SOFT_BOUNCE_DAYS_MAX: usize = 5;
/// And over how long at least: five newsletters of one week are one holiday.
pub const SOFT_BOUNCES_OVER: Span = Span::DAY.times(14);
/// A message that has not come back by then has arrived: relays try for five days (RFC 5321 4.5.4.1) and then tell.
pub const BOUNCE_WAIT: Span = Span::DAY.times(6);
/// A marketing message later than this has lost its moment.
pub const SEND_AGE_MAX: Span = Span::DAY.times(2);
/// How long a send waits for the contact policy where nobody says otherwise: over a night and a day of rest, after which
/// most messages have lost their moment.
pub const PATIENCE_USUAL: Span = Span::DAY.times(2);
/// Longest time that a send may wait for the contact policy: a run stands still meanwhile.
pub const PATIENCE_MAX: Span = Span::DAY.times(30);
/// Most frequency caps of a programme: each has a bit in what is kept of a send, as have that of fatigue, that of who asked
/// for fewer, and the one that bounds them all.
pub const CAPS_MAX: usize = 29;
/// Most sends that a cap allows, and most that are looked at to decide another: a person who got so many in the longest
/// window of the policy gets no more in it, whatever the caps say.
pub const CAP_SENDS_MAX: u32 = 1_000;
/// Longest window of the contact policy: what somebody was sent is looked at for so long.
pub const CONTACT_SPAN_MAX: Span = Span::DAY.times(366);
/// Most exclusions of a programme: each is looked at for every send.
pub const EXCLUSIONS_MAX: usize = 100;
/// Highest priority of a message: nobody can keep more steps apart than ten.
pub const PRIORITY_MAX: u8 = 10;
/// Responses of all arms together before anything is learned of them, where the programme says nothing: with fewer, the best
/// of three arms is still found wrong about every third time.
pub const BEST_RESPONSES_USUAL: u32 = 50;
/// Share of choices that are drawn evenly among the arms, in thousandths, where the programme says nothing: each of two arms
/// has a twentieth of all sends for good.
pub const BEST_EXPLORE_USUAL: u16 = 100;
/// Least such share: an arm that is never tried again could never be found better than it was.
pub const BEST_EXPLORE_MIN: u16 = 10;
/// How long after it left a send may be answered, where the programme says nothing: most clicks come on the first day.
pub const BEST_WITHIN_USUAL: Span = Span::DAY.times(3);
/// Longest such time: what comes later had other reasons.
pub const BEST_WITHIN_MAX: Span = Span::DAY.times(30);
/// Sends of everybody that count as much as one person's own: after ten of their own, half of what is expected of them is
/// theirs.
pub const BEST_OWN_WEIGHT: u32 = 10;
/// Newest sends of a person that are looked at for what is best for them: who they were years ago says little.
pub const BEST_SENDS_LOOKED_AT_MAX: usize = 200;
/// Longest wait for a best hour, and the usual one: after a day the hours come round again.
pub const BEST_HOURS_WITHIN_MAX: Span = Span::HOUR.times(24);
/// Shortest: in less there is one hour, or two.
pub const BEST_HOURS_WITHIN_MIN: Span = Span::HOUR.times(2);
/// Newest choices of a set of arms of which the shares are told.
pub const BEST_LATELY: usize = 100;
/// Newest choices that can be explained with what was known of each arm; of older ones the ledger says how they were made.
/// They are in the head of every snapshot, with a hundred bytes each.
pub const BEST_EXPLAINED_MAX: usize = 1_000;
/// Sheets of the ledger that are kept open for being written to: those of the sends that are under way, some two megabytes.
pub const SHEETS_OPEN_MAX: usize = 1_024;
/// Most variants of a message besides the original: each needs responses of its own.
pub const VARIANTS_MAX: usize = 9;
/// Changes of the clocks that are looked at to find the end of one night: there is hardly ever a second one.
pub const CLOCK_CHANGES_MAX: usize = 8;
/// Most looks at zones to find an hour at which it is night in none of them: two rounds of a day.
pub const ZONES_MAX: usize = 64;
/// Most offers of a programme: each is looked at for every event by which offers are redeemed.
pub const OFFERS_MAX: usize = 500;
/// Most offers that one person is given, ever. Who had so many is tired of them, and each is kept for good, so that none is
/// redeemed twice.
pub const PROFILE_OFFERS_MAX: usize = 200;
/// Longest time that an offer lasts from when it was given: ten years, after which no till honours it.
pub const OFFER_DAYS_MAX: Span = Span::DAY.times(3_653);
/// Longest code: longer ones are typed by nobody.
pub const OFFER_CODE_CHARS_MAX: usize = 64;
/// Most codes that an offer is given from lists. They are in the head of every snapshot, where a few megabytes are little.
pub const OFFER_CODES_MAX: usize = 100_000;
/// Codes in one record: as many as make a batch of usual size.
pub const CODES_IN_RECORD_MAX: usize = 5_000;
/// People whom one act of an operator is about: a merge is about two.
pub const ACT_PEOPLE_MAX: usize = 2;
/// What is told of how something was before an operator changed it, and of how it is since: a screen of JSON each. Larger
/// things are cut to their names and sizes; the log has them whole in other records.
pub const ACT_TEXT_BYTES_MAX: usize = 16 << 10;
/// Codes that are left when an operator is told to bring more: what a busy day hands out.
pub const CODES_FEW: usize = 100;
/// Steps that one run may take at one instant. A journey has no loops, so only a bug can reach it.
pub const RUN_STEPS_MAX: usize = 1_000;
/// Runs of one person that one record or timer may begin. Journeys that begin each other for ever end here.
pub const RUNS_AT_ONCE_MAX: usize = 100;
/// Most steps of a journey, arms of branches and ways of splits among them: a run may take all of them at one instant.
pub const JOURNEY_STEPS_MAX: usize = 400;
/// People on a list that are called in one go: a few milliseconds of work.
pub const ROLL_SLICE_PEOPLE: u64 = 1_000;
/// Time between two goes, in which all else has its turn.
pub const ROLL_SLICE_GAP: Span = Span(20);
/// Active and finished runs that one profile remembers of one journey, newest kept, to answer `reenter`.
pub const RUNS_REMEMBERED_MAX: usize = 16;
/// Event names that are told apart. More are not names but values that a sender put into them; and a timer has 18 bits
/// for one, of which the rules of a programme need some too.
pub const EVENT_NAMES_MAX: usize = 200_000;
/// Deepest nesting of a segment expression by parentheses and `not`, so that reading one cannot exhaust the stack, and
/// its JSON stays within the 128 levels that readers of JSON take.
pub const EXPRESSION_DEPTH_MAX: usize = 24;
/// Looks into the future of a part that an explanation takes: as many events may leave a window before its truth changes,
/// and somebody waits for the answer.
pub const EXPLANATION_LOOKS_MAX: usize = 200;
/// Evaluations of a part or a segment that a whole explanation spends on the future: it is made while the engine is held,
/// and expressions may be large.
pub const EXPLANATION_EVALUATIONS_MAX: usize = 10_000;
/// Longest window of an expression: nobody's events are older than a hundred years, and its milliseconds are still a
/// number that an expression can write.
pub const EXPRESSION_SPAN_MAX: Span = Span::DAY.times(36_525);
/// Most segments of a programme, journeys' own conditions included: they are numbered in 16 bits.
pub const SEGMENTS_MAX: usize = 10_000;

/// Most conditions and filters of a programme together: each takes a bit or a column for everybody, and the time to find
/// those that are the same grows with the square.
pub const CONDITIONS_MAX: usize = 20_000;
/// Most membership changes in one record: whoever reads them takes records whole, and a page of them is then still one.
pub const CHANGES_IN_RECORD_MAX: usize = 1_000;
/// Looks into the past of a segment that a late tick takes to find since when somebody is inside or outside. A stop of a
/// month is thirty midnights for whoever has a birthday; a busy person has more windows than that end in it.
pub const CHANGE_LOOKS_MAX: usize = 200;
/// Days of the programme's calendar after which cut-offs are stated anew: to rank is to look at everybody, and whom a
/// share holds should not change with each order of somebody else.
pub const CUTOFF_DAYS: i32 = 1;
/// Most cut-offs in one record: a condition asks for four at most.
pub const CUTOFFS_MAX: usize = 4 * CONDITIONS_MAX;
/// Most sets of clusters of a programme: for each, everybody is looked at once a day or a week.
pub const CLUSTER_SETS_MAX: usize = 50;
/// Most features of a set. A dozen say less than three: in many dimensions everybody is far from everybody.
pub const CLUSTER_FEATURES_MAX: usize = 8;
/// Most clusters of a set: more kinds of people than that nobody speaks to differently.
pub const CLUSTERS_MAX: usize = 12;
/// Most forks that lie one behind the other, so that what leads to a cluster is a sentence that one can read.
pub const CLUSTER_DEPTH_MAX: usize = 5;
/// Most forks of a tree altogether.
pub const CLUSTER_FORKS_MAX: usize = (1 << CLUSTER_DEPTH_MAX) - 1;
/// Most webhooks of a programme: each reads the log for itself.
pub const WEBHOOKS_MAX: usize = 32;
/// Most rules for channels: every visit asks them one by one.
pub const CHANNEL_RULES_MAX: usize = 500;
/// Waits after each failed attempt of a delivery: the schedule that Standard Webhooks recommends. What a deployment breaks is
/// mended in minutes, what a weekend breaks in three days.
pub const DELIVERY_WAITS: [Span; 9] = [
    Span::SECOND.times(5),
    Span::MINUTE.times(5),
    Span::MINUTE.times(30),
    Span::HOUR.times(2),
    Span::HOUR.times(5),
    Span::HOUR.times(10),
    Span::HOUR.times(14),
    Span::HOUR.times(20),
    Span::HOUR.times(24),
];
/// Attempts of one delivery before it is given up.
pub const DELIVERY_ATTEMPTS_MAX: u8 = DELIVERY_WAITS.len() as u8 + 1;
/// Deliveries of one webhook that wait for another attempt. With more of them its reading of the log stands still, and
/// nothing is lost.
pub const DELIVERIES_WAITING_MAX: usize = 1_000;
/// Newest attempts of one webhook that an operator can list; the log has them all.
pub const DELIVERIES_LISTED_MAX: usize = 500;
/// A webhook that took nothing for so long is switched off: its program is gone, and nobody has said so.
pub const WEBHOOK_FAILING_MAX: Span = Span::DAY.times(5);
/// Longest wait of a run for the answer of a webhook: after a week there is another moment.
pub const WEBHOOK_WAIT_MAX: Span = Span::DAY.times(7);
/// Names that a timer can tell apart.
pub const NAMES_MAX: usize = (1 << 18) - 2;

/// Longest that a message lies in the inbox of an app.
pub const INBOX_SPAN_MAX: Span = Span::DAY.times(366);
/// How long it does where its author says nothing.
pub const INBOX_SPAN_USUAL: Span = Span::DAY.times(30);
/// Most messages in one inbox; the newest stay. Nobody reads further down, and it bounds the walk.
pub const INBOX_MESSAGES_MAX: usize = 50;
/// Most sends of a person that are looked at to fill an inbox, or to find what somebody clicked on a page.
pub const SENDS_LOOKED_AT_MAX: usize = 1_000;
/// Highest slot on a page, in pixels of CSS: three screens.
pub const ONSITE_HEIGHT_MAX: u16 = 2_400;

// Each step is an operation or two: its own, and the jump behind an arm.
const _: () = assert!(2 * JOURNEY_STEPS_MAX < RUN_STEPS_MAX);
const _: () = assert!(SEGMENTS_MAX < u16::MAX as usize && EVENT_NAMES_MAX + 2 * CONDITIONS_MAX < NAMES_MAX);
const _: () =
    assert!(RETRY_FIRST.0 << ATTEMPTS_MAX < SEND_AGE_MAX.0, "every retry falls inside a send's life");

/// Most versions of a purpose's wording in one programme: older ones stay known without being written there.
pub const WORDINGS_MAX: usize = 50;
/// Most wordings ever live: each is kept for ever, since somebody may have agreed to it.
pub const WORDINGS_KEPT_MAX: usize = 10_000;
/// Programmes whose places in the log are known: thirty changes a day for a year, of eight bytes each.
pub const REVISIONS_KEPT_MAX: usize = 10_000;
/// Longest wording: what people read before they tick a box.
pub const WORDING_BYTES_MAX: usize = 8_192;
/// Longest name of a wording's version: every consent may repeat it.
pub const WORDING_VERSION_BYTES_MAX: usize = 64;
/// Longest time for which a purchase lets a company write to its customer without a consent.
pub const SOFT_OPT_IN_MAX: Span = Span::DAY.times(3_660);
/// Longest pause that somebody can ask for: who wants more withdraws.
pub const PAUSE_MAX: Span = Span::DAY.times(366);
/// Most opt-out registers: an entry names its register by a short number.
pub const REGISTERS_MAX: usize = 100;
/// Most channels that a register speaks of: there are six, and calls.
pub const REGISTER_CHANNELS_MAX: usize = 8;
/// Most identifiers in one record of a register: a slice is applied between two events, and must not make them wait.
pub const REGISTER_SLICE_MAX: usize = 10_000;
/// Longest time that a look at a register is relied on.
pub const REGISTER_VALID_MAX: Span = Span::DAY.times(366);
/// Most spaces that a company writes for: each wants somebody who keeps its beat.
pub const SPACES_MAX: usize = 100;
/// Most contributors of an editorial plan: as many as a newsroom.
pub const CONTRIBUTORS_MAX: usize = 1_000;
/// Most pieces of an editorial plan: one a day for thirty years.
pub const PIECES_MAX: usize = 10_000;

/// Most short links of a programme: a code for each flyer of a large campaign, and still a small record.
pub const LINKS_MAX: usize = 10_000;
/// Longest address that a link leads to; some browsers and proxies cut longer ones.
pub const LINK_URL_BYTES_MAX: usize = 2_000;
/// Longest word that a link says of its campaign, channel or place: every visit repeats it.
pub const LINK_WORD_CHARS_MAX: usize = 200;
/// Most pages that a programme shows.
pub const PAGES_MAX: usize = 1_000;
/// Most blocks of a page: nobody scrolls further on a phone.
pub const PAGE_BLOCKS_MAX: usize = 50;
/// Most forms of a programme.
pub const FORMS_MAX: usize = 1_000;
/// Most fields of a form: who is asked more leaves.
pub const FORM_FIELDS_MAX: usize = 40;
/// Most options of a choice: the countries of the world fit.
pub const FORM_OPTIONS_MAX: usize = 300;
/// Most zero bits that a browser has to find: a million hashes are some seconds on a slow phone.
pub const FORM_WORK_BITS_MAX: u8 = 20;
/// Longest time for which the link to a guide works.
pub const GUIDE_LASTS_MAX: Span = Span::DAY.times(366);

/// Most campaigns of a programme: ten years of one a day, and each is looked at to find what a link means.
pub const CAMPAIGNS_MAX: usize = 4_000;
/// Longest campaign, and longest time over which one cost is spread: ten years.
pub const CAMPAIGN_DAYS_MAX: i32 = 3_653;
/// Most lines of what was spent: a hundred a day for more than ten years. Each takes about two hundred bytes of memory.
pub const SPEND_LINES_MAX: u64 = 500_000;
/// Most things done outside of the net: thirty spots a day for ten years.
pub const FLIGHTS_MAX: u64 = 100_000;
/// Codes that one flight is known by.
pub const FLIGHT_CODES_MAX: usize = 20;
/// Longest key or name of what was spent: longer ones are other columns of a file.
pub const SPEND_TEXT_BYTES_MAX: usize = 256;

/// Reports of a programme: each tells the whole log once.
pub const REPORTS_MAX: usize = 20;

/// Addresses that one report goes to.
pub const REPORT_RECIPIENTS_MAX: usize = 50;

/// Days that a report tells of: a quarter and a little.
pub const REPORT_DAYS_MAX: u32 = 100;
