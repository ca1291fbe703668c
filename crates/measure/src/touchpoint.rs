//! Touchpoints: every contact of a person with the company, from the records of the log, and the paths that they make.
//!
//! A *visit* is what somebody does on the site or in the app until half an hour of silence, or until they come
//! by a tagged link of another campaign; midnight ends nothing. It is one touch, of the channel by which it began. A
//! human's click in a message opens a visit and is its touch. A send that was accepted is an outbound touch, of which
//! attribution takes no notice unless it is asked to. What happens elsewhere is told as events ([`crate::channel::deed`]).
//!
//! Whose a touch is, the engine says: an anonymous visit from before a sign-up is that of the person who signed up, and goes back
//! when a merge is undone. So the first touch is never lost, and nothing about it is kept twice.

mod met;
mod visit;
mod walk;

pub(crate) use met::{Met, Role};
pub use visit::{LANDING, SILENCE};
pub(crate) use visit::{Mark, Visit, What};
pub use walk::{Asked, Frequent, Spread, Walked, walk};

use crate::channel::{Touch, names};
use crate::refund::{OrderRules, is_payable};
use engine::at::At;
use engine::day::Day;
use engine::engine::Engine;
use engine::happening::About;
use engine::programme::{Channel, ChannelRules, Direction};
use engine::record::{Engagement, Event, Record};
use engine::value::{Map, Value};
use engine::{ProfileId, SendId, Seq};
use std::collections::{BTreeMap, HashMap};
use visit::{Amount, Converted};

/// What a touchpoint is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// The beginning of a visit.
    Visit,
    /// A click in a message, or on a link of ours.
    Click,
    /// A message that its provider took over.
    Send,
    /// An event that tells of it.
    Told,
}

impl Occasion {
    pub fn name(self) -> &'static str {
        match self {
            Self::Visit => "visit",
            Self::Click => "click",
            Self::Send => "send",
            Self::Told => "told",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touchpoint {
    pub at: At,
    /// Place in the log.
    pub seq: Seq,
    pub occasion: Occasion,
    /// Number of what [`Touchpoints::touch`] tells.
    touch: u32,
}

impl Touchpoint {
    /// Number of its touch, in [`Touchpoints::touches`].
    pub fn number(&self) -> usize {
        self.touch as usize
    }
}

/// An event that counts as what everything is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conversion {
    pub at: At,
    pub value_millionths: i64,
}

/// What counts as a conversion, and which property says what it is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Goal {
    pub event: String,
    pub value: Option<Vec<String>>,
}

/// Who each event is of: the person that stands now.
pub enum Owners {
    /// The number of the profile plus one, by place in the log; zero for nobody's.
    Everybody(Vec<u32>),
    /// Of those that are asked about.
    Some(HashMap<Seq, ProfileId>),
}

impl Owners {
    /// Of everybody: four bytes for each record of the log.
    pub fn everybody(engine: &Engine) -> Self {
        let mut of = vec![0; engine.seq().0 as usize + 1];
        for (id, _) in engine.profiles() {
            for entry in engine.timeline(id, usize::MAX) {
                of[entry.seq.0 as usize] = id.0 + 1;
            }
        }
        Self::Everybody(of)
    }

    /// Of some people alone: everybody else's is nobody's.
    pub fn some(engine: &Engine, people: impl IntoIterator<Item = ProfileId>) -> Self {
        let timelines = people.into_iter().flat_map(|id| {
            let entries = engine.timeline(id, usize::MAX).into_iter();
            entries.map(move |entry| (entry.seq, id))
        });
        Self::Some(timelines.collect())
    }

    pub fn of(&self, seq: Seq) -> Option<ProfileId> {
        match self {
            Self::Everybody(of) => of.get(seq.0 as usize)?.checked_sub(1).map(ProfileId),
            Self::Some(of) => of.get(&seq).copied(),
        }
    }

    /// The places that are somebody's.
    pub fn places(&self) -> impl Iterator<Item = Seq> {
        let (everybody, some) = match self {
            Self::Everybody(of) => (of.as_slice(), None),
            Self::Some(of) => (&[][..], Some(of)),
        };
        let owned = (0..).map(Seq).zip(everybody).filter(|(_, owner)| **owner > 0).map(|(seq, _)| seq);
        owned.chain(some.into_iter().flat_map(|of| of.keys().copied()))
    }
}

