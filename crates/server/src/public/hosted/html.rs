//! The frame of a page that Trama shows to visitors, and what browsers are allowed to do in it: a few kilobytes of HTML with
//! its own style, that a phone shows at once, and that works without its script.

use super::super::page::escaped;
use crate::limits::PAGE_CACHE_SECONDS;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::LazyLock;

const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#24201c;--soft:#655d54;--paper:#fff;--ground:#f4f1ec;--accent:#7a2e3a;--line:#8a8178;--bad:#a3202f}\
@media(prefers-color-scheme:dark){:root{--ink:#f0ece6;--soft:#b9b1a7;--paper:#242120;--ground:#191715;--accent:#e39aa6;--line:#8f867c;--bad:#ff9aa2}}\
*{box-sizing:border-box}body{margin:0;background:var(--ground);color:var(--ink);font:1.0625rem/1.6 system-ui,sans-serif}\
main{max-width:38rem;margin:0 auto;padding:1.25rem;background:var(--paper);min-height:100vh}\
.embedded main{min-height:0}.embedded body,body.embedded{background:none}\
h1{margin:.2rem 0 1rem;font-size:1.7rem;line-height:1.2}h2{margin:0 0 .4rem;font-size:1.25rem;line-height:1.3}\
section{margin:0 0 2rem}p{margin:.4rem 0;white-space:pre-line;overflow-wrap:anywhere}\
img{display:block;width:100%;height:auto;border-radius:.6rem;margin:.6rem 0}a{color:var(--accent)}\
.go,button{display:inline-block;margin-top:.8rem;padding:.85rem 1.5rem;min-height:2.75rem;border:0;border-radius:.6rem;\
background:var(--accent);color:var(--paper);font:inherit;font-weight:600;text-decoration:none;cursor:pointer}\
.by{display:flex;flex-wrap:wrap;gap:.6rem;padding:0;margin:.6rem 0;list-style:none}\
.by a{display:block;padding:.6rem 1rem;min-height:2.75rem;border:1px solid var(--line);border-radius:.6rem}\
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}\
.field{margin:1rem 0}.field label,legend{display:block;font-weight:600}\
.field input,.field select,.field textarea,.own{width:100%;min-height:2.75rem;padding:.6rem;border:1px solid var(--line);\
border-radius:.5rem;background:var(--paper);color:var(--ink);font:inherit}\
.tick label{display:flex;gap:.7rem;align-items:flex-start;font-weight:400}\
.tick input{flex:none;width:1.4rem;height:1.4rem;min-height:0;margin-top:.15rem}\
.wrong{color:var(--bad);font-weight:600}[aria-invalid=true]{border:2px solid var(--bad)!important}\
small{color:var(--soft)}.aside{position:absolute;left:-200rem;width:1px;height:1px;overflow:hidden}";

/// Takes the visit's token out of the address bar, where it would be copied and passed on; passes pages on by what the
/// browser has for it; finds the work that a form may ask for; tells a page around a form how high it is.
const SCRIPT: &str = "\
(()=>{const u=new URL(location.href);if(u.searchParams.has('trama_visit')){u.searchParams.delete('trama_visit');\
history.replaceState(null,'',u)}\
for(const a of document.querySelectorAll('a[data-copy]'))a.addEventListener('click',async e=>{e.preventDefault();try{\
const{url,text}=await(await fetch(a.href,{method:'POST'})).json();if(navigator.share)await navigator.share({url,text});\
else{await navigator.clipboard.writeText(url);a.textContent=a.dataset.copy}}catch(x){if(x.name!=='AbortError')location.href=a.href}});\
for(const f of document.querySelectorAll('form[data-work]'))f.addEventListener('submit',async e=>{e.preventDefault();\
const s=f.elements.stamp.value,bits=+f.dataset.work,t=new TextEncoder();for(let n=0;;n++){const h=new Uint8Array(\
await crypto.subtle.digest('SHA-256',t.encode(s+'.'+n)));let z=0;for(const b of h){if(b){z+=Math.clz32(b)-24;break}z+=8}\
if(z>=bits){f.elements.work.value=n;f.submit();return}}});\
if(parent!==window)new ResizeObserver(()=>parent.postMessage({tramaHeight:document.body.scrollHeight},'*')).observe(document.body)})()";

/// How a content policy knows one of the two.
fn hash(text: &str) -> String {
    format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text.as_bytes())))
}

