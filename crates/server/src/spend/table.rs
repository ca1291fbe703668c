//! Files of money: whatever stands before their titles, in whichever letters, with whichever delimiter.

use super::Fault;
use super::entry::SpendEntry;
use super::flight::FlightEntry;
use super::form::{Column, FLIGHTS, Form, SPEND, title};
use crate::amount::{Decimal, cell};
use anyhow::bail;
use engine::day::Day;
use engine::programme::decimal;
use std::collections::BTreeMap;

/// In the place of a currency where only the rest of a line is looked at: ISO 4217 keeps this code for tests.
const ANY_CURRENCY: &str = "XTS";

/// What a file does not say of itself.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    /// For lines that name none.
    pub channel: Option<String>,
    /// The same.
    pub campaign: Option<String>,
    /// The same.
    pub currency: Option<String>,
    /// Comma where semicolons stand between the cells, and point otherwise.
    pub decimal: Option<Decimal>,
    /// Whether `5/1/2026` is the fifth of January; found out from the file where it can be.
    pub day_first: Option<bool>,
    /// Its name, for the record.
    pub source: String,
}

/// What a file says.
pub struct Told<T> {
    pub form: Form,
    /// With the line of the file on which each begins.
    pub entries: Vec<(u64, T)>,
    pub refused: Vec<(u64, Fault)>,
    /// Lines that are sums of others.
    pub totals: u64,
    /// Lines that were added to one before, since they are about the same.
    pub added: u64,
}

