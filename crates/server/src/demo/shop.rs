//! What the shop sells, and on which ways people find it.

use serde_json::{Value, json};

#[derive(Debug, PartialEq)]
pub(super) struct Product {
    pub(super) sku: &'static str,
    it: &'static str,
    en: &'static str,
    pub(super) category: &'static str,
    /// Euro cents.
    pub(super) cents: u32,
}

const fn product(
    sku: &'static str,
    it: &'static str,
    en: &'static str,
    category: &'static str,
    cents: u32,
) -> Product {
    Product { sku, it, en, category, cents }
}

pub(super) static PRODUCTS: [Product; 16] = [
    product("CIO-01", "Ciotola da colazione", "Breakfast bowl", "ceramica", 2800),
    product("CIO-02", "Piatto color salvia", "Sage plate", "ceramica", 3400),
    product("CIO-03", "Brocca a mano", "Hand-thrown jug", "ceramica", 6200),
    product("CIO-04", "Tazzina da caffè", "Espresso cup", "ceramica", 1600),
    product("CIO-05", "Vaso Serragli", "Serragli vase", "ceramica", 11800),
    product("OLI-05", "Olio nuovo, mezzo litro", "New oil, half a litre", "olio", 1750),
    product("OLI-30", "Olio nuovo, tre litri", "New oil, three litres", "olio", 8400),
    product("PAS-02", "Orecchiette di Bari", "Orecchiette from Bari", "pasta", 420),
    product("PAS-04", "Paccheri al bronzo", "Bronze-drawn paccheri", "pasta", 390),
    product("MIE-01", "Miele di castagno", "Chestnut honey", "dispensa", 1100),
    product("PES-01", "Pesto di Prà", "Pesto from Prà", "dispensa", 780),
    product("POM-03", "Passata del Vesuvio", "Passata from Vesuvius", "dispensa", 460),
    product("FOR-01", "Pecorino di grotta", "Cave-aged pecorino", "formaggi", 2200),
    product("VIN-06", "Chianti, sei bottiglie", "Chianti, six bottles", "vino", 9600),
    product("CES-01", "Cesto della domenica", "Sunday hamper", "cesti", 14500),
    product("CES-02", "Cesto delle feste", "Holiday hamper", "cesti", 29000),
];

impl Product {
    pub(super) fn name(&self, language: &str) -> &'static str {
        if language == "it" { self.it } else { self.en }
    }

    /// As the events about it carry it.
    pub(super) fn properties(&self, language: &str) -> Value {
        json!({
            "product_id": self.sku,
            "sku": self.sku,
            "name": self.name(language),
            "category": self.category,
            "price": euros(self.cents),
            "currency": "EUR",
            "quantity": 1,
        })
    }
}

/// Euro from cents, as JSON writes it.
pub(super) fn euros(cents: u32) -> f64 {
    f64::from(cents) / 100.0
}

/// How somebody finds the shop: what a link or a search engine says of itself.
#[derive(Debug)]
pub(super) struct Way {
    /// `utm_source`, `utm_medium`, `utm_campaign`; empty where the link carries none.
    pub(super) campaign: [&'static str; 3],
    pub(super) referrer: &'static str,
    /// Where they land, after the language.
    pub(super) path: &'static str,
    pub(super) title: &'static str,
    /// Where the QR code hangs, if it was one.
    pub(super) qr: Option<&'static str>,
}

const fn way(
    campaign: [&'static str; 3],
    referrer: &'static str,
    path: &'static str,
    title: &'static str,
) -> Way {
    Way { campaign, referrer, path, title, qr: None }
}

pub(super) static WAYS: [Way; 9] = [
    way(["instagram", "social", "autumn-ceramics"], "https://l.instagram.com/", "/ceramica", "Ceramics"),
    way([""; 3], "https://www.google.com/", "", "Bottega"),
    way(["google", "cpc", "new-oil"], "https://www.google.com/", "/olio", "The new oil"),
    way([""; 3], "", "", "Bottega"),
    Way {
        campaign: ["qr", "offline", "market-sant-ambrogio"],
        referrer: "",
        path: "/mercato",
        title: "Today at the market",
        qr: Some("Mercato di Sant’Ambrogio"),
    },
    way([""; 3], "https://www.bing.com/", "/guide/olio-buono", "How to tell good oil"),
    way(["facebook", "social", "sunday-hamper"], "https://www.facebook.com/", "/cesti", "Hampers"),
    way(["radio-toscana", "radio", "morning-spot"], "", "/radio", "You heard us on the radio"),
    Way {
        campaign: ["qr", "offline", "shop-window"],
        referrer: "",
        path: "/vetrina",
        title: "Behind this window",
        qr: Some("Via dei Serragli 12"),
    },
];
