//! `/f/NAME`: a form as HTML that needs no script, on a page of its own, in one of ours, or in a frame of somebody else's.

use super::super::page::{Page, escaped};
use super::super::texts::Language;
use super::super::title;
use super::caller::Caller;
use super::embed;
use super::guide;
use super::html::Document;
use super::stamp::Stamp;
use super::visitor::{VISIT, Visitor};
use super::words::{Again, Wrong, autocomplete, label};
use crate::clock;
use crate::deliver::render::spoken;
use crate::hub::Hub;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use engine::engine::Engine;
use engine::programme::{FieldKind, Form, FormField, Localized, Programme};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::Arc;

pub(super) type Asked = BTreeMap<String, String>;

/// Shows it. `NAME.js` is the script that puts it into a page, and `NAME.json` what a page needs to draw it itself.
pub(super) async fn show(
    State(hub): State<Arc<Hub>>,
    Path(file): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    caller: Caller,
) -> Response {
    let programme = hub.runtime.programme();
    let (name, kind) = file.split_once('.').map_or((file.as_str(), ""), |(name, kind)| (name, kind));
    let language = caller.language(asked.get("language").map(String::as_str), &programme.languages);
    let Some(form) = programme.forms.get(name) else { return unknown(&language, &programme) };
    let visitor = Visitor::find(&hub, &caller, asked.get(VISIT).map(String::as_str), false).await;
    match kind {
        "js" => return embed::script(name),
        "json" => return embed::described(&hub, &programme, (name, form), &visitor, &language, &headers),
        "" => {}
        _ => return unknown(&language, &programme),
    }
    let known = known(&hub, &visitor, form).await;
    let shown = Shown {
        language: &language,
        visit: &visitor.token(&hub),
        known,
        is_embedded: asked.contains_key("embed"),
        ..Shown::of(&programme, name, form)
    };
    shown.document(&hub, StatusCode::OK).into_response()
}

pub(super) fn unknown(language: &str, programme: &Programme) -> Response {
    let language = Language::of(language);
    let heading = language.say("Questo modulo non c’è", "There is no such form");
    Page { status: StatusCode::NOT_FOUND, ..Page::new(language, &programme.name, heading) }.into_response()
}

/// The fields that are not asked of this visitor, since it is known who they are and what they would say.
pub(super) async fn known(hub: &Hub, visitor: &Visitor, form: &Form) -> BTreeSet<String> {
    let wanted: Vec<String> =
        form.fields.iter().filter(|field| field.until_known).map(|one| one.name.clone()).collect();
    let (Some(id), true, false) = (visitor.profile, visitor.may_read, wanted.is_empty()) else {
        return BTreeSet::new();
    };
    let read = move |engine: &Engine| {
        let traits = engine.profile(id).map(|profile| profile.traits_map()).unwrap_or_default();
        wanted
            .into_iter()
            .filter(|name| traits.as_map().get(name).is_some_and(|value| !value.is_null()))
            .collect()
    };
    hub.runtime.read(read).await
}

/// A form as somebody sees it.
pub(super) struct Shown<'a> {
    pub(super) programme: &'a Programme,
    pub(super) name: &'a str,
    pub(super) form: &'a Form,
    pub(super) language: &'a str,
    /// The page of ours that it stands in.
    pub(super) page: &'a str,
    /// The visit's token.
    pub(super) visit: &'a str,
    pub(super) known: BTreeSet<String>,
    /// What was written already.
    pub(super) written: BTreeMap<String, String>,
    pub(super) ticked: BTreeSet<String>,
    pub(super) wrong: BTreeMap<String, Wrong>,
    pub(super) again: Option<Again>,
    /// Of its heading.
    pub(super) level: u8,
    pub(super) is_embedded: bool,
}

impl<'a> Shown<'a> {
    pub(super) fn of(programme: &'a Programme, name: &'a str, form: &'a Form) -> Self {
        Self {
            programme,
            name,
            form,
            language: "",
            page: "",
            visit: "",
            known: BTreeSet::new(),
            written: BTreeMap::new(),
            ticked: BTreeSet::new(),
            wrong: BTreeMap::new(),
            again: None,
            level: 1,
            is_embedded: false,
        }
    }

