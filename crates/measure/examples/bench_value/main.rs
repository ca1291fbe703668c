//! BG/NBD on a million customers, beside the lifetimes package on the same customers in the same run.
//!
//! Both must come to the same parameters, or the run fails. `cargo run --release -p measure --example bench_value --
//! [customers]`. The peer needs python3 and its `venv`.

use measure::value::bg_nbd::{BgNbd, Variant};
use measure::value::customer::Customer;
use measure::value::pareto_nbd::ParetoNbd;
use measure::value::purchases::Purchases as _;
use measure::value::summary::{Purchase, Unit, summarise};
use measure::value::worth::{Foreteller, Horizon};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{RngCore as _, SeedableRng as _};
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

fn main() {
    let count =
        std::env::args().nth(1).map_or(1_000_000, |count| count.parse().expect("a number of customers"));
    let purchases = shop(count);
    println!("{count} customers, {} purchases", purchases.len());
    let begun = Instant::now();
    let summaries = summarise(purchases, DAYS, DAYS, Unit::Week);
    println!("summary        {:>8.3} s", begun.elapsed().as_secs_f64());
    let customers: Vec<Customer> = summaries.iter().map(|one| one.customer).collect();

    let begun = Instant::now();
    let fit = BgNbd::fit(&customers, Variant::Plain).expect("the shop has an answer");
    let ours = begun.elapsed().as_secs_f64();
    println!("BG/NBD         {ours:>8.3} s  {:?} in {} steps", fit.model, fit.steps);
    let begun = Instant::now();
    let mut foreteller = Foreteller::new(&fit.model, Horizon { length: 52.0, step: 52.0, discount: 0.0 });
    let sum: f64 = customers.iter().map(|one| foreteller.prospect(one, 1.0, 1.0).purchases).sum();
    println!("foretelling    {:>8.3} s  {sum:.3} purchases", begun.elapsed().as_secs_f64());
    let begun = Instant::now();
    let pareto = ParetoNbd::fit(&customers).expect("the shop has an answer");
    println!("Pareto/NBD     {:>8.3} s  {:?}", begun.elapsed().as_secs_f64(), pareto.model);
    println!("somebody new   {:>8.3} purchases a year", fit.model.expected(52.0));
    peer(&customers, ours, &fit.model);
}

/// From the first day to the last.
const DAYS: i32 = 300;

/// Customers who come over the first third, buy at rates of their own and leave after a purchase or not.
fn shop(count: u32) -> Vec<Purchase> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(42);
    let mut drawn = move || (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
    let mut purchases = Vec::new();
    for customer in 0..count {
        let first = f64::from(DAYS) / 3.0 * drawn();
        // A gamma of shape ½ as the square of a normal; a beta of 1 and 2.
        let bell = (-2.0 * (1.0 - drawn()).ln()).sqrt() * (std::f64::consts::TAU * drawn()).cos();
        let rate = 0.5 * bell * bell / 20.0;
        let leaves = 1.0 - (1.0 - drawn()).sqrt();
        let mut at = first;
        while at <= f64::from(DAYS) {
            purchases.push(Purchase { customer, day: at as i32, amount_millionths: 20_000_000 });
            if at > first && drawn() < leaves {
                break;
            }
            at += -(1.0 - drawn()).ln() / rate;
        }
    }
    purchases
}

fn peer(customers: &[Customer], ours: f64, model: &BgNbd) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/bench_value");
    std::fs::create_dir_all(&folder).expect("a folder");
    let python = folder.join("venv/bin/python");
    if !python.exists() {
        run(Command::new("python3").args(["-m", "venv"]).arg(folder.join("venv")));
        let packages = ["setuptools<81", "lifetimes==0.11.3"];
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(packages));
    }
    let table = folder.join("customers.csv");
    let mut out = BufWriter::new(std::fs::File::create(&table).expect("a file"));
    writeln!(out, "frequency,recency,T").expect("it is written");
    for one in customers {
        writeln!(out, "{},{},{}", one.frequency, one.recency, one.age).expect("it is written");
    }
    out.flush().expect("it is written");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bench_value/peer.py");
    let output = Command::new(&python).arg(script).arg(&table).output().expect("python starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    print!("lifetimes:\n{text}");
    let fit: Vec<f64> = text
        .lines()
        .next()
        .expect("a fit")
        .split(' ')
        .skip(1)
        .map(|number| number.parse().expect("a number"))
        .collect();
    for (found, expected) in [model.r, model.alpha, model.a, model.b].iter().zip(&fit[1..]) {
        assert!((found / expected - 1.0).abs() < 1e-2, "{found} is not {expected}");
    }
    println!("{:.1} times as fast", fit[0] / ours);
}

fn run(command: &mut Command) {
    let status = command.status().unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
    assert!(status.success(), "{command:?} ended with {status}");
}
