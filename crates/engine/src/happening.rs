//! What a record adds to a person's history: an event of their own, or one that Trama notes about a send to them.
//!
//! The engine keeps when it was, its name and its place in the log. Whoever wants to know more reads the record there.

use crate::SendId;
use crate::at::At;
use crate::record::{
    ConsentSource, ConsentStated, DeliveryOutcome, Engaged, Engagement, EventFlags, EventKind, Record,
    Subject, Verdict,
};
use crate::value::Map;

/// An entry of a timeline.
#[derive(Clone, Copy, Debug)]
pub struct Happening<'a> {
    pub name: &'a str,
    pub occurred_at: At,
    pub about: About<'a>,
}

/// Where its properties are.
#[derive(Clone, Copy, Debug)]
pub enum About<'a> {
    /// What the sender of the event said.
    Properties(Map<'a>),
    /// A send, and the link that was clicked: the ledger knows the rest.
    Send { send: SendId, url: &'a str },
}

impl<'a> Record<'a> {
    /// What the record adds to a history, taken in at an instant; `None` where it adds nothing.
    pub fn happening(&self, at: At) -> Option<Happening<'a>> {
        let of_send = |name, send, url| Happening { name, occurred_at: at, about: About::Send { send, url } };
        match self {
            Self::Event(event) => {
                let counts = matches!(event.kind, EventKind::Track | EventKind::Page | EventKind::Screen);
                (counts && !event.flags.has(EventFlags::BOT)).then(|| Happening {
                    name: event.name,
                    occurred_at: event.occurred_at.min(at),
                    about: About::Properties(event.properties),
                })
            }
            Self::Settled(settled) => match settled.outcome {
                DeliveryOutcome::Accepted => Some(of_send("Message Sent", settled.send, "")),
                DeliveryOutcome::InvalidRecipient => Some(of_send("Message Bounced", settled.send, "")),
                DeliveryOutcome::Transient | DeliveryOutcome::Permanent | DeliveryOutcome::Unknown => None,
            },
            Self::Returned(returned) => {
                let name = match returned.verdict {
                    Verdict::Refused | Verdict::SoftBounce | Verdict::HardBounce => "Message Bounced",
                    Verdict::Complaint => "Message Complained",
                };
                Some(of_send(name, returned.send, ""))
            }
            Self::Engaged(Engaged { machine: true, .. }) => None,
            Self::Engaged(engaged) => {
                let name = match engaged.engagement {
                    Engagement::Opened => "Message Opened",
                    Engagement::Clicked => "Message Clicked",
                    Engagement::Dismissed => "Message Dismissed",
                };
                Some(of_send(name, engaged.send, engaged.url))
            }
            Self::ConsentStated(ConsentStated {
                subject: Subject::Send(send),
                granted: false,
                source:
                    ConsentSource::OneClick | ConsentSource::UnsubscribePage | ConsentSource::PreferenceCentre,
                ..
            }) => Some(of_send("Message Unsubscribed", *send, "")),
            Self::Installed(_)
            | Self::Rejected(_)
            | Self::ConsentStated(_)
            | Self::PreferenceStated(_)
            | Self::RegisterListed(_)
            | Self::RegisterChecked(_)
            | Self::SuppressionStated(_)
            | Self::ProgrammeApplied(_)
            | Self::Attempted(_)
            | Self::CutoffsStated(_)
            | Self::ClustersStated(_)
            | Self::ProfilesMerged(_)
            | Self::MergeUndone(_)
            | Self::IdentifierLifted(_)
            | Self::ProfileErased(_)
            | Self::LogRedacted(_)
            | Self::MembershipChanged(_)
            | Self::Viewed(_)
            | Self::RunRequested(_)
            | Self::Commanded(_)
            | Self::WebhookDelivered(_)
            | Self::WebhookAnswered(_)
            | Self::WebhookFollowed(_)
            | Self::DeliveryRequested(_)
            | Self::CodesAdded(_)
            | Self::OfferRedeemed(_)
            | Self::OfferNoted(_)
            | Self::SpendRecorded(_)
            | Self::FlightRecorded(_)
            | Self::ReportSent(_)
            | Self::OperatorActed(_)
            | Self::Tick => None,
        }
    }
}
