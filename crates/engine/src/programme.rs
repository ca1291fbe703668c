//! A programme as it is written: segments, messages and journeys as a company's people define them.
//!
//! These types are the canonical form that a `ProgrammeApplied` record carries as JSON. Reading YAML files into them
//! is the server's work; making them runnable, and saying what is wrong with them, is [`crate::engine`]'s.

mod appointment;
mod best;
mod broadcast;
mod campaign;
mod channels;
mod check;
mod clusters;
mod contact;
mod crowded;
mod editorial;
mod enter;
mod form;
mod hosted;
mod identity;
mod link;
mod mistake;
mod money;
mod offer;
mod onsite;
mod opens;
mod report;
mod schedule;
mod soft_opt_in;
mod target;
mod ways;
mod webhook;
mod wording;

pub use appointment::Appointment;
pub(crate) use appointment::{DateOf, instant};
pub use best::{Best, Choices, ORIGINAL, Response, Variant, VariantChoice};
pub use broadcast::{Broadcast, BroadcastTime, Pace};
pub use campaign::{Campaign, CampaignChannel, Cost, CostAmount, CostKind, DayCost, Phase, spread};
pub use channels::{ChannelRule, ChannelRules, Direction};
pub use clusters::{ClusterSet, Refresh};
pub(crate) use contact::offered;
pub use contact::{Cap, ContactPolicy, Exclusion, Fatigue, QuietHours};
pub use editorial::{Contributor, Editorial, Expertise, Intent, Piece, PieceState, Space};
pub use enter::Enter;
pub use form::{FieldKind, Form, FormField, FormOption, Guide, Thanks, Webinar};
pub use hosted::{Here, HostedPage, Hours, PageBlock, Share, ShareWay};
pub use identity::{IdentifierLimit, Identity};
pub use link::{Link, LinkCampaign};
pub use mistake::{Mistake, Place, nearest};
pub use money::{Money, RATE_ONE, Rates, decimal, is_currency};
pub use offer::{Codes, Offer, OfferContent, OfferValue, RedeemedBy, Stock};
pub use onsite::{
    Blocks, Button, CLICKED, DISMISSED, Format, Image, InAppMessage, OnsiteMessage, SHOWN, Trigger, WITHHELD,
};
pub use opens::OpenTracking;
pub use report::{REPORT_LANGUAGES, Report, ReportSection};
pub use schedule::{DateEntry, Schedule};
pub use soft_opt_in::SoftOptIn;
pub use target::{Target, TargetPeriod};
pub use ways::Led;
pub use webhook::{Field, Hears, Webhook, WebhookStep};
pub use wording::Wording;

use crate::at::Span;
use borsh::{BorshDeserialize, BorshSerialize};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Texts by language code.
pub type Localized = BTreeMap<String, String>;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Programme {
    pub name: String,
    /// IANA name of the time zone for people whose own is not known.
    pub timezone: String,
    /// The first is the one for people whose own is not known.
    pub languages: Vec<String>,
    pub tracking: Tracking,
    pub purposes: BTreeMap<String, Purpose>,
    pub purchase: Purchase,
    /// Expressions by segment name.
    pub segments: BTreeMap<String, String>,
    /// Segments whose changes become records, for whoever listens.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub recorded: BTreeSet<String>,
    pub messages: BTreeMap<String, Message>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub offers: BTreeMap<String, Offer>,
    pub journeys: BTreeMap<String, Journey>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub broadcasts: BTreeMap<String, Broadcast>,
    /// Sets of clusters by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub clusters: BTreeMap<String, ClusterSet>,
    #[serde(skip_serializing_if = "Identity::is_empty")]
    pub identity: Identity,
    #[serde(skip_serializing_if = "ContactPolicy::is_empty")]
    pub contact_policy: ContactPolicy,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub webhooks: BTreeMap<String, Webhook>,
    #[serde(skip_serializing_if = "Editorial::is_empty")]
    pub editorial: Editorial,
    #[serde(skip_serializing_if = "ChannelRules::is_empty")]
    pub channels: ChannelRules,
    #[serde(skip_serializing_if = "Best::is_usual")]
    pub best: Best,
    /// Short links by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub links: BTreeMap<String, Link>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub pages: BTreeMap<String, HostedPage>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub forms: BTreeMap<String, Form>,
    /// Its own currency, in which figures of several are added up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// What other currencies are worth in it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub rates: Rates,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub campaigns: BTreeMap<String, Campaign>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub reports: BTreeMap<String, Report>,
    /// What key figures are to come to, by their names. Which figures there are is not the engine's to know.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub targets: BTreeMap<String, Target>,
    /// The text of the files that it was written in, by their paths in its folder: for people, and nothing follows from it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, String>,
}