/// The source of a touch by a message of ours.
pub const OURS: &str = "trama";

const SENT: &str = "Message Sent";

/// The touchpoints and conversions of many people.
pub struct Touchpoints<'e> {
    engine: &'e Engine,
    rules: ChannelRules,
    /// What channels are called, by their names in small letters with hyphens.
    channels: BTreeMap<String, String>,
    goal: Option<Goal>,
    /// Where the goal is the programme's purchase: which events are orders, and which give them back.
    orders: Option<OrderRules>,
    currencies: Vec<String>,
    touches: Vec<Touch>,
    /// Of each touch, the first with the same tags.
    tags_of: Vec<u32>,
    /// That one by source, medium and campaign.
    tags: HashMap<[String; 3], u32>,
    numbers: HashMap<Touch, u32>,
    marks: Vec<Mark>,
}

impl<'e> Touchpoints<'e> {
    /// Gathers them by the rules of the programme that is live. The engine knows whose a send is, and what it was.
    pub fn new(engine: &'e Engine, goal: Option<Goal>) -> Self {
        let rules = engine.programme().channels.clone();
        let channels = names(engine.programme());
        let purchase = OrderRules::of(engine.programme());
        let is_purchase = |goal: &&Goal| goal.event == purchase.event;
        let orders = goal
            .as_ref()
            .filter(is_purchase)
            .map(|goal| OrderRules { amount: goal.value.clone().unwrap_or_default(), ..purchase.clone() });
        let (touches, numbers, marks) = (Vec::new(), HashMap::new(), Vec::new());
        let (currencies, tags_of, tags) = (Vec::new(), Vec::new(), HashMap::new());
        Self { engine, rules, channels, goal, orders, currencies, touches, tags_of, tags, numbers, marks }
    }

    pub fn touch(&self, point: &Touchpoint) -> &Touch {
        &self.touches[point.touch as usize]
    }

    /// Every touch by its number.
    pub fn touches(&self) -> &[Touch] {
        &self.touches
    }

    /// Takes in a record that is somebody's; in any order.
    pub fn observe(&mut self, owner: ProfileId, seq: Seq, at: At, record: &Record<'_>) {
        let Some(happening) = record.happening(at) else { return };
        match (happening.about, record) {
            (About::Send { send, .. }, Record::Engaged(engaged))
                if engaged.engagement == Engagement::Clicked =>
            {
                if let Some(what) = self.click(send) {
                    // A click is on record a moment after it was made, and after the page that it led to.
                    self.marks.push(Mark { owner, at: engaged.occurred_at.min(at), seq, what });
                }
            }
            (About::Send { send, .. }, Record::Settled(_)) if happening.name == SENT => {
                if let Some(touch) = self.sent(send) {
                    let what = What::Send(self.number(touch).0);
                    self.marks.push(Mark { owner, at: happening.occurred_at, seq, what });
                }
            }
            (About::Send { .. }, _) => {}
            (About::Properties(properties), Record::Event(event)) => {
                if let Some(what) = self.counted(event, properties) {
                    self.marks.push(Mark { owner, at: happening.occurred_at, seq, what });
                }
                if let Some(met) = Met::of(event, &self.rules) {
                    let what = self.what(&met);
                    self.marks.push(Mark { owner, at: happening.occurred_at, seq, what });
                }
            }
            (About::Properties(_), _) => {}
        }
    }

    /// Every person's touchpoints and conversions, in the order of time, by the numbers of their profiles.
    pub fn each(&mut self, mut take: impl FnMut(ProfileId, &[Touchpoint], &[Conversion])) {
        self.marks.sort_unstable_by_key(|mark| (mark.owner, mark.at, mark.seq, mark.what.rank()));
        for marks in self.marks.chunk_by(|one, other| one.owner == other.owner) {
            let fits = |refund: u16, order: u16| {
                is_payable(&self.currencies[usize::from(refund)], &self.currencies[usize::from(order)])
            };
            let (points, converted) = visit::points(marks, fits);
            let conversions: Vec<Conversion> = converted.iter().map(|one| self.conversion(one)).collect();
            take(marks[0].owner, &points, &conversions);
        }
    }

