//! Dry runs over the histories of worlds. The programme that was live gives what was, to the last byte; another one gives
//! something that adds up, and the same twice.

use engine::Seq;
use engine::at::{At, Span};
use engine::engine::Engine;
use engine::moves::Move;
use engine::outbox::{Decision, Send, Status};
use engine::record::Record;
use eventlog::Error;
use eventlog::dryrun::{Failure, Ran, Window, run};
use eventlog::log::{Batch, Batches};
use eventlog::memory::{MemoryDisk, MemoryFolder};
use eventlog::recovery::{recover_as_of, watch_runs};
use eventlog::snapshots::Snapshots;
use sim::world::World;
use std::collections::BTreeMap;

const SEEDS: u64 = 6;
/// Of those, the ones in which other programmes run dry, each twice.
const SEEDS_OF_OTHERS: u64 = 2;

/// A programme, and the stretch of history through which it alone was live.
struct Reign {
    window: Window,
    definition: String,
}

fn history(seed: u64) -> Vec<Batch> {
    let mut world = World::new(seed, None);
    world.run().unwrap_or_else(|violation| panic!("seed {seed}: {violation}"));
    world.history().to_vec()
}

fn reigns(history: &[Batch]) -> Vec<Reign> {
    let mut applied: Vec<(At, String)> = Vec::new();
    for batch in history {
        for bytes in batch.records() {
            if let Ok(Record::ProgrammeApplied(programme)) = Record::decode(bytes.unwrap()) {
                applied.push((batch.at, programme.definition.to_owned()));
            }
        }
    }
    let end = history.last().unwrap().at;
    let ends = applied.iter().skip(1).map(|(at, _)| at.minus(Span(1))).chain([end]);
    let reigns = applied.iter().zip(ends).map(|((from, definition), to)| Reign {
        window: Window { from: *from, to },
        definition: definition.clone(),
    });
    reigns.filter(|reign| reign.window.from < reign.window.to).collect()
}

fn read(history: &[Batch], from: Seq) -> Result<Batches<'_>, Error> {
    Ok(Box::new(history.iter().filter(move |batch| batch.last() >= from).cloned().map(Ok)))
}

fn as_of(history: &[Batch], at: At) -> Engine {
    let nothing = Snapshots::new(MemoryFolder::open(&MemoryDisk::default()));
    recover_as_of(at, &nothing, |from| read(history, from)).unwrap()
}

fn dry_run(history: &[Batch], definition: &str, window: Window) -> Result<Ran, Failure> {
    run(as_of(history, window.from), definition, window, None, |from| read(history, from))
}

#[test]
fn the_programme_that_was_live_gives_what_was() {
    let (mut sends, mut windows) = (0, 0);
    for seed in 1..=SEEDS {
        let history = history(seed);
        for Reign { window, definition } in reigns(&history) {
            let ran = dry_run(&history, &definition, window).unwrap();
            let was = as_of(&history, window.to);
            assert_eq!(ran.was.engine.hash(), was.hash(), "seed {seed}, {window:?}: history is told wrongly");
            let (was, would) = (ran.was.engine.snapshot(), ran.would.engine.snapshot());
            assert_eq!(was.len(), would.len(), "seed {seed}, {window:?}");
            assert!(
                ran.was.engine.hash() == ran.would.engine.hash(),
                "seed {seed}, {window:?}, {:?}: {:?}",
                ran.left_out,
                first_difference(&ran)
            );
            assert_eq!((ran.left_out, ran.was.waits), (Default::default(), ran.would.waits));
            sends += ran.would.engine.sends().len() as u64 - ran.first_send.0;
            windows += 1;
        }
    }
    assert!(windows > SEEDS && sends > 20 * SEEDS, "{sends} sends in {windows} windows are too few");
}

fn first_difference(ran: &Ran) -> Option<String> {
    let pairs = ran.was.engine.sends().zip(ran.would.engine.sends());
    let mut told = pairs.map(|(was, would)| (format!("{was:?}"), format!("{would:?}")));
    told.find(|(was, would)| was != would).map(|(was, would)| format!("\n{was}\n{would}"))
}

