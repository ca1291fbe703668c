//! The forms of an expression: each construct as text, and how it is written when it is written by us.

use engine::segment::parse::parse;

/// What somebody wrote, and the canonical text of it; one text where they are the same.
const WRITTEN: &[(&str, &str)] = &[
    (r#"did 'Order Completed'"#, r#"did "Order Completed""#),
    (r#"did "A" at least 1 times"#, r#"did "A""#),
    (r#"did "A" at most 1 times"#, r#"did "A" at most 1 time"#),
    (r#"did "A" exactly 0 times within 2 weeks"#, r#"did "A" exactly 0 times within 14 days"#),
    (
        r#"did "A"(n>5,c = "EUR")at least 2 times within 90m"#,
        r#"did "A" (n > 5, c = "EUR") at least 2 times within 90 minutes"#,
    ),
    (r#"did "A" with avg("unit price") >= -1_000.50"#, r#"did "A" with avg("unit price") >= -1000.5"#),
    (r#"did "A" since "2026-01-31""#, ""),
    (r#"did "A" before "2026-01-31T10:00:00+01:00""#, r#"did "A" before "2026-01-31T09:00:00Z""#),
    (r#"did "A" between "2026-01-01" and "2026-02-01""#, ""),
    (r#"did "A" since entry"#, ""),
    (r#"did "A" within 3 days then "B" (n = 1) within 1 hour then "C" then not "D" within 1 day"#, ""),
    (r#"did "A" then not "B""#, ""),
    (r#"did "A (\"x\")" (a.b exists)"#, ""),
    (r#"did "A" ("first name" = "Ad\\a")"#, ""),
    (r#"did "A" ("sku" = true, "2nd" = false)"#, r#"did "A" (sku = true, "2nd" = false)"#),
    (r#"trait."first name" = "Ada""#, ""),
    (r#"trait."country" = 'IT'"#, r#"trait.country = "IT""#),
    (r#"trait.2nd in []"#, ""),
    (r#"trait.plan in ["pro", 3, true,]"#, r#"trait.plan in ["pro", 3, true]"#),
    (r#"trait.plan contains "pro" or trait.plan starts with "p" or trait.plan ends with "o""#, ""),
    (r#"trait.born before "2000-01-01" and trait.born after "1990-01-01T00:00:00Z""#, ""),
    (r#"trait.born on "2000-02-29""#, ""),
    (r#"trait.renews in the next 2 weeks"#, r#"trait.renews in the next 14 days"#),
    (r#"trait.renews in the last 24 hours"#, r#"trait.renews in the last 1 day"#),
    (r#"trait.born anniversary in the next 7 days"#, ""),
    (r#"trait.born anniversary in the next 1 day"#, r#"trait.born anniversary today"#),
    (r#"in segment "vip" and consented to "newsletter" by email and reachable by web_push"#, ""),
    (r#"consented to "offers""#, ""),
    (r#"first seen within 7 days or last seen before "2026-01-01""#, ""),
    (r#"rfm.recency >= 4 and rfm.frequency = 5 and rfm.monetary != 1"#, ""),
    (r#"top 10% by count of "Order Completed" (total > 10) within 365 days"#, ""),
    (
        r#"bottom 0.25 % by sum(total) of "Order Completed""#,
        r#"bottom 0.25% by sum(total) of "Order Completed""#,
    ),
    (r#"((did "A"))"#, r#"did "A""#),
    (r#"not (did "A")"#, r#"not did "A""#),
    (r#"not (not did "A")"#, r#"not not did "A""#),
    (r#"not (did "A" and did "B")"#, ""),
    (r#"(did "A" and did "B") or did "C""#, r#"did "A" and did "B" or did "C""#),
    (r#"(did "A" or did "B") and not (did "C" or did "D")"#, ""),
    (r#"did "A" and (did "B" and did "C")"#, ""),
    (r#"did "A" or (did "B" or did "C")"#, ""),
];

#[test]
fn a_text_is_written_in_one_way_and_means_the_same() {
    for (written, canonical) in WRITTEN {
        let canonical = if canonical.is_empty() { written } else { canonical };
        let tree = parse(written).unwrap_or_else(|wrong| panic!("{written}: {wrong:?}"));
        assert_eq!(&tree.to_string(), canonical, "{written}");
        assert_eq!(parse(canonical).as_ref(), Ok(&tree), "{canonical}");
    }
}
