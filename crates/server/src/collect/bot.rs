//! Programs that pose as visitors. Their events are stored and flagged, so that nobody wonders where they went, and
//! kept out of profiles and journeys.

/// What gives one away in a user agent, in lower case. Ours, and short on purpose: published lists grow stale and
/// hold thousands of names that say `bot` anyway. Left out are libraries that real apps are built on, such as okhttp.
pub const BOT_SIGNS: [&str; 46] = [
    "ahrefs",
    "apachebench",
    "archive.org",
    "axe-core",
    "bingpreview",
    "checkly",
    "chrome-lighthouse",
    "colly",
    "crawl",
    "curl/",
    "datadog",
    "facebookcatalog",
    "facebookexternalhit",
    "feedfetcher",
    "feedly",
    "go-http-client",
    "google-inspectiontool",
    "google-read-aloud",
    "googleother",
    "gtmetrix",
    "headlesschrome",
    "ia_archiver",
    "java/",
    "jsdom",
    "k6/",
    "libwww",
    "link preview",
    "mediapartners",
    "monitoring",
    "newrelic",
    "pagespeed",
    "phantomjs",
    "pingdom",
    "prerender",
    "python-requests",
    "python-urllib",
    "scrapy",
    "selenium",
    "site24x7",
    "skypeuripreview",
    "slurp",
    "spider",
    "statuscake",
    "uptime",
    "wget/",
    "whatsapp/",
];

/// A maker of phones whose user agents say `bot` without being one.
const NOT_A_BOT: &str = "cubot";

/// Whether a user agent belongs to a program that browses by itself.
pub(crate) fn is_bot(user_agent: &str) -> bool {
    let lower = user_agent.to_ascii_lowercase();
    lower.replace(NOT_A_BOT, "").contains("bot") || BOT_SIGNS.iter().any(|sign| lower.contains(sign))
}

/// Whether a user agent is that of a person's device: a browser, or an app on a phone. Only then is the connection's
/// own address the person's, and only then does the connection's user agent say what the person uses.
pub(super) fn is_device(user_agent: &str) -> bool {
    const SIGNS: [&str; 7] = [
        "Mozilla/",
        "Dalvik/",
        "CFNetwork/",
        "analytics-android",
        "analytics-ios",
        "analytics-kotlin",
        "analytics-swift",
    ];
    SIGNS.iter().any(|sign| user_agent.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bots_are_told_from_people() {
        for (user_agent, bot) in [
            ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", true),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0",
                true,
            ),
            (
                "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
                true,
            ),
            ("facebookexternalhit/1.1", true),
            ("curl/8.5.0", true),
            ("WhatsApp/2.23.20.0", true),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
                false,
            ),
            (
                "Mozilla/5.0 (Linux; Android 12; CUBOT P60) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0 Mobile",
                false,
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Mobile Safari/604.1",
                false,
            ),
            ("okhttp/4.12.0", false),
            ("", false),
        ] {
            assert_eq!(is_bot(user_agent), bot, "{user_agent}");
        }
    }
}
