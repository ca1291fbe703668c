//! The golden table of channels: tags, address and page before, and what that is.

use engine::programme::{ChannelRule, Direction};
use measure::channel::{Visit, classify};

/// `source / medium / campaign`, the address behind `@`, the page before behind `<`; then channel, source and medium.
const TABLE: &str = "
/ /                                                          = Direct | (direct) | (none)
(direct) / (none) /                                          = Direct | (direct) | (none)
(direct) / (not set) /                                       = Direct | (direct) | (not set)
google / cpc / x cross-network y                             = Cross-network | google | cpc
# Shops, by the list or by the name of the campaign: an eshop is one, a workshop is none.
amazon / cpc / spring                                        = Paid Shopping | amazon | cpc
google / cpc / eshop-it                                      = Paid Shopping | google | cpc
google / cpc / shopping                                      = Paid Shopping | google | cpc
google / cpc / workshop                                      = Paid Search | google | cpc
google / organic / my-shop                                   = Organic Shopping | google | organic
ebay.de / referral /                                         = Organic Shopping | ebay.de | referral
# cpm is Display, but what is paid on a site that is known comes first; every medium with cp in it is paid.
google / cpm /                                               = Paid Search | google | cpm
news.example / cpm /                                         = Display | news.example | cpm
google / display /                                           = Display | google | display
news.example / banner /                                      = Display | news.example | banner
bing / ppc /                                                 = Paid Search | bing | ppc
Google / CPC / Winter                                        = Paid Search | google | cpc
facebook / paidsocial /                                      = Paid Social | facebook | paidsocial
fb / cpc /                                                   = Paid Social | fb | cpc
instagram / paid_social /                                    = Paid Social | instagram | paid_social
youtube / cpv /                                              = Paid Video | youtube | cpv
youtube / cpc /                                              = Paid Video | youtube | cpc
news.example / retargeting /                                 = Paid Other | news.example | retargeting
news.example / recp /                                        = Paid Other | news.example | recp
news.example / unpaid /                                      = Unassigned | news.example | unpaid
tiktok / social /                                            = Organic Social | tiktok | social
news.example / social network /                              = Organic Social | news.example | social network
news.example / sm /                                          = Organic Social | news.example | sm
news.example / video-story /                                 = Organic Video | news.example | video-story
vimeo / referral /                                           = Organic Video | vimeo | referral
ecosia / x /                                                 = Organic Search | ecosia | x
news.example / organic /                                     = Organic Search | news.example | organic
chatgpt.com / /                                              = AI Assistant | chatgpt.com |
copilot / ai-assistant /                                     = AI Assistant | copilot | ai-assistant
news.example / referral /                                    = Referral | news.example | referral
news.example / app /                                         = Referral | news.example | app
klaviyo / e-mail / welcome                                   = Email | klaviyo | e-mail
email / x /                                                  = Email | email | x
google / email /                                             = Email | google | email
blog.example / affiliate /                                   = Affiliates | blog.example | affiliate
radio.example / audio /                                      = Audio | radio.example | audio
twilio / sms /                                               = SMS | twilio | sms
sms / x /                                                    = SMS | sms | x
trama / web_push /                                           = Mobile Push Notifications | trama | web_push
firebase / x /                                               = Mobile Push Notifications | firebase | x
news.example / app-notification /                            = Mobile Push Notifications | news.example | app-notification
news.example / strange /                                     = Unassigned | news.example | strange
/ / only-a-name                                              = Unassigned | (direct) | (none)
# Tags in the address, where the sender did not read them.
@ https://shop.example/?utm_source=News%20Letter&utm_medium=Email&utm_campaign=May  = Email | news letter | email
@ https://shop.example/?a=1&UTM_SOURCE=google&utm_medium=cpc#x = Paid Search | google | cpc
# Click ids without tags. Facebook tags every link, so its id does not say that anybody paid.
@ https://shop.example/?gclid=abc                            = Paid Search | google | cpc
@ https://shop.example/?wbraid=abc                           = Paid Search | google | cpc
@ https://shop.example/?msclkid=abc                          = Paid Search | bing | cpc
@ https://shop.example/?dclid=abc                            = Display | google | display
@ https://shop.example/?fbclid=abc < https://l.facebook.com/ = Organic Social | facebook | social
@ https://shop.example/?fbclid=abc                           = Organic Social | facebook | social
@ https://shop.example/?igshid=abc                           = Organic Social | instagram | social
@ https://shop.example/?ttclid=abc                           = Paid Social | tiktok | cpc
@ https://shop.example/?li_fat_id=abc                        = Paid Social | linkedin | cpc
@ https://shop.example/?ScCid=abc                            = Paid Social | snapchat | cpc
@ https://shop.example/?mc_cid=abc                           = Email | mailchimp | email
@ https://shop.example/?irclid=abc                           = Affiliates | impact | affiliate
@ https://shop.example/?gclid=                               = Direct | (direct) | (none)
# Tags say more than a click id of somebody else, and a paid click more than a tag that only names the source.
google / / summer @ https://shop.example/?gclid=abc          = Paid Search | google | cpc
partner / affiliate / @ https://shop.example/?gclid=abc      = Affiliates | partner | affiliate
facebook / cpc / @ https://shop.example/?fbclid=abc          = Paid Social | facebook | cpc
# The page before.
@ https://shop.example/ < https://www.google.it/             = Organic Search | google | organic
@ https://shop.example/ < https://google.co.uk/search?q=x    = Organic Search | google | organic
@ https://shop.example/ < https://google.evil.example/       = Referral | google.evil.example | referral
@ https://shop.example/ < https://duckduckgo.com             = Organic Search | duckduckgo | organic
@ https://shop.example/ < https://chatgpt.com/               = AI Assistant | chatgpt | ai-assistant
@ https://shop.example/ < https://gemini.google.com/app      = AI Assistant | gemini | ai-assistant
@ https://shop.example/ < https://mail.google.com/           = Email | gmail | email
@ https://shop.example/ < https://m.facebook.com/            = Organic Social | facebook | referral
@ https://shop.example/ < https://t.co/abc                   = Organic Social | twitter | referral
@ https://shop.example/ < https://www.youtube.com/watch?v=1  = Organic Video | youtube | referral
@ https://shop.example/ < https://www.amazon.it/             = Organic Shopping | amazon | referral
@ https://shop.example/ < android-app://com.google.android.googlequicksearchbox/ = Organic Search | google | organic
@ https://shop.example/ < android-app://com.google.android.gm/ = Email | gmail | email
@ https://shop.example/ < android-app://com.reddit.frontpage = Organic Social | reddit | referral
@ https://shop.example/ < android-app://com.unknown.app      = Referral | app:com.unknown.app | referral
@ https://shop.example/ < https://www.news.example/article   = Referral | news.example | referral
# Whoever comes from the company's own pages comes from nowhere.
@ https://www.shop.example/b < https://shop.example/a        = Direct | (direct) | (none)
@ https://shop.example/b < https://blog.shop.example/a       = Direct | (direct) | (none)
@ https://shop.example/b < https://pay.till.example/         = Direct | (direct) | (none)
@ https://shop.example/b < https://notshop.example/a         = Referral | notshop.example | referral
@ http://localhost:3000/ < http://localhost:3000/a           = Direct | (direct) | (none)
@ https://shop.example/ < about:blank                        = Direct | (direct) | (none)
";

