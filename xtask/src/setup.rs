//! `cargo xtask setup`: installs what the tests need beside Rust and Node. What is there already is left alone.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};

use crate::process::{self, find};

/// Node 20 is the oldest that the SDKs under test support.
const NODE_MAJOR_MIN: u32 = 20;

/// A program the tests start, and the Debian package that brings it.
struct Tool {
    program: &'static str,
    package: &'static str,
    why: &'static str,
}

const TOOLS: &[Tool] = &[
    Tool { program: "chromium", package: "chromium", why: "the browser in which the web SDK is tested" },
    Tool { program: "smtp-sink", package: "postfix", why: "the mail server the tests deliver to" },
    Tool { program: "smtp-source", package: "postfix", why: "the mail sender the benchmarks compare with" },
    Tool { program: "opendkim", package: "opendkim", why: "the DKIM verifier that signed mail has to pass" },
    Tool { program: "wrk", package: "wrk", why: "the load generator of the benchmarks" },
];

/// Folders with a package.json whose packages the tests need.
const NPM_FOLDERS: &[&str] = &["sdk/js", "tests/sdk", "tests/lake", "console"];

pub(crate) fn run() -> anyhow::Result<()> {
    check_node()?;
    install_tools()?;
    NPM_FOLDERS.iter().try_for_each(|folder| install_npm(&process::root().join(folder)))
}

pub(crate) fn check_node() -> anyhow::Result<()> {
    let advice = format!("Node {NODE_MAJOR_MIN} or newer with npm is needed (https://nodejs.org)");
    if find("npm").is_none() {
        bail!("npm is missing: {advice}");
    }
    let version = process::output(&mut process::command("node", &["--version"])).context(advice.clone())?;
    let major =
        version.trim().trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_none_or(|major| major < NODE_MAJOR_MIN) {
        bail!("node is {}: {advice}", version.trim());
    }
    Ok(())
}

fn install_tools() -> anyhow::Result<()> {
    let missing: Vec<&Tool> = TOOLS.iter().filter(|tool| find(tool.program).is_none()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let mut packages: Vec<&str> = missing.iter().map(|tool| tool.package).collect();
    packages.dedup();
    for tool in &missing {
        eprintln!("missing: {} (package {}), {}", tool.program, tool.package, tool.why);
    }
    apt_install(&packages).with_context(|| {
        format!("cannot install them here; do it by hand: sudo apt-get install {}", packages.join(" "))
    })
}

fn apt_install(packages: &[&str]) -> anyhow::Result<()> {
    if find("apt-get").is_none() {
        bail!("this machine has no apt-get");
    }
    let postfix_is_new = packages.contains(&"postfix");
    if postfix_is_new {
        answer_postfix()?;
    }
    process::run(&mut as_root(&["apt-get", "update", "-q"])?)?;
    let mut install = as_root(&["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-q", "-y"])?;
    process::run(install.arg("--no-install-recommends").args(packages))?;
    if postfix_is_new && find("systemctl").is_some() {
        // We came for programs that tests start by themselves: a mail server must not stay behind. Without systemd nothing
        // was started.
        let _stopped = as_root(&["systemctl", "disable", "--now", "postfix"])?.stderr(Stdio::null()).status();
    }
    if packages.contains(&"opendkim") && find("systemctl").is_some() {
        let _stopped =
            as_root(&["systemctl", "disable", "--now", "opendkim"])?.stderr(Stdio::null()).status();
    }
    Ok(())
}

/// Answers Postfix's question before it is asked: "No configuration" installs the programs and starts no server.
fn answer_postfix() -> anyhow::Result<()> {
    let answer = "postfix postfix/main_mailer_type select No configuration";
    process::run(&mut as_root(&["sh", "-c", &format!("echo '{answer}' | debconf-set-selections")])?)
}

/// The command as it is when we are root, through sudo when we are not.
fn as_root(words: &[&str]) -> anyhow::Result<Command> {
    let user = process::output(&mut process::command("id", &["-u"]))?;
    if user.trim() == "0" {
        return Ok(process::command(words[0], &words[1..]));
    }
    if find("sudo").is_none() {
        bail!("that takes root, and there is no sudo");
    }
    Ok(process::command("sudo", words))
}

/// Installs exactly what the lock file says, unless that has been done since the lock file last changed.
pub(crate) fn install_npm(folder: &Path) -> anyhow::Result<()> {
    let changed = |file: &str| std::fs::metadata(folder.join(file)).and_then(|metadata| metadata.modified());
    let locked = changed("package-lock.json")
        .with_context(|| format!("no package-lock.json in {}", folder.display()))?;
    if changed("node_modules/.package-lock.json").is_ok_and(|installed| installed >= locked) {
        return Ok(());
    }
    let mut command = process::command("npm", &["ci", "--no-audit", "--no-fund"]);
    process::run(command.current_dir(folder))
}
