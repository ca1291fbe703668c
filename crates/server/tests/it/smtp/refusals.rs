//! Refusals: the right answer for each, and no harm to the letters around it.

use server::deliver::bounce::Class;
use server::deliver::smtp::answer::Answer;
use server::deliver::smtp::reply::Enhanced;
use server::mailbox::rule::{Act, Moment, Rule};
use server::mailbox::{Mailbox, MailboxSettings};

use super::{anywhere, both_mailboxes, kinds, letter, letter_to, pool_to, send, send_all};

#[tokio::test]
async fn every_stage_of_refusal_between_letters_that_pass() {
    let reply = |line: &str| Act::Reply(line.to_owned());
    let table = [
        (Moment::Recipient, "550 5.1.1 nobody here", "permanent", Some(Class::InvalidRecipient)),
        (Moment::Recipient, "450 4.2.1 come back later", "transient", None),
        (Moment::Mail, "550 5.1.1 user unknown", "permanent", Some(Class::Sender)),
        (Moment::Mail, "451 4.3.0 busy", "transient", None),
        (Moment::Data, "554 5.5.1 no", "permanent", Some(Class::Other)),
        (Moment::Data, "451 4.3.0 not now", "transient", None),
        (Moment::Message, "554 5.7.1 looks like spam", "permanent", Some(Class::Content)),
        (Moment::Message, "452 4.2.2 mailbox full", "transient", None),
    ];
    for mailbox in both_mailboxes().await {
        for (moment, line, expected, class) in &table {
            let who = if *moment == Moment::Mail { "*" } else { "person2@*" };
            // MAIL knows no recipient, so there the first letter that comes is the refused one.
            let rule = Rule::new(*moment, who, reply(line)).times(1);
            let pool = pool_to(mailbox.addr, 1);
            let before = mailbox.received();
            if *moment != Moment::Mail {
                assert_eq!(kinds(&send_all(&pool, [letter(1)]).await), ["accepted"]);
            }
            mailbox.set_rules(vec![rule]);
            let answers = send_all(&pool, [letter(2), letter(3), letter(4)]).await;
            assert_eq!(kinds(&answers), [*expected, "accepted", "accepted"], "{moment:?} {line}");
            match &answers[0] {
                Answer::Transient { code, enhanced: Some(enhanced), text } => {
                    assert_eq!(format!("{code} {enhanced} {text}"), *line);
                }
                Answer::Permanent { code, enhanced: Some(enhanced), text, class: read } => {
                    assert_eq!(format!("{code} {enhanced} {text}"), *line);
                    assert_eq!(Some(*read), *class, "{moment:?} {line}");
                }
                other => panic!("{other:?}"),
            }
            let passed = if *moment == Moment::Mail { 2 } else { 3 };
            assert_eq!(mailbox.received() - before, passed, "{moment:?} {line}");
        }
    }
}

#[tokio::test]
async fn refused_letters_among_many_are_the_right_ones() {
    for mailbox in both_mailboxes().await {
        mailbox.set_rules(vec![
            Rule::refuse("*0@*", "550 5.1.1 nobody here"),
            Rule::new(Moment::Message, "*5@*", Act::Reply("451 4.3.0 later".to_owned())),
        ]);
        let pool = pool_to(mailbox.addr, 2);
        let answers = send_all(&pool, (0..300).map(letter)).await;
        for (number, answer) in answers.iter().enumerate() {
            let expected = match number % 10 {
                0 => "permanent",
                5 => "transient",
                _ => "accepted",
            };
            assert_eq!(super::kind(answer), expected, "{number}: {answer:?}");
        }
        assert_eq!(mailbox.received(), 240);
    }
}

