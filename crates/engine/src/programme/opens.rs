//! How opens of messages are tracked. Each way is written as a word; an older programme has `false` or `true`, and says
//! with `true` that it wants to know of each person, which takes that person's consent.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a picture in the message may tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OpenTracking {
    /// There is none.
    #[default]
    Off,
    /// Everybody gets the same one: it tells how often, and never who.
    Anonymous,
    /// Whoever consented to it gets one of their own; everybody else gets none.
    PerPerson,
}

impl OpenTracking {
    pub const ALL: [Self; 3] = [Self::Off, Self::Anonymous, Self::PerPerson];

    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Anonymous => "anonymous",
            Self::PerPerson => "per_person",
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Truth(bool),
    Word(String),
}

impl Serialize for OpenTracking {
    /// Off is written as it always was, so that a programme without opens is the one that is live already.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Off => serializer.serialize_bool(false),
            other => serializer.serialize_str(other.name()),
        }
    }
}

impl<'de> Deserialize<'de> for OpenTracking {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Written::deserialize(deserializer)? {
            Written::Truth(false) => Ok(Self::Off),
            Written::Truth(true) => Ok(Self::PerPerson),
            Written::Word(word) => {
                let found = Self::ALL.into_iter().find(|one| one.name() == word);
                found.ok_or_else(|| serde::de::Error::custom(format!("no way of tracking opens: {word}")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_what_stood_there_before_are_read() {
        for (json, expected, written) in [
            ("false", OpenTracking::Off, "false"),
            ("true", OpenTracking::PerPerson, "\"per_person\""),
            ("\"off\"", OpenTracking::Off, "false"),
            ("\"anonymous\"", OpenTracking::Anonymous, "\"anonymous\""),
            ("\"per_person\"", OpenTracking::PerPerson, "\"per_person\""),
        ] {
            let read: OpenTracking = serde_json::from_str(json).unwrap();
            assert_eq!((read, serde_json::to_string(&read).unwrap().as_str()), (expected, written), "{json}");
        }
        assert!(serde_json::from_str::<OpenTracking>("\"all\"").is_err());
    }
}
