//! What comes back: through the mail door as real mail, through the API as a provider's webhook tells it.

use crate::house::{House, Shop};
use serde_json::{Value, json};
use server::deliver::smtp::answer::Answer;
use server::deliver::smtp::letter::{Address, Letter};
use server::deliver::smtp::pool::{Pool, PoolSize};
use server::deliver::smtp::url::{Route, SmtpSettings};
use server::mailbox::mail::Mail;
use std::sync::Arc;

const DOOR: &str = "return_domain = \"return.bottega.example\"\nreturn_listen = \"127.0.0.1:0\"\n";

/// A shop whose messages come back to it, and the mail that Ada got.
async fn shop() -> (Shop, Arc<Mail>) {
    let shop = Shop::open_with(DOOR).await;
    shop.ada_orders().await;
    let mail = Arc::clone(&shop.mailbox.messages()[0]);
    (shop, mail)
}

/// Hands a mail to the door, and gives its answer.
async fn bring(shop: &Shop, to: &str, mail: &str) -> String {
    let door = shop.house.server.returns_address().unwrap();
    let route =
        Route::new(&SmtpSettings { url: format!("smtp://{door}"), ..SmtpSettings::default() }).unwrap();
    let pool = Pool::start(route, PoolSize { connections: 1, ..PoolSize::USUAL });
    let message = mail.replace('\n', "\r\n").into_bytes();
    let answer = pool.send(Letter { from: None, to: Address::parse(to).unwrap(), message }).await;
    pool.stop().await;
    match answer {
        Answer::Accepted { .. } => "taken".to_owned(),
        other => other.to_string(),
    }
}

fn dsn(status: &str, words: &str) -> String {
    format!(
        "From: MAILER-DAEMON@mx.example\nSubject: Undelivered\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\nContent-Type: text/plain\n\nSorry.\n\n\
         --b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n\
         Final-Recipient: rfc822; ada@example.com\nAction: failed\nStatus: {status}\nDiagnostic-Code: smtp; {words}\n\n--b--\n"
    )
}

fn complaint(about: &str) -> String {
    format!(
        "From: fbl@mail.example\nSubject: complaint\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n--b\nContent-Type: text/plain\n\nA complaint.\n\n\
         --b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nUser-Agent: x/1\nVersion: 1\n\n\
         --b\nContent-Type: message/rfc822\n\n{about}\n--b--\n"
    )
}

async fn send(house: &House) -> Value {
    house.get("/api/v1/sends?profile=user_id:ada").await["sends"][0].clone()
}

async fn suppressions(house: &House) -> usize {
    house.get("/api/v1/suppressions").await["suppressions"].as_array().unwrap().len()
}

async fn consents(house: &House) -> Value {
    house.get("/api/v1/profiles/user_id:ada").await["consents"].clone()
}

#[tokio::test]
async fn each_message_has_signed_addresses_to_come_back_to() {
    let (shop, mail) = shop().await;
    let back = &mail.sender;
    assert!(back.starts_with("b-") && back.ends_with("@return.bottega.example"), "{back}");
    let unsubscribe = mail.view().header("List-Unsubscribe").unwrap().to_owned();
    assert!(unsubscribe.contains("<mailto:u-") && unsubscribe.contains("<http://"), "{unsubscribe}");
    shop.house.server.stop().await;
}

#[tokio::test]
async fn a_bounce_after_acceptance_changes_the_send_and_suppresses_by_what_it_says() {
    for (status, words, returned, suppressed) in [
        ("5.1.1", "550 5.1.1 User unknown", "hard_bounce", 1),
        ("5.2.2", "552 5.2.2 Mailbox full", "soft_bounce", 0),
        ("5.7.1", "550 5.7.1 Looks like spam", "refused", 0),
    ] {
        let (shop, mail) = shop().await;
        assert_eq!(bring(&shop, &mail.sender, &dsn(status, words)).await, "taken");
        let send = send(&shop.house).await;
        assert_eq!(
            (&send["status"], &send["returned"], &send["reply"]),
            (&json!("bounced"), &json!(returned), &json!(words))
        );
        assert_eq!(suppressions(&shop.house).await, suppressed, "{words}");
        let counts = shop.house.get("/api/v1/status").await["counts"]["sends"].clone();
        assert_eq!((&counts["bounced"], &counts["accepted"]), (&json!(1), &json!(0)), "{counts}");
        // Brought twice, it counts once.
        assert_eq!(bring(&shop, &mail.sender, &dsn(status, words)).await, "taken");
        assert_eq!(shop.house.get("/api/v1/status").await["counts"]["sends"], counts);
        let timeline = shop.house.get("/api/v1/profiles/user_id:ada/timeline").await;
        assert_eq!(timeline.to_string().matches("Message Bounced").count(), 1, "{timeline}");
        shop.house.server.stop().await;
    }
}

