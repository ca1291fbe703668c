//! Snapshots on a real directory and on the memory disk.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Mutex;

use engine::Seq;
use engine::section::Section;
use eventlog::Error;
use eventlog::folder::{DiskFolder, Folder};
use eventlog::limits::{SECTION_FILES_MAX, SNAPSHOTS_KEPT};
use eventlog::memory::{MemoryDisk, MemoryFolder};
use eventlog::snapshots::{Snapshots, Written};

use crate::told::Told;

/// A dozen sections: the first changes each time, and of the others one in three.
fn state(seq: u64) -> Vec<Section> {
    let changed = |key: u64| if key == 0 { seq } else { seq - seq.min((seq + key) % 3) };
    (0..12).map(|key| section(key, changed(key))).collect()
}

fn section(key: u64, version: u64) -> Section {
    Section::new(key, format!("section {key} as of {version} ").repeat(9).into_bytes())
}

fn write(snapshots: &mut Snapshots, seq: u64) -> Result<Written, Error> {
    snapshots.write(Told::new(seq, &state(seq)))
}

/// The newest that is whole, with its place, and what was wrong with those before it.
fn newest(snapshots: &Snapshots) -> (Option<(Seq, Vec<Section>)>, Vec<Error>) {
    let mut damaged = Vec::new();
    for (seq, snapshot) in snapshots.newest_first().unwrap() {
        let sections = snapshot.and_then(|snapshot| {
            assert_eq!((snapshot.seq, snapshot.at.0), (seq, seq.0.cast_signed() * 10));
            snapshot.sections().collect::<Result<Vec<_>, _>>()
        });
        match sections {
            Ok(sections) => return (Some((seq, sections)), damaged),
            Err(error) => damaged.push(error),
        }
    }
    (None, damaged)
}

fn expected(seq: u64) -> Option<(Seq, Vec<Section>)> {
    Some((Seq(seq), state(seq)))
}

fn names(folder: &dyn Folder, kind: &str) -> Vec<String> {
    folder.list().unwrap().into_iter().filter(|name| name.starts_with(kind)).collect()
}

fn manifest(seq: u64) -> String {
    format!("snapshot-{seq:020}.trama")
}

fn sections(seq: u64) -> String {
    format!("sections-{seq:020}.trama")
}

#[test]
fn the_newest_comes_back_and_two_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let open = || Snapshots::open(dir.path()).unwrap();
    assert_eq!(newest(&open()).0, None);
    for (seq, trim_to) in [(9, None), (10, Some(9)), (200, Some(10))] {
        write(&mut open(), seq).unwrap();
        assert!(newest(&open()).0 == expected(seq));
        assert_eq!(open().trim_to().unwrap(), trim_to.map(Seq), "a lone snapshot may turn out damaged");
    }
    let folder = DiskFolder::open(dir.path().join("state")).unwrap();
    assert_eq!(names(&folder, ""), [sections(10), sections(200), manifest(10), manifest(200)]);
    assert_eq!(write(&mut open(), 200).unwrap(), Written::default(), "it is there already");
}

#[test]
fn what_did_not_change_since_the_one_before_the_last_is_not_written_again() {
    let disk = MemoryDisk::default();
    let mut snapshots = Snapshots::new(MemoryFolder::open(&disk));
    let mut known: [BTreeMap<u64, u128>; 2] = Default::default();
    for seq in 1..30 {
        let now: BTreeMap<u64, u128> = state(seq).iter().map(|one| (one.key, one.digest)).collect();
        let before = &mut known[(seq % 2) as usize];
        let new = now.iter().filter(|(key, digest)| before.get(key) != Some(digest)).count();
        let written = write(&mut snapshots, seq).unwrap();
        assert_eq!((written.sections, written.new), (12, new), "at {seq}");
        *before = now;
    }
}

