//! What providers' webhooks say of sends, in the forms that they document: Amazon SES through SNS, SendGrid, Postmark.
//!
//! Each is read into the same news that any program may post. Which send is meant is told by a header that every message
//! carries, `X-Trama-Send` or Postmark's metadata, or by the `Message-ID` that SendGrid gives back.

use crate::problem::Problem;
use engine::record::Verdict;
use serde_json::Value as Json;

/// Who tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Provider {
    Ses,
    SendGrid,
    Postmark,
}

/// News of one send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct News {
    /// As in the header: `9.0123456789abcdef@shop.example`; empty where the provider does not say.
    pub(super) message_id: String,
    /// `None` for a wish to get no more.
    pub(super) verdict: Option<Verdict>,
    pub(super) reason: String,
}

/// What a provider's request is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Told {
    News(Vec<News>),
    /// SNS asks whether we want to hear of a topic: yes is said by fetching this address.
    Confirm {
        url: String,
    },
}

impl Provider {
    const ALL: [(&'static str, Self); 3] =
        [("ses", Self::Ses), ("sendgrid", Self::SendGrid), ("postmark", Self::Postmark)];

    pub(super) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(known, _)| *known == name).map(|(_, provider)| provider)
    }

    /// Reads a request. What it tells besides returns is nothing to us, and no mistake.
    pub(super) fn read(self, body: &[u8]) -> Result<Told, Problem> {
        let json: Json = serde_json::from_slice(body).map_err(|error| {
            Problem::bad_request("bad_body", "body", format!("the body is no JSON: {error}"))
        })?;
        match self {
            Self::Ses => of_sns(&json),
            Self::SendGrid => {
                let events = json.as_array().ok_or_else(|| unfit("SendGrid sends a list of events"))?;
                Ok(Told::News(events.iter().filter_map(of_sendgrid).collect()))
            }
            Self::Postmark => Ok(Told::News(of_postmark(&json).into_iter().collect())),
        }
    }
}

fn unfit(message: &str) -> Problem {
    Problem::bad_request("bad_body", "body", message.to_owned())
}

fn text<'a>(json: &'a Json, name: &str) -> &'a str {
    json[name].as_str().unwrap_or_default()
}

/// The envelope of SNS; its `Message` is JSON in a text. With raw delivery switched on, the message comes alone.
fn of_sns(json: &Json) -> Result<Told, Problem> {
    match text(json, "Type") {
        "SubscriptionConfirmation" => Ok(Told::Confirm { url: text(json, "SubscribeURL").to_owned() }),
        "Notification" => {
            let message: Json = serde_json::from_str(text(json, "Message")).map_err(|_| {
                unfit("the `Message` of the notification is no JSON: is the topic one of SES?")
            })?;
            Ok(Told::News(of_ses(&message).into_iter().collect()))
        }
        "UnsubscribeConfirmation" => Ok(Told::News(Vec::new())),
        _ if json["mail"].is_object() => Ok(Told::News(of_ses(json).into_iter().collect())),
        _ => Err(unfit("this is no message of SNS")),
    }
}

/// A notification (`notificationType`) or a published event (`eventType`) of SES.
fn of_ses(message: &Json) -> Option<News> {
    let kind = [text(message, "notificationType"), text(message, "eventType")].concat();
    let headers = message["mail"]["headers"].as_array();
    let own =
        headers.into_iter().flatten().find(|one| text(one, "name").eq_ignore_ascii_case("X-Trama-Send"));
    let message_id = own.map(|one| text(one, "value").to_owned()).unwrap_or_default();
    let (verdict, reason) = match kind.as_str() {
        "Bounce" => {
            let bounce = &message["bounce"];
            let reason = text(&bounce["bouncedRecipients"][0], "diagnosticCode");
            let verdict = match (text(bounce, "bounceType"), text(bounce, "bounceSubType")) {
                ("Permanent", _) => Verdict::HardBounce,
                (_, "MessageTooLarge" | "ContentRejected" | "AttachmentRejected") => Verdict::Refused,
                _ => Verdict::SoftBounce,
            };
            (verdict, reason)
        }
        "Complaint" => (Verdict::Complaint, text(&message["complaint"], "complaintFeedbackType")),
        _ => return None,
    };
    Some(News { message_id, verdict: Some(verdict), reason: reason.to_owned() })
}

