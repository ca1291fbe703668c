//! What a story says, once its lines are understood.

use engine::at::{At, Span};
use engine::change::ChangeKind;
use engine::programme::Channel;
use engine::record::{Command, Commandable, DeliveryOutcome, EventKind, Verdict, WebhookOutcome};
use serde_json::{Map, Value};
use std::path::PathBuf;

/// One scenario file.
#[derive(Clone, Debug)]
pub struct Story {
    /// The first comment of the file, or else its name.
    pub title: String,
    pub path: PathBuf,
    pub(super) source: String,
    pub(super) people: Vec<Person>,
    /// Decides holdouts.
    pub(super) seed: u64,
    /// The folder whose programme is live from the start.
    pub(super) programme: PathBuf,
    /// In the order of time, which is the order of lines.
    pub(super) happenings: Vec<Happening>,
    pub(super) expectations: Vec<Expectation>,
    /// The last instant that is played.
    pub(super) end: At,
}

/// Somebody in the story. The name is how the other lines speak of them, and their first identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) name: String,
    /// A visitor is known by `anonymous_id` alone; anybody else by `user_id`.
    pub(super) is_visitor: bool,
}

/// Index of a person in [`Story::people`].
pub(super) type PersonId = usize;

#[derive(Clone, Debug)]
pub(super) struct Happening {
    pub(super) line: usize,
    pub(super) at: At,
    pub(super) what: Happens,
}

/// How somebody wants to be written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Not for so long; not at all long ends a pause.
    Pause(Span),
    Fewer(bool),
}

#[derive(Clone, Debug)]
pub(super) enum Happens {
    Event {
        person: PersonId,
        event: StoryEvent,
    },
    /// A consent stated through the API.
    Consent {
        person: PersonId,
        purpose: String,
        channel: String,
        granted: bool,
    },
    /// The link of the newest confirmation or message was followed.
    Confirms {
        person: PersonId,
        message: String,
    },
    Unsubscribes {
        person: PersonId,
        message: String,
    },
    /// How the person wants to be written to, as the preference centre asks.
    Prefers {
        person: PersonId,
        preference: Wanted,
    },
    Opens {
        person: PersonId,
        message: String,
    },
    Clicks {
        person: PersonId,
        message: String,
        machine: bool,
    },
    /// A page shows what there is for the person in a slot; `from_search` where it is the first one after a search.
    Sees {
        person: PersonId,
        slot: String,
        from_search: bool,
    },
    /// A message on a page is closed, or one in the app put away.
    Dismisses {
        person: PersonId,
        message: String,
    },
    /// A message comes back, or is called spam.
    Returns {
        person: PersonId,
        message: String,
        verdict: Verdict,
    },
    /// From now on, hand_overs to the person end so.
    HandOver {
        person: PersonId,
        hand_over: HandOver,
    },
    /// From now on, a webhook answers so when it is asked about the person; `None` for not at all.
    Webhook {
        person: PersonId,
        webhook: String,
        answer: Option<WebhookAnswer>,
    },
    Suppress {
        person: PersonId,
        channel: Channel,
        lifted: bool,
        reason: String,
    },
    /// An operator says that the person's profile is another's.
    Merge {
        person: PersonId,
        into: PersonId,
    },
    /// An operator undoes the newest merge that took the person's profile in.
    Unmerge {
        person: PersonId,
    },
    /// An operator erases the person.
    Erase {
        person: PersonId,
    },
    /// A program asks that the person begin a journey.
    Begins {
        person: PersonId,
        journey: String,
        data: Map<String, Value>,
    },
    /// A till that knows nobody takes a code: the person's own, or one that is written.
    Redeems {
        person: PersonId,
        offer: String,
        code: Option<String>,
    },
    /// An operator stops a journey or a broadcast, or lets it go on.
    Command {
        what: Commandable,
        name: String,
        command: Command,
    },
    /// Another programme becomes live.
    Apply(PathBuf),
}

/// An event as the door would make it of a tracking call.
#[derive(Clone, Debug)]
pub(super) struct StoryEvent {
    pub(super) kind: EventKind,
    pub(super) name: String,
    /// Properties; of an identify, traits and identifiers.
    pub(super) fields: Map<String, Value>,
    /// Earlier than it arrives, where the story says so.
    pub(super) occurred_at: Option<At>,
    /// Written where the same event comes twice.
    pub(super) message_id: Option<String>,
}

/// How a webhook answers.
#[derive(Clone, Debug)]
pub(super) struct WebhookAnswer {
    pub(super) outcome: WebhookOutcome,
    pub(super) content: Map<String, Value>,
}

/// How the world answers hand-overs to one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct HandOver {
    pub(super) outcome: DeliveryOutcome,
    /// Time between the decision and the hand-over, as with a provider that is slow.
    pub(super) after: Span,
}