/// Damages a file in every way, each of which `check` is shown.
fn damage(folder: &mut MemoryFolder, name: &str, mut check: impl FnMut()) {
    let whole = folder.read(name).unwrap();
    let damages = (0..whole.len()).map(|offset| {
        let mut bytes = whole.clone();
        bytes[offset] ^= 0x10;
        bytes
    });
    let cuts = (0..whole.len()).map(|length| whole[..length].to_vec());
    for bytes in damages.chain(cuts) {
        folder.write(name, &[&bytes]).unwrap();
        check();
    }
    folder.remove(name).unwrap();
    check();
    folder.write(name, &[&whole]).unwrap();
}

#[test]
fn wherever_a_file_is_damaged_one_of_the_two_is_whole() {
    let disk = MemoryDisk::default();
    let mut folder = MemoryFolder::open(&disk);
    let mut snapshots = Snapshots::new(MemoryFolder::open(&disk));
    (1..=6).for_each(|seq| _ = write(&mut snapshots, seq).unwrap());
    let files = names(&folder, "");
    assert!(files.len() > 4, "both refer to older files: {files:?}");
    let mut of_newest = 0;
    for name in files {
        let (mut damages, mut fallen_back) = (0, 0);
        damage(&mut folder, &name, || {
            let (found, errors) = newest(&snapshots);
            assert!(found == expected(6) || found == expected(5) && errors.len() <= 1, "{name}");
            damages += 1;
            fallen_back += i32::from(found == expected(5));
        });
        // What is not referred to any more may be damaged and nobody minds.
        of_newest += i32::from(fallen_back > 0);
        assert!(name != manifest(6) || fallen_back == damages, "every bit of the manifest counts");
    }
    assert!(of_newest > 2, "the manifest, the sections that came with it, and older ones");
    folder.rename(&manifest(5), &manifest(6)).unwrap();
    assert!(newest(&snapshots).0.is_none(), "a snapshot under another's name is not used");
}

#[test]
fn a_power_cut_while_writing_leaves_the_newest_or_the_one_before() {
    for countdown in 0.. {
        for draw in 0..16_u64 {
            let disk = MemoryDisk::default();
            let mut snapshots = Snapshots::new(MemoryFolder::open(&disk));
            (1..=9).for_each(|seq| _ = write(&mut snapshots, seq).unwrap());
            let before = names(&MemoryFolder::open(&disk), "sections-");
            disk.lose_power_after(countdown);
            let written = write(&mut snapshots, 10);
            if written.is_ok() {
                assert!(
                    countdown >= 10,
                    "sections, manifest, each with its syncs and name, two removals, a sync"
                );
                let after = MemoryFolder::open(&disk).list().unwrap();
                assert!(
                    before.iter().any(|name| !after.contains(name)),
                    "a file of sections was removed too"
                );
                return;
            }
            let mut draws = 0;
            disk.crash(&mut |bound| {
                draws += 1;
                (draw >> (draws % 4)) % bound
            });
            let (found, damaged) = newest(&snapshots);
            let seq = found.as_ref().expect("a snapshot").0;
            assert!(found == expected(9) || found == expected(10), "{seq} when cut at {countdown}");
            assert!(damaged.is_empty(), "a name is only given to what is whole: {damaged:?}");
            let all: Vec<_> = snapshots.newest_first().unwrap().map(|(_, one)| one.unwrap()).collect();
            assert!(all.len() >= 2, "cut at {countdown}");
            for snapshot in &all {
                let is_whole = snapshot.sections().all(|section| section.is_ok());
                assert!(is_whole, "{} when cut at {countdown}", snapshot.seq);
            }
            drop(all);
            for seq in [11, 12] {
                write(&mut snapshots, seq).unwrap();
                assert!(newest(&snapshots).0 == expected(seq), "{seq}");
            }
            let folder = MemoryFolder::open(&disk);
            assert_eq!(names(&folder, "snapshot-"), [manifest(11), manifest(12)]);
        }
    }
}

#[test]
fn a_flipped_bit_on_the_memory_disk_is_noticed() {
    for name in [manifest(2), sections(2)] {
        let disk = MemoryDisk::default();
        let mut snapshots = Snapshots::new(MemoryFolder::open(&disk));
        write(&mut snapshots, 1).unwrap();
        write(&mut snapshots, 2).unwrap();
        disk.damage(&name, 60);
        let (found, damaged) = newest(&snapshots);
        assert!(found == expected(1));
        assert_eq!(damaged.len(), 1);
    }
}

