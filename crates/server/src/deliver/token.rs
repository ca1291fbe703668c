//! Signed tokens: what the public links of a message carry. They hold everything that is needed to act on them,
//! so nothing is looked up that an old snapshot might no longer know, and nobody can make one without the key.
//!
//! Bytes: version, kind, the send as a varint, then what the kind needs; then HMAC-SHA256 of all that, cut to 128
//! bits (RFC 2104 allows half the hash). Written in base64url without padding.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use engine::SendId;
use engine::codec::{Reader, put_varint};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::limits::TOKEN_BYTES_MAX;

const VERSION: u8 = 1;
const TAG_BYTES: usize = 16;

const OPEN: u8 = 1;
const CLICK: u8 = 2;
const UNSUBSCRIBE: u8 = 3;
const PREFERENCES: u8 = 4;
const CONFIRM: u8 = 5;
const VIEW: u8 = 6;
const DECISION: u8 = 40;
const VISIT: u8 = 56;
const VISITOR: u8 = 57;
const PASS: u8 = 58;
const SHARE: u8 = 59;
const STAMP: u8 = 60;
const GUIDE: u8 = 61;

/// What a link says of itself. Whoever serves a path checks that the token is of the kind for that path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    Open {
        send: SendId,
    },
    /// `link` is the place among the links of the message; `url` is where it leads, and the only place a redirect
    /// may go to.
    Click {
        send: SendId,
        link: u32,
        url: String,
    },
    /// One-click, and the page behind the link in the text.
    Unsubscribe {
        send: SendId,
        purpose: String,
    },
    Preferences {
        send: SendId,
    },
    /// Of a double opt-in.
    Confirm {
        send: SendId,
        purpose: String,
    },
    /// The picture of a message that is the same for everybody.
    View {
        message: String,
    },
    /// What a page was told to show somebody, as [`crate::site`] writes it.
    Decision {
        text: String,
    },
    /// Of pages, forms and short links, as `crate::public::hosted` writes them: who is on a visit and by which link,
    Visit {
        text: String,
    },
    /// the cookie of somebody who agreed to be known again,
    Visitor {
        text: String,
    },
    /// a button that passes a page on,
    Pass {
        text: String,
    },
    /// an address that was passed on,
    Share {
        text: String,
    },
    /// a form that was shown,
    Stamp {
        text: String,
    },
    /// and the way to a guide.
    Guide {
        text: String,
    },
}

impl Token {
    fn encode(&self) -> Vec<u8> {
        let (kind, send, link, text) = match self {
            Self::Open { send } => (OPEN, *send, None, ""),
            Self::Click { send, link, url } => (CLICK, *send, Some(*link), url.as_str()),
            Self::Unsubscribe { send, purpose } => (UNSUBSCRIBE, *send, None, purpose.as_str()),
            Self::Preferences { send } => (PREFERENCES, *send, None, ""),
            Self::Confirm { send, purpose } => (CONFIRM, *send, None, purpose.as_str()),
            Self::View { message } => (VIEW, SendId(0), None, message.as_str()),
            Self::Decision { text } => (DECISION, SendId(0), None, text.as_str()),
            Self::Visit { text } => (VISIT, SendId(0), None, text.as_str()),
            Self::Visitor { text } => (VISITOR, SendId(0), None, text.as_str()),
            Self::Pass { text } => (PASS, SendId(0), None, text.as_str()),
            Self::Share { text } => (SHARE, SendId(0), None, text.as_str()),
            Self::Stamp { text } => (STAMP, SendId(0), None, text.as_str()),
            Self::Guide { text } => (GUIDE, SendId(0), None, text.as_str()),
        };
        let mut bytes = vec![VERSION, kind];
        put_varint(&mut bytes, send.0);
        if let Some(link) = link {
            put_varint(&mut bytes, u64::from(link));
        }
        bytes.extend_from_slice(text.as_bytes());
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        if reader.byte()? != VERSION {
            return None;
        }
        let kind = reader.byte()?;
        let send = SendId(reader.varint()?);
        let link = if kind == CLICK { u32::try_from(reader.varint()?).ok()? } else { 0 };
        let text = std::str::from_utf8(reader.rest()).ok()?.to_owned();
        match kind {
            OPEN if text.is_empty() => Some(Self::Open { send }),
            CLICK => Some(Self::Click { send, link, url: text }),
            UNSUBSCRIBE => Some(Self::Unsubscribe { send, purpose: text }),
            PREFERENCES if text.is_empty() => Some(Self::Preferences { send }),
            CONFIRM => Some(Self::Confirm { send, purpose: text }),
            VIEW if send == SendId(0) => Some(Self::View { message: text }),
            DECISION if send == SendId(0) => Some(Self::Decision { text }),
            VISIT if send == SendId(0) => Some(Self::Visit { text }),
            VISITOR if send == SendId(0) => Some(Self::Visitor { text }),
            PASS if send == SendId(0) => Some(Self::Pass { text }),
            SHARE if send == SendId(0) => Some(Self::Share { text }),
            STAMP if send == SendId(0) => Some(Self::Stamp { text }),
            GUIDE if send == SendId(0) => Some(Self::Guide { text }),
            _ => None,
        }
    }
}

/// The installation's key, ready to sign.
#[derive(Clone)]
pub struct TokenKey(Hmac<Sha256>);

impl TokenKey {
    /// `link_key` is the one of the record `Installed`.
    pub fn new(link_key: &[u8; 32]) -> Self {
        Self(Hmac::new_from_slice(link_key).expect("invariant: HMAC takes keys of any length"))
    }

    pub fn sign(&self, token: &Token) -> String {
        let mut bytes = token.encode();
        let tag = self.mac(&bytes).finalize().into_bytes();
        bytes.extend_from_slice(&tag[..TAG_BYTES]);
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The token, if this installation signed it. Takes as long for a tag that is nearly right as for a wrong one.
    pub fn verify(&self, written: &str) -> Option<Token> {
        if written.len() > TOKEN_BYTES_MAX {
            return None;
        }
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(written).ok()?;
        let (content, tag) = bytes.split_at_checked(bytes.len().checked_sub(TAG_BYTES)?)?;
        self.mac(content).verify_truncated_left(tag).ok()?;
        Token::decode(content)
    }

    fn mac(&self, content: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        mac.update(content);
        mac
    }
}

/// The key stays out of traces.
impl std::fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenKey")
    }
}
