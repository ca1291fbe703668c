//! The preference centre: which purposes on which channels, how often, a pause, and the way out of everything. It works
//! without a script, in the person's language, and a GET changes nothing.
//!
//! Everything about writing to somebody may be said through the link of any message, however old. What shows or ends what
//! is known of them asks for a fresh one: see `disclosure`.

use super::page::{Choice, Form, Group, Page, Section};
use super::texts::Language;
use super::{Recipient, Statement, proof, title};
use crate::clock;
use crate::deliver::token::Token;
use crate::hub::Hub;
use crate::limits::{PUBLIC_FORM_BYTES_MAX, PUBLIC_PAUSE};
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::engine::Engine;
use engine::programme::{Channel, OptIn, Programme, Purpose};
use engine::record::{ConsentSource, ConsentState, Preference, PreferenceStated, Record, Subject};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What the address says besides the token.
#[derive(Default, Deserialize)]
pub(super) struct Asked {
    /// Another language than the message had.
    language: Option<String>,
    /// What was done a moment ago.
    #[serde(default)]
    done: bool,
}

/// Shows what holds now. Changes nothing.
pub(super) async fn show(
    State(hub): State<Arc<Hub>>,
    Path(token): Path<String>,
    Query(asked): Query<Asked>,
) -> Page {
    let recipient = match read(&hub, &token, asked.language.as_deref()).await {
        Ok(recipient) => recipient,
        Err(page) => return page,
    };
    let language = recipient.language;
    let heading = match asked.done {
        true => language.say("Fatto", "Done"),
        false => language.say("Che cosa possiamo scriverti?", "What may we write to you about?"),
    };
    page(&hub, &recipient, &token, heading).await
}

/// Makes hold what is ticked, and withdraws the rest of what was shown.
pub(super) async fn change(State(hub): State<Arc<Hub>>, Path(token): Path<String>, request: Request) -> Page {
    let (head, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, PUBLIC_FORM_BYTES_MAX).await else {
        return Page::unknown_link();
    };
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(&body).into_owned().collect();
    let all = |field: &str| -> BTreeSet<&str> {
        pairs.iter().filter(|(name, _)| name == field).map(|(_, value)| value.as_str()).collect()
    };
    let (ticked, shown, words) = (all("choice"), all("shown"), all("wording"));
    let recipient = match read(&hub, &token, all("language").first().copied()).await {
        Ok(recipient) => recipient,
        Err(page) => return page,
    };
    let at = clock::now();
    for offer in offers(&hub, &recipient).await {
        let name = offer.name();
        if !shown.is_empty() && !shown.contains(name.as_str()) {
            continue;
        }
        let granted = ticked.contains(name.as_str());
        if granted == offer.holds() || (!granted && offer.state.is_none() && !offer.as_customer) {
            continue;
        }
        // The link is known only to whoever reads this address, which is what a double opt-in asks for.
        let source = match granted && offer.channel == Some(recipient.channel) {
            true => ConsentSource::DoubleOptIn,
            false => ConsentSource::PreferenceCentre,
        };
        let version = words.iter().find_map(|one| one.strip_prefix(&format!("{}=", offer.purpose)));
        let statement = Statement {
            purpose: &offer.purpose,
            channel: offer.channel,
            granted,
            source,
            at,
            wording: version.filter(|_| granted).unwrap_or_default().to_owned(),
            language: if granted { recipient.language.code() } else { "" },
            proof: proof("/preferences", &head.headers),
        };
        if let Err(page) = recipient.record(&hub, &statement).await {
            return page;
        }
    }
    page(&hub, &recipient, &token, recipient.language.say("Fatto", "Done")).await
}

/// Withdraws every purpose on every channel, also those that nobody ever asked for: it is an objection.
pub(super) async fn leave(
    State(hub): State<Arc<Hub>>,
    Path(token): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let recipient = match read(&hub, &token, asked.language.as_deref()).await {
        Ok(recipient) => recipient,
        Err(page) => return page.into_response(),
    };
    let programme = hub.runtime.programme();
    let asks = programme.purposes.iter().filter(|(_, purpose)| purpose.opt_in != OptIn::None);
    for (purpose, _) in asks {
        let statement = Statement {
            purpose,
            channel: None,
            granted: false,
            source: ConsentSource::PreferenceCentre,
            at: clock::now(),
            wording: String::new(),
            language: "",
            proof: proof("/preferences, everything", &headers),
        };
        if let Err(page) = recipient.record(&hub, &statement).await {
            return page.into_response();
        }
    }
    back(&token, recipient.language)
}

