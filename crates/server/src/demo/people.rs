//! Who comes to the shop. Everybody is invented, and every address is under a name that nobody can own (RFC 2606).

use super::dice::Dice;

/// Somebody who may come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) first_name: &'static str,
    pub(super) last_name: &'static str,
    pub(super) country: &'static str,
    pub(super) language: &'static str,
    pub(super) email: String,
    /// The shop's own number for them.
    pub(super) user_id: String,
}

/// First name, last name, country, language.
const NAMES: [(&str, &str, &str, &str); 42] = [
    ("Giulia", "Bianchi", "IT", "it"),
    ("Emma", "Walker", "GB", "en"),
    ("Marco", "Rossi", "IT", "it"),
    ("Camille", "Laurent", "FR", "fr"),
    ("Chiara", "Esposito", "IT", "it"),
    ("Oliver", "Hughes", "GB", "en"),
    ("Luca", "Ferrari", "IT", "it"),
    ("Sofia", "Romano", "IT", "it"),
    ("Hugo", "Moreau", "FR", "fr"),
    ("Grace", "O’Connor", "IE", "en"),
    ("Matteo", "Colombo", "IT", "it"),
    ("Francesca", "Ricci", "IT", "it"),
    ("James", "Bennett", "US", "en"),
    ("Élodie", "Girard", "FR", "fr"),
    ("Alessandro", "Marino", "IT", "it"),
    ("Martina", "Greco", "IT", "it"),
    ("Charlotte", "Evans", "GB", "en"),
    ("Lorenzo", "Bruno", "IT", "it"),
    ("Elena", "Gallo", "IT", "it"),
    ("Noah", "Fischer", "US", "en"),
    ("Davide", "Conti", "IT", "it"),
    ("Anaïs", "Roux", "FR", "fr"),
    ("Valentina", "De Luca", "IT", "it"),
    ("Amelia", "Clarke", "GB", "en"),
    ("Simone", "Mancini", "IT", "it"),
    ("Beatrice", "Costa", "IT", "it"),
    ("Liam", "Murphy", "IE", "en"),
    ("Federico", "Giordano", "IT", "it"),
    ("Ilaria", "Rizzo", "IT", "it"),
    ("Théo", "Fontaine", "FR", "fr"),
    ("Harriet", "Shaw", "GB", "en"),
    ("Stefano", "Lombardi", "IT", "it"),
    ("Alice", "Moretti", "IT", "it"),
    ("Benjamin", "Scott", "US", "en"),
    ("Silvia", "Barbieri", "IT", "it"),
    ("Tommaso", "Fontana", "IT", "it"),
    ("Margot", "Chevalier", "FR", "fr"),
    ("Nicola", "Santoro", "IT", "it"),
    ("Isla", "Campbell", "GB", "en"),
    ("Serena", "Caruso", "IT", "it"),
    ("Pietro", "Rinaldi", "IT", "it"),
    ("Ruth", "Adeyemi", "GB", "en"),
];

/// Under this name the mailbox knows nobody.
pub(super) const UNKNOWN_THERE: &str = "nowhere.example";
/// Under this name the mailbox wants every first letter twice.
pub(super) const HESITANT: &str = "hesitant.example";

impl Person {
    /// The person with this number. The first are those of the list; the later ones mix its first and last names.
    pub(super) fn number(number: usize) -> Self {
        let (first_name, _, country, language) = NAMES[number % NAMES.len()];
        let round = number / NAMES.len();
        let (_, last_name, ..) = NAMES[(number + round * 11) % NAMES.len()];
        let tail = if round < NAMES.len() { String::new() } else { (round / NAMES.len()).to_string() };
        let local = format!("{}.{}{tail}", plain(first_name), plain(last_name));
        let email = format!("{local}@{}", ["example.com", "example.org", "example.net"][number % 3]);
        Self { first_name, last_name, country, language, email, user_id: format!("c-{}", 1001 + number) }
    }

    /// The same person with an address at another place.
    pub(super) fn at(mut self, domain: &str) -> Self {
        let local = self.email.split('@').next().unwrap_or_default();
        self.email = format!("{local}@{domain}");
        self
    }

    /// The language of the shop that they read: it speaks Italian to whoever speaks neither of its two.
    pub(super) fn reads(&self) -> &'static str {
        if self.language == "en" { "en" } else { "it" }
    }
}

/// Letters as they stand in addresses.
fn plain(name: &str) -> String {
    let letter = |letter: char| match letter {
        'é' | 'É' | 'è' => Some('e'),
        'ï' => Some('i'),
        letter if letter.is_ascii_alphabetic() => Some(letter.to_ascii_lowercase()),
        _ => None,
    };
    name.chars().filter_map(letter).collect()
}

/// What somebody browses with.
pub(super) fn user_agent(dice: &mut Dice) -> &'static str {
    const DEVICES: [&str; 4] = [
        "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1",
        "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
    ];
    dice.pick(&DEVICES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn nobody_is_invented_twice() {
        let people: Vec<Person> = (0..20_000).map(Person::number).collect();
        let emails: BTreeSet<&str> = people.iter().map(|person| person.email.as_str()).collect();
        assert_eq!(emails.len(), people.len());
        assert!(emails.iter().all(|email| email.is_ascii()));
        let languages: BTreeSet<&str> = people.iter().take(40).map(|person| person.language).collect();
        assert_eq!(languages, ["en", "fr", "it"].into());
    }
}
