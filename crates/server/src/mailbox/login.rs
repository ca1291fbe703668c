//! Sign-in to the mailbox: AUTH PLAIN (RFC 4616) and the old LOGIN.

use std::io;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::session::Session;

impl Session {
    /// Answers an AUTH command; the session knows afterwards whether it is signed in.
    pub(super) async fn sign_in(&mut self, rest: &str) -> io::Result<()> {
        let (mechanism, first) = rest.split_once(' ').unwrap_or((rest, ""));
        let mechanism = mechanism.to_ascii_uppercase();
        let Some(login) = self.shared.settings.login.clone() else {
            self.say("502 5.5.1 not offered");
            return Ok(());
        };
        if self.signed_in || !login.mechanisms.contains(&mechanism.as_str()) {
            self.say("504 5.5.4 not offered");
            return Ok(());
        }
        let claimed = if mechanism == "PLAIN" {
            let secret = if first.is_empty() { self.secret("").await? } else { decoded(first) };
            secret.and_then(|secret| {
                let (_, login) = secret.split_once('\0')?;
                login.split_once('\0').map(|(user, password)| (user.to_owned(), password.to_owned()))
            })
        } else {
            let user = self.secret("VXNlcm5hbWU6").await?;
            let password = self.secret("UGFzc3dvcmQ6").await?;
            user.zip(password)
        };
        match claimed {
            None => self.say("501 5.5.2 that is not base64 of a login"),
            Some(claimed) if claimed == (login.user, login.password) => {
                self.signed_in = true;
                self.say("235 2.7.0 welcome");
            }
            Some(_) => self.say("535 5.7.8 wrong user or password"),
        }
        Ok(())
    }

    /// Asks for one secret and reads it.
    async fn secret(&mut self, prompt: &str) -> io::Result<Option<String>> {
        self.say(&format!("334 {prompt}"));
        Ok(self.line().await?.and_then(|line| decoded(&line)))
    }
}

fn decoded(text: &str) -> Option<String> {
    String::from_utf8(BASE64.decode(text).ok()?).ok()
}
