//! The text part of a mail, made from its HTML or MJML once per template. Liquid is carried over, so that the text is
//! rendered for each send like the HTML.
//!
//! Our own, since no library that turns HTML into text keeps Liquid whole, and mail wants a particular text:
//! tables are layout and not drawings, and a link is followed by its address.

use super::html::{Element, Kind, Piece, tag_name};
use crate::liquid::unescape_html;

/// Elements whose content is not for reading.
const UNREAD: [&str; 8] = ["head", "mj-head", "style", "mj-style", "script", "title", "template", "noscript"];

/// Elements that never have content, so that they open nothing.
const EMPTY: [&str; 8] = ["area", "br", "col", "hr", "img", "input", "link", "meta"];

#[rustfmt::skip]
const PARAGRAPHS: [&str; 22] = [
    "p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "blockquote", "table", "section", "pre",
    "mj-accordion", "mj-button", "mj-image", "mj-navbar", "mj-raw", "mj-section", "mj-social", "mj-table", "mj-text",
];

#[rustfmt::skip]
const LINES: [&str; 16] = [
    "div", "tr", "li", "dt", "dd", "header", "footer", "article", "caption", "hr",
    "mj-accordion-text", "mj-accordion-title", "mj-carousel-image", "mj-divider", "mj-navbar-link", "mj-social-element",
];

/// Elements that lead somewhere.
const LINKS: [&str; 4] = ["a", "mj-button", "mj-navbar-link", "mj-social-element"];

