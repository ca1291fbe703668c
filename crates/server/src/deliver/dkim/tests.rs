//! Signatures against a verifier that is held to the example of RFC 8463.

use super::*;
use aws_lc_rs::signature::{
    ED25519, RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, UnparsedPublicKey, VerificationAlgorithm,
};
use key::{Algorithm, KeyError, StoredKey};

const AT: At = At(1_767_225_600_999);

/// The message of RFC 8463 A.3, which is signed with both kinds of key.
const OF_THE_STANDARD: &str = "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n d=football.example.com; \
i=@football.example.com;\r\n q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n subject : date : message-id : \
from : subject : date;\r\n bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n \
b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r\n Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r\n\
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n d=football.example.com; i=@football.example.com;\r\n \
q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r\n date : message-id : from : subject : date;\r\n \
bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\r\n \
DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\r\n dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=\r\n\
From: Joe SixPack <joe@football.example.com>\r\nTo: Suzie Q <suzie@shopping.example.net>\r\n\
Subject: Is dinner ready?\r\nDate: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n\
Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n\r\n\
Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n";
const ED25519_OF_THE_STANDARD: &str = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
const RSA_OF_THE_STANDARD: &str = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bd\
OKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kr\
yOTIKT+l/K4w3QIDAQAB";

const MESSAGE: &str = "From: Bottega <ciao@bottega.example>\r\nTo: Ada <ada@example.com>\r\nSubject: Your\r\n order\r\n\
Date: Thu, 1 Jan 2026 00:00:00 +0000\r\nMessage-ID: <17.k@bottega.example>\r\nMIME-Version: 1.0\r\n\
List-Unsubscribe: <https://u.example/o/8f3>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\
Content-Type: text/plain\r\n\r\nCiao.\r\n";

/// What a tag of a signature holds, without white space.
fn tag(header: &str, name: &str) -> String {
    let value = header.split_once(':').unwrap().1;
    let tags = value.split(';').filter_map(|part| part.split_once('='));
    let found = tags.filter(|(tag, _)| tag.trim() == name).map(|(_, value)| value).next().unwrap_or_default();
    found.split_whitespace().collect()
}

