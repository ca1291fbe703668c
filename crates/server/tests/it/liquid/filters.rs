//! The filters, and what they do with values they are not made for.

use server::liquid::Escape;

use super::{check, check_as};

#[test]
fn text() {
    check(&[
        ("{{ name | append: '!' | prepend: '> ' }}", "> Ada!"),
        ("{{ missing | append: 'x' }}", "x"),
        ("{{ n | append: 1 }}", "71"),
        ("{{ 'mELA è' | capitalize }}", "Mela è"),
        ("{{ missing | capitalize }}", ""),
        ("{{ 'ÈÀ' | downcase }}{{ 'èà' | upcase }}", "èàÈÀ"),
        ("[{{ '  a b ' | strip }}|{{ '  a' | lstrip }}|{{ 'a  ' | rstrip }}]", "[a b|a|a]"),
        ("{{ lines | strip_newlines }}", "onetwothree"),
        ("{{ '  a \n b ' | squish }}", "a b"),
        ("{{ 'abcabc' | replace: 'b', 'X' }}", "aXcaXc"),
        ("{{ 'abcabc' | replace: 'b' }}", "acac"),
        ("{{ 'abcabc' | replace_first: 'b', 'X' }}", "aXcabc"),
        ("{{ 'abcabc' | replace_last: 'b', 'X' }}", "abcaXc"),
        (
            "{{ 'abcabc' | remove: 'b' }}{{ 'abab' | remove_first: 'b' }}{{ 'abab' | remove_last: 'b' }}",
            "acacaababa",
        ),
        ("{{ 'a1b1' | replace: 1, 2 }}", "a2b2"),
        ("{{ 'Liquid' | slice: 0 }}{{ 'Liquid' | slice: 2, 3 }}{{ 'Liquid' | slice: -3, 2 }}", "Lquiui"),
        ("[{{ 'Liquid' | slice: 9 }}{{ 'Liquid' | slice: -9, 2 }}{{ 'Liquid' | slice: 4, 99 }}]", "[id]"),
        ("{{ list | slice: 1, 2 | join: ',' }}", "1,2"),
        ("{{ 'perché' | slice: -1 }}", "é"),
        ("{{ 'a,b,,c,,' | split: ',' | join: '-' }}", "a-b--c"),
        ("{{ ' a  b ' | split: ' ' | size }}", "2"),
        ("{{ 'perché' | split: '' | last }}", "é"),
        ("{{ missing | split: ',' | size }}", "0"),
        ("{{ 'Ground control to Major Tom.' | truncate: 20 }}", "Ground control to..."),
        ("{{ 'Ground control to Major Tom.' | truncate: 25, ', and so on' }}", "Ground control, and so on"),
        ("{{ 'Ground control' | truncate: 20, '' }}", "Ground control"),
        ("{{ 'Ground control' | truncate: 3 }}|{{ 'Ground' | truncate: 1 }}", "...|..."),
        ("{{ 'one two three four' | truncatewords: 2 }}", "one two..."),
        ("{{ 'one two three four' | truncatewords: 2, '' }}", "one two"),
        ("{{ 'one two' | truncatewords: 2 }}", "one two"),
        ("{{ 'one two' | truncatewords: 0 }}", "one..."),
        ("{{ html | strip_html }}", "Ciao Ada!"),
        ("{{ 'a < b' | strip_html }}", "a < b"),
        ("{{ 'Vaso Blù & Co' | handleize }}", "vaso-blù-co"),
        ("{{ 1 | pluralize: 'item', 'items' }} {{ n | pluralize: 'item', 'items' }}", "item items"),
        ("{{ 'john@liquid.com è b' | url_encode }}", "john%40liquid.com+%C3%A8+b"),
        ("{{ 'a b/è' | url_escape }}", "a%20b%2F%C3%A8"),
        ("{{ '%27Stop%21%27+said %zz %' | url_decode }}", "'Stop!' said %zz %"),
        (
            "{{ 'Ada è' | base64_encode }}{{ 'QWRh' | base64_decode }}{{ '???' | base64_decode }}",
            "QWRhIMOoAda",
        ),
        ("{{ items[0] | json }}", r#"{"new":true,"price":12.5,"qty":2,"tag":"casa","title":"Vaso"}"#),
        ("{{ '</script>\"\n' | json }}", r#""\u003c/script\u003e\"\n""#),
        ("{{ missing | upcase }}{{ missing | truncate: 3 }}{{ missing | replace: 'a', 'b' }}", ""),
        ("{{ n | upcase }}{{ list | upcase }}", "7312"),
    ]);
}

#[test]
fn default() {
    check(&[
        ("{{ missing | default: 'there' }}", "there"),
        ("{{ missing.deep.er | default: 'there' }}", "there"),
        ("{{ name | default: 'there' }}", "Ada"),
        ("{{ empty | default: 'there' }}", "there"),
        ("{{ space | default: 'there' }}", "  "),
        ("{{ none | default: 'there' }}", "there"),
        ("{{ no | default: true }}", "true"),
        ("{{ no | default: true, allow_false: true }}", "false"),
        ("{{ zero | default: 9 }}", "0"),
        ("{{ missing | default: place.city }}", "Torino"),
        ("{{ missing | default: other | default: 'third' }}", "third"),
        ("{{ missing | default }}", ""),
    ]);
}

#[test]
fn numbers() {
    check(&[
        ("{{ 4 | plus: 2 }} {{ 4 | minus: 6 }} {{ 3 | times: 5 }}", "6 -2 15"),
        (
            "{{ 183.357 | plus: 12 }} {{ 183.357 | minus: 12 }} {{ 183.357 | times: 12 }}",
            "195.357 171.357 2200.284",
        ),
        ("{{ 0.1 | plus: 0.2 }} {{ 19.9 | times: 3 }} {{ 1.1 | times: 1.1 }}", "0.3 59.7 1.21"),
        ("{{ 4 | times: 1.0 }}", "4.0"),
        ("{{ 16 | divided_by: 4 }} {{ 5 | divided_by: 3 }} {{ -7 | divided_by: 2 }}", "4 1 -4"),
        (
            "{{ 20 | divided_by: 7.0 }} {{ 2.0 | divided_by: 4 }} {{ 0.3 | divided_by: 0.1 }}",
            "2.857142857142857 0.5 3.0",
        ),
        ("[{{ 5 | divided_by: 0 }}{{ 5 | divided_by: 0.0 }}{{ 5 | modulo: 0 }}]", "[]"),
        (
            "{{ 3 | modulo: 2 }} {{ 24 | modulo: 7 }} {{ 183.357 | modulo: 12 }} {{ -7 | modulo: 3 }}",
            "1 3 3.357 2",
        ),
        ("{{ -17 | abs }} {{ 4 | abs }} {{ '-19.86' | abs }}", "17 4 19.86"),
        ("{{ 1.2 | ceil }} {{ 2.0 | ceil }} {{ '3.5' | ceil }} {{ -1.2 | ceil }}", "2 2 4 -1"),
        ("{{ 1.2 | floor }} {{ 183.357 | floor }} {{ -1.2 | floor }}", "1 183 -2"),
        ("{{ 1.2 | round }} {{ 2.7 | round }} {{ 2.5 | round }} {{ -2.5 | round }}", "1 3 3 -3"),
        (
            "{{ 183.357 | round: 2 }} {{ 1.005 | round: 2 }} {{ 5 | round: 2 }} {{ 183.3 | round: 5 }}",
            "183.36 1.01 5 183.3",
        ),
        (
            "{{ 4 | at_least: 5 }} {{ 4 | at_least: 3 }} {{ 4 | at_most: 5 }} {{ 4 | at_most: 3.5 }}",
            "5 4 4 3.5",
        ),
        (
            "{{ digits | plus: 1 }} {{ decimal | plus: 1 }} {{ '12abc' | plus: 1 }} {{ 'x' | plus: 1 }}",
            "43 4.5 13 1",
        ),
        ("{{ missing | plus: 1 }} {{ 1 | plus: missing }} {{ yes | plus: 1 }}", "1 1 1"),
        ("{{ 9223372036854775807 | plus: 1 }}", "9223372036854776000"),
        ("{{ digits | to_number | plus: 0.5 }}", "42.5"),
        (
            "{{ price | money: 'EUR' }} {{ -1234567.891 | money: 'usd' }} {{ 5 | money: 'CHF' }}",
            "€19.90 -$1,234,567.89 CHF\u{a0}5.00",
        ),
        ("{{ 1234.5 | money }} {{ 1500 | money: 'JPY' }} {{ missing | money: 'EUR' }}", "1,234.50 ¥1,500 "),
    ]);
    check_as(
        Escape::Plain,
        "it",
        "UTC",
        &[("{{ price | money: 'EUR' }}; {{ -1234.5 | money: 'EUR' }}", "19,90\u{a0}€; -1.234,50\u{a0}€")],
    );
}

#[test]
fn lists() {
    check(&[
        ("{{ list | join }}|{{ list | join: ', ' }}|{{ nested | join: ',' }}", "3 1 2|3, 1, 2|1,2,3,4"),
        ("{{ name | join: ',' }}{{ missing | join: ',' }}{{ (1..3) | join: '-' }}", "Ada1-2-3"),
        ("{{ list | first }}{{ list | last }}{{ none | first }}{{ name | first }}{{ (4..6) | last }}", "326"),
        ("{{ list | size }}{{ name | size }}{{ missing | size }}{{ n | size }}{{ (1..9) | size }}", "33009"),
        ("{{ list | sort | join: ',' }}", "1,2,3"),
        (
            "{{ words | sort | join: ',' }}|{{ words | sort_natural | join: ',' }}",
            "Mela,pera,uva|Mela,pera,uva",
        ),
        (
            "{{ 'b,A,a,B' | split: ',' | sort | join: '' }}{{ 'b,A,c,B' | split: ',' | sort_natural | join: '' }}",
            "ABabAbBc",
        ),
        ("{{ items | sort: 'price' | map: 'title' | join: ',' }}", "Tazza,Vaso,Lume"),
        ("{{ items | sort: 'new' | map: 'title' | last }}", "Lume"),
        ("{{ list | concat: words | sort | join: ',' }}", "1,2,3,Mela,pera,uva"),
        ("{{ list | reverse | join: ',' }}", "2,1,3"),
        ("{{ list | concat: none | concat: missing | size }}", "3"),
        ("{{ items | map: 'title' | join: ',' }}", "Vaso,Tazza,Lume"),
        ("{{ items | map: 'missing' | join: ',' }}", ",,"),
        ("{{ place | map: 'city' | join }}", "Torino"),
        ("{{ items | map: 'new' | compact | size }}{{ items | compact: 'new' | size }}", "22"),
        ("{{ items | map: 'tag' | uniq | join: ',' }}|{{ items | uniq: 'tag' | size }}", "casa,luce|2"),
        (
            "{{ items | sum: 'qty' }} {{ items | sum: 'price' }} {{ list | sum }} {{ words | sum }}",
            "4 50.75 6 0",
        ),
        ("{{ items | where: 'new' | map: 'title' | join }}", "Vaso"),
        ("{{ items | where: 'tag', 'casa' | map: 'title' | join: ',' }}", "Vaso,Tazza"),
        ("{{ items | where: 'qty', 1 | size }}{{ items | where: 'new', false | size }}", "21"),
        ("{{ items | reject: 'tag', 'casa' | map: 'title' | join }}", "Lume"),
        ("{% assign x = items | find: 'tag', 'luce' %}{{ x.title }}", "Lume"),
        (
            "{{ items | find_index: 'title', 'Tazza' }}{{ items | has: 'qty', 2 }}{{ items | has: 'qty', 5 }}",
            "1truefalse",
        ),
        ("{{ missing | where: 'x' | size }}{{ n | map: 'x' }}", "0"),
        ("{% assign top = items | sort: 'price' | reverse | first %}{{ top.title }}", "Lume"),
    ]);
}

#[test]
fn dates() {
    check(&[
        ("{{ when | date: '%Y-%m-%d %H:%M:%S' }}", "2026-03-05 22:30:15"),
        ("{{ when | date: '%a, %b %d, %y' }}", "Thu, Mar 05, 26"),
        ("{{ when | date: '%A %B %-d %-I:%M %p' }}", "Thursday March 5 10:30 PM"),
        ("{{ when | date: '%e %j %s %% %z %L' }}", " 5 064 1772749815 % +0000 000"),
        ("{{ day | date: '%d/%m/%Y' }}", "05/03/2026"),
        (
            "{{ epoch | date: '%F %T' }} {{ millis | date: '%F %T' }}",
            "2026-03-05 22:30:15 2026-03-05 22:30:15",
        ),
        ("{{ '1772749815' | date: '%F' }}", "2026-03-05"),
        ("{{ 'now' | date: '%F %R' }} {{ 'today' | date: '%Y' }}", "2026-11-23 09:05 2026"),
        ("{{ 'March 14, 2016' | date: '%b %d, %y' }}", "Mar 14, 16"),
        ("{{ '2026-03-05 10:15' | date: '%H.%M' }}", "10.15"),
        ("{{ '2026-03-05 10:15:00 +0200' | date: '%H.%M' }}", "08.15"),
        ("{{ 'Thu, 05 Mar 2026 22:30:15 +0000' | date: '%F' }}", "2026-03-05"),
        ("{{ '05/03/2026' | date: '%F' }}", "2026-03-05"),
        (
            "{{ 'not a date' | date: '%F' }}|{{ missing | date: '%F' }}|{{ empty | date: '%F' }}",
            "not a date||",
        ),
        ("{{ when | date }}{{ when | date: '' }}", "2026-03-05T22:30:15Z2026-03-05T22:30:15Z"),
        ("{{ day | date: '%E %' }}{{ day | date: 'né %d' }}", "%E %né 05"),
    ]);
    check_as(
        Escape::Plain,
        "it",
        "Europe/Rome",
        &[
            ("{{ when | date: '%A %-d %B %Y, %H:%M' }}", "giovedì 5 marzo 2026, 23:30"),
            ("{{ '2026-08-15T22:30:00Z' | date: '%a %-d %b %^a %^B' }}", "dom 16 ago DOM AGOSTO"),
            ("{{ day | date: '%d %H:%M %Z' }}", "05 00:00 CET"),
        ],
    );
}

#[test]
fn html_escapes_values_but_not_what_the_author_wrote() {
    check_as(
        Escape::Html,
        "en",
        "UTC",
        &[
            ("<p>{{ full }}</p>", "<p>Ada &lt;b&gt;Lovelace&lt;/b&gt; &amp; &quot;Co&quot;</p>"),
            ("{{ '<a href=\"x\">' | escape }}", "&lt;a href=&quot;x&quot;&gt;"),
            ("{{ '1 < 2 &amp; 3 &#39; &' | escape_once }}", "1 &lt; 2 &amp; 3 &#39; &amp;"),
            ("{{ lines | newline_to_br }}", "one<br />\ntwo<br />\nthree"),
            ("{{ full | raw }}", "Ada <b>Lovelace</b> & \"Co\""),
            ("{{ 'a<b' | escape }}{{ 'a<b' | escape | escape }}", "a&lt;ba&lt;b"),
            ("{{ 'a<b &amp; c' | escape_once }}", "a&lt;b &amp; c"),
            ("{{ full | upcase | truncate: 9 }}", "ADA &lt;B..."),
            ("{{ 'a\n<b>' | newline_to_br }}", "a<br />\n&lt;b&gt;"),
            ("{% capture x %}<i>{{ 'a&b' }}</i>{% endcapture %}{{ x }}", "<i>a&amp;b</i>"),
            ("{% capture x %} <i> {% endcapture %}{{ x | strip | append: '&' }}", "<i>&amp;"),
            (
                "{% capture x %}<i>{% endcapture %}{{ '&' | append: x }}{{ '&' | prepend: x }}",
                "&amp;<i><i>&amp;",
            ),
            ("{% capture x %}<i>-{% endcapture %}{{ x | replace: '-', '<script>' }}", "<i>&lt;script&gt;"),
            ("{% capture x %}%3Cscript%3E{% endcapture %}{{ x | url_decode }}", "&lt;script&gt;"),
            ("{% capture x %}<i>,<b>{% endcapture %}{{ x | split: ',' | join: '&' }}", "<i>&amp;<b>"),
            ("{% capture x %}<i>{% endcapture %}{{ words | first | append: x | split: '' | size }}", "7"),
            ("{{ full | strip_html }}", "Ada Lovelace &amp; &quot;Co&quot;"),
            (
                "{{ place }}",
                "{&quot;city&quot;:&quot;Torino&quot;,&quot;size&quot;:3,&quot;zip&quot;:&quot;10121&quot;}",
            ),
            (
                "{% assign parts = full | split: ' ' %}{{ parts }}",
                "Ada&lt;b&gt;Lovelace&lt;/b&gt;&amp;&quot;Co&quot;",
            ),
            ("{{ \"it's\" }}", "it&#39;s"),
            (
                "<a href=\"?q={{ full | url_encode }}\">",
                "<a href=\"?q=Ada+%3Cb%3ELovelace%3C%2Fb%3E+%26+%22Co%22\">",
            ),
            ("{% cycle full, 'b' %}", "Ada &lt;b&gt;Lovelace&lt;/b&gt; &amp; &quot;Co&quot;"),
            ("{% for e in place limit: 1 %}{{ e }}{% endfor %}", "cityTorino"),
        ],
    );
}

#[test]
fn plain_text_is_never_html() {
    check(&[
        ("{{ full | escape }}", "Ada <b>Lovelace</b> & \"Co\""),
        ("{{ full | escape_once | raw }}", "Ada <b>Lovelace</b> & \"Co\""),
        ("{{ lines | newline_to_br }}", "one\ntwo\r\nthree"),
    ]);
}

#[test]
fn urls_escape_each_value_as_one_component() {
    check_as(
        Escape::Url,
        "en",
        "UTC",
        &[
            (
                "https://x.example/{{ name }}?q={{ full }}&p=1",
                "https://x.example/Ada?q=Ada%20%3Cb%3ELovelace%3C%2Fb%3E%20%26%20%22Co%22&p=1",
            ),
            ("{{ url | raw }}", "https://a.example/?x=1&y=è b"),
            ("{{ 'a b' | url_encode }}", "a+b"),
        ],
    );
}
