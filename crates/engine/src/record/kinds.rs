//! What each kind of record holds. Everything that could name or describe a person is marked *personal*.

use crate::at::{At, Span};
use crate::change::Changes;
use crate::identifier::{HashKey, IdentifierKind, KeyedHash};
use crate::offer::OfferPhase;
use crate::segment::cluster::Finding;
use crate::value::Map;
use crate::{MergeId, ProfileId, SendId, Seq};
use borsh::{BorshDeserialize, BorshSerialize};

/// The keys and the seed that an installation draws once.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Installed {
    /// Names the installation in message ids.
    pub installation: u64,
    pub hash_key: HashKey,
    /// Decides every draw: holdouts, splits, jitter.
    pub seed: u64,
    /// Signs the links in messages.
    pub link_key: [u8; 32],
}

/// The calls of the tracking API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub enum EventKind {
    Track,
    Identify,
    Page,
    Screen,
    Group,
    Alias,
}

impl EventKind {
    pub const ALL: [Self; 6] =
        [Self::Track, Self::Identify, Self::Page, Self::Screen, Self::Group, Self::Alias];

    pub fn name(self) -> &'static str {
        match self {
            Self::Track => "track",
            Self::Identify => "identify",
            Self::Page => "page",
            Self::Screen => "screen",
            Self::Group => "group",
            Self::Alias => "alias",
        }
    }
}

/// What the door noticed about an event. A set of bits, since several can hold at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct EventFlags(pub u8);

impl EventFlags {
    /// A crawler, a monitor or a headless browser: stored, and kept out of profiles and journeys.
    pub const BOT: Self = Self(1);
    /// The client's clock was so wrong that the time of receipt stands in for `occurred_at`.
    pub const CLOCK_MENDED: Self = Self(2);
    /// It happened long before it was received.
    pub const LATE: Self = Self(4);
    /// It came by import and not from a live client.
    pub const IMPORTED: Self = Self(8);
    /// The server itself made it of a decision that it had signed: it tells what became of a message on a page.
    pub const ONSITE: Self = Self(16);
    /// Somebody else said it of a person who is known: the person was not there, so nobody was seen.
    pub const ABSENT: Self = Self(32);

    pub fn has(self, flag: Self) -> bool {
        self.0 & flag.0 != 0
    }

    #[must_use]
    pub fn with(self, flag: Self) -> Self {
        Self(self.0 | flag.0)
    }
}

/// One identifier on a record: the hash in the envelope, the value in the personal part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identifier<'a> {
    pub kind: IdentifierKind,
    pub hash: KeyedHash,
    /// Personal; in normalised form.
    pub value: &'a str,
}

impl Identifier<'_> {
    /// Makes it name nobody. No name has a hash of zero.
    pub fn blank(&mut self) {
        (self.hash, self.value) = (KeyedHash(0), "");
    }

    /// Whether it named somebody who was erased.
    pub fn is_blank(&self) -> bool {
        self.hash == KeyedHash(0)
    }
}

/// An event. `previous` is the identifier that an alias call joins to the others.
#[derive(Clone, Debug)]
pub struct Event<'a> {
    pub kind: EventKind,
    pub flags: EventFlags,
    /// When it happened, corrected for the client's clock and never after `received_at`.
    pub occurred_at: At,
    pub received_at: At,
    /// Name of the source whose write key came with it.
    pub source: &'a str,
    /// The event's name: of a track call its own, otherwise `Page Viewed`, `Screen Viewed`, `Identified`, `Group
    /// Joined`, `Aliased`.
    pub name: &'a str,
    pub message_id: KeyedHash,
    /// Highest trust first, at most `RECORD_IDENTIFIERS_MAX`.
    pub identifiers: Vec<Identifier<'a>>,
    /// Personal.
    pub message_id_text: &'a str,
    /// Personal.
    pub properties: Map<'a>,
    /// Personal: traits stated by identify, or by `context.traits`.
    pub traits: Map<'a>,
    /// Personal: page, campaign, library, locale, consent, as sent.
    pub context: Map<'a>,
}