#[tokio::test]
async fn what_the_relay_cannot_take_is_not_offered() {
    let poor =
        MailboxSettings { eight_bit: false, utf8: false, size_max: 200, ..MailboxSettings::open(anywhere()) };
    let mailbox = Mailbox::start_with(poor).await.unwrap();
    let pool = pool_to(mailbox.addr, 1);
    let large = letter_to("ada@example.com", &"0123456789\n".repeat(40));
    let table = [
        (large, 552, Enhanced(5, 3, 4), Class::TooLarge),
        (letter_to("jörg@example.com", "Subject: x\n\nx\n"), 553, Enhanced(5, 6, 7), Class::Other),
        (letter_to("ada@example.com", "Subject: x\n\nperché\n"), 554, Enhanced(5, 6, 3), Class::Other),
    ];
    for (refused, expected_code, expected_enhanced, expected_class) in table {
        // Once as the first letter and once as one that would have been begun behind another.
        for letters in
            [vec![refused.clone(), letter(1)], vec![letter(1), letter(2), refused.clone(), letter(3)]]
        {
            let at = letters.iter().position(|letter| letter.message == refused.message).unwrap();
            let mut answers = send_all(&pool, letters).await;
            match answers.remove(at) {
                Answer::Permanent { code, enhanced, class, .. } => {
                    assert_eq!(
                        (code, enhanced, class),
                        (expected_code, Some(expected_enhanced), expected_class)
                    );
                }
                other => panic!("{other:?}"),
            }
            assert!(kinds(&answers).iter().all(|kind| *kind == "accepted"), "{answers:?}");
        }
    }
}

#[tokio::test]
async fn a_421_moves_letters_to_a_new_connection() {
    for mailbox in both_mailboxes().await {
        let pool = pool_to(mailbox.addr, 1);
        for moment in [Moment::Mail, Moment::Recipient, Moment::Data] {
            let before = mailbox.received();
            assert_eq!(kinds(&[send(&pool, letter(1)).await]), ["accepted"]);
            mailbox.set_rules(vec![
                Rule::new(moment, "*", Act::Reply("421 4.4.5 enough for now".into())).times(1),
            ]);
            let answers = send_all(&pool, [letter(2), letter(3), letter(4)]).await;
            assert_eq!(kinds(&answers), ["accepted"; 3], "{moment:?}");
            assert_eq!(mailbox.received() - before, 4);
        }
        // A refusal of the message itself is an answer; the letter behind it moves.
        mailbox.set_rules(vec![Rule::new(
            Moment::Message,
            "person2@*",
            Act::Reply("421 4.3.2 closing".into()),
        )]);
        let answers = send_all(&pool, [letter(1), letter(2), letter(3)]).await;
        assert_eq!(kinds(&answers), ["accepted", "transient", "accepted"]);
    }
}

#[tokio::test]
async fn a_relay_that_says_421_at_once_is_left_alone() {
    let mailbox = Mailbox::start(anywhere()).await.unwrap();
    mailbox.set_rules(vec![Rule::new(Moment::Mail, "*", Act::Reply("421 4.3.2 go away".into()))]);
    let pool = pool_to(mailbox.addr, 1);
    let answers = send_all(&pool, (0..20).map(letter)).await;
    assert_eq!(kinds(&answers[..1]), ["transient"]);
    assert_eq!(kinds(&answers[1..]), ["unreachable"; 19], "no second connection in the pause");
}

#[tokio::test]
async fn a_relay_that_takes_fewer_connections_gets_all_letters_over_those() {
    let mailbox = Mailbox::start(anywhere()).await.unwrap();
    let pool = pool_to(mailbox.addr, 4);
    assert_eq!(kinds(&[send(&pool, letter(0)).await]), ["accepted"]);
    mailbox.set_rules(vec![Rule::new(Moment::Connect, "*", Act::Reply("421 4.7.0 one is enough".into()))]);
    let answers = send_all(&pool, (1..400).map(letter)).await;
    assert_eq!(kinds(&answers), ["accepted"; 399]);
    assert_eq!(mailbox.received(), 400);
}
