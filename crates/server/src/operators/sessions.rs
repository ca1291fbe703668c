//! Who is signed in. Pure but for the draw of tokens.

use crate::keys::token::{TokenHash, random_text};
use crate::limits::{SESSION_AGE_MAX, SESSION_IDLE_MAX, SESSIONS_OF_OPERATOR_MAX};
use engine::at::At;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

#[derive(Default, Serialize, Deserialize)]
pub(super) struct Sessions {
    /// The oldest first.
    sessions: Vec<Open>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Open {
    hash: TokenHash,
    /// Whose it is, and since which password.
    pub(super) stamp: String,
    #[serde(with = "milliseconds")]
    begun_at: At,
    /// When it was used last, as far as that was written down.
    #[serde(with = "milliseconds")]
    pub(super) seen_at: At,
}

/// Instants in a file that only programs read.
mod milliseconds {
    use engine::at::At;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(at: &At, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(at.0)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<At, D::Error> {
        i64::deserialize(deserializer).map(At)
    }
}

impl Open {
    pub(super) fn ends_at(&self) -> At {
        self.begun_at.plus(SESSION_AGE_MAX)
    }

    fn is_over(&self, now: At) -> bool {
        now >= self.ends_at() || now.since(self.seen_at) >= SESSION_IDLE_MAX
    }
}

impl Sessions {
    /// Begins one. Of too many of one operator the oldest ends.
    pub(super) fn begin(&mut self, stamp: &str, now: At) -> (String, At) {
        let of_operator = |open: &&Open| open.stamp == stamp;
        if self.sessions.iter().filter(of_operator).count() >= SESSIONS_OF_OPERATOR_MAX
            && let Some(oldest) = self.sessions.iter().position(|open| open.stamp == stamp)
        {
            self.sessions.remove(oldest);
        }
        let token = random_text::<32>();
        let (hash, stamp) = (TokenHash::of(&token), stamp.to_owned());
        let open = Open { hash, stamp, begun_at: now, seen_at: now };
        let ends_at = open.ends_at();
        self.sessions.push(open);
        (token, ends_at)
    }

    pub(super) fn find(&mut self, token: &str, now: At) -> Option<&mut Open> {
        let presented = TokenHash::of(token);
        self.sessions.iter_mut().find(|open| open.hash.is(&presented) && !open.is_over(now))
    }

    pub(super) fn end(&mut self, token: &str) {
        let presented = TokenHash::of(token);
        self.sessions.retain(|open| !open.hash.is(&presented));
    }

    pub(super) fn drop_ended(&mut self, now: At, is_known: impl Fn(&str) -> bool) {
        self.sessions.retain(|open| !open.is_over(now) && is_known(&open.stamp));
    }
}

/// What a change has to come with. It follows from the token, which no page can read, so nothing more is kept.
pub(super) fn csrf(token: &str) -> String {
    Sha256::digest(format!("trama csrf {token}")).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::at::Span;

    #[test]
    fn a_session_ends_by_rest_by_age_by_its_operator_and_by_too_many() {
        let mut sessions = Sessions::default();
        let begun = At(1_000_000);
        let (token, ends_at) = sessions.begin("ada", begun);
        assert!(sessions.find(&token, begun.plus(SESSION_IDLE_MAX).minus(Span(1))).is_some());
        assert!(sessions.find(&token, begun.plus(SESSION_IDLE_MAX)).is_none(), "nobody used it");
        assert!(sessions.find("another", begun).is_none());
        // Used without a rest, it ends by its age all the same.
        let mut now = begun;
        while let Some(open) = sessions.find(&token, now) {
            open.seen_at = now;
            now = now.plus(SESSION_IDLE_MAX.times(1)).minus(Span(1));
        }
        assert!(now >= ends_at && now < ends_at.plus(SESSION_IDLE_MAX));

        let first = sessions.begin("ada", now).0;
        let other = sessions.begin("bea", now).0;
        let later: Vec<String> =
            (0..SESSIONS_OF_OPERATOR_MAX).map(|_| sessions.begin("ada", now).0).collect();
        assert!(sessions.find(&first, now).is_none(), "one too many");
        assert!(later.iter().all(|token| sessions.find(token, now).is_some()));
        sessions.drop_ended(now, |stamp| stamp == "bea");
        assert!(sessions.find(&other, now).is_some() && sessions.sessions.len() == 1);
        sessions.end(&other);
        assert!(sessions.sessions.is_empty());
        assert_ne!(csrf(&first), csrf(&other));
    }
}
