//! Attribution of many paths, read from a table, beside ChannelAttribution from PyPI in the same run.
//!
//! `cargo run --release -p measure --example bench_attribution -- [paths]`. The peer needs python3, its `venv` and a C++
//! compiler; it is under the GPL, is used as a program beside ours and no part of anything. `-- 0` leaves the peer out and
//! takes ten million paths.

use measure::attribution::{Credit, HalfLife, Model, Paths, credit, read};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

const CHANNELS: u64 = 30;
const PATHS_USUAL: u64 = 500_000;
const PATHS_ALONE: u64 = 10_000_000;

fn main() {
    let asked = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(PATHS_USUAL);
    let (count, beside) = if asked == 0 { (PATHS_ALONE, false) } else { (asked, true) };
    let folder = Path::new("target/bench_attribution");
    fs::create_dir_all(folder).expect("a folder in target");
    let file = folder.join("paths.csv");
    fs::write(&file, table(count)).expect("the paths are written");

    let begun = Instant::now();
    let bytes = fs::read(&file).expect("they are there");
    let paths = read(&bytes).expect("they are understood");
    let took_read = begun.elapsed();
    println!(
        "{} paths, {} touches, {} channels; read in {:.3} s",
        paths.len(),
        paths.touches(),
        paths.channels(),
        took_read.as_secs_f64()
    );
    let half_life = HalfLife::Touches(Model::HALF_LIFE);
    let mut models = Model::all(half_life, Model::POSITION_WEIGHTS, 1).to_vec();
    models.extend([Model::Markov { order: 2 }, Model::Markov { order: 3 }]);
    for model in models {
        let begun = Instant::now();
        let given = credit(&paths, model).expect("it settles");
        let took = begun.elapsed();
        let order = if let Model::Markov { order } = model { order.to_string() } else { String::new() };
        println!(
            "  {:>10} {order:1} {:.3} s, {:.3} s with reading; the first channel gets {:.6}",
            model.name(),
            took.as_secs_f64(),
            (took_read + took).as_secs_f64(),
            given.conversions[0]
        );
        assert_eq!(bits(&given), bits(&credit(&paths, model).expect("it settles")), "the same bits again");
    }
    if beside {
        peer(folder, &paths);
    }
}

fn bits(credit: &Credit) -> Vec<u64> {
    credit.conversions.iter().chain(&credit.value).map(|number| number.to_bits()).collect()
}

/// Paths with a mean of five touches and a long tail, in channels of which a few have most.
fn table(count: u64) -> String {
    let mut text = String::from("path,total_conversions,total_conversion_value,total_null\n");
    let mut state = 42;
    for _ in 0..count {
        let mut touches = 1;
        while touches < 60 && lot(&mut state) % 10 < 8 {
            touches += 1;
        }
        for touch in 0..touches {
            let (one, other) = (lot(&mut state) % CHANNELS, lot(&mut state) % CHANNELS);
            let _ = write!(text, "{}channel_{}", if touch == 0 { "" } else { " > " }, one.min(other));
        }
        let converted = lot(&mut state) % 4;
        let value = if converted == 0 { 0 } else { converted * (lot(&mut state) % 9_000 + 1_000) };
        let _ = writeln!(text, ",{converted},{}.{:02},{}", value / 100, value % 100, lot(&mut state) % 10);
    }
    text
}

/// The next of a series of numbers without a pattern.
fn lot(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)) >> 16
}

fn peer(folder: &Path, paths: &Paths) {
    let venv = folder.join("../venv-attribution");
    let python = venv.join("bin/python");
    if !python.exists() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&venv));
        run(Command::new(&python).args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "ChannelAttribution==2.2.5",
            "matplotlib",
        ]));
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bench_attribution/peer.py");
    run(Command::new(&python).arg(script).arg(folder.join("paths.csv")).arg(paths.name(0)));
}

fn run(command: &mut Command) {
    let status = command.status().unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
    assert!(status.success(), "{command:?} ended with {status}");
}
