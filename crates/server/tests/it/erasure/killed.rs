//! The same on the real thing: the server is killed with SIGKILL while it takes people off the disk, at as many moments as
//! there are people.

use super::found;
use crate::smtp::sink::free_port;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PEOPLE: u64 = 24;
/// Between one kill's life and the next one's: from before the record of the erasure to after all of it.
const LIFE_STEP: Duration = Duration::from_millis(3);
/// Nothing that works takes this long.
const PATIENCE: Duration = Duration::from_secs(60);

struct Shop {
    data: PathBuf,
    address: SocketAddr,
    client: reqwest::Client,
}

/// A server that does not outlive a test that failed.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

impl Shop {
    fn new(folder: &Path) -> Self {
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        Self { data: folder.join("data"), address, client: reqwest::Client::new() }
    }

    async fn start(&self) -> Running {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trama"));
        command.args(["serve", "--listen", &self.address.to_string(), "--data"]).arg(&self.data);
        command.env("TRAMA_TRACE", "warn").stdin(Stdio::null());
        let mut server = Running(command.spawn().unwrap());
        let begun = Instant::now();
        while !self.client.get(self.url("/readyz")).send().await.is_ok_and(|reply| reply.status() == 200) {
            assert!(server.0.try_wait().unwrap().is_none(), "the server ended by itself");
            assert!(begun.elapsed() < PATIENCE, "the server does not get ready");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        server
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn keys(&self) -> Value {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trama"));
        let output = command.args(["keys", "--json", "--data"]).arg(&self.data).output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

/// One of the people, all of whom are erased in the end.
fn email(number: u64) -> String {
    format!("person-{number}-of-many@example.com")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whenever_it_is_killed_whoever_was_erased_stays_so() {
    let folder = tempfile::tempdir().unwrap();
    let shop = Shop::new(folder.path());
    let mut server = shop.start().await;
    let keys = shop.keys();
    let (write_key, token) = (keys["write_key"].as_str().unwrap(), keys["admin_token"].as_str().unwrap());
    let people: Vec<Value> = (0..PEOPLE)
        .flat_map(|number| {
            let user = format!("u{number}");
            [
                json!({"type": "identify", "userId": user, "traits": {"email": email(number)}}),
                json!({"type": "track", "userId": user, "event": "Seen", "properties": {"with": email(number)}}),
                json!({"type": "track", "userId": "bob", "event": "Seen"}),
            ]
        })
        .collect();
    let batch = shop.client.post(shop.url("/v1/batch")).basic_auth(write_key, Some(""));
    assert_eq!(batch.json(&json!({"batch": people})).send().await.unwrap().status(), 200);
    let erase = |number: u64| {
        let path = shop.url(&format!("/api/v1/profiles/email:{}", email(number)));
        shop.client.delete(path).bearer_auth(token)
    };
    let mut taken = 0;
    for number in 0..PEOPLE {
        let asked = tokio::spawn(erase(number).send());
        tokio::time::sleep(LIFE_STEP * number as u32).await;
        server.0.kill().unwrap();
        server.0.wait().unwrap();
        let was_told = asked.await.unwrap().is_ok_and(|reply| reply.status() == 200);
        server = shop.start().await;
        let again = erase(number).send().await.unwrap().status();
        assert!(again == 404 || (again == 200 && !was_told), "{number}: told {was_told}, and then {again}");
        taken += u32::from(again == 404);
    }
    assert!(taken > 0, "some are erased before the kill");
    let begun = Instant::now();
    loop {
        let status = shop.client.get(shop.url("/api/v1/status")).bearer_auth(token).send().await.unwrap();
        let status: Value = status.json().await.unwrap();
        if status["erasures"].is_null() && status["lag"] == 0 {
            assert_eq!(status["counts"]["erased"], PEOPLE);
            assert_eq!(status["counts"]["profiles"], 1);
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "still on the disk: {status}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let bob = shop.client.get(shop.url("/api/v1/profiles/user_id:bob/timeline")).bearer_auth(token);
    let bob: Value = bob.send().await.unwrap().json().await.unwrap();
    assert_eq!(bob["events"].as_array().unwrap().len() as u64, PEOPLE);
    server.0.kill().unwrap();
    server.0.wait().unwrap();
    let left = (0..PEOPLE).flat_map(|number| found(&shop.data, &email(number)));
    assert_eq!(left.collect::<Vec<_>>(), [""; 0]);
    let server = shop.start().await;
    drop(server);
}
