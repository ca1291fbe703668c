//! Connections that break: whether a letter may have been handed over is always known, and none is sent twice.

use std::time::Duration;

use server::deliver::smtp::answer::Answer;
use server::deliver::smtp::pool::{Pool, PoolSize};
use server::mailbox::Mailbox;
use server::mailbox::rule::{Act, Moment, Rule};
use tokio::net::TcpListener;

use super::{anywhere, both_mailboxes, kind, kinds, letter, pool_to, route, send, send_all};

#[tokio::test]
async fn a_connection_that_breaks_on_its_first_letter() {
    let table = [
        (Moment::Connect, Act::Drop, "unreachable", 0),
        (Moment::Mail, Act::Drop, "unreachable", 0),
        (Moment::Recipient, Act::Drop, "unreachable", 0),
        (Moment::Data, Act::Drop, "unreachable", 0),
        (Moment::Message, Act::Drop, "unknown", 0),
        (Moment::Message, Act::KeepAndDrop, "unknown", 1),
    ];
    for (moment, act, expected, kept) in table {
        for mailbox in both_mailboxes().await {
            mailbox.set_rules(vec![Rule::new(moment, "*", act.clone()).times(1)]);
            let answer = send(&pool_to(mailbox.addr, 1), letter(1)).await;
            assert_eq!(kind(&answer), expected, "{moment:?} {act:?}: {answer:?}");
            assert_eq!(mailbox.received(), kept, "{moment:?} {act:?}");
            // Another pool, since the first leaves the relay alone for a while.
            assert_eq!(kind(&send(&pool_to(mailbox.addr, 1), letter(2)).await), "accepted");
            assert_eq!(mailbox.received(), kept + 1);
        }
    }
}

#[tokio::test]
async fn a_connection_that_breaks_between_letters() {
    let table = [
        (Moment::Mail, Act::Drop, "accepted", 3),
        (Moment::Recipient, Act::Drop, "accepted", 3),
        (Moment::Data, Act::Drop, "accepted", 3),
        (Moment::Message, Act::Drop, "unknown", 2),
        (Moment::Message, Act::KeepAndDrop, "unknown", 3),
    ];
    for (moment, act, expected, arrived) in table {
        for mailbox in both_mailboxes().await {
            let pool = pool_to(mailbox.addr, 1);
            assert_eq!(kind(&send(&pool, letter(1)).await), "accepted");
            mailbox.set_rules(vec![Rule::new(moment, "*", act.clone()).times(1)]);
            // With pipelining the envelope of the third is on its way when the second breaks.
            let answers = send_all(&pool, [letter(2), letter(3)]).await;
            assert_eq!(kinds(&answers), [expected, "accepted"], "{moment:?} {act:?}: {answers:?}");
            let mut to: Vec<String> =
                mailbox.messages().iter().map(|mail| mail.recipients[0].clone()).collect();
            to.dedup();
            assert_eq!(to.len(), arrived, "{moment:?} {act:?}: {to:?}");
            assert_eq!(mailbox.received() as usize, arrived, "none twice");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_letters_through_many_breaks_are_never_doubled_and_only_the_unknown_may_lack() {
    for mailbox in both_mailboxes().await {
        mailbox.set_rules(vec![
            Rule::new(Moment::Message, "*3@*", Act::KeepAndDrop),
            Rule::new(Moment::Message, "*7@*", Act::Drop),
            Rule::new(Moment::Recipient, "*9@*", Act::Drop).times(20),
        ]);
        let pool = pool_to(mailbox.addr, 3);
        let answers = send_all(&pool, (0..400).map(letter)).await;
        let mut arrived = vec![0; answers.len()];
        for mail in mailbox.messages() {
            arrived[mail.view().header("X-Number").unwrap().parse::<usize>().unwrap()] += 1;
        }
        for (number, answer) in answers.iter().enumerate() {
            match answer {
                Answer::Accepted { .. } => assert_eq!(arrived[number], 1, "{number}"),
                Answer::Unreachable { .. } => assert_eq!(arrived[number], 0, "{number}"),
                Answer::Unknown { .. } => {
                    assert_eq!(arrived[number], usize::from(number % 10 == 3), "{number}");
                }
                other => panic!("{number}: {other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn a_silent_relay() {
    for mailbox in both_mailboxes().await {
        let mut route = route(&format!("smtp://{}", mailbox.addr));
        let short = Duration::from_millis(50);
        (route.timeouts.command, route.timeouts.data, route.timeouts.dot) = (short, short, short);
        for (moment, expected) in
            [(Moment::Recipient, "unreachable"), (Moment::Data, "unreachable"), (Moment::Message, "unknown")]
        {
            mailbox.set_rules(vec![Rule::new(moment, "*", Act::Delay(Duration::from_secs(3600))).times(1)]);
            let pool = Pool::start(route.clone(), PoolSize { connections: 1, ..PoolSize::USUAL });
            let answer = send(&pool, letter(1)).await;
            assert_eq!(kind(&answer), expected, "{moment:?}: {answer:?}");
        }
        assert_eq!(mailbox.received(), 0);
    }
}

#[tokio::test]
async fn nobody_listens() {
    let listener = TcpListener::bind(anywhere()).await.unwrap();
    let addr = listener.local_addr().unwrap();
    drop(listener);
    let pool = pool_to(addr, 2);
    for answer in send_all(&pool, (0..100).map(letter)).await {
        match answer {
            Answer::Unreachable { why } => assert!(why.contains(&addr.to_string()), "{why}"),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_relay_that_comes_back_is_found_again() {
    let mailbox = Mailbox::start(anywhere()).await.unwrap();
    let pool = pool_to(mailbox.addr, 1);
    assert_eq!(kind(&send(&pool, letter(1)).await), "accepted");
    mailbox.set_rules(vec![
        Rule::new(Moment::Mail, "*", Act::Drop).times(1),
        Rule::new(Moment::Connect, "*", Act::Drop).times(1),
    ]);
    // The used connection breaks, the new one breaks too, and then there is a pause.
    assert_eq!(kind(&send(&pool, letter(2)).await), "unreachable");
    let back = async {
        let mut number = 3;
        loop {
            match send(&pool, letter(number)).await {
                Answer::Accepted { .. } => break,
                Answer::Unreachable { .. } => tokio::time::sleep(Duration::from_millis(20)).await,
                other => panic!("{other:?}"),
            }
            number += 1;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), back).await.expect("the pause ends");
    assert_eq!(mailbox.received(), 2);
}

#[tokio::test]
async fn an_idle_connection_is_closed_and_opened_again() {
    let mailbox = Mailbox::start(anywhere()).await.unwrap();
    let size = PoolSize { connections: 1, idle: Duration::ZERO, ..PoolSize::USUAL };
    let pool = Pool::start(route(&format!("smtp://{}", mailbox.addr)), size);
    for number in 0..5 {
        assert_eq!(kind(&send(&pool, letter(number)).await), "accepted");
    }
}
