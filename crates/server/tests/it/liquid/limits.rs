//! A rendering ends, whatever the template: within its steps, its bytes and its depth; and it never panics.

use proptest::prelude::*;
use server::liquid::{Escape, Template};

use super::render_as;

fn refused(source: &str) -> String {
    render_as(Escape::Html, "en", "UTC", source).expect_err(source).to_string()
}

#[test]
fn what_would_not_end_is_stopped() {
    let rows = [
        ("{% for i in (1..99999999999) %}{% endfor %}", "more than 250000 steps"),
        (
            "{% for i in (1..1000) %}\n{% for j in (1..1000) %}{% endfor %}{% endfor %}",
            "2:1: the template takes more",
        ),
        ("{% for i in (1..99999999999) %}{{ name }}0123456789{% endfor %}", "longer than 1048576 bytes"),
        (
            "{% assign x = 'ab' %}{% for i in (1..99) %}{% assign x = x | append: x %}{% endfor %}",
            "longer than 1048576 bytes",
        ),
        (
            "{% assign x = '0123456789' %}{% for i in (1..16) %}{% assign x = x | append: x %}{% endfor %}{{ x }}{{ x }}{{ x }}",
            "longer than 1048576 bytes",
        ),
        (
            "{% assign x = 'a' %}{% for i in (1..18) %}{% assign x = x | append: x %}{% endfor %}{{ x | replace: 'a', x }}",
            "longer than 1048576 bytes",
        ),
        (
            "{% assign x = 'a' %}{% for i in (1..18) %}{% assign x = x | append: x %}{% endfor %}{{ x | split: '' }}",
            "list longer than 10000",
        ),
        (
            "{% for i in (1..99) %}{% assign list = list | concat: list %}{% endfor %}",
            "list longer than 10000",
        ),
        (
            "{% assign x = 'a' %}{% for i in (1..18) %}{% assign x = x | append: x %}{% endfor %}{% assign l = x | split: ',' %}{% for i in (1..12) %}{% assign l = l | concat: l %}{% endfor %}{{ l }}",
            "longer than 1048576 bytes",
        ),
        (
            "{% assign x = 'a' %}{% for i in (1..18) %}{% assign x = x | append: x %}{% endfor %}{% for i in (1..9999) %}{% if x contains 'b' %}{% endif %}{% endfor %}",
            "more than 250000 steps",
        ),
        ("{{ (1..99999999999) | join: '' }}", "list longer than 10000"),
        ("{% tablerow i in (1..99999999999) %}{% endtablerow %}", "longer than 1048576 bytes"),
        (
            "{% for i in (1..99999999) %}{% capture x %}0123456789012345678901234567890123456789012345678901234567890123{% endcapture %}{% endfor %}",
            "more than 250000 steps",
        ),
    ];
    for (source, expected) in rows {
        let found = refused(source);
        assert!(found.contains(expected), "{source}: {found}");
    }
}

#[test]
fn nesting_has_a_bottom() {
    let deep = |depth: usize| "{% if true %}".repeat(depth) + "x" + &"{% endif %}".repeat(depth);
    assert_eq!(render_as(Escape::Plain, "en", "UTC", &deep(100)).as_deref(), Ok("x"));
    assert!(refused(&deep(101)).ends_with("nested more than 100 deep"));
    let brackets = format!("{{{{ a{}1{} }}}}", "[a".repeat(101), "]".repeat(101));
    assert!(refused(&brackets).ends_with("nested more than 100 deep"), "{}", refused(&brackets));
    let long = format!("{{% if a{} %}}x{{% endif %}}", " or a".repeat(50_000));
    assert_eq!(render_as(Escape::Plain, "en", "UTC", &long).as_deref(), Ok(""));
}

