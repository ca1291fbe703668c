//! Something done outside of the net, as a client tells it, and as it goes into the log.

use super::Fault;
use crate::amount::scaled;
use engine::at::At;
use engine::day::Day;
use engine::limits::FLIGHT_CODES_MAX;
use engine::programme::{Money, decimal, nearest};
use engine::record::{FlightRecorded, Medium};
use engine::spend::Flight;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A spot, an advertisement, a round of flyers, a fair: something done outside of the net.
#[derive(Clone, Debug, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FlightEntry {
    /// Names it for ever: a second one with the same key takes the place of the first. Absent for one that is made of medium,
    /// place and beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// `tv`, `radio`, `press`, `outdoor`, `flyer`, `door-to-door`, `fair` or `call`.
    #[serde(default)]
    pub medium: String,
    /// Which station, paper, street or fair.
    #[serde(default)]
    pub place: String,
    #[serde(default)]
    pub campaign: String,
    /// A day where the programme is, or an instant as `2026-01-31T20:15:00+01:00`; one without its offset is where the
    /// programme is.
    #[serde(default)]
    pub from: String,
    /// The last day, or the instant at which it is over; the end of the day on which it begins, or its beginning, when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// A number, or a text with one; nothing when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub amount: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// How often it met somebody, the same people counted each time; or `grp` and `universe`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contacts: Option<u64>,
    /// Gross rating points: contacts in hundredths of the universe.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub grp: Option<Value>,
    /// How many people the points are of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub universe: Option<u64>,
    /// How many were handed out, printed or dialled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pieces: Option<u64>,
    /// Codes by which people say that they met it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

fn number(field: &str, value: &Value, decimals: usize) -> Result<i64, Fault> {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    scaled(&text, decimals)
        .ok_or_else(|| Fault::new(field, format!("{text} is no number with {decimals} decimals at most")))
}

/// When a text says that something begins, and the end of the day if it is a day.
fn instant(field: &str, text: &str, timezone: &TimeZone) -> Result<(At, Option<At>), Fault> {
    let text = text.trim();
    if let Some(day) = Day::parse(text) {
        return Ok((day.begin(timezone), Some(day.plus(1).begin(timezone))));
    }
    if let Ok(timestamp) = text.parse::<jiff::Timestamp>() {
        return Ok((At(timestamp.as_millisecond()), None));
    }
    let local = text.parse::<jiff::civil::DateTime>().ok().filter(|_| !text.contains('['));
    let local = local.and_then(|local| local.to_zoned(timezone.clone()).ok());
    let at = local.map(|zoned| At(zoned.timestamp().as_millisecond()));
    let wrong =
        || Fault::new(field, format!("\"{text}\" is no time: write 2026-01-31, or 2026-01-31T20:15:00"));
    at.map(|at| (at, None)).ok_or_else(wrong)
}

impl FlightEntry {
    /// The flight, with all that was left out. `own` is the programme's currency.
    pub fn flight(&self, own: Option<&str>, timezone: &TimeZone) -> Result<Flight, Fault> {
        let word = self.medium.trim().to_lowercase().replace([' ', '_'], "-");
        let medium = Medium::ALL.into_iter().find(|medium| medium.name() == word).ok_or_else(|| {
            let names = Medium::ALL.map(Medium::name);
            let way_out = match nearest(&word, names) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("write {}", names.join(", ")),
            };
            Fault::new("medium", format!("\"{word}\" is no medium: {way_out}"))
        })?;
        let (from, end_of_day) = instant("from", &self.from, timezone)?;
        let until = match &self.until {
            None => end_of_day.unwrap_or(from),
            Some(text) => {
                let (at, end) = instant("until", text, timezone)?;
                end.unwrap_or(at)
            }
        };
        let millionths = self.amount.as_ref().map_or(Ok(0), |amount| number("amount", amount, 6))?;
        let currency = self.currency.as_deref().or(own).ok_or_else(|| {
            Fault::new("currency", "nobody says in which currency: name it, or let the programme have one")
        })?;
        if self.codes.len() > FLIGHT_CODES_MAX {
            return Err(Fault::new("codes", format!("a flight has at most {FLIGHT_CODES_MAX} codes")));
        }
        let place = self.place.trim().to_owned();
        let key = match &self.key {
            Some(key) => key.trim().to_owned(),
            None => format!("{}/{place}/{from}", medium.name()),
        };
        Ok(Flight {
            key,
            campaign: self.campaign.trim().to_owned(),
            medium,
            place,
            from,
            until,
            money: Money { millionths, currency: currency.trim().to_uppercase() },
            contacts: self.contacts()?,
            pieces: self.pieces,
            codes: self.codes.iter().map(|code| code.trim().to_owned()).collect(),
            source: self.source.clone().unwrap_or_else(|| "api".to_owned()),
        })
    }

    /// As they were counted, or as rating points of a universe say.
    fn contacts(&self) -> Result<Option<u64>, Fault> {
        match (self.contacts, &self.grp, self.universe) {
            (contacts, None, None) => Ok(contacts),
            (None, Some(grp), Some(universe)) => {
                let points = number("grp", grp, 6)?;
                let points =
                    u128::try_from(points).map_err(|_| Fault::new("grp", "it is less than nothing"))?;
                let contacts = u64::try_from(points * u128::from(universe) / 100_000_000);
                contacts.map(Some).map_err(|_| Fault::new("grp", "this is more than there are people"))
            }
            (Some(_), ..) => {
                Err(Fault::new("grp", "say contacts, or points and their universe, and not both"))
            }
            (None, Some(_), None) => Err(Fault::new("universe", "say of how many people the points are")),
            (None, None, Some(_)) => Err(Fault::new("grp", "the points are missing")),
        }
    }
}

