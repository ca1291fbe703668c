//! Somebody who asks for previews of segments: every tenth of a second, which is more than a person types.

use super::Server;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_millis(100);
const QUESTIONS: [&str; 4] = [
    "did \"Order Completed\" at least 2 times within 30 days",
    "did \"Product Added\" and not did \"Order Completed\" within 1 day",
    "did \"Order Completed\" with sum(total) > 300 within 180 days",
    "did \"Page Viewed\" within 7 days and not in segment \"vip\"",
];

/// Asks until it is over, and prints how long the answers took.
pub(crate) fn ask(server: &Server, is_over: &AtomicBool) {
    let mut took = Vec::new();
    for question in QUESTIONS.iter().cycle() {
        if is_over.load(Ordering::Relaxed) {
            break;
        }
        let path = format!("/api/v1/segments/preview?expression={}", escaped(question));
        let begin = Instant::now();
        let answer = server.read(&path);
        took.push(begin.elapsed().as_secs_f64() * 1e3);
        assert!(answer["count"].is_u64(), "{question}: {answer}");
        std::thread::sleep(PAUSE);
    }
    took.sort_by(f64::total_cmp);
    let (half, most) = (took.len() / 2, took.len() * 99 / 100);
    println!("  {} previews, p50 {:.0} ms, p99 {:.0} ms", took.len(), took[half], took[most]);
}

/// As a query wants it.
fn escaped(text: &str) -> String {
    text.bytes()
        .map(
            |byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            },
        )
        .collect()
}