/// One event of SendGrid's list. `bounce` with the type `blocked` is about us and not about the address.
fn of_sendgrid(event: &Json) -> Option<News> {
    let verdict = match (text(event, "event"), text(event, "type")) {
        ("bounce", "blocked") => Some(Verdict::Refused),
        ("bounce", _) => Some(Verdict::HardBounce),
        ("dropped", _) => match text(event, "reason") {
            "Bounced Address" | "Invalid" => Some(Verdict::HardBounce),
            _ => Some(Verdict::Refused),
        },
        ("spamreport", _) => Some(Verdict::Complaint),
        ("unsubscribe" | "group_unsubscribe", _) => None,
        _ => return None,
    };
    let message_id = text(event, "smtp-id").to_owned();
    Some(News { message_id, verdict, reason: text(event, "reason").to_owned() })
}

/// One record of Postmark. Which of its types of bounces means what is in its documentation.
fn of_postmark(record: &Json) -> Option<News> {
    let verdict = match (text(record, "RecordType"), text(record, "Type")) {
        ("SpamComplaint", _) | ("Bounce", "SpamComplaint") => Some(Verdict::Complaint),
        ("Bounce", "HardBounce" | "BadEmailAddress" | "ManuallyDeactivated" | "AddressChange") => {
            Some(Verdict::HardBounce)
        }
        ("Bounce", "Unsubscribe") => None,
        (
            "Bounce",
            "Blocked" | "SpamNotification" | "VirusNotification" | "DMARCPolicy" | "ChallengeVerification",
        ) => Some(Verdict::Refused),
        ("Bounce", "SoftBounce" | "Transient" | "DnsError" | "Undeliverable" | "Unknown") => {
            Some(Verdict::SoftBounce)
        }
        ("SubscriptionChange", _)
            if record["SuppressSending"] == true
                && text(record, "SuppressionReason") == "ManualSuppression" =>
        {
            None
        }
        _ => return None,
    };
    let message_id = text(&record["Metadata"], "trama-send").to_owned();
    let reason =
        [text(record, "Details"), text(record, "Description")].into_iter().find(|one| !one.is_empty());
    Some(News { message_id, verdict, reason: reason.unwrap_or_default().to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ID: &str = "9.0123456789abcdef@shop.example";

    fn news(provider: Provider, body: &Json) -> Vec<(String, Option<Verdict>, String)> {
        match provider.read(body.to_string().as_bytes()).unwrap() {
            Told::News(news) => {
                news.into_iter().map(|one| (one.message_id, one.verdict, one.reason)).collect()
            }
            Told::Confirm { url } => panic!("{url}"),
        }
    }

    fn sns(message: &Json) -> Json {
        json!({
            "Type": "Notification", "MessageId": "22b80b92", "TopicArn": "arn:aws:sns:eu-west-1:123456789012:ses",
            "Message": message.to_string(), "Timestamp": "2026-01-05T08:00:00.000Z", "SignatureVersion": "1",
        })
    }

    fn ses(kind: &str, field: &str, content: &Json) -> Json {
        let headers =
            json!([{ "name": "Subject", "value": "Ciao" }, { "name": "X-Trama-Send", "value": ID }]);
        let mut message = json!({
            "notificationType": kind,
            "mail": { "messageId": "0100-ses", "destination": ["ada@example.com"], "headers": headers },
        });
        message[field] = content.clone();
        sns(&message)
    }

    #[test]
    fn ses_tells_bounces_and_complaints_through_sns() {
        let bounce = |kind: &str, sub: &str| {
            let recipients =
                json!([{ "emailAddress": "ada@example.com", "diagnosticCode": "smtp; 550 5.1.1" }]);
            let content =
                json!({ "bounceType": kind, "bounceSubType": sub, "bouncedRecipients": recipients });
            ses("Bounce", "bounce", &content)
        };
        for (kind, sub, verdict) in [
            ("Permanent", "General", Verdict::HardBounce),
            ("Permanent", "NoEmail", Verdict::HardBounce),
            ("Transient", "MailboxFull", Verdict::SoftBounce),
            ("Transient", "ContentRejected", Verdict::Refused),
            ("Undetermined", "Undetermined", Verdict::SoftBounce),
        ] {
            let expected = [(ID.to_owned(), Some(verdict), "smtp; 550 5.1.1".to_owned())];
            assert_eq!(news(Provider::Ses, &bounce(kind, sub)), expected, "{kind} {sub}");
        }
        let complaint = ses("Complaint", "complaint", &json!({ "complaintFeedbackType": "abuse" }));
        assert_eq!(
            news(Provider::Ses, &complaint),
            [(ID.to_owned(), Some(Verdict::Complaint), "abuse".to_owned())]
        );
        assert_eq!(news(Provider::Ses, &ses("Delivery", "delivery", &json!({}))), []);
        let confirm = json!({ "Type": "SubscriptionConfirmation", "SubscribeURL": "https://sns.eu-west-1.amazonaws.com/x" });
        let told = Provider::Ses.read(confirm.to_string().as_bytes()).unwrap();
        assert_eq!(told, Told::Confirm { url: "https://sns.eu-west-1.amazonaws.com/x".to_owned() });
        assert!(Provider::Ses.read(b"[]").is_err() && Provider::Ses.read(b"no").is_err());
    }

    #[test]
    fn sendgrid_tells_several_things_at_once() {
        let event = |event: &str, kind: &str, reason: &str| {
            json!({ "email": "ada@example.com", "timestamp": 1_767_600_000, "event": event, "type": kind,
                    "smtp-id": format!("<{ID}>"), "sg_event_id": "x", "reason": reason })
        };
        let body = json!([
            event("processed", "", ""),
            event("bounce", "bounce", "550 5.1.1 unknown"),
            event("bounce", "blocked", "550 5.7.1 spam"),
            event("dropped", "", "Bounced Address"),
            event("dropped", "", "Spam Content"),
            event("deferred", "", "421"),
            event("spamreport", "", ""),
            event("unsubscribe", "", ""),
        ]);
        let verdicts: Vec<_> = news(Provider::SendGrid, &body).into_iter().map(|one| one.1).collect();
        let expected = [
            Some(Verdict::HardBounce),
            Some(Verdict::Refused),
            Some(Verdict::HardBounce),
            Some(Verdict::Refused),
            Some(Verdict::Complaint),
            None,
        ];
        assert_eq!(verdicts, expected);
        assert!(Provider::SendGrid.read(b"{}").is_err());
    }

    #[test]
    fn postmark_tells_one_thing_at_a_time() {
        let record = |record: &str, kind: &str| {
            json!({ "RecordType": record, "Type": kind, "ID": 1, "Email": "ada@example.com",
                    "Details": "smtp;550 5.1.1", "Metadata": { "trama-send": ID } })
        };
        for (kind, verdict) in [
            ("HardBounce", Verdict::HardBounce),
            ("SoftBounce", Verdict::SoftBounce),
            ("Blocked", Verdict::Refused),
            ("SpamComplaint", Verdict::Complaint),
        ] {
            let expected = [(ID.to_owned(), Some(verdict), "smtp;550 5.1.1".to_owned())];
            assert_eq!(news(Provider::Postmark, &record("Bounce", kind)), expected, "{kind}");
        }
        let complaint = record("SpamComplaint", "SpamComplaint");
        assert_eq!(news(Provider::Postmark, &complaint)[0].1, Some(Verdict::Complaint));
        assert_eq!(news(Provider::Postmark, &record("Bounce", "AutoResponder")), []);
        assert_eq!(news(Provider::Postmark, &record("Delivery", "")), []);
        let change = json!({ "RecordType": "SubscriptionChange", "SuppressSending": true,
                             "SuppressionReason": "ManualSuppression", "Metadata": { "trama-send": ID } });
        assert_eq!(news(Provider::Postmark, &change), [(ID.to_owned(), None, String::new())]);
    }
}