/// Lines before which the titles must have come: reports have some words above them.
const TITLES_WITHIN: usize = 30;
/// The columns of a kind of file, and whose file it is by their names.
type Kind = (&'static [Column], fn(&[String]) -> Form);

const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// One line, its cells by field.
struct Row {
    line: u64,
    cells: BTreeMap<&'static str, String>,
}

struct Sheet {
    form: Form,
    /// That of the title of the amounts.
    currency: Option<String>,
    decimal: Decimal,
    rows: Vec<Row>,
    totals: u64,
}

impl Reader {
    /// What was spent.
    pub fn spend(&self, bytes: &[u8]) -> anyhow::Result<Told<SpendEntry>> {
        let text = decoded(bytes);
        let is_titles = |fields: &[&str]| {
            let has = |field: &str| fields.contains(&field);
            (has("day") || has("from")) && (has("amount") || has("hours"))
        };
        let Some(sheet) = self.sheet(&text, (SPEND, Form::of), is_titles) else {
            bail!(
                "there are no titles of columns in its first {TITLES_WITHIN} lines: a date (Date, Day, Reporting starts, \
                 Start Date) and an amount (Amount, Cost, Amount spent, Total Spent) are needed"
            )
        };
        let day_first = self.day_first(&sheet)?;
        let mut told = Told {
            form: sheet.form,
            entries: Vec::new(),
            refused: Vec::new(),
            totals: sheet.totals,
            added: 0,
        };
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        for row in &sheet.rows {
            match self.entry(&sheet, row, day_first) {
                Err(fault) => told.refused.push((row.line, fault)),
                Ok(entry) => match places.get(&about(&entry)) {
                    None => {
                        places.insert(about(&entry), told.entries.len());
                        told.entries.push((row.line, entry));
                    }
                    Some(_) if entry.key.is_some() => {
                        told.refused.push((row.line, Fault::new("key", "a line before has the same key")));
                    }
                    Some(place) => match add(&mut told.entries[*place].1, &entry) {
                        Ok(()) => told.added += 1,
                        Err(fault) => told.refused.push((row.line, fault)),
                    },
                },
            }
        }
        Ok(told)
    }

    /// What was done outside of the net.
    pub fn flights(&self, bytes: &[u8]) -> anyhow::Result<Told<FlightEntry>> {
        let text = decoded(bytes);
        let is_titles = |fields: &[&str]| fields.contains(&"medium") && fields.contains(&"from");
        let Some(sheet) = self.sheet(&text, (FLIGHTS, |_| Form::Simple), is_titles) else {
            bail!(
                "there are no titles of columns in its first {TITLES_WITHIN} lines: `medium` and `from` are needed"
            )
        };
        let mut told =
            Told { form: Form::Simple, entries: Vec::new(), refused: Vec::new(), totals: 0, added: 0 };
        for row in &sheet.rows {
            let text = |field: &str| row.cells.get(field).cloned().unwrap_or_default();
            let there = |field: &str| row.cells.get(field).cloned();
            let number = |field: &'static str, decimals| number(row, field, sheet.decimal, decimals);
            let counts = (|| Ok((number("contacts", 0)?, number("universe", 0)?, number("pieces", 0)?)))();
            let amounts = (|| Ok((number("amount", 6)?, number("grp", 6)?)))();
            match (counts, amounts) {
                (Ok((contacts, universe, pieces)), Ok((amount, grp))) => {
                    let written = |millionths: i64| decimal(millionths.into()).into();
                    let codes = text("codes");
                    let entry = FlightEntry {
                        key: there("key"),
                        medium: text("medium"),
                        place: text("place"),
                        campaign: there("campaign").or_else(|| self.campaign.clone()).unwrap_or_default(),
                        from: text("from"),
                        until: there("until"),
                        amount: amount.map(written),
                        currency: self.currency_of(&sheet, row),
                        contacts: contacts.map(i64::unsigned_abs),
                        grp: grp.map(written),
                        universe: universe.map(i64::unsigned_abs),
                        pieces: pieces.map(i64::unsigned_abs),
                        codes: codes
                            .split([' ', '|', '+'])
                            .filter(|code| !code.is_empty())
                            .map(Into::into)
                            .collect(),
                        source: Some(self.source.clone()),
                    };
                    told.entries.push((row.line, entry));
                }
                (Err(fault), _) | (_, Err(fault)) => told.refused.push((row.line, fault)),
            }
        }
        Ok(told)
    }

    /// The rows below the titles; `None` where there are none.
    fn sheet(&self, text: &str, (columns, form): Kind, is_titles: impl Fn(&[&str]) -> bool) -> Option<Sheet> {
        DELIMITERS.into_iter().find_map(|delimiter| {
            let mut builder = csv::ReaderBuilder::new();
            builder.delimiter(delimiter).has_headers(false).flexible(true);
            let mut records = builder.from_reader(text.as_bytes()).into_records();
            let mut titles = None;
            for record in records.by_ref().take(TITLES_WITHIN) {
                let cells: Vec<(String, Option<String>)> = record.ok()?.iter().map(title).collect();
                let fields = fields(columns, &cells);
                let named: Vec<&str> = fields.iter().map(|(field, _)| *field).collect();
                if is_titles(&named) {
                    titles = Some((cells, fields));
                    break;
                }
            }
            let (cells, fields) = titles?;
            let names: Vec<String> = cells.iter().map(|(name, _)| name.clone()).collect();
            let amount = fields.iter().find(|(field, _)| *field == "amount");
            let usual = if delimiter == b';' { Decimal::Comma } else { Decimal::Point };
            let mut sheet = Sheet {
                form: form(&names),
                currency: amount.and_then(|(_, place)| cells[*place].1.clone()),
                decimal: self.decimal.unwrap_or(usual),
                rows: Vec::new(),
                totals: 0,
            };
            for record in records {
                let record = record.ok()?;
                let line = record.position().map_or(0, csv::Position::line);
                sheet.take(&record, line, &fields);
            }
            Some(sheet)
        })
    }

    fn entry(&self, sheet: &Sheet, row: &Row, day_first: bool) -> Result<SpendEntry, Fault> {
        let there = |field: &str| row.cells.get(field).cloned();
        let day = |field: &'static str| match row.cells.get(field) {
            None => Ok(None),
            Some(text) => match day(text, day_first) {
                Some(day) => Ok(Some(day.to_string())),
                None => Err(Fault::new(field, format!("\"{text}\" is no day"))),
            },
        };
        let count = |field| {
            let number = number(row, field, sheet.decimal, 0)?;
            let count = number.map(u64::try_from).transpose();
            count.map_err(|_| Fault::new(field, "nothing is counted below zero"))
        };
        let written = |field, decimals| {
            let number = number(row, field, sheet.decimal, decimals)?;
            let scale = 10_i128.pow(6 - decimals as u32);
            Ok(number.map(|number| decimal(i128::from(number) * scale).into()))
        };
        let (date, from, until) = (day("day")?, day("from")?, day("until")?);
        let is_one_day = date.is_some() || until.is_none();
        let entry = SpendEntry {
            key: there("key"),
            date: date.or_else(|| from.clone().filter(|_| is_one_day)),
            from: from.filter(|_| !is_one_day),
            until: until.filter(|_| !is_one_day),
            channel: there("channel")
                .or_else(|| self.channel.clone())
                .or_else(|| sheet.form.channel().map(str::to_owned))
                .unwrap_or_default(),
            campaign: there("campaign").or_else(|| self.campaign.clone()).unwrap_or_default(),
            kind: there("for"),
            amount: written("amount", 6)?,
            currency: self.currency_of(sheet, row),
            impressions: count("impressions")?,
            clicks: count("clicks")?,
            reach: count("reach")?,
            hours: written("hours", 3)?,
            rate: written("rate", 6)?,
            source: Some(self.source.clone()),
        };
        // What is wrong with a whole line is told by its number, and not when it is sent.
        entry.line(Some(ANY_CURRENCY)).map(|_| entry)
    }

    fn currency_of(&self, sheet: &Sheet, row: &Row) -> Option<String> {
        row.cells
            .get("currency")
            .cloned()
            .or_else(|| sheet.currency.clone())
            .or_else(|| self.currency.clone())
    }

    /// Whether the day stands before the month where both are numbers between slashes.
    fn day_first(&self, sheet: &Sheet) -> anyhow::Result<bool> {
        if let Some(day_first) = self.day_first {
            return Ok(day_first);
        }
        let dates =
            sheet.rows.iter().flat_map(|row| ["day", "from", "until"].map(|field| row.cells.get(field)));
        let pairs: Vec<(u32, u32)> = dates
            .flatten()
            .filter_map(|text| {
                let mut numbers = text.split('/').map(|number| number.trim().parse::<u32>().ok());
                Some((numbers.next()??, numbers.next()??))
            })
            .collect();
        let (is_day_first, is_month_first) =
            (pairs.iter().any(|(first, _)| *first > 12), pairs.iter().any(|(_, second)| *second > 12));
        match (is_day_first, is_month_first, sheet.form) {
            (false, true, _) | (false, false, Form::LinkedIn) => Ok(false),
            (true, false, _) => Ok(true),
            _ if pairs.iter().all(|(first, second)| first == second) => Ok(true),
            _ => bail!(
                "its dates, such as {}/{}, may begin with the day or with the month: say --dates day-first or month-first",
                pairs[0].0,
                pairs[0].1
            ),
        }
    }
}

