//! `trama check|plan|apply|test` as a shell runs them: the real binary, and for two of them a real server.

use crate::house::House;
use server::programme::{Kind, items, load};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn bottega() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/bottega")
}

/// Runs `trama` with nothing of this process's environment that could reach it.
fn trama(args: &[&str], token: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trama"));
    command.args(args).env_clear();
    if !token.is_empty() {
        command.env("TRAMA_TOKEN", token);
    }
    command.output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A copy of the example to be edited.
fn copy(of: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(of).unwrap() {
        let (from, to) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            std::fs::copy(from, to).unwrap();
        }
    }
}

/// Replaces a text that is there.
fn edit(file: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(file).unwrap();
    assert!(text.contains(from), "{from} is not in {}", file.display());
    std::fs::write(file, text.replace(from, to)).unwrap();
}

#[test]
fn the_example_passes_check_and_test() {
    let folder = bottega();
    let checked = trama(&["check", folder.to_str().unwrap()], "");
    assert!(checked.status.success(), "{}", out(&checked));
    assert!(out(&checked).starts_with("bottega: no mistake in "), "{}", out(&checked));
    let tested = trama(&["test", folder.to_str().unwrap()], "");
    assert!(tested.status.success(), "{}", out(&tested));
    assert!(out(&tested).ends_with(" passed, 0 failed\n"), "{}", out(&tested));
}

#[test]
fn check_ends_with_one_and_shows_the_line() {
    let dir = tempfile::tempdir().unwrap();
    copy(&bottega(), dir.path());
    edit(&dir.path().join("journeys/cart-reminder.yaml"), "in segment \"vip\"", "in segment \"vpi\"");
    let folder = dir.path().to_str().unwrap();
    let checked = trama(&["check", folder], "");
    assert_eq!(checked.status.code(), Some(1));
    let expected = format!(
        "{folder}/journeys/cart-reminder.yaml:15:24: error: there is no segment \"vpi\" (did you mean \"vip\"?)\n  \
         15 |       - if: in segment \"vpi\"\n     |                        ^\n"
    );
    assert_eq!(out(&checked), expected);
    let json = trama(&["check", folder, "--json"], "");
    assert_eq!(json.status.code(), Some(1));
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!((&json["errors"], &json["findings"][0]["line"]), (&1.into(), &15.into()));
    let tested = trama(&["test", folder], "");
    assert_eq!(tested.status.code(), Some(1));
    assert!(out(&tested).contains("there is no segment \"vpi\""));
}

