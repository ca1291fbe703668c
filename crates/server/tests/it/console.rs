//! The console as a browser meets it: one page at each of its addresses, files that never change, nothing from elsewhere.

use crate::house::{House, answer};
use server::console::SCREENS;
use std::collections::BTreeSet;

#[tokio::test]
async fn every_address_of_the_console_leads_to_its_page_and_no_other_does() {
    let house = House::start().await;
    let page = answer(house.bare("GET", "/")).await;
    assert_eq!(page.status, 200);
    let deep = SCREENS.iter().flat_map(|word| [format!("/{word}"), format!("/{word}/a:b/c?d=e")]);
    for path in deep {
        let found = answer(house.bare("GET", &path)).await;
        assert_eq!((found.status, &found.text), (200, &page.text), "{path}");
    }
    for path in
        ["/persone", "/console", "/console/", "/console/none.js", "/console/index.html", "/index.html"]
    {
        assert_eq!(answer(house.bare("GET", path)).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn the_page_runs_no_script_but_ours_and_is_asked_for_again_each_time() {
    let house = House::start().await;
    let page = answer(house.bare("GET", "/people")).await;
    let header = |name: &str| page.headers[name].to_str().unwrap().to_owned();
    let policy = header("content-security-policy");
    assert!(policy.starts_with("default-src 'self';"), "{policy}");
    assert!(!policy.contains("script-src") && !policy.contains("unsafe-eval"), "{policy}");
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    assert_eq!(header("cache-control"), "no-cache");
    assert_eq!(header("x-content-type-options"), "nosniff");

    let again = answer(house.bare("GET", "/people").header("if-none-match", header("etag"))).await;
    assert_eq!((again.status, again.text.as_str()), (304, ""));
    let other = house.bare("GET", "/people").header("if-none-match", header("etag"));
    let dark = answer(other.header("cookie", "trama_theme=dark")).await;
    let built = page.text.contains("<div id=\"console\">");
    assert_eq!(dark.status, if built { 200 } else { 304 }, "what is drawn otherwise is another page");
}

#[tokio::test]
async fn files_of_the_page_come_packed_to_whoever_takes_them_so_and_may_be_kept_for_ever() {
    let house = House::start().await;
    let page = answer(house.bare("GET", "/")).await.text;
    // A binary that was built without the console says so, and has no files.
    let Some(script) = page.split("src=\"").nth(1).and_then(|rest| rest.split('"').next()) else {
        return assert!(page.contains("cargo xtask build"), "{page}");
    };
    let plain = answer(house.bare("GET", script)).await;
    assert_eq!(plain.status, 200, "{script}");
    assert!(plain.headers["cache-control"].to_str().unwrap().contains("immutable"));
    assert_eq!(plain.headers["content-type"], "text/javascript; charset=utf-8");
    assert!(!plain.headers.contains_key("content-encoding"));
    let packed = answer(house.bare("GET", script).header("accept-encoding", "gzip, br;q=0.9")).await;
    assert_eq!(packed.headers["content-encoding"], "br");
    assert!(packed.text.len() < plain.text.len());
    let by_hand = answer(house.bare("GET", &format!("{script}.br"))).await;
    assert_eq!(by_hand.status, 404, "the packed file has no address of its own");
}

#[test]
fn the_server_knows_the_addresses_that_the_console_has() {
    let table = concat!(env!("CARGO_MANIFEST_DIR"), "/../../console/src/screens.ts");
    let table = std::fs::read_to_string(table).unwrap();
    let first_word = |rest: &str| rest.split(['/', '"']).next().unwrap().to_owned();
    let drawn: BTreeSet<String> =
        table.split(" path: \"/").skip(1).map(first_word).filter(|word| !word.is_empty()).collect();
    // Who is not let in signs in, whatever the address says.
    let served: BTreeSet<String> =
        SCREENS.iter().filter(|word| **word != "sign-in").map(|word| (*word).to_owned()).collect();
    assert_eq!(drawn, served);
}