impl Default for HandOver {
    fn default() -> Self {
        Self { outcome: DeliveryOutcome::Accepted, after: Span(0) }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Expectation {
    pub(super) line: usize,
    /// As it was written, for the report.
    pub(super) text: String,
    pub(super) expects: Expects,
}

#[derive(Clone, Debug)]
pub(super) enum Expects {
    /// Something about a message, at some time of the story.
    Message(MessageExpectation),
    /// That a webhook is told of somebody, or asked about them, at some time of the story.
    Webhook(WebhookExpectation),
    /// That somebody enters or leaves a segment, at some time of the story.
    Change(ChangeExpectation),
    /// Something that holds at an instant.
    State { at: At, state: StateExpectation },
}

#[derive(Clone, Debug)]
pub(super) struct MessageExpectation {
    pub(super) person: PersonId,
    pub(super) fate: Fate,
    /// Any message where none is named.
    pub(super) message: Option<String>,
    pub(super) when: Option<Moment>,
    pub(super) channel: Option<Channel>,
    pub(super) language: Option<String>,
    pub(super) reason: Option<String>,
    /// Which wording it has.
    pub(super) variant: Option<String>,
    /// How one of its choices was made.
    pub(super) chosen: Option<String>,
    /// Of one that is deferred.
    pub(super) until: Option<Moment>,
    pub(super) times: Times,
}

/// A change that becomes a record, since somebody listens to the segment.
#[derive(Clone, Debug)]
pub(super) struct ChangeExpectation {
    pub(super) person: PersonId,
    pub(super) segment: String,
    pub(super) kind: ChangeKind,
    pub(super) when: Option<Moment>,
    pub(super) times: Times,
}

/// That a webhook hears of somebody or is asked about them.
#[derive(Clone, Debug)]
pub(super) struct WebhookExpectation {
    pub(super) person: PersonId,
    pub(super) webhook: String,
    pub(super) when: Option<Moment>,
    pub(super) times: Times,
}

/// What can become of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Handed over for the first time.
    Send,
    /// Handed over again.
    Retry,
    /// Decided to wait.
    Defer,
    Drop,
    Accepted,
    Bounced,
    Failed,
    Unknown,
    Opened,
    Clicked,
    Complained,
}

impl Fate {
    pub(super) const ALL: [Self; 11] = [
        Self::Send,
        Self::Retry,
        Self::Defer,
        Self::Drop,
        Self::Accepted,
        Self::Bounced,
        Self::Failed,
        Self::Unknown,
        Self::Opened,
        Self::Clicked,
        Self::Complained,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Retry => "retry",
            Self::Defer => "defer",
            Self::Drop => "drop",
            Self::Accepted => "accepted",
            Self::Bounced => "bounced",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Opened => "opened",
            Self::Clicked => "clicked",
            Self::Complained => "complained",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Times {
    AtLeastOnce,
    Never,
    Exactly(usize),
}

/// An instant as exactly as it was written: `21:30Z` is the whole minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) at: At,
    pub(super) precision: Span,
}

impl Moment {
    pub(super) fn holds(&self, at: At) -> bool {
        self.at <= at && at < self.at.plus(self.precision)
    }
}

#[derive(Clone, Debug)]
pub(super) enum StateExpectation {
    InSegment {
        person: PersonId,
        segment: String,
        is_in: bool,
    },
    SegmentCount {
        segment: String,
        count: u64,
    },
    /// How many people an expression matches.
    MatchCount {
        expression: String,
        count: u64,
    },
    InJourney {
        person: PersonId,
        journey: String,
        is_in: bool,
    },
    /// Figures of a journey by name.
    Journey {
        journey: String,
        figures: Vec<(String, u64)>,
    },
    /// Figures of a broadcast by name, and its state.
    Broadcast {
        broadcast: String,
        figures: Vec<(String, u64)>,
        state: Option<String>,
    },
    Same {
        person: PersonId,
        other: PersonId,
        is_same: bool,
    },
    /// What somebody would find in a slot or in the inbox: this message, or nothing.
    Sees {
        person: PersonId,
        message: Option<String>,
        place: String,
    },
    Traits {
        person: PersonId,
        traits: Map<String, Value>,
    },
    Consent {
        person: PersonId,
        purpose: String,
        channel: String,
        state: String,
    },
    /// All that is known of a person, as a block of text; `lines` says where the block stands in the file.
    Snapshot {
        person: PersonId,
        expected: String,
        lines: std::ops::Range<usize>,
    },
}

impl Story {
    /// A line of the file as it was written, without white space around it; `line` counts from 1.
    pub(super) fn line(&self, line: usize) -> String {
        self.source.lines().nth(line.saturating_sub(1)).unwrap_or_default().trim().to_owned()
    }
}

impl Happens {
    /// Whom it happens to, if to one person.
    pub(super) fn person(&self) -> Option<PersonId> {
        match self {
            Self::Event { person, .. }
            | Self::Consent { person, .. }
            | Self::Confirms { person, .. }
            | Self::Unsubscribes { person, .. }
            | Self::Prefers { person, .. }
            | Self::Returns { person, .. }
            | Self::Sees { person, .. }
            | Self::Dismisses { person, .. }
            | Self::Opens { person, .. }
            | Self::Clicks { person, .. }
            | Self::HandOver { person, .. }
            | Self::Webhook { person, .. }
            | Self::Suppress { person, .. }
            | Self::Merge { person, .. }
            | Self::Unmerge { person }
            | Self::Begins { person, .. }
            | Self::Redeems { person, .. }
            | Self::Erase { person } => Some(*person),
            Self::Apply(_) | Self::Command { .. } => None,
        }
    }
}
