//! `/p/NAME`: a page whose blocks depend on who comes, by which link, and when.

use super::super::page::{Page, escaped};
use super::super::texts::Language;
use super::caller::Caller;
use super::form::{Shown, known};
use super::html::{Document, origin};
use super::link::{context, with_parameters};
use super::share::{self, Passed};
use super::tell::{call, tell_later};
use super::visitor::{VISIT, Visitor};
use crate::clock;
use crate::hub::Hub;
use crate::site::content::{Reader, ShownPage};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use engine::at::At;
use engine::engine::Engine;
use engine::programme::{Channel, HostedPage, LinkCampaign, Programme};
use engine::record::ConsentState;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::Arc;

pub(super) async fn show(
    State(hub): State<Arc<Hub>>,
    Path(name): Path<String>,
    Query(asked): Query<BTreeMap<String, String>>,
    caller: Caller,
) -> Response {
    let programme = hub.runtime.programme();
    let Some(page) = programme.pages.get(&name) else {
        return unknown(&Language::of(&caller.language(None, &programme.languages)), &programme.name);
    };
    let visitor = Visitor::find(&hub, &caller, asked.get(VISIT).map(String::as_str), false).await;
    let link = programme.link(&visitor.link).map(|(_, link)| link);
    let (place, now) = (link.map(|link| link.place.as_str()).unwrap_or_default(), clock::now());
    let (is_for, reader) = chosen(&hub, &name, page, &visitor, &caller, asked.get("language")).await;
    let seen = seen(page, &is_for, place, now, &programme);
    let Some(shown) = hub.site.contents(&programme).page(&name, &seen, &reader, now) else {
        let page = Page::new(Language::of(&reader.language), &programme.name, "…");
        return Page { status: StatusCode::INTERNAL_SERVER_ERROR, ..page }.into_response();
    };
    let by = share::advocate(&hub, asked.get("by"), &visitor).await;
    let campaign = link.map(|link| link.campaign.clone()).unwrap_or_else(|| stated(&asked));
    let mut known_by_form = BTreeMap::new();
    for form in page.blocks.iter().filter_map(|block| block.form.as_deref()) {
        if let Some(definition) = programme.forms.get(form) {
            known_by_form.insert(form.to_owned(), known(&hub, &visitor, definition).await);
        }
    }
    let drawn = Drawn {
        hub: &hub,
        programme: &programme,
        name: &name,
        page,
        visitor: &visitor,
        shown: &shown,
        known: known_by_form,
    };
    let mut document = drawn.document();
    // What a cache gives to somebody else says nothing of who looked, and leads nobody's visit on.
    document.is_shared = is_same_for_everybody(page)
        && !asked.contains_key(VISIT)
        && !asked.contains_key("by")
        && caller.cookie.is_empty();
    let told = viewed(&hub, &programme, (&name, &shown), &visitor, place, (&campaign, by.as_ref()), &caller);
    if !caller.is_machine() {
        share::note_visit(&hub, &name, by, &visitor);
    }
    tell_later(&hub, caller, visitor, vec![told]);
    document.into_response()
}

fn unknown(language: &Language, sender: &str) -> Response {
    let heading = language.say("Questa pagina non c’è", "There is no such page");
    Page { status: StatusCode::NOT_FOUND, ..Page::new(*language, sender, heading) }.into_response()
}

/// Which blocks are for the visitor, and what may be read of them. Without their consent everybody is alike.
async fn chosen(
    hub: &Hub,
    name: &str,
    page: &HostedPage,
    visitor: &Visitor,
    caller: &Caller,
    language: Option<&String>,
) -> (Vec<bool>, Reader) {
    let nobody: Vec<bool> = page.blocks.iter().map(|block| block.when.is_none()).collect();
    let programme = hub.runtime.programme();
    let spoken = caller.language(language.map(String::as_str), &programme.languages);
    let reader = Reader { language: spoken, traits: Default::default() };
    let (Some(id), Some(purpose)) = (visitor.profile, page.purpose.clone()) else { return (nobody, reader) };
    let (name, may_read, now) = (name.to_owned(), visitor.may_read, clock::now());
    let read = move |engine: &Engine| {
        let profile = engine.profile(id)?;
        let allowed = profile.consent(&purpose, Channel::Onsite) == Some(ConsentState::Granted);
        let traits = || profile.traits_map();
        (allowed && may_read).then(|| (engine.blocks_for(&name, id, now), traits()))
    };
    match hub.runtime.read(read).await {
        Some((is_for, traits)) => (is_for, Reader { traits, ..reader }),
        None => (nobody, reader),
    }
}

/// The blocks that are shown here and now.
fn seen(page: &HostedPage, is_for: &[bool], place: &str, now: At, programme: &Programme) -> Vec<bool> {
    let zone = page.zone(programme);
    let mut any_before = false;
    let blocks = page.blocks.iter().enumerate().map(|(number, block)| {
        let fits = is_for.get(number) == Some(&true) && block.here.is_now(place, now, &zone);
        let seen = fits && !(block.otherwise && any_before);
        any_before = seen || (block.otherwise && any_before);
        seen
    });
    blocks.collect()
}

fn is_same_for_everybody(page: &HostedPage) -> bool {
    let is_plain = |block: &engine::programme::PageBlock| {
        let leads_on = block.content.button.as_ref().is_some_and(|button| button.url.starts_with('/'));
        block.when.is_none()
            && block.here.is_always()
            && block.form.is_none()
            && block.share.is_none()
            && !leads_on
    };
    page.purpose.is_none() && page.blocks.iter().all(is_plain)
}

