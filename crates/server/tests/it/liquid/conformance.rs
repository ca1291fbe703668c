//! The language: output, paths, truth, tags, whitespace.

use super::check;

#[test]
fn output_and_paths() {
    check(&[
        ("plain", "plain"),
        ("", ""),
        ("{{ name }}", "Ada"),
        ("{{name}}", "Ada"),
        ("a{{ name }}b{{ n }}c", "aAdab7c"),
        ("{{ }}", ""),
        ("{{ missing }}", ""),
        ("{{ missing.deeper.still }}", ""),
        ("{{ missing[0].x }}", ""),
        ("{{ name.first.second }}", ""),
        ("{{ nothing }}", ""),
        ("{{ nothing.x }}", ""),
        ("{{ place.city }}", "Torino"),
        ("{{ place['city'] }}", "Torino"),
        ("{{ place[\"zip\"] }}", "10121"),
        ("{{ place[key] }}", "Torino"),
        ("{{ [key] }}", ""),
        ("{{ ['name'] }}", "Ada"),
        ("{{ place['city'].size }}", "6"),
        ("{{ items[0].title }}", "Vaso"),
        ("{{ items.0.title }}", "Vaso"),
        ("{{ items[-1].title }}", "Lume"),
        ("{{ items[9].title }}", ""),
        ("{{ items.first.title }}, {{ items.last.title }}, {{ items.size }}", "Vaso, Lume, 3"),
        ("{{ name.size }}", "3"),
        ("{{ name.first }}", ""),
        ("{{ place.size }}", "3"),
        ("{{ items[0].size }}", "5"),
        ("{{ n.size }}", ""),
        ("{{ none.first }}{{ none.last }}{{ none.size }}", "0"),
        ("{{ safe? }}", "yes"),
        ("{{ hyphen-name }}", "kept"),
        (
            "{{ 'text' }}{{ \"it's\" }}{{ 5 }}{{ -5 }}{{ 2.50 }}{{ true }}{{ false }}{{ nil }}",
            "textit's5-52.5truefalse",
        ),
        ("{{ price }} {{ whole }} {{ yes }} {{ no }}", "19.9 4.0 true false"),
        ("{{ list }}", "312"),
        ("{{ nested }}", "1234"),
        ("{{ (1..3) }}", "1..3"),
        ("{{ place }}", r#"{"city":"Torino","size":3,"zip":"10121"}"#),
        ("{{ empty }}|{{ blank }}", "|"),
        ("{ {{ name }} } {% raw %}{{ name }}{% endraw %}", "{ Ada } {{ name }}"),
        ("{ { } } %} }}", "{ { } } %} }}"),
        ("{{ 9223372036854775807 }} {{ 99999999999999999999 }}", "9223372036854775807 100000000000000000000"),
    ]);
}

#[test]
fn truth_and_comparison() {
    let truth = [
        ("name", true),
        ("missing", false),
        ("missing.deep", false),
        ("empty", true),
        ("zero", true),
        ("none", true),
        ("no", false),
        ("nothing", false),
        ("n == 7", true),
        ("n == 7.0", true),
        ("n == '7'", false),
        ("n != 8", true),
        ("n <> 8", true),
        ("n > 6", true),
        ("n > 7", false),
        ("n >= 7", true),
        ("n < 7.5", true),
        ("n <= 6", false),
        ("price < 20", true),
        ("name == 'Ada'", true),
        ("name < 'Bea'", true),
        ("name > 5", false),
        ("name < 5", false),
        ("missing > 1", false),
        ("missing < 1", false),
        ("missing == nil", true),
        ("missing == null", true),
        ("no == nil", false),
        ("no == false", true),
        ("empty == empty", true),
        ("none == empty", true),
        ("missing == empty", false),
        ("list == empty", false),
        ("empty == blank", true),
        ("space == blank", true),
        ("space == empty", false),
        ("missing == blank", true),
        ("no == blank", true),
        ("zero == blank", false),
        ("none == blank", true),
        ("name != blank", true),
        ("blank == missing", true),
        ("name contains 'd'", true),
        ("name contains 'z'", false),
        ("digits contains 4", true),
        ("words contains 'uva'", true),
        ("words contains 'uv'", false),
        ("list contains 2", true),
        ("list contains '2'", false),
        ("missing contains 'x'", false),
        ("name contains missing", false),
        ("place contains 'city'", true),
        ("list == list", true),
        ("(1..3) == (1..3)", true),
        ("true and false", false),
        ("true or false", true),
        ("true or false and false", true),
        ("true and false and false or true", false),
        ("false and true or true", false),
        ("false or true and true", true),
        ("name == 'Ada' and n == 7", true),
        ("name == 'Bea' or n > 5", true),
        ("android", false),
    ];
    for (condition, expected) in truth {
        let source = format!("{{% if {condition} %}}y{{% else %}}n{{% endif %}}");
        check(&[(&source, if expected { "y" } else { "n" })]);
        let source = format!("{{% unless {condition} %}}n{{% else %}}y{{% endunless %}}");
        check(&[(&source, if expected { "y" } else { "n" })]);
    }
}

#[test]
fn branches() {
    check(&[
        ("{% if no %}a{% elsif n == 7 %}b{% elsif true %}c{% else %}d{% endif %}", "b"),
        ("{% if no %}a{% elsif no %}b{% else %}d{% endif %}", "d"),
        ("{% if no %}a{% endif %}", ""),
        ("{% if yes %}a{% if no %}b{% else %}c{% endif %}d{% endif %}", "acd"),
        ("{% unless no %}a{% endunless %}", "a"),
        ("{% unless yes %}a{% elsif n == 7 %}b{% endunless %}", "b"),
        ("{% case n %}{% when 6 %}six{% when 7 %}seven{% else %}more{% endcase %}", "seven"),
        ("{% case n %}{% when 1, 7 %}a{% else %}b{% endcase %}", "a"),
        ("{% case n %}{% when 1 or 7 %}a{% else %}b{% endcase %}", "a"),
        ("{% case n %}{% when 1 %}a{% else %}b{% endcase %}", "b"),
        ("{% case n %} ignored {% when 7 %}a{% endcase %}", "a"),
        ("{% case name %}{% when 'Ada' %}a{% when 'Ada' %}b{% endcase %}", "ab"),
        ("{% case missing %}{% when nil %}a{% endcase %}", "a"),
        ("{% case empty %}{% when blank %}a{% endcase %}", "a"),
        ("{% case place.city %}{% when missing %}a{% when place['city'] %}b{% endcase %}", "b"),
        ("{% case n %}{% endcase %}", ""),
    ]);
}

#[test]
fn loops() {
    check(&[
        ("{% for i in list %}{{ i }},{% endfor %}", "3,1,2,"),
        ("{% for i in (1..3) %}{{ i }}{% endfor %}", "123"),
        ("{% for i in (1..list.size) %}{{ i }}{% endfor %}", "123"),
        ("{% for i in (zero..2) %}{{ i }}{% endfor %}", "012"),
        ("{% for i in (3..1) %}{{ i }}{% else %}none{% endfor %}", "none"),
        ("{% for i in none %}x{% else %}none{% endfor %}", "none"),
        ("{% for i in missing %}x{% else %}none{% endfor %}", "none"),
        ("{% for i in n %}x{% else %}none{% endfor %}", "none"),
        ("{% for i in name %}{{ i }}{% endfor %}", "Ada"),
        ("{% for i in empty %}x{% else %}none{% endfor %}", "none"),
        ("{% for e in place %}{{ e[0] }}={{ e[1] }};{% endfor %}", "city=Torino;size=3;zip=10121;"),
        ("{% for e in place %}{{ e.first }}{% endfor %}", "citysizezip"),
        ("{% for i in items %}{{ i.title }} {% endfor %}", "Vaso Tazza Lume "),
        ("{% for i in list limit:2 %}{{ i }}{% endfor %}", "31"),
        ("{% for i in list limit: 0 %}{{ i }}{% else %}none{% endfor %}", "none"),
        ("{% for i in list limit: missing %}{{ i }}{% else %}none{% endfor %}", "none"),
        ("{% for i in list offset:1 %}{{ i }}{% endfor %}", "12"),
        ("{% for i in list offset:9 %}{{ i }}{% else %}none{% endfor %}", "none"),
        ("{% for i in (1..9) limit: 2, offset: 3 %}{{ i }}{% endfor %}", "45"),
        ("{% for i in list reversed %}{{ i }}{% endfor %}", "213"),
        ("{% for i in (1..4) reversed limit: 2 %}{{ i }}{% endfor %}", "21"),
        (
            "{% for i in (1..6) limit: 2 %}{{ i }}{% endfor %}-{% for i in (1..6) limit: 2 offset: continue %}{{ i }}{% endfor %}-\
             {% for i in (1..6) offset: continue %}{{ i }}{% endfor %}",
            "12-34-56",
        ),
        ("{% for i in (1..5) %}{% if i == 3 %}{% break %}{% endif %}{{ i }}{% endfor %}!", "12!"),
        ("{% for i in (1..5) %}{% if i == 3 %}{% continue %}{% endif %}{{ i }}{% endfor %}!", "1245!"),
        (
            "{% for i in (1..2) %}{% for j in (1..3) %}{% if j == 2 %}{% break %}{% endif %}{{ i }}{{ j }} {% endfor %}{% endfor %}",
            "11 21 ",
        ),
        ("a{% break %}b", "a"),
        (
            "{% for i in list %}{{ forloop.index }}{{ forloop.index0 }}{{ forloop.rindex }}{{ forloop.rindex0 }} {% endfor %}",
            "1032 2121 3210 ",
        ),
        (
            "{% for i in list %}{% if forloop.first %}[{% endif %}{{ i }}{% if forloop.last %}]{% else %},{% endif %}{% endfor %}",
            "[3,1,2]",
        ),
        ("{% for i in list %}{{ forloop.length }}{% endfor %}", "333"),
        ("{% for i in items limit: 1 %}{{ forloop.name }}{% endfor %}", "i-items"),
        (
            "{% for i in (1..2) %}{% for j in (1..2) %}{{ forloop.parentloop.index }}{{ forloop.index }} {% endfor %}{% endfor %}",
            "11 12 21 22 ",
        ),
        (
            "{% for i in (1..1) %}{{ forloop.parentloop.index }}{{ forloop.unknown }}{{ forloop }}{% endfor %}",
            "",
        ),
        ("{{ forloop.index }}", ""),
        ("{% assign i = 'x' %}{% for i in (1..2) %}{{ i }}{% endfor %}{{ i }}", "12x"),
        ("{% for i in list %}{% assign last = i %}{% endfor %}{{ last }}", "2"),
        (
            "{% tablerow i in (1..3) cols: 2 %}{{ i }}{{ tablerowloop.col_last }}{% endtablerow %}",
            "<tr class=\"row1\">\n<td class=\"col1\">1false</td><td class=\"col2\">2true</td></tr>\n\
             <tr class=\"row2\"><td class=\"col1\">3false</td></tr>\n",
        ),
        ("{% tablerow i in none %}{{ i }}{% endtablerow %}", "<tr class=\"row1\">\n</tr>\n"),
        ("{% for i in (1..4) %}{% cycle 'a', 'b' %}{% endfor %}", "abab"),
        ("{% cycle 'a', 'b' %}{% cycle 'a', 'b' %}{% cycle 'b', 'a' %}", "abb"),
        ("{% cycle 'x': 'a', 'b' %}{% cycle 'y': 'a', 'b' %}{% cycle 'x': 'a', 'b' %}", "aab"),
        ("{% cycle name, n %}{% cycle name, n %}", "Ada7"),
    ]);
}

#[test]
fn names() {
    check(&[
        ("{% assign x = 'a' %}{{ x }}", "a"),
        ("{% assign x='a' %}{{ x }}", "a"),
        ("{% assign x = price | times: 2 %}{{ x }}", "39.8"),
        ("{% assign name = 'Bea' %}{{ name }}", "Bea"),
        ("{% assign x = items[1] %}{{ x.title }}", "Tazza"),
        ("{% assign x = (1..3) %}{% for i in x %}{{ i }}{% endfor %}", "123"),
        ("{% assign a-b = 1 %}{{ a-b }}", "1"),
        ("{% capture x %}<{{ name }}>{% endcapture %}{{ x }}{{ x.size }}", "<Ada>5"),
        ("{% capture 'x' %}{{ n }}{% endcapture %}{{ x }}", "7"),
        ("{% capture x %}a{% endcapture %}{% if x == 'a' %}same{% endif %}", "same"),
        ("{% increment c %}{% increment c %}{{ c }}", "012"),
        ("{% decrement c %}{% decrement c %}", "-1-2"),
        ("{% assign c = 9 %}{% increment c %}{{ c }}", "09"),
        ("{% echo name | upcase %}", "ADA"),
        (
            "{% liquid\n  assign x = 3\n  if x > 2\n    echo 'big'\n  else\n    echo 'small'\n  endif\n%}",
            "big",
        ),
        (
            "{% liquid\n for i in (1..3)\n  echo i\n endfor\n # a comment\n comment\n nothing here\n endcomment\n%}",
            "123",
        ),
    ]);
}

#[test]
fn whitespace_raw_and_comments() {
    check(&[
        ("a {{- name -}} b", "aAdab"),
        ("a {{- name }} b", "aAda b"),
        ("a {{ name -}} b", "a Adab"),
        ("a\n {%- if yes -%}\n b \n{%- endif -%}\n c", "abc"),
        ("a {% if yes -%} b {%- endif %} c", "a b c"),
        ("a {%- comment -%} b {%- endcomment -%} c", "ac"),
        ("{%- assign x = 1 -%}\n\n{{ x }}", "1"),
        ("a {%- raw -%} {{ b }} {%- endraw -%} c", "a{{ b }}c"),
        ("{% raw %}{% if %}{{ x {% endraw %}", "{% if %}{{ x "),
        ("{% raw %}{%endraw%}", ""),
        ("a{% comment %}{% if %}{{ broken | | }}{% endcomment %}b", "ab"),
        ("a{% comment %}x{% comment %}y{% endcomment %}z{% endcomment %}b", "ab"),
        ("a{% # inline %}b{%- # two -%} c", "abc"),
        ("a{% doc %}{{ anything }}{% enddoc %}b", "ab"),
        ("{{- 'a' -}}   {{- 'b' -}}", "ab"),
        ("{% if yes %}  {% endif %}", "  "),
        ("è{{- name -}}ù", "èAdaù"),
    ]);
}
