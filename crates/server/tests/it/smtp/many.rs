//! Letters arrive as they were sent, each once, and each gets its own answer.

use std::collections::BTreeMap;

use server::deliver::smtp::answer::Answer;
use server::deliver::smtp::pool::{Pool, PoolSize};
use server::mailbox::{Mailbox, MailboxSettings};

use super::{anywhere, both_mailboxes, kind, letter, letter_to, pool_to, route, send, send_all};

#[tokio::test]
async fn a_letter_arrives_as_it_was_sent() {
    for mailbox in both_mailboxes().await {
        let pool = pool_to(mailbox.addr, 1);
        let sent = letter_to("ada@example.com", "Subject: hello\n\n.\n..\n.one dot\nlast\n");
        let answer = send(&pool, sent.clone()).await;
        assert_eq!(answer, Answer::Accepted { reply: "250 2.0.0 kept as 1".to_owned() });
        let [mail] = &mailbox.messages()[..] else { panic!("one message") };
        assert_eq!(
            (mail.sender.as_str(), &mail.recipients[..]),
            ("bounces@shop.example", &["ada@example.com".into()][..])
        );
        assert_eq!(mail.raw, sent.message);
        pool.stop().await;
    }
}

#[tokio::test]
async fn the_null_sender_and_addresses_beyond_ascii_pass() {
    let mailbox = Mailbox::start(anywhere()).await.unwrap();
    let pool = pool_to(mailbox.addr, 1);
    let mut letters = [letter_to("jörg@münchen.de", "Subject: x\n\nperché\n"), letter(2)];
    letters[1].from = None;
    let answers = send_all(&pool, letters).await;
    assert!(answers.iter().all(|answer| kind(answer) == "accepted"), "{answers:?}");
    let mails = mailbox.messages();
    assert_eq!(mails[0].recipients, ["jörg@xn--mnchen-3ya.de"]);
    assert_eq!(mails[0].raw, "Subject: x\r\n\r\nperché\r\n".as_bytes());
    assert_eq!(mails[1].sender, "");
}

#[tokio::test]
async fn on_one_connection_letters_keep_their_order() {
    for mailbox in both_mailboxes().await {
        let pool = pool_to(mailbox.addr, 1);
        let answers = send_all(&pool, (1..=200).map(letter)).await;
        for (at, (answer, mail)) in answers.iter().zip(mailbox.messages()).enumerate() {
            let number = at + 1;
            assert_eq!(*answer, Answer::Accepted { reply: format!("250 2.0.0 kept as {number}") });
            assert_eq!(mail.recipients, [format!("person{number}@example.com")]);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_letters_over_many_connections_arrive_once() {
    for mailbox in both_mailboxes().await {
        // Few letters a connection, so that reconnecting is part of it; a short queue, so that waiting is too.
        let size = PoolSize { connections: 4, queue: 16, per_connection: 37, ..PoolSize::USUAL };
        let pool = Pool::start(route(&format!("smtp://{}", mailbox.addr)), size);
        let answers = send_all(&pool, (0..2000).map(letter)).await;
        assert!(answers.iter().all(|answer| kind(answer) == "accepted"));
        let mut times = BTreeMap::new();
        for mail in mailbox.wait_for(2000).await {
            let number: usize = mail.view().header("X-Number").unwrap().parse().unwrap();
            assert_eq!(mail.raw, letter(number).message);
            assert_eq!(mail.recipients, [letter(number).to.to_string()]);
            *times.entry(number).or_insert(0) += 1;
        }
        assert_eq!(times, (0..2000).map(|number| (number, 1)).collect());
        pool.stop().await;
    }
}

#[tokio::test]
async fn stopping_finishes_what_is_under_way_and_answers_the_rest() {
    let mailbox = Mailbox::start(anywhere()).await.unwrap();
    let pool = pool_to(mailbox.addr, 1);
    let mut receipts = Vec::new();
    for number in 0..500 {
        receipts.push(pool.submit(letter(number)).await);
    }
    pool.stop().await;
    receipts.push(pool.submit(letter(500)).await);
    let mut accepted = 0;
    for receipt in receipts {
        match receipt.await {
            Answer::Accepted { .. } => accepted += 1,
            Answer::Unreachable { why } => assert_eq!(why, "the program is stopping"),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(accepted, mailbox.received());
    assert!(accepted < 501);
}

#[tokio::test]
async fn the_mailbox_keeps_the_newest_and_writes_all_to_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let settings = MailboxSettings {
        keep: 3,
        folder: Some(folder.path().join("mails")),
        ..MailboxSettings::open(anywhere())
    };
    let mailbox = Mailbox::start_with(settings).await.unwrap();
    let pool = pool_to(mailbox.addr, 1);
    send_all(&pool, (1..=5).map(letter)).await;
    let numbers: Vec<u64> = mailbox.wait_for(5).await.iter().map(|mail| mail.number).collect();
    assert_eq!((numbers, mailbox.received()), (vec![3, 4, 5], 5));
    for number in 1..=5 {
        let file = std::fs::read(folder.path().join(format!("mails/{number:06}.eml"))).unwrap();
        assert_eq!(file, letter(number).message);
    }
}
