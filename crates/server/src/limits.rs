//! Every bound of the server, each with its reason.

use engine::at::{At, Span};
use std::time::Duration;

/// How long memory that was given back is kept for the next who asks. Each batch asks for some megabytes anew, and
/// getting them cleared by the system takes a tenth of what the batch takes.
pub const MEMORY_KEPT: Duration = Duration::from_secs(10);

/// Most API keys: each request looks at all of them.
pub const KEYS_MAX: usize = 256;
/// Longest name of a key: it becomes the name of a source, which every one of its events carries.
pub const KEY_NAME_BYTES_MAX: usize = 64;

// ---- Operators ---------------------------------------------------------------------------------------------

/// Most operators: each request with a session looks at all of them.
pub const OPERATORS_MAX: usize = 256;
/// Longest name of an operator, which stands on every change of theirs: an email address fits.
pub const OPERATOR_NAME_BYTES_MAX: usize = 128;
/// Shortest password, in characters: with a hash that costs this much, guessing twelve takes longer than anybody has.
pub const PASSWORD_CHARS_MIN: usize = 12;
/// Longest password: hashing takes as long for any, and reading should.
pub const PASSWORD_BYTES_MAX: usize = 1_024;
/// What a hash of a password costs: argon2id as OWASP's cheat sheet of password storage has it first (19 MiB, 2 passes, 1 lane).
pub const PASSWORD_MEMORY_KIB: u32 = 19 * 1_024;
pub const PASSWORD_PASSES: u32 = 2;
pub const PASSWORD_LANES: u32 = 1;
/// Passwords that are hashed at once, so that many who try take neither all memory nor all cores.
pub const PASSWORD_HASHES_AT_ONCE: usize = 2;
/// A session that nobody uses ends: whoever goes home signs in again in the morning.
pub const SESSION_IDLE_MAX: Span = Span::HOUR.times(12);
/// A session ends, however much it is used: a week of work.
pub const SESSION_AGE_MAX: Span = Span::DAY.times(7);
/// That a session was used is written down this often: a crash makes it look so much older.
pub const SESSION_WRITTEN_EVERY: Span = Span::MINUTE.times(5);
/// Most sessions of one operator: browsers and devices that one person has.
pub const SESSIONS_OF_OPERATOR_MAX: usize = 20;
/// Wrong passwords for one name that bring no delay: people mistype.
pub const LOCKOUT_NAME_TRIES: u32 = 5;
/// The same from one network address, behind which a whole office may sit.
pub const LOCKOUT_ADDRESS_TRIES: u32 = 20;
/// The first delay; doubled with each further try.
pub const LOCKOUT_DELAY_FIRST: Span = Span::SECOND;
/// The longest delay for a name: short, since anybody can bring it about for somebody else, and still a guess a minute.
pub const LOCKOUT_NAME_DELAY_MAX: Span = Span::MINUTE;
/// The longest delay for an address.
pub const LOCKOUT_ADDRESS_DELAY_MAX: Span = Span::MINUTE.times(15);
/// Tries are forgotten when none came for so long.
pub const LOCKOUT_FORGOTTEN: Span = Span::HOUR;
/// Names and addresses whose tries are remembered: some 2 MB.
pub const LOCKOUT_KEPT_MAX: usize = 10_000;
/// Acts that one page of the audit looks at: with a filter that fits few, the page is short and says where to go on.
pub const AUDIT_LOOKED_AT_MAX: usize = 2_000;

// ---- Public pages ------------------------------------------------------------------------------------------

