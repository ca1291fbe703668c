//! What the name and the first cells of a column suggest.

use super::super::cell::{Form, is_plain_number, number};
use super::super::times::Times;
use super::{Others, Sample, Stated, Target};
use engine::record::EventKind;
use jiff::tz::TimeZone;

/// Names that leave no doubt, in the letters that [`plain`] leaves.
const NAMES: &[(&[&str], Target)] = &[
    (
        &["userid", "customerid", "clientid", "memberid", "contactid", "idcliente", "clienteid"],
        Target::UserId,
    ),
    (&["anonymousid", "visitorid", "cookieid"], Target::AnonymousId),
    (&["email", "mail", "emailaddress", "indirizzoemail"], Target::Email),
    (&["phone", "phonenumber", "mobile", "mobilephone", "telephone", "telefono", "cellulare"], Target::Phone),
    (&["devicetoken"], Target::DeviceToken),
    (&["groupid"], Target::GroupId),
    (&["previousid"], Target::PreviousId),
    (&["messageid"], Target::MessageId),
];

/// Further names, where rows are events.
const EVENT_NAMES: &[(&[&str], Target)] = &[
    (&["event", "eventname"], Target::Event),
    (
        &[
            "time",
            "timestamp",
            "originaltimestamp",
            "datetime",
            "date",
            "data",
            "occurredat",
            "eventtime",
            "eventdate",
            "orderedat",
            "orderdate",
            "purchasedat",
            "purchasedate",
            "createdat",
        ],
        Target::Time,
    ),
];

/// Traits that Trama and its templates know by a name of their own.
const TRAITS: &[(&[&str], &str)] = &[
    (&["firstname", "nome", "givenname"], "first_name"),
    (&["lastname", "cognome", "surname", "familyname"], "last_name"),
];

/// The letters and digits of a column's name.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

pub(super) struct Guess {
    /// Targets that are taken, because they were stated or because an earlier column suits them.
    taken: Vec<(String, Target)>,
    others: Others,
}