/// Which of a message's signatures hold, in order; `public` gives the key for a selector.
fn verdicts(message: &str, public: impl Fn(&str) -> Vec<u8>) -> Vec<bool> {
    let (fields, body) = Fields::split(message.as_bytes());
    let (head, _) = message.split_once("\r\n\r\n").unwrap();
    let mut headers: Vec<String> = Vec::new();
    for line in head.split("\r\n") {
        match headers.last_mut().filter(|_| line.starts_with([' ', '\t'])) {
            Some(last) => *last += &format!("\r\n{line}"),
            None => headers.push(line.to_owned()),
        }
    }
    let body_hash = BASE64_STANDARD.encode(digest::digest(&digest::SHA256, &canonical::body(body)));
    let signatures = headers.iter().filter(|header| header.starts_with("DKIM-Signature"));
    signatures
        .map(|header| {
            let names = tag(header, "h");
            let mut signed = fields.canonical(&names.split(':').collect::<Vec<_>>());
            let value_at = header.rfind("\tb=").or_else(|| header.rfind(" b=")).unwrap() + 3;
            let without_value = &header[..value_at];
            signed.extend(Field::parse(without_value.as_bytes()).canonical());
            let key = public(&tag(header, "s"));
            let value = BASE64_STANDARD.decode(tag(header, "b")).unwrap();
            let hash = digest::digest(&digest::SHA256, &signed);
            let (algorithm, text): (&'static dyn VerificationAlgorithm, &[u8]) =
                match tag(header, "a").as_str() {
                    "rsa-sha256" => (&RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, &signed),
                    _ => (&ED25519, hash.as_ref()),
                };
            let key = UnparsedPublicKey::new(algorithm, key);
            tag(header, "bh") == body_hash && key.verify(text, &value).is_ok()
        })
        .collect()
}

/// Keys of both kinds for the shop, and their signers.
fn shop() -> (Vec<StoredKey>, Signers) {
    let mut keys = DkimKeys::default();
    for (selector, algorithm) in [("e", Algorithm::Ed25519), ("r", Algorithm::Rsa)] {
        keys.add("bottega.example", selector, algorithm, String::new(), None).unwrap();
    }
    (keys.keys.clone(), Signers::new(keys).unwrap())
}

/// The public half, read from the record that is published.
fn published(keys: &[StoredKey]) -> impl Fn(&str) -> Vec<u8> {
    |selector| {
        let key = keys.iter().find(|key| key.selector == selector).unwrap();
        let text = key.dns_text().unwrap();
        BASE64_STANDARD.decode(text.split_once("p=").unwrap().1).unwrap()
    }
}

#[test]
fn the_verifier_of_these_tests_agrees_with_the_standard() {
    let public = |selector: &str| {
        let key = if selector == "test" { RSA_OF_THE_STANDARD } else { ED25519_OF_THE_STANDARD };
        BASE64_STANDARD.decode(key).unwrap()
    };
    assert_eq!(verdicts(OF_THE_STANDARD, public), [true, true]);
    assert_eq!(verdicts(&OF_THE_STANDARD.replace("hungry", "angry"), public), [false, false]);
    assert_eq!(verdicts(&OF_THE_STANDARD.replace("dinner", "supper"), public), [false, false]);
}

#[test]
fn both_signatures_hold_and_end_with_any_change_that_matters() {
    let (keys, signers) = shop();
    let sign =
        |message: &str| String::from_utf8(signers.sign("bottega.example", message.into(), AT)).unwrap();
    let signed = sign(MESSAGE);
    assert!(signed.ends_with(MESSAGE));
    assert_eq!(verdicts(&signed, published(&keys)), [true, true]);
    assert!(signed.starts_with("DKIM-Signature: v=1; a=rsa-sha256;"), "RSA comes first: {signed}");
    assert_eq!(signed, sign(MESSAGE), "a retry sends the same bytes");
    assert!(signed.lines().all(|line| line.len() <= 100), "{signed}");
    for (from, to, holds) in [
        ("Your\r\n order", "Your  order ", true),
        ("Ciao.\r\n", "Ciao. \r\n\r\n", true),
        ("To: Ada", "to:  Ada", true),
        ("Ciao.\r\n", "Ciao!\r\n", false),
        ("Your\r\n order", "Your last order", false),
        ("<https://u.example/o/8f3>", "<https://evil.example/>", false),
        ("Subject: Your", "Subject: Win\r\nSubject: Your", false),
        ("To: Ada", "From: Evil <evil@bottega.example>\r\nTo: Ada", false),
        ("MIME-Version: 1", "Reply-To: evil@evil.example\r\nMIME-Version: 1", false),
        ("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", "", false),
    ] {
        let changed = signed.replace(from, to);
        assert_ne!(changed, signed);
        assert_eq!(verdicts(&changed, published(&keys)), [holds, holds], "{from:?} to {to:?}");
    }
}

#[test]
fn a_domain_is_signed_for_by_its_own_key_or_that_of_the_domain_above() {
    let mut keys = DkimKeys::default();
    for (domain, selector) in
        [("bottega.example", "a"), ("news.bottega.example", "b"), ("bottega.example", "c")]
    {
        keys.add(domain, selector, Algorithm::Ed25519, String::new(), None).unwrap();
    }
    let signers = Signers::new(keys).unwrap();
    for (domain, expected) in [
        ("bottega.example", Some("d=bottega.example;\r\n\ts=c;")),
        ("Bottega.Example", Some("d=bottega.example;\r\n\ts=c;")),
        ("news.bottega.example", Some("d=news.bottega.example;\r\n\ts=b;")),
        ("shop.news.bottega.example", Some("d=news.bottega.example;\r\n\ts=b;")),
        ("mail.bottega.example", Some("d=bottega.example;\r\n\ts=c;")),
        ("otherbottega.example", None),
        ("example", None),
    ] {
        let signed = String::from_utf8(signers.sign(domain, MESSAGE.into(), AT)).unwrap();
        match expected {
            None => assert_eq!(signed, MESSAGE, "{domain}"),
            Some(expected) => {
                assert!(signed.contains(expected), "{domain}: {signed}");
                assert_eq!(signed.matches("DKIM-Signature").count(), 1, "the newest key alone: {domain}");
            }
        }
    }
}

#[test]
fn keys_are_checked_when_they_are_made_and_kept() {
    let mut keys = DkimKeys::default();
    let add = |keys: &mut DkimKeys, domain: &str, selector: &str, pem: Option<&str>| {
        keys.add(domain, selector, Algorithm::Ed25519, String::new(), pem).cloned()
    };
    let made = add(&mut keys, "Bottega.example.", "s", None).unwrap();
    assert_eq!(made.dns_name(), "s._domainkey.bottega.example");
    for (domain, selector, expected) in [
        ("bottega.example", "s", KeyError::Taken("s._domainkey.bottega.example".into())),
        ("example", "s", KeyError::Domain("example".into())),
        ("a b.example", "s", KeyError::Domain("a b.example".into())),
        ("bottega.example", "s;", KeyError::Selector("s;".into())),
        ("bottega.example", "", KeyError::Selector(String::new())),
    ] {
        assert_eq!(add(&mut keys, domain, selector, None).err(), Some(expected), "{domain} {selector}");
    }
    let pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";
    let own = add(&mut keys, "bottega.example", "own", Some(pem)).unwrap();
    assert!(own.dns_text().unwrap().ends_with(ED25519_OF_THE_STANDARD));
    let broken = add(&mut keys, "bottega.example", "x", Some("-----BEGIN PRIVATE KEY-----\nAAAA\n"));
    assert_eq!(broken.err(), Some(KeyError::Unreadable("x._domainkey.bottega.example".into())));

    let folder = tempfile::tempdir().unwrap();
    keys.save(folder.path()).unwrap();
    let read = DkimKeys::open(folder.path()).unwrap();
    assert_eq!(read.keys[1].dns_text(), own.dns_text());
    assert!(keys.remove("s._domainkey.bottega.example") && !keys.remove("s._domainkey.bottega.example"));
}

#[test]
fn a_record_for_dns_comes_in_strings_that_are_short_enough() {
    let (keys, _) = shop();
    let line = keys.iter().find(|key| key.algorithm == Algorithm::Rsa).unwrap().zone_line().unwrap();
    assert!(line.starts_with("r._domainkey.bottega.example. IN TXT ( \"v=DKIM1; k=rsa; p=MII"), "{line}");
    let strings: Vec<&str> = line.split('"').skip(1).step_by(2).collect();
    assert!(strings.len() == 2 && strings.iter().all(|string| string.len() <= 255), "{line}");
}
