//! Snapshots on a real directory and on the memory disk.

use engine::Seq;
use engine::at::At;
use eventlog::Error;
use eventlog::folder::DiskFolder;
use eventlog::memory::{MemoryDisk, MemoryFolder};
use eventlog::snapshots::{Snapshot, Snapshots};

fn state(seq: u64) -> Vec<u8> {
    format!("the state after {seq} ").repeat(500).into_bytes()
}

fn snapshot(seq: u64) -> Snapshot {
    Snapshot { seq: Seq(seq), at: At(seq.cast_signed() * 10), state: state(seq) }
}

/// The newest that is whole, and what was wrong with those before it.
fn newest(snapshots: &Snapshots) -> (Option<Snapshot>, Vec<Error>) {
    let mut damaged = Vec::new();
    for (_, snapshot) in snapshots.newest_first().unwrap() {
        match snapshot {
            Ok(snapshot) => return (Some(snapshot), damaged),
            Err(error) => damaged.push(error),
        }
    }
    (None, damaged)
}

fn write(snapshots: &mut Snapshots, seq: u64) -> Result<(), Error> {
    let Snapshot { seq, at, state } = snapshot(seq);
    snapshots.write(seq, at, &state)
}

#[test]
fn the_newest_comes_back_and_two_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let open = || Snapshots::open(dir.path()).unwrap();
    assert_eq!(newest(&open()).0, None);
    for (seq, trim_to) in [(9, None), (10, Some(9)), (200, Some(10))] {
        write(&mut open(), seq).unwrap();
        assert_eq!(newest(&open()).0, Some(snapshot(seq)));
        assert_eq!(open().trim_to().unwrap(), trim_to.map(Seq), "a lone snapshot may turn out damaged");
    }
    let names = std::fs::read_dir(dir.path().join("state")).unwrap();
    assert_eq!(names.count(), 2, "nothing but the two snapshots is left");
}

#[test]
fn wherever_the_newest_is_damaged_the_one_before_is_taken() {
    let dir = tempfile::tempdir().unwrap();
    let mut snapshots = Snapshots::new(DiskFolder::open(dir.path()).unwrap());
    write(&mut snapshots, 1).unwrap();
    write(&mut snapshots, 2).unwrap();
    let path = dir.path().join("snapshot-00000000000000000002.trama");
    let whole = std::fs::read(&path).unwrap();
    let damages = (0..whole.len()).map(|offset| {
        let mut bytes = whole.clone();
        bytes[offset] ^= 0x10;
        bytes
    });
    let cuts = (0..whole.len()).map(|length| whole[..length].to_vec());
    for bytes in damages.chain(cuts) {
        std::fs::write(&path, &bytes).unwrap();
        let (found, damaged) = newest(&snapshots);
        assert_eq!(found, Some(snapshot(1)));
        let [Error::DamagedSnapshot { name, .. }] = &damaged[..] else {
            panic!("{damaged:?}");
        };
        assert_eq!(name, "snapshot-00000000000000000002.trama");
    }
    std::fs::rename(dir.path().join("snapshot-00000000000000000001.trama"), &path).unwrap();
    assert!(newest(&snapshots).0.is_none(), "a snapshot under another's name is not used");
}

#[test]
fn a_power_cut_while_writing_leaves_the_newest_or_the_one_before() {
    for countdown in 0.. {
        for choice in 0..4 {
            let disk = MemoryDisk::default();
            let mut snapshots = Snapshots::new(MemoryFolder::open(&disk));
            for seq in [1, 2, 3] {
                write(&mut snapshots, seq).unwrap();
            }
            disk.lose_power_after(countdown);
            let written = write(&mut snapshots, 4);
            if written.is_ok() {
                assert!(countdown >= 5, "content, its sync, name, its sync, removal");
                return;
            }
            disk.crash(&mut |bound| choice % bound);
            let (found, damaged) = newest(&snapshots);
            let seq = found.expect("a snapshot").seq;
            assert!(seq == Seq(3) || seq == Seq(4), "{seq}");
            assert!(damaged.is_empty(), "a name is only given to what is whole");
            write(&mut snapshots, 5).unwrap();
            assert_eq!(newest(&snapshots).0, Some(snapshot(5)));
        }
    }
}

#[test]
fn a_flipped_bit_on_the_memory_disk_is_noticed() {
    let disk = MemoryDisk::default();
    let mut snapshots = Snapshots::new(MemoryFolder::open(&disk));
    write(&mut snapshots, 1).unwrap();
    write(&mut snapshots, 2).unwrap();
    disk.damage("snapshot-00000000000000000002.trama", 60);
    let (found, damaged) = newest(&snapshots);
    assert_eq!(found.map(|snapshot| snapshot.seq), Some(Seq(1)));
    assert_eq!(damaged.len(), 1);
}