/// An event that was refused at the door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected<'a> {
    pub received_at: At,
    pub source: &'a str,
    /// Stable code of the reason, such as `missing_identifier`.
    pub code: &'a str,
    /// The field at fault, as a path.
    pub field: &'a str,
    /// A sentence for the operator.
    pub message: &'a str,
    /// Personal: the front of what was sent.
    pub payload: &'a str,
}

/// The person that a record speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject<'a> {
    Identifier(Identifier<'a>),
    /// The recipient of a send, known from a signed link.
    Send(SendId),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub enum ConsentState {
    Granted,
    Withdrawn,
    /// Granted on a page, but not yet confirmed from the address as a double opt-in asks.
    Pending,
}

impl ConsentState {
    pub fn name(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Withdrawn => "withdrawn",
            Self::Pending => "pending",
        }
    }
}

/// Where a consent comes from; part of its evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub enum ConsentSource {
    /// `context.consent` of a tracking call.
    Event,
    /// An operator or a program, through the management API.
    Api,
    /// The link of a confirmation message.
    DoubleOptIn,
    /// The mail client's own button (RFC 8058).
    OneClick,
    /// The page behind the link in a message.
    UnsubscribePage,
    /// Two profiles became one, and the stricter statement won.
    Merge,
    /// The recipient told their mail provider that a message is spam.
    Complaint,
    /// The page on which somebody says what they want.
    PreferenceCentre,
    /// Global Privacy Control: the browser says that nothing is to be shared or sold.
    PrivacySignal,
}

impl ConsentSource {
    pub const ALL: [Self; 9] = [
        Self::Event,
        Self::Api,
        Self::DoubleOptIn,
        Self::OneClick,
        Self::UnsubscribePage,
        Self::Merge,
        Self::Complaint,
        Self::PreferenceCentre,
        Self::PrivacySignal,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Api => "api",
            Self::DoubleOptIn => "double_opt_in",
            Self::OneClick => "one_click",
            Self::UnsubscribePage => "unsubscribe_page",
            Self::Merge => "merge",
            Self::Complaint => "complaint",
            Self::PreferenceCentre => "preference_centre",
            Self::PrivacySignal => "privacy_signal",
        }
    }
}

/// A consent given or withdrawn, with its evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentStated<'a> {
    pub subject: Subject<'a>,
    pub purpose: &'a str,
    /// A channel's name; empty for every channel of the purpose.
    pub channel: &'a str,
    pub granted: bool,
    pub source: ConsentSource,
    pub stated_at: At,
    /// The version of the wording that was shown.
    pub wording: &'a str,
    /// The language that it was shown in; empty where nobody said.
    pub language: &'a str,
    /// Personal: form or page address, IP address, user agent, whatever proves it.
    pub proof: &'a str,
}

/// How somebody wants to be written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preference {
    /// Nothing that asks for a consent before then; a time that has gone ends a pause.
    PausedUntil(At),
    Fewer(bool),
}

/// What somebody said of how they want to be written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreferenceStated<'a> {
    pub subject: Subject<'a>,
    pub preference: Preference,
    pub source: ConsentSource,
    pub stated_at: At,
    /// Personal: where it was said, and by what program.
    pub proof: &'a str,
}

/// A block on an address, or its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuppressionStated<'a> {
    pub identifier: Identifier<'a>,
    pub lifted: bool,
    pub stated_at: At,
    pub reason: &'a str,
}

/// A slice of a look at an opt-out register: identifiers that it lists, by their hashes alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterListed<'a> {
    pub register: &'a str,
    /// Number of the look, one more than that of the one before.
    pub edition: u32,
    /// What the register speaks of: names of channels, or `call`.
    pub channels: Vec<&'a str>,
    /// At most `REGISTER_SLICE_MAX`.
    pub hashes: Vec<KeyedHash>,
}

/// All slices of a look at an opt-out register have come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterChecked<'a> {
    pub register: &'a str,
    pub edition: u32,
    pub channels: Vec<&'a str>,
    /// When the company looked at the register.
    pub checked_at: At,
    /// How long that may be relied on.
    pub valid_for: Span,
    /// The name of an API key.
    pub operator: &'a str,
}

