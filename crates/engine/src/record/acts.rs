//! What the log says of changes that operators make: who, what, and what was before and after.

use super::Identifier;
use super::Record;
use crate::at::At;
use crate::codec::{Reader, put_bytes, put_varint, put_zigzag};
use crate::identifier::{IdentifierKind, KeyedHash};
use crate::limits::{ACT_PEOPLE_MAX, ACT_TEXT_BYTES_MAX};

/// An operator, or a program with a key, changed something. The change itself is another record, or lies beside the log
/// as keys and operators do: this one changes nothing, and says who it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorActed<'a> {
    pub acted_at: At,
    /// The name of an operator or of an API key.
    pub operator: &'a str,
    /// The operator's role or the key's scope.
    pub role: &'a str,
    /// A stable word for what was done, such as `journey.pause`.
    pub act: &'a str,
    /// The name of what it was done to; empty where that is people.
    pub subject: &'a str,
    /// The people whom it is about, at most `ACT_PEOPLE_MAX`.
    pub people: Vec<Identifier<'a>>,
    /// Personal: JSON of what was so before; empty where there was nothing. At most `ACT_TEXT_BYTES_MAX`.
    pub before: &'a str,
    /// Personal: JSON of what is so since.
    pub after: &'a str,
}

impl OperatorActed<'_> {
    /// Makes it tell of nobody: who acted and when stays.
    pub(crate) fn blank(&mut self) {
        self.people.iter_mut().for_each(Identifier::blank);
        (self.before, self.after) = ("", "");
    }

    /// Whether it is about somebody who was erased.
    pub fn is_blank(&self) -> bool {
        self.people.iter().any(Identifier::is_blank)
    }
}

pub(super) const CODE: u8 = 50;

/// Writes one of these records, and gives the kind's code.
pub(super) fn put(acted: &OperatorActed<'_>, envelope: &mut Vec<u8>, personal: &mut Vec<u8>) -> u8 {
    put_zigzag(envelope, acted.acted_at.0);
    for text in [acted.operator, acted.role, acted.act, acted.subject] {
        put_bytes(envelope, text.as_bytes());
    }
    put_varint(envelope, acted.people.len() as u64);
    for one in &acted.people {
        envelope.push(one.kind.code());
        envelope.extend_from_slice(&one.hash.0.to_le_bytes());
        put_bytes(personal, one.value.as_bytes());
    }
    put_bytes(personal, acted.before.as_bytes());
    put_bytes(personal, acted.after.as_bytes());
    CODE
}

pub(super) fn read<'a>(envelope: &mut Reader<'a>, personal: &mut Reader<'a>) -> Option<Record<'a>> {
    let acted_at = At(envelope.zigzag()?);
    let [operator, role, act, subject] =
        [envelope.text()?, envelope.text()?, envelope.text()?, envelope.text()?];
    let count = usize::try_from(envelope.varint()?).ok().filter(|count| *count <= ACT_PEOPLE_MAX)?;
    let one = |_| {
        Some(Identifier {
            kind: IdentifierKind::from_code(envelope.byte()?)?,
            hash: KeyedHash(envelope.u128()?),
            value: personal.text()?,
        })
    };
    let people = (0..count).map(one).collect::<Option<Vec<_>>>()?;
    let (before, after) = (personal.text()?, personal.text()?);
    let is_bounded = before.len() <= ACT_TEXT_BYTES_MAX && after.len() <= ACT_TEXT_BYTES_MAX;
    let acted = OperatorActed { acted_at, operator, role, act, subject, people, before, after };
    is_bounded.then_some(Record::OperatorActed(acted))
}
