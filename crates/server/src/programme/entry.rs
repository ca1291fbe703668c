//! Entries of a file's text: where one lies, and how another takes its place, so that all other lines stay as people wrote
//! them, comments included.
//!
//! It works on lines, and only on groups that are written in lines: of a file or a group in braces nothing is told here.

use super::yaml::{self, Content, Key, Node};
use std::ops::Range;

/// Where an entry lies: its lines from 0, the comment right above it among them, and how far they are indented.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) lines: Range<usize>,
    pub(super) indent: usize,
}

/// A text with an entry in it, and where that lies now; nowhere if it was taken out.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Put {
    pub(super) text: String,
    pub(super) at: Option<Extent>,
}

/// The entries of a group at the top of a file, or of the file itself, in their order.
pub(super) fn names(text: &str, group: Option<&str>) -> Vec<String> {
    let Ok(root) = yaml::parse(text) else { return Vec::new() };
    let entries = inside(&root, group).unwrap_or_default();
    entries.iter().map(|(key, _)| key.name.clone()).collect()
}

pub(super) fn find(text: &str, group: Option<&str>, name: &str) -> Option<Extent> {
    let root = yaml::parse(text).ok()?;
    let node = group_of(&root, group)?;
    is_in_lines(text, node).then_some(())?;
    let (key, _) = inside(&root, group)?.iter().find(|(key, _)| key.name == name)?;
    Some(extent(&lines(text), key))
}

/// The lines of an entry as they would stand at the beginning of a file.
pub(super) fn cut(text: &str, extent: &Extent) -> String {
    let bare = |line: &&str| line.get(extent.indent.min(spaces(line))..).unwrap_or_default().to_owned();
    lines(text)[extent.lines.clone()].iter().map(bare).collect()
}

/// Puts an entry in the place of the one of its name, or behind all others; without one, takes it out. `None` where the text
/// is not one of lines.
pub(super) fn put(text: &str, group: Option<&str>, name: &str, entry: Option<&str>) -> Option<Put> {
    let root = yaml::parse(text).ok()?;
    let written = lines(text);
    if let Some(extent) = find(text, group, name) {
        let is_last = inside(&root, group)?.len() == 1;
        if let (None, Some(group), true) = (entry, group, is_last) {
            return put(text, None, group, None);
        }
        return Some(replace(&written, extent.lines, extent.indent, entry));
    }
    if inside(&root, group).is_some_and(|entries| entries.iter().any(|(key, _)| key.name == name)) {
        return None;
    }
    let Some(entry) = entry else { return Some(Put { text: text.to_owned(), at: None }) };
    let Some(group) = group else {
        let in_lines = root.is_nothing() || is_in_lines(text, &root);
        return in_lines.then(|| replace(&written, written.len()..written.len(), 0, Some(entry)));
    };
    match inside(&root, Some(group)) {
        Some(entries) if !entries.is_empty() => {
            is_in_lines(text, group_of(&root, Some(group))?).then_some(())?;
            let last =
                entries.iter().map(|(key, _)| extent(&written, key)).max_by_key(|one| one.lines.end)?;
            Some(replace(&written, last.lines.end..last.lines.end, last.indent, Some(entry)))
        }
        _ => {
            let whole = format!("{group}:\n{}", indented(entry, INDENT));
            let Put { text, at } = put(text, None, group, Some(&whole))?;
            let at =
                at.map(|Extent { lines, .. }| Extent { lines: lines.start + 1..lines.end, indent: INDENT });
            Some(Put { text, at })
        }
    }
}

const INDENT: usize = 2;

/// Each line that says something, moved to the right.
pub(super) fn indented(text: &str, by: usize) -> String {
    let moved = text.lines().map(|line| match line.trim().is_empty() {
        true => "\n".to_owned(),
        false => format!("{:by$}{line}\n", ""),
    });
    moved.collect()
}

fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

fn spaces(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

fn group_of<'n>(root: &'n Node, group: Option<&str>) -> Option<&'n Node> {
    let Some(group) = group else { return Some(root) };
    let Content::Map(entries) = &root.content else { return None };
    entries.iter().find(|(key, _)| key.name == group).map(|(_, node)| node)
}

fn inside<'n>(root: &'n Node, group: Option<&str>) -> Option<&'n [(Key, Node)]> {
    match &group_of(root, group)?.content {
        Content::Map(entries) => Some(entries),
        _ => None,
    }
}

/// Whether a group is written in lines, and not in braces.
fn is_in_lines(text: &str, node: &Node) -> bool {
    matches!(node.content, Content::Map(_)) && text.chars().nth(node.at.index) != Some('{')
}

