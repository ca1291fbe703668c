//! What proves that a provider said what comes under its name: the signature of SendGrid, the signature of SNS, which brings
//! what Amazon SES says. Asked for where the settings say so; the key that a webhook comes with is asked for always.
//!
//! Neither has to be fresh: who tells the same once more tells nothing new.

use crate::limits::{CERTIFICATE_BYTES_MAX, CERTIFICATES_KEPT_MAX};
use crate::webhooks::post::Post;
use anyhow::{Context, bail};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use axum::http::HeaderMap;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::sync::Mutex;
use url::Url;
use webpki::EndEntityCert;
use webpki::aws_lc_rs::RSA_PKCS1_2048_8192_SHA256;

/// What stands before the point of every key on the curve P-256, in the form in which SendGrid shows it.
const P256: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

const SENDGRID_SIGNATURE: &str = "x-twilio-email-event-webhook-signature";
const SENDGRID_TIMESTAMP: &str = "x-twilio-email-event-webhook-timestamp";

/// What the settings say has to be proved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The point of SendGrid's public key.
    sendgrid: Option<Vec<u8>>,
    /// Topics of SNS. Everybody may have topics and have SNS sign what they say there, so that is no proof by itself.
    topics: Vec<String>,
}

impl Asked {
    /// Reads the settings `return_sendgrid_key` and `return_ses_topics`.
    pub fn parse(sendgrid_key: &str, ses_topics: &str) -> anyhow::Result<Self> {
        let topics = ses_topics.split([',', ' ']).map(str::trim).filter(|topic| !topic.is_empty());
        let topics: Vec<String> = topics.map(str::to_owned).collect();
        if let Some(topic) = topics.iter().find(|topic| !topic.starts_with("arn:aws")) {
            bail!(
                "return_ses_topics names topics as arn:aws:sns:eu-west-1:123456789012:bounces, and has {topic:?}"
            );
        }
        let sendgrid = Some(sendgrid_key.trim()).filter(|key| !key.is_empty()).map(|key| {
            let bytes = BASE64_STANDARD.decode(key).ok();
            let point =
                bytes.as_deref().and_then(|bytes| bytes.strip_prefix(&P256)).filter(|one| one.len() == 65);
            point.map(<[u8]>::to_vec).context(
                "return_sendgrid_key is the verification key as SendGrid shows it, which begins with MFkw",
            )
        });
        Ok(Self { sendgrid: sendgrid.transpose()?, topics })
    }
}

/// Looks at signatures, and keeps the certificates that it needs for that.
#[derive(Default)]
pub struct Proofs {
    asked: Asked,
    /// By address, in DER.
    certificates: Mutex<BTreeMap<String, Vec<u8>>>,
}

impl Proofs {
    pub fn new(asked: Asked) -> Self {
        Self { asked, certificates: Mutex::default() }
    }

    /// Whether SendGrid signed this body, where that is asked for.
    pub fn check_sendgrid(&self, headers: &HeaderMap, body: &[u8]) -> Result<(), String> {
        let Some(key) = &self.asked.sendgrid else { return Ok(()) };
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let (Some(signature), Some(timestamp)) = (text(SENDGRID_SIGNATURE), text(SENDGRID_TIMESTAMP)) else {
            return Err("SendGrid did not sign this: switch its signed event webhook on, or take return_sendgrid_key out of the settings".to_owned());
        };
        let signature =
            BASE64_STANDARD.decode(signature).map_err(|_| "the signature is no base64".to_owned())?;
        let signed = [timestamp.as_bytes(), body].concat();
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key);
        let fits = key.verify(&signed, &signature);
        fits.map_err(|_| "the signature is not that of return_sendgrid_key over this body".to_owned())
    }

    /// Whether SNS signed this message, and from one of the topics, where that is asked for.
    pub async fn check_sns(&self, post: &Post, body: &[u8]) -> Result<(), String> {
        if self.asked.topics.is_empty() {
            return Ok(());
        }
        let message: Json = serde_json::from_slice(body).unwrap_or_default();
        let Some(address) = self.signed(&message)? else { return Ok(()) };
        let known = self.certificate(&address);
        let certificate = match known {
            Some(known) => known,
            None => {
                let url = Url::parse(&address).map_err(|error| error.to_string())?;
                let pem = post.fetch(url, CERTIFICATE_BYTES_MAX).await;
                let pem = pem.map_err(|reason| format!("the certificate of SNS cannot be had: {reason}"))?;
                let fetched = of_pem(&pem).ok_or("what SNS names as its certificate is none")?;
                self.keep(&address, &fetched);
                fetched
            }
        };
        verify(&message, &certificate)
    }

    /// Where the certificate is that a message is to be signed with; `None` where it has been looked at.
    fn signed(&self, message: &Json) -> Result<Option<String>, String> {
        let topic = text(message, "TopicArn");
        if topic.is_empty() {
            return Err(
                "SNS did not sign this: switch raw message delivery off for the subscription".to_owned()
            );
        }
        if !self.asked.topics.iter().any(|known| known == topic) {
            return Err(format!("return_ses_topics does not have the topic {topic}"));
        }
        if text(message, "SignatureVersion") != "2" {
            return Err("the signature is of the old kind, SHA-1: set the attribute SignatureVersion of the topic to 2".to_owned());
        }
        let address = text(message, "SigningCertURL");
        if sns_address(address).is_none() {
            return Err(format!("the certificate is not of SNS: {address}"));
        }
        Ok(Some(address.to_owned()))
    }

    fn certificate(&self, address: &str) -> Option<Vec<u8>> {
        self.certificates.lock().expect(UNPOISONED).get(address).cloned()
    }

    fn keep(&self, address: &str, certificate: &[u8]) {
        let mut kept = self.certificates.lock().expect(UNPOISONED);
        if kept.len() >= CERTIFICATES_KEPT_MAX {
            kept.clear();
        }
        kept.insert(address.to_owned(), certificate.to_vec());
    }
}

