//! `cargo xtask bench`: runs the benchmarks, which are the examples named `bench_…`, and prints what they print.
//!
//! Each sets its peer beside it in the same run, since a figure without one says more about the machine.

use anyhow::Context as _;
use serde_json::Value;

use crate::process::{self, cargo};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Which ones, without `bench_`; all of them if none is named. Numbers are passed on to each: how much of what it says
    words: Vec<String>,
}

/// One example of a crate.
#[derive(Debug, PartialEq, Eq)]
struct Benchmark {
    package: String,
    example: String,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let text = process::output(&mut cargo(&["metadata", "--format-version=1", "--no-deps"]))?;
    let all = benchmarks(&serde_json::from_str(&text).context("cargo metadata is not JSON")?);
    let (sizes, names): (Vec<String>, Vec<String>) =
        args.words.iter().cloned().partition(|word| word.bytes().all(|byte| byte.is_ascii_digit()));
    for benchmark in chosen(&all, &names)? {
        println!("\n== {} ({})", benchmark.name(), benchmark.package);
        let arguments = ["--package", &benchmark.package, "--example", &benchmark.example];
        process::run(cargo(&["run", "--quiet", "--release"]).args(arguments).arg("--").args(&sizes))?;
    }
    Ok(())
}

impl Benchmark {
    fn name(&self) -> &str {
        self.example.trim_start_matches(PREFIX)
    }
}

const PREFIX: &str = "bench_";

fn benchmarks(metadata: &Value) -> Vec<Benchmark> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let of = |package: &Value| {
        let examples = list(&package["targets"]).into_iter().filter(|target| target["kind"][0] == "example");
        let named = examples.map(|target| text(&target["name"])).filter(|name| name.starts_with(PREFIX));
        named.map(|example| Benchmark { package: text(&package["name"]), example }).collect::<Vec<_>>()
    };
    let mut all: Vec<Benchmark> = list(&metadata["packages"]).iter().flat_map(of).collect();
    all.sort_by(|a, b| a.example.cmp(&b.example));
    all
}

fn chosen<'a>(all: &'a [Benchmark], names: &[String]) -> anyhow::Result<Vec<&'a Benchmark>> {
    if names.is_empty() {
        return Ok(all.iter().collect());
    }
    let known = || all.iter().map(Benchmark::name).collect::<Vec<_>>().join(", ");
    let find = |name: &String| all.iter().find(|benchmark| benchmark.name() == name);
    names
        .iter()
        .map(|name| find(name).with_context(|| format!("no benchmark `{name}`: there are {}", known())))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sample() -> Vec<Benchmark> {
        benchmarks(&json!({"packages": [
            {"name": "server", "targets": [
                {"name": "bench_smtp", "kind": ["example"]},
                {"name": "bench_lib", "kind": ["lib"]},
                {"name": "story", "kind": ["example"]},
            ]},
            {"name": "engine", "targets": [{"name": "bench_apply", "kind": ["example"]}]},
        ]}))
    }

    #[test]
    fn only_examples_with_the_prefix_are_benchmarks() {
        let names: Vec<String> =
            sample().iter().map(|one| format!("{} {}", one.package, one.name())).collect();
        assert_eq!(names, ["engine apply", "server smtp"]);
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_known_ones() {
        let all = sample();
        assert_eq!(chosen(&all, &[]).unwrap().len(), 2);
        assert_eq!(chosen(&all, &["smtp".to_owned()]).unwrap()[0].example, "bench_smtp");
        let complaint = chosen(&all, &["ingest".to_owned()]).unwrap_err().to_string();
        assert_eq!(complaint, "no benchmark `ingest`: there are apply, smtp");
    }
}
