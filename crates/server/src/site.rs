//! What the company's own pages and apps ask for: what to show whom in a slot, and what lies in somebody's inbox.
//!
//! A decision is a read of the engine and puts nothing on record: it comes with a signed token, and whoever says that it was
//! seen, clicked or closed gives the token back. Only then is there a record, once, whatever is said how often.
//!
//! Write keys are public, and an `anonymous_id` is known to one browser. So what is filled into a message comes from the
//! person's own profile only where the browser has proved whose it is ([`person`]), or where all that is known of the person
//! came from this browser.

pub(crate) mod content;
pub(crate) mod decide;
mod inbox;
mod person;
pub(crate) mod report;
mod script;
mod visit;

pub(crate) use inbox::InboxChannel;

use crate::access::Rights;
use crate::collect::access::write_key;
use crate::collect::routes::cors;
use crate::hub::Hub;
use crate::keys::Scope;
use crate::limits::SITE_BODY_BYTES_MAX;
use crate::problem::Problem;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use content::Contents;
use engine::programme::Programme;
use serde::de::DeserializeOwned;
use std::sync::{Arc, RwLock};

/// Every route of pages and apps.
pub fn router() -> Router<Arc<Hub>> {
    Router::new()
        .route("/t.js", get(script::script))
        .route("/decide", post(decide::decide))
        .route("/decide/report", post(report::report))
        .route("/v1/visit", post(visit::join))
        .route("/v1/inbox", get(inbox::list))
        .route("/v1/inbox/report", post(inbox::report))
        .layer(DefaultBodyLimit::max(SITE_BODY_BYTES_MAX))
        .layer(cors())
}

/// The contents of the programme that is live, compiled when they are first asked for.
#[derive(Default)]
pub struct Site {
    live: RwLock<Option<(Arc<Programme>, Arc<Contents>)>>,
}

impl Site {
    pub(crate) fn contents(&self, programme: &Arc<Programme>) -> Arc<Contents> {
        const UNPOISONED: &str = "invariant: nobody panics with the contents in hand";
        if let Some((of, contents)) = &*self.live.read().expect(UNPOISONED)
            && Arc::ptr_eq(of, programme)
        {
            return Arc::clone(contents);
        }
        let contents = Arc::new(Contents::of(programme));
        *self.live.write().expect(UNPOISONED) = Some((Arc::clone(programme), Arc::clone(&contents)));
        contents
    }
}

/// The source whose write key a request has, in its head or in its body.
fn source(hub: &Hub, headers: &HeaderMap, in_body: Option<&str>) -> Result<String, Problem> {
    let key = write_key(headers, None).or_else(|| in_body.map(str::to_owned));
    let refused = |code, message| Problem::new(StatusCode::UNAUTHORIZED, code, message);
    let key = key.ok_or_else(|| {
        refused("missing_write_key", "there is no write key, neither in a header nor in `writeKey`")
    })?;
    let holder = hub.keys.holder(&key).filter(|holder| holder.rights == Rights::Key(Scope::Write));
    let holder = holder.ok_or_else(|| refused("unknown_write_key", "no source has this write key"))?;
    Ok(holder.name)
}

/// A body of JSON, whatever its type says: a browser that sends `text/plain` need not ask first.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| {
        Problem::bad_request("bad_body", "body", format!("the body cannot be read: {error}"))
    })
}
