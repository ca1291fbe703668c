//! What is wrong with a programme, and where: for `trama check`, the API and the editor alike.

/// A path into the programme, such as `journeys.cart-reminder.steps[1].until`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(pub String);

impl Place {
    #[must_use]
    pub fn field(&self, name: &str) -> Self {
        if self.0.is_empty() { Self(name.to_owned()) } else { Self(format!("{}.{name}", self.0)) }
    }

    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        Self(format!("{}[{index}]", self.0))
    }
}

/// One mistake, with its place and a way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    pub place: Place,
    /// Where the place holds an expression: the byte in it at which it goes wrong.
    pub offset: Option<usize>,
    pub message: String,
    /// What to write instead, where that can be told.
    pub suggestion: Option<String>,
}

impl std::fmt::Display for Mistake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.place.0, self.message)?;
        match &self.suggestion {
            Some(suggestion) => write!(f, " ({suggestion})"),
            None => Ok(()),
        }
    }
}

/// The candidate nearest to what was written, if one is near enough to be a slip of the pen.
pub fn nearest<'a>(written: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let close = |candidate: &&str| edits(written, candidate);
    let best = candidates.into_iter().min_by_key(close)?;
    (edits(written, best) <= written.chars().count().max(best.chars().count()) / 3 + 1).then_some(best)
}

/// Levenshtein distance, ignoring case.
fn edits(one: &str, two: &str) -> usize {
    let (one, two) = (one.to_lowercase(), two.to_lowercase());
    let two: Vec<char> = two.chars().collect();
    let mut row: Vec<usize> = (0..=two.len()).collect();
    for (i, from) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in two.iter().enumerate() {
            let substituted = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[two.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_is_recognised_and_a_stranger_is_not() {
        let names = ["offers", "newsletter"];
        assert_eq!(nearest("ofers", names), Some("offers"));
        assert_eq!(nearest("Newsleter", names), Some("newsletter"));
        assert_eq!(nearest("transactional", names), None);
    }
}
