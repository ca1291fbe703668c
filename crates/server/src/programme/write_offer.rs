//! An offer as the text of its file.

use super::write::scalar;
use engine::programme::{Codes, Offer, OfferContent, OfferValue, RedeemedBy, Stock};
use std::fmt::Write;

pub(super) fn offer(name: &str, offer: &Offer) -> String {
    let Offer {
        content,
        value,
        eligible,
        from,
        until,
        lasts,
        stock,
        codes,
        redeemed_by,
        per_person,
        priority,
    } = offer;
    let mut text = format!("offer: {}\ncontent:\n", scalar(name));
    for (language, OfferContent { title, text: words, terms, image, url }) in content {
        let _ = writeln!(text, "  {language}:");
        let fields = [("title", title), ("text", words), ("terms", terms), ("image", image), ("url", url)];
        for (field, one) in fields.into_iter().filter(|(_, one)| !one.is_empty()) {
            let _ = writeln!(text, "    {field}: {}", scalar(one));
        }
    }
    match value {
        None => {}
        Some(OfferValue::PermilleOff(permille)) => {
            let _ = writeln!(text, "value: {}%", f64::from(*permille) / 10.0);
        }
        Some(OfferValue::Amount { millionths, currency }) => {
            let amount = *millionths as f64 / 1e6;
            let _ = writeln!(text, "value: {{ amount: {amount}, currency: {currency} }}");
        }
        Some(OfferValue::Words(words)) => {
            text.push_str("value:\n");
            for (language, one) in words {
                let _ = writeln!(text, "  {language}: {}", scalar(one));
            }
        }
    }
    for (field, one) in [("eligible", eligible), ("from", from), ("until", until)] {
        if let Some(one) = one {
            let _ = writeln!(text, "{field}: {}", scalar(one));
        }
    }
    if let Some(lasts) = lasts {
        let _ = writeln!(text, "lasts: {lasts}");
    }
    let Stock { given, redeemed } = stock;
    let counts = [("given", given), ("redeemed", redeemed)];
    let counts = counts.into_iter().filter_map(|(field, one)| Some(format!("{field}: {}", (*one)?)));
    let counts: Vec<String> = counts.collect();
    if !counts.is_empty() {
        let _ = writeln!(text, "stock: {{ {} }}", counts.join(", "));
    }
    let _ = match codes {
        Codes::None => Ok(()),
        Codes::Shared(code) => writeln!(text, "codes: {{ shared: {} }}", scalar(code)),
        Codes::Own => writeln!(text, "codes: one a person"),
        Codes::Listed => writeln!(text, "codes: listed"),
    };
    if let Some(RedeemedBy { event, code }) = redeemed_by {
        let code = code.as_ref().map(|code| format!(", code: {}", scalar(code))).unwrap_or_default();
        let _ = writeln!(text, "redeemed by: {{ event: {}{code} }}", scalar(event));
    }
    if *per_person != 1 {
        let _ = writeln!(text, "per person: {per_person}");
    }
    if *priority > 0 {
        let _ = writeln!(text, "priority: {priority}");
    }
    text
}
