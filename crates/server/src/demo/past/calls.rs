//! A call of a browser as its body of JSON. Written by hand, as there are millions of them.

use super::super::dice::Dice;
use super::super::people::{Person, user_agent};
use super::super::shop::{PRODUCTS, WAYS, Way};
use super::visits::{Call, What};
use crate::collect::endpoint::Endpoint;
use engine::record::EventKind;
use std::fmt::Write as _;

/// Where it goes, and what it says. `number` is that of no other call.
pub(super) fn body(call: Call, number: u64) -> (Endpoint, String) {
    let person = Person::number(call.person as usize);
    let way = &WAYS[call.way as usize];
    let language = person.reads();
    let mut body = String::with_capacity(640);
    let mut put = |text: std::fmt::Arguments<'_>| body.write_fmt(text).expect("a text takes everything");
    put(format_args!(r#"{{"messageId":"p-{number}","anonymousId":"p{:07}","#, call.person));
    if call.known {
        put(format_args!(r#""userId":"{}","#, person.user_id));
    }
    let agent = user_agent(&mut Dice::new(u64::from(call.person)));
    put(format_args!(
        r#""context":{{"locale":"{}-{}","userAgent":"{agent}","#,
        person.language, person.country
    ));
    let Way { campaign: [source, medium, name], referrer, path, title, .. } = way;
    put(format_args!(r#""page":{{"url":"https://bottega.example/{language}{path}""#));
    if !referrer.is_empty() {
        put(format_args!(r#","referrer":"{referrer}""#));
    }
    put(format_args!("}}"));
    if !source.is_empty() {
        put(format_args!(r#","campaign":{{"source":"{source}","medium":"{medium}","name":"{name}"}}"#));
    }
    let kind = match call.what {
        What::Land => {
            let url = format!("https://bottega.example/{language}{path}");
            put(format_args!(
                r#"}},"properties":{{"title":"{title}","path":"/{language}{path}","url":"{url}"}}}}"#
            ));
            EventKind::Page
        }
        What::View(product) => {
            put(format_args!(
                r#"}},"event":"Product Viewed","properties":{}}}"#,
                properties(product, language)
            ));
            EventKind::Track
        }
        What::Add(product) => {
            put(format_args!(
                r#"}},"event":"Product Added","properties":{}}}"#,
                properties(product, language)
            ));
            EventKind::Track
        }
        What::Order(product) => {
            let ordered = &PRODUCTS[product as usize];
            let quantity = if ordered.sku == "CES-02" { 2 } else { 1 };
            let (cents, line) = (ordered.cents * quantity, properties(product, language));
            put(format_args!(
                r#"}},"event":"Order Completed","properties":{{"order_id":"P-{number}","total":{}.{:02},"currency":"EUR","products":[{line}]}}}}"#,
                cents / 100,
                cents % 100,
            ));
            EventKind::Track
        }
        What::SignUp { offers, newsletter } => {
            let answers = [offers.map(|given| ("offers", given)), newsletter.then_some(("newsletter", true))];
            let answers: Vec<String> =
                answers.iter().flatten().map(|(purpose, given)| format!(r#""{purpose}":{given}"#)).collect();
            if !answers.is_empty() {
                put(format_args!(r#","consent":{{"categoryPreferences":{{{}}}}}"#, answers.join(",")));
            }
            put(format_args!(
                r#"}},"traits":{{"email":"{}","first_name":"{}","last_name":"{}","language":"{}","country":"{}"}}}}"#,
                person.email, person.first_name, person.last_name, person.language, person.country,
            ));
            EventKind::Identify
        }
    };
    (Endpoint::Single(kind), body)
}

fn properties(product: u8, language: &str) -> serde_json::Value {
    PRODUCTS[product as usize].properties(language)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn every_call_is_json_and_says_who_calls() {
        let whats = [
            What::Land,
            What::View(3),
            What::Add(5),
            What::SignUp { offers: Some(false), newsletter: true },
            What::SignUp { offers: None, newsletter: false },
            What::Order(15),
        ];
        for (number, what) in whats.into_iter().enumerate() {
            for way in 0..WAYS.len() as u8 {
                let (_, body) = body(Call { person: 9, way, known: true, what }, number as u64);
                let call: Value =
                    serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}"));
                assert_eq!((&call["anonymousId"], &call["userId"]), (&"p0000009".into(), &"c-1010".into()));
                assert_eq!(call["context"]["campaign"].is_null(), WAYS[way as usize].campaign[0].is_empty());
                if what == What::Order(15) {
                    assert_eq!(call["properties"]["total"], 580.0, "two hampers");
                }
            }
        }
    }
}
