//! The demonstration, played in earnest and fast: one hour of the shop in one second.

use serde_json::Value;
use server::demo::{Demo, Pace, Settings};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// How long anything that the opening brings may take. On an idle machine the slowest takes some fifteen seconds.
const PATIENCE: Duration = Duration::from_secs(90);

/// Confirms the newsletter, in the opening.
const CONFIRMS: &str = "email:marco.rossi@example.net";
/// Asks for the newsletter and never confirms.
const NEVER_CONFIRMS: &str = "email:matteo.colombo@example.org";
/// Is thanked for a large order, and unsubscribes with the button of the mail program.
const UNSUBSCRIBES: &str = "email:grace.oconnor@example.com";
/// Has an address that the mailbox does not know.
const MISTYPED: &str = "email:oliver.hughes@nowhere.example";

struct Play {
    demo: Demo,
    http: reqwest::Client,
    _dir: tempfile::TempDir,
}

impl Play {
    async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let listen = ([127, 0, 0, 1], 0).into();
        let settings =
            Settings { listen, data: dir.path().to_owned(), pace: Pace::new(Pace::MAX), people: 0 };
        Self { demo: Demo::start(settings).await.unwrap(), http: reqwest::Client::new(), _dir: dir }
    }

    async fn get(&self, path: &str) -> Value {
        let request = self.http.get(format!("{}{path}", self.demo.url())).bearer_auth(self.demo.page_token());
        request.send().await.unwrap().json().await.unwrap()
    }

    async fn sends_of(&self, person: &str) -> Vec<Value> {
        let ledger = self.get(&format!("/api/v1/sends?profile={person}&limit=1000")).await;
        ledger["sends"].as_array().cloned().unwrap_or_default()
    }

    /// Waits until something is so. The mailbox wakes us when it can; a moment's pause stands for the ledger.
    async fn until<T>(&self, what: &str, look: impl AsyncFn() -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            if let Some(found) = look().await {
                return found;
            }
            if begun.elapsed() > PATIENCE {
                let (status, sends) = (self.get("/api/v1/status").await, self.get("/api/v1/sends").await);
                panic!("in {PATIENCE:?} never: {what}\n{status:#}\n{sends:#}");
            }
            let next = self.demo.mailbox().wait_for(self.demo.mailbox().received() + 1);
            _ = tokio::time::timeout(Duration::from_millis(200), next).await;
        }
    }

    async fn until_sent(&self, person: &str, message: &str, status: &str, reason: Option<&str>) {
        let what = format!("{person} {message} {status} {reason:?}");
        let fits = |send: &Value| {
            send["message"] == message && send["status"] == status && send["reason"].as_str() == reason
        };
        self.until(&what, async || self.sends_of(person).await.iter().any(fits).then_some(())).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_in_the_shop_shows_everything_that_can_happen() {
    let play = Play::start().await;

    // The first letter comes at once, and letters in both languages follow.
    for words in ["Un clic, e la lettera è tua", "One click, and the letter is yours"] {
        play.until(words, async || {
            let letters = play.demo.mailbox().messages();
            letters.iter().any(|letter| letter.view().subject == words).then_some(())
        })
        .await;
    }
    play.until("a cart reminder", async || {
        let letters = play.demo.mailbox().messages();
        let reminds =
            |subject: &str| subject.ends_with("ti aspetta") || subject.ends_with("is waiting for you");
        letters.iter().any(|letter| reminds(&letter.view().subject)).then_some(())
    })
    .await;

    // Who confirms is welcomed; who does not has the confirmation and nothing else of the newsletter.
    play.until_sent(CONFIRMS, "welcome", "accepted", None).await;
    play.until_sent(NEVER_CONFIRMS, "confirm-newsletter", "accepted", None).await;
    let newsletter: Vec<_> = play
        .sends_of(NEVER_CONFIRMS)
        .await
        .into_iter()
        .filter(|send| send["purpose"] == "newsletter" && send["status"] != "dropped")
        .map(|send| send["message"].clone())
        .collect();
    assert_eq!(newsletter, ["confirm-newsletter"]);

    // An address that bounced is blocked, also for the confirmation of an order.
    play.until_sent(MISTYPED, "confirm-newsletter", "bounced", None).await;
    play.until_sent(MISTYPED, "order-confirmation", "dropped", Some("suppressed")).await;
    let blocked = play.get("/api/v1/suppressions").await;
    assert_eq!(blocked["suppressions"][0]["value"], MISTYPED.trim_start_matches("email:"));

    the_unsubscribed_get_nothing_more(&play).await;
    what_is_refused_is_listed_and_what_comes_twice_counts_once(&play).await;

    play.until_sent(NEVER_CONFIRMS, "oil-guide", "dropped", Some("consent_pending")).await;

    // Every reason that the shop's programme can give is seen. The holdout is a tenth of those with a cart.
    let wanted = BTreeSet::from([
        "consent_pending",
        "consent_withdrawn",
        "holdout",
        "no_consent",
        "suppressed",
        "unreachable",
    ]);
    play.until("every reason", async || {
        let ledger = play.get("/api/v1/sends?limit=1000").await;
        let reasons: BTreeSet<&str> =
            ledger["sends"].as_array()?.iter().filter_map(|send| send["reason"].as_str()).collect();
        wanted.is_subset(&reasons).then_some(())
    })
    .await;
    play.demo.stop().await;
}

async fn the_unsubscribed_get_nothing_more(play: &Play) {
    let withdrawn = play
        .until("a withdrawal by one click", async || {
            let profile = play.get(&format!("/api/v1/profiles/{UNSUBSCRIBES}")).await;
            let consents = profile["consents"].as_array()?;
            let found = consents.iter().find(|consent| consent["source"] == "one_click")?;
            assert_eq!((&found["purpose"], &found["state"]), (&"offers".into(), &"withdrawn".into()));
            Some(found["stated_at"].as_str()?.to_owned())
        })
        .await;
    let later = play
        .until("an offer that is wished for after that", async || {
            let after =
                |send: &Value| send["purpose"] == "offers" && send["decided_at"].as_str() > Some(&withdrawn);
            let later: Vec<Value> = play.sends_of(UNSUBSCRIBES).await.into_iter().filter(after).collect();
            (!later.is_empty()).then_some(later)
        })
        .await;
    for send in later {
        assert_eq!(send["status"], "dropped", "{send:#}");
    }
}

async fn what_is_refused_is_listed_and_what_comes_twice_counts_once(play: &Play) {
    play.until("a refused event", async || {
        let rejects = play.get("/api/v1/rejects").await;
        (rejects["rejects"][0]["code"].as_str()? == "missing_identifier").then_some(())
    })
    .await;
    play.until("a duplicate that was told apart", async || {
        let metrics =
            play.http.get(format!("{}/metrics", play.demo.url())).send().await.ok()?.text().await.ok()?;
        let duplicates = metrics.lines().find(|line| line.contains("outcome=\"duplicate\""))?;
        (!duplicates.ends_with(" 0")).then_some(())
    })
    .await;
    let news = play.get("/api/v1/activity?limit=1000").await;
    let ids: Vec<&str> =
        news["activity"].as_array().unwrap().iter().filter_map(|one| one["message_id"].as_str()).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "each message id is in the log once");
}
