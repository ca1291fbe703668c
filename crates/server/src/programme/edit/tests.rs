//! Every programme of this repository, and a small one with comments: written, changed in one place, and written again.

use super::*;
use crate::programme::{Severity, load, owner, uses};
use engine::programme::Place;
use std::path::PathBuf;

/// Every programme of this repository, with its folder.
fn programmes() -> Vec<(PathBuf, Programme)> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut folders, mut found) =
        (vec![here.join("tests/scenarios"), here.join("../../examples")], Vec::new());
    while let Some(folder) = folders.pop() {
        if folder.join("programme.yaml").exists() {
            found.push(folder.clone());
        }
        let inside = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
        folders.extend(inside.filter(|path| path.is_dir()));
    }
    found.sort();
    assert!(found.len() > 20, "the programmes have moved");
    let read = |folder: PathBuf| {
        let (programme, _) = load(&folder).unwrap();
        (folder, programme)
    };
    found.into_iter().map(read).collect()
}

fn small() -> Programme {
    let texts = [
        (
            "programme.yaml",
            "# The shop.\nprogramme: shop\nlanguages: [it]\n\npurposes:\n  # What pays.\n  offers: { channels: [email] }\ncontact_policy:\n  holdout: 2%\n",
        ),
        (
            "segments.yaml",
            "segments:\n  # Who bought.\n  buyers: did \"Order Completed\"   # ever\n  loyal: in segment \"buyers\" and did \"Seen\"\n",
        ),
        ("segments/more.yaml", "segments: { young: trait.age < 30, old: trait.age > 60 }\n"),
    ];
    let texts = texts.into_iter().map(|(path, text)| (path.to_owned(), text.to_owned())).collect();
    let checked = check_texts(texts);
    assert_eq!(checked.findings, []);
    checked.programme
}

/// The same definitions, however they are written.
fn same(one: &Programme, other: &Programme) -> bool {
    let bare = |programme: &Programme| Programme { files: BTreeMap::new(), ..programme.clone() };
    bare(one) == bare(other)
}

fn edit(kind: Kind, name: &str, said: &Said) -> Edit {
    Edit { kind, name: name.to_owned(), said: said.clone(), templates: BTreeMap::new() }
}

fn edited(programme: &Programme, kind: Kind, name: &str, said: &Said) -> Edited {
    Folder::of(programme).edit(&[edit(kind, name, said)]).unwrap()
}

#[test]
fn a_folder_comes_out_as_it_was_written_and_printed_says_the_same() {
    for (folder, programme) in programmes() {
        for (path, text) in texts(&programme) {
            let written = std::fs::read_to_string(folder.join(&path));
            assert_eq!(written.ok().as_deref(), Some(text.as_str()), "{} {path}", folder.display());
        }
        let bare = Programme { files: BTreeMap::new(), ..programme.clone() };
        let (read, reading) = folder::read(Path::new(""), Files::Kept(texts(&bare)));
        assert_eq!(reading.into_findings().1, [], "{}", folder.display());
        assert!(same(&read, &programme), "{}", folder.display());
    }
}

#[test]
fn files_of_another_programme_are_not_shown() {
    let mut programme = small();
    programme.segments.insert("seen".into(), "did \"Seen\"".into());
    let printed = texts(&programme);
    assert!(!printed["segments.yaml"].contains("# Who bought"), "{printed:?}");
    assert!(same(&check_texts(printed).programme, &programme));
}

#[test]
fn what_is_written_says_the_same_as_json_and_leaves_the_text_alone() {
    for (folder, programme) in programmes().into_iter().filter(|(_, one)| one.messages.len() < 5) {
        let written = Folder::of(&programme);
        for (kind, name) in written.names() {
            let one = written.written(kind, name).unwrap();
            for said in [Said::Yaml(one.yaml), Said::Json(one.node)] {
                let edited = written.edit(&[edit(kind, name, &said)]).unwrap();
                let shown = format!("{} {kind:?} {name}", folder.display());
                assert_eq!(edited.checked.errors(), 0, "{shown}: {:?}", edited.checked.findings);
                assert_eq!(edited.checked.programme, programme, "{shown}");
            }
        }
    }
}

#[test]
fn what_is_used_is_what_cannot_be_taken_out() {
    for (folder, programme) in programmes().into_iter().filter(|(_, one)| one.messages.len() < 5) {
        let written = Folder::of(&programme);
        let names: std::collections::BTreeSet<_> =
            written.names().map(|(kind, name)| (kind, name.to_owned())).collect();
        for ((kind, name), users) in uses(&programme) {
            if matches!(kind, Kind::Programme | Kind::ContactPolicy | Kind::Channels) {
                continue;
            }
            let edited = written.edit(&[edit(kind, &name, &Said::Nothing)]).unwrap();
            let errors = edited.checked.findings.iter().filter(|one| one.severity == Severity::Error);
            let found: std::collections::BTreeSet<_> =
                errors.filter_map(|one| owner(&Place(one.place.clone()), &names)).collect();
            assert_eq!(found, users, "{} {kind:?} {name}", folder.display());
            if users.is_empty() && edited.checked.errors() == 0 {
                let back = written.written(kind, &name).unwrap();
                let templates = back.templates.into_iter().map(|(file, text)| (file, Some(text))).collect();
                let without = Folder::of(&edited.checked.programme);
                let again = Edit { templates, ..edit(kind, &name, &Said::Yaml(back.yaml)) };
                let again = without.edit(&[again]).unwrap();
                assert!(same(&again.checked.programme, &programme), "{} {kind:?} {name}", folder.display());
            }
        }
    }
}

