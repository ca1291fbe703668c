//! Reports in the shapes of several mail servers, written after the standards and after what those servers write.

use super::*;

fn paths() -> ReturnPaths {
    ReturnPaths::new("return.bottega.example", &[7; 32])
}

fn said(text: &str) -> Report {
    read(text.replace('\n', "\r\n").as_bytes(), &paths())
}

/// A report with these groups of fields in its second part.
fn dsn(fields: &str) -> String {
    format!(
        "From: Mail Delivery System <MAILER-DAEMON@mx.example>\nTo: b-x@return.bottega.example\n\
         Subject: Undelivered Mail Returned to Sender\nAuto-Submitted: auto-replied\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=delivery-status;\n\tboundary=\"b1\"\n\n\
         --b1\nContent-Type: text/plain\n\nI am sorry.\n\n\
         --b1\nContent-Description: Delivery report\nContent-Type: message/delivery-status\n\n{fields}\n\
         --b1\nContent-Type: message/rfc822\n\nFrom: ciao@bottega.example\nSubject: 550 5.1.1 in a subject\n\nCiao\n\
         --b1--\n"
    )
}

#[test]
fn a_report_of_non_delivery_gives_its_verdict() {
    use Verdict::{HardBounce, Refused, SoftBounce};
    for (fields, verdict, words) in [
        // Postfix, after its own final failure and after the other side's.
        (
            "Reporting-MTA: dns; mx.example\nX-Postfix-Queue-ID: 4F\nArrival-Date: Thu, 1 Jan 2026 00:00:00 +0000\n\n\
             Final-Recipient: rfc822; ada@example.com\nOriginal-Recipient: rfc822;ada@example.com\nAction: failed\n\
             Status: 5.1.1\nDiagnostic-Code: x-unix; user unknown",
            HardBounce,
            "user unknown",
        ),
        (
            "Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; ada@example.com\nAction: failed\nStatus: 5.1.1\n\
             Remote-MTA: dns; mail.example.com\nDiagnostic-Code: smtp; 550 5.1.1 <ada@example.com>: Recipient address\n    \
             rejected: User unknown in virtual mailbox table",
            HardBounce,
            "550 5.1.1 <ada@example.com>: Recipient address rejected: User unknown in virtual mailbox table",
        ),
        // Sendmail gives up after five days.
        (
            "Reporting-MTA: dns; mx.example\nArrival-Date: Thu, 1 Jan 2026 00:00:00 GMT\n\nFinal-Recipient: RFC822; \
             ada@example.com\nAction: failed\nStatus: 4.4.7\nRemote-MTA: DNS; mail.example.com\nLast-Attempt-Date: Tue, 6 Jan 2026 00:00:00 GMT",
            SoftBounce,
            "status 4.4.7",
        ),
        // Exchange, with a kind of its own in the code.
        (
            "Reporting-MTA: dns;EX.example.com\n\nFinal-recipient: RFC822;ada@example.com\nAction: failed\nStatus: 5.1.10\n\
             Diagnostic-code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient ada@example.com not found by SMTP address lookup",
            HardBounce,
            "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient ada@example.com not found by SMTP address lookup",
        ),
        // Gmail, in lines of one reply.
        (
            "Reporting-MTA: dns; googlemail.com\n\nFinal-Recipient: rfc822; ada@example.com\nAction: failed\nStatus: 5.1.1\n\
             Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not exist. Please try\n 550 5.1.1 again",
            HardBounce,
            "550-5.1.1 The email account that you tried to reach does not exist. Please try 550 5.1.1 again",
        ),
        // Exim.
        (
            "Reporting-MTA: dns; exim.example\n\nAction: failed\nFinal-Recipient: rfc822;ada@example.com\nStatus: 5.0.0\n\
             Remote-MTA: dns; mail.example.com\nDiagnostic-Code: smtp; 550 Unrouteable address, no such user here",
            HardBounce,
            "550 Unrouteable address, no such user here",
        ),
        (
            "Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; a@b\nAction: failed\nStatus: 5.2.2\nDiagnostic-Code: smtp; 552 5.2.2 Mailbox full",
            SoftBounce,
            "552 5.2.2 Mailbox full",
        ),
        (
            "Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; a@b\nAction: failed\nStatus: 5.2.2\nDiagnostic-Code: smtp; 452 4.2.2 Mailbox full",
            SoftBounce,
            "452 4.2.2 Mailbox full",
        ),
        (
            "Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; a@b\nAction: failed\nStatus: 5.7.1\nDiagnostic-Code: smtp; 550 5.7.1 Message rejected as spam",
            Refused,
            "550 5.7.1 Message rejected as spam",
        ),
        (
            "Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; a@b\nAction: failed\nStatus: 5.7.26\nDiagnostic-Code: smtp; 550-5.7.26 unauthenticated",
            Refused,
            "550-5.7.26 unauthenticated",
        ),
        (
            "Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; a@b\nAction: failed\nStatus: 5.0.0",
            SoftBounce,
            "status 5.0.0",
        ),
        // The list behind the address reached one and not the other.
        (
            "Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; a@b\nAction: relayed\nStatus: 2.0.0\n\n\
             Final-Recipient: rfc822; c@d\nAction: failed\nStatus: 5.1.1",
            HardBounce,
            "status 5.1.1",
        ),
    ] {
        let expected = Report::Bounce { verdict, words: words.to_owned() };
        assert_eq!(said(&dsn(fields)), expected, "{fields}");
    }
}

