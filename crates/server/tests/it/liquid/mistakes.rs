//! What an author is told, and what a template is known to read before it is rendered.

use server::liquid::Template;

#[test]
fn mistakes_have_a_place_and_a_suggestion() {
    let rows = [
        ("{% fro i in list %}", "1:1: unknown tag `fro`; did you mean `for`?"),
        ("a\n  {{ name | upcse }}", "2:13: unknown filter `upcse`; did you mean `upcase`?"),
        ("{{ name | zzzzzzzz }}", "1:11: unknown filter `zzzzzzzz`"),
        ("{% frobnicate %}", "1:1: unknown tag `frobnicate`"),
        ("{% %}", "1:1: unknown tag ``"),
        ("{% if x %}a", "1:1: `if` is never closed by `endif`"),
        (
            "{% for x in y %}{% if x %}a{% endfor %}",
            "1:28: `endfor` cannot stand here: `if` of line 1 is still open",
        ),
        ("a{% endif %}", "1:2: `endif` without a `if` before it"),
        ("{% else %}", "1:1: `else` without a `if` before it"),
        (
            "{% if a %}{% else %}{% else %}{% endif %}",
            "1:21: `else` cannot stand here: `if` of line 1 is still open",
        ),
        ("{% if a %}{% else if b %}{% endif %}", "1:11: `else` takes no condition; write `elsif`"),
        ("{{ name", "1:1: `{{` is never closed by `}}`"),
        ("{% if name", "1:1: `{%` is never closed by `%}`"),
        ("{% comment %}", "1:1: `comment` is never closed by `endcomment`"),
        ("{% raw %}{{ x }}", "1:1: `raw` is never closed by `endraw`"),
        ("{{ 'name }}", "1:4: this quote is never closed"),
        ("{{ name | append }}", "1:11: filter `append` takes 1 argument, not 0"),
        ("{{ name | upcase: 1 }}", "1:11: filter `upcase` takes no arguments, not 1"),
        ("{{ name | truncate: 1, 2, 3 }}", "1:11: filter `truncate` takes 0 to 2 arguments, not 3"),
        (
            "{{ name | default: 1, allow_flase: true }}",
            "1:11: filter `default` has no argument named `allow_flase`",
        ),
        ("{{ name | }}", "1:10: expected a name, found nothing"),
        ("{{ name other }}", "1:9: expected `|` or the end, found `o`"),
        ("{{ | upcase }}", "1:4: expected a value, found `|`"),
        ("{{ a. }}", "1:6: expected a name, found nothing"),
        ("{{ a[1 }}", "1:7: expected `]`, found nothing"),
        ("{% if a = 1 %}{% endif %}", "1:10: `=` compares nothing; write `==`"),
        ("{% if a && b %}{% endif %}", "1:11: write `and`"),
        (
            "{% if a | size > 1 %}{% endif %}",
            "1:9: filters cannot be used here; `assign` the filtered value to a name first",
        ),
        (
            "{% if (a or b) %}{% endif %}",
            "1:10: expected a range such as `(1..5)`; Liquid has no other parentheses",
        ),
        ("{% if %}{% endif %}", "1:6: expected a value, found nothing"),
        ("{% for i of list %}{% endfor %}", "1:10: expected `in`: `for item in items`"),
        (
            "{% for i in list limt: 2 %}{% endfor %}",
            "1:23: a loop takes `limit: n`, `offset: n`, `offset: continue` and `reversed`",
        ),
        ("{% assign x 1 %}", "1:13: expected `=`: `assign name = value`"),
        ("{% assign = 1 %}", "1:11: expected a name, found `=`"),
        ("{% liquid\n assign x = 1\n ecko x\n%}", "3:2: unknown tag `ecko`; did you mean `echo`?"),
        ("è{{ é | nope! }}", "1:9: unknown filter `nope`"),
    ];
    for (source, expected) in rows {
        let found = Template::parse(source).map(|_| ()).expect_err(source).to_string();
        assert_eq!(found, expected, "of {source}");
    }
}

#[test]
fn what_a_template_reads_is_known_without_rendering() {
    let rows: [(&str, &[&str]); 9] = [
        ("plain {{ 'x' }} {{ (1..3) }}", &[]),
        ("{{ profile.name | default: event.name }}", &["profile.name", "event.name"]),
        ("{{ a }}{{ a }}{{ a.b }}", &["a", "a.b"]),
        ("{% assign x = a.b %}{{ x.c }}{{ x }}", &["a.b", "a.b.c"]),
        ("{% assign x = a.b | first %}{{ x.c }}", &["a.b"]),
        ("{% capture x %}{{ a }}{% endcapture %}{{ x }}", &["a"]),
        (
            "{% for i in event.items limit: n %}{{ i.price }}{{ forloop.index }}{% endfor %}{{ i.after }}",
            &["event.items", "n", "event.items[].price", "i.after"],
        ),
        (
            "{% if a == b %}{% elsif c contains d %}{% endif %}{% case e %}{% when f %}{{ g }}{% endcase %}",
            &["a", "b", "c", "d", "e", "f", "g"],
        ),
        ("{{ a[b.c].d }}{{ ['e'] }}{{ a['x y'] }}", &["b.c", "a[].d", "a.x y"]),
    ];
    for (source, expected) in rows {
        let template = Template::parse(source).expect(source);
        let paths: Vec<_> = template.variables().into_iter().map(|variable| variable.path).collect();
        assert_eq!(paths, expected, "of {source}");
    }
}

#[test]
fn a_variable_knows_where_it_is_read_first() {
    let template = Template::parse("a\n{{ x }} {{ y }}\n{{ y }}").expect("a template");
    let places: Vec<_> = template.variables().into_iter().map(|read| read.place.to_string()).collect();
    assert_eq!(places, ["2:4", "2:12"]);
}