const UNPOISONED: &str = "invariant: nobody panics with the certificates in hand";

/// An address of SNS itself, over https.
pub fn sns_address(address: &str) -> Option<Url> {
    let url = Url::parse(address).ok()?;
    let host = url.host_str()?;
    let region = host.strip_prefix("sns.").and_then(|rest| {
        rest.strip_suffix(".amazonaws.com").or_else(|| rest.strip_suffix(".amazonaws.com.cn"))
    });
    // A bucket of somebody's that is called `sns` has such a name as well: `sns.s3` and `sns.s3.region`.
    let is_of_sns = region.is_some_and(|region| region.len() > 2 && !region.contains('.'))
        && url.scheme() == "https"
        && url.port().is_none()
        && url.username().is_empty();
    is_of_sns.then_some(url)
}

fn text<'a>(json: &'a Json, name: &str) -> &'a str {
    json[name].as_str().unwrap_or_default()
}

fn verify(message: &Json, certificate: &[u8]) -> Result<(), String> {
    let signature = BASE64_STANDARD.decode(text(message, "Signature"));
    let signature = signature.map_err(|_| "the signature is no base64".to_owned())?;
    let der = certificate.into();
    let certificate = EndEntityCert::try_from(&der).map_err(|_| "the certificate of SNS cannot be read")?;
    let fits =
        certificate.verify_signature(RSA_PKCS1_2048_8192_SHA256, signed_text(message).as_bytes(), &signature);
    fits.map_err(|_| "the signature is not that of SNS over this message".to_owned())
}