/// Asks for a pause, or ends it.
pub(super) async fn pause(
    hub: State<Arc<Hub>>,
    token: Path<String>,
    asked: Query<Asked>,
    request: Request,
) -> Response {
    let until = |on| if on { clock::now().plus(PUBLIC_PAUSE) } else { clock::now() };
    prefer(hub, token, asked, request, |on| Preference::PausedUntil(until(on))).await
}

/// Asks for fewer messages, or for as many as before.
pub(super) async fn fewer(
    hub: State<Arc<Hub>>,
    token: Path<String>,
    asked: Query<Asked>,
    request: Request,
) -> Response {
    prefer(hub, token, asked, request, Preference::Fewer).await
}

async fn prefer(
    State(hub): State<Arc<Hub>>,
    Path(token): Path<String>,
    Query(asked): Query<Asked>,
    request: Request,
    preference: impl Fn(bool) -> Preference,
) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, PUBLIC_FORM_BYTES_MAX).await.unwrap_or_default();
    let on = url::form_urlencoded::parse(&body).any(|(name, value)| name == "on" && value == "true");
    let recipient = match read(&hub, &token, asked.language.as_deref()).await {
        Ok(recipient) => recipient,
        Err(page) => return page.into_response(),
    };
    let stated = PreferenceStated {
        subject: Subject::Send(recipient.send),
        preference: preference(on),
        source: ConsentSource::PreferenceCentre,
        stated_at: clock::now(),
        proof: &proof("/preferences", &head.headers),
    };
    match hub.record(&Record::PreferenceStated(stated)).await {
        Ok(_) => back(&token, recipient.language),
        Err(problem) => Page::come_back(recipient.language, &problem).into_response(),
    }
}

