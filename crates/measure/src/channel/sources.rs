//! What is known of places that visits come from: search engines, social networks, shops, videos, AI assistants, mailboxes.

use std::collections::HashMap;
use std::sync::LazyLock;

/// What kind of place somebody came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    Search,
    Social,
    Video,
    Shopping,
    Assistant,
    Email,
}

impl Category {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "search" => Self::Search,
            "social" => Self::Social,
            "video" => Self::Video,
            "shopping" => Self::Shopping,
            "assistant" => Self::Assistant,
            "email" => Self::Email,
            _ => return None,
        })
    }
}

/// By what means it: a host, a host and `*`, a word, an app.
static SOURCES: LazyLock<HashMap<&str, (Category, &str)>> = LazyLock::new(|| {
    let lines = include_str!("sources.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut sources = HashMap::new();
    for line in lines {
        let mut words = line.split_whitespace();
        let category =
            words.next().and_then(Category::parse).expect("invariant: a line begins with a category");
        let name = words.next().expect("invariant: the list has a name in each line");
        for word in words {
            assert!(
                sources.insert(word, (category, name)).is_none(),
                "invariant: {word} is in the list once"
            );
        }
    }
    sources
});

/// The place that a tag, a host or an app means, in small letters: the longest match of a host counts.
pub(super) fn find(source: &str) -> Option<(Category, &'static str)> {
    if let Some(found) = SOURCES.get(source) {
        return Some(*found);
    }
    // Whatever is no host of its own may lie below one, or be one in some country.
    let mut host = source;
    while host.contains('.') {
        if let Some(found) = SOURCES.get(host).or_else(|| SOURCES.get(everywhere(host)?.as_str())) {
            return Some(*found);
        }
        host = host.split_once('.').map_or("", |(_, rest)| rest);
    }
    None
}

/// `google.*` of `google.it` and `google.co.uk`; nothing of `google.shop.example`, which anybody may have.
fn everywhere(host: &str) -> Option<String> {
    let labels: Vec<&str> = host.split('.').collect();
    let is_country = |label: &str| label.len() == 2;
    let is_end = match labels.as_slice() {
        [.., end] if labels.len() == 2 => is_country(end) || *end == "com" || *end == "net",
        [_, "co" | "com", end] => is_country(end),
        // The name of a service and that of the company: `shopping.google.it`.
        [_, _, end] => is_country(end) || *end == "com",
        [_, _, "co" | "com", end] => is_country(end),
        _ => false,
    };
    let name = match labels.as_slice() {
        [name, _] | [name, "co" | "com", _] => (*name).to_owned(),
        [service, name, ..] => format!("{service}.{name}"),
        _ => return None,
    };
    is_end.then(|| format!("{name}.*"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_found_below_its_name_and_in_its_countries() {
        for (source, expected) in [
            ("google", Some("google")),
            ("www.google.it", Some("google")),
            ("google.co.uk", Some("google")),
            ("maps.google.com", Some("google")),
            ("gemini.google.com", Some("gemini")),
            ("mail.google.com", Some("gmail")),
            ("shopping.google.de", Some("google")),
            ("l.facebook.com", Some("facebook")),
            ("notfacebook.com", None),
            ("google.shop.example", None),
            ("google.evil", None),
            ("app:com.reddit.frontpage", Some("reddit")),
            ("", None),
        ] {
            assert_eq!(find(source).map(|(_, name)| name), expected, "{source}");
        }
        assert_eq!(find("shopping.google.de").unwrap().0, Category::Shopping);
    }
}