/// The campaign that the address itself names.
fn stated(asked: &BTreeMap<String, String>) -> LinkCampaign {
    let [name, source, medium, content, term] =
        ["campaign", "source", "medium", "content", "term"].map(|word| {
            let value = asked.get(&format!("utm_{word}")).map(String::as_str).unwrap_or_default();
            value.chars().take(engine::limits::LINK_WORD_CHARS_MAX).collect()
        });
    LinkCampaign { name, source, medium, content, term }
}

fn viewed(
    hub: &Hub,
    programme: &Programme,
    (name, shown): (&str, &ShownPage),
    visitor: &Visitor,
    place: &str,
    (campaign, by): (&LinkCampaign, Option<&Passed>),
    caller: &Caller,
) -> serde_json::Value {
    let url = format!("{}/p/{name}", hub.public_url);
    let mut properties = json!({
        "path": format!("/p/{name}"), "url": url, "title": shown.title, "language": shown.language, "page": name,
    });
    let link = programme.link(&visitor.link).map(|(name, _)| name).unwrap_or_default();
    for (field, word) in [("link", link), ("place", place), ("referrer", &caller.referrer)] {
        if !word.is_empty() {
            properties[field] = word.into();
        }
    }
    if let Some(by) = by {
        properties["advocate"] = by.advocate.0.to_string().into();
        properties["shared_by"] = by.way.as_str().into();
    }
    let context = context(campaign, &url, caller);
    call("page", name, visitor, &json!({ "properties": properties, "context": context }))
}

/// All that goes into the HTML.
struct Drawn<'a> {
    hub: &'a Hub,
    programme: &'a Programme,
    name: &'a str,
    page: &'a HostedPage,
    visitor: &'a Visitor,
    shown: &'a ShownPage,
    /// By form, the fields that are not asked.
    known: BTreeMap<String, BTreeSet<String>>,
}

impl Drawn<'_> {
    fn document(&self) -> Document {
        let mut document = Document {
            language: self.shown.language.clone(),
            title: self.shown.title.clone(),
            description: self.shown.description.clone(),
            is_listed: true,
            ..Document::default()
        };
        let mut html = format!(
            "<small>{}</small><h1>{}</h1>",
            escaped(&self.programme.name),
            escaped(&self.shown.title)
        );
        for (number, block, said) in &self.shown.blocks {
            html.push_str("<section>");
            if !block.title.is_empty() {
                let _ = write!(html, "<h2>{}</h2>", escaped(&block.title));
            }
            if let Some(image) = &block.image {
                let own = image.url.starts_with('/');
                document.pictures.extend(if own { Some("'self'".to_owned()) } else { origin(&image.url) });
                if document.picture.is_empty() && !own {
                    document.picture.clone_from(&image.url);
                }
                let lazy = if document.pictures.len() > 1 { " loading=\"lazy\"" } else { "" };
                let _ = write!(
                    html,
                    "<img src=\"{}\" alt=\"{}\"{lazy}>",
                    escaped(&image.url),
                    escaped(&image.alt)
                );
            }
            if !block.text.is_empty() {
                let _ = write!(html, "<p>{}</p>", escaped(&block.text));
            }
            if let Some(button) = &block.button {
                let url = self.button(&button.url);
                let _ =
                    write!(html, "<a class=\"go\" href=\"{}\">{}</a>", escaped(&url), escaped(&button.text));
            }
            let definition = &self.page.blocks[*number];
            if let Some(form) = &definition.form {
                document.leads_to = document.leads_to.or(self
                    .programme
                    .forms
                    .get(form)
                    .and_then(|form| form.thanks.url.clone()));
                self.form(form, &mut html);
            }
            if let Some(share) = &definition.share {
                share::write_buttons(
                    self.hub,
                    self.visitor,
                    (self.name, &self.shown.title),
                    share,
                    said,
                    &self.shown.language,
                    &mut html,
                );
            }
            html.push_str("</section>");
        }
        document.body = html;
        document
    }

    /// An address of ours takes the visit along; another is reached by a link, if it is to know of it.
    fn button(&self, url: &str) -> String {
        match url.strip_prefix('/') {
            Some(path) => with_parameters(&format!("../{path}"), &[(VISIT, &self.visitor.token(self.hub))]),
            None => url.to_owned(),
        }
    }

    fn form(&self, name: &str, html: &mut String) {
        let Some(form) = self.programme.forms.get(name) else { return };
        let shown = Shown {
            language: &self.shown.language,
            page: self.name,
            visit: &self.visitor.token(self.hub),
            known: self.known.get(name).cloned().unwrap_or_default(),
            level: 2,
            ..Shown::of(self.programme, name, form)
        };
        shown.write(self.hub, html);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::programme::{Here, PageBlock};

    #[test]
    fn a_block_stands_in_for_those_before_it_that_are_not_shown() {
        let block = |places: &[&str], otherwise| {
            let places = places.iter().map(|one| (*one).to_owned()).collect();
            PageBlock { here: Here { places, ..Here::default() }, otherwise, ..PageBlock::default() }
        };
        let blocks = vec![
            block(&["fair"], false),
            block(&["shop"], true),
            block(&[], true),
            block(&[], false),
            block(&[], true),
        ];
        let page = HostedPage { blocks, ..HostedPage::default() };
        let programme = Programme::default();
        for (place, is_for, expected) in [
            ("fair", [true; 5], [true, false, false, true, false]),
            ("shop", [true; 5], [false, true, false, true, false]),
            ("", [true; 5], [false, false, true, true, false]),
            ("fair", [false, true, true, false, true], [false, false, true, false, true]),
        ] {
            assert_eq!(seen(&page, &is_for, place, At(0), &programme), expected, "{place} {is_for:?}");
        }
    }
}
