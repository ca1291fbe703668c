//! What a send costs in memory, and how long it takes to tell everything that was sent to one person.
//!
//! The engine takes an event of every person again and again, each of which leads to an email that is accepted; what a send
//! costs is the memory beyond that of the same events without the email. The peer in the same run keeps the sends whole, with
//! a list of their numbers for each person. `cargo run --release -p engine --example bench_ledger -- [sends] [profiles]`.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a benchmark asks the clock and starts a process"
)]

use engine::at::{At, Span};
use engine::effect::Effect;
use engine::engine::{Engine, Outcome};
use engine::identifier::{HashKey, IdentifierKind};
use engine::outbox::Send;
use engine::programme::{
    Channel, Choices, EmailMessage, Journey, Message, OptIn, Programme, Purpose, Reenter, Step,
};
use engine::record::{
    Attempted, DeliveryOutcome, Event, EventFlags, EventKind, Identifier, Installed, ProgrammeApplied,
    Record, Settled,
};
use engine::value::Map;
use engine::{ProfileId, Seq};
use std::hint::black_box;
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const KEY: HashKey = HashKey([5; 16]);
const START: At = At(1_760_000_000_000);
/// People whose sends are asked for.
const ASKED: usize = 10_000;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut number = || arguments.next().and_then(|argument| argument.parse::<usize>().ok());
    let sends = number().unwrap_or(1_000_000);
    let profiles = number().unwrap_or(sends / 10);
    let is_bare = std::env::args().any(|argument| argument == "bare");

    let idle = resident();
    let engine = feed(sends, profiles, is_bare);
    let held = resident() - idle;
    if is_bare {
        return println!("{held}");
    }
    let bare = resident_without(sends, profiles);
    assert_eq!(engine.sends().len(), sends, "each event led to a send");
    println!(
        "{sends} sends to {profiles} people: {:.1} bytes a send",
        (held as f64 - bare as f64) / sends as f64
    );

    let before = resident();
    let of_its_own = |mut send: Send| {
        send.address = (*send.address).into();
        send
    };
    let whole: Vec<Send> = engine.sends().map(of_its_own).collect();
    let mut lists = vec![Vec::new(); profiles];
    whole.iter().for_each(|send| lists[send.profile.0 as usize].push(send.id));
    println!(
        "kept whole, with a list for each person: {:.1} bytes a send",
        (resident() - before) as f64 / sends as f64
    );

    let person = |number: usize| ProfileId((number.wrapping_mul(2_654_435_761) % profiles) as u32);
    let of_ledger = times(|number| {
        let sends = engine.sends_of(person(number));
        sends.fold(0, |sum, send| sum + send.attempts as usize + send.address.len())
    });
    let of_whole = times(|number| {
        let list = &lists[person(number).0 as usize];
        list.iter()
            .map(|id| &whole[id.0 as usize])
            .fold(0, |sum, send| sum + send.attempts as usize + send.address.len())
    });
    println!("everything sent to one person: p50 {:.1} us, p99 {:.1} us", of_ledger.0, of_ledger.1);
    println!("of those kept whole:           p50 {:.1} us, p99 {:.1} us", of_whole.0, of_whole.1);
}

/// An engine with so many sends, as many for everybody.
fn feed(sends: usize, profiles: usize, is_bare: bool) -> Engine {
    let mut engine = Engine::new();
    let installed = Installed { installation: 1, hash_key: KEY, seed: 1, link_key: [0; 32] };
    apply(&mut engine, START, &Record::Installed(installed));
    let definition = serde_json::to_string(&programme(is_bare)).expect("plain JSON");
    let applied = ProgrammeApplied { applied_at: START, operator: "bench", definition: &definition };
    apply(&mut engine, START, &Record::ProgrammeApplied(applied));
    for number in 0..sends {
        let round = (number / profiles) as i64;
        let at = START.plus(Span::DAY.times(round)).plus(Span((number % profiles) as i64));
        buy(&mut engine, at, number, number % profiles);
    }
    engine
}

fn programme(is_bare: bool) -> Programme {
    let mut programme = Programme {
        name: "bench".into(),
        timezone: "UTC".into(),
        languages: vec!["en".into()],
        ..Programme::default()
    };
    let orders = Purpose { channels: vec![Channel::Email], opt_in: OptIn::None, ..Purpose::default() };
    programme.purposes.insert("orders".into(), orders);
    let message = Message { email: Some(EmailMessage::default()), ..Message::default() };
    programme.messages.insert("order-confirmation".into(), message);
    let send =
        Step::Send { message: "order-confirmation".into(), channels: vec![], choices: Choices::default() };
    let journey = Journey {
        purpose: "orders".into(),
        enter: "did \"Order Completed\"".into(),
        reenter: Reenter::After(Span::HOUR),
        steps: if is_bare { vec![Step::Exit] } else { vec![send] },
        ..Journey::default()
    };
    programme.journeys.insert("order-confirmation".into(), journey);
    programme
}

fn buy(engine: &mut Engine, at: At, number: usize, person: usize) {
    let address = format!("somebody.number-{person}@example.org");
    let hash = KEY.identifier(IdentifierKind::Email, &address);
    let message_id = number.to_string();
    let event = Event {
        kind: EventKind::Track,
        flags: EventFlags::default(),
        occurred_at: at,
        received_at: at,
        source: "bench",
        name: "Order Completed",
        message_id: KEY.message_id("bench", &message_id),
        identifiers: vec![Identifier { kind: IdentifierKind::Email, hash, value: &address }],
        message_id_text: &message_id,
        properties: Map::default(),
        traits: Map::default(),
        context: Map::default(),
    };
    for effect in apply(engine, at, &Record::Event(event)) {
        let Effect::Prepare(prepare) = effect else { continue };
        let (send, attempt) = (prepare.send, prepare.attempt);
        apply(engine, at, &Record::Attempted(Attempted { send, attempt, attempted_at: at }));
        let (outcome, reply) = (DeliveryOutcome::Accepted, "250 2.0.0 Ok: queued");
        apply(engine, at, &Record::Settled(Settled { send, attempt, outcome, settled_at: at, reply }));
    }
}

fn apply(engine: &mut Engine, at: At, record: &Record<'_>) -> Vec<Effect> {
    let mut effects = Vec::new();
    let seq = Seq(engine.seq().0 + 1);
    assert_eq!(engine.apply(seq, at, record, &mut effects), Outcome::Applied);
    effects
}

/// What the same events take without a send, in a process of its own.
fn resident_without(sends: usize, profiles: usize) -> u64 {
    let program = std::env::current_exe().expect("this program");
    let arguments = [sends.to_string(), profiles.to_string(), "bare".to_owned()];
    let output = std::process::Command::new(program).args(arguments).output().expect("it starts");
    String::from_utf8_lossy(&output.stdout).trim().parse().expect("a number of bytes")
}

/// Microseconds: the middle one, and the one that one in a hundred exceeds.
fn times(ask: impl Fn(usize) -> usize) -> (f64, f64) {
    let mut times: Vec<f64> = (0..ASKED)
        .map(|number| {
            let begin = Instant::now();
            black_box(ask(number));
            begin.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    times.sort_by(f64::total_cmp);
    (times[ASKED / 2], times[ASKED * 99 / 100])
}

/// Bytes of memory that this process holds.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    let pages: u64 = text.split(' ').nth(1).and_then(|pages| pages.parse().ok()).expect("a number of pages");
    pages * 4_096
}
