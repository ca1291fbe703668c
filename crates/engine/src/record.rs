//! The door in: everything that can happen to Trama is a record, and only records change the engine.
//!
//! A record is made once, where it enters, and logged as it is. Its bytes are a version, a kind, an *envelope* in the
//! clear (times, flags, names, hashed identifiers) and a *personal part* apart from it (identifiers as written,
//! properties, traits, texts), so that the personal part can be sealed with a key per person. `docs/FORMAT.md` gives
//! every byte; [`decode`](Record::decode) reads all versions ever written.

mod acts;
mod clusters;
mod decode;
mod encode;
mod kinds;
mod report;
mod spend;
mod webhooks;

pub use acts::*;
pub use decode::Malformed;
pub use kinds::*;
pub use report::*;
pub use spend::*;
pub use webhooks::*;

/// The newest version of the encoding, and the one that is written.
pub const VERSION: u8 = 1;

/// One entry of the log, as a view into its bytes.
#[derive(Clone, Debug)]
pub enum Record<'a> {
    /// The first record of every log: the keys and the seed of the installation.
    Installed(Installed),
    /// Something a profile did or that happened to it, from an SDK, an import, a form.
    Event(Event<'a>),
    /// An event that could not be taken, kept with the reason so that an operator can mend its sender.
    Rejected(Rejected<'a>),
    /// A consent given or withdrawn otherwise than inside an event.
    ConsentStated(ConsentStated<'a>),
    /// How somebody wants to be written to: less often, or not for a while.
    PreferenceStated(PreferenceStated<'a>),
    /// A slice of a look at an opt-out register.
    RegisterListed(RegisterListed<'a>),
    /// A look at an opt-out register is whole.
    RegisterChecked(RegisterChecked<'a>),
    /// A block on an address, or its end.
    SuppressionStated(SuppressionStated<'a>),
    /// A programme made live.
    ProgrammeApplied(ProgrammeApplied<'a>),
    /// A hand-over is about to happen. Its application checks consent and suppression one last time.
    Attempted(Attempted),
    /// What came of an attempt.
    Settled(Settled<'a>),
    /// A recipient opened a message or clicked in it.
    Engaged(Engaged<'a>),
    /// Where shares of all people end, found out by ranking everybody.
    CutoffsStated(CutoffsStated<'a>),
    /// Clusters of people who are alike, found by looking at everybody, or why none were found.
    ClustersStated(ClustersStated<'a>),
    /// Two profiles are one person, since an operator says so.
    ProfilesMerged(ProfilesMerged<'a>),
    /// A merge was wrong.
    MergeUndone(MergeUndone<'a>),
    /// An identifier that was shared by too many names a person again.
    IdentifierLifted(IdentifierLifted<'a>),
    /// A person is to be known no longer.
    ProfileErased(ProfileErased<'a>),
    /// What the log had of erased people is gone from the disk.
    LogRedacted(LogRedacted),
    /// Who entered or left a segment that somebody listens to. It changes nothing: it follows from the records before it in
    /// its batch, and is there so that others can follow it.
    MembershipChanged(MembershipChanged<'a>),
    /// Somebody is to begin a journey, since a program or an operator says so.
    RunRequested(RunRequested<'a>),
    /// An operator stops a journey or a broadcast, or lets it go on.
    Commanded(Commanded<'a>),
    /// What came back of a send after its receipt: a bounce or a complaint.
    Returned(Returned<'a>),
    /// Somebody opened a message, and nobody is to know who. It changes nothing, and is there to be counted.
    Viewed(Viewed<'a>),
    /// Something was told to a webhook, or was meant to be.
    WebhookDelivered(WebhookDelivered<'a>),
    /// The call of a webhook step was answered, or was not.
    WebhookAnswered(WebhookAnswered<'a>),
    /// A webhook has nothing to hear in the log up to a place.
    WebhookFollowed(WebhookFollowed<'a>),
    /// Something is to be told to a webhook once more.
    DeliveryRequested(DeliveryRequested<'a>),
    /// Codes for an offer, from a list that another system made.
    CodesAdded(CodesAdded<'a>),
    /// An offer was redeemed, since a program or an operator says so.
    OfferRedeemed(OfferRedeemed<'a>),
    /// Somebody was given an offer, or met it in a place that is no message.
    OfferNoted(OfferNoted<'a>),
    /// Money went into a channel.
    SpendRecorded(SpendRecorded<'a>),
    /// Something was done outside of the net.
    FlightRecorded(FlightRecorded<'a>),
    /// A report begins to leave, or has left.
    ReportSent(ReportSent<'a>),
    /// An operator, or a program with a key, changed something.
    OperatorActed(OperatorActed<'a>),
    /// Time passed: everything due by the batch's instant happens now.
    Tick,
}

impl Record<'_> {
    /// Whether names of somebody who was erased have been taken out of it. What it would do to an engine is not what it
    /// did.
    pub fn is_redacted(&self) -> bool {
        match self {
            Self::Event(event) => event.identifiers.iter().any(Identifier::is_blank),
            Self::OperatorActed(acted) => acted.is_blank(),
            _ => false,
        }
    }
}