/// The record of a flight.
pub fn record<'a>(flight: &'a Flight, recorded_at: At, operator: &'a str) -> FlightRecorded<'a> {
    FlightRecorded {
        key: &flight.key,
        campaign: &flight.campaign,
        medium: flight.medium,
        place: &flight.place,
        from: flight.from,
        until: flight.until,
        millionths: flight.money.millionths,
        currency: &flight.money.currency,
        contacts: flight.contacts,
        pieces: flight.pieces,
        codes: flight.codes.iter().map(String::as_str).collect(),
        source: &flight.source,
        recorded_at,
        operator,
    }
}

/// A flight as it is told back.
impl From<&Flight> for FlightEntry {
    fn from(flight: &Flight) -> Self {
        Self {
            key: Some(flight.key.clone()),
            medium: flight.medium.name().to_owned(),
            place: flight.place.clone(),
            campaign: flight.campaign.clone(),
            from: flight.from.to_string(),
            until: Some(flight.until.to_string()),
            amount: Some(decimal(flight.money.millionths.into()).into()),
            currency: Some(flight.money.currency.clone()),
            contacts: flight.contacts,
            grp: None,
            universe: None,
            pieces: flight.pieces,
            codes: flight.codes.clone(),
            source: Some(flight.source.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn flight(told: Value) -> Result<Flight, Fault> {
        let rome = engine::programme::timezone("Europe/Rome").unwrap();
        serde_json::from_value::<FlightEntry>(told).unwrap().flight(Some("EUR"), &rome)
    }

    #[test]
    fn times_are_those_of_the_place_and_points_become_contacts() {
        for (told, from, until) in [
            (json!({"from": "2026-01-05"}), "2026-01-04T23:00:00.000Z", "2026-01-05T23:00:00.000Z"),
            (
                json!({"from": "2026-03-28", "until": "2026-03-29"}),
                "2026-03-27T23:00:00.000Z",
                "2026-03-29T22:00:00.000Z",
            ),
            (json!({"from": "2026-01-05 20:15"}), "2026-01-05T19:15:00.000Z", "2026-01-05T19:15:00.000Z"),
            (
                json!({"from": "2026-01-05T20:15:00Z", "until": "2026-01-05T20:15:30Z"}),
                "2026-01-05T20:15:00.000Z",
                "2026-01-05T20:15:30.000Z",
            ),
        ] {
            let mut whole = told.clone();
            whole["medium"] = "Radio".into();
            let flight = flight(whole).unwrap();
            assert_eq!(
                (flight.from.to_string().as_str(), flight.until.to_string().as_str()),
                (from, until),
                "{told}"
            );
        }
        let points = json!({"medium": "tv", "from": "2026-01-05", "grp": 12.5, "universe": 2_000_000});
        assert_eq!(flight(points).unwrap().contacts, Some(250_000));
    }

    #[test]
    fn what_is_wrong_is_named_by_its_field() {
        for (told, field) in [
            (json!({"medium": "radoi", "from": "2026-01-05"}), "medium"),
            (json!({"medium": "tv", "from": "tonight"}), "from"),
            (json!({"medium": "tv", "from": "2026-01-05", "until": "later"}), "until"),
            (json!({"medium": "tv", "from": "2026-01-05", "codes": vec!["A"; 21]}), "codes"),
            (json!({"medium": "tv", "from": "2026-01-05", "grp": 3}), "universe"),
            (json!({"medium": "tv", "from": "2026-01-05", "universe": 3}), "grp"),
            (json!({"medium": "tv", "from": "2026-01-05", "grp": -3, "universe": 3}), "grp"),
            (json!({"medium": "tv", "from": "2026-01-05", "grp": 3, "universe": 3, "contacts": 1}), "grp"),
            (json!({"medium": "tv", "from": "2026-01-05", "amount": "many"}), "amount"),
        ] {
            assert_eq!(flight(told.clone()).unwrap_err().field, field, "{told}");
        }
    }
}