#[tokio::test]
async fn a_complaint_suppresses_and_withdraws_and_one_without_a_signed_address_does_nothing() {
    let (shop, mail) = shop().await;
    let feedback = "feedback@return.bottega.example";
    let own_header = "From: ciao@bottega.example\nMessage-ID: <0.0000@bottega.example>\n\nCiao";
    assert_eq!(bring(&shop, feedback, &complaint(own_header)).await, "taken");
    assert_eq!(send(&shop.house).await["status"], "accepted", "nobody signed that");
    let whole = String::from_utf8(mail.raw.clone()).unwrap().replace("\r\n", "\n");
    assert_eq!(bring(&shop, feedback, &complaint(&whole)).await, "taken");
    let send = send(&shop.house).await;
    assert_eq!((&send["status"], &send["returned"]), (&json!("complained"), &json!("complaint")));
    assert_eq!(suppressions(&shop.house).await, 1);
    let consents = consents(&shop.house).await.to_string();
    assert!(consents.contains("\"source\":\"complaint\"") && consents.contains("withdrawn"), "{consents}");
    // After a complaint a bounce is no news.
    assert_eq!(bring(&shop, &mail.sender, &dsn("5.1.1", "550 5.1.1 User unknown")).await, "taken");
    assert_eq!(self::send(&shop.house).await["status"], "complained");
    shop.house.server.stop().await;
}

#[tokio::test]
async fn a_mail_to_the_unsubscribe_address_withdraws_the_consent() {
    let (shop, mail) = shop().await;
    let view = mail.view();
    let header = view.header("List-Unsubscribe").unwrap();
    let address = header.split("<mailto:").nth(1).unwrap().trim_end_matches('>');
    assert_eq!(bring(&shop, address, "From: ada@example.com\nSubject: unsubscribe\n\n").await, "taken");
    let consents = consents(&shop.house).await.to_string();
    assert!(consents.contains("\"source\":\"one_click\"") && consents.contains("withdrawn"), "{consents}");
    let timeline = shop.house.get("/api/v1/profiles/user_id:ada/timeline").await.to_string();
    assert!(timeline.contains("Message Unsubscribed"), "{timeline}");
    shop.house.server.stop().await;
}

#[tokio::test]
async fn a_forged_or_altered_address_is_refused_and_changes_nothing() {
    let (shop, mail) = shop().await;
    let before = shop.house.get("/api/v1/status").await["counts"]["sends"].clone();
    let (name, domain) = mail.sender.split_once('@').unwrap();
    let last = if name.ends_with('a') { 'b' } else { 'a' };
    for to in [
        format!("{}{last}@{domain}", &name[..name.len() - 1]),
        format!("b-aaaaaaaaaaaaaaa@{domain}"),
        format!("{}@{domain}", name.replacen('b', "u", 1)),
        format!("{name}@elsewhere.example"),
        format!("postmaster@{domain}"),
    ] {
        let answer = bring(&shop, &to, &dsn("5.1.1", "550 5.1.1 User unknown")).await;
        assert!(answer.contains("550 5.1.1 no such address here"), "{to}: {answer}");
    }
    assert_eq!(
        bring(
            &shop,
            &mail.sender,
            "From: ada@example.com\nAuto-Submitted: auto-replied\nSubject: away\n\n550 5.1.1"
        )
        .await,
        "taken"
    );
    assert_eq!(shop.house.get("/api/v1/status").await["counts"]["sends"], before);
    assert_eq!(
        (send(&shop.house).await["status"].clone(), suppressions(&shop.house).await),
        (json!("accepted"), 0)
    );
    shop.house.server.stop().await;
}

