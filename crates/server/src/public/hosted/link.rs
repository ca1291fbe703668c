//! `/l/NAME` and `/q/NAME`: leads where the programme says, and nowhere else. A person's visit is an event; a look by HEAD
//! is none, and what a program does is kept apart as everywhere.

use super::super::page::Page;
use super::super::texts::Language;
use super::caller::Caller;
use super::tell::{call, tell_later};
use super::visitor::{VISIT, Visitor};
use crate::clock;
use crate::hub::Hub;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::programme::{Link, LinkCampaign};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What visits are called.
const LINK_VISITED: &str = "Link Visited";
const QR_SCANNED: &str = "QR Scanned";

pub(super) async fn linked(
    hub: State<Arc<Hub>>,
    slug: Path<String>,
    asked: Asked,
    caller: Caller,
) -> Response {
    lead(hub, slug, &asked, caller, LINK_VISITED).await
}

pub(super) async fn scanned(
    hub: State<Arc<Hub>>,
    slug: Path<String>,
    asked: Asked,
    caller: Caller,
) -> Response {
    lead(hub, slug, &asked, caller, QR_SCANNED).await
}

type Asked = Query<BTreeMap<String, String>>;

async fn lead(
    State(hub): State<Arc<Hub>>,
    Path(slug): Path<String>,
    Query(asked): &Asked,
    caller: Caller,
    event: &str,
) -> Response {
    let programme = hub.runtime.programme();
    // What is typed off a wall may be in capitals.
    let slug = slug.to_lowercase();
    let language = Language::of(&caller.language(None, &programme.languages));
    let Some((name, link)) = programme.link(&slug) else {
        return gone(StatusCode::NOT_FOUND, language, &programme.name);
    };
    if programme.link_ends(link) <= clock::now() {
        return gone(StatusCode::GONE, language, &programme.name);
    }
    let mut visitor = Visitor::find(&hub, &caller, asked.get(VISIT).map(String::as_str), false).await;
    visitor.link = name.to_owned();
    let target = target(link, &visitor.token(&hub));
    let path = if event == QR_SCANNED { "q" } else { "l" };
    let url = format!("{}/{path}/{slug}", hub.public_url);
    let mut properties = json!({ "link": name, "url": link.url });
    for (field, word) in [("channel", &link.channel), ("place", &link.place)] {
        if !word.is_empty() {
            properties[field] = word.as_str().into();
        }
    }
    let context = context(&link.campaign, &url, &caller);
    let told = call("track", event, &visitor, &json!({ "properties": properties, "context": context }));
    tell_later(&hub, caller, visitor, vec![told]);
    let headers = [
        (header::LOCATION, target),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::REFERRER_POLICY, "strict-origin-when-cross-origin".to_owned()),
    ];
    (StatusCode::FOUND, headers, [("x-robots-tag", "noindex")]).into_response()
}

/// What an event of a visit says of where it happened and what brought it.
pub(super) fn context(campaign: &LinkCampaign, url: &str, caller: &Caller) -> Value {
    let mut page = json!({ "url": url });
    if !caller.referrer.is_empty() {
        page["referrer"] = caller.referrer.as_str().into();
    }
    let mut context = json!({ "page": page });
    if !campaign.is_empty() {
        let words = campaign.words().map(|(name, word)| (name.to_owned(), Value::from(word)));
        context["campaign"] = Value::Object(words.collect::<Map<_, _>>());
    }
    context
}

/// The address with the words of the campaign, where it does not have its own, and with the visit's token.
fn target(link: &Link, token: &str) -> String {
    // Our own pages know the link by the token. They lie beside it, whatever path a proxy puts before them.
    if let Some(path) = link.url.strip_prefix('/') {
        return with_parameters(&format!("../{path}"), &[(VISIT, token)]);
    }
    let has = |name: &str| link.url.contains(&format!("?{name}=")) || link.url.contains(&format!("&{name}="));
    let words = link.campaign.words().map(|(name, word)| match name {
        "name" => ("utm_campaign", word),
        "source" => ("utm_source", word),
        "medium" => ("utm_medium", word),
        "content" => ("utm_content", word),
        _ => ("utm_term", word),
    });
    let mut parameters: Vec<(&str, &str)> = words.filter(|(name, _)| !has(name)).collect();
    if link.joins {
        parameters.push((VISIT, token));
    }
    with_parameters(&link.url, &parameters)
}

/// An address with more parameters, before its fragment.
pub(in crate::public) fn with_parameters(url: &str, parameters: &[(&str, &str)]) -> String {
    let (address, fragment) =
        url.split_once('#').map_or((url, None), |(address, rest)| (address, Some(rest)));
    let mut out = address.to_owned();
    for (name, value) in parameters {
        let pair = url::form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish();
        out.push(if out.contains('?') { '&' } else { '?' });
        out.push_str(&pair);
    }
    if let Some(fragment) = fragment {
        out.push('#');
        out.push_str(fragment);
    }
    out
}

fn gone(status: StatusCode, language: Language, sender: &str) -> Response {
    let heading = language
        .say("Questo indirizzo non porta più da nessuna parte", "This address leads nowhere any more");
    let words = language.say(
        "Forse è scaduto, o è scritto in un altro modo.",
        "Perhaps it has expired, or is written in another way.",
    );
    Page { status, ..Page::new(language, sender, heading).words(words) }.into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_campaign_join_the_address_and_never_replace_its_own() {
        let campaign = LinkCampaign {
            name: "new oil".to_owned(),
            source: "flyer".to_owned(),
            medium: "print".to_owned(),
            ..LinkCampaign::default()
        };
        for (url, joins, expected) in [
            (
                "https://shop.example/oil",
                true,
                "https://shop.example/oil?utm_campaign=new+oil&utm_source=flyer&utm_medium=print&trama_visit=T",
            ),
            (
                "https://shop.example/oil?utm_source=own#top",
                false,
                "https://shop.example/oil?utm_source=own&utm_campaign=new+oil&utm_medium=print#top",
            ),
            ("/p/market", true, "../p/market?trama_visit=T"),
            ("/f/guide?a=b", false, "../f/guide?a=b&trama_visit=T"),
        ] {
            let link = Link { url: url.to_owned(), campaign: campaign.clone(), joins, ..Link::default() };
            assert_eq!(target(&link, "T"), expected);
        }
    }
}