    /// In the programme's own currency at the rate of the day. Where the programme has one, what has no rate is worth nothing
    /// here: amounts of two currencies are never added.
    fn conversion(&self, converted: &Converted) -> Conversion {
        let Converted { at, millionths, currency } = *converted;
        let (programme, currency) =
            (self.engine.programme(), self.currencies[usize::from(currency)].as_str());
        let value_millionths = match &programme.currency {
            Some(own) if !currency.is_empty() && own != currency => {
                let day = Day::of(at, &programme.timezone());
                let worth = programme.in_own_currency(millionths.into(), currency, day);
                worth.and_then(|worth| i64::try_from(worth).ok()).unwrap_or(0)
            }
            _ => millionths,
        };
        Conversion { at, value_millionths }
    }

    /// What an event is to the goal: a conversion, what takes one back, or neither.
    fn counted(&mut self, event: &Event<'_>, properties: Map<'_>) -> Option<What> {
        let Some(rules) = &self.orders else {
            let goal = self.goal.as_ref().filter(|goal| goal.event == event.name)?;
            let millionths = Some(worth(goal, properties));
            return Some(What::Converts(Amount { millionths, currency: self.currency(""), number: None }));
        };
        let told = rules.read(event)?;
        let amount = Amount {
            millionths: told.millionths,
            currency: self.currency(told.currency),
            number: told.number,
        };
        Some(if told.is_refund { What::Refunds(amount) } else { What::Converts(amount) })
    }

    fn currency(&mut self, name: &str) -> u16 {
        let known = self.currencies.iter().position(|currency| currency == name);
        known.unwrap_or_else(|| {
            self.currencies.push(name.to_owned());
            self.currencies.len() - 1
        }) as u16
    }

    /// The numbers of a touch and of its tags.
    fn number(&mut self, touch: Touch) -> (u32, u32) {
        if let Some(number) = self.numbers.get(&touch) {
            return (*number, self.tags_of[*number as usize]);
        }
        let number = self.touches.len() as u32;
        let words = [&touch.source, &touch.medium, &touch.campaign].map(String::clone);
        let tags = *self.tags.entry(words).or_insert(number);
        self.touches.push(touch.clone());
        self.tags_of.push(tags);
        self.numbers.insert(touch, number);
        (number, tags)
    }

    /// What an event means to somebody's visits.
    pub(crate) fn what(&mut self, met: &Met) -> What {
        let (touch, tags) = self.number(met.touch(&self.channels));
        match met.role {
            Role::Scan => What::Opens { touch, tags, follows: false },
            Role::Link => What::Opens { touch, tags, follows: true },
            Role::Told => What::Told(touch),
            Role::Hit => What::Hit { touch, tags, is_tagged: met.is_tagged },
        }
    }

    /// What a person's click in a message means; `None` where the send is no touch.
    pub(crate) fn click(&mut self, send: SendId) -> Option<What> {
        let (touch, tags) = self.sent(send).map(|touch| self.number(touch))?;
        Some(What::Opens { touch, tags, follows: false })
    }

    /// A send as a touch; `None` for what is shown on a page, told to a program, or no more in the ledger.
    fn sent(&self, send: SendId) -> Option<Touch> {
        let send = self.engine.send(send)?;
        let channel = match send.channel? {
            Channel::Email => "Email",
            Channel::Sms => "SMS",
            Channel::Push | Channel::WebPush => "Mobile Push Notifications",
            Channel::InApp => "In-app",
            // A list of calls is nothing that reached anybody; the call itself is told as an event.
            Channel::Webhook | Channel::Onsite | Channel::Call => return None,
        };
        Some(Touch {
            channel: channel.to_owned(),
            source: OURS.to_owned(),
            medium: send.channel?.name().to_owned(),
            campaign: send.message.to_string(),
            direction: Direction::Outbound,
            paid: false,
            online: true,
            click_id: None,
        })
    }
}

/// What a conversion is worth, in millionths; nothing where the property is missing or negative.
fn worth(goal: &Goal, properties: Map<'_>) -> i64 {
    let mut found = None;
    if let Some(path) = &goal.value {
        properties.find(path, &mut |value: Value<'_>| found = found.or(value.millionths()));
    }
    found.unwrap_or(0).max(0)
}