/// Largest form that a recipient can post: a tick for every purpose of a programme.
pub const PUBLIC_FORM_BYTES_MAX: usize = 64 << 10;
/// How long somebody's pause is: the month that the button says.
pub const PUBLIC_PAUSE: Span = Span::DAY.times(30);
/// Oldest message whose link shows or erases what is known of its recipient: mailboxes are kept for years, and messages
/// are forwarded.
pub const PUBLIC_DATA_AGE_MAX: Span = Span::DAY.times(30);
/// Pieces of somebody's data that wait for a slow reader: a thousand events each.
pub const PUBLIC_DATA_WAITING: usize = 4;
/// Clicks on different links of a message within this time are a scanner's, which follows them all; a click is held back as
/// long, so that the first of them is known for what it is before anything follows from it.
pub const CLICK_HOLD: engine::at::Span = engine::at::Span::SECOND.times(2);
/// Clicks that are held back at once. Past it a click counts as a machine's: nobody's readers are that many.
pub const CLICKS_HELD_MAX: usize = 20_000;
/// An open or a click sooner after the relay's acceptance is a scanner's: no person is that fast.
pub const MACHINE_HASTE: engine::at::Span = engine::at::Span::SECOND.times(2);

// ---- Programme, as files -----------------------------------------------------------------------------------

/// Deepest nesting of a definition: a branch takes four levels, and nobody follows a journey with ten in each other.
pub const YAML_DEPTH_MAX: usize = 64;
/// Largest file of a programme. Mail clients clip a message at a tenth of this, so larger ones are there by mistake.
pub const PROGRAMME_FILE_BYTES_MAX: u64 = 1024 * 1024;
/// Text of files that a programme carries, so that its comments are kept: with a thousand definitions, four thousand
/// characters each. It is in the record besides the definitions; a folder with more is carried without.
pub const PROGRAMME_TEXT_BYTES_MAX: usize = 4 << 20;

/// Rest between two looks at a folder that is watched: who saves a file waits no longer for it.
pub const WATCH_REST: Duration = Duration::from_millis(300);

// ---- SMTP, our client --------------------------------------------------------------------------------------

/// Connections to one relay. More than four gained nothing on two cores, and polite relays allow ten.
pub const SMTP_CONNECTIONS: usize = 4;
/// Messages on one connection before it is closed and opened again, so that a relay behind a balancer gets to
/// spread us, and what a relay keeps per connection stays small.
pub const SMTP_MESSAGES_PER_CONNECTION: u32 = 500;
/// Letters that wait for a connection. A letter is some 40 KB, so this is at most some 40 MB; whoever brings
/// more waits, which is how a slow relay slows down what feeds it.
pub const SMTP_QUEUE_LETTERS: usize = 1024;
/// A connection with nothing to do is closed after this long; relays close idle ones at 60 s to 5 min.
pub const SMTP_IDLE: Duration = Duration::from_secs(30);
/// All lines of one reply together. RFC 5321 allows 512 bytes a line; the longest EHLO answers have some 20 lines.
pub const SMTP_REPLY_BYTES: usize = 16 * 1024;
/// Of a reply's text this much is kept for people to read.
pub const SMTP_REPLY_TEXT_BYTES: usize = 1024;
/// After a failed connect the relay is left alone this long, doubled with each further failure: letters that
/// come meanwhile are answered at once instead of waiting in a queue that a crash would put in doubt.
pub const SMTP_PAUSE_FIRST: Duration = Duration::from_secs(1);
/// The longest such pause: short enough that a relay's return is noticed at once by people.
pub const SMTP_PAUSE_MAX: Duration = Duration::from_secs(30);
/// An envelope address, RFC 5321 4.5.3.1.3 (256 with the angle brackets).
pub const SMTP_ADDRESS_BYTES: usize = 254;
/// How long the name, the three-way handshake and TLS may take together. Not in RFC 5321; a host that needs
/// longer is as good as down.
pub const SMTP_CONNECT: Duration = Duration::from_secs(30);
/// RFC 5321 4.5.3.2.1, initial 220.
pub const SMTP_GREETING: Duration = Duration::from_secs(5 * 60);
/// RFC 5321 4.5.3.2.2 and .3, MAIL and RCPT; used for EHLO, STARTTLS, AUTH and RSET too.
pub const SMTP_COMMAND: Duration = Duration::from_secs(5 * 60);
/// RFC 5321 4.5.3.2.4, the 354 after DATA.
pub const SMTP_DATA: Duration = Duration::from_secs(2 * 60);
/// RFC 5321 4.5.3.2.5, each write of a block of data.
pub const SMTP_BLOCK: Duration = Duration::from_secs(3 * 60);
/// RFC 5321 4.5.3.2.6, the reply to the final dot. Long, because giving up too early doubles messages elsewhere
/// and leaves an unknown here.
pub const SMTP_DOT: Duration = Duration::from_secs(10 * 60);
/// QUIT is a courtesy: nothing depends on its reply.
pub const SMTP_QUIT: Duration = Duration::from_secs(2);
/// A connection keeps a write buffer up to this size between letters; a rare larger one is given back.
pub const SMTP_BUFFER_KEPT: usize = 256 * 1024;