/// What SNS signs: these fields, each with its name on a line before it. A subject is there or not.
fn signed_text(message: &Json) -> String {
    let fields: &[&str] = match text(message, "Type") {
        "Notification" => &["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
        _ => &["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"],
    };
    let known = fields.iter().filter_map(|name| Some((*name, message[*name].as_str()?)));
    known.flat_map(|(name, value)| [name, "\n", value, "\n"]).collect()
}

fn of_pem(pem: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(pem).ok()?;
    let inside = text.split_once("-----BEGIN CERTIFICATE-----")?.1.split_once("-----END CERTIFICATE-----")?.0;
    let base64: String = inside.chars().filter(|letter| !letter.is_whitespace()).collect();
    BASE64_STANDARD.decode(base64).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
    };
    use axum::http::{HeaderName, HeaderValue};
    use serde_json::json;

    const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:bounces";
    const CERTIFICATE: &str = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem";

    fn headers(all: &[(&'static str, &str)]) -> HeaderMap {
        let header = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        };
        all.iter().map(header).collect()
    }

    #[test]
    fn what_sendgrid_signed_is_told_from_all_else() {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref()).unwrap();
        let shown = BASE64_STANDARD.encode([&P256[..], pair.public_key().as_ref()].concat());
        assert!(shown.starts_with("MFkw"), "{shown}");
        let proofs = Proofs::new(Asked::parse(&shown, "").unwrap());
        let body = br#"[{"event":"bounce"}]"#;
        let signature = pair.sign(&random, &[b"1600112492".as_slice(), body].concat()).unwrap();
        let signature = BASE64_STANDARD.encode(signature);
        let signed = |time: &str| headers(&[(SENDGRID_SIGNATURE, &signature), (SENDGRID_TIMESTAMP, time)]);
        assert_eq!(proofs.check_sendgrid(&signed("1600112492"), body), Ok(()));
        for (headers, body, why) in [
            (signed("1600112493"), &body[..], "not that of return_sendgrid_key"),
            (signed("1600112492"), b"[]", "not that of return_sendgrid_key"),
            (HeaderMap::new(), body, "signed event webhook"),
            (headers(&[(SENDGRID_SIGNATURE, "?"), (SENDGRID_TIMESTAMP, "1")]), body, "no base64"),
        ] {
            let refused = proofs.check_sendgrid(&headers, body).unwrap_err();
            assert!(refused.contains(why), "{refused}");
        }
        assert_eq!(Proofs::default().check_sendgrid(&HeaderMap::new(), body), Ok(()), "nobody asks");
        let cut = &shown[..shown.len() - 4];
        for wrong in [cut, "MFkw", "-----BEGIN PUBLIC KEY-----"] {
            assert!(
                Asked::parse(wrong, "").unwrap_err().to_string().contains("return_sendgrid_key"),
                "{wrong}"
            );
        }
    }

    /// A message of SNS, signed with a key of our own, and the certificate of that key.
    fn signed() -> (Json, Vec<u8>) {
        let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
        let pair = RsaKeyPair::from_pkcs8(&key.serialize_der()).unwrap();
        let params = rcgen::CertificateParams::new(vec!["sns.amazonaws.com".to_owned()]).unwrap();
        let certificate = params.self_signed(&key).unwrap().der().to_vec();
        let mut message = json!({
            "Type": "Notification", "MessageId": "1", "TopicArn": TOPIC, "Message": "{}", "Subject": "Amazon SES",
            "Timestamp": "2026-01-05T08:00:00.000Z", "SignatureVersion": "2", "SigningCertURL": CERTIFICATE,
        });
        let told = format!(
            "Message\n{{}}\nMessageId\n1\nSubject\nAmazon SES\nTimestamp\n2026-01-05T08:00:00.000Z\nTopicArn\n{TOPIC}\nType\nNotification\n"
        );
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), told.as_bytes(), &mut signature).unwrap();
        message["Signature"] = BASE64_STANDARD.encode(signature).into();
        (message, certificate)
    }

    fn check(message: &Json, certificate: &[u8]) -> Result<(), String> {
        let proofs = Proofs::new(Asked::parse("", TOPIC).unwrap());
        proofs.signed(message).and_then(|_| verify(message, certificate))
    }

    #[test]
    fn what_sns_signed_is_told_from_all_else() {
        let (message, certificate) = signed();
        assert_eq!(check(&message, &certificate), Ok(()));
        let (other, _) = signed();
        for (message, why) in [
            (other, "not that of SNS"),
            (signed_otherwise(&message, "Message", "{\"mail\":1}"), "not that of SNS"),
            (signed_otherwise(&message, "Subject", "Another"), "not that of SNS"),
            (signed_otherwise(&message, "Type", "SubscriptionConfirmation"), "not that of SNS"),
            (
                signed_otherwise(&message, "TopicArn", "arn:aws:sns:eu-west-1:9:own"),
                "does not have the topic",
            ),
            (signed_otherwise(&message, "SignatureVersion", "1"), "SHA-1"),
            (signed_otherwise(&message, "SigningCertURL", "https://sns.evil.example/a.pem"), "not of SNS"),
            (json!({ "mail": {} }), "raw message delivery"),
        ] {
            let refused = check(&message, &certificate).unwrap_err();
            assert!(refused.contains(why), "{why}: {refused}");
        }
    }

    fn signed_otherwise(message: &Json, field: &str, value: &str) -> Json {
        let mut message = message.clone();
        message[field] = value.into();
        message
    }

    #[test]
    fn a_certificate_is_read_from_its_pem_and_only_sns_is_asked_for_one() {
        let (_, certificate) = signed();
        let base64 = BASE64_STANDARD.encode(&certificate);
        let lines: Vec<&str> =
            base64.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        let pem = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"));
        assert_eq!(of_pem(pem.as_bytes()), Some(certificate));
        assert_eq!(of_pem(b"<html>"), None);
        for (address, is_of_sns) in [
            (CERTIFICATE, true),
            ("https://sns.cn-north-1.amazonaws.com.cn/a.pem", true),
            ("http://sns.eu-west-1.amazonaws.com/a.pem", false),
            ("https://sns.eu-west-1.amazonaws.com:8443/a.pem", false),
            ("https://bucket.s3.amazonaws.com/a.pem", false),
            ("https://sns.amazonaws.com.evil.example/a.pem", false),
            ("https://sns.evil.example/?.amazonaws.com", false),
            ("https://x@sns.eu-west-1.amazonaws.com/a.pem", false),
        ] {
            assert_eq!(sns_address(address).is_some(), is_of_sns, "{address}");
        }
    }

    #[test]
    fn a_topic_is_written_as_an_arn() {
        let two = Asked::parse("", &format!("{TOPIC}, arn:aws:sns:eu-west-1:1:two")).unwrap();
        assert_eq!(two.topics.len(), 2);
        assert!(Asked::parse("", "bounces").unwrap_err().to_string().contains("return_ses_topics"));
    }
}
