//! Short links and QR codes: where they lead, whose visits count, and that a visit stays one person's.

use super::{PERSON, Stand, after, who};
use crate::house::answer;
use serde_json::json;
use server::limits::VISIT_PEER_MAX;

#[tokio::test]
async fn a_link_leads_where_the_programme_says_and_a_persons_visit_is_an_event() {
    let stand = Stand::open().await;
    let visit = stand.visit("/l/shop?url=https://evil.example&utm_source=evil").await;
    assert_eq!(visit.status, 302);
    let location = visit.headers["location"].to_str().unwrap();
    let expected = "https://shop.example/oil?ref=1&utm_campaign=new-oil&trama_visit=";
    assert!(
        location.starts_with(expected) && location.ends_with("#top") && !location.contains("evil"),
        "{location}"
    );
    assert_eq!(visit.headers["cache-control"], "no-store");
    assert!(!visit.headers.contains_key("set-cookie"));
    let partner = stand.visit("/l/partner").await;
    assert_eq!(partner.headers["location"], "https://partner.example/", "a stranger's site is told nothing");

    let scan = stand.visit("/q/OLIO").await;
    assert!(stand.led_to("/q/OLIO", &scan).starts_with("/p/market?trama_visit="), "{scan:?}");
    let told = stand.events(&["Link Visited", "QR Scanned"], 3).await;
    let scanned = told.iter().find(|one| one["name"] == "QR Scanned").unwrap();
    let (name, properties) = &stand.timeline(&who(scanned)).await[0];
    assert_eq!(name, "QR Scanned");
    let expected = json!({"link": "flyer", "url": "/p/market", "channel": "flyer", "place": "fair"});
    assert_eq!(*properties, expected);
    // To the figures it is a touch of the link's channel, and not only a page that somebody opened.
    let touched = stand.house.get(&format!("/api/v1/profiles/{}/touchpoints", who(scanned))).await;
    let first = &touched["touchpoints"][0];
    assert_eq!([&first["channel"], &first["campaign"]], [&json!("Flyer"), &json!("new-oil")], "{touched}");

    for (path, status) in [("/l/over", 410), ("/l/nothing", 404)] {
        let page = stand.visit(path).await;
        assert_eq!(page.status, status);
        assert!(page.text.contains("non porta più da nessuna parte"), "{page:?}");
    }
    stand.house.server.stop().await;
}