/// Pieces that together make templates which are almost, or quite, right.
fn source() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("{{ ".to_owned()),
        Just(" }}".to_owned()),
        Just("{%- ".to_owned()),
        Just(" %}".to_owned()),
        prop::sample::select(vec![
            "name",
            "list",
            "items",
            "place",
            "x",
            "lines",
            "when",
            "html",
            "full",
            "n",
            "price",
            "url",
            "i.title",
            "forloop.index",
            "(1..n)",
            "(n..999999999)",
            "'è'",
            "\"<b>\"",
            "''",
            "0",
            "-3",
            "2.5",
            "nil",
            "empty",
        ])
        .prop_map(|word| format!(" {word} ")),
        prop::sample::select(vec![
            "{% if n %}",
            "{% else %}",
            "{% endif %}",
            "{% for i in list %}",
            "{% for i in (1..999999999) %}",
            "{% endfor %}",
            "{% assign x = x | append: full %}",
            "{% assign list = list | concat: list %}",
            "{% capture x %}",
            "{% endcapture %}",
            "{% case n %}",
            "{% when 7 %}",
            "{% endcase %}",
            "{% raw %}",
            "{% endraw %}",
            "{% cycle 'a', x %}",
            "{% break %}",
            "{% increment c %}",
            "{% liquid\n",
            "\n",
            "{% tablerow i in items cols: 2 %}",
            "{% endtablerow %}",
        ])
        .prop_map(str::to_owned),
        prop::sample::select(vec![
            "| append: x",
            "| split: ''",
            "| split: x",
            "| sort",
            "| join: x",
            "| slice: -2, 5",
            "| truncate: 2, x",
            "| truncatewords: 1",
            "| date: '%Y %-d %5 %'",
            "| date: x",
            "| divided_by: 0",
            "| modulo: price",
            "| round: 2",
            "| times: 99999999999",
            "| replace: '', x",
            "| strip_html",
            "| url_decode",
            "| money: x",
            "| map: 'title'",
            "| where: 'x', n",
            "| uniq",
            "| escape_once",
            "| json",
            "| base64_decode",
            "| concat: x",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,6}",
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1500) })]

    #[test]
    fn no_source_makes_it_panic(source in source()) {
        let _ = render_as(Escape::Html, "it", "Europe/Rome", &source);
        let _ = Template::parse(&source).map(|template| template.variables());
    }

    /// Right templates, so that rendering is reached each time: it ends, in an output or at a limit.
    #[test]
    fn every_pipeline_ends(
        value in prop::sample::select(vec!["full", "list", "items", "place", "n", "price", "when", "html", "(1..n)", "missing", "'%3C&lt;'"]),
        filters in prop::collection::vec(
            (prop::sample::select(FILTERS.to_vec()), prop::sample::select(vec!["", ": n", ": ''", ": full", ": list", ": -3", ": 'title', 2"])),
            0..6,
        ),
    ) {
        let pipeline: String = filters.iter().map(|(name, arguments)| format!(" | {name}{arguments}")).collect();
        let repeated = format!("{{% for i in (1..40) %}}{{% assign {value_name} = {value}{pipeline} %}}{{{{ {value_name} }}}}{{% endfor %}}", value_name = "full");
        if Template::parse(&repeated).is_ok()
            && let Err(error) = render_as(Escape::Html, "it", "Europe/Rome", &repeated) {
                prop_assert!(error.to_string().contains("longer than") || error.to_string().contains("steps"), "{}", error);
            }
    }

    /// What a stranger wrote can neither open a tag nor leave an attribute.
    #[test]
    fn values_never_become_markup(text in "[<>\"'&a-z;#]{0,20}", filters in prop::collection::vec(prop::sample::select(FILTERS.to_vec()), 0..4)) {
        let pipeline: String = filters.iter().filter(|name| !["raw", "safe", "newline_to_br"].contains(name)).map(|name| format!(" | {name}")).collect();
        let literal = if text.contains('"') { format!("'{}'", text.replace('\'', "")) } else { format!("\"{text}\"") };
        let source = format!("{{{{ {literal}{pipeline} }}}}");
        if Template::parse(&source).is_ok() {
            let output = render_as(Escape::Html, "en", "UTC", &source).expect("short texts reach no limit");
            prop_assert!(!output.contains(['<', '>', '"', '\'']), "{} gives {}", source, output);
        }
    }
}

const FILTERS: [&str; 50] = [
    "append",
    "capitalize",
    "ceil",
    "compact",
    "concat",
    "date",
    "default",
    "divided_by",
    "downcase",
    "escape",
    "escape_once",
    "first",
    "floor",
    "handleize",
    "join",
    "json",
    "last",
    "lstrip",
    "map",
    "minus",
    "modulo",
    "money",
    "newline_to_br",
    "plus",
    "prepend",
    "raw",
    "remove",
    "replace",
    "reverse",
    "round",
    "rstrip",
    "size",
    "slice",
    "sort",
    "sort_natural",
    "split",
    "squish",
    "strip",
    "strip_html",
    "strip_newlines",
    "sum",
    "times",
    "truncate",
    "truncatewords",
    "uniq",
    "upcase",
    "url_decode",
    "url_encode",
    "where",
    "base64_decode",
];
