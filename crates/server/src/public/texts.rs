//! The words of the public pages, in the languages that they speak.

/// A language of the pages. A recipient of any other language reads English.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    Italian,
    English,
}

impl Language {
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
