//! Touchpoints: every contact of a person with the company, from the records of the log, and the paths that they make.
//!
//! A visit is a *session*: what somebody does on the site or in the app until half an hour of silence, or until they come
//! by a tagged link of another campaign; midnight ends nothing. It is one touch, of the channel by which it began. A
//! human's click in a message opens a session and is its touch. A send that was accepted is an outbound touch, of which
//! attribution takes no notice unless it is asked to. What happens elsewhere is told as events ([`crate::channel::deed`]).
//!
//! Whose a touch is, the engine says: an anonymous visit from before a sign-up is that of the person who signed up, and goes back
//! when a merge is undone. So the first touch is never lost, and nothing about it is kept twice.

mod session;
mod walk;

pub use session::{LANDING, SILENCE};
pub use walk::{Asked, Frequent, Spread, Walked, walk};

use crate::channel::{Classified, Deed, Touch, deed, names, of_event, slug};
use engine::at::At;
use engine::engine::Engine;
use engine::happening::About;
use engine::programme::{Channel, ChannelRules, Direction};
use engine::record::{Event, EventKind, Record};
use engine::value::{Map, Value};
use engine::{ProfileId, SendId, Seq};
use session::{Mark, What};
use std::collections::{BTreeMap, HashMap};

/// What a touchpoint is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// The beginning of a session.
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
pub struct Owners {
    /// The number of the profile plus one, by place in the log; zero for nobody's.
    of: Vec<u32>,
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
        Self { of }
    }

    pub fn of(&self, seq: Seq) -> Option<ProfileId> {
        self.of.get(seq.0 as usize)?.checked_sub(1).map(ProfileId)
    }
}

const LINK_VISITED: &str = "Link Visited";

/// The touchpoints and conversions of many people.
pub struct Touchpoints<'e> {
    engine: &'e Engine,
    rules: ChannelRules,
    /// What channels are called, by their names in small letters with hyphens.
    channels: BTreeMap<String, String>,
    goal: Option<Goal>,
    touches: Vec<Touch>,
    numbers: HashMap<Touch, u32>,
    marks: Vec<Mark>,
}

impl<'e> Touchpoints<'e> {
    /// Gathers them by the rules of the programme that is live. The engine knows whose a send is, and what it was.
    pub fn new(engine: &'e Engine, goal: Option<Goal>) -> Self {
        let rules = engine.programme().channels.clone();
        let channels = names(engine.programme());
        let (touches, numbers, marks) = (Vec::new(), HashMap::new(), Vec::new());
        Self { engine, rules, channels, goal, touches, numbers, marks }
    }

    pub fn touch(&self, point: &Touchpoint) -> &Touch {
        &self.touches[point.touch as usize]
    }

    /// Takes in a record that is somebody's; in any order.
    pub fn observe(&mut self, owner: ProfileId, seq: Seq, at: At, record: &Record<'_>) {
        let Some(happening) = record.happening(at) else { return };
        let mut mark = |what| self.marks.push(Mark { owner, at: happening.occurred_at, seq, what });
        match (happening.about, record) {
            (About::Send { send, .. }, _) => {
                let what = match happening.name {
                    "Message Sent" => What::Send as fn(u32) -> What,
                    "Message Clicked" => What::Opens,
                    _ => return,
                };
                if let Some(touch) = self.sent(send) {
                    let number = self.number(touch);
                    self.marks.push(Mark { owner, at: happening.occurred_at, seq, what: what(number) });
                }
            }
            (About::Properties(properties), Record::Event(event)) => {
                if let Some(goal) = self.goal.as_ref().filter(|goal| goal.event == event.name) {
                    mark(What::Converts(worth(goal, properties)));
                }
                if let Some(what) = self.met(event) {
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
            let (points, conversions) = session::points(marks);
            take(marks[0].owner, &points, &conversions);
        }
    }

    fn number(&mut self, touch: Touch) -> u32 {
        let next = self.touches.len() as u32;
        let touches = &mut self.touches;
        *self.numbers.entry(touch).or_insert_with_key(|touch| {
            touches.push(touch.clone());
            next
        })
    }

    /// What an event means: part of a visit, a touch of its own, or none.
    fn met(&mut self, event: &Event<'_>) -> Option<What> {
        let deed = deed(event.name);
        let is_link = event.name == LINK_VISITED;
        let (context, page) = (event.context, event.context.get("page").and_then(|page| page.map()));
        let is_visit = matches!(event.kind, EventKind::Page | EventKind::Screen)
            || page.is_some()
            || ["campaign", "app", "device"].into_iter().any(|part| context.get(part).is_some());
        // A form on a page is part of the visit; one from elsewhere is a touch. A scan is told with the page that it led to.
        let told = deed.filter(|deed| page.is_none() || deed.event == "QR Scanned");
        if told.is_none() && !is_visit && !is_link {
            return None;
        }
        let (touch, is_tagged) = self.classified(event, told);
        let number = self.number(touch);
        Some(match told {
            Some(deed) if deed.event == "QR Scanned" => What::Opens(number),
            Some(_) => What::Told(number),
            None if is_link => What::Opens(number),
            None => What::Hit { touch: number, is_tagged },
        })
    }

    fn classified(&self, event: &Event<'_>, told: Option<&'static Deed>) -> (Touch, bool) {
        let Classified { touch, is_tagged, by_own_rule } = of_event(event, &self.rules);
        let named = self.channels.get(&slug(text(event.properties, "channel")));
        let touch = match (told, named) {
            _ if by_own_rule => touch,
            (Some(deed), named) => deed.touch(touch, named.map_or("", String::as_str)),
            (None, Some(channel)) if event.name == LINK_VISITED => {
                Touch { channel: channel.clone(), ..touch }
            }
            (None, _) => touch,
        };
        (touch, is_tagged)
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
            source: "trama".to_owned(),
            medium: send.channel?.name().to_owned(),
            campaign: send.message.to_string(),
            direction: Direction::Outbound,
            paid: false,
            online: true,
            click_id: None,
        })
    }
}

fn text<'a>(map: Map<'a>, name: &str) -> &'a str {
    map.get(name).and_then(|value| value.text()).unwrap_or_default()
}

/// What a conversion is worth, in millionths; nothing where the property is missing or negative.
fn worth(goal: &Goal, properties: Map<'_>) -> i64 {
    let mut found = None;
    if let Some(path) = &goal.value {
        properties.find(path, &mut |value: Value<'_>| found = found.or(value.millionths()));
    }
    found.unwrap_or(0).max(0)
}