/// Messages that are sent on trial within an hour, by all operators together: a team that tries a message in five languages
/// on a dozen mail programs comes to half of it, and whoever stole a session reaches few people.
pub const TEST_SENDS_PER_HOUR: usize = 120;

// ---- The built-in mailbox ----------------------------------------------------------------------------------

/// Messages that the mailbox keeps in memory unless told otherwise: a day of the demonstration.
pub const MAILBOX_KEPT: usize = 10_000;
/// What all of them together may take.
pub const MAILBOX_BYTES: usize = 64 * 1024 * 1024;
/// The largest message that it takes; what Gmail takes, rounded up.
pub const MAILBOX_MESSAGE_BYTES: usize = 26 * 1024 * 1024;
/// A command line; RFC 5321 4.5.3.1.4 asks for 512, and sign-in lines may be longer.
pub const MAILBOX_LINE_BYTES: usize = 8 * 1024;
/// Recipients of one message, RFC 5321 4.5.3.1.8.
pub const MAILBOX_RECIPIENTS: usize = 100;
/// Connections at once; more wait in the backlog of the socket.
pub const MAILBOX_CONNECTIONS: usize = 256;
/// RFC 5321 4.5.3.2.7: how long a server waits for the next command.
pub const MAILBOX_IDLE: Duration = Duration::from_secs(5 * 60);

/// Moves of runs that a dry run keeps while it follows somebody: whose each is, is known at its end. Some 100 bytes each, on
/// both sides.
pub const FOLLOWED_MOVES_MAX: usize = 1_000_000;
/// People that a dry run names of those who came into a journey.
pub const ENTERED_NAMED: usize = 5;

// ---- Scenarios ---------------------------------------------------------------------------------------------

/// How long a story goes on after the last instant in it, so that `expect never` means something, and nothing far
/// away, such as a win-back after two months, gets in its way. `end` says otherwise.
pub const STORY_REST: engine::at::Span = engine::at::Span::DAY.times(7);

// ---- Tracking API ----------------------------------------------------------------------------------------------

/// Most bytes of one body, compressed or not. SDKs send up to 4 MB (RudderStack's for Python); twice that is no SDK.
pub const BODY_BYTES_MAX: usize = 8 << 20;
/// Most bytes that one compressed byte may become, once a body is past `RATIO_FREE_BYTES`. Events compress by 10 to 20.
pub const RATIO_MAX: usize = 100;
/// Below this a body costs nothing however well it was compressed.
pub const RATIO_FREE_BYTES: usize = 1 << 20;
/// Longest wait for a body once its head is here, so that a stalled client does not hold memory for ever.
pub const BODY_WAIT_MAX: Duration = Duration::from_secs(30);
/// Most events of one batch, as the API's own documentation has it. Those beyond it are rejected one by one.
pub const BATCH_EVENTS_MAX: usize = 2_500;
/// Most events beyond the batch limit that are named one by one in the answer; the rest is in the last one's message.
pub const BEYOND_LISTED_MAX: usize = 2_500;
/// Most bytes that one event's maps take as they are stored, which is about what their JSON takes: the API's own limit.
pub const EVENT_BYTES_MAX: usize = 32 << 10;
/// Deepest nesting inside properties, traits and context, since readers walk them recursively; and inside what is not
/// kept at all, where deeper nesting makes the body unreadable.
pub const VALUE_DEPTH_MAX: usize = 32;
/// Longest message id in characters, as the API's own documentation has it.
pub const MESSAGE_ID_CHARS_MAX: usize = 100;
/// Longest name of an event in bytes: longer ones are data that strayed into the name.
pub const EVENT_NAME_BYTES_MAX: usize = 256;
/// Bytes of a rejected event that are kept, so that an operator sees what it was.
pub const REJECTED_PAYLOAD_BYTES_MAX: usize = 4 << 10;
/// A client clock this near to ours counts as right. Above the noise of networks and of a batch's own retries:
/// RudderStack's SDK for Node keeps `sentAt` over retries, so that correcting small differences would move events.
pub const CLOCK_NOISE: Span = Span::MINUTE.times(2);
/// A client clock further away than this says nothing: the batch waited on a disk, or the clock was never set. The
/// event's own time is then taken as it stands.
pub const CLOCK_SKEW_MAX: Span = Span::DAY;
/// Events older than this when they arrive count as late: SDKs give up after 12 hours of retries.
pub const LATE_AFTER: Span = Span::DAY;
/// Nothing happened before 1980: such times come from clocks that were never set, or from seconds read as
/// milliseconds.
pub const OCCURRED_MIN: At = At(315_532_800_000);
/// Seconds a refused client is asked to wait: this many at least, and a second to as many more, so that clients that
/// were refused together do not come back together.
pub const RETRY_AFTER_SECONDS: u64 = 1;
/// The most seconds added to `RETRY_AFTER_SECONDS`.
pub const RETRY_AFTER_JITTER_SECONDS: u64 = 4;

