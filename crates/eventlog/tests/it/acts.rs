//! Acts of operators go into the log with what they tell of, and not without it.

use engine::at::At;
use engine::engine::{Engine, Refusal};
use engine::record::{Command, Commandable, Commanded, Installed, OperatorActed, Record};
use eventlog::sequencer::{Outcome, stage};

use crate::records::{framed, installed, programme, seen};

fn acted() -> Vec<u8> {
    framed(&Record::OperatorActed(OperatorActed {
        acted_at: At(0),
        operator: "ada",
        role: "owner",
        act: "journey.pause",
        subject: "thanks",
        people: vec![],
        before: "",
        after: "",
    }))
}

/// Pauses what there is not.
fn refused() -> Vec<u8> {
    let (what, name, command, operator) = (Commandable::Journey, "thanks", Command::Pause, "ada");
    framed(&Record::Commanded(Commanded { what, name, command, commanded_at: At(0), operator }))
}

/// How many records of a submission were logged, and what became of its last one.
fn last_of(engine: &mut Engine, submission: &[Vec<u8>]) -> (u64, Outcome) {
    let before = engine.seq().0;
    let staged = stage(engine, engine.at(), &[&submission.concat()]);
    (engine.seq().0 - before, staged.outcomes[0].last().unwrap().clone())
}

#[test]
fn of_what_was_not_done_nothing_is_told() {
    let installed: Installed = installed();
    let mut engine = Engine::new();
    stage(&mut engine, At(1_000), &[&framed(&Record::Installed(installed)), &programme()]);
    let nothing = Outcome::Refused(Refusal::NothingDone);
    let event = || seen("ada", "m1", 900);
    let is_told = |outcome: Outcome| matches!(outcome, Outcome::Applied(_));
    let (logged, outcome) = last_of(&mut engine, &[acted()]);
    assert!(logged == 1 && is_told(outcome), "what lies beside the log");
    assert_eq!(last_of(&mut engine, &[refused(), acted()]), (0, nothing.clone()));
    let (logged, outcome) = last_of(&mut engine, &[event(), acted()]);
    assert!(logged == 2 && is_told(outcome));
    assert_eq!(last_of(&mut engine, &[event(), acted()]), (0, nothing.clone()), "it was known");
    assert_eq!(last_of(&mut engine, &[event(), refused(), acted()]), (0, nothing));
    let (logged, outcome) = last_of(&mut engine, &[refused(), seen("ada", "m2", 900), acted()]);
    assert!(logged == 2 && is_told(outcome), "some of it was done");
    // What was refused in one submission says nothing of the next.
    let staged = stage(&mut engine, At(2_000), &[&refused(), &acted()]);
    assert!(is_told(staged.outcomes[1][0].clone()));
}
