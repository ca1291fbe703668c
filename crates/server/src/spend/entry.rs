//! One line of what was spent, as a client tells it, and as it goes into the log.

use super::Fault;
use crate::amount::scaled;
use engine::at::At;
use engine::day::Day;
use engine::programme::{CostKind, Money, decimal, nearest};
use engine::record::{SpendCounts, SpendRecorded};
use engine::spend::SpendLine;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A line of what was spent.
#[derive(Clone, Debug, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SpendEntry {
    /// Names the line for ever: a second one with the same key takes the place of the first. Absent for one that is made of
    /// source, channel, days, campaign and what it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The day, as `2026-01-31`; or `from` and `until`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    #[serde(default)]
    pub channel: String,
    /// Its name, or what the platform calls it; absent where it was for none.
    #[serde(default)]
    pub campaign: String,
    /// `media` when absent, `content`, `people` or `other`.
    #[serde(rename = "for", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// A number, or a text with one; six decimals at most. Negative where money came back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub amount: Option<Value>,
    /// Three letters; the programme's own when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub impressions: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clicks: Option<u64>,
    /// Different people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reach: Option<u64>,
    /// Hours of people, with `rate` in place of an amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub hours: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub rate: Option<Value>,
    /// Where it was told; `api` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// A number of JSON, or a text with one, at a scale.
fn number(field: &str, value: &Value, decimals: usize) -> Result<i64, Fault> {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    scaled(&text, decimals)
        .ok_or_else(|| Fault::new(field, format!("{text} is no number with {decimals} decimals at most")))
}

fn day(field: &str, text: &str) -> Result<Day, Fault> {
    Day::parse(text.trim())
        .ok_or_else(|| Fault::new(field, format!("\"{text}\" is no day: write it as 2026-01-31")))
}

impl SpendEntry {
    /// The line, with all that was left out. `own` is the programme's currency.
    pub fn line(&self, own: Option<&str>) -> Result<SpendLine, Fault> {
        let (from, until) = self.days()?;
        let (millionths, minutes) = self.millionths()?;
        let kind = match self.kind.as_deref() {
            None => {
                if minutes.is_some() {
                    CostKind::People
                } else {
                    CostKind::Media
                }
            }
            Some(word) => kind(word)?,
        };
        let currency = self.currency.as_deref().or(own);
        let currency = currency.ok_or_else(|| {
            Fault::new("currency", "nobody says in which currency: name it, or let the programme have one")
        })?;
        let channel = channel(&self.channel);
        if channel.is_empty() {
            return Err(Fault::new("channel", "say on which channel, such as paid-search"));
        }
        let campaign = self.campaign.trim().to_owned();
        let source = self.source.clone().unwrap_or_else(|| "api".to_owned());
        let key = match &self.key {
            Some(key) => key.trim().to_owned(),
            None => {
                let until = if until == from { String::new() } else { format!("..{until}") };
                format!("{channel}/{from}{until}/{}/{campaign}", kind.name())
            }
        };
        let SpendEntry { impressions, clicks, reach, .. } = *self;
        let counts = SpendCounts { impressions, clicks, reach, minutes };
        let money = Money { millionths, currency: currency.trim().to_uppercase() };
        Ok(SpendLine { key, campaign, channel, kind, from, until, money, counts, source })
    }

    fn days(&self) -> Result<(Day, Day), Fault> {
        match (&self.date, &self.from, &self.until) {
            (Some(date), None, None) => {
                let day = day("date", date)?;
                Ok((day, day))
            }
            (None, Some(from), Some(until)) => Ok((day("from", from)?, day("until", until)?)),
            (Some(_), _, _) => Err(Fault::new("date", "say the day, or from and until, and not both")),
            (None, None, None) => Err(Fault::new("date", "the day is missing")),
            (None, Some(_), None) => Err(Fault::new("until", "the last day is missing")),
            (None, None, Some(_)) => Err(Fault::new("from", "the first day is missing")),
        }
    }

    /// The amount, and the minutes of work in it.
    fn millionths(&self) -> Result<(i64, Option<u64>), Fault> {
        match (&self.amount, &self.hours, &self.rate) {
            (Some(amount), None, None) => Ok((number("amount", amount, 6)?, None)),
            (None, Some(hours), Some(rate)) => {
                let (hours, rate) = (number("hours", hours, 3)?, number("rate", rate, 6)?);
                if hours < 0 {
                    return Err(Fault::new("hours", "nobody works for less than no time"));
                }
                let millionths = i128::from(hours) * i128::from(rate) / 1_000;
                let millionths = i64::try_from(millionths);
                let millionths = millionths.map_err(|_| Fault::new("hours", "this is more than there is"))?;
                Ok((millionths, Some(hours.unsigned_abs() * 60 / 1_000)))
            }
            (None, None, None) => Err(Fault::new("amount", "the amount is missing")),
            (None, Some(_), None) => Err(Fault::new("rate", "say what an hour costs")),
            (None, None, Some(_)) => Err(Fault::new("hours", "say how many hours")),
            (Some(_), _, _) => {
                Err(Fault::new("amount", "say an amount, or hours and their rate, and not both"))
            }
        }
    }
}