const _: () = assert!(RATIO_FREE_BYTES < BODY_BYTES_MAX && EVENT_BYTES_MAX < BODY_BYTES_MAX);
const _: () = assert!(CLOCK_NOISE.0 < CLOCK_SKEW_MAX.0);

// ---- Runtime -----------------------------------------------------------------------------------------------

/// Bytes of records that may wait for the engine: at the slowest durable rate worth having, some 100 MB/s, about a
/// third of a second, which is as long as a client should wait before it is told to come back.
pub const WAITING_BYTES_MAX: usize = 32 << 20;
/// Records that may wait, for the same reason: small records cost the engine as much as large ones.
pub const WAITING_RECORDS_MAX: usize = 200_000;
/// Attempts and receipts that share one write of the disk while much goes out: a quarter of what is in hand, so that the rest keeps
/// the connections busy.
pub const COMPANY: usize = SENDS_IN_HAND_MAX / 4;
/// How long one of them waits for company at most: what a crash leaves unknown grows by as much.
pub const COMPANY_REST: Duration = Duration::from_millis(2);
/// Batches staged ahead of the writer. Two, so that the engine works on one while the writer has one; more would
/// only make acknowledgements wait in a second queue.
pub const STAGED_AHEAD: usize = 2;
/// Longest sleep of the engine thread while something is due later: a sleep counts elapsed time, so a system clock
/// that is set forward would otherwise make every timer late.
pub const CLOCK_TRUST: Duration = Duration::from_secs(60);
/// Records between two snapshots: about a second of replay at recovery.
pub const SNAPSHOT_EVERY: u64 = 1_000_000;
/// Time between two snapshots at least: staging waits while the state is copied, and under an import a million records
/// are there every few seconds.
pub const SNAPSHOT_REST: Duration = Duration::from_secs(60);
/// States that wait to be written while one is: each is as large as the whole engine.
pub const SNAPSHOTS_WAITING: usize = 1;
/// Sends between their attempt's record and their receipt's: what a crash can leave unknown, so no more than keep every
/// connection busy over the two commits that each send waits for and shares with others.
pub const SENDS_IN_HAND_MAX: usize = 128;
/// Sends that wait in the dispatcher's backlog. What does not fit waits in the engine, which has them all anyway; with
/// this many, looking there is needed once for some hundred sends.
pub const SENDS_WAITING_MAX: usize = 1_024;
/// Largest mail that comes back: a report quotes the message, at most whole, and no message of ours is a tenth of this.
pub const RETURN_BYTES_MAX: usize = 4 << 20;
/// How long news of a send waits for the send's own receipt before whoever brings it is asked to come again: two commits.
pub const RETURN_PATIENCE: Duration = Duration::from_secs(5);
/// Between two looks for that receipt.
pub const RETURN_REST: Duration = Duration::from_millis(50);
/// Most returns in one call of the API: each becomes a record that is waited for.
pub const RETURNS_MAX: usize = 1_000;
/// Largest certificate of SNS, in PEM: theirs are two thousand bytes.
pub const CERTIFICATE_BYTES_MAX: usize = 16 << 10;
/// Certificates that are kept: there is one a region, and a new one each year.
pub const CERTIFICATES_KEPT_MAX: usize = 16;
/// A send whose turn is nearer than this waits in the backlog, and any other in the engine: what a slow pace lets go in that
/// time must not fill the backlog, and the search for those given back must not be frequent.
pub const TURN_NEAR: Span = Span::SECOND.times(10);
/// Answers in a row by which a relay shows that it takes nothing, before it is left alone.
pub const RELAY_FAILURES_MAX: u32 = 5;
/// How long it is left alone then, doubled with each further failure: shorter than the engine's wait for another attempt.
pub const RELAY_PAUSE_FIRST: Span = Span::SECOND.times(30);
/// The longest such pause.
pub const RELAY_PAUSE_MAX: Span = Span::MINUTE.times(10);
/// Recipient domains whose pace is remembered for a route; past it those that are owed nothing are forgotten.
pub const PACES_KEPT_MAX: usize = 10_000;
/// How long a graceful stop waits for sends in hand; a provider that needs longer leaves them unknown.
pub const STOP_PATIENCE: Duration = Duration::from_secs(20);