/// What messages report back. Opens are off by default: in several countries they need a consent of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tracking {
    pub opens: OpenTracking,
    pub clicks: bool,
}

impl Default for Tracking {
    fn default() -> Self {
        Self { opens: OpenTracking::Off, clicks: true }
    }
}

/// The event by which buyers are scored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Purchase {
    pub event: String,
    /// The property that says for how much: words with dots.
    pub amount: String,
}

impl Default for Purchase {
    fn default() -> Self {
        Self { event: "Order Completed".to_owned(), amount: "total".to_owned() }
    }
}

impl Purchase {
    pub(crate) fn amount_path(&self) -> Vec<String> {
        self.amount.split('.').map(str::to_owned).collect()
    }
}

/// A medium.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    BorshSerialize,
    BorshDeserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    Email,
    Sms,
    Push,
    WebPush,
    InApp,
    Webhook,
    /// A page of the company's own. Nothing is sent there: it is asked for, and what was seen comes back.
    Onsite,
    /// People who telephone. Nothing is sent there: they take a list with them.
    Call,
}

impl Channel {
    pub const ALL: [Self; 8] = [
        Self::Email,
        Self::Sms,
        Self::Push,
        Self::WebPush,
        Self::InApp,
        Self::Webhook,
        Self::Onsite,
        Self::Call,
    ];

    /// Those that something is sent on.
    pub(crate) const SENT: [Self; 6] =
        [Self::Email, Self::Sms, Self::Push, Self::WebPush, Self::InApp, Self::Webhook];

    pub fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
            Self::Push => "push",
            Self::WebPush => "web_push",
            Self::InApp => "in_app",
            Self::Webhook => "webhook",
            Self::Onsite => "onsite",
            Self::Call => "call",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.name() == name)
    }
}

/// How a consent for a purpose comes about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptIn {
    /// No consent is asked, since the message is part of a contract: an order confirmation.
    None,
    #[default]
    Single,
    /// A grant counts once it is confirmed from the address itself.
    Double,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Purpose {
    pub title: Localized,
    pub channels: Vec<Channel>,
    pub opt_in: OptIn,
    /// With a double opt-in, the message that carries the link.
    pub confirm: Option<String>,
    /// Consent to it allows to see, for each person, when they open a message; it is about nothing else.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub tracks_opens: bool,
    /// Whether the contact policy applies; where it does not say, to everything that asks for a consent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact_policy: Option<bool>,
    /// What people are asked, in every version that is still in use. The last one is shown.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub wording: Vec<Wording>,
    /// Customers who never objected may be written to without a consent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub soft_opt_in: Option<SoftOptIn>,
    /// It is to share what is known of somebody with others, and nothing is sent for it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub third_party: bool,
    /// Consent to it allows to know a visitor again by a cookie; it is about nothing else.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub remembers: bool,
}

/// One content, with a rendering per channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Message {
    pub email: Option<EmailMessage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub onsite: Option<OnsiteMessage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_app: Option<InAppMessage>,
    /// Of several that wait for one place under a cap, the highest goes.
    #[serde(skip_serializing_if = "is_usual")]
    pub priority: u8,
    /// How long it is worth waiting for the contact policy, if not as long as the programme says.
    #[serde(with = "identity::within_ms", skip_serializing_if = "Option::is_none")]
    pub patience: Option<Span>,
    /// The offer that it shows: it goes to those alone who may have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offer: Option<String>,
    /// Other wordings of its email, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub variants: BTreeMap<String, Variant>,
}

fn is_usual(priority: &u8) -> bool {
    *priority == 0
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EmailMessage {
    /// `Name <address>`.
    pub from: String,
    pub reply_to: Option<String>,
    /// Liquid.
    pub subject: Localized,
    /// By language.
    pub templates: BTreeMap<String, EmailTemplate>,
    /// Overrides the programme's.
    pub tracking: Option<Tracking>,
}

/// Sources in Liquid; at least one of the three.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EmailTemplate {
    pub mjml: Option<String>,
    pub html: Option<String>,
    pub text: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Journey {
    /// The consent that every send in it needs.
    pub purpose: String,
    /// An expression, the change of a segment, or a time: see [`Enter`].
    pub enter: String,
    /// An expression: a run begins only for whom it holds then.
    #[serde(rename = "for", skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    pub reenter: Reenter,
    /// An expression; a bare `did` in it means since the run began.
    pub exit: Option<String>,
    pub goal: Option<Goal>,
    /// Share of profiles withheld, in thousandths.
    pub holdout_permille: u16,
    /// What becomes of those who are on their way through an older version when this one is made live.
    #[serde(skip_serializing_if = "OnChange::is_usual")]
    pub on_change: OnChange,
    pub steps: Vec<Step>,
}

/// What becomes of runs of an older version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnChange {
    /// They go on as they began.
    #[default]
    Finish,
    /// They go on at the step of the new version with the same name or number; where there is none, as they began.
    Move,
    /// They end.
    Exit,
}