/// An entry goes on as long as lines are indented more than its name, or are the hyphens of its list. The comments right
/// above it, indented like it, are its own.
fn extent(lines: &[&str], key: &Key) -> Extent {
    let (first, indent) = (key.at.line - 1, key.at.column - 1);
    let mut end = first + 1;
    for (number, line) in lines.iter().enumerate().skip(first + 1) {
        let (said, by) = (line.trim(), spaces(line));
        let is_inside = by > indent || (by == indent && (said == "-" || said.starts_with("- ")));
        match said.is_empty() {
            true => {}
            false if is_inside => end = number + 1,
            false => break,
        }
    }
    let is_comment = |line: &&str| line.trim_start().starts_with('#') && spaces(line) == indent;
    let above = lines[..first].iter().rev().take_while(|line| is_comment(line)).count();
    Extent { lines: first - above..end, indent }
}

/// Puts text, moved to the right, in the place of lines.
fn replace(written: &[&str], lines: Range<usize>, indent: usize, entry: Option<&str>) -> Put {
    let mut before: String = written[..lines.start].concat();
    if !before.is_empty() && !before.ends_with('\n') {
        before.push('\n');
    }
    let entry = entry.map(|entry| indented(entry, indent));
    let at = entry.as_ref().map(|entry| {
        let first = before.lines().count();
        Extent { lines: first..first + entry.lines().count(), indent }
    });
    Put { text: before + &entry.unwrap_or_default() + &written[lines.end..].concat(), at }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEGMENTS: &str = "\
# All of them.
segments:
  # Who bought.
  buyers: did \"Order Completed\"

  # Who may buy.
  seen:
    is: did \"Seen\"   # ever
    record: changes

  # The end.
";

    #[test]
    fn an_entry_has_its_comment_and_no_other() {
        let cut_out = |name| cut(SEGMENTS, &find(SEGMENTS, Some("segments"), name).unwrap());
        assert_eq!(cut_out("buyers"), "# Who bought.\nbuyers: did \"Order Completed\"\n");
        let seen = "# Who may buy.\nseen:\n  is: did \"Seen\"   # ever\n  record: changes\n";
        assert_eq!(cut_out("seen"), seen);
        assert_eq!(find(SEGMENTS, Some("segments"), "vip"), None);
        let steps = "journey: a\nsteps:\n- exit\n- wait: 1 day\nexit: x\n";
        assert_eq!(cut(steps, &find(steps, None, "steps").unwrap()), "steps:\n- exit\n- wait: 1 day\n");
        let text = "a: |\n  # no comment\n  text\n\n  more\n# of b\nb: 1\n";
        assert_eq!(cut(text, &find(text, None, "a").unwrap()), "a: |\n  # no comment\n  text\n\n  more\n");
    }

    #[test]
    fn another_takes_its_place_and_the_rest_stays() {
        let text = |put: Option<Put>| put.unwrap().text;
        let changed = put(SEGMENTS, Some("segments"), "buyers", Some("buyers:\n  is: x\n"));
        let expected =
            SEGMENTS.replace("  # Who bought.\n  buyers: did \"Order Completed\"", "  buyers:\n    is: x");
        assert_eq!(text(changed), expected);
        let added = put(SEGMENTS, Some("segments"), "vip", Some("vip: y\n")).unwrap();
        assert_eq!(added.text, SEGMENTS.replace("changes\n", "changes\n  vip: y\n"));
        assert_eq!(added.at, Some(Extent { lines: 9..10, indent: 2 }));
        let fewer = put(SEGMENTS, Some("segments"), "buyers", None).unwrap();
        assert_eq!((names(&fewer.text, Some("segments")), fewer.at), (vec!["seen".to_owned()], None));
        let none = put(&fewer.text, Some("segments"), "seen", None);
        assert_eq!(names(&text(none), None), [] as [&str; 0]);
        assert_eq!(text(put("", Some("links"), "a", Some("a: 1\n"))), "links:\n  a: 1\n");
        assert_eq!(text(put("x: 1", Some("links"), "a", Some("a: 1\n"))), "x: 1\nlinks:\n  a: 1\n");
        assert_eq!(text(put("links:\n", Some("links"), "a", Some("a: 1\n"))), "links:\n  a: 1\n");
    }

    #[test]
    fn what_is_in_braces_is_left_alone() {
        let text = "segments: { a: x, b: y }\n";
        assert_eq!(put(text, Some("segments"), "a", Some("a: z\n")), None);
        assert_eq!(put(text, Some("segments"), "c", Some("c: z\n")), None);
        assert_eq!(names(text, Some("segments")), ["a", "b"]);
    }
}