// ---- Import ------------------------------------------------------------------------------------------------

/// Rows that are imported together: enough that a commit costs little for each.
pub const IMPORT_BATCH_ROWS: usize = 2_000;
/// Bytes of events that are imported together, below what a body of the tracking API may have.
pub const IMPORT_BATCH_BYTES: usize = 2 << 20;
/// Longest line: far above the largest event, so that what is longer is another kind of file.
pub const IMPORT_LINE_BYTES_MAX: u64 = 4 << 20;
/// Batches handed to the engine before the oldest must be durable, and as many on their way there.
pub const IMPORT_BATCHES_AHEAD: usize = 8;
/// Threads that make records of events. The engine is one thread, and four of these keep it busy.
pub const IMPORT_PREPARERS_MAX: usize = 4;
/// Rows without a message id that are told apart from their equals: 300 MB of hashes. Equal rows further apart than
/// that count as different in any case.
pub const IMPORT_ROWS_REMEMBERED: usize = 28 << 20;
/// Bytes at the front of a table from which its delimiter and the types of its columns are guessed.
pub const IMPORT_SAMPLE_BYTES: u64 = 256 << 10;
/// Rows that are looked at for the same.
pub const IMPORT_SAMPLE_ROWS: usize = 500;
/// Rows that a dry run shows.
pub const IMPORT_ROWS_SHOWN: usize = 5;

// ---- Backup ------------------------------------------------------------------------------------------------

/// Compression of a backup: nearly all of it is batches and snapshots, which are compressed already.
pub const BACKUP_ZSTD_LEVEL: i32 = 1;
/// Largest manifest: some hundred bytes for each of a handful of files.
pub const BACKUP_MANIFEST_BYTES_MAX: u64 = 1 << 20;

// ---- API ---------------------------------------------------------------------------------------------------