#[test]
fn after_a_damage_the_next_snapshot_shares_nothing_with_the_one_that_is_left() {
    let disk = MemoryDisk::default();
    let mut snapshots = Snapshots::new(MemoryFolder::open(&disk));
    (1..=4).for_each(|seq| _ = write(&mut snapshots, seq).unwrap());
    disk.damage(&sections(4), 60);
    snapshots.set_aside(Seq(4)).unwrap();
    assert_eq!(write(&mut snapshots, 5).unwrap().new, 12);
    disk.damage(&manifest(5), 60);
    assert_eq!(
        write(&mut snapshots, 5).unwrap().new,
        12,
        "one of the same place that cannot be read is no other"
    );
    assert!(newest(&snapshots).0 == expected(5));
    disk.damage(&sections(5), 60);
    assert!(newest(&snapshots).0 == expected(3));
}

/// Random histories: whatever changes and how much of it, both snapshots come back, no file belongs to both of them, and
/// the disk has a bound.
#[test]
fn the_disk_has_a_bound_and_no_file_is_in_two_snapshots() {
    let mut files_most = 0;
    for history in 0..8_u64 {
        let mut counter = history << 32;
        let mut draw = |bound: u64| {
            counter += 1;
            xxhash_rust::xxh3::xxh3_64(&counter.to_le_bytes()) % bound
        };
        let disk = MemoryDisk::default();
        let mut snapshots = Snapshots::new(MemoryFolder::open(&disk));
        let mut living: BTreeMap<u64, Section> = BTreeMap::new();
        let mut states: Vec<Vec<Section>> = Vec::new();
        let (share, mut largest) = (1 + draw(40), 0);
        for seq in 1..=44 {
            for key in 0..200 {
                // In some of them everything has its turn, so that every file stays in use for long.
                let is_changed = if history % 3 == 0 { key % 40 == seq % 40 } else { draw(share) == 0 };
                if !living.contains_key(&key) && draw(4) > 0 || key == 0 || is_changed {
                    let noise: Vec<u8> = (0..20 + draw(200)).map(|_| draw(256) as u8).collect();
                    living.insert(key, Section::new(key, noise));
                }
            }
            living.retain(|key, _| *key == 0 || history % 3 == 0 || draw(300) > 0);
            let told: Vec<Section> = living.values().cloned().collect();
            largest = largest.max(told.iter().flat_map(|one| &one.bytes).map(|bytes| bytes.len() + 20).sum());
            snapshots.write(Told::new(seq, &told)).unwrap();
            states.push(told);
            let kept: Vec<_> =
                snapshots.newest_first().unwrap().map(|(_, snapshot)| snapshot.unwrap()).collect();
            for (snapshot, state) in kept.iter().zip(states.iter().rev()) {
                assert!(
                    snapshot.sections().map(Result::unwrap).eq(state.iter().cloned()),
                    "{history} at {seq}"
                );
            }
            let folder = MemoryFolder::open(&disk);
            let files = names(&folder, "sections-");
            let bytes: usize = files.iter().map(|name| folder.read(name).unwrap().len()).sum();
            assert!(
                bytes <= 3 * SNAPSHOTS_KEPT * largest,
                "{bytes} bytes for {largest} at {seq} of {history}"
            );
            assert!(files.len() <= SNAPSHOTS_KEPT * SECTION_FILES_MAX, "{files:?}");
            files_most = files_most.max(files.len());
        }
        // Whatever file is lost, one of the two is whole, and the loss of any takes one of them.
        let files = names(&MemoryFolder::open(&disk), "sections-");
        let mut lost = BTreeSet::new();
        for name in files {
            let mut folder = MemoryFolder::open(&disk);
            let bytes = folder.read(&name).unwrap();
            folder.remove(&name).unwrap();
            let is_whole =
                |snapshot: eventlog::snapshots::Snapshot<'_>| snapshot.sections().all(|one| one.is_ok());
            let whole = snapshots.newest_first().unwrap().filter(|(_, one)| one.is_ok());
            let whole: Vec<Seq> =
                whole.filter_map(|(seq, one)| is_whole(one.unwrap()).then_some(seq)).collect();
            assert_eq!(whole.len(), 1, "{history} without {name}");
            lost.insert(whole[0]);
            folder.write(&name, &[&bytes]).unwrap();
        }
        assert_eq!(lost.len(), 2, "each of them has files of its own");
    }
    assert_eq!(files_most, SNAPSHOTS_KEPT * SECTION_FILES_MAX, "one of them came to the bound");
}

