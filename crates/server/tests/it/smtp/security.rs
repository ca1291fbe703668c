//! TLS and sign-in: what passes, and that nothing leaves in the clear when they fail.

use std::path::Path;
use std::sync::Arc;

use server::deliver::smtp::answer::Answer;
use server::deliver::smtp::pool::{Pool, PoolSize};
use server::deliver::smtp::url::{Route, SmtpSettings};
use server::mailbox::{Mailbox, MailboxLogin, MailboxSecurity, MailboxSettings};
use tempfile::NamedTempFile;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::{ServerConfig, pki_types::PrivatePkcs8KeyDer};

use super::{anywhere, kind, letter, send, send_all};

/// A certificate for `localhost` that signs itself, and the file that makes a client trust it.
pub(super) struct Identity {
    pub(super) tls: Arc<ServerConfig>,
    pub(super) authorities: NamedTempFile,
}

impl Identity {
    pub(super) fn new() -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let authorities = NamedTempFile::new().unwrap();
        std::fs::write(&authorities, made.cert.pem()).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let tls = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        Self { tls: Arc::new(tls), authorities }
    }
}

fn pool(scheme: &str, who: &str, host: &str, mailbox: &Mailbox, authorities: Option<&Path>) -> Pool {
    let url = format!("{scheme}://{who}{host}:{}", mailbox.addr.port());
    let settings = SmtpSettings { url, ca_file: authorities.map(Path::to_owned), ..SmtpSettings::default() };
    Pool::start(Route::new(&settings).unwrap(), PoolSize { connections: 2, ..PoolSize::USUAL })
}

fn account(mechanisms: &[&'static str]) -> Option<MailboxLogin> {
    let mechanisms = mechanisms.to_vec();
    Some(MailboxLogin { user: "ada@shop".to_owned(), password: "s3:cr/et".to_owned(), mechanisms })
}

async fn mailbox(security: MailboxSecurity, login: Option<MailboxLogin>) -> Mailbox {
    Mailbox::start_with(MailboxSettings { security, login, ..MailboxSettings::open(anywhere()) })
        .await
        .unwrap()
}

fn why(answer: Answer) -> String {
    match answer {
        Answer::Unreachable { why } => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn every_security_with_every_way_to_sign_in() {
    let identity = Identity::new();
    for (scheme, security) in [
        ("smtp", MailboxSecurity::Plain),
        ("smtp+starttls", MailboxSecurity::StartTls(identity.tls.clone())),
        ("smtps", MailboxSecurity::Tls(identity.tls.clone())),
    ] {
        for login in [None, account(&["PLAIN", "LOGIN"]), account(&["LOGIN"])] {
            let who = if login.is_some() { "ada%40shop:s3%3Acr%2Fet@" } else { "" };
            let mailbox = mailbox(security.clone(), login).await;
            let authorities = (scheme != "smtp").then_some(identity.authorities.path());
            let pool = pool(scheme, who, "localhost", &mailbox, authorities);
            let answers = send_all(&pool, (0..50).map(letter)).await;
            assert!(answers.iter().all(|answer| kind(answer) == "accepted"), "{scheme} {who}: {answers:?}");
            let mut to: Vec<String> =
                mailbox.messages().iter().map(|mail| mail.recipients[0].clone()).collect();
            to.sort();
            to.dedup();
            assert_eq!((to.len(), mailbox.received()), (50, 50));
            pool.stop().await;
        }
    }
}

#[tokio::test]
async fn a_large_letter_passes_tls_whole() {
    let identity = Identity::new();
    let mailbox = mailbox(MailboxSecurity::StartTls(identity.tls.clone()), None).await;
    let pool = pool("smtp+starttls", "", "localhost", &mailbox, Some(identity.authorities.path()));
    let mut large = letter(1);
    large.message = b"a line of a large letter\r\n".repeat(40_000);
    assert_eq!(kind(&send(&pool, large.clone()).await), "accepted");
    assert!(mailbox.messages()[0].raw == large.message);
}

#[tokio::test]
async fn a_wrong_password_is_a_reason_without_the_password() {
    let mailbox = mailbox(MailboxSecurity::Plain, account(&["PLAIN"])).await;
    let why = why(send(&pool("smtp", "ada%40shop:wr0ng@", "localhost", &mailbox, None), letter(1)).await);
    assert!(why.contains("sign-in as ada@shop refused: 535 5.7.8") && !why.contains("wr0ng"), "{why}");
    assert_eq!(mailbox.received(), 0);
}

#[tokio::test]
async fn failing_security_hands_nothing_over() {
    let (ours, theirs) = (Identity::new(), Identity::new());
    let starttls = || MailboxSecurity::StartTls(ours.tls.clone());
    let tls = || MailboxSecurity::Tls(ours.tls.clone());
    let table = [
        ("a stranger's certificate", "smtps", "localhost", tls(), Some(&theirs), "certificate"),
        ("a stranger's certificate", "smtp+starttls", "localhost", starttls(), Some(&theirs), "certificate"),
        ("no public authority", "smtps", "localhost", tls(), None, "certificate"),
        ("another name", "smtps", "127.0.0.1", tls(), Some(&ours), "certificate"),
        (
            "no TLS there",
            "smtp+starttls",
            "localhost",
            MailboxSecurity::Plain,
            Some(&ours),
            "offers no STARTTLS",
        ),
        ("no TLS there", "smtps", "localhost", MailboxSecurity::Plain, Some(&ours), "beginning TLS"),
    ];
    for (case, scheme, host, security, trusted, part) in table {
        let mailbox = mailbox(security, None).await;
        let pool = pool(scheme, "", host, &mailbox, trusted.map(|identity| identity.authorities.path()));
        let why = why(send(&pool, letter(1)).await);
        assert!(why.contains(part), "{case}, {scheme}: {why}");
        assert_eq!(mailbox.received(), 0);
    }
}

#[tokio::test]
async fn what_demands_security_gets_no_letter_without() {
    let identity = Identity::new();
    let mailbox = mailbox(MailboxSecurity::StartTls(identity.tls.clone()), None).await;
    let answer = send(&pool("smtp", "", "localhost", &mailbox, None), letter(1)).await;
    assert!(matches!(answer, Answer::Permanent { code: 530, .. }), "{answer:?}");
}