/// A programme made live: `definition` is the JSON of [`crate::programme::Programme`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgrammeApplied<'a> {
    pub applied_at: At,
    /// Who applied it: the name of an API key, or `start`.
    pub operator: &'a str,
    pub definition: &'a str,
}

/// Cut-offs: those of before are no longer asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CutoffsStated<'a> {
    /// The instant at which everybody was ranked.
    pub stated_at: At,
    /// At most `CUTOFFS_MAX`.
    pub cutoffs: Vec<CutoffStated<'a>>,
}

/// Where a share ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CutoffStated<'a> {
    /// As the language writes it: `top 10% by sum(total) of "Order Completed"`.
    pub share: &'a str,
    /// In millionths; none where nobody has the figure.
    pub value: Option<i128>,
}

/// Changes of who is in a segment, in the order in which they came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MembershipChanged<'a> {
    /// The segment's name.
    pub segment: &'a str,
    pub changes: Changes<'a>,
}

/// What came of looking for the clusters of a set. A set of which nothing was found keeps those that it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClustersStated<'a> {
    pub set: &'a str,
    /// The instant at which everybody was looked at.
    pub stated_at: At,
    /// What was asked: [`Clustering::text`](crate::segment::cluster::Clustering::text), and between how many.
    pub question: &'a str,
    pub at_least: u8,
    pub at_most: u8,
    pub finding: Finding,
}

/// A hand-over is about to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempted {
    pub send: SendId,
    /// 1 for the first.
    pub attempt: u8,
    pub attempted_at: At,
}

/// What came of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub enum DeliveryOutcome {
    /// The provider took responsibility for it.
    Accepted,
    /// Not now; worth another attempt.
    Transient,
    /// Never, for a reason that lies with the message or with us.
    Permanent,
    /// Never, since the address does not exist: it is suppressed.
    InvalidRecipient,
    /// The process or the connection died between hand-over and answer. It may have arrived, so it is not tried again.
    Unknown,
}

impl DeliveryOutcome {
    pub const ALL: [Self; 5] =
        [Self::Accepted, Self::Transient, Self::Permanent, Self::InvalidRecipient, Self::Unknown];

    pub fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Transient => "transient",
            Self::Permanent => "permanent",
            Self::InvalidRecipient => "invalid_recipient",
            Self::Unknown => "unknown",
        }
    }
}

/// The receipt of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled<'a> {
    pub send: SendId,
    pub attempt: u8,
    pub outcome: DeliveryOutcome,
    pub settled_at: At,
    /// Personal: the provider's last words, which often repeat the address.
    pub reply: &'a str,
}

/// What came back of a send that a provider had taken. The order is that of weight: a heavier word counts after a lighter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub enum Verdict {
    /// It did not arrive, since what it says or who we are was refused: nothing about the address.
    Refused,
    /// It did not arrive, for a reason that may pass, such as a full mailbox.
    SoftBounce,
    /// It did not arrive, since the address does not exist.
    HardBounce,
    /// The recipient told their mail provider that it is spam.
    Complaint,
}

impl Verdict {
    pub const ALL: [Self; 4] = [Self::Refused, Self::SoftBounce, Self::HardBounce, Self::Complaint];

    pub fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::SoftBounce => "soft_bounce",
            Self::HardBounce => "hard_bounce",
            Self::Complaint => "complaint",
        }
    }
}

/// What came back of a send after its receipt: a bounce or a complaint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Returned<'a> {
    pub send: SendId,
    pub verdict: Verdict,
    pub returned_at: At,
    /// Personal: the words of whoever sent it back, which often repeat the address.
    pub reply: &'a str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub enum Engagement {
    Opened,
    Clicked,
    /// Put away, in the inbox of the app.
    Dismissed,
}

impl Engagement {
    pub fn name(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Clicked => "clicked",
            Self::Dismissed => "dismissed",
        }
    }
}

/// A recipient's reaction, from a pixel or a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Engaged<'a> {
    pub send: SendId,
    pub engagement: Engagement,
    /// A scanner or a prefetching proxy, and not a person.
    pub machine: bool,
    pub occurred_at: At,
    /// Personal: where the link led.
    pub url: &'a str,
}

/// Somebody opened a message whose picture is the same for everybody: it says how often, and never who.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Viewed<'a> {
    pub message: &'a str,
    pub occurred_at: At,
}

