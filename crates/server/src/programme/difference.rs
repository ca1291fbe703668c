//! What changes when one programme takes the place of another.

use super::write::{Kind, items};
use engine::programme::Programme;
use similar::{ChangeTag, TextDiff};

/// Unchanged lines that are shown around changed ones.
const CONTEXT_LINES: usize = 2;

/// One definition that is not the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub kind: Kind,
    pub name: String,
    pub change: Change,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    Added,
    Removed,
    /// Lines with `+`, `-` or a space before each, and `…` where unchanged ones are left out.
    Changed(Vec<String>),
}

impl Change {
    pub fn sign(&self) -> char {
        match self {
            Self::Added => '+',
            Self::Removed => '-',
            Self::Changed(_) => '~',
        }
    }
}

/// Every difference on the way from one programme to the other, by kind and name.
pub fn differences(from: &Programme, to: &Programme) -> Vec<Difference> {
    let (mut before, after) = (items(from), items(to));
    let mut differences = Vec::new();
    for ((kind, name), text) in after {
        let change = match before.remove(&(kind, name.clone())) {
            None => Change::Added,
            Some(old) if old != text => Change::Changed(lines(&old, &text)),
            Some(_) => continue,
        };
        differences.push(Difference { kind, name, change });
    }
    let removed = before.into_keys().map(|(kind, name)| Difference { kind, name, change: Change::Removed });
    differences.extend(removed);
    differences.sort_by(|one, two| (one.kind, &one.name).cmp(&(two.kind, &two.name)));
    differences
}

fn lines(old: &str, new: &str) -> Vec<String> {
    let difference = TextDiff::from_lines(old, new);
    let mut lines = Vec::new();
    for (index, group) in difference.grouped_ops(CONTEXT_LINES).iter().enumerate() {
        if index > 0 {
            lines.push("…".to_owned());
        }
        for change in group.iter().flat_map(|operation| difference.iter_changes(operation)) {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            lines.push(format!("{sign} {}", change.value().trim_end_matches('\n')));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::programme::Journey;

    #[test]
    fn each_definition_is_compared_by_itself() {
        let mut from = Programme { name: "shop".into(), ..Programme::default() };
        from.segments.insert("old".into(), "did \"X\"".into());
        from.segments.insert("vip".into(), "did \"Y\"".into());
        from.journeys.insert("same".into(), Journey::default());
        let mut to = from.clone();
        to.segments.remove("old");
        to.segments.insert("vip".into(), "did \"Z\"".into());
        to.segments.insert("young".into(), "trait.age < 30".into());
        let changed = Change::Changed(vec!["- vip: did \"Y\"".into(), "+ vip: did \"Z\"".into()]);
        let expected = [("old", Change::Removed), ("vip", changed), ("young", Change::Added)];
        let expected =
            expected.map(|(name, change)| Difference { kind: Kind::Segment, name: name.into(), change });
        assert_eq!(differences(&from, &to), expected);
        assert_eq!(differences(&to, &to), []);
        let mut listened = to.clone();
        listened.recorded.insert("vip".into());
        let lines = ["- vip: did \"Z\"", "+ vip:", "+   is: did \"Z\"", "+   record: changes"];
        let change = Change::Changed(lines.map(str::to_owned).into());
        let expected = Difference { kind: Kind::Segment, name: "vip".into(), change };
        assert_eq!(differences(&to, &listened), [expected]);
    }
}
