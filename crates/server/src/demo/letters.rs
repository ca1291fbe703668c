//! How visitors read their mail: they look into the mailbox for letters to their address, and do with a letter what
//! people and their mail programs do, with the links that really stand in it.

use crate::mailbox::Mailbox;
use crate::mailbox::mail::{Mail, View};
use reqwest::header::{CONTENT_TYPE, USER_AGENT};
use std::sync::Arc;
use std::time::Duration;

/// One person's way to their letters.
pub(super) struct Letters {
    mailbox: Arc<Mailbox>,
    http: reqwest::Client,
    address: String,
    user_agent: &'static str,
    /// Letters up to this number are read.
    read: u64,
}

/// How long somebody waits at least, whatever the pace: a letter takes its real time on the way.
const ON_THE_WAY: Duration = Duration::from_secs(10);
/// How long somebody reads before they follow a link. Whoever follows it at once is taken for a scanner, and rightly.
const READING: Duration = Duration::from_secs(3);

impl Letters {
    pub(super) fn new(
        mailbox: Arc<Mailbox>,
        http: reqwest::Client,
        address: String,
        user_agent: &'static str,
    ) -> Self {
        Self { mailbox, http, address, user_agent, read: 0 }
    }

    /// Confirms what the next letter asks to confirm. Whether there was one.
    pub(super) async fn confirm(&mut self, patience: Duration) -> bool {
        let Some(link) = self.next(patience, |letter| link(letter, "/confirm/")).await else { return false };
        self.visit(&link).await
    }

    /// Follows a link in the next letter that has one whose clicks are counted. Whether there was one.
    pub(super) async fn follow(&mut self, patience: Duration) -> bool {
        let Some(link) = self.next(patience, |letter| link(letter, "/c/")).await else { return false };
        tokio::time::sleep(READING).await;
        // It leads on to the shop, which is not there.
        let click = self.http.get(link).header(USER_AGENT, self.user_agent);
        click.send().await.is_ok_and(|answer| answer.status().is_redirection())
    }

    /// Presses the button that mail programs show for RFC 8058. Whether there was a letter with one.
    pub(super) async fn unsubscribe(&mut self, patience: Duration) -> bool {
        let Some(link) = self.next(patience, one_click).await else { return false };
        let form = "application/x-www-form-urlencoded";
        let press = self.http.post(link).header(CONTENT_TYPE, form).body("List-Unsubscribe=One-Click");
        press.send().await.is_ok_and(|answer| answer.status().is_success())
    }

    /// Opens a page, and presses its button if it has one.
    async fn visit(&self, link: &str) -> bool {
        let Ok(page) = self.http.get(link).send().await else { return false };
        let opened = page.status().is_success();
        let text = page.text().await.unwrap_or_default().to_ascii_lowercase();
        if !text.contains("method=\"post\"") {
            return opened;
        }
        self.http.post(link).send().await.is_ok_and(|answer| answer.status().is_success())
    }

    /// Waits for a letter in which `find` finds something.
    async fn next(&mut self, patience: Duration, find: impl Fn(&View) -> Option<String>) -> Option<String> {
        let look = async {
            loop {
                let received = self.mailbox.received();
                let letters = self.mailbox.messages();
                let to_me = |letter: &Mail| letter.recipients.contains(&self.address);
                let mine: Vec<_> =
                    letters.iter().filter(|letter| letter.number > self.read && to_me(letter)).collect();
                for letter in mine {
                    self.read = letter.number;
                    if let Some(found) = find(&letter.view()) {
                        return found;
                    }
                }
                self.mailbox.wait_for(received + 1).await;
            }
        };
        tokio::time::timeout(patience + ON_THE_WAY, look).await.ok()
    }
}

/// The first link of a letter with this in its address.
fn link(letter: &View, part: &str) -> Option<String> {
    let html = letter.html.as_deref()?;
    let mut targets = html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    targets.find(|target| target.contains(part)).map(|target| target.replace("&amp;", "&"))
}

/// The address behind the button of the mail program.
fn one_click(letter: &View) -> Option<String> {
    letter.header("List-Unsubscribe-Post").filter(|value| value.contains("One-Click"))?;
    let ways = letter.header("List-Unsubscribe")?.split(',');
    let mut urls = ways.map(|way| way.trim().trim_matches(['<', '>']));
    urls.find(|url| url.starts_with("http")).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_as_people_and_mail_programs_find_them() {
        let headers = [
            ("List-Unsubscribe", "<mailto:out@shop.example>, <http://shop.example/unsubscribe/abc>"),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ];
        let letter = View {
            html: Some(
                "<a href=\"http://x.example/a\">a</a> <a class=b href=\"http://x.example/c/T?a=1&amp;b=2\">"
                    .to_owned(),
            ),
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
            ..View::default()
        };
        assert_eq!(link(&letter, "/c/").as_deref(), Some("http://x.example/c/T?a=1&b=2"));
        assert_eq!(link(&letter, "/confirm/"), None);
        assert_eq!(one_click(&letter).as_deref(), Some("http://shop.example/unsubscribe/abc"));
        assert_eq!(one_click(&View { headers: letter.headers[..1].to_vec(), ..View::default() }), None);
    }
}