/// A channel's name as the programme writes names: `Paid Search` is `paid-search`.
pub fn channel(text: &str) -> String {
    text.trim().to_lowercase().split_whitespace().collect::<Vec<_>>().join("-")
}

fn kind(word: &str) -> Result<CostKind, Fault> {
    let word = word.trim().to_lowercase();
    let found = CostKind::ALL.into_iter().find(|kind| kind.name() == word);
    found.ok_or_else(|| {
        let names = CostKind::ALL.map(CostKind::name);
        let way_out = match nearest(&word, names) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("write {}", names.join(", ")),
        };
        Fault::new("for", format!("\"{word}\" is nothing that money goes into: {way_out}"))
    })
}

/// The record of a line.
pub fn record<'a>(line: &'a SpendLine, recorded_at: At, operator: &'a str) -> SpendRecorded<'a> {
    SpendRecorded {
        key: &line.key,
        campaign: &line.campaign,
        channel: &line.channel,
        kind: line.kind,
        from: line.from,
        until: line.until,
        millionths: line.money.millionths,
        currency: &line.money.currency,
        counts: line.counts,
        source: &line.source,
        recorded_at,
        operator,
    }
}

/// A line as it is told back.
impl From<&SpendLine> for SpendEntry {
    fn from(line: &SpendLine) -> Self {
        let is_one_day = line.from == line.until;
        Self {
            key: Some(line.key.clone()).filter(|key| !key.is_empty()),
            date: is_one_day.then(|| line.from.to_string()),
            from: (!is_one_day).then(|| line.from.to_string()),
            until: (!is_one_day).then(|| line.until.to_string()),
            channel: line.channel.clone(),
            campaign: line.campaign.clone(),
            kind: Some(line.kind.name().to_owned()),
            amount: Some(decimal(line.money.millionths.into()).into()),
            currency: Some(line.money.currency.clone()),
            impressions: line.counts.impressions,
            clicks: line.counts.clicks,
            reach: line.counts.reach,
            hours: None,
            rate: None,
            source: Some(line.source.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn line(told: Value) -> Result<SpendLine, Fault> {
        serde_json::from_value::<SpendEntry>(told).unwrap().line(Some("EUR"))
    }

    #[test]
    fn what_is_left_out_is_usual() {
        let told = line(json!({"date": "2026-01-05", "channel": " Paid Search", "amount": 12.5})).unwrap();
        assert_eq!((told.channel.as_str(), told.kind), ("paid-search", CostKind::Media));
        assert_eq!((told.money.clone(), told.source.as_str()), (Money::new(12_500_000, "EUR"), "api"));
        assert_eq!(told.key, "paid-search/2026-01-05/media/");
        let work = json!({"from": "2026-01-05", "until": "2026-01-09", "channel": "blog", "campaign": "oil",
                          "hours": "7.5", "rate": 32, "currency": "usd"});
        let told = line(work).unwrap();
        assert_eq!((told.money.clone(), told.kind), (Money::new(240_000_000, "USD"), CostKind::People));
        assert_eq!((told.counts.minutes, told.days()), (Some(450), 5));
        assert_eq!(told.key, "blog/2026-01-05..2026-01-09/people/oil");
    }

    #[test]
    fn what_is_wrong_is_named_by_its_field() {
        for (told, field) in [
            (json!({"channel": "tv", "amount": 1}), "date"),
            (json!({"date": "5/1/2026", "channel": "tv", "amount": 1}), "date"),
            (json!({"date": "2026-01-05", "from": "2026-01-05", "channel": "tv", "amount": 1}), "date"),
            (json!({"from": "2026-01-05", "channel": "tv", "amount": 1}), "until"),
            (json!({"date": "2026-01-05", "amount": 1}), "channel"),
            (json!({"date": "2026-01-05", "channel": "tv"}), "amount"),
            (json!({"date": "2026-01-05", "channel": "tv", "amount": "1,5"}), "amount"),
            (json!({"date": "2026-01-05", "channel": "tv", "amount": 1e-9}), "amount"),
            (json!({"date": "2026-01-05", "channel": "tv", "amount": [1]}), "amount"),
            (json!({"date": "2026-01-05", "channel": "tv", "hours": 1}), "rate"),
            (json!({"date": "2026-01-05", "channel": "tv", "hours": -1, "rate": 2}), "hours"),
            (json!({"date": "2026-01-05", "channel": "tv", "amount": 1, "for": "medai"}), "for"),
        ] {
            assert_eq!(line(told.clone()).unwrap_err().field, field, "{told}");
        }
        let entry: SpendEntry =
            serde_json::from_value(json!({"date": "2026-01-05", "channel": "tv", "amount": 1})).unwrap();
        assert_eq!(entry.line(None).unwrap_err().field, "currency");
    }
}