#[tokio::test]
async fn programs_are_led_on_and_do_not_count() {
    let stand = Stand::open().await;
    for (method, agent) in [
        ("HEAD", PERSON),
        ("GET", ""),
        ("GET", "WhatsApp/2.23.20.0"),
        ("GET", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"),
    ] {
        let led = answer(stand.house.bare(method, "/q/flyer").header("user-agent", agent)).await;
        assert_eq!(led.status, 302, "{method} {agent}");
    }
    let ahead = stand.browser("GET", "/q/flyer").header("sec-purpose", "prefetch;prerender");
    assert_eq!(answer(ahead).await.status, 302);
    // Those of programs are kept apart, those that nobody saw are not there at all.
    let told = stand.events(&["QR Scanned"], 3).await;
    assert_eq!(told.len(), 3, "{told:?}");
    let profiles = stand.house.get("/api/v1/profiles").await;
    assert_eq!(profiles["profiles"], json!([]), "none of them is anybody");
    stand.house.server.stop().await;
}

#[tokio::test]
async fn the_site_that_a_link_leads_to_is_one_visit_with_it() {
    let stand = Stand::open().await;
    let visit = stand.visit("/l/shop").await;
    stand.events(&["Link Visited"], 1).await;
    let token = after(visit.headers["location"].to_str().unwrap(), "trama_visit=")
        .trim_end_matches("#top")
        .to_owned();
    let browser = "0b4b7e4e-0000-4000-8000-000000000001";
    let join = |token: String| {
        let body = json!({"writeKey": stand.house.write_key, "visit": token, "anonymous_id": browser});
        answer(
            stand
                .house
                .bare("POST", "/v1/visit")
                .header("origin", "https://shop.example")
                .body(body.to_string()),
        )
    };
    assert_eq!(join("forged".to_owned()).await.json(), json!({"joined": false}));
    let joined = join(token).await;
    assert_eq!(joined.json(), json!({"joined": true}), "{joined:?}");
    assert_eq!(joined.headers["access-control-allow-origin"], "https://shop.example");
    let names: Vec<String> =
        stand.timeline(&format!("anonymous_id:{browser}")).await.into_iter().map(|one| one.0).collect();
    assert!(names.contains(&"Link Visited".to_owned()), "{names:?}");
    stand.house.server.stop().await;
}

#[tokio::test]
async fn a_link_in_a_message_keeps_the_person() {
    let stand = Stand::open().await;
    let click = stand.ada_is_written_to().await;
    // Past the haste by which scanners are known.
    tokio::time::sleep(std::time::Duration::from_millis(2_500)).await;
    let clicked = stand.visit(&click).await;
    let path = stand.led_to(&click, &clicked);
    assert!(path.starts_with("/l/flyer?trama_visit="), "{clicked:?}");
    let visit = stand.visit(&path).await;
    let page = stand.visit(&stand.led_to(&path, &visit)).await;
    assert!(
        page.text.contains("Benvenuti alla fiera") && page.text.contains("Bentornata Ada"),
        "{}",
        page.text
    );
    stand.events(&["Link Visited", "Page Viewed"], 2).await;
    let names: Vec<String> = stand.timeline("user_id:ada").await.into_iter().map(|one| one.0).collect();
    assert!(
        names.contains(&"Link Visited".to_owned()) && names.contains(&"Page Viewed".to_owned()),
        "{names:?}"
    );
    stand.house.server.stop().await;
}

#[tokio::test]
async fn qr_codes_are_drawn_for_print() {
    let stand = Stand::open().await;
    let list = stand.house.get("/api/v1/links").await;
    let flyer = list["links"].as_array().unwrap().iter().find(|one| one["name"] == "flyer").unwrap().clone();
    assert!(
        flyer["qr_url"].as_str().unwrap().ends_with("/q/flyer")
            && flyer["vanity_url"].as_str().unwrap().ends_with("/l/olio")
    );
    assert_eq!(stand.house.get("/api/v1/links/olio").await, flyer);
    let ask = |path: &str| stand.house.bare("GET", path).bearer_auth(&stand.house.admin_token).send();
    let png = ask("/api/v1/links/flyer/qr.png?size=30mm&dpi=300&error_correction=H").await.unwrap();
    assert_eq!(png.headers()["content-type"], "image/png");
    let bytes = png.bytes().await.unwrap();
    let mut decoder = png::Decoder::new(std::io::Cursor::new(&bytes[..]));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    let width = reader.info().width as usize;
    assert_eq!(width, 354);
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, width, |x, y| pixels[y * width + x]);
    assert_eq!(image.detect_grids()[0].decode().unwrap().1, flyer["qr_url"].as_str().unwrap());

    let svg = stand.house.ask("GET", "/api/v1/links/flyer/qr.svg?size=30mm", None).await;
    assert!(svg.text.contains("width=\"30mm\""), "{svg:?}");
    for (path, status, code) in [
        ("/api/v1/links/nothing/qr.svg", 404, "not_found"),
        ("/api/v1/links/flyer/qr.svg?size=large", 400, "bad_size"),
        ("/api/v1/links/flyer/qr.png?size=2mm", 422, "cannot_be_drawn"),
    ] {
        let refused = stand.house.ask("GET", path, None).await;
        assert_eq!((refused.status, refused.json()["code"].as_str()), (status, Some(code)), "{path}");
    }
    assert_eq!(answer(stand.house.bare("GET", "/api/v1/links")).await.status, 401);
    stand.house.server.stop().await;
}

/// Each network has so many requests a minute, behind the proxy that says for whom it speaks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_floods_links_and_pages_is_told_to_wait_and_nobody_else_is() {
    let stand = Stand::open().await;
    let ask = async |path: &str, from: &str| {
        answer(stand.house.bare("HEAD", path).header("x-forwarded-for", from)).await.status
    };
    let paths = ["/l/shop", "/q/flyer", "/p/plain", "/f/guide", "/l/nothing"];
    for (one, other, stranger) in [
        ("203.0.113.9", "203.0.113.9", "203.0.113.10"),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:3::1"),
    ] {
        let mut let_in = 0;
        // A minute may end on the way, after which as many are let in again.
        while let_in <= 2 * VISIT_PEER_MAX && ask(paths[let_in as usize % 5], one).await != 429 {
            let_in += 1;
        }
        assert!((VISIT_PEER_MAX..=2 * VISIT_PEER_MAX).contains(&let_in), "{let_in} from {one}");
        assert_eq!(ask("/l/shop", stranger).await, 302, "{stranger}");
        let refused = stand.browser("GET", "/p/plain").header("x-forwarded-for", other);
        let refused = answer(refused).await;
        if refused.status == 429 {
            let seconds: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
            assert!((1..=61).contains(&seconds), "{seconds}");
            assert!(refused.text.contains("Un momento, per favore"), "{refused:?}");
        } else {
            assert!(
                let_in > VISIT_PEER_MAX || refused.status == 200,
                "the minute has just ended: {refused:?}"
            );
        }
        // What is in messages is not meant: mail programs fetch for many from one address.
        assert_eq!(ask("/o/nothing.gif", one).await, ask("/o/nothing.gif", stranger).await);
    }
    stand.house.server.stop().await;
}
