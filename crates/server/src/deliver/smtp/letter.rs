//! One message to one recipient, with addresses that are safe on a command line of SMTP.

use std::fmt;

use crate::limits::SMTP_ADDRESS_BYTES;

/// What is handed to a relay: one message to one recipient.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Where bounces go; `None` is the null sender `<>`, which gets none.
    pub from: Option<Address>,
    pub to: Address,
    /// The message, headers and body; lines end in CRLF (stray ends of line are mended on the way out).
    pub message: Vec<u8>,
}

/// An address for MAIL FROM and RCPT TO: a checked `local@domain`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address(String);

/// Why a text is not an envelope address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    #[error("the address is longer than {SMTP_ADDRESS_BYTES} bytes")]
    TooLong,
    #[error("the address is not of the form name@domain")]
    NotAnAddress,
    #[error("the address holds a character that could break out of its command")]
    Unsafe,
    #[error("the domain of the address is not a domain name")]
    BadDomain,
}

impl Letter {
    pub(super) fn addresses(&self) -> impl Iterator<Item = &str> {
        self.from.iter().chain([&self.to]).map(Address::as_str)
    }
}

impl Address {
    /// Checks an address. An international domain becomes its ASCII form (RFC 5891), so that only a name that
    /// is not ASCII before the `@` needs SMTPUTF8 from the relay.
    ///
    /// Quoted names (`"a b"@example.com`) are refused: nobody has one, and they carry blanks and brackets.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let (name, domain) = text.rsplit_once('@').ok_or(AddressError::NotAnAddress)?;
        if name.is_empty() || domain.is_empty() {
            return Err(AddressError::NotAnAddress);
        }
        let breaks_out = |character: char| {
            character.is_control() || character.is_whitespace() || "<>()[]\\,;:\"@".contains(character)
        };
        if name.contains(breaks_out) {
            return Err(AddressError::Unsafe);
        }
        let Ok(::url::Host::Domain(domain)) = ::url::Host::parse(domain) else {
            return Err(AddressError::BadDomain);
        };
        if name.len() + 1 + domain.len() > SMTP_ADDRESS_BYTES {
            return Err(AddressError::TooLong);
        }
        Ok(Self(format!("{name}@{domain}")))
    }

    /// What stands behind the `@`.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').expect("invariant: an address has an @").1
    }

    /// As it stands in a command, without the angle brackets.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_pass() {
        let table = [
            ("ada@example.com", "ada@example.com"),
            ("o'neil+news=1@mail.example.co.uk", "o'neil+news=1@mail.example.co.uk"),
            ("Ada@EXAMPLE.com", "Ada@example.com"),
            ("jörg@example.de", "jörg@example.de"),
            ("ada@münchen.de", "ada@xn--mnchen-3ya.de"),
            ("root@localhost", "root@localhost"),
        ];
        for (text, address) in table {
            assert_eq!(Address::parse(text).unwrap().as_str(), address);
        }
    }

    #[test]
    fn addresses_that_do_not() {
        let long = format!("{}@example.com", "a".repeat(SMTP_ADDRESS_BYTES));
        let table = [
            ("", AddressError::NotAnAddress),
            ("ada", AddressError::NotAnAddress),
            ("@example.com", AddressError::NotAnAddress),
            ("ada@", AddressError::NotAnAddress),
            ("a@x>\r\nDATA\r\n@example.com", AddressError::Unsafe),
            ("a\r\nRCPT TO:<b@example.com", AddressError::Unsafe),
            ("a b@example.com", AddressError::Unsafe),
            ("\"a b\"@example.com", AddressError::Unsafe),
            ("<ada@example.com", AddressError::Unsafe),
            ("ada@example.com>", AddressError::BadDomain),
            ("ada@exa mple.com", AddressError::BadDomain),
            ("ada@example.com\r\n", AddressError::BadDomain),
            ("ada@[127.0.0.1]", AddressError::BadDomain),
            ("ada@127.0.0.1", AddressError::BadDomain),
            (long.as_str(), AddressError::TooLong),
        ];
        for (text, error) in table {
            assert_eq!(Address::parse(text), Err(error), "{text:?}");
        }
    }
}