pub(super) fn text(pieces: &[Piece<'_>]) -> String {
    let mut writer = Writer::default();
    for piece in pieces {
        writer.piece(piece);
    }
    writer.out
}

/// What is owed before the next word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
enum Gap {
    #[default]
    None,
    Space,
    Line,
    Paragraph,
}

#[derive(Default)]
struct Writer<'s> {
    out: String,
    gap: Gap,
    /// What the output ends with; Liquid tags, which show nothing, do not count.
    ends: Gap,
    /// Whether anything is shown yet.
    begun: bool,
    /// The element that is not for reading, and how many of its kind are open.
    unread: Option<(&'s str, usize)>,
    /// Links that are open: their address, and where in the output their text begins.
    links: Vec<(String, usize)>,
}

impl<'s> Writer<'s> {
    fn piece(&mut self, piece: &Piece<'s>) {
        if let Some((name, depth)) = self.unread {
            return self.skip(piece, name, depth);
        }
        match &piece.kind {
            Kind::Text => self.words(piece.text),
            Kind::Liquid => self.liquid(piece.text),
            Kind::Open(element) => self.open(element),
            Kind::Close { name } => self.close(name),
            Kind::Comment | Kind::Code => {}
        }
    }

    /// Assignments count even where nothing is read: later text may use them.
    fn skip(&mut self, piece: &Piece<'s>, name: &'s str, depth: usize) {
        let depth = match &piece.kind {
            Kind::Open(element) if element.is(name) && !element.closed => depth + 1,
            Kind::Close { name: closed } if closed.eq_ignore_ascii_case(name) => depth - 1,
            Kind::Liquid if tag_name(piece.text) == "assign" && piece.text.starts_with("{%") => {
                self.out.push_str(piece.text);
                depth
            }
            _ => depth,
        };
        self.unread = (depth > 0).then_some((name, depth));
    }

    fn owe(&mut self, gap: Gap) {
        self.gap = self.gap.max(gap);
    }

    /// Pays the gap, less what is there already. Nothing is owed at the very beginning.
    fn pay(&mut self) {
        let (owed, there) = (std::mem::take(&mut self.gap), self.ends);
        if owed <= there || !self.begun {
            return;
        }
        self.out.push_str(match (owed, there) {
            (Gap::Space, _) => " ",
            (Gap::Line, _) | (Gap::Paragraph, Gap::Line) => "\n",
            _ => "\n\n",
        });
        self.ends = owed;
    }

    fn word(&mut self, word: &str) {
        self.pay();
        self.out.push_str(word);
        (self.ends, self.begun) = (Gap::None, true);
    }

    fn words(&mut self, html: &str) {
        // Preview texts are padded with characters that take no room; they are noise in a text.
        let text: String = unescape_html(html).chars().filter(|letter| !is_invisible(*letter)).collect();
        if text.starts_with(char::is_whitespace) {
            self.owe(Gap::Space);
        }
        for word in text.split_whitespace() {
            // An entity may hide what would now be read as Liquid.
            match word.contains("{{") || word.contains("{%") {
                true => self.word(&format!("{{% raw %}}{word}{{% endraw %}}")),
                false => self.word(word),
            }
            self.owe(Gap::Space);
        }
        if !text.is_empty() && !text.ends_with(char::is_whitespace) && self.gap == Gap::Space {
            self.gap = Gap::None;
        }
    }

    /// The gap is paid before a tag, so that what a branch or loop ends with stays inside it.
    fn liquid(&mut self, liquid: &'s str) {
        if liquid.starts_with("{{") || tag_name(liquid) == "raw" {
            return self.word(liquid);
        }
        self.pay();
        self.out.push_str(liquid);
    }

    fn open(&mut self, element: &Element<'s>) {
        let name = element.name.to_ascii_lowercase();
        let name = name.as_str();
        let opens = !element.closed && !EMPTY.contains(&name);
        if opens && (UNREAD.contains(&name) || is_hidden(element)) {
            self.unread = Some((element.name, 1));
            return;
        }
        self.owe(gap_of(name));
        match name {
            "br" => self.owe_break(),
            "hr" | "mj-divider" => {
                self.word("----------");
                self.owe(Gap::Line);
            }
            "li" => self.word("- "),
            "img" | "mj-image" | "mj-carousel-image" => {
                if let Some(alt) = element.value("alt").filter(|alt| !alt.trim().is_empty()) {
                    self.attribute(alt);
                }
            }
            _ if LINKS.contains(&name) && opens => {
                let address =
                    element.value("href").map(|href| unescape_html(href.trim())).unwrap_or_default();
                self.links.push((address, self.out.len()));
            }
            _ => {}
        }
        if element.closed {
            self.owe(gap_of(name));
        }
        if name == "li" {
            // The next word follows the dash directly.
            self.ends = Gap::Space;
        }
    }

    /// A second break in a row makes a paragraph.
    fn owe_break(&mut self) {
        self.gap = if self.gap >= Gap::Line { Gap::Paragraph } else { Gap::Line };
    }

    /// The text of an attribute, which may have Liquid in it.
    fn attribute(&mut self, value: &str) {
        self.word(&unescape_html(value.trim()));
    }

    fn close(&mut self, name: &str) {
        let name = name.to_ascii_lowercase();
        if LINKS.contains(&name.as_str())
            && let Some((address, begins)) = self.links.pop()
        {
            self.address(&address, begins);
        }
        self.owe(gap_of(&name));
    }

    /// A link's address follows its text, unless it is no place to go, or the text says it already.
    fn address(&mut self, address: &str, begins: usize) {
        let said = self.out[begins.min(self.out.len())..].trim();
        let bare = address.trim_start_matches("mailto:").trim_start_matches("tel:");
        if address.is_empty() || address.starts_with('#') || said == bare || said == address {
            return;
        }
        if said.is_empty() {
            return self.word(address);
        }
        self.gap = Gap::None;
        self.word(&format!(" ({bare})"));
    }
}

fn gap_of(name: &str) -> Gap {
    match name {
        _ if PARAGRAPHS.contains(&name) => Gap::Paragraph,
        _ if LINES.contains(&name) => Gap::Line,
        "td" | "th" => Gap::Space,
        _ => Gap::None,
    }
}

fn is_hidden(element: &Element<'_>) -> bool {
    let style =
        element.value("style").unwrap_or_default().replace(char::is_whitespace, "").to_ascii_lowercase();
    style.contains("display:none") || style.contains("visibility:hidden")
}

fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{34f}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::super::html::scan;
    use super::*;

    #[test]
    fn html_reads_as_text() {
        let rows = [
            ("<p>Ciao  <b>Ada</b>,</p>\n<p>a &amp; b</p>", "Ciao Ada,\n\na & b"),
            ("a<b>b</b>c <i> d </i>e", "abc d e"),
            ("a<br>b<br><br>c", "a\nb\n\nc"),
            ("<div>a</div><div><div>b</div></div>c", "a\nb\nc"),
            ("<h1>A</h1><ul><li>b</li><li>c</li></ul>d", "A\n\n- b\n- c\n\nd"),
            ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
            ("<a href='https://x.example/?a=1&amp;b=2'>Shop</a>.", "Shop (https://x.example/?a=1&b=2)."),
            ("<a href='https://x.example'>https://x.example</a>", "https://x.example"),
            ("<a href='mailto:a@b.example'>a@b.example</a> <a href='#x'>up</a>", "a@b.example up"),
            ("<a href='https://x.example'><img src=y alt='Our shop'></a>", "Our shop (https://x.example)"),
            ("<a href='https://x.example'><img src=y></a>", "https://x.example"),
            ("<style>a{}</style><script>b</script><!-- c --><title>d</title>e", "e"),
            ("<div style='display: none'>pre<div>view</div></div>a", "a"),
            ("a<hr>b", "a\n----------\nb"),
            ("a&nbsp;&zwnj;&#847;b", "a b"),
            ("{{ x }}, <b>{{ y | default: \"<p>\" }}</b>!", "{{ x }}, {{ y | default: \"<p>\" }}!"),
            ("<p>a</p>{% if x %}<p>b</p>{% endif %}<p>c</p>", "a\n\n{% if x %}b\n\n{% endif %}c"),
            (
                "<ul>{% for i in l %}<li>{{ i }}</li>{% endfor %}</ul>",
                "{% for i in l %}- {{ i }}\n{% endfor %}",
            ),
            ("a {% if x %}b{% else %}c{% endif %} d", "a {% if x %}b{% else %}c{% endif %} d"),
            ("<a href='{{ u }}'>{{ t }}</a>", "{{ t }} ({{ u }})"),
            ("<head>{% assign x = 1 %}{{ y }}</head>a", "{% assign x = 1 %}a"),
            (
                "<mjml><mj-head><mj-preview>x</mj-preview></mj-head><mj-body><mj-section><mj-column>\n<mj-text>a</mj-text>\n\
                 <mj-image src='x' alt='b' />{% if y %}<mj-button href='https://x.example'>c</mj-button>{% endif %}\n\
                 <mj-text>d</mj-text></mj-column></mj-section></mj-body></mjml>",
                "a\n\nb\n\n{% if y %}c (https://x.example)\n\n{% endif %}d",
            ),
            ("&#123;&#123; x", "{% raw %}{{{% endraw %} x"),
        ];
        for (html, expected) in rows {
            assert_eq!(text(&scan(html)), expected, "of {html}");
        }
    }
}
