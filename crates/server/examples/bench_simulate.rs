//! A dry run over the whole history of a shop with `examples/bottega` live: the same programme with one journey changed,
//! beside what was.
//!
//! The peer in the same run is what no dry run can do without: one engine that lives the log again, on one thread.
//! `cargo run --release -p server --example bench_simulate -- [profiles] [events]`.

mod fed;

use engine::Seq;
use engine::programme::Reenter;
use eventlog::dryrun::{Window, run};
use eventlog::log::{Batch, Log};
use eventlog::recovery::replay;
use eventlog::sqlite::{SqliteLog, SqliteReader};
use fed::shop::Shop;
use fed::{BATCH, bottega, installed, take};
use std::time::Instant;

fn main() {
    let mut arguments = std::env::args().skip(1).filter_map(|argument| argument.parse::<usize>().ok());
    let profiles = arguments.next().unwrap_or(1_000_000);
    let events = arguments.next().unwrap_or(10_000_000);
    let folder = tempfile::tempdir_in("target").expect("a folder on the disk of this checkout");

    let mut shop = Shop::new(profiles, events).enumerate().peekable();
    let begin_at = shop.peek().expect("at least one event").1.at;
    let mut live = installed(begin_at);
    let mut log = SqliteLog::open(folder.path()).expect("a log");
    // Nobody reads the two records that `installed` has applied.
    let installing = Batch { first: Seq(1), at: begin_at, count: 2, body: vec![0; 2] };
    log.append(&[installing]).expect("the disk takes it");
    while shop.peek().is_some() {
        let batches = take(&mut live, shop.by_ref().take(BATCH));
        log.append(&batches).expect("the disk takes it");
    }
    let (hash, to, sends) = (live.hash(), live.at(), live.sends().len());
    println!("{} profiles, {events} events, {sends} sends", live.counts().profiles);
    drop(live);

    let begin = Instant::now();
    let mut again = installed(begin_at);
    replay(&log, &mut again).expect("the log");
    let alone = begin.elapsed().as_secs_f64();
    assert_eq!(again.hash(), hash, "it is another engine");
    drop(again);
    println!("lived again          {alone:.1} s, {:.0} events/s", events as f64 / alone);

    drop(log);

    let log = SqliteReader::open(folder.path()).expect("a log");
    let mut programme = bottega();
    let changed = programme.journeys.get_mut("cart-reminder").expect("the example has it");
    changed.reenter = Reenter::Always;
    let definition = serde_json::to_string(&programme).expect("plain JSON");
    let begin = Instant::now();
    let ran = run(installed(begin_at), &definition, Window { from: begin_at, to }, None, |from| {
        Ok(Box::new(log.read(from)?))
    });
    let took = begin.elapsed().as_secs_f64();
    let ran = ran.expect("it runs");
    assert_eq!(ran.was.engine.hash(), hash, "what was is another engine");
    println!(
        "run dry              {took:.1} s, {:.0} events/s, {:.2} of the time; {} sends instead of {sends}",
        events as f64 / took,
        took / alone,
        ran.would.engine.sends().len(),
    );
}