impl Guess {
    pub(super) fn new(stated: &Stated, samples: &[Sample<'_>]) -> Self {
        let is_stated = |name: &str| stated.columns.iter().any(|(column, ..)| column == name);
        let has = |target: &Target| stated.columns.iter().any(|(_, one, _)| one == target);
        let names = |words: &[&str]| samples.iter().any(|one| words.contains(&plain(one.name).as_str()));
        let is_people = stated.kind == Some(EventKind::Identify);
        let named = stated.event.is_some() || has(&Target::Event) || names(EVENT_NAMES[0].0);
        let events = !is_people && (named || stated.kind.is_some() || has(&Target::Kind));
        let known = NAMES.iter().chain(EVENT_NAMES.iter().filter(|_| events));
        let mut taken: Vec<(String, Target)> = Vec::new();
        for (words, target) in known {
            // The words are in the order of their certainty.
            let suits =
                |word: &&str| samples.iter().find(|one| plain(one.name) == **word && !is_stated(one.name));
            let is_said = has(target) || (*target == Target::Event && stated.event.is_some());
            if !is_said && let Some(sample) = words.iter().find_map(suits) {
                taken.push((sample.name.to_owned(), target.clone()));
            }
        }
        // A column that is just `id` speaks of what the row is. That of an event is no message id: those of two files
        // could be equal, and then one of the events would count for nothing.
        let free = !has(&Target::UserId) && !taken.iter().any(|(_, target)| *target == Target::UserId);
        if let Some(sample) = samples.iter().find(|one| plain(one.name) == "id" && !is_stated(one.name))
            && free
            && !events
        {
            taken.push((sample.name.to_owned(), Target::UserId));
        }
        let usual = if events { Others::Properties } else { Others::Traits };
        Self { taken, others: stated.others.unwrap_or(usual) }
    }

    pub(super) fn target(&self, name: &str) -> Target {
        if let Some((_, target)) = self.taken.iter().find(|(taken, _)| taken == name) {
            return target.clone();
        }
        // Exports of tracking events name their columns by the path in the event.
        if let Some(path) = name.strip_prefix("properties.") {
            return Target::Property(path.to_owned());
        }
        for traits in ["context.traits.", "traits."] {
            if let Some(path) = name.strip_prefix(traits) {
                return Target::Trait(path.to_owned());
            }
        }
        if let Some(path) = name.strip_prefix("context.") {
            return Target::Context(path.to_owned());
        }
        let known = TRAITS.iter().find(|(words, _)| words.contains(&plain(name).as_str()));
        match (self.others, known) {
            (Others::Skip, _) => Target::Skip,
            (Others::Properties, _) => Target::Property(name.to_owned()),
            (Others::Traits, Some((_, known))) => Target::Trait((*known).to_owned()),
            (Others::Traits, None) => Target::Trait(name.to_owned()),
        }
    }
}

/// The form that all of the first cells have.
pub(super) fn form(sample: &Sample<'_>, decimal_comma: bool, told: Option<Times>, zone: &TimeZone) -> Form {
    let cells = || sample.cells.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty());
    if cells().next().is_none() {
        return Form::Text;
    }
    let comma = |cell: &str| decimal_comma && cell.contains(',') && number(cell, true).is_some();
    // More digits than a number holds exactly are those of a card or a code.
    let exact = |cell: &str| cell.bytes().filter(u8::is_ascii_digit).count() <= 15;
    if cells().all(|cell| exact(cell) && (is_plain_number(cell) || comma(cell))) {
        return Form::Number { decimal_comma };
    }
    if cells().all(|cell| ["true", "false"].iter().any(|word| cell.eq_ignore_ascii_case(word))) {
        return Form::Truth;
    }
    // A number with leading zeros is a code, and no count of seconds.
    let digits = cells().any(|cell| cell.bytes().all(|byte| byte.is_ascii_digit()));
    let fits = |times: &Times| cells().all(|cell| times.read(cell).is_some());
    let guessed = || Times::guess(&cells()).ok().flatten().filter(|_| !digits);
    match told.filter(fits).or_else(guessed) {
        Some(times) if cells().all(|cell| times.is_day(cell)) => Form::Date(times.in_zone(zone.clone())),
        Some(times) => Form::Time(times.in_zone(zone.clone())),
        None => Form::Text,
    }
}

/// What speaks against a guess.
pub(super) fn doubt(form: &Form, sample: &Sample<'_>) -> Option<&'static str> {
    let mut cells = sample.cells.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty()).peekable();
    let is_text = *form == Form::Text && cells.peek().is_some();
    let mut commas = false;
    let numbers = cells.all(|cell| {
        commas |= cell.contains(',');
        number(cell, true).is_some()
    });
    (is_text && numbers && commas).then_some("are these numbers with a comma? --decimal-comma")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_cells_tell_the_type() {
        let told = || Some(Times::from_format("%d.%m.%Y %H:%M"));
        for (cells, comma, told, expected) in [
            (&["1", "", "-2.5"][..], false, None, "number"),
            (&["1,5", "7"], true, None, "number"),
            (&["1,5", "7"], false, None, "text, in doubt"),
            (&["00123", "20100"], false, None, "text"),
            (&["4111111111111111"], false, None, "text"),
            (&["+391234567"], false, None, "text"),
            (&["TRUE", "false"], false, None, "truth"),
            (&["yes", "no"], false, None, "text"),
            (&["2026-01-05", ""], false, None, "date"),
            (&["2026-01-05T10:00:00Z"], false, None, "time"),
            (&["31/01/1980", "01/02/1980"], false, None, "date"),
            (&["01/02/1980"], false, None, "text"),
            (&["05.01.2026 10:00"], false, told(), "time"),
            (&["2026-01-05"], false, told(), "date"),
            (&["Rome", "1"], false, None, "text"),
            (&["", " "], false, None, "text"),
            (&[], false, None, "text"),
        ] {
            let sample = Sample { name: "x", cells: cells.to_vec(), is_typed: false };
            let form = form(&sample, comma, told, &TimeZone::UTC);
            let doubt = if doubt(&form, &sample).is_some() { ", in doubt" } else { "" };
            assert_eq!(format!("{}{doubt}", form.name()), expected, "{cells:?}");
        }
    }
}
