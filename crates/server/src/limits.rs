//! Every bound of the server, each with its reason.

use std::time::Duration;

/// Most API keys: each request looks at all of them.
pub const KEYS_MAX: usize = 256;
/// Longest name of a key: it becomes the name of a source, which every one of its events carries.
pub const KEY_NAME_BYTES_MAX: usize = 64;

// ---- Programme, as files -----------------------------------------------------------------------------------

/// Deepest nesting of a definition: a branch takes four levels, and nobody follows a journey with ten in each other.
pub const YAML_DEPTH_MAX: usize = 64;
/// Largest file of a programme. Mail clients clip a message at a tenth of this, so larger ones are there by mistake.
pub const PROGRAMME_FILE_BYTES_MAX: u64 = 1024 * 1024;

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
// ---- Scenarios ---------------------------------------------------------------------------------------------

/// How long a story goes on after the last instant in it, so that `expect never` means something, and nothing far
/// away, such as a win-back after two months, gets in its way. `end` says otherwise.
pub const STORY_REST: engine::at::Span = engine::at::Span::DAY.times(7);
