//! Peers that do what no decent server does, or show what a decent one does not look at.

use std::net::SocketAddr;
use std::sync::Arc;

use server::deliver::smtp::answer::Answer;
use server::deliver::smtp::pool::{Pool, PoolSize};
use server::deliver::smtp::url::{Route, SmtpSettings};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use super::security::Identity;
use super::{anywhere, kind, kinds, letter, pool_to, send, send_all};

/// One act of a peer.
enum Act {
    /// Says this, and nothing is read before.
    Say(&'static str),
    /// Reads until what was read since the last act ends in this.
    Hear(&'static str),
    /// Goes on over TLS.
    Secure(Arc<ServerConfig>),
}
use Act::{Hear, Say, Secure};

/// Plays the acts to the first client; gives everything that it heard, act by act.
async fn play(acts: Vec<Act>) -> (SocketAddr, tokio::task::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind(anywhere()).await.unwrap();
    let addr = listener.local_addr().unwrap();
    let playing = tokio::spawn(async move {
        let mut io: Box<dyn Io> = Box::new(listener.accept().await.unwrap().0);
        let mut heard = Vec::new();
        for act in acts {
            match act {
                // The client may have left in the middle of it.
                Say(line) => drop(io.write_all(line.as_bytes()).await),
                Hear(end) => heard.push(hear(&mut io, end).await),
                Secure(tls) => io = Box::new(TlsAcceptor::from(tls).accept(io).await.unwrap()),
            }
        }
        heard
    });
    (addr, playing)
}

trait Io: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Io for T {}

async fn hear(io: &mut Box<dyn Io>, end: &str) -> String {
    let mut heard = Vec::new();
    while !heard.ends_with(end.as_bytes()) {
        let mut byte = [0];
        match io.read(&mut byte).await {
            Ok(1) => heard.push(byte[0]),
            _ => break,
        }
    }
    String::from_utf8(heard).unwrap()
}

#[tokio::test]
async fn with_pipelining_an_envelope_is_one_group_and_the_next_follows_the_message() {
    // This peer answers nothing before it has the whole group: whoever waits for a reply in between waits in vain.
    let (addr, playing) = play(vec![
        Say("220 x\r\n"),
        Hear("\r\n"),
        Say("250-x\r\n250 PIPELINING\r\n"),
        Hear("DATA\r\n"),
        Say("250 ok\r\n250 ok\r\n354 go\r\n"),
        Hear("DATA\r\n"),
        Say("250 first\r\n250 ok\r\n250 ok\r\n354 go\r\n"),
        Hear("\r\n.\r\n"),
        Say("250 second\r\n"),
    ])
    .await;
    let answers = send_all(&pool_to(addr, 1), [letter(1), letter(2)]).await;
    assert_eq!(answers[0], Answer::Accepted { reply: "250 first".into() });
    assert_eq!(answers[1], Answer::Accepted { reply: "250 second".into() });
    let heard = playing.await.unwrap();
    let envelope =
        |n| format!("MAIL FROM:<bounces@shop.example>\r\nRCPT TO:<person{n}@example.com>\r\nDATA\r\n");
    let message = |n| format!("X-Number: {n}\r\n\r\n..dots\r\n...\r\n..\r\nbye {n}\r\n.\r\n");
    assert_eq!(heard[0], "EHLO [127.0.0.1]\r\n");
    assert_eq!(heard[1..], [envelope(1), message(1) + &envelope(2), message(2)]);
}

#[tokio::test]
async fn a_peer_that_wants_a_message_for_nobody_gets_an_empty_one() {
    let (addr, playing) = play(vec![
        Say("220 x\r\n"),
        Hear("\r\n"),
        Say("250-x\r\n250 PIPELINING\r\n"),
        Hear("DATA\r\n"),
        Say("250 ok\r\n550 5.1.1 nobody\r\n354 go\r\n"),
        Hear(".\r\n"),
        Say("554 no recipients\r\n"),
        Hear("DATA\r\n"),
        Say("250 ok\r\n250 ok\r\n354 go\r\n"),
        Hear("\r\n.\r\n"),
        Say("250 ok\r\n"),
    ])
    .await;
    let answers = send_all(&pool_to(addr, 1), [letter(1), letter(2)]).await;
    assert_eq!(kinds(&answers), ["permanent", "accepted"]);
    let heard = playing.await.unwrap();
    assert_eq!(heard[2], ".\r\n");
    assert!(heard[3].starts_with("MAIL FROM:"), "the transaction is over, no RSET needed: {}", heard[3]);
}

#[tokio::test]
async fn what_was_slipped_in_before_tls_is_forgotten() {
    let identity = Identity::new();
    let (addr, playing) = play(vec![
        Say("220 x\r\n"),
        Hear("\r\n"),
        // Pipelining was offered in the clear only, so it does not count either.
        Say("250-x\r\n250-PIPELINING\r\n250 STARTTLS\r\n"),
        Hear("\r\n"),
        Say("220 go\r\n250-slipped in\r\n250 SIZE 1\r\n"),
        Secure(identity.tls.clone()),
        Hear("\r\n"),
        Say("250 x\r\n"),
        Hear("\r\n"),
        Say("250 ok\r\n"),
        Hear("\r\n"),
        Say("250 ok\r\n"),
        Hear("\r\n"),
        Say("354 go\r\n"),
        Hear("\r\n.\r\n"),
        Say("250 ok\r\n"),
    ])
    .await;
    let settings = SmtpSettings {
        url: format!("smtp+starttls://localhost:{}", addr.port()),
        ca_file: Some(identity.authorities.path().to_owned()),
        name: Some("mx.shop.example".into()),
        ..SmtpSettings::default()
    };
    let pool = Pool::start(Route::new(&settings).unwrap(), PoolSize { connections: 1, ..PoolSize::USUAL });
    let answer = send(&pool, letter(1)).await;
    assert_eq!(kind(&answer), "accepted", "{answer:?}");
    let heard = playing.await.unwrap();
    assert_eq!(heard[..3], ["EHLO mx.shop.example\r\n", "STARTTLS\r\n", "EHLO mx.shop.example\r\n"]);
}

#[tokio::test]
async fn a_peer_without_ehlo_is_greeted_the_old_way() {
    let (addr, playing) = play(vec![
        Say("220 old\r\n"),
        Hear("\r\n"),
        Say("502 what?\r\n"),
        Hear("\r\n"),
        Say("250 hello\r\n"),
        Hear("\r\n"),
        Say("250 ok\r\n"),
        Hear("\r\n"),
        Say("250 ok\r\n"),
        Hear("\r\n"),
        Say("354 go\r\n"),
        Hear("\r\n.\r\n"),
        Say("250 ok\r\n"),
    ])
    .await;
    assert_eq!(kind(&send(&pool_to(addr, 1), letter(1)).await), "accepted");
    assert_eq!(playing.await.unwrap()[..2], ["EHLO [127.0.0.1]\r\n", "HELO [127.0.0.1]\r\n"]);
}

#[tokio::test]
async fn a_peer_that_leaves_in_the_middle_of_a_letter_does_not_have_it() {
    let (addr, _playing) = play(vec![
        Say("220 x\r\n"),
        Hear("\r\n"),
        Say("250-x\r\n250 PIPELINING\r\n"),
        Hear("DATA\r\n"),
        Say("250 ok\r\n250 ok\r\n354 go\r\n"),
        Hear("X-Number"),
    ])
    .await;
    let mut large = letter(1);
    // More than the buffers of both sides hold, so the final dot never leaves.
    large.message.extend(b"a line of a large letter\r\n".repeat(1_000_000));
    let answer = send(&pool_to(addr, 1), large).await;
    assert_eq!(kind(&answer), "unreachable", "{answer:?}");
}

#[tokio::test]
async fn peers_that_talk_nonsense() {
    static LONG: &str =
        concat!("250-", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "\r\n");
    let endless: &'static str = LONG.repeat(1000).leak();
    let table = [
        ("not SMTP", vec![Say("SSH-2.0-x\r\n"), Hear("never")], "unreachable", "does not begin with a code"),
        (
            "unwelcome",
            vec![Say("554 5.7.1 no\r\n"), Hear("never")],
            "unreachable",
            "greets with 554 5.7.1 no",
        ),
        (
            "endless",
            vec![Say("220 x\r\n"), Hear("\r\n"), Say(endless), Hear("never")],
            "unreachable",
            "longer than",
        ),
        (
            "250 for DATA",
            vec![
                Say("220 x\r\n"),
                Hear("\r\n"),
                Say("250-x\r\n250 PIPELINING\r\n"),
                Hear("DATA\r\n"),
                Say("250 ok\r\n250 ok\r\n250 ok\r\n"),
                Hear("never"),
            ],
            "unreachable",
            "out of turn",
        ),
        (
            "354 for the message",
            vec![
                Say("220 x\r\n"),
                Hear("\r\n"),
                Say("250-x\r\n250 PIPELINING\r\n"),
                Hear("DATA\r\n"),
                Say("250 ok\r\n250 ok\r\n354 go\r\n"),
                Hear("\r\n.\r\n"),
                Say("354 go on\r\n"),
                Hear("never"),
            ],
            "unknown",
            "answered the message with 354",
        ),
        (
            "nonsense for the message",
            vec![
                Say("220 x\r\n"),
                Hear("\r\n"),
                Say("250-x\r\n250 PIPELINING\r\n"),
                Hear("DATA\r\n"),
                Say("250 ok\r\n250 ok\r\n354 go\r\n"),
                Hear("\r\n.\r\n"),
                Say("yes\r\n"),
                Hear("never"),
            ],
            "unknown",
            "does not begin with a code",
        ),
    ];
    for (case, acts, expected, part) in table {
        let (addr, _playing) = play(acts).await;
        let answer = send(&pool_to(addr, 1), letter(1)).await;
        assert_eq!(kind(&answer), expected, "{case}: {answer:?}");
        assert!(answer.to_string().contains(part), "{case}: {answer}");
    }
}
