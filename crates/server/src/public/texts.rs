//! The words of the public pages, in the languages that they speak.

use engine::programme::Channel;

/// A language of the pages. A recipient of any other language reads English.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    Italian,
    English,
}

impl Language {
    pub(super) const ALL: [Self; 2] = [Self::Italian, Self::English];

    /// One that the reader chose, if the pages speak it.
    pub(super) fn chosen(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.code() == code)
    }

    /// As it calls itself.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Italian => "Italiano",
            Self::English => "English",
        }
    }

    /// A channel in words.
    pub(super) fn channel(self, channel: Channel) -> &'static str {
        match channel {
            Channel::Email => self.say("Per email", "By email"),
            Channel::Sms => self.say("Per SMS", "By text message"),
            Channel::Push => self.say("Sul telefono, con una notifica", "On the phone, as a notification"),
            Channel::WebPush => {
                self.say("Nel browser, con una notifica", "In the browser, as a notification")
            }
            Channel::InApp => self.say("Nell’app e sul sito", "In the app and on the site"),
            Channel::Call => self.say("Al telefono", "By telephone"),
            Channel::Onsite => self.say("Sul sito", "On the site"),
            Channel::Webhook => self.say("Attraverso altri programmi", "Through other programs"),
        }
    }

    /// The language for a message in the language with this code.
    pub(super) fn of(code: &str) -> Self {
        if code.split(['-', '_']).next() == Some("it") { Self::Italian } else { Self::English }
    }

    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Italian => "it",
            Self::English => "en",
        }
    }

    /// One of two texts.
    pub(super) fn say<T>(self, italian: T, english: T) -> T {
        match self {
            Self::Italian => italian,
            Self::English => english,
        }
    }
}