/// Largest body of a management call: a programme of a thousand messages of 16 KB.
pub const API_BODY_BYTES_MAX: usize = 16 << 20;
/// Lines of what was spent that one request tells: they are one batch of the log.
pub const SPEND_LINES_AT_ONCE_MAX: usize = 1_000;
/// Entries of a list when the caller names no number: a screen full.
pub const LISTED_DEFAULT: usize = 100;
/// Most entries of a list: an answer is built under the engine's lock.
pub const LISTED_MAX: usize = 1_000;
/// Statements of people that go into the log together, when a model states something of many.
pub const STATED_TOGETHER: usize = 1_000;
/// Longest name of a trait that an operator may give: as long as that of an event.
pub const TRAIT_NAME_BYTES_MAX: usize = EVENT_NAME_BYTES_MAX;
/// A reader who held the engine for longer is told of in traces: what walks over many people has a copy.
pub const ENGINE_HELD_USUAL: Duration = Duration::from_millis(20);
/// How long an answer waits for what it asks of the past to be read from the log, before its client is told to come back:
/// less than browsers and proxies wait.
pub const BACKFILL_WAIT: Duration = Duration::from_secs(10);
/// Records since the last question that key figures are brought up to; with more, the whole log is read as quickly.
pub const FIGURES_SINCE_MAX: u64 = 100_000;
/// Events of people whose history has changed since, which are read again one by one: each may lie in a batch of its own, and
/// a batch takes about a millisecond.
pub const FIGURES_AGAIN_MAX: usize = 20_000;
/// Of those, so many are looked up together, so that few batches are in memory at once.
pub const FIGURES_TOGETHER: usize = 128;
/// How long whoever erases somebody waits for the disk, before the answer says that it follows.
pub const ERASURE_WAIT: Duration = Duration::from_secs(5);
/// Rest before people who were erased are taken off the disk once more, where something was in the way.
pub const REDACTION_REST: Duration = Duration::from_secs(1);
/// Records that one look at the newest activity reads back: some megabytes, read while somebody watches.
pub const ACTIVITY_RECORDS_MAX: u64 = 5_000;
/// Sends that one look walks back over, for those that were withheld today or that fit a filter: some ten milliseconds a
/// hundred thousand. Whoever wants more asks again, with the place that the answer names.
pub const LEDGER_LOOKED_THROUGH_MAX: usize = 500_000;
/// Records that one answer walks over to find changes of a segment: some tens of megabytes. Whoever wants more asks again,
/// with the place that the answer names.
pub const CHANGES_WALK_RECORDS_MAX: usize = 50_000;
/// Changes that are read at once for a follower, about: as many as fit a few megabytes. A batch that moved more is read
/// once more for each further part of it.
pub const FOLLOWED_MAX: usize = 20_000;
/// Records of changes that wait for a follower's connection.
pub const CHANGES_WAITING: usize = 4;
/// Programs that may follow changes at once: each of them reads the log for itself.
pub const FOLLOWERS_MAX: usize = 64;
/// People whose words are counted for whoever writes an expression: enough that a value of one in a hundred is there.
pub const VOCABULARY_PEOPLE: usize = 5_000;
/// Values of a word that are told, the most frequent.
pub const VOCABULARY_VALUES: usize = 20;
/// Newest people who are looked at for the beginning of a name: some milliseconds.
pub const SEARCH_PEOPLE_MAX: usize = 20_000;
/// People and definitions that a search finds: nobody reads further before writing more.
pub const SEARCH_FOUND_MAX: usize = 10;
/// Newest sends that are counted for the governor's figures: about a second.
pub const PRESSURE_SENDS_MAX: usize = 2_000_000;
/// Newest sends that are counted for the steps of a journey: a quarter of a second.
pub const STEP_SENDS_MAX: usize = 500_000;
/// Rest between two words to a console: four a second are as many as anybody reads.
pub const STREAM_REST: Duration = Duration::from_millis(250);
/// Programmes of the past that one question reads from the log: of 200 KB each, it takes a fifth of a second.
pub const VERSIONS_WALK_MAX: usize = 100;
/// Days of which the sizes of segments are kept and told: a year and a day, and some ten bytes for each segment of each.
pub const SIZES_DAYS_MAX: usize = 366;
/// Days whose sizes are told where nobody says how many: a quarter.
pub const SIZES_DAYS_USUAL: usize = 90;
/// How long after the end of a day its sizes are told: what was taken in by then is on the disk.
pub const SIZES_SETTLED: Span = Span::MINUTE;
/// Longest sleep of whoever waits for the end of a day: a sleep counts elapsed time, and a clock may be set forward.
pub const SIZES_REST: Duration = Duration::from_secs(3_600);
/// Longest that a follower hears nothing at all: proxies give up a connection that is silent for a minute.
pub const FOLLOWER_SILENCE_MAX: Duration = Duration::from_secs(15);

