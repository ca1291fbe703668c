//! The SMTP client against real peers: our own mailbox, `smtp-sink` of Postfix, and, for what neither of them does,
//! a scripted peer.

mod faults;
mod many;
mod postfix;
mod refusals;
mod scripted;
mod security;
pub(crate) mod sink;

use std::net::SocketAddr;
use std::time::Duration;

use server::deliver::smtp::answer::Answer;
use server::deliver::smtp::letter::{Address, Letter};
use server::deliver::smtp::pool::{Pool, PoolSize};
use server::deliver::smtp::url::{Route, SmtpSettings};
use server::mailbox::{Mailbox, MailboxSettings};

/// No test waits this long for anything that works.
const PATIENCE: Duration = Duration::from_secs(60);

fn anywhere() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

/// The mailbox with everything on offer, and the same without pipelining.
async fn both_mailboxes() -> [Mailbox; 2] {
    let open = MailboxSettings::open(anywhere());
    let steps = MailboxSettings { pipelining: false, ..open.clone() };
    [Mailbox::start_with(open).await.unwrap(), Mailbox::start_with(steps).await.unwrap()]
}

fn route(url: &str) -> Route {
    Route::new(&SmtpSettings { url: url.to_owned(), ..SmtpSettings::default() }).unwrap()
}

fn pool_to(addr: SocketAddr, connections: usize) -> Pool {
    Pool::start(route(&format!("smtp://{addr}")), PoolSize { connections, ..PoolSize::USUAL })
}

fn letter_to(to: &str, message: &str) -> Letter {
    let from = Some(Address::parse("bounces@shop.example").unwrap());
    Letter { from, to: Address::parse(to).unwrap(), message: message.replace('\n', "\r\n").into_bytes() }
}

/// A letter that can be told from all others.
fn letter(number: usize) -> Letter {
    letter_to(
        &format!("person{number}@example.com"),
        &format!("X-Number: {number}\n\n.dots\n..\n.\nbye {number}\n"),
    )
}

/// The answers to all letters, in the order of the letters.
async fn send_all(pool: &Pool, letters: impl IntoIterator<Item = Letter>) -> Vec<Answer> {
    let sending = async {
        let mut receipts = Vec::new();
        for letter in letters {
            receipts.push(pool.submit(letter).await);
        }
        let mut answers = Vec::new();
        for receipt in receipts {
            answers.push(receipt.await);
        }
        answers
    };
    tokio::time::timeout(PATIENCE, sending).await.expect("every letter is answered")
}

async fn send(pool: &Pool, letter: Letter) -> Answer {
    send_all(pool, [letter]).await.remove(0)
}

/// The answer's name, to compare without its words.
fn kind(answer: &Answer) -> &'static str {
    match answer {
        Answer::Accepted { .. } => "accepted",
        Answer::Transient { .. } => "transient",
        Answer::Permanent { .. } => "permanent",
        Answer::Unreachable { .. } => "unreachable",
        Answer::Unknown { .. } => "unknown",
    }
}

fn kinds(answers: &[Answer]) -> Vec<&'static str> {
    answers.iter().map(kind).collect()
}
