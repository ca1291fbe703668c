//! How the expression language says what is wrong: the place, the reason, and what to write instead.

use crate::story::{Story, programme};
use engine::programme::{Channel, Journey, Programme, Purchase, Purpose, Step};
use engine::segment::Owner;
use engine::segment::json::{from_json, to_json};
use engine::segment::parse::{parse, parse_for};
use serde_json::json;

/// A text, the byte at which it goes wrong, a part of the message, and a part of the suggestion; empty for none.
#[rustfmt::skip]
const IN_TEXT: &[(&str, usize, &str, &str)] = &[
    ("", 0, "expected a condition such as", ""),
    (r#"dit "Order""#, 0, "found `dit`", "`did`"),
    (r#""Order""#, 0, "expected a condition", r#"write `did "Order"`"#),
    ("did Order", 4, "name in quotes", r#""Order""#),
    ("did 3", 4, "found the number 3", ""),
    (r#"did " ""#, 4, "cannot be empty", ""),
    (r#"did "Order" and"#, 15, "found the end", ""),
    (r#"did "Order" adn did "X""#, 12, "found `adn`", "`and`"),
    (r#"did "Order" && did "X""#, 12, "found `&&`", "`and`"),
    (r#"did "Order", did "X""#, 11, "found `,`", "`and`"),
    (r#"! did "Order""#, 0, "found `!`", "`not`"),
    (r#"did "Order"#, 4, "no closing \"", "close it with \""),
    ("did “Order”", 4, "means nothing", "straight quotes"),
    ("did \"A\" ; did \"B\"", 8, "means nothing", ""),
    (r#"(did "A" or did "B""#, 19, "expected `)`", ""),

    (r#"did "Order" 2 times"#, 12, "found the number 2", "`at least 2 times`"),
    (r#"did "Order" twice"#, 12, "found `twice`", "`exactly 2 times`"),
    (r#"did "Order" at leats 2 times"#, 15, "expected `least` or `most`", "`least`"),
    (r#"did "Order" at least two times"#, 21, "whole number", "`2`"),
    (r#"did "Order" at least 1.5 times"#, 21, "whole number", ""),
    (r#"did "Order" at least 2 tims"#, 23, "expected `times`", "`times`"),
    (r#"did "Order" at least 2 within 3 days"#, 23, "expected `times`, found `within`", "write `2 times`"),
    (r#"did "Order" at least 2"#, 22, "expected `times`, found the end", "write `2 times`"),
    (r#"did "Order" within 3 days at least 2 times"#, 26, "before the window", "`at least 2 times within 30 days`"),
    (r#"did "Order" with total(price) > 3"#, 17, "expected `sum`, `avg`, `min` or `max`", "write `sum`"),
    (r#"did "Order" with svg(price) > 3"#, 17, "found `svg`", "`avg`"),
    (r#"did "Order" with count > 3"#, 17, "found `count`", "`at least 2 times`"),
    (r#"did "Order" with sum(price) > "3""#, 30, "expected a number", ""),
    (r#"did "Order" with sum(price) in [3]"#, 28, "expected a comparison", ""),

    (r#"did "Order" within 3 fortnights"#, 21, "unit of time", "weeks"),
    (r#"did "Order" within 3 dayz"#, 21, "unit of time", "`days`"),
    (r#"did "Order" within 3 months"#, 21, "unit of time", "`30 days`"),
    (r#"did "Order" within 3"#, 20, "unit of time", ""),
    (r#"did "Order" within days"#, 19, "expected a length of time", ""),
    (r#"did "Order" within 0 days"#, 19, "longer than nothing", ""),
    (r#"did "Order" within -3 days"#, 19, "longer than nothing", ""),
    (r#"did "Order" within 1.5 hours"#, 19, "whole number of units", "`90 minutes`"),
    (r#"did "Order" within 1500 ms"#, 19, "whole seconds", "`2 seconds`"),
    (r#"did "Order" within 5218 weeks"#, 19, "at most 36525 days", "leave the window out"),
    (r#"did "Order" whithin 3 days"#, 12, "found `whithin`", "`within`"),
    (r#"did "Order" since 2026-01-31"#, 18, "expected a date", r#""2026-01-31""#),
    (r#"did "Order" since yesterday"#, 18, "expected a date", r#"write a day as "2026-01-31""#),
    (r#"did "Order" before "2026-02-30""#, 19, "\"2026-02-30\" is no date", "2026-01-31"),
    (r#"did "Order" between "2026-02-01" and "2026-01-01""#, 12, "nothing between", r#"`between "2026-01-01" and "2026-02-01"`"#),
    (r#"did "Order" between "2026-02-01" and "2026-02-01""#, 12, "nothing between", "the day after"),
    (r#"did "Order" between "2026-02-01", "2026-02-03""#, 32, "expected `and`", ""),
    (r#"did "Order" since entry"#, 12, "inside a journey", "`within`"),
    (r#"did "Order" and last seen since entry"#, 26, "inside a journey", "`within`"),

    (r#"did "A" at least 2 times then "B""#, 25, "cannot ask how often", "condition of its own"),
    (r#"did "A" with sum(n) > 2 then "B""#, 24, "cannot ask how often", "condition of its own"),
    (r#"did "A" then "B" at least 2 times"#, 17, "cannot ask how often", "condition of its own"),
    (r#"did "A" then did "B""#, 13, "said once", "leave this `did` out"),
    (r#"did "A" then not did "B""#, 17, "said once", "leave this `did` out"),
    (r#"did "A" then not "B" then "C""#, 21, "`then not` comes last", "condition of its own"),
    (r#"did "A" then "B" since "2026-01-01""#, 17, "that of its first event", "before the first `then`"),
    (r#"did "A" then "B" within 1 hour within 3 days"#, 31, "one `within` is enough", "before the first `then`"),
    (r#"did "A" then Order"#, 13, "next event's name in quotes", r#""Order""#),
    (r#"did "A" tehn "B""#, 8, "found `tehn`", "`then`"),

    (r#"did "Order" (total >)"#, 20, "expected a value", ""),
    (r#"did "Order" (total > 3"#, 22, "expected `)`", ""),
    (r#"did "Order" (total > 3 and n > 2)"#, 23, "separated by commas", "`,`"),
    (r#"did "Order" (> 3)"#, 13, "name of a property", ""),
    (r#"did "Order" (total ≥ 3)"#, 19, "means nothing", "`>=`"),
    (r#"did "Order" (total == 3)"#, 19, "found `==`", "`=`"),
    (r#"did "Order" (total <> 3)"#, 19, "found `<>`", "`!=`"),
    (r#"did "Order" (total > 0.1234567)"#, 21, "at most six decimals", "19.90"),
    ("trait.plan = pro", 13, "a value is needed", "\"pro\""),
    (r#"trait.plan is "pro""#, 11, "a comparison", "`=`"),
    (r#"trait.plan not in ["pro"]"#, 11, "a comparison", "`not` before the whole condition"),
    (r#"trait.plan like "pro""#, 11, "a comparison", "`contains`"),
    (r#"trait.plan exist"#, 11, "a comparison", "`exists`"),
    (r#"trait.plan in "pro""#, 14, "expected `[`", r#"`in ["pro"]`"#),
    (r#"trait.plan in ["pro" "free"]"#, 21, "expected `]`", ""),
    (r#"trait.plan starts "p""#, 18, "expected `with`", ""),
    (r#"trait.plan starts with 3"#, 23, "a text in quotes", ""),
    ("trait.a..b = 1", 0, "beside a dot", ""),
    ("trait. = 1", 0, "beside a dot", ""),
    (r#"trait."a..b" = 1"#, 6, "beside a dot", ""),
    ("traits.plan = 1", 0, "expected a condition", "`trait.`"),
    (r#"trait.born on "2026-01-31T10:00:00Z""#, 14, "asks for a day", r#""2026-01-31""#),
    (r#"trait.born after 2026-01-31"#, 17, "expected a date", r#""2026-01-31""#),
    ("trait.born in the nxt 3 days", 18, "`next` or `last`", "`next`"),
    ("trait.born in the next 36 hours", 23, "whole days", "`2 days`"),
    ("trait.born in the last 90 minutes", 23, "whole days", "`1 day`"),
    ("trait.born anniversary", 22, "`today` or `in the next 7 days`", ""),
    ("trait.born anniversary in the last 7 days", 23, "`today` or `in the next 7 days`", ""),

    (r#"in segmnet "vip""#, 3, "expected `segment`", "`segment`"),
    ("in segment vip", 11, "the segment's name in quotes", "\"vip\""),
    ("consented to offers", 13, "the purpose's name in quotes", "\"offers\""),
    ("reachable by fax", 13, "a channel", "known: email"),
    ("reachable by emial", 13, "a channel", "`email`"),
    ("first seen 7 days", 11, "a window such as", ""),
    ("first seen whithin 7 days", 11, "a window such as", "`within`"),
    ("rfm.recncy > 3", 0, "`rfm.recency`", "`rfm.recency`"),
    ("rfm.recency > 6", 14, "from 1 to 5", "best fifth"),
    ("rfm.recency > 2.5", 14, "from 1 to 5", "best fifth"),
    ("rfm.recency in [1, 2]", 12, "expected a comparison", ""),
    (r#"top 0% by count of "A""#, 4, "more than 0%", "`10%`"),
    (r#"top 100% by count of "A""#, 4, "less than 100%", "`10%`"),
    (r#"top 12.345% by count of "A""#, 4, "two decimals", "`12.5%`"),
    (r#"top 10 by count of "A""#, 7, "expected `%`", "`10%`"),
    (r#"top 10% by cuont of "A""#, 11, "expected `count`", "`count`"),
    (r#"top 10% by average(total) of "A""#, 11, "expected `count`", "`avg`"),
    (r#"top 10% by sum(total) "A""#, 22, "expected `of`", ""),
    (r#"top 10% by count of "A" since entry"#, 24, "inside a journey", "`within`"),
];

#[test]
fn a_mistake_in_a_text_names_its_place_and_a_way_out() {
    for (text, offset, message, suggestion) in IN_TEXT {
        let wrong = parse_for(text, Owner::Segment).expect_err(text);
        assert_eq!(wrong.offset, *offset, "{text}: {wrong:?}");
        assert!(wrong.message.contains(message), "{text}: {wrong:?}");
        let found = wrong.suggestion.as_deref().unwrap_or("");
        assert!(found.contains(suggestion), "{text}: {wrong:?}");
    }
    let of_a_rank = parse(r#"top 10% by count of "A" since entry"#).unwrap_err();
    assert_eq!((of_a_rank.offset, &of_a_rank.message[..17]), (24, "people are ranked"));
}

#[test]
fn nesting_is_bounded_in_both_forms() {
    let negated = |count: usize| format!("{}did \"A\"", "not ".repeat(count));
    assert!(parse(&negated(24)).is_ok());
    let wrong = parse(&negated(25)).unwrap_err();
    assert_eq!((wrong.offset, wrong.message.as_str()), (96, "this expression is nested too deeply"));
    assert!(parse(&"not ".repeat(100_000)).is_err());
    assert!(parse(&"(".repeat(100_000)).is_err());
    let widest = (0..24).fold("did \"A\" or did \"A\" and did \"A\"".to_owned(), |inside, _| {
        format!("did \"A\" or did \"A\" and ({inside})")
    });
    let expression = parse(&widest).unwrap();
    let text = to_json(&expression).to_string();
    let again: serde_json::Value = serde_json::from_str(&text).expect("within what readers of JSON take");
    assert_eq!(from_json(&again, Owner::Segment).as_ref(), Ok(&expression));
    let deeper = json!({"not": again});
    let mistake = from_json(&deeper, Owner::Segment).unwrap_err();
    assert_eq!(mistake.message, "this expression is nested too deeply");
    let endless = (0..1_000).fold(json!(null), |inside, _| {
        let group = ("and".to_owned(), serde_json::Value::Array(vec![inside]));
        serde_json::Value::Object([group].into_iter().collect())
    });
    assert_eq!(from_json(&endless, Owner::Segment).unwrap_err().message, mistake.message);
}

/// A JSON, the path of the field at fault, a part of the message, and a part of the suggestion; empty for none.
#[rustfmt::skip]
fn in_json() -> Vec<(serde_json::Value, &'static str, &'static str, &'static str)> {
    let did = |more: serde_json::Value| json!({"did": more});
    let tested = |test: serde_json::Value| json!({"trait": {"path": "plan", "test": test}});
    vec![
        (json!(null), "tree", "expected a condition as an object", ""),
        (json!("did"), "tree", "found the text \"did\"", ""),
        (json!({}), "tree", "one key", "and, or, not, did"),
        (json!({"did": {}, "not": {}}), "tree", "one key", "and, or, not, did"),
        (json!({"dit": {}}), "tree.dit", "no key \"dit\"", "did you mean \"did\"?"),
        (json!({"and": []}), "tree.and", "no condition in this list", ""),
        (json!({"and": {"did": {}}}), "tree.and", "expected a list, found an object", ""),
        (json!({"or": [{"in_segment": "vip"}, {"not": {"in_segment": 3}}]}), "tree.or[1].not.in_segment", "expected the segment's name", ""),
        (json!({"in_segment": " "}), "tree.in_segment", "cannot be empty", ""),
        (did(json!({})), "tree.did.event", "\"event\" is missing", ""),
        (did(json!({"event": ""})), "tree.did.event", "cannot be empty", ""),
        (did(json!({"event": "A", "when": []})), "tree.did.when", "no key \"when\"", "\"where\""),
        (did(json!({"event": "A", "where": [{"path": "n"}]})), "tree.did.where[0].test", "\"test\" is missing", ""),
        (did(json!({"event": "A", "where": [{"path": "n.", "test": {"exists": true}}]})), "tree.did.where[0].path", "beside a dot", ""),
        (did(json!({"event": "A", "quantity": {"at_least": 1.5}})), "tree.did.quantity.at_least", "whole number", ""),
        (did(json!({"event": "A", "quantity": {"at_least": -1}})), "tree.did.quantity.at_least", "whole number", ""),
        (did(json!({"event": "A", "quantity": {"total": 1}})), "tree.did.quantity.total", "no key \"total\"", "one of: at_least"),
        (did(json!({"event": "A", "quantity": {"sum": {"path": "n", "test": {"in": []}}}})), "tree.did.quantity.sum.test.in", "no key \"in\"", ""),
        (did(json!({"event": "A", "window": {"within": "3 dayz"}})), "tree.did.window.within", "no length of time", "\"3 days\""),
        (did(json!({"event": "A", "window": {"within": "soon"}})), "tree.did.window.within", "no length of time", "\"30 days\""),
        (did(json!({"event": "A", "window": {"within": "0 days"}})), "tree.did.window.within", "longer than nothing", ""),
        (did(json!({"event": "A", "window": {"since": "2026-02-30"}})), "tree.did.window.since", "is no date", "2026-01-31"),
        (did(json!({"event": "A", "window": {"between": ["2026-02-03"]}})), "tree.did.window.between", "between two dates", ""),
        (did(json!({"event": "A", "window": {"between": ["2026-02-03", "2026-02-01"]}})), "tree.did.window.between", "nothing between", ""),
        (did(json!({"event": "A", "window": {"since_entry": true}})), "tree.did.window.since_entry", "inside a journey", "`within`"),
        (did(json!({"event": "A", "then": []})), "tree.did.then", "no key \"then\"", ""),
        (json!({"sequence": {"event": "A"}}), "tree.sequence", "nothing follows", "then_not"),
        (json!({"sequence": {"event": "A", "quantity": {"at_least": 2}, "then": []}}), "tree.sequence.quantity", "no key \"quantity\"", ""),
        (json!({"sequence": {"event": "A", "then": [{"event": "B", "within": 3}]}}), "tree.sequence.then[0].within", "a length of time", ""),
        (json!({"sequence": {"event": "A", "then_not": {"where": []}}}), "tree.sequence.then_not.event", "is missing", ""),
        (tested(json!({"=": null})), "tree.trait.test.=", "expected a number, a text, true or false, found null", ""),
        (tested(json!({"=": 0.1234567})), "tree.trait.test.=", "at most six decimals", ""),
        (tested(json!({"=": 1e300})), "tree.trait.test.=", "at most six decimals", ""),
        (tested(json!({"=": {"decimal": "1e3"}})), "tree.trait.test.=.decimal", "at most six decimals", ""),
        (tested(json!({"in": ["a", []]})), "tree.trait.test.in[1]", "found a list", ""),
        (tested(json!({"starts_with": 3})), "tree.trait.test.starts_with", "expected a text", ""),
        (tested(json!({"exists": false})), "tree.trait.test.exists", "expected true", ""),
        (tested(json!({"on": "2026-01-31T10:00:00Z"})), "tree.trait.test.on", "asks for a day", "2026-01-31"),
        (tested(json!({"in_the_next": "36 hours"})), "tree.trait.test.in_the_next", "whole days", "`2 days`"),
        (json!({"reachable_by": "fax"}), "tree.reachable_by", "no channel \"fax\"", "email"),
        (json!({"consented_to": {"purpose": "x", "channel": "fax"}}), "tree.consented_to.channel", "no channel \"fax\"", "email"),
        (json!({"first_seen": "7 days"}), "tree.first_seen", "a window as an object", ""),
        (json!({"score": {"of": "luck", "test": {"=": 3}}}), "tree.score.of", "no score \"luck\"", "recency"),
        (json!({"score": {"of": "recency", "test": {"=": 0}}}), "tree.score.test.=", "from 1 to 5", ""),
        (json!({"top": {"percent": 100, "by": {"count": {"event": "A"}}}}), "tree.top.percent", "less than 100%", ""),
        (json!({"top": {"percent": 10, "by": {"count": {"event": "A", "path": "n"}}}}), "tree.top.by.count.path", "no key \"path\"", ""),
        (json!({"bottom": {"percent": 10, "by": {"max": {"event": "A"}}}}), "tree.bottom.by.max.path", "is missing", ""),
    ]
}

#[test]
fn a_mistake_in_a_json_names_its_field_and_a_way_out() {
    for (json, place, message, suggestion) in in_json() {
        let mistake = from_json(&json, Owner::Segment).expect_err(&json.to_string());
        assert_eq!(mistake.place.0, place, "{json}: {mistake:?}");
        assert!(mistake.message.contains(message), "{json}: {mistake:?}");
        let found = mistake.suggestion.as_deref().unwrap_or("");
        assert!(found.contains(suggestion), "{json}: {mistake:?}");
    }
    let ranked =
        json!({"top": {"percent": 10, "by": {"count": {"event": "A", "window": {"since_entry": true}}}}});
    let mistake = from_json(&ranked, Owner::Journey).unwrap_err();
    assert_eq!(mistake.place.0, "tree.top.by.count.window");
}

#[test]
fn everything_may_be_said_everywhere_except_of_a_run_where_there_is_none() {
    let mut story = Story::new();
    let purpose = Purpose { channels: vec![Channel::Email], ..Purpose::default() };
    let check = |expression: &str, at: &str| {
        let mut programme = programme();
        programme.purposes.insert("offers".to_owned(), purpose.clone());
        let journey = Journey {
            purpose: "offers".to_owned(),
            enter: "did \"A\"".to_owned(),
            steps: vec![Step::Exit],
            ..Journey::default()
        };
        let expression = expression.to_owned();
        match at {
            "segments.x" => drop(programme.segments.insert("x".to_owned(), expression)),
            "journeys.x.enter" => {
                programme.journeys.insert("x".to_owned(), Journey { enter: expression, ..journey });
            }
            _ => {
                let exit = Some(expression);
                programme.journeys.insert("x".to_owned(), Journey { exit, ..journey });
            }
        }
        programme.mistakes()
    };
    for expression in [
        r#"did "A" (at in the next 3 days)"#,
        r#"did "A" then not "B" (at anniversary today) within 1 hour"#,
        "rfm.recency > 3",
        r#"not top 10% by count of "A""#,
    ] {
        assert!(story.preview(expression).is_ok(), "{expression}");
        for at in ["segments.x", "journeys.x.enter", "journeys.x.exit"] {
            assert_eq!(check(expression, at), [], "{expression}");
        }
    }
    let since_entry = r#"did "A" since entry"#;
    for at in ["segments.x", "journeys.x.enter"] {
        assert!(check(since_entry, at)[0].message.contains("inside a journey"), "{at}");
    }
    assert!(check(since_entry, "journeys.x.exit").is_empty());
}

#[test]
fn a_purchase_is_an_event_with_an_amount() {
    for (event, amount, place) in [("", "total", "purchase.event"), ("A", " ", "purchase.amount")] {
        let purchase = Purchase { event: event.to_owned(), amount: amount.to_owned() };
        let mistakes = Programme { purchase, ..programme() }.mistakes();
        assert_eq!(mistakes.iter().map(|one| one.place.0.as_str()).collect::<Vec<_>>(), [place]);
    }
}

/// What is wrong with a programme that has a segment "vip" and a journey that begins so.
fn mistakes_of_entry(enter: &str) -> Vec<engine::programme::Mistake> {
    let mut programme = programme();
    let purpose = Purpose { channels: vec![Channel::Email], ..Purpose::default() };
    programme.purposes.insert("offers".to_owned(), purpose);
    programme.segments.insert("vip".to_owned(), r#"did "A""#.to_owned());
    let (purpose, enter) = ("offers".to_owned(), enter.to_owned());
    let journey = Journey { purpose, enter, steps: vec![Step::Exit], ..Journey::default() };
    programme.journeys.insert("x".to_owned(), journey);
    programme.mistakes()
}

#[test]
fn a_journey_begins_with_a_change_that_stands_alone_and_of_a_segment_that_is_there() {
    for enter in [r#"entered segment "vip""#, "left  segment 'vip'"] {
        assert_eq!(mistakes_of_entry(enter), [], "{enter}");
    }
    for (enter, offset, message, suggestion) in [
        (r#"entered "vip""#, 8, "expected `segment`", ""),
        ("entered segment vip", 16, "the segment's name in quotes", r#"write "vip""#),
        ("left segment", 12, "the segment's name in quotes", ""),
        (r#"left segment "vip" and did "A""#, 19, "nothing more can be asked", "make a segment of all"),
        (r#"entered segment "vop""#, 16, r#"there is no segment "vop""#, r#"did you mean "vip"?"#),
        (r#"not entered segment "vip""#, 4, "expected a condition", ""),
    ] {
        let mistakes = mistakes_of_entry(enter);
        assert_eq!(mistakes.len(), 1, "{enter}: {mistakes:?}");
        let mistake = &mistakes[0];
        assert_eq!((mistake.place.0.as_str(), mistake.offset), ("journeys.x.enter", Some(offset)), "{enter}");
        assert!(mistake.message.contains(message), "{enter}: {mistake:?}");
        assert!(mistake.suggestion.as_deref().unwrap_or("").contains(suggestion), "{enter}: {mistake:?}");
    }
    let entered = parse(r#"did "A" and entered segment "vip""#).unwrap_err();
    assert_eq!(entered.offset, 12, "only a journey's entry listens");
}

#[test]
fn only_a_segment_of_the_programme_is_recorded() {
    let mut programme = programme();
    programme.segments.insert("vip".to_owned(), r#"did "A""#.to_owned());
    programme.recorded = ["vip", "vop"].map(str::to_owned).into();
    let mistakes = programme.mistakes();
    assert_eq!(mistakes.iter().map(|one| one.place.0.as_str()).collect::<Vec<_>>(), ["recorded"]);
    assert!(mistakes[0].message.contains(r#"no segment "vop""#), "{mistakes:?}");
}
