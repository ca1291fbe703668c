//! What reports say, in the languages that they are written in.

use engine::programme::ReportSection;

/// The language of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    En,
    It,
    Fr,
}

/// Words by their English.
const WORDS: &[(&str, &str, &str)] = &[
    ("from {} to {}", "dal {} al {}", "du {} au {}"),
    ("Key figures", "Indicatori", "Indicateurs"),
    ("Day by day", "Giorno per giorno", "Jour par jour"),
    ("Channels", "Canali", "Canaux"),
    ("Campaigns", "Campagne", "Campagnes"),
    ("What is to come", "Che cosa ci aspetta", "Ce qui vient"),
    ("Figure", "Indicatore", "Indicateur"),
    ("These days", "Periodo", "Période"),
    ("Before", "Prima", "Avant"),
    ("Day", "Giorno", "Jour"),
    ("Channel", "Canale", "Canal"),
    ("Campaign", "Campagna", "Campagne"),
    ("between {} and {}", "tra {} e {}", "entre {} et {}"),
    ("at least {}", "almeno {}", "au moins {}"),
    ("at most {}", "al massimo {}", "au plus {}"),
    ("Target", "Traguardo", "Valeur cible"),
    ("{} % under", "{} % sotto", "{} % en dessous"),
    ("{} % over", "{} % sopra", "{} % au-dessus"),
    ("met", "raggiunto", "atteinte"),
    ("on course", "in linea", "en bonne voie"),
    ("behind", "indietro", "en retard"),
    ("undefined", "non definito", "non défini"),
    ("none", "nessuna", "aucune"),
    (
        "Intervals are at 95 %. What is divided by nothing is undefined, and not zero. Before: as many days earlier.",
        "Gli intervalli sono al 95 %. Ciò che si divide per niente non è definito, e non è zero. Prima: altrettanti giorni prima.",
        "Les intervalles sont à 95 %. Ce qui est divisé par rien n’est pas défini, et n’est pas zéro. Avant : autant de jours plus tôt.",
    ),
    (
        "By what brought people last within thirty days: one way of sharing credit among several.",
        "Per ciò che ha portato le persone per ultimo in trenta giorni: un modo fra tanti di attribuire il merito.",
        "Selon ce qui a amené les gens en dernier sous trente jours : une façon parmi d’autres de partager le mérite.",
    ),
    (
        "Each day with an interval at 90 %.",
        "Ogni giorno con un intervallo al 90 %.",
        "Chaque jour avec un intervalle à 90 %.",
    ),
    ("Too little is known yet.", "Si sa ancora troppo poco.", "On en sait encore trop peu."),
    ("Nothing happened.", "Non è successo niente.", "Il ne s’est rien passé."),
    (
        "As of {}, record {}. This report goes to people of the company whom the programme names.",
        "Aggiornato a {}, registrazione {}. Questo rapporto va alle persone dell’azienda che il programma nomina.",
        "À jour au {}, enregistrement {}. Ce rapport va aux personnes de l’entreprise que le programme nomme.",
    ),
    // Key figures, by the titles of their table.
    ("Visits", "Visite", "Visites"),
    ("Organic visits", "Visite organiche", "Visites organiques"),
    ("Leads", "Contatti", "Contacts"),
    ("Cost per lead", "Costo per contatto", "Coût par contact"),
    ("Leads won", "Contatti diventati clienti", "Contacts devenus clients"),
    ("Orders", "Ordini", "Commandes"),
    ("Revenue", "Ricavi", "Chiffre d’affaires"),
    ("Value of an order", "Valore di un ordine", "Valeur d’une commande"),
    ("Cost per acquisition", "Costo per ordine", "Coût par commande"),
    ("Customer acquisition cost", "Costo per nuovo cliente", "Coût par nouveau client"),
    ("Return on ad spend", "Ritorno sulla spesa", "Retour sur dépenses"),
    ("New customers", "Nuovi clienti", "Nouveaux clients"),
    ("Repeat purchase", "Riacquisto", "Réachat"),
    ("Response rate", "Tasso di risposta", "Taux de réponse"),
    ("Spend", "Spesa", "Dépenses"),
    // What they are made of.
    ("leads", "contatti", "contacts"),
    ("leads who ordered", "contatti che hanno ordinato", "contacts qui ont commandé"),
    ("media spend", "spesa media", "dépenses média"),
    ("spend", "spesa", "dépenses"),
    ("orders", "ordini", "commandes"),
    ("revenue", "ricavi", "chiffre d’affaires"),
    ("new customers", "nuovi clienti", "nouveaux clients"),
    (
        "new customers who ordered again",
        "nuovi clienti che hanno riordinato",
        "nouveaux clients qui ont recommandé",
    ),
    ("people who clicked", "persone che hanno cliccato", "personnes qui ont cliqué"),
    ("people reached", "persone raggiunte", "personnes atteintes"),
];

const WEEKDAYS: [[&str; 7]; 3] = [
    ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
    ["lun", "mar", "mer", "gio", "ven", "sab", "dom"],
    ["lun", "mar", "mer", "jeu", "ven", "sam", "dim"],
];

impl Language {
    pub(super) fn of(code: &str) -> Self {
        match code {
            "it" => Self::It,
            "fr" => Self::Fr,
            _ => Self::En,
        }
    }

    pub(super) fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::It => "it",
            Self::Fr => "fr",
        }
    }

    /// The words for an English text; what is not among them is said as it is.
    pub(super) fn say(self, english: &str) -> &str {
        let found = WORDS.iter().find(|(word, ..)| *word == english);
        match (self, found) {
            (Self::It, Some((_, italian, _))) => italian,
            (Self::Fr, Some((_, _, french))) => french,
            _ => english,
        }
    }

    /// The same, with what stands in its gaps.
    pub(super) fn fill(self, english: &str, parts: &[&str]) -> String {
        let mut text = self.say(english).to_owned();
        for part in parts {
            text = text.replacen("{}", part, 1);
        }
        text
    }

    pub(super) fn section(self, section: ReportSection) -> &'static str {
        self.say(match section {
            ReportSection::Figures => "Key figures",
            ReportSection::Days => "Day by day",
            ReportSection::Channels => "Channels",
            ReportSection::Campaigns => "Campaigns",
            ReportSection::Forecast => "What is to come",
        })
    }

    /// A day for people: `Mon 16/11`.
    pub(super) fn day(self, day: engine::day::Day) -> String {
        let date = day.date();
        let weekday = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or_default();
        format!("{} {:02}/{:02}", WEEKDAYS[self as usize][weekday], date.day(), date.month())
    }

    /// The same with its year: `16/11/2026`.
    pub(super) fn date(self, day: engine::day::Day) -> String {
        let date = day.date();
        format!("{:02}/{:02}/{}", date.day(), date.month(), date.year())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::told::FIGURES;
    use measure::kpi::table::definition;

    /// Whoever adds a figure to the report finds its words missing here, and not in a mail.
    #[test]
    fn every_figure_of_a_report_has_its_words() {
        let mut missing = Vec::new();
        for name in FIGURES {
            let definition = definition(name).unwrap();
            let quantities = definition.denominator.map(|of| [definition.numerator.name(), of.name()]);
            let words = quantities.into_iter().flatten().chain([definition.title]);
            missing.extend(words.filter(|word| WORDS.iter().all(|(english, ..)| english != word)));
        }
        assert_eq!(missing, Vec::<&str>::new());
        let gaps = |text: &str| text.matches("{}").count();
        for (english, italian, french) in WORDS {
            assert_eq!((gaps(english), gaps(english)), (gaps(italian), gaps(french)), "{english}");
        }
    }
}
