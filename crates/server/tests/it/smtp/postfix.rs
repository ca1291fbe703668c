//! The client against `smtp-sink`, which others wrote.

use std::collections::BTreeMap;

use server::deliver::bounce::Class;
use server::deliver::smtp::answer::Answer;

use super::sink::Sink;
use super::{kind, kinds, letter, pool_to, send, send_all};

/// How often each number of a letter stands in the dump.
fn arrived(sink: &Sink) -> BTreeMap<usize, usize> {
    let mut times = BTreeMap::new();
    for line in sink.dump().lines() {
        if let Some(number) = line.strip_prefix("X-Number: ") {
            *times.entry(number.trim().parse().unwrap()).or_insert(0) += 1;
        }
    }
    times
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_letters_arrive_once() {
    for options in [&[][..], &["-p"], &["-e"]] {
        let sink = Sink::start(options).await;
        let pool = pool_to(sink.addr, 4);
        let answers = send_all(&pool, (0..1500).map(letter)).await;
        assert!(answers.iter().all(|answer| kind(answer) == "accepted"), "{options:?}");
        pool.stop().await;
        assert_eq!(arrived(&sink), (0..1500).map(|number| (number, 1)).collect(), "{options:?}");
    }
}

#[tokio::test]
async fn the_message_and_its_envelope_arrive_as_sent() {
    let sink = Sink::start(&[]).await;
    assert_eq!(kind(&send(&pool_to(sink.addr, 1), letter(7)).await), "accepted");
    let dump = sink.dump().replace('\r', "");
    for part in [
        "X-Mail-Args: <bounces@shop.example>",
        "X-Rcpt-Args: <person7@example.com>",
        "\n\n.dots\n..\n.\nbye 7\n",
    ] {
        assert!(dump.contains(part), "{part:?} in {dump}");
    }
}

#[tokio::test]
async fn hard_and_soft_refusals() {
    for steps in [&[][..], &["-p"]] {
        for (options, expected) in [
            (["-f", "RCPT", "-B", "550 5.1.1 User unknown"], "permanent"),
            (["-r", "RCPT", "-b", "450 4.2.1 Try again"], "transient"),
            (["-f", "MAIL", "-B", "550 5.1.1 User unknown"], "permanent"),
            (["-f", "DATA", "-B", "554 5.6.0 No"], "permanent"),
            (["-f", ".", "-B", "554 5.7.1 Spam"], "permanent"),
            (["-r", ".", "-b", "451 4.3.0 Later"], "transient"),
        ] {
            let sink = Sink::start(&[&options[..], steps].concat()).await;
            let answers = send_all(&pool_to(sink.addr, 1), (0..20).map(letter)).await;
            assert_eq!(kinds(&answers), [expected; 20], "{options:?} {steps:?}: {:?}", answers[0]);
            if let Answer::Permanent { class, .. } = &answers[0] {
                assert_eq!(class.suppresses(), options[1] == "RCPT", "{options:?} {class:?}");
                assert_eq!(*class == Class::InvalidRecipient, options[1] == "RCPT");
            }
            // It dumps a message even when it goes on to refuse it at the final dot.
            let read = if options[1] == "." { 20 } else { 0 };
            assert_eq!(arrived(&sink).values().sum::<usize>(), read);
        }
    }
}

#[tokio::test]
async fn connections_that_break() {
    for steps in [&[][..], &["-p"]] {
        for (options, expected) in [
            (["-q", "MAIL"], "unreachable"),
            (["-q", "RCPT"], "unreachable"),
            (["-q", "DATA"], "unreachable"),
            (["-q", "."], "unknown"),
            (["-Q", "MAIL"], "transient"),
            (["-Q", "RCPT"], "transient"),
            (["-Q", "DATA"], "transient"),
            (["-Q", "."], "transient"),
        ] {
            let sink = Sink::start(&[&options[..], steps].concat()).await;
            let answer = send(&pool_to(sink.addr, 1), letter(0)).await;
            assert_eq!(kind(&answer), expected, "{options:?} {steps:?}: {answer:?}");
        }
    }
}