// ---- Demonstration -----------------------------------------------------------------------------------------

/// Visitors in the shop at once. Each holds a connection while it acts; more would crowd a laptop and the page.
pub const DEMO_VISITORS_MAX: usize = 200;

/// People whom the shop may have known before it opens. Ten million take a tenth of an hour for each million and most of the
/// memory of a workstation.
pub const DEMO_PEOPLE_MAX: u32 = 10_000_000;

// ---- Email -------------------------------------------------------------------------------------------------

/// A word of a header that cannot be folded, such as a URL: a line may have 998 bytes (RFC 5322 2.1.1), and the
/// header's name and brackets stand on it too.
pub const EMAIL_HEADER_WORD_BYTES: usize = 900;

/// HTML of a message that Gmail shows; what comes after it is behind a link that few follow.
pub const EMAIL_CLIPPED_BYTES: usize = 102 * 1024;
/// Characters of a subject past which mail programs on a desk cut it too; on a phone they do at a third of it.
pub const SUBJECT_CHARACTERS_MAX: usize = 120;

// ---- Links in messages ---------------------------------------------------------------------------------------

/// Longest address that a click is led through us for. Mail clients cut lines and some cut longer addresses.
pub const LINK_BYTES_MAX: usize = 1500;
/// Longest token that is read: an address of `LINK_BYTES_MAX` in base64, with room for what comes before it.
pub const TOKEN_BYTES_MAX: usize = 2200;
const _: () = assert!((LINK_BYTES_MAX + 64) * 4 / 3 <= TOKEN_BYTES_MAX, "what we sign, we can read");

// ---- Webhooks ----------------------------------------------------------------------------------------------

/// Longest that a connection to a webhook may take.
pub const WEBHOOK_CONNECT_MAX: Duration = Duration::from_secs(5);
/// Longest that a webhook may take altogether: Standard Webhooks asks senders to wait for 15 to 30 seconds.
pub const WEBHOOK_ANSWER_WAIT_MAX: Duration = Duration::from_secs(20);
/// Longest answer of a webhook that a run keeps: it lies in memory until the run ends.
pub const WEBHOOK_ANSWER_BYTES_MAX: usize = 16 << 10;
/// Records that one look for something to tell walks over, before others have the disk.
pub const WEBHOOK_WALK_RECORDS_MAX: usize = 20_000;
/// Deliveries that are found ahead of the one that is told.
pub const WEBHOOK_FOUND_MAX: usize = 256;
/// Records without anything to tell after which a webhook's place is put on record: a start reads so many again.
pub const WEBHOOK_FOLLOWED_RECORDS: u64 = 50_000;
/// Questions of runs that are asked at once. A webhook that is slow holds so many connections.
pub const CALLS_IN_HAND_MAX: usize = 32;
/// Questions that wait in memory; what finds no room is looked for in the engine.
pub const CALLS_WAITING_MAX: usize = 10_000;
/// Profiles that one look for questions takes, under the engine's lock.
pub const CALLS_LOOKS: usize = 50_000;
/// Rest of a webhook's task where the log or the queue did not take what it had to say.
pub const WEBHOOK_REST: Duration = Duration::from_secs(1);

const _: () =
    assert!(IMPORT_BATCH_ROWS <= BATCH_EVENTS_MAX, "the tracking API takes a batch of an import whole");
// A message id is added to the last event too, and the brackets.
const _: () = assert!(IMPORT_BATCH_BYTES as u64 + IMPORT_LINE_BYTES_MAX + 100 <= BODY_BYTES_MAX as u64);
const _: () = assert!(
    WAITING_BYTES_MAX + API_BODY_BYTES_MAX < eventlog::limits::BATCH_BYTES_MAX
        && BODY_BYTES_MAX < API_BODY_BYTES_MAX,
    "what is staged together fits one batch, whichever submission comes last"
);