static STYLE_HASH: LazyLock<String> = LazyLock::new(|| hash(STYLE));
static SCRIPT_HASH: LazyLock<String> = LazyLock::new(|| hash(SCRIPT));

/// A page, ready to be sent.
#[derive(Default)]
pub(super) struct Document {
    pub(super) status: StatusCode,
    pub(super) language: String,
    pub(super) title: String,
    pub(super) description: String,
    /// A picture that messengers show with the address.
    pub(super) picture: String,
    /// Of HTML, escaped already.
    pub(super) body: String,
    /// Whence pictures come.
    pub(super) pictures: BTreeSet<String>,
    /// Where a form may lead in the end.
    pub(super) leads_to: Option<String>,
    /// Origins of the pages that it may stand in.
    pub(super) frames: Vec<String>,
    pub(super) is_embedded: bool,
    /// It is the same for everybody.
    pub(super) is_shared: bool,
    /// It is for search engines too.
    pub(super) is_listed: bool,
    pub(super) cookie: Option<String>,
}

impl Document {
    pub(super) fn html(&self) -> String {
        let mut html = format!(
            "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
             content=\"width=device-width,initial-scale=1\"><title>{}</title>",
            escaped(&self.language),
            escaped(&self.title)
        );
        for (name, text) in
            [("og:title", &self.title), ("og:description", &self.description), ("og:image", &self.picture)]
        {
            if !text.is_empty() {
                let _ = write!(html, "<meta property=\"{name}\" content=\"{}\">", escaped(text));
            }
        }
        if !self.description.is_empty() {
            let _ = write!(html, "<meta name=\"description\" content=\"{}\">", escaped(&self.description));
        }
        let class = if self.is_embedded { " class=\"embedded\"" } else { "" };
        let _ = writeln!(
            html,
            "<style>{STYLE}</style></head><body{class}><main>{}</main><script>{SCRIPT}</script></body></html>",
            self.body
        );
        html
    }

    fn policy(&self) -> String {
        let list = |texts: &[String], none: &str| match texts.is_empty() {
            true => none.to_owned(),
            false => texts.join(" "),
        };
        let pictures: Vec<String> = self.pictures.iter().cloned().collect();
        let leads_to: String =
            self.leads_to.as_deref().and_then(origin).map(|origin| format!(" {origin}")).unwrap_or_default();
        format!(
            "default-src 'none'; style-src {}; script-src {}; connect-src 'self'; img-src {}; \
             form-action 'self'{leads_to}; frame-ancestors {}; base-uri 'none'",
            *STYLE_HASH,
            *SCRIPT_HASH,
            list(&pictures, "'none'"),
            list(&self.frames, "'none'")
        )
    }
}

/// Scheme and host of an address of the web.
pub(super) fn origin(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https"))?;
    let host = rest.split(['/', '?', '#']).next()?;
    let is_plain = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte));
    (is_plain && !host.is_empty()).then(|| format!("{scheme}://{host}"))
}

impl IntoResponse for Document {
    fn into_response(self) -> Response {
        let cache = match self.is_shared {
            true => format!("public, max-age={PAGE_CACHE_SECONDS}"),
            false => "private, no-store".to_owned(),
        };
        let headers = [
            (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
            (header::CACHE_CONTROL, cache),
            (header::VARY, "Accept-Language, Cookie".to_owned()),
            // A browser names the origin of a form that it sends, unless it is told to say nothing at all.
            (header::REFERRER_POLICY, "strict-origin".to_owned()),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
            (header::CONTENT_SECURITY_POLICY, self.policy()),
        ];
        let mut response = (self.status, headers, self.html()).into_response();
        if !self.is_listed {
            response.headers_mut().insert("x-robots-tag", HeaderValue::from_static("noindex"));
        }
        if let Some(cookie) = self.cookie.and_then(|cookie| HeaderValue::from_str(&cookie).ok()) {
            response.headers_mut().insert(header::SET_COOKIE, cookie);
        }
        response
    }
}