impl OnChange {
    pub const ALL: [Self; 3] = [Self::Finish, Self::Move, Self::Exit];

    pub fn name(self) -> &'static str {
        match self {
            Self::Finish => "finish",
            Self::Move => "move",
            Self::Exit => "exit",
        }
    }

    fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

impl Programme {
    /// The purpose whose consent allows to see when a person opens a message.
    pub fn opens_purpose(&self) -> Option<&str> {
        self.purposes.iter().find(|(_, purpose)| purpose.tracks_opens).map(|(name, _)| name.as_str())
    }

    /// How opens of a message are tracked.
    pub fn open_tracking(&self, message: &str) -> OpenTracking {
        let own = self.messages.get(message).and_then(|message| message.email.as_ref()?.tracking);
        own.unwrap_or(self.tracking).opens
    }

    /// The zone of its days; UTC for an empty programme.
    pub fn timezone(&self) -> TimeZone {
        timezone(&self.timezone).unwrap_or(TimeZone::UTC)
    }

    /// Segments that somebody listens to: the programme says so, a journey begins with their changes, or a webhook hears of
    /// them.
    pub fn listened(&self) -> BTreeSet<String> {
        let entries = self.journeys.values().filter_map(Journey::listens_to);
        let heard = self.webhooks.values().flat_map(Webhook::segments);
        self.recorded.iter().cloned().chain(entries).chain(heard).collect()
    }
}

/// A time zone by its name, from the database that is part of this program: the same on every machine.
pub fn timezone(name: &str) -> Option<TimeZone> {
    jiff::tz::TimeZoneDatabase::bundled().get(name).ok()
}

impl Journey {
    /// The segment whose changes begin its runs.
    pub(crate) fn listens_to(&self) -> Option<String> {
        match Enter::parse(&self.enter) {
            Ok(Enter::Change { segment, .. }) => Some(segment),
            _ => None,
        }
    }

    /// Whether one of its steps sends the message.
    pub fn sends(&self, message: &str) -> bool {
        sends(&self.steps, message)
    }

    /// What its sends leave open.
    pub fn choices(&self) -> impl Iterator<Item = &Choices> {
        let mut found = Vec::new();
        add_choices(&self.steps, &mut found);
        found.into_iter()
    }

    /// The places of its steps, by which a changed journey knows them again, in their order.
    pub fn places(&self) -> Vec<String> {
        let mut places = Vec::new();
        add_places(&self.steps, "", &mut places);
        places
    }

    /// Every expression in it.
    pub fn rules(&self) -> impl Iterator<Item = &str> {
        let mut rules = Vec::new();
        if Enter::parse(&self.enter).is_ok_and(|enter| enter.asks()) {
            rules.push(self.enter.as_str());
        }
        rules.extend(self.audience.as_deref());
        rules.extend(self.exit.as_deref());
        rules.extend(self.goal.as_ref().map(|goal| goal.did.as_str()));
        add_rules(&self.steps, &mut rules);
        rules.into_iter()
    }
}

fn sends(steps: &[Step], message: &str) -> bool {
    steps.iter().any(|step| match step {
        Step::Send { message: own, .. } => own == message,
        Step::Branch(arms) => arms.iter().any(|arm| sends(&arm.then, message)),
        Step::Split { ways, .. } => ways.iter().any(|way| sends(&way.then, message)),
        Step::Webhook(asked) => sends(&asked.otherwise, message),
        Step::Named { step, .. } => sends(std::slice::from_ref(step), message),
        _ => false,
    })
}

fn add_choices<'a>(steps: &'a [Step], found: &mut Vec<&'a Choices>) {
    for step in steps {
        match step {
            Step::Send { choices, .. } => found.push(choices),
            Step::Branch(arms) => arms.iter().for_each(|arm| add_choices(&arm.then, found)),
            Step::Split { ways, .. } => ways.iter().for_each(|way| add_choices(&way.then, found)),
            Step::Webhook(asked) => add_choices(&asked.otherwise, found),
            Step::Named { step, .. } => add_choices(std::slice::from_ref(&**step), found),
            _ => {}
        }
    }
}

fn add_places(steps: &[Step], outer: &str, places: &mut Vec<String>) {
    for (index, step) in steps.iter().enumerate() {
        let (step, name) = step.named();
        let place = step_place(outer, index, name);
        places.push(place.clone());
        for (number, then) in step.ways().into_iter().enumerate() {
            add_places(then, &way_place(&place, number), places);
        }
    }
}

