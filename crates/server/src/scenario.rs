//! Scenarios: stories of what people do, and what must, or must never, follow.
//!
//! A story is a text file beside a programme. It is played on the real engine with a clock of its own, so weeks take
//! no time and the result is always the same; no server, no network and no mail is involved. Companies test their
//! journeys with it (`trama test`), and Trama's own behaviour is told in the same language under
//! `crates/server/tests/scenarios/`. The language is described in `docs/reference/scenarios.md`.
//!
//! [`parse`] reads a file, [`run`] plays it in a `World`, `check` compares, [`test`] does so for a folder and tells
//! the result.

mod check;
mod happen;
mod pages;
mod parse;
mod report;
mod run;
mod snapshot;
mod story;
mod words;
mod world;

pub use check::Failure;
pub use parse::parse;
pub use report::{Report, test};
pub use run::{Played, Programmes, run};
pub use story::Story;
