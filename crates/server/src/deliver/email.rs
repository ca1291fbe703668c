//! Email: rendered from the live programme, built as MIME, signed, and handed to the relay of its route.

use super::channel::{Channel, HandOver, Receipt};
use super::dkim::Signers;
use super::link::SignedLinks;
use super::mailbox_host::mailbox_host;
use super::mime::{Email as Mime, MessageId, Party, Unsubscribe};
use super::render::{Rendered, Seen, Templates};
use super::return_path::ReturnPaths;
use super::route::{Route, Routes};
use super::smtp::answer::Answer;
use super::smtp::letter::{Address, Letter};
use crate::runtime::Runtime;
use engine::at::At;
use engine::effect::Prepare;
use engine::engine::Engine;
use engine::programme::{Channel as Medium, OpenTracking, Programme};
use engine::record::ConsentState;
use std::sync::{Arc, Mutex};

/// The email channel of one server.
pub struct Email {
    runtime: Runtime,
    routes: Routes,
    links: SignedLinks,
    signers: Signers,
    /// Where messages come back, where they have an address of their own for that.
    returns: Option<ReturnPaths>,
    /// Names this installation in message ids.
    installation: String,
    /// The templates of the programme they were compiled from.
    compiled: Mutex<Option<(Arc<Programme>, Arc<Templates>)>>,
}

impl Email {
    /// Sends over these routes.
    pub fn new(
        runtime: Runtime,
        routes: Routes,
        links: SignedLinks,
        signers: Signers,
        returns: Option<ReturnPaths>,
        installation: u64,
    ) -> Self {
        let installation = format!("{installation:016x}");
        Self { runtime, routes, links, signers, returns, installation, compiled: Mutex::new(None) }
    }

    /// Letters under way are finished and connections closed.
    pub async fn stop(&self) {
        self.routes.stop().await;
    }

    /// The route of a send, by its purpose and its sender's domain. `None` where the message or a route for it is missing.
    fn route(&self, prepare: &Prepare) -> Option<&Arc<Route>> {
        let programme = self.runtime.programme();
        let from = &programme.messages.get(&prepare.message)?.email.as_ref()?.from;
        self.routes.of(&prepare.purpose, domain_of(from))
    }

    /// The route that takes a purpose from a sender.
    fn taking(&self, purpose: &str, from: &str) -> Result<&Arc<Route>, String> {
        self.routes.of(purpose, domain_of(from)).ok_or_else(|| no_route(purpose))
    }

    /// Whether there is a route for a purpose from a sender, or why not.
    pub fn takes(&self, purpose: &str, from: &str) -> Result<(), String> {
        self.taking(purpose, from).map(drop)
    }

    /// The live programme's templates, compiled when the first of its messages is sent.
    fn templates(&self) -> Result<Arc<Templates>, String> {
        let programme = self.runtime.programme();
        let mut compiled = self.compiled.lock().expect("invariant: compiling templates does not panic");
        if let Some((of, templates)) = &*compiled
            && Arc::ptr_eq(of, &programme)
        {
            return Ok(Arc::clone(templates));
        }
        let templates = Templates::compile(&programme).map_err(|mistakes| {
            let first = mistakes.first().map(ToString::to_string).unwrap_or_default();
            format!("the programme's templates have mistakes: {first}")
        })?;
        let templates = Arc::new(templates);
        *compiled = Some((programme, Arc::clone(&templates)));
        Ok(templates)
    }

    /// Whether the person allows it to be seen when they open the message. Asked where that matters only.
    fn sees_opens(&self, prepare: &Prepare) -> bool {
        let programme = self.runtime.programme();
        let purpose = programme.opens_purpose();
        let Some(purpose) =
            purpose.filter(|_| programme.open_tracking(&prepare.message) == OpenTracking::PerPerson)
        else {
            return false;
        };
        let consent = |engine: &Engine| engine.profile(prepare.profile)?.consent(purpose, Medium::Email);
        self.runtime.read_blocking(consent) == Some(ConsentState::Granted)
    }

    fn letter(&self, prepare: &Prepare) -> Result<Letter, String> {
        let seen = Seen::AsSend { opens: self.sees_opens(prepare) };
        let rendered = self.templates()?.render(prepare, &self.links, prepare.decided_at, seen);
        let rendered = rendered.map_err(|error| error.to_string())?;
        let to = Address::parse(&prepare.address).map_err(|error| error.to_string())?;
        let (from_name, from) = party("from", &rendered.from)?;
        let message = self.mime(prepare, &rendered, (from_name, &from), &to)?;
        let message = self.signers.sign(from.domain(), message, prepare.decided_at);
        let back = self.returns.as_ref().map_or(from, |paths| paths.bounce(prepare.send));
        Ok(Letter { from: Some(back), to, message })
    }

