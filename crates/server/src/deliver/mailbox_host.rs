//! Who keeps the mailboxes of a recipient's domain, as far as pacing goes: the large hosts count everything that comes for
//! any of their domains together.
//!
//! A table of the domains that people have addresses at, and not a question to DNS: it is there at once, it is the same
//! in a test, and a company's own domain is a host of its own, which at worst goes slower than it might.

/// By host: its domains, and endings of domains that begin with a dot.
const HOSTS: &[(&str, &[&str])] = &[
    ("google", &["gmail.com", "googlemail.com"]),
    ("microsoft", &["outlook.com", "msn.com", "hotmail", "live", "outlook", "passport.com"]),
    ("yahoo", &["yahoo", "ymail.com", "rocketmail.com", "aol.com", "aol.it", "aol.fr", "aol.de"]),
    ("apple", &["icloud.com", "me.com", "mac.com"]),
    ("gmx", &["gmx", "web.de", "mail.com"]),
    ("orange", &["orange.fr", "wanadoo.fr"]),
    ("libero", &["libero.it", "iol.it", "inwind.it", "blu.it", "giallo.it"]),
    ("proton", &["proton.me", "protonmail.com", "pm.me"]),
];

/// The host of an address's mailbox: one of the table, or else the domain.
pub fn mailbox_host(address: &str) -> String {
    let domain = address.rsplit('@').next().unwrap_or_default().to_ascii_lowercase();
    // `hotmail` stands for hotmail.com, hotmail.it, hotmail.co.uk and so on.
    let (brand, _) = domain.split_once('.').unwrap_or((&domain, ""));
    let is_of = |names: &[&str]| {
        names.iter().any(|name| if name.contains('.') { *name == domain } else { *name == brand })
    };
    match HOSTS.iter().find(|(_, names)| is_of(names)) {
        Some((host, _)) => (*host).to_owned(),
        None => domain,
    }
}

/// Whether a domain gives addresses to people, and no company's messages come from it.
pub(super) fn is_of_people(domain: &str) -> bool {
    HOSTS.iter().any(|(host, _)| *host == mailbox_host(domain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_domains_of_large_hosts_are_one_and_others_are_their_own() {
        for (address, host) in [
            ("ada@gmail.com", "google"),
            ("Ada@GoogleMail.com", "google"),
            ("ada@hotmail.it", "microsoft"),
            ("ada@live.co.uk", "microsoft"),
            ("ada@yahoo.co.jp", "yahoo"),
            ("ada@web.de", "gmx"),
            ("ada@bottega.example", "bottega.example"),
            ("ada@mail.gmail.com", "mail.gmail.com"),
            ("ada@myhotmail.it", "myhotmail.it"),
        ] {
            assert_eq!(mailbox_host(address), host, "{address}");
        }
    }
}