#[test]
fn what_is_no_failure_changes_nothing() {
    for action in ["delayed", "delivered", "relayed", "expanded"] {
        let fields = format!(
            "Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; a@b\nAction: {action}\nStatus: 4.1.1\nDiagnostic-Code: smtp; 550 5.1.1 user unknown"
        );
        assert!(matches!(said(&dsn(&fields)), Report::Nothing(_)), "{action}");
    }
    for mail in [
        "",
        "From: Ada <ada@example.com>\nSubject: Re: offers\nAuto-Submitted: auto-replied (vacation)\n\nI am away until 5.1.2026.",
        "From: Ada <ada@example.com>\nSubject: Re: offers\n\nYour shop gave me a 550 5.1.1 error, user unknown.",
        "From: postmaster@example.com\nSubject: hello\n\nNothing to see.",
        "From: MAILER-DAEMON@example.com\nSubject: failure\n\nIt was 2026 when 4500 mails came, version 5.1.",
        "From: MAILER-DAEMON@example.com\nAuto-Submitted: auto-replied\nSubject: away\n\n550 5.1.1 user unknown",
        "Content-Type: multipart/report; boundary=x\n\n--x\nContent-Type: message/delivery-status\n\n\n--x--\n",
    ] {
        assert!(matches!(said(mail), Report::Nothing(_)), "{mail}: {:?}", said(mail));
    }
}

#[test]
fn reports_from_before_the_standard_are_read_by_their_words() {
    use Verdict::{HardBounce, Refused, SoftBounce};
    let qmail = "From: MAILER-DAEMON@example.com\nSubject: failure notice\n\nHi. This is the qmail-send program at example.com.\n\
         I'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n\
         <ada@example.com>:\n";
    let exim = "From: Mail Delivery System <Mailer-Daemon@example.com>\nX-Failed-Recipients: ada@example.com\nSubject: Mail delivery failed\n\n\
         This message was created automatically by mail delivery software.\n\n  ada@example.com\n    host mail.example.com [192.0.2.1]\n    SMTP error from remote mail server after RCPT TO:<ada@example.com>:\n    ";
    for (head, reason, verdict) in [
        (
            qmail,
            "192.0.2.1 does not like recipient.\nRemote host said: 550 5.1.1 User unknown\nGiving up on 192.0.2.1.",
            HardBounce,
        ),
        (qmail, "Sorry, no mailbox here by that name. (#5.1.1)", HardBounce),
        (
            qmail,
            "Connected to 192.0.2.1 but sender was rejected.\nRemote host said: 554 5.7.1 Your network is on our blocklist",
            Refused,
        ),
        (exim, "550 No such user here", HardBounce),
        (exim, "552 mailbox is full", SoftBounce),
        (exim, "451 4.3.0 retry timeout exceeded", SoftBounce),
    ] {
        let report = said(&format!("{head}{reason}\n"));
        assert!(
            matches!(&report, Report::Bounce { verdict: own, .. } if *own == verdict),
            "{reason}: {report:?}"
        );
    }
}

/// A complaint in the form of RFC 5965.
fn arf(kind: &str, more: &str, original: &str) -> String {
    format!(
        "From: <abusedesk@mail.example>\nTo: <feedback@return.bottega.example>\nSubject: FW: Offers\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=feedback-report;\n     boundary=\"p2\"\n\n\
         --p2\nContent-Type: text/plain; charset=\"US-ASCII\"\n\nThis is an email abuse report.\n\n\
         --p2\nContent-Type: message/feedback-report\n\nFeedback-Type: {kind}\nUser-Agent: SomeGenerator/1.0\nVersion: 1\n{more}\n\
         --p2\nContent-Type: message/rfc822\nContent-Disposition: inline\n\n{original}\n--p2--\n"
    )
}

#[test]
fn a_complaint_names_the_send_by_a_signed_address_and_by_nothing_else() {
    let (paths, send) = (paths(), SendId(17));
    let original = "From: <ciao@bottega.example>\nTo: <redacted@redacted.example>\nMessage-ID: <17.k3@bottega.example>\nSubject: Offers\n\nCiao";
    let unsubscribe = format!(
        "From: <ciao@bottega.example>\nList-Unsubscribe: <https://u.example/unsubscribe/x>,\n\t<mailto:{}>\nSubject: Offers\n\nCiao",
        paths.unsubscribe(send)
    );
    let mail_from =
        format!("Original-Mail-From: <{}>\nReported-Domain: bottega.example\n", paths.bounce(send));
    let other = ReturnPaths::new("return.bottega.example", &[9; 32]);
    let forged = format!("Original-Mail-From: <{}>\n", other.bounce(send));
    for (more, original, expected) in [
        (mail_from.as_str(), original, Some(send)),
        ("", unsubscribe.as_str(), Some(send)),
        (forged.as_str(), original, None),
        ("Original-Rcpt-To: <ada@example.com>\n", original, None),
    ] {
        let report = said(&arf("abuse", more, original));
        assert!(matches!(report, Report::Complaint { send, .. } if send == expected), "{more}: {report:?}");
    }
    for (kind, is_complaint) in [
        ("abuse", true),
        ("fraud", true),
        ("opt-out", true),
        ("Abuse", true),
        ("not-spam", false),
        ("virus", false),
        ("auth-failure", false),
        ("other", false),
    ] {
        let report = said(&arf(kind, &mail_from, original));
        assert_eq!(matches!(report, Report::Complaint { .. }), is_complaint, "{kind}");
    }
}
