//! The words that forms have of themselves, where their author writes none.

use super::super::texts::Language;
use engine::programme::FieldKind;

/// What a field is called.
pub(super) fn label(name: &str, language: Language) -> String {
    let known = match name {
        "email" => Some(("Email", "Email")),
        "phone" => Some(("Telefono", "Phone")),
        "first_name" => Some(("Nome", "First name")),
        "last_name" => Some(("Cognome", "Last name")),
        "company" => Some(("Azienda", "Company")),
        "city" => Some(("Città", "City")),
        "birthday" => Some(("Compleanno", "Birthday")),
        _ => None,
    };
    if let Some((italian, english)) = known {
        return language.say(italian, english).to_owned();
    }
    let spaced = name.replace('_', " ");
    let mut letters = spaced.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// What browsers know to fill in.
pub(super) fn autocomplete(name: &str) -> &'static str {
    match name {
        "email" => "email",
        "phone" => "tel",
        "first_name" => "given-name",
        "last_name" => "family-name",
        "company" => "organization",
        "city" => "address-level2",
        "country" => "country-name",
        "birthday" => "bday",
        _ => "off",
    }
}

/// What is wrong with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    Missing,
    Malformed(FieldKind),
    TooLong(usize),
}

impl Wrong {
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed(_) => "malformed",
            Self::TooLong(_) => "too_long",
        }
    }

    pub(super) fn text(self, language: Language) -> String {
        let (italian, english) = match self {
            Self::Missing => ("Manca questo.", "This is missing."),
            Self::Malformed(FieldKind::Email) => (
                "Questo non è un indirizzo email: per esempio ada@esempio.it.",
                "This is no email address: for example ada@example.com.",
            ),
            Self::Malformed(FieldKind::Phone) => (
                "Questo non è un numero di telefono: per esempio +39 055 1234567.",
                "This is no phone number: for example +44 20 7946 0000.",
            ),
            Self::Malformed(FieldKind::Number) => ("Questo non è un numero.", "This is no number."),
            Self::Malformed(FieldKind::Date) => {
                ("Questa non è una data: per esempio 1990-05-31.", "This is no date: for example 1990-05-31.")
            }
            Self::Malformed(_) => ("Scegli una delle risposte.", "Choose one of the answers."),
            Self::TooLong(most) => {
                return language.say(
                    format!("È troppo lungo: al massimo {most} caratteri."),
                    format!("This is too long: {most} characters at most."),
                );
            }
        };
        language.say(italian, english).to_owned()
    }
}

/// Why a form is shown once more although nothing in it is wrong, or not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    /// It came from a page that has no stamp.
    Unstamped,
    /// It lay open for too long, or was sent faster than anybody writes.
    Stamp,
    Work,
    TooMany,
    Mistakes,
}

impl Again {
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Unstamped => "unstamped",
            Self::Stamp => "bad_stamp",
            Self::Work => "work_missing",
            Self::TooMany => "too_many",
            Self::Mistakes => "mistakes",
        }
    }

    pub(super) fn text(self, language: Language) -> &'static str {
        let (italian, english) = match self {
            Self::Unstamped => ("Controlla, e invia.", "Please check it, and send it."),
            Self::Stamp => {
                ("Ancora un momento: invia di nuovo, per favore.", "One moment more: please send it again.")
            }
            Self::Work => ("Questo modulo ha bisogno di JavaScript.", "This form needs JavaScript."),
            Self::TooMany => (
                "Troppe richieste in poco tempo: riprova tra un quarto d’ora.",
                "Too many requests in a short time: please try again in a quarter of an hour.",
            ),
            Self::Mistakes => {
                ("Qualcosa non va: guarda i campi segnati.", "Something is not right: see the marked fields.")
            }
        };
        language.say(italian, english)
    }
}