/// Longest body of a page's question or report: slots and tokens, and nothing that grows.
pub const SITE_BODY_BYTES_MAX: usize = 64 << 10;
/// Most slots that a page asks for at once: more than that nobody lays out on one page.
pub const DECIDE_SLOTS_MAX: usize = 20;
/// How long a page waits for what to show before it goes on with its own content: longer, and people see it jump.
pub const DECIDE_WAIT_MS: u64 = 400;
/// How old a decision may be when it is reported: a page that stays open overnight, and less than the time in which what is
/// told twice is known to be one.
pub const DECISION_AGE_MAX: Span = Span::DAY;
/// Most reports of a page at once: what it could show, click and close in all of its slots.
pub const REPORTS_MAX: usize = 60;

// ---- Links, pages and forms ----------------------------------------------------------------------------------

/// Most dots of a side of a QR code: a metre at 150 dots an inch is below it, and a bit each they are some 9 MB at work.
pub const QR_DOTS_MAX: usize = 8_192;
/// About as many pixels has one whose size nobody says.
pub const QR_PIXELS_USUAL: usize = 1_000;
/// How long a visit's token says who the visitor is: addresses are copied and passed on.
pub const VISIT_AGE_MAX: Span = Span::MINUTE.times(30);
/// How long it says by which link somebody came, and whose form it is that was left open.
pub const VISIT_LINK_AGE_MAX: Span = Span::DAY;
/// How long a visitor who agreed to it is known again: data protection authorities allow thirteen months at most.
pub const VISITOR_COOKIE_AGE: Span = Span::DAY.times(365);
/// How long a shared cache may keep a page that is the same for everybody.
pub const PAGE_CACHE_SECONDS: u32 = 60;
/// Longest text that a button to pass a page on carries in its address.
pub const SHARE_TEXT_BYTES_MAX: usize = 600;
/// Sooner after a form was shown no person has filled it in.
pub const FORM_HASTE: Span = Span::SECOND.times(2);
/// How long a form may lie open.
pub const FORM_AGE_MAX: Span = Span::DAY;
/// Longest text of a field of one line, and of one with several.
pub const FORM_TEXT_CHARS_MAX: usize = 500;
pub const FORM_LONG_TEXT_CHARS_MAX: usize = 5_000;
/// Forms from one network address in a quarter of an hour: a family or a small office, and no flood.
pub const FORM_PEER_MAX: u32 = 30;
/// Forms with one email address or phone number in that time: each may bring its owner a message.
pub const FORM_ADDRESS_MAX: u32 = 5;
/// The time that both are counted in.
pub const FORM_RATE_SPAN: Span = Span::MINUTE.times(15);
/// Requests for links, pages and forms from one network address in a minute: a fair whose visitors share one, and no flood.
pub const VISIT_PEER_MAX: u32 = 600;
/// The time that they are counted in: who was told to come again is not kept for long.
pub const VISIT_RATE_SPAN: Span = Span::MINUTE;
/// Names that are counted at once, some 3 MB. With more of them than that, forms of others wait for the next quarter of an hour,
/// and whoever visits is let in.
pub const RATES_KEPT_MAX: usize = 200_000;
/// How long the link to a guide works where its author does not say.
pub const GUIDE_LASTS: Span = Span::DAY.times(7);

// ---- The lake ------------------------------------------------------------------------------------------------

/// Rest between two refreshes of the lake: analysts do not see seconds, and each refresh adds files.
pub const LAKE_REST: Duration = Duration::from_secs(60);
/// The rest is so many times as long as the refresh took: the lake has a tenth of one core at most.
pub const LAKE_REST_FACTOR: u32 = 9;
/// A lake that was refreshed in less time is refreshed again for whoever asks.
pub const LAKE_PROMPT: Duration = Duration::from_secs(3);
/// How long whoever asks waits for that.
pub const LAKE_PATIENCE: Duration = Duration::from_secs(20);
/// Readings of the log that are under way or wait for one another, each on a thread.
pub const PATIENT_READERS_MAX: usize = 64;
/// Questions that are answered at once: each takes memory of its own.
pub const LAKE_ASKERS: usize = 2;