#[test]
fn a_story_that_fails_ends_with_one_and_tells_why() {
    let dir = tempfile::tempdir().unwrap();
    copy(&bottega(), dir.path());
    edit(&dir.path().join("journeys/cart-reminder.yaml"), "wait: 1 hour", "wait: 2 hours");
    let tested = trama(&["test", dir.path().to_str().unwrap()], "");
    assert_eq!(tested.status.code(), Some(1));
    let told = out(&tested);
    assert!(told.contains("FAIL  tests/cart.txt"), "{told}");
    assert!(
        told.contains("it was by email in it at 2026-01-05T22:30Z and not at 2026-01-05T21:30Z"),
        "{told}"
    );
    assert!(told.contains("passed, "), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn plan_shows_what_apply_then_does() {
    let (house, dir) = (House::start().await, tempfile::tempdir().unwrap());
    let (address, token) = (house.url(""), house.admin_token.clone());
    copy(&bottega(), dir.path());
    let folder = dir.path().to_path_buf();
    let story = tokio::task::spawn_blocking(move || {
        let run = |command: &str, token: &str| {
            let output = trama(&[command, folder.to_str().unwrap(), "--server", &address], token);
            (output.status.code(), out(&output), String::from_utf8_lossy(&output.stderr).into_owned())
        };
        let (code, _, error) = run("plan", "");
        assert_eq!(code, Some(1));
        assert!(error.contains("set TRAMA_TOKEN"), "{error}");

        let (code, told, _) = run("plan", &token);
        assert_eq!(code, Some(0));
        assert!(told.contains("+ segment vip  (0 people)\n"), "{told}");
        assert!(told.contains("+ template welcome/email.it.mjml\n"), "{told}");
        assert!(told.ends_with(" to add, 0 to change, 0 to remove\n"), "{told}");

        let (code, told, _) = run("apply", &token);
        assert_eq!(code, Some(0));
        assert!(told.ends_with("bottega is live as revision 1, in the log at seq 2\n"), "{told}");
        assert_eq!(run("plan", &token).1, "nothing to change\n");
        assert!(run("apply", &token).1.ends_with("bottega was live already, as revision 1\n"));

        edit(&folder.join("segments.yaml"), "> 500", "> 300");
        edit(&folder.join("journeys/cart-reminder.yaml"), "wait: 1 hour", "wait: 90 minutes");
        std::fs::remove_file(folder.join("journeys/vip-thanks.yaml")).unwrap();
        let (_, told, _) = run("plan", &token);
        let expected = "\
~ segment vip  (0 people → 0)
        vip:
      -   is: did \"Order Completed\" with sum(total) > 500 within 365 days
      +   is: did \"Order Completed\" with sum(total) > 300 within 365 days
          record: changes
~ journey cart-reminder
        holdout: 10%
        steps:
      -   - wait: 1 hour
      +   - wait: 90 minutes
          - send: cart-reminder
            channels: [push, email]
- journey vip-thanks
0 to add, 2 to change, 1 to remove
";
        assert_eq!(told, expected);
        edit(&folder.join("segments.yaml"), "> 300", "> many");
        let (code, told, _) = run("apply", &token);
        assert_eq!(code, Some(1));
        assert!(told.contains("segments.yaml:5:"), "{told}");
    });
    story.await.unwrap();
    house.server.stop().await;
}

#[test]
fn what_a_plan_compares_is_the_whole_programme() {
    let (programme, _) = load(&bottega()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let write = |path: String, text: &str| {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let (mut head, mut segments) = (String::new(), String::from("segments:\n"));
    let (mut clusters, mut webhooks) = (String::from("clusters:\n"), String::from("webhooks:\n"));
    let (mut spaces, mut contributors) = (String::from("spaces:\n"), String::from("contributors:\n"));
    let mut pieces = String::from("pieces:\n");
    let (mut links, mut reports) = (String::from("links:\n"), String::from("reports:\n"));
    let indented = |text: &str| text.lines().map(|line| format!("  {line}\n")).collect::<String>();
    for ((kind, name), text) in items(&programme) {
        match kind {
            Kind::Programme => head = text + "purposes:\n",
            Kind::Report => reports += &indented(&text),
            Kind::Purpose => head += &indented(&text),
            Kind::Segment => segments += &indented(&text),
            Kind::Clusters => clusters += &indented(&text),
            Kind::Journey => write(format!("journeys/{name}.yaml"), &text),
            Kind::Broadcast => write(format!("broadcasts/{name}.yaml"), &text),
            Kind::Webhook => webhooks += &indented(&text),
            Kind::Channels => write("channels.yaml".into(), &text),
            Kind::Link => links += &indented(&text),
            Kind::Page => write(format!("pages/{name}.yaml"), &text),
            Kind::Form => write(format!("forms/{name}.yaml"), &text),
            Kind::Message => write(format!("messages/{name}/message.yaml"), &text),
            Kind::Offer => write(format!("offers/{name}.yaml"), &text),
            Kind::Campaign => write(format!("campaigns/{name}.yaml"), &text),
            Kind::Template => write(format!("messages/{name}"), &text),
            Kind::Space => spaces += &indented(&text),
            Kind::Contributor => contributors += &indented(&text),
            Kind::Piece => pieces += &indented(&text),
        }
    }
    write("programme.yaml".into(), &(head + &reports));
    write("segments.yaml".into(), &segments);
    write("clusters.yaml".into(), &clusters);
    write("webhooks.yaml".into(), &webhooks);
    write("editorial.yaml".into(), &(spaces + &contributors + &pieces));
    write("links.yaml".into(), &links);
    let again =
        load(dir.path()).map_err(|findings| findings.iter().map(ToString::to_string).collect::<Vec<_>>());
    assert_eq!(again.unwrap().0, programme);
}
