//! Reads HTML or MJML that has Liquid in it. The libraries that read HTML take `{{ name | default: "x" }}` in an
//! attribute for its end, and a `{% if %}` between attributes for one; here a piece of Liquid is one thing, wherever
//! it stands. Nothing is ever refused: like a browser, it makes the best of what it is given.

/// A piece of the source; all pieces together are the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece<'s> {
    pub(super) kind: Kind<'s>,
    pub(super) text: &'s str,
    /// Where it begins, in bytes.
    pub(super) at: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind<'s> {
    Text,
    /// `{{ … }}`, `{% … %}`, or a whole `raw` or `comment` block.
    Liquid,
    Open(Element<'s>),
    Close {
        name: &'s str,
    },
    /// A comment or a declaration. Liquid inside it is part of it.
    Comment,
    /// What stands in a style sheet or a script.
    Code,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Element<'s> {
    pub(super) name: &'s str,
    pub(super) attributes: Vec<HtmlAttribute<'s>>,
    /// Written `<br/>`.
    pub(super) closed: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HtmlAttribute<'s> {
    pub(super) name: &'s str,
    /// Without its quotes, entities as they are.
    pub(super) value: &'s str,
    /// Where the value begins, in bytes.
    pub(super) at: usize,
}

impl<'s> Element<'s> {
    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    pub(super) fn value(&self, name: &str) -> Option<&'s str> {
        self.attributes
            .iter()
            .find(|attribute| attribute.name.eq_ignore_ascii_case(name))
            .map(|attribute| attribute.value)
    }
}

pub(super) fn scan(source: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut at = 0;
    let mut code_of: Option<&str> = None;
    while at < source.len() {
        let rest = &source[at..];
        let (kind, length) = match code_of.take() {
            Some(name) => match code_length(rest, name) {
                0 => continue,
                length => (Kind::Code, length),
            },
            None => next(rest, at),
        };
        if let Kind::Open(element) = &kind
            && !element.closed
            && (element.is("style") || element.is("script"))
        {
            code_of = Some(element.name);
        }
        pieces.push(Piece { kind, text: &rest[..length], at });
        at += length;
    }
    pieces
}

fn next(rest: &str, at: usize) -> (Kind<'_>, usize) {
    if let Some(length) = liquid_length(rest) {
        return (Kind::Liquid, length);
    }
    if rest.starts_with("<!--") {
        return (Kind::Comment, until(rest, "-->"));
    }
    if rest.starts_with("<!") || rest.starts_with("<?") {
        return (Kind::Comment, until(rest, ">"));
    }
    if let Some(after) = rest.strip_prefix("</") {
        let name = name_at(after);
        if !name.is_empty() {
            return (Kind::Close { name }, until(rest, ">"));
        }
    }
    if let Some(after) = rest.strip_prefix('<')
        && !name_at(after).is_empty()
    {
        return element(rest, at);
    }
    (Kind::Text, text_length(rest))
}

/// Up to where something else than text begins; at least one character, since what began as something else was not.
fn text_length(rest: &str) -> usize {
    let mut length = rest.chars().next().map_or(0, char::len_utf8);
    while let Some(found) = rest[length..].find(['<', '{']) {
        length += found;
        let after = &rest[length + 1..];
        let begins = match rest.as_bytes()[length] {
            b'{' => after.starts_with(['{', '%']),
            _ => {
                after.starts_with(|next: char| next.is_ascii_alphabetic() || matches!(next, '/' | '!' | '?'))
            }
        };
        if begins {
            return length;
        }
        length += 1;
    }
    rest.len()
}

/// Length of the piece of Liquid that `rest` begins with.
pub(super) fn liquid_length(rest: &str) -> Option<usize> {
    if rest.starts_with("{{") {
        return rest.find("}}").map(|end| end + 2);
    }
    if !rest.starts_with("{%") {
        return None;
    }
    let end = rest.find("%}")? + 2;
    let block = match tag_name(&rest[..end]) {
        "raw" => "endraw",
        "comment" => "endcomment",
        _ => return Some(end),
    };
    let mut at = end;
    while let Some(open) = rest[at..].find("{%").map(|found| at + found) {
        let close = open + rest[open..].find("%}")? + 2;
        if tag_name(&rest[open..close]) == block {
            return Some(close);
        }
        at = open + 2;
    }
    None
}

/// The name of a tag such as `{%- if x %}`.
pub(super) fn tag_name(tag: &str) -> &str {
    let inner = tag.trim_start_matches(['{', '%', '-']).trim_start();
    let end = inner.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(inner.len());
    &inner[..end]
}

fn name_at(text: &str) -> &str {
    if !text.starts_with(|letter: char| letter.is_ascii_alphabetic()) {
        return "";
    }
    let end = text.find(|letter: char| letter.is_whitespace() || matches!(letter, '/' | '>' | '{' | '<'));
    &text[..end.unwrap_or(text.len())]
}

fn until(rest: &str, end: &str) -> usize {
    rest.find(end).map_or(rest.len(), |found| found + end.len())
}