#[test]
fn channels_are_those_of_the_table() {
    let own_hosts = ["till.example".to_owned()];
    let mut rows = 0;
    for line in TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (visit, expected) = line.rsplit_once(" = ").unwrap();
        let (visit, referrer) = visit.split_once(" < ").unwrap_or((visit, ""));
        let (tags, url) = visit.split_once('@').unwrap_or((visit, ""));
        let mut tags = tags.split('/').map(str::trim);
        let mut tag = || tags.next().unwrap_or_default();
        let (source, medium, campaign) = (tag(), tag(), tag());
        let (url, referrer) = (url.trim(), referrer.trim());
        let visit = Visit { source, medium, campaign, url, referrer, event: "", own_hosts: &own_hosts };
        let touch = classify(&visit, &[]).touch;
        let found = format!("{} | {} | {}", touch.channel, touch.source, touch.medium);
        assert_eq!(found.trim(), expected.trim(), "{line}");
        rows += 1;
    }
    assert_eq!(rows, 87);
}

#[test]
fn every_channel_has_a_direction_and_a_price() {
    for (medium, source, direction, paid) in [
        ("cpc", "google", Direction::Inbound, true),
        ("cpc", "facebook", Direction::Outbound, true),
        ("display", "news", Direction::Outbound, true),
        ("email", "news", Direction::Outbound, false),
        ("organic", "google", Direction::Inbound, false),
        ("referral", "news", Direction::Inbound, false),
        ("affiliate", "news", Direction::Inbound, true),
    ] {
        let touch = classify(&Visit { source, medium, ..Visit::default() }, &[]).touch;
        assert_eq!((touch.direction, touch.paid, touch.online), (direction, paid, true), "{source} {medium}");
    }
}

#[test]
fn own_rules_come_first_and_the_first_of_them_counts() {
    let rule = |channel: &str| ChannelRule { channel: channel.to_owned(), ..ChannelRule::default() };
    let text = |text: &str| Some(text.to_owned());
    let rules = [
        ChannelRule { source: text("Partner-*"), medium: text("cpa"), paid: Some(false), ..rule("Partners") },
        ChannelRule { source: text("partner-*"), direction: Some(Direction::Outbound), ..rule("Others") },
        ChannelRule {
            event: text("QR Scanned"),
            campaign: text("window-*"),
            online: Some(false),
            ..rule("Window")
        },
        ChannelRule { referrer: text("https://forum.example/*"), ..rule("Forum") },
        ChannelRule { url: text("*/landing/*"), ..rule("Landing") },
        rule("Everything"),
    ];
    let visit = |source, medium| Visit { source, medium, ..Visit::default() };
    for (visit, channel, direction, paid, online) in [
        (visit("partner-one", "CPA"), "Partners", Direction::Outbound, false, true),
        (visit("partner-one", "cpc"), "Others", Direction::Outbound, true, true),
        (
            Visit { campaign: "Window-7", event: "QR Scanned", ..Visit::default() },
            "Window",
            Direction::Inbound,
            false,
            false,
        ),
        (Visit { campaign: "window-7", ..Visit::default() }, "Unassigned", Direction::Inbound, false, true),
        (
            Visit { referrer: "https://forum.example/t/1", ..Visit::default() },
            "Forum",
            Direction::Inbound,
            false,
            true,
        ),
        (
            Visit { url: "https://shop.example/landing/a?x=1", ..Visit::default() },
            "Landing",
            Direction::Inbound,
            false,
            true,
        ),
        (visit("google", "cpc"), "Paid Search", Direction::Inbound, true, true),
    ] {
        let touch = classify(&visit, &rules).touch;
        let found = (touch.channel.as_str(), touch.direction, touch.paid, touch.online);
        assert_eq!(found, (channel, direction, paid, online), "{visit:?}");
    }
}