/// Back to the centre, so that loading the page again asks for nothing twice.
pub(super) fn back(token: &str, language: Language) -> Response {
    let place = format!("../{token}?done=true&language={}", language.code());
    (StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response()
}

/// The recipient that a token names, who reads a language; or the page to show where there is none.
pub(super) async fn read(hub: &Hub, token: &str, language: Option<&str>) -> Result<Recipient, Page> {
    let Some(Token::Preferences { send }) = hub.links.key().verify(token) else {
        return Err(Page::unknown_link());
    };
    let Some(recipient) = Recipient::find(hub, send).await else {
        let was_sent = hub.runtime.read(move |engine| engine.send(send).is_some()).await;
        return Err(if was_sent { Page::erased() } else { Page::unknown_link() });
    };
    let language = language.and_then(Language::chosen).unwrap_or(recipient.language);
    Ok(Recipient { language, ..recipient })
}

/// A box that is shown.
struct Offer {
    purpose: String,
    /// None for what is on no channel.
    channel: Option<Channel>,
    state: Option<ConsentState>,
    as_customer: bool,
}

impl Offer {
    fn name(&self) -> String {
        match self.channel {
            Some(channel) => format!("{}.{}", self.purpose, channel.name()),
            None => self.purpose.clone(),
        }
    }

    /// Whether the person is written to for it now.
    fn holds(&self) -> bool {
        self.state == Some(ConsentState::Granted) || self.as_customer
    }
}

/// What the person may have or leave: purposes that ask for a consent, on the message's channel, on those where the person
/// can be reached, and on those that anything was said of. What has to be confirmed from an address can only be given there.
async fn offers(hub: &Hub, recipient: &Recipient) -> Vec<Offer> {
    let (id, own) = (recipient.profile, recipient.channel);
    let read = move |engine: &Engine| {
        let mut offers = Vec::new();
        let Some(profile) = engine.profile(id) else { return offers };
        for (name, purpose) in engine.programme().purposes.iter().filter(|(_, one)| one.opt_in != OptIn::None)
        {
            let offer = |channel: Option<Channel>| Offer {
                purpose: name.clone(),
                channel,
                state: profile.consent(name, channel.unwrap_or(own)),
                as_customer: channel.is_some_and(|one| {
                    profile.consent(name, one) != Some(ConsentState::Granted)
                        && engine.soft_opt_in(id, name, one).is_some()
                }),
            };
            if purpose.third_party {
                offers.push(offer(None));
                continue;
            }
            let is_shown = |channel: &Channel| {
                let could = purpose.opt_in == OptIn::Single && engine.is_reachable(id, *channel);
                *channel == own || could || profile.consent(name, *channel).is_some()
            };
            offers.extend(purpose.channels.iter().copied().filter(is_shown).map(|one| offer(Some(one))));
        }
        offers
    };
    hub.runtime.read(read).await
}

async fn page(hub: &Hub, recipient: &Recipient, token: &str, heading: &str) -> Page {
    let (programme, language) = (hub.runtime.programme(), recipient.language);
    let words = language.say("Per ", "For ").to_owned() + &recipient.address;
    let mut page = Page::new(language, &programme.name, heading).words(words);
    page.form = Some(choices(&programme, language, offers(hub, recipient).await));
    let id = recipient.profile;
    let said = hub.runtime.read(move |engine| engine.profile(id).map(|profile| *profile.preferences())).await;
    let said = said.unwrap_or_default();
    let below = |place: &str| format!("{token}/{place}?language={}", language.code());
    let form = |place: &str, on: Option<bool>, button: &str| Form {
        action: below(place),
        hidden: on.map(|on| ("on", on.to_string())).into_iter().collect(),
        button: button.to_owned(),
        ..Form::default()
    };
    let mut often =
        Section { heading: language.say("Quanto spesso", "How often").to_owned(), ..Section::default() };
    if programme.contact_policy.fewer.is_some() {
        often.forms.push(match said.fewer() {
            false => form("fewer", Some(true), language.say("Meno messaggi, per favore", "Fewer, please")),
            true => form("fewer", Some(false), language.say("Di nuovo come prima", "As many as before")),
        });
    }
    match said.paused_until(clock::now()) {
        None => {
            let button = language.say("Pausa per un mese", "Pause for a month");
            often.forms.push(form("pause", Some(true), button));
        }
        Some(until) => {
            let day: String = until.to_string().chars().take(10).collect();
            often
                .words
                .push(language.say(format!("In pausa fino al {day}."), format!("Paused until {day}.")));
            let button = language.say("Termina la pausa", "End the pause");
            often.forms.push(form("pause", Some(false), button));
        }
    }
    let everything = Section {
        heading: language.say("Basta così", "Enough").to_owned(),
        forms: vec![form(
            "everything",
            None,
            language.say("Annulla tutte le iscrizioni", "Unsubscribe from everything"),
        )],
        ..Section::default()
    };
    let known = Section {
        heading: language.say("I tuoi dati", "Your data").to_owned(),
        links: vec![
            (
                below("data"),
                language.say("Vedi e scarica i miei dati", "See and download my data").to_owned(),
            ),
            (below("erase"), language.say("Cancella tutto di me…", "Erase me…").to_owned()),
        ],
        ..Section::default()
    };
    page.sections = vec![often, everything, known];
    page.languages = Language::ALL
        .into_iter()
        .filter(|other| *other != language)
        .map(|other| (format!("?language={}", other.code()), other.code(), other.name()))
        .collect();
    page
}

/// The purposes, each with the words that a tick agrees to.
fn choices(programme: &Programme, language: Language, offers: Vec<Offer>) -> Form {
    let mut form = Form {
        hidden: vec![("language", language.code().to_owned())],
        button: language.say("Salva", "Save").to_owned(),
        ..Form::default()
    };
    let mut last = String::new();
    for offer in offers {
        if last != offer.purpose {
            let wording = programme.wording(&offer.purpose);
            let words = wording.and_then(|wording| {
                let first = programme.languages.first().map_or("", String::as_str);
                [language.code(), first].into_iter().find_map(|code| wording.texts.get(code)).cloned()
            });
            form.hidden
                .extend(wording.map(|wording| ("wording", format!("{}={}", offer.purpose, wording.version))));
            let legend = title(programme, &offer.purpose, language);
            form.groups.push(Group { legend, words, choices: Vec::new() });
            last.clone_from(&offer.purpose);
        }
        let purpose = programme.purposes.get(&offer.purpose);
        let title = match offer.channel {
            Some(channel) => language.channel(channel).to_owned(),
            None if purpose.is_some_and(|purpose: &Purpose| purpose.third_party) => {
                language.say("Sì, potete condividerli", "Yes, you may share it").to_owned()
            }
            None => language.say("Sì", "Yes").to_owned(),
        };
        form.hidden.push(("shown", offer.name()));
        let group = form.groups.last_mut().expect("invariant: it was pushed");
        group.choices.push(Choice { name: offer.name(), title, ticked: offer.holds() });
    }
    form
}