    fn mime(
        &self,
        prepare: &Prepare,
        rendered: &Rendered,
        (from_name, from): (&str, &Address),
        to: &Address,
    ) -> Result<Vec<u8>, String> {
        let reply_to = rendered.reply_to.as_deref().map(|text| party("reply_to", text)).transpose()?;
        let message_id =
            MessageId::of(prepare.send, &self.installation, from).map_err(|error| error.to_string())?;
        // What people subscribed to, and by what Gmail counts complaints: the sender, which never changes, comes last.
        let list = rendered.unsubscribe.as_ref().map(|_| {
            let Prepare { purpose, message, journey, .. } = prepare;
            let domain = from.domain();
            (format!("{purpose}.{domain}"), format!("{message}:{journey}:{purpose}:{domain}"))
        });
        let fits =
            |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-:".contains(&byte));
        let list = list.filter(|(list_id, feedback_id)| fits(list_id) && fits(feedback_id));
        let by_mail = self.returns.as_ref().map(|paths| paths.unsubscribe(prepare.send));
        let email = Mime {
            message_id: &message_id,
            // Of the decision and not of the attempt, so that every attempt is the same bytes.
            date: prepare.decided_at,
            from: Party { name: from_name, address: from },
            to: Party { name: "", address: to },
            reply_to: reply_to.as_ref().map(|(name, address)| Party { name, address }),
            subject: &rendered.subject,
            text: &rendered.text,
            html: rendered.html.as_deref(),
            unsubscribe: rendered
                .unsubscribe
                .as_deref()
                .map(|url| Unsubscribe { url, mailto: by_mail.as_ref() }),
            list_id: list.as_ref().map(|(list_id, _)| list_id.as_str()),
            feedback_id: list.as_ref().map(|(_, feedback_id)| feedback_id.as_str()),
        };
        email.build().map_err(|error| error.to_string())
    }
}

/// A mail that is no send: to somebody of the company, and so with no way out of it.
pub struct Note<'a> {
    /// Tells it from every other.
    pub id: &'a str,
    /// By which routes take it.
    pub purpose: &'a str,
    pub date: At,
    pub from: &'a str,
    pub reply_to: Option<&'a str>,
    pub to: &'a str,
    pub subject: &'a str,
    pub text: &'a str,
    pub html: Option<&'a str>,
}

/// What became of a note.
pub struct Posted {
    /// The route that took it, by its name.
    pub route: String,
    pub answer: Answer,
}

/// The purpose by which routes take reports.
pub const REPORTS: &str = "reports";

impl Email {
    /// Hands a note over, once. An error is one of ours, before anything left.
    pub async fn post(&self, note: &Note<'_>) -> Result<Posted, String> {
        let (from_name, from) = party("from", note.from)?;
        let (_, to) = party("to", note.to)?;
        let reply_to = note.reply_to.map(|text| party("reply_to", text)).transpose()?;
        let route = self.taking(note.purpose, note.from)?;
        let message_id =
            MessageId::of(note.id, &self.installation, &from).map_err(|error| error.to_string())?;
        let email = Mime {
            message_id: &message_id,
            date: note.date,
            from: Party { name: from_name, address: &from },
            to: Party { name: "", address: &to },
            reply_to: reply_to.as_ref().map(|(name, address)| Party { name, address }),
            subject: note.subject,
            text: note.text,
            html: note.html,
            unsubscribe: None,
            list_id: None,
            feedback_id: None,
        };
        let message = email.build().map_err(|error| error.to_string())?;
        let message = self.signers.sign(from.domain(), message, note.date);
        let answer = route.send(Letter { from: Some(from), to, message }).await;
        Ok(Posted { route: route.name().to_owned(), answer })
    }
}

impl Channel for Email {
    fn prepare(&self, prepare: &Prepare) -> Result<HandOver, String> {
        let letter = self.letter(prepare)?;
        let route = self.route(prepare).ok_or_else(|| no_route(&prepare.purpose))?;
        let route = Arc::clone(route);
        Ok(Box::pin(async move { receipt(&route.send(letter).await) }))
    }

    fn begin_round(&self) {
        self.routes.begin_round();
    }

    /// What has no route goes at once, to be told so.
    fn turn(&self, prepare: &Prepare, now: At) -> Result<(), At> {
        self.route(prepare).map_or(Ok(()), |route| route.turn(&mailbox_host(&prepare.address), now))
    }
}

fn no_route(purpose: &str) -> String {
    format!("no route takes the purpose {purpose} from this sender; see `routes` in the settings")
}

/// The domain of a sender as the message writes it.
fn domain_of(from: &str) -> &str {
    from.rsplit('@').next().unwrap_or_default().trim_end_matches(['>', ' '])
}

/// What a relay's answer means for the send.
fn receipt(answer: &Answer) -> Receipt {
    Receipt { outcome: answer.outcome(), reply: answer.to_string() }
}

/// Reads `Name <address>`, `"Name" <address>` or an address alone.
fn party<'a>(field: &str, text: &'a str) -> Result<(&'a str, Address), String> {
    let (name, address) = match text.trim().strip_suffix('>').and_then(|front| front.rsplit_once('<')) {
        Some((name, address)) => (name.trim(), address),
        None => ("", text.trim()),
    };
    let unquoted = name.strip_prefix('"').and_then(|name| name.strip_suffix('"'));
    let address = Address::parse(address).map_err(|error| format!("{field} of the message: {error}"))?;
    Ok((unquoted.unwrap_or(name), address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn senders_are_read_as_people_write_them() {
        for (text, name, address) in [
            ("Bottega <ciao@bottega.example>", "Bottega", "ciao@bottega.example"),
            ("\"Bottega, Roma\" <ciao@bottega.example>", "Bottega, Roma", "ciao@bottega.example"),
            ("ciao@bottega.example", "", "ciao@bottega.example"),
            (" <ciao@bottega.example> ", "", "ciao@bottega.example"),
        ] {
            let (read, parsed) = party("from", text).unwrap();
            assert_eq!((read, parsed.as_str()), (name, address), "{text}");
        }
        let error = party("from", "Bottega").err().unwrap();
        assert!(error.contains("from of the message"), "{error}");
    }
}