#[tokio::test]
async fn a_provider_s_webhook_tells_the_same_through_the_api() {
    let (shop, mail) = shop().await;
    let message_id = mail.view().header("Message-ID").unwrap().to_owned();
    let tell = async |returns: Value| {
        shop.house.ask("POST", "/api/v1/returns", Some(json!({"returns": returns}))).await
    };
    for (statement, field) in [
        (json!({"send": 0, "verdict": "bounce"}), "returns[0].verdict"),
        (json!({"verdict": "complaint"}), "returns[0].send"),
        (json!({"send": 0, "message_id": message_id, "verdict": "complaint"}), "returns[0].send"),
    ] {
        let answer = tell(json!([statement])).await;
        assert_eq!((answer.status, &answer.json()["field"]), (400, &json!(field)), "{answer:?}");
    }
    let answer = tell(json!([
        {"message_id": message_id, "verdict": "soft_bounce", "reason": "full"},
        {"message_id": message_id, "verdict": "soft_bounce"},
        {"message_id": message_id, "verdict": "hard_bounce", "reason": "gone after all"},
        {"message_id": "<1.0000000000000000@bottega.example>", "verdict": "hard_bounce"},
        {"send": 12345, "verdict": "hard_bounce"},
        {"send": 0, "verdict": "unsubscribe"},
        {"send": 0, "verdict": "unsubscribe"},
    ]))
    .await;
    let expected =
        json!(["recorded", "known", "recorded", "no_such_send", "no_such_send", "recorded", "known"]);
    assert_eq!(answer.json()["results"], expected, "{answer:?}");
    let send = send(&shop.house).await;
    assert_eq!((&send["status"], &send["reply"]), (&json!("bounced"), &json!("gone after all")));
    assert_eq!(suppressions(&shop.house).await, 1);
    let unread = shop.house.bare("POST", "/api/v1/returns").json(&json!({"returns": []}));
    assert_eq!(crate::house::answer(unread).await.status, 401);
    shop.house.server.stop().await;
}

#[tokio::test]
async fn a_providers_own_webhook_tells_the_same_with_a_key_that_can_do_nothing_else() {
    let shop = Shop::open().await;
    let view = shop.ada_orders().await;
    let own = view.header("X-Trama-Send").unwrap().to_owned();
    assert_eq!(view.header("X-PM-Metadata-trama-send"), Some(own.as_str()));
    let scope = json!({ "name": "ses", "scope": "returns" });
    let key = shop.house.ask("POST", "/api/v1/keys", Some(scope)).await.json();
    let key = key["token"].as_str().unwrap().to_owned();
    let tell = async |provider: &str, body: &Value, password: &str| {
        let request = shop.house.bare("POST", &format!("/api/v1/returns/{provider}"));
        // SNS says that its JSON is a text.
        let request = request.header("content-type", "text/plain; charset=UTF-8").body(body.to_string());
        crate::house::answer(request.basic_auth("trama", Some(password))).await
    };
    let message = |id: &str| {
        json!({
            "notificationType": "Bounce",
            "bounce": { "bounceType": "Permanent", "bounceSubType": "General",
                        "bouncedRecipients": [{ "diagnosticCode": "smtp; 550 5.1.1 User unknown" }] },
            "mail": { "headers": [{ "name": "X-Trama-Send", "value": id }] },
        })
    };
    let sns = |id: &str| json!({ "Type": "Notification", "Message": message(id).to_string() });
    assert_eq!(tell("ses", &sns(&own), "wrong").await.status, 401);
    assert_eq!(tell("nobody", &sns(&own), &key).await.status, 404);
    assert_eq!(tell("ses", &json!("text"), &key).await.status, 400);
    let foreign = json!({ "Type": "SubscriptionConfirmation", "SubscribeURL": "https://127.0.0.1/yes" });
    assert_eq!(tell("ses", &foreign, &key).await.status, 400, "only addresses of SNS are asked");
    for (id, result) in [("9.00", "no_such_send"), (own.as_str(), "recorded"), (own.as_str(), "known")] {
        let told = tell("ses", &sns(id), &key).await;
        assert_eq!((told.status, told.json()), (200, json!({ "results": [result] })), "{id}");
    }
    let send = send(&shop.house).await;
    assert_eq!((&send["status"], &send["returned"]), (&json!("bounced"), &json!("hard_bounce")));
    let spam =
        json!({ "RecordType": "SpamComplaint", "Type": "SpamComplaint", "Metadata": { "trama-send": own } });
    assert_eq!(tell("postmark", &spam, &key).await.json(), json!({ "results": ["recorded"] }));
    let reading = shop.house.bare("GET", "/api/v1/status").bearer_auth(&key);
    assert_eq!(crate::house::answer(reading).await.status, 403, "the key tells returns and reads nothing");
    let by_password = shop.house.bare("GET", "/api/v1/status").basic_auth("x", Some(&shop.house.admin_token));
    assert_eq!(crate::house::answer(by_password).await.status, 401, "elsewhere a password is no token");
    shop.house.server.stop().await;
}