/// An operator says that two profiles are one person, whatever the rules of identity think of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProfilesMerged<'a> {
    /// Names the profile that is taken in.
    pub from: Identifier<'a>,
    /// Names the one that stands.
    pub into: Identifier<'a>,
    pub merged_at: At,
    /// The name of an API key.
    pub operator: &'a str,
}

/// An operator says that a merge was wrong: the profile that was taken in lives again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MergeUndone<'a> {
    pub merge: MergeId,
    pub undone_at: At,
    /// The name of an API key.
    pub operator: &'a str,
}

/// An operator says that an identifier names one person after all, though many registered people came with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdentifierLifted<'a> {
    pub identifier: Identifier<'a>,
    pub lifted_at: At,
    /// The name of an API key.
    pub operator: &'a str,
}

/// An operator says that a person is to be known no longer. It names nobody: a profile's number says nothing once the
/// profile is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProfileErased<'a> {
    /// The profile, or one that it has been merged into since: all that is one person goes.
    pub profile: ProfileId,
    pub erased_at: At,
    /// The name of an API key.
    pub operator: &'a str,
}

/// What the log held of the people who were erased up to a place has been taken out of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogRedacted {
    pub to: Seq,
    pub redacted_at: At,
}

/// Somebody is to begin a journey, since a program or an operator says so.
#[derive(Clone, Debug)]
pub struct RunRequested<'a> {
    /// The journey's name.
    pub journey: &'a str,
    pub identifier: Identifier<'a>,
    pub requested_at: At,
    /// The name of an API key.
    pub operator: &'a str,
    /// Personal: what the run begins with, as with the properties of an event.
    pub data: Map<'a>,
}

/// Codes for an offer, to be given one a person in this order. Those that the offer has already count for nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodesAdded<'a> {
    pub offer: &'a str,
    pub added_at: At,
    /// The name of an API key.
    pub operator: &'a str,
    /// At most `CODES_IN_RECORD_MAX`.
    pub codes: Vec<&'a str>,
}

/// An offer was redeemed where no event tells of it, such as at a till.
#[derive(Clone, Copy, Debug)]
pub struct OfferRedeemed<'a> {
    pub offer: &'a str,
    /// Whose redemption it is; a code that is one person's own leads to them without it.
    pub identifier: Option<Identifier<'a>>,
    pub redeemed_at: At,
    /// The name of an API key.
    pub operator: &'a str,
    /// Personal. Empty where the person is named.
    pub code: &'a str,
}

/// Somebody was given an offer, or met it in a place that is no message.
#[derive(Clone, Copy, Debug)]
pub struct OfferNoted<'a> {
    pub offer: &'a str,
    pub identifier: Identifier<'a>,
    /// Given, seen or clicked.
    pub phase: OfferPhase,
    /// Where: a slot's name, or empty.
    pub place: &'a str,
    pub noted_at: At,
    /// The name of an API key.
    pub operator: &'a str,
}

/// An operator stops a journey, a broadcast or a webhook, or lets it go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commanded<'a> {
    pub what: Commandable,
    /// Its name.
    pub name: &'a str,
    pub command: Command,
    pub commanded_at: At,
    /// The name of an API key.
    pub operator: &'a str,
}

/// What can be stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commandable {
    Journey,
    Broadcast,
    Webhook,
}

impl Commandable {
    pub const ALL: [Self; 3] = [Self::Journey, Self::Broadcast, Self::Webhook];

    pub fn name(self) -> &'static str {
        match self {
            Self::Journey => "journey",
            Self::Broadcast => "broadcast",
            Self::Webhook => "webhook",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Nobody comes in or goes on until it is resumed.
    Pause,
    /// It goes on where it was paused, and lets people in where it was draining.
    Resume,
    /// Of a journey: nobody comes in, and who is inside goes on to the end.
    Drain,
    /// Of a broadcast: whoever was not called is not called any more.
    Cancel,
}

impl Command {
    pub const ALL: [Self; 4] = [Self::Pause, Self::Resume, Self::Drain, Self::Cancel];

    pub fn name(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Drain => "drain",
            Self::Cancel => "cancel",
        }
    }
}