#[test]
fn another_programme_gives_what_adds_up() {
    let (mut ran_dry, mut differ) = (0, 0);
    for seed in 1..=SEEDS_OF_OTHERS {
        let history = history(seed);
        let all = reigns(&history);
        for (number, Reign { window, .. }) in all.iter().enumerate() {
            let other = &all[(number + 1) % all.len()].definition;
            // One that changes a broadcast that has begun is refused, as it would have been.
            let Ok(ran) = dry_run(&history, other, *window) else { continue };
            let again = dry_run(&history, other, *window).unwrap();
            assert_eq!(ran.would.engine.hash(), again.would.engine.hash(), "seed {seed}, {window:?}");
            assert_eq!(ran.was.engine.hash(), as_of(&history, window.to).hash());
            adds_up(&ran, *window);
            ran_dry += 1;
            differ += u64::from(ran.would.engine.sends().len() != ran.was.engine.sends().len());
        }
    }
    assert!(ran_dry > SEEDS_OF_OTHERS && differ > 0, "{differ} of {ran_dry} dry runs differ from history");
}

fn adds_up(ran: &Ran, window: Window) {
    let engine = &ran.would.engine;
    assert!(engine.at() <= window.to);
    let (mut wished, mut decided) = (0, 0);
    for (_, decisions) in engine.decisions() {
        wished += decisions.wished;
        let dropped: u64 =
            engine::outbox::Reason::ALL.into_iter().map(|reason| decisions.dropped(reason)).sum();
        decided += decisions.send + decisions.defer + dropped;
    }
    assert_eq!((wished, decided), (engine.sends().len() as u64, wished));
    // Whatever history knows nothing of was answered at once, so only its own messages can still be on their way.
    let on_the_way = |send: &Send| match send.status {
        Status::Queued => send.retry_at.is_none(),
        status => status == Status::Attempted,
    };
    let was = ran.was.engine.sends().filter(on_the_way).count();
    let would = engine.sends().filter(on_the_way).collect::<Vec<_>>();
    assert!(would.len() <= was, "{was} messages were on their way, and now {would:?}");
    assert!(would.iter().all(|send| send.decision == Decision::Send));
}

/// Moves that are told of add up to where people are, whatever happened to them meanwhile; and watching changes nothing.
#[test]
fn whoever_came_to_a_step_has_left_it_or_is_there() {
    let mut moves = 0;
    for seed in 1..=SEEDS {
        let history = history(seed);
        let mut engine = Engine::new();
        let mut told: BTreeMap<(String, u32, String), i64> = BTreeMap::new();
        watch_runs(
            &mut engine,
            |from| read(&history, from),
            |_, moved| {
                if moved.is_broadcast {
                    return;
                }
                let mut count = |place: &str, by: i64| {
                    *told.entry((moved.journey.to_string(), moved.version, place.to_owned())).or_default() +=
                        by;
                };
                match &moved.what {
                    Move::In { to, .. } => count(to, 1),
                    Move::On { from, to } => {
                        count(from, -1);
                        count(to, 1);
                    }
                    Move::Out { from, .. } => count(from, -1),
                    Move::Goal { .. } => {}
                }
                moves += 1;
            },
        )
        .unwrap();
        told.retain(|_, people| *people != 0);
        assert_eq!(told, there(&engine), "seed {seed}");
        assert_eq!(
            engine.hash(),
            as_of(&history, engine.at()).hash(),
            "seed {seed}: watching changes nothing"
        );
    }
    assert!(moves > 100 * SEEDS, "{moves} moves are too few");
}

/// How many people are at which step, as the engine says.
fn there(engine: &Engine) -> BTreeMap<(String, u32, String), i64> {
    let mut there = BTreeMap::new();
    for journey in engine.journeys() {
        for version in engine.versions_of(journey.name) {
            for (place, people) in version.positions {
                let of = (journey.name.to_owned(), version.version, place.to_string());
                *there.entry(of).or_default() += people as i64;
            }
        }
    }
    there
}