/// A key pair made for this test: `openssl ecparam -name prime256v1 -genkey`, and its signature over the time and the body.
const SENDGRID_KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE6cjtNQmMMqa1yOXXgbSNz+h7oknsEusTeN2fA2zHpB54o9hg47nvURbvgYmm9gjvIjTqsINAI/rQvxcuFP0+1Q==";
const SENDGRID_SIGNED: [&str; 3] = [
    "1600112492",
    "[{\"event\":\"processed\"}]",
    "MEUCIGywTSkeDLj75yVOZUfDZP4t2FqgsDq+frOImE1u3VktAiEAkso83noJ9z+1BB3/4WrJnsWri9OyoW3niFamKtSmsxY=",
];

#[tokio::test]
async fn where_the_settings_ask_for_a_signature_nothing_is_taken_without_one() {
    let settings = format!(
        "return_sendgrid_key = \"{SENDGRID_KEY}\"\nreturn_ses_topics = \"arn:aws:sns:eu-west-1:1:bounces\"\n"
    );
    let shop = Shop::open_with(&settings).await;
    let tell = async |provider: &str, body: &str, headers: [(&str, &str); 2]| {
        let request = shop.house.bare("POST", &format!("/api/v1/returns/{provider}"));
        let request = headers.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        crate::house::answer(request.bearer_auth(&shop.house.admin_token).body(body.to_owned())).await
    };
    let [time, body, signature] = SENDGRID_SIGNED;
    let signed = |time| {
        [
            ("x-twilio-email-event-webhook-signature", signature),
            ("x-twilio-email-event-webhook-timestamp", time),
        ]
    };
    let none = [("x-a", "1"), ("x-b", "2")];
    let taken = tell("sendgrid", body, signed(time)).await;
    assert_eq!((taken.status, taken.json()), (200, json!({ "results": [] })));
    let own = json!({ "Type": "Notification", "Message": "{}", "TopicArn": "arn:aws:sns:eu-west-1:2:own" })
        .to_string();
    let elsewhere = json!({ "Type": "Notification", "Message": "{}", "TopicArn": "arn:aws:sns:eu-west-1:1:bounces",
                            "SignatureVersion": "2", "SigningCertURL": "https://127.0.0.1/a.pem" });
    let elsewhere = elsewhere.to_string();
    for (provider, body, headers, why) in [
        ("sendgrid", body, none, "switch its signed event webhook on"),
        ("sendgrid", body, signed("1600112493"), "not that of return_sendgrid_key"),
        ("sendgrid", "[]", signed(time), "not that of return_sendgrid_key"),
        ("ses", "{\"mail\":{}}", none, "raw message delivery"),
        ("ses", own.as_str(), none, "does not have the topic"),
        ("ses", elsewhere.as_str(), none, "not of SNS"),
    ] {
        let refused = tell(provider, body, headers).await;
        assert_eq!((refused.status, &refused.json()["code"]), (403, &json!("bad_signature")), "{refused:?}");
        assert!(refused.json()["message"].as_str().unwrap().contains(why), "{why}: {refused:?}");
    }
    assert_eq!(tell("postmark", "{}", none).await.status, 200, "it signs nothing");
    shop.house.server.stop().await;
}
