//! Links, pages and forms as the text of their files.

use super::write::{in_braces, length, scalar};
use engine::programme::{
    Blocks, Form, FormField, Guide, Here, HostedPage, Link, Localized, PageBlock, Share, Thanks, Webinar,
};
use std::fmt::Write;

pub(super) fn link(name: &str, link: &Link) -> String {
    let Link { url, campaign, channel, place, expires, vanity, joins } = link;
    let mut text = format!("{name}:\n  url: {}\n", scalar(url));
    if !campaign.is_empty() {
        let words: Vec<String> =
            campaign.words().map(|(name, word)| format!("{name}: {}", in_braces(word))).collect();
        let _ = writeln!(text, "  campaign: {{ {} }}", words.join(", "));
    }
    line(&mut text, "  channel", channel);
    line(&mut text, "  place", place);
    line(&mut text, "  expires", expires.as_deref().unwrap_or_default());
    line(&mut text, "  vanity", vanity.as_deref().unwrap_or_default());
    if !joins {
        text.push_str("  joins: false\n");
    }
    text
}

pub(super) fn page(name: &str, page: &HostedPage) -> String {
    let HostedPage { title, description, purpose, timezone, blocks } = page;
    let mut text = format!("page: {name}\n");
    localized(&mut text, "title", title);
    localized(&mut text, "description", description);
    line(&mut text, "purpose", purpose.as_deref().unwrap_or_default());
    line(&mut text, "timezone", timezone.as_deref().unwrap_or_default());
    text.push_str("blocks:\n");
    blocks.iter().for_each(|one| block(&mut text, one));
    text
}

fn block(text: &mut String, block: &PageBlock) {
    let PageBlock { content, form, share, when, here, otherwise } = block;
    let Blocks { title, text: words, image, button, close: _, html: _ } = content;
    let mut inside = String::new();
    if *otherwise {
        inside.push_str("else: true\n");
    }
    line(&mut inside, "when", when.as_deref().unwrap_or_default());
    write_here(&mut inside, here);
    localized(&mut inside, "title", title);
    localized(&mut inside, "text", words);
    if let Some(image) = image {
        let _ = writeln!(inside, "image: {{ url: {}{} }}", scalar(&image.url), more("alt", &image.alt));
    }
    if let Some(button) = button {
        let _ = writeln!(inside, "button: {{ url: {}{} }}", scalar(&button.url), more("text", &button.text));
    }
    line(&mut inside, "form", form.as_deref().unwrap_or_default());
    if let Some(Share { text: words, by }) = share {
        let by: Vec<&str> = by.iter().map(|way| way.name()).collect();
        let _ = writeln!(inside, "share: {{ by: [{}]{} }}", by.join(", "), more("text", words));
    }
    list_item(text, &inside);
}

fn write_here(text: &mut String, here: &Here) {
    let Here { places, hours, days, from, until } = here;
    list(text, "places", places);
    if let Some(hours) = hours {
        let _ = writeln!(text, "hours: {{ from: \"{}\", to: \"{}\" }}", hours.from, hours.to);
    }
    list(text, "days", days);
    line(text, "from", from.as_deref().unwrap_or_default());
    line(text, "until", until.as_deref().unwrap_or_default());
}

pub(super) fn form(name: &str, form: &Form) -> String {
    let Form { title, text: words, button, fields, purposes, thanks, guide, webinar, embed, work_bits } =
        form;
    let mut text = format!("form: {name}\n");
    localized(&mut text, "title", title);
    localized(&mut text, "text", words);
    localized(&mut text, "button", button);
    text.push_str("fields:\n");
    fields.iter().for_each(|one| field(&mut text, one));
    list(&mut text, "purposes", purposes);
    let Thanks { title, text: words, url } = thanks;
    if *thanks != Thanks::default() {
        let mut inside = Vec::new();
        inside.extend(url.as_ref().map(|url| format!("url: {}", in_braces(url))));
        inside.extend((!title.is_empty()).then(|| format!("title: {}", braced(title))));
        inside.extend((!words.is_empty()).then(|| format!("text: {}", braced(words))));
        let _ = writeln!(text, "thanks: {{ {} }}", inside.join(", "));
    }
    if let Some(Guide { title, url, lasts, by_message }) = guide {
        let lasts = lasts.map(|span| format!(", lasts: {}", length(span))).unwrap_or_default();
        let by = if *by_message { ", by: message" } else { "" };
        let _ = writeln!(text, "guide: {{ url: {}{lasts}{by}{} }}", scalar(url), more("title", title));
    }
    if let Some(Webinar { starts, url }) = webinar {
        let url = if url.is_empty() { String::new() } else { format!(", url: {}", scalar(url)) };
        let _ = writeln!(text, "webinar: {{ starts: {}{url} }}", scalar(starts));
    }
    list(&mut text, "embed", embed);
    if *work_bits > 0 {
        let _ = writeln!(text, "proof of work: {work_bits}");
    }
    text
}

fn field(text: &mut String, field: &FormField) {
    let FormField { name, kind, label, required, until_known, options } = field;
    let mut inside = format!("field: {name}\ntype: {}\n", kind.name());
    localized(&mut inside, "label", label);
    if *required {
        inside.push_str("required: true\n");
    }
    if *until_known {
        inside.push_str("ask: until known\n");
    }
    if options.iter().any(|one| !one.label.is_empty()) {
        inside.push_str("options:\n");
        for option in options {
            let _ = writeln!(inside, "  {}: {}", scalar(&option.value), braced(&option.label));
        }
    } else if !options.is_empty() {
        let values: Vec<String> = options.iter().map(|one| one.value.clone()).collect();
        list(&mut inside, "options", &values);
    }
    list_item(text, &inside);
}

fn line(text: &mut String, field: &str, word: &str) {
    if !word.is_empty() {
        let _ = writeln!(text, "{field}: {}", scalar(word));
    }
}

fn list(text: &mut String, field: &str, words: &[String]) {
    if !words.is_empty() {
        let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
        let _ = writeln!(text, "{field}: [{}]", words.join(", "));
    }
}

/// Inside brackets a comma and a colon would end a word.
fn quoted(word: &str) -> String {
    if word.contains([',', ':', '[', ']', '{', '}', '?', '#']) {
        format!("'{}'", word.replace('\'', "''"))
    } else {
        scalar(word)
    }
}

fn localized(text: &mut String, field: &str, texts: &Localized) {
    if !texts.is_empty() {
        let _ = writeln!(text, "{field}: {}", braced(texts));
    }
}

fn more(field: &str, texts: &Localized) -> String {
    if texts.is_empty() { String::new() } else { format!(", {field}: {}", braced(texts)) }
}

fn braced(texts: &Localized) -> String {
    let entries: Vec<String> =
        texts.iter().map(|(language, one)| format!("{language}: {}", in_braces(one))).collect();
    format!("{{ {} }}", entries.join(", "))
}

/// An element of a list, its lines indented behind the hyphen.
fn list_item(text: &mut String, inside: &str) {
    for (number, line) in inside.lines().enumerate() {
        let _ = writeln!(text, "{}{line}", if number == 0 { "  - " } else { "    " });
    }
}