fn add_rules<'a>(steps: &'a [Step], rules: &mut Vec<&'a str>) {
    for step in steps {
        match step {
            Step::WaitUntil { until, .. } => rules.push(until),
            Step::Branch(arms) => {
                for arm in arms {
                    rules.extend(arm.when.as_deref());
                    add_rules(&arm.then, rules);
                }
            }
            Step::Split { ways, .. } => ways.iter().for_each(|way| add_rules(&way.then, rules)),
            Step::Webhook(asked) => add_rules(&asked.otherwise, rules),
            Step::Named { step, .. } => add_rules(std::slice::from_ref(&**step), rules),
            Step::Wait(_)
            | Step::WaitDate(_)
            | Step::WaitLocal { .. }
            | Step::Send { .. }
            | Step::Update(_)
            | Step::Start(_)
            | Step::Offer(_)
            | Step::Exit => {}
        }
    }
}

/// When a profile may start another run of the same journey.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reenter {
    #[default]
    Never,
    /// At once, as soon as no run is active.
    Always,
    /// This long after the last run began.
    After(#[serde(with = "span_ms")] Span),
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Goal {
    /// An expression; a bare `did` in it means since the run began.
    pub did: String,
    #[serde(with = "span_ms")]
    pub within: Span,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    Wait(#[serde(with = "span_ms")] Span),
    WaitUntil {
        /// An expression; a bare `did` in it means since the wait began.
        until: String,
        #[serde(with = "span_ms")]
        at_most: Span,
    },
    Send {
        message: String,
        /// The first that may reach the person is taken; empty means the channels that the message has.
        channels: Vec<Channel>,
        #[serde(default, skip_serializing_if = "Choices::is_usual")]
        choices: Choices,
    },
    Branch(Vec<Arm>),
    Exit,
    /// Until a date, as an [`Appointment`] writes it.
    WaitDate(String),
    /// Until it is a time of day, one of some days of the week, or both, where the person is.
    WaitLocal {
        /// `09:00`.
        time: Option<String>,
        /// By name; empty for every day.
        weekdays: Vec<String>,
    },
    Split {
        #[serde(default, skip_serializing_if = "Draw::is_usual")]
        draw: Draw,
        ways: Vec<Way>,
    },
    /// States traits of the person; `null` takes one away.
    Update(BTreeMap<String, serde_json::Value>),
    /// Begins a run of another journey, with what began this one.
    Start(String),
    /// Asks another program, and waits for its answer.
    Webhook(WebhookStep),
    /// Gives the person an offer, where they may have it.
    Offer(String),
    /// A step with a name, by which a changed journey knows it again. A split with a name draws by it.
    Named {
        name: String,
        step: Box<Step>,
    },
}

impl Step {
    /// The step itself, and its name where it has one.
    pub fn named(&self) -> (&Self, Option<&str>) {
        match self {
            Self::Named { name, step } => (step.named().0, Some(name)),
            step => (step, None),
        }
    }

    /// The steps of each of its ways, where it has some.
    fn ways(&self) -> Vec<&[Self]> {
        match self {
            Self::Branch(arms) => arms.iter().map(|arm| arm.then.as_slice()).collect(),
            Self::Split { ways, .. } => ways.iter().map(|way| way.then.as_slice()).collect(),
            Self::Webhook(asked) => vec![asked.otherwise.as_slice()],
            _ => Vec::new(),
        }
    }
}

/// What a step is known by when its journey changes: its name, or else its number, behind the place of the step that it
/// lies in.
pub(crate) fn step_place(outer: &str, index: usize, name: Option<&str>) -> String {
    match (name, outer) {
        (Some(name), _) => name.to_owned(),
        (None, "") => (index + 1).to_string(),
        (None, outer) => format!("{outer}.{}", index + 1),
    }
}

/// The same of a way of a branch or a split, in letters: `2b`.
pub(crate) fn way_place(step: &str, number: usize) -> String {
    let letter = char::from(b'a' + (number % 26) as u8);
    format!("{step}{}", letter.to_string().repeat(number / 26 + 1))
}

/// Who gets the same way of a split again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Draw {
    /// A person, always.
    #[default]
    Person,
    /// Nobody: each run draws anew.
    Run,
}

impl Draw {
    fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// One way of a split, for a share of people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Way {
    /// In thousandths; those of a split are a thousand together.
    pub share_permille: u16,
    pub then: Vec<Step>,
}

/// One way of a branch: taken when its condition holds, or always where it has none (`else`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Arm {
    pub when: Option<String>,
    pub then: Vec<Step>,
}

mod span_ms {
    use crate::at::Span;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(span: &Span, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(span.0)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Span, D::Error> {
        i64::deserialize(deserializer).map(Span)
    }
}