    fn say<'t>(&self, texts: &'t Localized) -> &'t str {
        spoken(texts, self.language, &self.programme.languages).map_or("", |(_, text)| text.as_str())
    }

    fn own(&self) -> Language {
        Language::of(self.language)
    }

    pub(super) fn document(&self, hub: &Hub, status: StatusCode) -> Document {
        let mut body = String::new();
        if !self.is_embedded {
            let _ = write!(body, "<small>{}</small>", escaped(&self.programme.name));
        }
        self.write(hub, &mut body);
        Document {
            status,
            language: self.language.to_owned(),
            title: self.say(&self.form.title).to_owned(),
            description: self.say(&self.form.text).to_owned(),
            body,
            leads_to: self.form.thanks.url.clone(),
            frames: self.form.embed.clone(),
            is_embedded: self.is_embedded,
            is_listed: status == StatusCode::OK,
            ..Document::default()
        }
    }

    pub(super) fn write(&self, hub: &Hub, html: &mut String) {
        let level = self.level;
        let _ = write!(html, "<h{level}>{}</h{level}>", escaped(self.say(&self.form.title)));
        if !self.form.text.is_empty() {
            let _ = write!(html, "<p>{}</p>", escaped(self.say(&self.form.text)));
        }
        if let Some(again) = self.again {
            let _ = write!(html, "<p class=\"wrong\" role=\"alert\">{}</p>", escaped(again.text(self.own())));
        }
        let work = match self.form.work_bits {
            0 => String::new(),
            bits => format!(" data-work=\"{bits}\""),
        };
        let embed = if self.is_embedded { "?embed=true" } else { "" };
        let _ = write!(html, "<form method=\"post\" action=\"../f/{}{embed}\" novalidate{work}>", self.name);
        let stamp = Stamp::fresh(self.name, clock::now()).signed(hub);
        for (name, value) in [
            ("stamp", stamp.as_str()),
            ("visit", self.visit),
            ("page", self.page),
            ("language", self.language),
            ("work", ""),
        ] {
            let _ = write!(html, "<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escaped(value));
        }
        // People do not see it, and programs fill in everything.
        html.push_str(
            "<div class=\"aside\" aria-hidden=\"true\"><label>Nickname <input name=\"nickname\" tabindex=\"-1\" \
             autocomplete=\"off\"></label></div>",
        );
        let asked = self.form.fields.iter().filter(|field| !self.known.contains(&field.name));
        asked.for_each(|field| self.field(field, html));
        self.form.purposes.iter().for_each(|name| self.purpose(name, html));
        let button = self.say(&self.form.button);
        let button = if button.is_empty() { self.own().say("Invia", "Send") } else { button };
        if self.form.work_bits > 0 {
            let _ =
                write!(html, "<noscript><p class=\"wrong\">{}</p></noscript>", Again::Work.text(self.own()));
        }
        let _ = write!(html, "<button>{}</button></form>", escaped(button));
    }

    /// One field: its name, what is wrong with it, and where to write.
    fn field(&self, field: &FormField, html: &mut String) {
        let FormField { name, kind, required, .. } = field;
        let own = self.say(&field.label);
        let called = if own.is_empty() { label(name, self.own()) } else { own.to_owned() };
        let id = format!("{}-{name}", self.name);
        let written = self.written.get(name).map(String::as_str).unwrap_or_default();
        let wrong = self.wrong.get(name);
        let mut more = String::new();
        if *required {
            more.push_str(" required");
        }
        if wrong.is_some() {
            let _ = write!(more, " aria-invalid=\"true\" aria-describedby=\"{id}-wrong\"");
        }
        let _ = write!(more, " autocomplete=\"{}\"", autocomplete(name));
        let tick = if *kind == FieldKind::Tick { " tick" } else { "" };
        let _ = write!(html, "<div class=\"field{tick}\"><label for=\"{id}\">");
        let optional = self.own().say(" (facoltativo)", " (optional)");
        let optional = if *required || *kind == FieldKind::Tick { "" } else { optional };
        let written_in = format!("{}<small>{optional}</small>", escaped(&called));
        if *kind == FieldKind::Tick {
            let ticked = if written.is_empty() || written == "false" { "" } else { " checked" };
            let _ = write!(
                html,
                "<input type=\"checkbox\" id=\"{id}\" name=\"{name}\" value=\"true\"{ticked}{more}> {written_in}</label>"
            );
        } else {
            let _ = write!(html, "{written_in}</label>");
            self.input(field, (&id, written, &more), html);
        }
        if let Some(wrong) = wrong {
            let _ =
                write!(html, "<p class=\"wrong\" id=\"{id}-wrong\">{}</p>", escaped(&wrong.text(self.own())));
        }
        html.push_str("</div>");
    }

    fn input(&self, field: &FormField, (id, written, more): (&str, &str, &str), html: &mut String) {
        let (name, value) = (&field.name, escaped(written));
        let kind = match field.kind {
            FieldKind::Choice => {
                let _ =
                    write!(html, "<select id=\"{id}\" name=\"{name}\"{more}><option value=\"\"></option>");
                for option in &field.options {
                    let own = self.say(&option.label);
                    let text = if own.is_empty() { option.value.as_str() } else { own };
                    let chosen = if option.value == written { " selected" } else { "" };
                    let (value, text) = (escaped(&option.value), escaped(text));
                    let _ = write!(html, "<option value=\"{value}\"{chosen}>{text}</option>");
                }
                html.push_str("</select>");
                return;
            }
            FieldKind::LongText => {
                let _ =
                    write!(html, "<textarea id=\"{id}\" name=\"{name}\" rows=\"5\"{more}>{value}</textarea>");
                return;
            }
            FieldKind::Email => "email",
            FieldKind::Phone => "tel",
            FieldKind::Date => "date",
            FieldKind::Number => "text\" inputmode=\"decimal",
            FieldKind::Text | FieldKind::Tick => "text",
        };
        let _ = write!(html, "<input type=\"{kind}\" id=\"{id}\" name=\"{name}\" value=\"{value}\"{more}>");
    }

    /// A box for a consent, in the words that are put on record.
    fn purpose(&self, name: &str, html: &mut String) {
        let purpose = purpose_of(name);
        let words = self.programme.wording(purpose);
        let title = title(self.programme, purpose, self.own());
        let text = words.map(|wording| self.say(&wording.texts)).unwrap_or(&title);
        let id = escaped(&format!("{}-consent-{name}", self.name));
        let ticked = if self.ticked.contains(name) { " checked" } else { "" };
        let _ = write!(
            html,
            "<div class=\"field tick\"><label for=\"{id}\"><input type=\"checkbox\" id=\"{id}\" name=\"consent\" \
             value=\"{}\"{ticked}> <span>{}</span></label>",
            escaped(name),
            escaped(text)
        );
        if let Some(wording) = words {
            let stated = escaped(&format!("{name}={}", wording.version));
            let _ = write!(html, "<input type=\"hidden\" name=\"wording\" value=\"{stated}\">");
        }
        html.push_str("</div>");
    }
}