impl Sheet {
    fn take(&mut self, record: &csv::StringRecord, line: u64, fields: &[(&'static str, usize)]) {
        let cells: BTreeMap<&'static str, String> = fields
            .iter()
            .filter_map(|(field, place)| {
                let text = record.get(*place)?.trim();
                let is_there = !text.is_empty() && !text.chars().all(|c| c == '-' || c == '—');
                is_there.then(|| (*field, text.to_owned()))
            })
            .collect();
        if record.iter().all(|cell| cell.trim().is_empty()) {
            return;
        }
        // A platform's sum of other lines: the first cell says so, or it names no campaign, or no day.
        let says_total = record.iter().take(2).any(|cell| cell.trim().to_lowercase().starts_with("total"));
        let is_named =
            cells.contains_key("campaign") && (cells.contains_key("day") || cells.contains_key("from"));
        let has_campaigns = fields.iter().any(|(field, _)| *field == "campaign");
        if says_total || (self.form != Form::Simple && has_campaigns && !is_named) {
            self.totals += 1;
            return;
        }
        self.rows.push(Row { line, cells });
    }
}

/// For each field the column that has it.
fn fields(columns: &'static [Column], titles: &[(String, Option<String>)]) -> Vec<(&'static str, usize)> {
    let place =
        |names: &[&str]| names.iter().find_map(|name| titles.iter().position(|(title, _)| title == name));
    columns.iter().filter_map(|(field, names)| Some((*field, place(names)?))).collect()
}

fn decoded(bytes: &[u8]) -> String {
    // The mark of the byte order says which it is; files without one are UTF-8, or else Windows-1252.
    if let Some((encoding, _)) = encoding_rs::Encoding::for_bom(bytes) {
        return encoding.decode(bytes).0.into_owned();
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned(),
    }
}

fn number(row: &Row, field: &'static str, point: Decimal, decimals: usize) -> Result<Option<i64>, Fault> {
    let Some(text) = row.cells.get(field) else { return Ok(None) };
    let wrong = || {
        let sign = if point == Decimal::Point { "a point" } else { "a comma" };
        let reason =
            format!("\"{text}\" is no number with {sign} before its decimals (--decimal says otherwise)");
        Fault::new(field, reason)
    };
    cell(text, point, decimals).map(Some).ok_or_else(wrong)
}

/// `2026-01-31`, perhaps with a time behind it, `31.1.2026`, `1/31/2026`, `Jan 31, 2026`.
fn day(text: &str, day_first: bool) -> Option<Day> {
    let text = text.trim();
    if let Some(day) = text.get(..10).and_then(Day::parse) {
        let behind = &text[10..];
        return (behind.is_empty() || behind.starts_with([' ', 'T'])).then_some(day);
    }
    let date = |year: &str, month: i8, day: &str| {
        let (year, day) = (year.trim().parse().ok().filter(|year| *year > 1_000)?, day.trim().parse().ok()?);
        jiff::civil::Date::new(year, month, day).ok().map(Day::of_date)
    };
    let parts: Vec<&str> = text.split(['/', '.', '-']).collect();
    if let [first, second, year] = parts[..] {
        let is_day_first = day_first || !text.contains('/');
        let (day, month) = if is_day_first { (first, second) } else { (second, first) };
        return date(year, month.trim().parse().ok()?, day);
    }
    let (month, rest) = text.split_once(' ')?;
    let (day, year) = rest.split_once(',')?;
    let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let month = months.iter().position(|name| month.to_lowercase().starts_with(name))?;
    date(year, month as i8 + 1, day)
}

/// What a line is about: lines of one campaign, day and channel are one, however the report divides them.
fn about(entry: &SpendEntry) -> String {
    entry.key.clone().unwrap_or_else(|| {
        let whole = |text: &Option<String>| text.clone().unwrap_or_default();
        let days = [whole(&entry.date), whole(&entry.from), whole(&entry.until)].concat();
        [days, entry.channel.clone(), entry.campaign.clone(), whole(&entry.kind)].join("\u{0}")
    })
}

/// Adds a line to one about the same.
fn add(to: &mut SpendEntry, more: &SpendEntry) -> Result<(), Fault> {
    if to.currency != more.currency {
        return Err(Fault::new("currency", "a line before about the same is in another currency"));
    }
    let millionths = |entry: &SpendEntry| {
        entry.line(Some(ANY_CURRENCY)).map(|line| (i128::from(line.money.millionths), line.counts.minutes))
    };
    let ((one, minutes), (other, _)) = (millionths(to)?, millionths(more)?);
    if minutes.is_some() {
        return Err(Fault::new("hours", "a line before is about the same; give them keys"));
    }
    to.amount = Some(decimal(one + other).into());
    let sum = |one: Option<u64>, other: Option<u64>| match (one, other) {
        (None, None) => None,
        (one, other) => Some(one.unwrap_or(0) + other.unwrap_or(0)),
    };
    to.impressions = sum(to.impressions, more.impressions);
    to.clicks = sum(to.clicks, more.clicks);
    // The same person may be in both.
    to.reach = None;
    Ok(())
}

#[cfg(test)]
mod tests;