#[test]
fn the_newest_two_share_no_file_where_a_crash_brought_an_older_one_back() {
    let disk = MemoryDisk::default();
    let mut folder = MemoryFolder::open(&disk);
    let mut snapshots = Snapshots::new(MemoryFolder::open(&disk));
    (1..=2).for_each(|seq| _ = write(&mut snapshots, seq).unwrap());
    let first = folder.read(&manifest(1)).unwrap();
    write(&mut snapshots, 3).unwrap();
    let files = |snapshots: &Snapshots| -> Vec<BTreeSet<String>> {
        let all = snapshots.newest_first().unwrap();
        all.map(|(_, snapshot)| snapshot.unwrap().files().into_iter().collect()).collect()
    };
    assert!(files(&snapshots)[0].contains(&sections(1)), "the third goes on from the first");
    folder.write(&manifest(1), &[&first]).unwrap();
    snapshots.set_aside(Seq(2)).unwrap();
    assert_eq!(snapshots.write(Told::new(4, &state(3))).unwrap().new, 12);
    let [newest, other] = &files(&snapshots)[..] else { panic!("two are kept") };
    assert_eq!(newest.intersection(other).count(), 0);
}

#[test]
fn nothing_goes_on_from_one_that_was_found_to_be_damaged() {
    let disk = MemoryDisk::default();
    let mut snapshots = Snapshots::new(MemoryFolder::open(&disk));
    (1..=2).for_each(|seq| _ = write(&mut snapshots, seq).unwrap());
    disk.damage(&sections(2), 60);
    assert_eq!(snapshots.whole_from(Seq(1)).unwrap(), 1);
    write(&mut snapshots, 3).unwrap();
    assert_eq!(snapshots.whole_from(Seq(1)).unwrap(), 2);
    MemoryFolder::open(&disk).remove(&sections(3)).unwrap();
    assert_eq!(snapshots.whole_from(Seq(1)).unwrap(), 1, "a file that is gone is damage, too");
    write(&mut snapshots, 4).unwrap();
    assert_eq!(snapshots.whole_from(Seq(1)).unwrap(), 2);
}

#[test]
fn where_somebody_was_erased_no_file_has_what_was_before() {
    let dir = tempfile::tempdir().unwrap();
    let mut snapshots = Snapshots::open(dir.path()).unwrap();
    let mut sections =
        vec![Section::new(7, b"Ada lived here".to_vec()), Section::new(8, b"Bob lives here".to_vec())];
    let is_there = |snapshots: &Snapshots, who: &str| {
        let mut files = snapshots.contents().unwrap().map(|(_, content)| content.unwrap());
        files.any(|content| content.windows(who.len()).any(|window| window == who.as_bytes()))
    };
    (1..=4).for_each(|seq| _ = snapshots.write(Told::new(seq, &sections)).unwrap());
    sections[0] = Section::new(7, b"somebody lived here".to_vec());
    snapshots.write(Told::new(5, &sections)).unwrap();
    assert_eq!(snapshots.whole_from(Seq(5)).unwrap(), 0, "it refers to what came before");
    for (seq, count) in [(6, 1), (7, 2), (8, 2)] {
        assert!(is_there(&snapshots, "Ada"), "before seq {seq}");
        let written = snapshots.write(Told::new(seq, &sections).whole_from(6)).unwrap();
        assert_eq!(written.new, if seq < 8 { 2 } else { 0 });
        assert_eq!(snapshots.whole_from(Seq(6)).unwrap(), count);
        if count == SNAPSHOTS_KEPT {
            snapshots.remove_before(Seq(6)).unwrap();
            assert!(!is_there(&snapshots, "Ada") && is_there(&snapshots, "Bob"));
            break;
        }
    }
    assert_eq!(newest(&snapshots).0, Some((Seq(7), sections)));
}

