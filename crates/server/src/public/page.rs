//! One page: a heading, a few words, at most one form. No script, nothing loaded from anywhere, nothing to be framed.

use super::texts::Language;
use crate::problem::Problem;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

/// A page for a recipient. All texts are plain; the page escapes them.
pub(super) struct Page {
    pub(super) status: StatusCode,
    pub(super) language: Language,
    /// Whose page it is: the programme's name.
    pub(super) sender: String,
    pub(super) heading: String,
    pub(super) words: Vec<String>,
    pub(super) form: Option<Form>,
}

/// A form that posts to the page's own address.
pub(super) struct Form {
    pub(super) choices: Vec<Choice>,
    pub(super) button: String,
}

/// A box to tick. `name` is a purpose; posted as `purpose=name` where ticked.
pub(super) struct Choice {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) ticked: bool,
}

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{margin:0;min-height:100vh;display:grid;place-items:center;font:17px/1.6 system-ui,sans-serif;\
background:#f4f1ec;color:#222}\
main{max-width:30rem;margin:1.5rem;padding:2.5rem;background:#fff;border-radius:1rem;\
box-shadow:0 1px 3px rgba(0,0,0,.12)}\
small{color:#6a645c;letter-spacing:.02em}h1{margin:.5rem 0 1rem;font-size:1.5rem;line-height:1.25}\
button{margin-top:1rem;padding:.8rem 1.4rem;border:0;border-radius:.6rem;background:#7a2e3a;color:#fff;\
font:inherit;cursor:pointer}button:focus-visible,input:focus-visible{outline:3px solid #c88;outline-offset:2px}\
label{display:flex;gap:.7rem;align-items:center;padding:.4rem 0}input{width:1.2rem;height:1.2rem}\
@media(prefers-color-scheme:dark){body{background:#191715;color:#eee}main{background:#242120}\
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
        }
    }

    #[must_use]
    pub(super) fn words(mut self, words: impl Into<String>) -> Self {
        self.words.push(words.into());
        self
    }

    #[must_use]
    pub(super) fn button(mut self, button: &str) -> Self {
        self.form = Some(Form { choices: Vec::new(), button: button.to_owned() });
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
            html.push_str(&form.html());
        }
        html.push_str("</main></html>\n");
        html
    }
}

impl Form {
    fn html(&self) -> String {
        let mut html = String::from("<form method=\"post\">");
        for choice in &self.choices {
            let ticked = if choice.ticked { " checked" } else { "" };
            html.push_str(&format!(
                "<label><input type=\"checkbox\" name=\"purpose\" value=\"{}\"{ticked}> {}</label>",
                escaped(&choice.name),
                escaped(&choice.title)
            ));
        }
        html.push_str(&format!("<button>{}</button></form>", escaped(&self.button)));
        html
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
fn escaped(text: &str) -> String {
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
