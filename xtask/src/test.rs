//! `cargo xtask test`: every check there is, one step after another. A failed step does not hide the later ones;
//! the last lines repeat what the test runners themselves counted.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::process::{self, cargo};
use crate::{build, console, setup, sim};

/// Simulated worlds in every run of all tests: a few seconds, and enough for the common mistakes.
const SIM_SEEDS: u64 = 20;

struct Step {
    name: &'static str,
    command: Command,
}

/// What became of a step, with the lines in which its test runner sums up.
struct Report {
    name: &'static str,
    passed: bool,
    took: Duration,
    summary: Vec<String>,
}

pub(crate) fn run() -> anyhow::Result<()> {
    setup::run()?;
    // Before the binary, which holds it.
    console::build()?;
    let reports = steps()?.into_iter().map(take).collect::<anyhow::Result<Vec<_>>>()?;
    println!();
    for report in &reports {
        let verdict = if report.passed { "ok" } else { "FAILED" };
        println!("{:<14} {verdict:<6} {:>7.1} s", report.name, report.took.as_secs_f64());
    }
    for line in reports.iter().flat_map(|report| &report.summary) {
        println!("{line}");
    }
    let failed: Vec<&str> =
        reports.iter().filter(|report| !report.passed).map(|report| report.name).collect();
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}

fn steps() -> anyhow::Result<Vec<Step>> {
    let this = std::env::current_exe().context("cannot find the running xtask")?;
    Ok(vec![
        Step { name: "format", command: cargo(&["fmt", "--all", "--check"]) },
        Step { name: "tidy", command: process::command(this, &["tidy"]) },
        Step {
            name: "clippy",
            command: cargo(&["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"]),
        },
        Step { name: "rust", command: rust_tests() },
        Step { name: "sim", command: sim::command(1, SIM_SEEDS) },
        Step {
            name: "binary",
            command: cargo(&[
                "build",
                "--quiet",
                "--package",
                "server",
                "--bin",
                "trama",
                "--example",
                "held",
            ]),
        },
        Step { name: "console types", command: console::npm(&["run", "--silent", "check"]) },
        Step { name: "console", command: console::npm(&["run", "--silent", "test"]) },
        Step { name: "screens", command: screen_tests()? },
        Step { name: "web sdk", command: node_tests("sdk/js")? },
        Step { name: "sdks", command: node_tests("tests/sdk")? },
        Step { name: "lake", command: node_tests("tests/lake")? },
        Step { name: "mail", command: node_tests("tests/mail")? },
    ])
}

/// `cargo nextest` where it is installed, since it runs the binaries side by side; plain `cargo test` everywhere else.
fn rust_tests() -> Command {
    if process::find("cargo-nextest").is_some() {
        return cargo(&["nextest", "run", "--workspace", "--no-fail-fast"]);
    }
    cargo(&["test", "--workspace", "--no-fail-fast"])
}

/// The real SDKs, a real mail server, and a real reader of the lake, against the binary that was just built.
fn node_tests(folder: &str) -> anyhow::Result<Command> {
    let mut command = process::command("node", &["--test", "--test-reporter=spec"]);
    command.current_dir(process::root().join(folder));
    command.env("TRAMA_BIN", build::target_directory()?.join("debug/trama"));
    Ok(command)
}

/// The console's screens in a browser, against the binary that was just built.
fn screen_tests() -> anyhow::Result<Command> {
    let mut command = console::npm(&["run", "--silent", "browser"]);
    command.env("TRAMA_BIN", build::target_directory()?.join("debug/trama"));
    Ok(command)
}

/// Runs a step, showing what it writes as it comes.
fn take(mut step: Step) -> anyhow::Result<Report> {
    println!("\n== {}: {}", step.name, process::show(&step.command));
    let begun = Instant::now();
    let mut child = step
        .command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{}`", process::show(&step.command)))?;
    let (output, errors) =
        (child.stdout.take().expect("piped above"), child.stderr.take().expect("piped above"));
    let from_errors = thread::spawn(|| pass_on(errors));
    let mut summary = pass_on(output);
    summary.extend(from_errors.join().expect("passing lines on does not panic"));
    let passed = child.wait().context("cannot wait for a step")?.success();
    Ok(Report { name: step.name, passed, took: begun.elapsed(), summary })
}

/// Copies lines to our output and keeps those that sum up.
fn pass_on(from: impl Read) -> Vec<String> {
    let mut summary = Vec::new();
    for line in BufReader::new(from).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line).into_owned();
        println!("{line}");
        if sums_up(&line) {
            summary.push(line);
        }
    }
    summary
}

/// The lines in which `cargo test`, nextest and `node --test` count.
fn sums_up(line: &str) -> bool {
    let line = line.trim_start();
    ["test result: ", "Summary [", "ℹ tests ", "ℹ pass ", "ℹ fail ", "ℹ skipped "]
        .iter()
        .any(|start| line.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_each_runner_that_count_are_kept() {
        let of_cargo = "running 2 tests\ntest a ... ok\ntest result: ok. 2 passed; 0 failed\n";
        let of_nextest =
            "    PASS [   0.1s] engine at::day\n     Summary [   2.0s] 9 tests run: 9 passed, 0 skipped\n";
        let of_node = "✔ identify (3ms)\nℹ tests 1\nℹ suites 0\nℹ pass 1\nℹ fail 0\n";
        let kept = pass_on([of_cargo, of_nextest, of_node].concat().as_bytes());
        assert_eq!(
            kept,
            [
                "test result: ok. 2 passed; 0 failed",
                "     Summary [   2.0s] 9 tests run: 9 passed, 0 skipped",
                "ℹ tests 1",
                "ℹ pass 1",
                "ℹ fail 0"
            ]
        );
    }

    #[test]
    fn a_failing_command_makes_a_failed_report() {
        let step = |script: &str| Step { name: "sample", command: process::command("sh", &["-c", script]) };
        assert!(take(step("echo fine")).unwrap().passed);
        let report = take(step("echo 'test result: FAILED. 1 failed' >&2; exit 1")).unwrap();
        assert!(!report.passed);
        assert_eq!(report.summary, ["test result: FAILED. 1 failed"]);
    }
}