#[test]
fn a_snapshot_of_format_1_is_one_of_the_two_until_its_turn_is_over() {
    let dir = tempfile::tempdir().unwrap();
    let mut snapshots = Snapshots::open(dir.path()).unwrap();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/v1/state").join(manifest(11));
    std::fs::copy(fixture, dir.path().join("state").join(manifest(11))).unwrap();
    let old = || snapshots.newest_first().unwrap().last().unwrap().1.unwrap();
    assert_eq!((old().seq, old().count(), snapshots.whole_from(Seq(11)).unwrap()), (Seq(11), 1, 1));
    for (seq, trim_to) in [(12, 11), (13, 12), (14, 13)] {
        assert_eq!(write(&mut snapshots, seq).unwrap().new, if seq < 14 { 12 } else { 9 });
        assert_eq!(snapshots.trim_to().unwrap(), Some(Seq(trim_to)));
    }
    assert!(newest(&snapshots).0 == expected(14));
}

/// A folder in which, with every look into a file, some snapshots are written, as many as are wanted altogether.
struct Busy {
    folder: MemoryFolder,
    writer: Mutex<(Snapshots, std::ops::Range<u64>)>,
}

impl Folder for Busy {
    fn list(&self) -> Result<BTreeSet<String>, Error> {
        self.folder.list()
    }

    fn read(&self, name: &str) -> Result<Vec<u8>, Error> {
        self.folder.read(name)
    }

    fn read_at(&self, name: &str, offset: u64, length: usize) -> Result<Vec<u8>, Error> {
        let (writer, places) = &mut *self.writer.lock().unwrap();
        places.by_ref().take(5).for_each(|seq| _ = write(writer, seq).unwrap());
        self.folder.read_at(name, offset, length)
    }

    fn append(&mut self, _: &str, _: &[u8]) -> Result<(), Error> {
        unreachable!("nothing is written while others copy")
    }

    fn seal(&mut self, _: &str) -> Result<(), Error> {
        unreachable!("the same")
    }

    fn write(&mut self, _: &str, _: &[&[u8]]) -> Result<(), Error> {
        unreachable!("the same")
    }

    fn rename(&mut self, _: &str, _: &str) -> Result<(), Error> {
        unreachable!("the same")
    }

    fn remove(&mut self, _: &str) -> Result<(), Error> {
        unreachable!("the same")
    }

    fn sync(&mut self) -> Result<(), Error> {
        unreachable!("the same")
    }
}

#[test]
fn what_is_removed_during_a_copy_leaves_nothing_torn() {
    for count in 0..20 {
        let disk = MemoryDisk::default();
        let mut writer = Snapshots::new(MemoryFolder::open(&disk));
        (1..=8).for_each(|seq| _ = write(&mut writer, seq).unwrap());
        let busy = Busy { folder: MemoryFolder::open(&disk), writer: Mutex::new((writer, 9..9 + count)) };
        let copy = MemoryDisk::default();
        let mut to = Snapshots::new(MemoryFolder::open(&copy));
        let copied = Snapshots::new(busy).copy(&mut to).unwrap();
        assert!(!copied.is_empty(), "{count} were written meanwhile");
        let all: Vec<_> = to.newest_first().unwrap().map(|(_, one)| one.unwrap()).collect();
        assert!(all.iter().rev().map(|one| one.seq).eq(copied.iter().copied()));
        let mut files = BTreeSet::new();
        for snapshot in all {
            assert!(snapshot.sections().map(Result::unwrap).eq(state(snapshot.seq.0)), "{}", snapshot.seq);
            files.extend(snapshot.files());
        }
        assert_eq!(
            MemoryFolder::open(&copy).list().unwrap(),
            files,
            "nothing else is left of what was begun"
        );
    }
}