/// The purpose of `newsletter.email`.
pub(super) fn purpose_of(name: &str) -> &str {
    let channel = |word: &str| engine::programme::Channel::parse(word).is_some();
    name.rsplit_once('.').filter(|(_, word)| channel(word)).map_or(name, |(purpose, _)| purpose)
}

/// What is said to somebody who filled it in.
pub(super) async fn thanks(
    State(hub): State<Arc<Hub>>,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
    caller: Caller,
) -> Response {
    let programme = hub.runtime.programme();
    let spoken_to = caller.language(asked.get("language").map(String::as_str), &programme.languages);
    let Some(form) = programme.forms.get(&name) else { return unknown(&spoken_to, &programme) };
    let (shown, own) =
        (Shown { language: &spoken_to, ..Shown::of(&programme, &name, form) }, Language::of(&spoken_to));
    let or = |texts: &Localized, usual: &'static str| match shown.say(texts) {
        "" => usual.to_owned(),
        text => text.to_owned(),
    };
    let title = or(&form.thanks.title, own.say("Grazie", "Thank you"));
    let mut body = format!("<small>{}</small><h1>{}</h1>", escaped(&programme.name), escaped(&title));
    let text = or(&form.thanks.text, own.say("Abbiamo ricevuto tutto.", "We have got it all."));
    let _ = write!(body, "<p>{}</p>", escaped(&text));
    if asked.contains_key("confirm") {
        let words = own.say(
            "Ti abbiamo scritto: apri il messaggio e conferma che sei tu.",
            "We have written to you: open the message and confirm that it is you.",
        );
        let _ = write!(body, "<p>{}</p>", escaped(words));
    }
    if let (Some(token), Some(guide)) = (asked.get("guide"), &form.guide)
        && guide::Way::read(&hub, token).is_some_and(|way| way.form == name)
    {
        let called = shown.say(&guide.title);
        let _ = write!(body, "<a class=\"go\" href=\"../../g/{}\">{}</a>", escaped(token), escaped(called));
    }
    let document = Document {
        language: spoken_to.clone(),
        title,
        body,
        frames: form.embed.clone(),
        is_embedded: asked.contains_key("embed"),
        ..Document::default()
    };
    document.into_response()
}