fn code_length(rest: &str, name: &str) -> usize {
    let mut at = 0;
    while let Some(found) = rest[at..].find("</").map(|found| at + found) {
        if name_at(&rest[found + 2..]).eq_ignore_ascii_case(name) {
            return found;
        }
        at = found + 2;
    }
    rest.len()
}

fn element(rest: &str, start: usize) -> (Kind<'_>, usize) {
    let name = name_at(&rest[1..]);
    let mut attributes = Vec::new();
    let mut at = 1 + name.len();
    loop {
        at += rest[at..].len() - rest[at..].trim_start().len();
        let here = &rest[at..];
        if here.is_empty() || here.starts_with('>') || here.starts_with("/>") {
            let closed = here.starts_with('/');
            let length = (at + 1 + usize::from(closed)).min(rest.len());
            return (Kind::Open(Element { name, attributes, closed }), length);
        }
        if let Some(length) = liquid_length(here) {
            at += length;
            continue;
        }
        let name_length = here.find(|c: char| c.is_whitespace() || matches!(c, '=' | '/' | '>' | '{'));
        let name_length =
            name_length.unwrap_or(here.len()).max(here.chars().next().map_or(0, char::len_utf8));
        at += name_length;
        let Some(after) = rest[at..].trim_start().strip_prefix('=') else { continue };
        let after = after.trim_start();
        at = rest.len() - after.len();
        let (value_at, value_length, length) = value(after);
        let value = &after[value_at..value_at + value_length];
        attributes.push(HtmlAttribute { name: &here[..name_length], value, at: start + at + value_at });
        at += length;
    }
}

/// Where the value begins and how long it is without its quotes, and how long it is with them.
fn value(after: &str) -> (usize, usize, usize) {
    let quote = after.chars().next().filter(|quote| matches!(quote, '"' | '\''));
    let from = usize::from(quote.is_some());
    let mut at = from;
    while let Some(letter) = after[at..].chars().next() {
        if let Some(length) = liquid_length(&after[at..]) {
            at += length;
            continue;
        }
        match quote {
            Some(quote) if letter == quote => return (from, at - from, at + 1),
            None if letter.is_whitespace() || letter == '>' => return (from, at - from, at),
            _ => at += letter.len_utf8(),
        }
    }
    (from, at - from, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(source: &str) -> Vec<String> {
        let pieces = scan(source);
        assert_eq!(pieces.iter().map(|piece| piece.text).collect::<String>(), source, "nothing is lost");
        pieces
            .iter()
            .map(|piece| match &piece.kind {
                Kind::Open(element) => {
                    let values: Vec<_> = element.attributes.iter().map(|one| (one.name, one.value)).collect();
                    for one in &element.attributes {
                        assert_eq!(
                            &source[one.at..one.at + one.value.len()],
                            one.value,
                            "values have a place"
                        );
                    }
                    format!("open {} {values:?}", element.name)
                }
                Kind::Close { name } => format!("close {name}"),
                Kind::Text => format!("text {}", piece.text),
                Kind::Liquid => format!("liquid {}", piece.text),
                Kind::Comment => format!("comment {}", piece.text),
                Kind::Code => format!("code {}", piece.text),
            })
            .collect()
    }

    #[test]
    fn liquid_is_one_thing_wherever_it_stands() {
        let rows: [(&str, &[&str]); 9] = [
            ("a<br/>b", &["text a", "open br []", "text b"]),
            ("1 < 2 { 3", &["text 1 < 2 { 3"]),
            (
                "<a href=\"{{ x | default: \"y>\" }}\" b=c d='e' f>",
                &["open a [(\"href\", \"{{ x | default: \\\"y>\\\" }}\"), (\"b\", \"c\"), (\"d\", \"e\")]"],
            ),
            ("<p {% if a > b %}class='x'{% endif %}>", &["open p [(\"class\", \"x\")]"]),
            ("<p class=x{{ y }}z>é", &["open p [(\"class\", \"x{{ y }}z\")]", "text é"]),
            (
                "{% if a %}<b>{% endif %}</b>",
                &["liquid {% if a %}", "open b []", "liquid {% endif %}", "close b"],
            ),
            ("{% raw %}<a>{{ x }}{% endraw %}b", &["liquid {% raw %}<a>{{ x }}{% endraw %}", "text b"]),
            (
                "<style>a > b {{ c }}</style><!-- <a> -->",
                &["open style []", "code a > b {{ c }}", "close style", "comment <!-- <a> -->"],
            ),
            ("<script></script>{{ open", &["open script []", "close script", "text {{ open"]),
        ];
        for (source, expected) in rows {
            assert_eq!(told(source), expected, "of {source}");
        }
    }

    #[test]
    fn what_is_broken_is_still_read() {
        for source in [
            "<",
            "</",
            "<a",
            "<a href",
            "<a href=",
            "<a href='x",
            "<a ='x'>",
            "<!--",
            "{{",
            "{%",
            "{% raw %}",
            "<a {{",
            "</>",
            "<a/b>",
        ] {
            told(source);
        }
    }
}
