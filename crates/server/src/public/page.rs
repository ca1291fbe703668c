//! One page: a heading, a few words, and what there is to choose. No script, nothing loaded from anywhere, nothing to be
//! framed; it reads from top to bottom on any screen and at any size of text.

use super::texts::Language;
use crate::problem::Problem;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::fmt::Write;

/// A page for a recipient. All texts are plain; the page escapes them.
pub(super) struct Page {
    pub(super) status: StatusCode,
    pub(super) language: Language,
    /// Whose page it is: the programme's name.
    pub(super) sender: String,
    pub(super) heading: String,
    pub(super) words: Vec<String>,
    pub(super) form: Option<Form>,
    pub(super) sections: Vec<Section>,
    /// The page in other languages: address, code and name of each.
    pub(super) languages: Vec<(String, &'static str, &'static str)>,
}

/// A part of a page under a heading of its own.
#[derive(Default)]
pub(super) struct Section {
    pub(super) heading: String,
    pub(super) words: Vec<String>,
    /// Address and text of each.
    pub(super) links: Vec<(String, String)>,
    /// Cells, with a row of titles first.
    pub(super) rows: Vec<Vec<String>>,
    pub(super) forms: Vec<Form>,
}

/// A form that posts to the page's own address, or to one below it.
#[derive(Default)]
pub(super) struct Form {
    pub(super) action: String,
    pub(super) hidden: Vec<(&'static str, String)>,
    pub(super) groups: Vec<Group>,
    pub(super) button: String,
}

/// Boxes to tick about one thing.
pub(super) struct Group {
    pub(super) legend: String,
    /// What a tick means, in the words that are put on record.
    pub(super) words: Option<String>,
    pub(super) choices: Vec<Choice>,
}

/// A box to tick; posted as `choice=name` where ticked.
pub(super) struct Choice {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) ticked: bool,
}

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{margin:0;min-height:100vh;display:grid;place-items:center;font:1.0625rem/1.6 system-ui,sans-serif;\
background:#f4f1ec;color:#222}\
main{max-width:30rem;margin:1.5rem;padding:2.5rem;background:#fff;border-radius:1rem;\
box-shadow:0 1px 3px rgba(0,0,0,.12)}\
small{color:#6a645c;letter-spacing:.02em}h1{margin:.5rem 0 1rem;font-size:1.5rem;line-height:1.25}\
button{margin-top:1rem;padding:.8rem 1.4rem;border:0;border-radius:.6rem;background:#7a2e3a;color:#fff;\
font:inherit;cursor:pointer}button:focus-visible,input:focus-visible{outline:3px solid #c88;outline-offset:2px}\
label{display:flex;gap:.7rem;align-items:center;padding:.4rem 0}input{width:1.2rem;height:1.2rem}\
h2{margin:2.2rem 0 .6rem;font-size:1.15rem}\
fieldset{margin:1.2rem 0;padding:.6rem 1rem 1rem;border:1px solid #8a8178;border-radius:.6rem}\
legend{padding:0 .4rem;font-weight:600}a{color:#7a2e3a}a:focus-visible{outline:3px solid #c88;outline-offset:2px}\
table{width:100%;border-collapse:collapse;font-size:.85rem}th,td{padding:.3rem .5rem .3rem 0;text-align:left;\
vertical-align:top;overflow-wrap:anywhere;border-top:1px solid #ccc4ba}\
@media(prefers-color-scheme:dark){body{background:#191715;color:#eee}main{background:#242120}a{color:#e39aa6}\
small{color:#b5aea4}button{background:#b4505f}}";

impl Page {
    pub(super) fn new(language: Language, sender: &str, heading: impl Into<String>) -> Self {
        Self {
            status: StatusCode::OK,
            language,
            sender: sender.to_owned(),
            heading: heading.into(),
            words: Vec::new(),
            form: None,
            sections: Vec::new(),
            languages: Vec::new(),
        }
    }

    #[must_use]
    pub(super) fn words(mut self, words: impl Into<String>) -> Self {
        self.words.push(words.into());
        self
    }

    #[must_use]
    pub(super) fn button(mut self, button: &str) -> Self {
        self.form = Some(Form { button: button.to_owned(), ..Form::default() });
        self
    }

    /// For a token that nobody signed, or that stands for nothing any more. It cannot know the reader's language.
    pub(super) fn unknown_link() -> Self {
        let page =
            Self::new(Language::English, "", "This link does not work · Questo collegamento non funziona");
        let page = page.words("Please open it again from the message, as a whole.");
        let page = page.words("Aprilo di nuovo dal messaggio, per intero.");
        Self { status: StatusCode::NOT_FOUND, ..page }
    }

    /// For the link of somebody who was erased: their language is not known any more either.
    pub(super) fn erased() -> Self {
        let page = Self::new(Language::English, "", "Your data is gone · I tuoi dati non ci sono più");
        let page = page
            .words("The person whom this message was for has been erased. There is nothing left to choose.");
        let page = page.words(
            "La persona a cui era diretto questo messaggio è stata cancellata: non resta nulla da scegliere.",
        );
        Self { status: StatusCode::GONE, ..page }
    }

    /// For a server that cannot record anything just now.
    pub(super) fn come_back(language: Language, problem: &Problem) -> Self {
        let heading = language.say("Riprova tra un momento", "Please try again in a moment");
        let words =
            language.say("Non abbiamo potuto registrare la tua scelta.", "We could not record your choice.");
        Self { status: problem.status, ..Self::new(language, "", heading).words(words) }
    }

    fn html(&self) -> String {
        let mut html = format!(
            "<!doctype html><html lang=\"{}\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
             content=\"width=device-width\"><title>{}</title><style>{STYLE}</style><main>",
            self.language.code(),
            escaped(&self.heading)
        );
        if !self.sender.is_empty() {
            html.push_str(&format!("<small>{}</small>", escaped(&self.sender)));
        }
        html.push_str(&format!("<h1>{}</h1>", escaped(&self.heading)));
        for words in &self.words {
            html.push_str(&format!("<p>{}</p>", escaped(words)));
        }
        if let Some(form) = &self.form {
            form.write(&mut html);
        }
        self.sections.iter().for_each(|section| section.write(&mut html));
        if !self.languages.is_empty() {
            html.push_str("<nav>");
            for (address, code, name) in &self.languages {
                let _ = write!(
                    html,
                    "<a href=\"{}\" lang=\"{code}\" hreflang=\"{code}\">{name}</a> ",
                    escaped(address)
                );
            }
            html.push_str("</nav>");
        }
        html.push_str("</main></html>\n");
        html
    }
}

impl Section {
    fn write(&self, html: &mut String) {
        let _ = write!(html, "<section><h2>{}</h2>", escaped(&self.heading));
        for words in &self.words {
            let _ = write!(html, "<p>{}</p>", escaped(words));
        }
        for (address, text) in &self.links {
            let _ = write!(html, "<p><a href=\"{}\">{}</a></p>", escaped(address), escaped(text));
        }
        if let Some((titles, rows)) = self.rows.split_first() {
            html.push_str("<table><thead><tr>");
            titles.iter().for_each(|title| _ = write!(html, "<th scope=\"col\">{}</th>", escaped(title)));
            html.push_str("</tr></thead><tbody>");
            for row in rows {
                html.push_str("<tr>");
                row.iter().for_each(|cell| _ = write!(html, "<td>{}</td>", escaped(cell)));
                html.push_str("</tr>");
            }
            html.push_str("</tbody></table>");
        }
        self.forms.iter().for_each(|form| form.write(html));
        html.push_str("</section>");
    }
}

impl Form {
    fn write(&self, html: &mut String) {
        html.push_str("<form method=\"post\"");
        if !self.action.is_empty() {
            let _ = write!(html, " action=\"{}\"", escaped(&self.action));
        }
        html.push('>');
        for (name, value) in &self.hidden {
            let _ = write!(html, "<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escaped(value));
        }
        for group in &self.groups {
            let _ = write!(html, "<fieldset><legend>{}</legend>", escaped(&group.legend));
            if let Some(words) = &group.words {
                let _ = write!(html, "<p>{}</p>", escaped(words));
            }
            for choice in &group.choices {
                let ticked = if choice.ticked { " checked" } else { "" };
                let (name, title) = (escaped(&choice.name), escaped(&choice.title));
                let _ = write!(
                    html,
                    "<label><input type=\"checkbox\" name=\"choice\" value=\"{name}\"{ticked}> {title}</label>"
                );
            }
            html.push_str("</fieldset>");
        }
        let _ = write!(html, "<button>{}</button></form>", escaped(&self.button));
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let headers = [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CACHE_CONTROL, "no-store"),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (
                header::CONTENT_SECURITY_POLICY,
                "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; \
                 base-uri 'none'",
            ),
        ];
        let hidden = [("x-robots-tag", "noindex")];
        (self.status, headers, hidden, self.html()).into_response()
    }
}

/// Text as it may stand in an element or in an attribute in double quotes.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
    out
}
