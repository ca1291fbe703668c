//! Opt-out registers: whom others keep on a list of people who want no calls or messages, and when a company last looked.
//!
//! A look comes in slices, as the command line sends them: the first names no edition and is given one, the others name it,
//! and at the end it is said that all have come. Nothing but keyed hashes is put on record.

use super::address::Address;
use super::extract::Body;
use crate::clock;
use crate::hub::Hub;
use crate::keys::Holder;
use crate::problem::Problem;
use axum::extract::{Path, State};
use axum::{Extension, Json};
use engine::at::{At, Span};
use engine::engine::Engine;
use engine::identifier::{IdentifierKind, normalise};
use engine::limits::{REGISTER_SLICE_MAX, REGISTER_VALID_MAX};
use engine::programme::{Channel, nearest};
use engine::record::{Record, RegisterChecked, RegisterListed};
use engine::register::Register;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// An opt-out register.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct RegisterView {
    name: String,
    /// What it speaks of: channels, or `call`.
    channels: Vec<String>,
    /// How many it lists.
    listed: u64,
    /// The number of the last look that was whole; 0 before the first.
    edition: u32,
    checked_at: Option<String>,
    /// Until when that may be relied on.
    valid_until: Option<String>,
    /// Whether it is time to look again.
    stale: bool,
}

impl RegisterView {
    fn of(register: &Register) -> Self {
        let looked = register.edition > 0;
        let until = register.checked_at.plus(register.valid_for);
        Self {
            name: register.name.clone(),
            channels: register.channels.iter().cloned().collect(),
            listed: register.listed,
            edition: register.edition,
            checked_at: looked.then(|| register.checked_at.to_string()),
            valid_until: looked.then(|| until.to_string()),
            stale: register.is_stale(clock::now()),
        }
    }
}

#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct RegisterList {
    registers: Vec<RegisterView>,
}

/// A slice of a look at a register.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Slice {
    /// The number of the look; absent for the first slice, which is given one.
    edition: Option<u32>,
    /// What the register speaks of: channels, or `call`.
    channels: Vec<String>,
    /// Phone numbers or email addresses; 10,000 at most.
    values: Vec<String>,
    /// Where the register is handed out hashed: of what kind the values are. Absent where they are plain.
    #[serde(default)]
    hashed: Option<Hashed>,
}

/// How a register is handed out that names nobody.
#[derive(Clone, Copy, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Hashed {
    /// The SHA-256 of each address in lower case, or of each phone number as `+390212345678`, in hexadecimal digits.
    Sha256,
}

/// What became of a slice.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct SliceTaken {
    edition: u32,
    listed: usize,
    refused: Vec<RefusedValue>,
}

/// A value that is no phone number and no address.
#[derive(Serialize, utoipa::ToSchema)]
struct RefusedValue {
    /// Its place among the values, from 0.
    index: usize,
    reason: &'static str,
}

/// The end of a look.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Look {
    edition: u32,
    channels: Vec<String>,
    /// When the company looked, RFC 3339; now, when absent.
    checked_at: Option<String>,
    /// How long that may be relied on, as `15 days`.
    valid_for: String,
}

/// Which registers list somebody.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct ListingView {
    address: String,
    /// Names of the registers that list the address now.
    registers: Vec<String>,
    /// What nobody may do with it: channels, or `call`.
    forbidden: Vec<String>,
    /// Registers that are out of date: that none lists the address may be wrong.
    stale: Vec<String>,
}

/// Registers, with the last look at each.
#[utoipa::path(get, path = "/api/v1/registers", responses((status = 200, body = RegisterList)))]
pub(super) async fn list(State(hub): State<Arc<Hub>>) -> Json<RegisterList> {
    let read = |engine: &Engine| engine.registers().iter().map(RegisterView::of).collect();
    Json(RegisterList { registers: hub.runtime.read(read).await })
}

/// Which registers list a phone number or an email address, which a call list asks before each campaign.
#[utoipa::path(
    get,
    path = "/api/v1/registers/listing/{address}",
    params(("address" = String, Path, description = "`type:value`, such as `phone:+390212345678`")),
    responses((status = 200, body = ListingView), (status = 400, body = Problem))
)]
pub(super) async fn listing(
    State(hub): State<Arc<Hub>>,
    Path(address): Path<String>,
) -> Result<Json<ListingView>, Problem> {
    let address = Address::parse("address", &address)?;
    let read = move |engine: &Engine| {
        let with: Vec<&Register> = engine.registers_with(address.kind, &address.value).collect();
        let mut forbidden: Vec<String> = with.iter().flat_map(|one| one.channels.iter().cloned()).collect();
        forbidden.sort();
        forbidden.dedup();
        let stale = engine.registers().iter().filter(|one| one.is_stale(clock::now()));
        ListingView {
            address: address.shown(),
            registers: with.iter().map(|one| one.name.clone()).collect(),
            forbidden,
            stale: stale.map(|one| one.name.clone()).collect(),
        }
    };
    Ok(Json(hub.runtime.read(read).await))
}

