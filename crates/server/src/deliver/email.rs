//! Email: rendered from the live programme, built as MIME, handed to an SMTP relay.

use super::channel::{Channel, HandOver, Receipt};
use super::link::SignedLinks;
use super::mime::{Email as Mime, MessageId, Party, Unsubscribe};
use super::render::{Rendered, Templates};
use super::smtp::answer::Answer;
use super::smtp::letter::{Address, Letter};
use super::smtp::pool::{Pool, PoolSize};
use super::smtp::url::Route;
use crate::runtime::Runtime;
use engine::effect::Prepare;
use engine::programme::Programme;
use engine::record::DeliveryOutcome;
use std::sync::{Arc, Mutex};

/// The email channel of one server.
pub struct Email {
    runtime: Runtime,
    pool: Arc<Pool>,
    links: SignedLinks,
    /// Names this installation in message ids.
    installation: String,
    /// The templates of the programme they were compiled from.
    compiled: Mutex<Option<(Arc<Programme>, Arc<Templates>)>>,
}

impl Email {
    /// Starts the connections to a relay on the current tokio runtime.
    pub fn start(runtime: Runtime, route: Route, links: SignedLinks, installation: u64) -> Self {
        let pool = Arc::new(Pool::start(route, PoolSize::USUAL));
        let installation = format!("{installation:016x}");
        Self { runtime, pool, links, installation, compiled: Mutex::new(None) }
    }

    /// Letters under way are finished and connections closed.
    pub async fn stop(&self) {
        self.pool.stop().await;
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

    fn letter(&self, prepare: &Prepare) -> Result<Letter, String> {
        let rendered = self.templates()?.render(prepare, &self.links, prepare.decided_at);
        let rendered = rendered.map_err(|error| error.to_string())?;
        let to = Address::parse(&prepare.address).map_err(|error| error.to_string())?;
        let (from_name, from) = party("from", &rendered.from)?;
        let message = self.mime(prepare, &rendered, (from_name, &from), &to)?;
        Ok(Letter { from: Some(from), to, message })
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
            unsubscribe: rendered.unsubscribe.as_deref().map(|url| Unsubscribe { url, mailto: None }),
            list_id: None,
            feedback_id: None,
        };
        email.build().map_err(|error| error.to_string())
    }
}

impl Channel for Email {
    fn prepare(&self, prepare: &Prepare) -> Result<HandOver, String> {
        let letter = self.letter(prepare)?;
        let pool = Arc::clone(&self.pool);
        Ok(Box::pin(async move { receipt(&pool.send(letter).await) }))
    }
}

/// What a relay's answer means for the send.
fn receipt(answer: &Answer) -> Receipt {
    let outcome = match answer {
        Answer::Accepted { .. } => DeliveryOutcome::Accepted,
        Answer::Transient { .. } | Answer::Unreachable { .. } => DeliveryOutcome::Transient,
        Answer::Permanent { class, .. } if class.suppresses() => DeliveryOutcome::InvalidRecipient,
        Answer::Permanent { .. } => DeliveryOutcome::Permanent,
        Answer::Unknown { .. } => DeliveryOutcome::Unknown,
    };
    Receipt { outcome, reply: answer.to_string() }
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