#[test]
fn one_definition_changes_and_all_comments_around_it_stay() {
    let programme = small();
    let files = |edited: &Edited| {
        assert_eq!(edited.checked.findings, []);
        edited.checked.programme.files.clone()
    };
    let yaml =
        Said::Yaml("buyers:\n  is: did \"Order Completed\" at least 2 times\n  record: changes\n".into());
    let now = files(&edited(&programme, Kind::Segment, "buyers", &yaml));
    let expected = "segments:\n  buyers:\n    is: did \"Order Completed\" at least 2 times\n    record: changes\n  loyal: in segment \"buyers\" and did \"Seen\"\n";
    assert_eq!(now["segments.yaml"], expected);
    let json = |text: &str| Said::Json(serde_json::from_str(text).unwrap());
    let now = files(&edited(&programme, Kind::Segment, "loyal", &json(r#""did \"Seen\"""#)));
    assert!(now["segments.yaml"].contains("# ever\n  loyal: did \"Seen\"\n"), "{now:?}");
    let now = files(&edited(
        &programme,
        Kind::Segment,
        "new",
        &json(r#"{"is": "did \"New\"", "record": "changes"}"#),
    ));
    assert!(
        now["segments.yaml"].ends_with("\"Seen\"\n  new:\n    is: did \"New\"\n    record: changes\n"),
        "{now:?}"
    );
    // What is in braces is written anew; the other file stays.
    let now = files(&edited(&programme, Kind::Segment, "young", &json(r#""trait.age < 25""#)));
    assert_eq!(now["segments/more.yaml"], "segments:\n  old: trait.age > 60\n  young: trait.age < 25\n");
    assert!(now["segments.yaml"].contains("# Who bought."));
    let now = files(&edited(
        &programme,
        Kind::Programme,
        "shop",
        &Said::Yaml("programme: shop\nlanguages: [it]\ntimezone: Europe/Rome\n".into()),
    ));
    assert!(now["programme.yaml"].contains("timezone: Europe/Rome\n"), "{now:?}");
    assert!(
        now["programme.yaml"].contains("  # What pays.\n") && now["programme.yaml"].contains("holdout: 2%")
    );
    let now = files(&edited(&programme, Kind::ContactPolicy, "contact_policy", &Said::Nothing));
    assert!(!now["programme.yaml"].contains("contact_policy"), "{now:?}");
}

#[test]
fn a_mistake_has_its_place_in_the_text_that_was_given() {
    let programme = small();
    let yaml = "# Twice.\nloyal:\n  is: in segment \"byers\"\n";
    let edited = edited(&programme, Kind::Segment, "loyal", &Said::Yaml(yaml.into()));
    let [finding] = &edited.checked.findings[..] else { panic!("{:?}", edited.checked.findings) };
    assert_eq!((finding.file.to_str(), finding.line, finding.column), (Some("segments.yaml"), 6, 20));
    assert_eq!(finding.suggestion.as_deref(), Some("did you mean \"buyers\"?"));
    let named = (Kind::Segment, "loyal".to_owned());
    assert_eq!((finding.place.as_str(), edited.inside(finding)), ("segments.loyal", Some((&named, 3, 18))));
    let broken = self::edited(&programme, Kind::Segment, "loyal", &Said::Yaml("loyal: [\n".into()));
    assert!(broken.checked.errors() > 0);
    let other = Folder::of(&programme);
    let other = other.edit(&[edit(Kind::Segment, "loyal", &Said::Yaml("vip: did \"X\"\n".into()))]);
    let why = "this is the segment \"vip\", and not \"loyal\"".to_owned();
    assert_eq!(other.err(), Some(Unfit { of: named, why }));
}

#[test]
fn several_definitions_change_at_once_and_each_may_need_the_others() {
    let programme = small();
    let folder = Folder::of(&programme);
    let said = |text: &str| Said::Yaml(text.into());
    let buyers = edit(Kind::Segment, "buyers", &said("# Now.\n# Three lines.\nbuyers: in segment \"far\"\n"));
    let far = edit(Kind::Segment, "far", &Said::Json(serde_json::from_str(r#""did \"Seen\"""#).unwrap()));
    let both = folder.edit(&[buyers.clone(), far.clone()]).unwrap();
    assert_eq!(both.checked.findings, []);
    assert_eq!(both.checked.programme.segments["buyers"], "in segment \"far\"");
    let loyal = edit(Kind::Segment, "loyal", &said("loyal: in segment \"byers\"\n"));
    let wrong = folder.edit(&[loyal, far, buyers.clone()]).unwrap();
    let [finding] = &wrong.checked.findings[..] else { panic!("{:?}", wrong.checked.findings) };
    let named = (Kind::Segment, "loyal".to_owned());
    assert_eq!(wrong.inside(finding), Some((&named, 1, 19)), "the lines above it moved it");
    let broken = edit(Kind::Segment, "loyal", &said("loyal: [\n"));
    for edits in [[broken.clone(), buyers.clone()], [buyers, broken]] {
        let edited = folder.edit(&edits).unwrap();
        let [finding] = &edited.checked.findings[..] else { panic!("{:?}", edited.checked.findings) };
        assert!(finding.message.starts_with("this is not YAML"), "the others do not hide it: {finding:?}");
    }
}