/// Takes a slice of a look. Who is in it is listed at once.
#[utoipa::path(
    post,
    path = "/api/v1/registers/{name}",
    params(("name" = String, Path, description = "Name of the register")),
    request_body = Slice,
    responses((status = 200, body = SliceTaken), (status = 400, body = Problem))
)]
pub(super) async fn take(
    State(hub): State<Arc<Hub>>,
    Extension(holder): Extension<Holder>,
    Path(name): Path<String>,
    Body(slice): Body<Slice>,
) -> Result<Json<SliceTaken>, Problem> {
    let channels = channels(&slice.channels)?;
    if slice.values.len() > REGISTER_SLICE_MAX {
        let message = format!("a slice has at most {REGISTER_SLICE_MAX} values");
        return Err(Problem::bad_request("too_many", "values", message));
    }
    let known = name.clone();
    let read = move |engine: &Engine| {
        let latest = engine.registers().iter().find(|one| one.name == known).map_or(0, |one| one.latest);
        let installed = engine.installed().expect("invariant: the first record installs");
        (latest + 1, installed.hash_key)
    };
    let (next, hash_key) = hub.runtime.read(read).await;
    let edition = slice.edition.unwrap_or(next);
    let (mut hashes, mut refused) = (Vec::new(), Vec::new());
    for (index, value) in slice.values.iter().enumerate() {
        if let Some(Hashed::Sha256) = slice.hashed {
            match digest(value) {
                Some(digest) => hashes.push(hash_key.digest(&digest)),
                None => {
                    refused.push(RefusedValue { index, reason: "this is no SHA-256: 64 hexadecimal digits" });
                }
            }
            continue;
        }
        let is_email = value.contains('@');
        let kind = if is_email { IdentifierKind::Email } else { IdentifierKind::Phone };
        match normalise(kind, value) {
            Ok(value) => hashes.push(hash_key.identifier(kind, &value)),
            Err(_) if is_email => refused.push(RefusedValue { index, reason: "this is no email address" }),
            Err(_) => {
                refused.push(RefusedValue { index, reason: "this is no phone number with its country" });
            }
        }
    }
    let listed = hashes.len();
    let record = Record::RegisterListed(RegisterListed { register: &name, edition, channels, hashes });
    hub.act(&holder, &record).await?;
    Ok(Json(SliceTaken { edition, listed, refused }))
}

/// Says that all slices of a look have come: whoever is in none of them is free.
#[utoipa::path(
    post,
    path = "/api/v1/registers/{name}/checked",
    params(("name" = String, Path, description = "Name of the register")),
    request_body = Look,
    responses((status = 200, body = RegisterView), (status = 400, body = Problem))
)]
pub(super) async fn check(
    State(hub): State<Arc<Hub>>,
    Extension(holder): Extension<Holder>,
    Path(name): Path<String>,
    Body(look): Body<Look>,
) -> Result<Json<RegisterView>, Problem> {
    let channels = channels(&look.channels)?;
    let checked_at = match look.checked_at.as_deref() {
        None => clock::now(),
        Some(text) => At::parse(text).ok_or_else(|| {
            Problem::bad_request("bad_time", "checked_at", "write the time as 2026-01-31T12:00:00Z")
        })?,
    };
    let valid_for = Span::parse(&look.valid_for).filter(|span| *span <= REGISTER_VALID_MAX);
    let valid_for = valid_for.ok_or_else(|| {
        let message = format!("write a time of at most {REGISTER_VALID_MAX}, such as 15 days");
        Problem::bad_request("bad_span", "valid_for", message)
    })?;
    let (register, operator) = (name.as_str(), holder.name.as_str());
    let edition = look.edition;
    let checked = RegisterChecked { register, edition, channels, checked_at, valid_for, operator };
    hub.act(&holder, &Record::RegisterChecked(checked)).await?;
    let read = move |engine: &Engine| {
        let register = engine.registers().iter().find(|one| one.name == name);
        RegisterView::of(register.expect("invariant: it was checked just now"))
    };
    Ok(Json(hub.runtime.read(read).await))
}

/// A SHA-256 in hexadecimal digits, of whatever case.
fn digest(text: &str) -> Option<[u8; 32]> {
    let digits: Vec<u8> =
        text.trim().chars().map(|digit| Some(digit.to_digit(16)? as u8)).collect::<Option<_>>()?;
    let bytes: Vec<u8> =
        digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect();
    if digits.len() == 64 { bytes.try_into().ok() } else { None }
}

fn channels(names: &[String]) -> Result<Vec<&str>, Problem> {
    let known: Vec<&str> = Channel::ALL.into_iter().map(Channel::name).collect();
    if names.is_empty() || names.len() > known.len() {
        let message = format!("name what the register speaks of: {}", known.join(", "));
        return Err(Problem::bad_request("bad_channels", "channels", message));
    }
    if let Some(name) = names.iter().find(|name| !known.contains(&name.as_str())) {
        let near = nearest(name, known.iter().copied());
        return Err(Problem {
            suggestion: near.map(|name| format!("did you mean \"{name}\"?").into()),
            ..Problem::bad_request("unknown_channel", "channels", format!("there is no channel \"{name}\""))
        });
    }
    Ok(names.iter().map(String::as_str).collect())
}
