//! Tokens: what was signed is read, and nothing else is.

use engine::SendId;
use proptest::prelude::*;
use server::deliver::token::{Token, TokenKey};

fn token() -> impl Strategy<Value = Token> {
    let send = any::<u64>().prop_map(SendId);
    prop_oneof![
        send.clone().prop_map(|send| Token::Open { send }),
        send.clone().prop_map(|send| Token::Preferences { send }),
        (send.clone(), any::<u32>(), "https://[a-z]{1,9}\\.example/\\PC{0,40}")
            .prop_map(|(send, link, url)| Token::Click { send, link, url }),
        (send.clone(), "[a-z.]{0,12}").prop_map(|(send, purpose)| Token::Unsubscribe { send, purpose }),
        (send, "[a-z.]{0,12}").prop_map(|(send, purpose)| Token::Confirm { send, purpose }),
        "[a-z.]{0,12}".prop_map(|message| Token::View { message }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_signed_is_read(token in token()) {
        let key = TokenKey::new(&[1; 32]);
        let written = key.sign(&token);
        prop_assert!(written.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'));
        prop_assert_eq!(key.verify(&written), Some(token));
        prop_assert_eq!(TokenKey::new(&[2; 32]).verify(&written), None);
    }

    #[test]
    fn one_changed_character_is_seen(token in token(), at in any::<prop::sample::Index>(), other in "[A-Za-z0-9_=.%-]") {
        let key = TokenKey::new(&[1; 32]);
        let mut written = key.sign(&token);
        let at = at.index(written.len());
        prop_assume!(written[at..=at] != other);
        written.replace_range(at..=at, &other);
        prop_assert_eq!(key.verify(&written), None);
    }

    #[test]
    fn nothing_else_is_a_token(written in "\\PC{0,80}") {
        prop_assert_eq!(TokenKey::new(&[1; 32]).verify(&written), None);
    }
}

#[test]
fn a_token_cut_short_or_made_longer_is_none() {
    let key = TokenKey::new(&[1; 32]);
    let written = key.sign(&Token::Click { send: SendId(1), link: 2, url: "https://a.example/".into() });
    for length in 0..written.len() {
        assert_eq!(key.verify(&written[..length]), None, "{length} characters");
    }
    assert_eq!(key.verify(&(written.clone() + "A")), None);
    assert_eq!(key.verify(&written.repeat(100)), None);
}

#[test]
fn tokens_stay_readable_from_release_to_release() {
    let key = TokenKey::new(&[1; 32]);
    let written = [
        key.sign(&Token::Open { send: SendId(300) }),
        key.sign(&Token::Click { send: SendId(1), link: 2, url: "https://a.example/".into() }),
        key.sign(&Token::Unsubscribe { send: SendId(1), purpose: "offers".into() }),
    ];
    let expected = [
        "AQGsAowivUSaaRmqAZB7Wbfm7aQ",
        "AQIBAmh0dHBzOi8vYS5leGFtcGxlL7BAVg78XNT758nhXIn2H1A",
        "AQMBb2ZmZXJznKHaxFE4G2DxrSUjKy_LcQ",
    ];
    assert_eq!(written, expected);
}
