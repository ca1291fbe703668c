//! A programme as files: YAML and templates in a folder, read strictly into [`engine::programme::Programme`].
//!
//! ```text
//! programme.yaml            name, time zone, languages, purposes
//! segments.yaml             segments: { name: expression }, or { is: expression, record: changes }; more of the same in segments/*.yaml
//! clusters.yaml             clusters: sets of clusters that are found by looking at everybody
//! journeys/*.yaml           one journey a file
//! channels.yaml             the company's own rules for the channels of visits
//! broadcasts/*.yaml         one broadcast a file
//! campaigns/*.yaml          one campaign a file
//! links.yaml                links: short links and QR codes by name
//! pages/*.yaml              one page that Trama shows a file
//! forms/*.yaml              one form a file
//! messages/*/message.yaml   one message a folder; beside it email.<language>.mjml, .html or .txt
//! editorial.yaml            spaces that are written for, who writes, and the pieces
//! tests/*.txt               stories for `trama test`
//! ```
//!
//! Whoever loads a folder gets either a programme without a mistake or every mistake at once, each with its file,
//! line and column. The engine finds those in meaning and names their *place*, which is the path of Rust field names
//! that leads there, starting at the programme:
//!
//! ```text
//! timezone   languages[0]   tracking.opens   segments.vip
//! purposes.offers.title.it   purposes.offers.channels[1]   purposes.newsletter.confirm
//! clusters.shoppers.features.orders   clusters.shoppers.of   clusters.shoppers.count
//! messages.welcome.email.subject.it   messages.welcome.email.templates.it.mjml
//! journeys.cart.purpose   journeys.cart.enter   journeys.cart.exit   journeys.cart.goal.did
//! journeys.cart.steps[0].wait   journeys.cart.steps[2].until   journeys.cart.steps[2].at_most
//! journeys.cart.steps[1].send   journeys.cart.steps[1].channels[0]
//! journeys.cart.steps[3].branch[0].when   journeys.cart.steps[3].branch[0].then[0].send
//! ```
//!
//! A place that was not written, such as a missing field, is shown at the nearest one around it.

mod best;
mod broadcast;
mod campaign;
mod channels;
mod clusters;
mod consent;
mod contact;
mod content;
mod definition;
mod difference;
mod edit;
mod editorial;
mod entry;
mod files;
mod finding;
mod folder;
mod form;
mod home;
mod hosted;
mod identity;
mod journey;
mod link;
mod offer;
mod onsite;
mod print;
mod reading;
mod report;
mod source;
mod step;
mod target;
mod uses;
mod webhook;
mod write;
mod write_campaign;
mod write_editorial;
mod write_hosted;
mod write_offer;
mod written;
pub(crate) mod yaml;

pub use difference::{Change, Difference, differences};
pub(crate) use edit::{Edit, Edited, Folder, Said, Written};
pub use finding::{Finding, Severity};
pub use print::texts;
pub use source::SourceMap;
pub(crate) use target::mistakes as target_mistakes;
pub(crate) use uses::{Named, owner, uses};
pub use write::{Kind, items};
pub use yaml::Mark;
pub(crate) use yaml::Node;

use crate::deliver::presend;
use engine::programme::Programme;
use files::Files;
use std::collections::BTreeMap;
use std::path::Path;

/// A folder as it was read, with all that is wrong or doubtful about it.
pub struct Checked {
    /// Whole only where no finding is an error.
    pub programme: Programme,
    pub sources: SourceMap,
    /// In the order of files and lines.
    pub findings: Vec<Finding>,
}

impl Checked {
    pub fn errors(&self) -> usize {
        self.findings.iter().filter(|finding| finding.severity == Severity::Error).count()
    }
}

/// Reads a folder and checks form, meaning and templates. Never fails: what cannot be read is a finding.
pub fn check(dir: &Path) -> Checked {
    // `journeys/cart.yaml` is what people in the folder call it, and not `./journeys/cart.yaml`.
    let dir = if dir == Path::new(".") { Path::new("") } else { dir };
    check_files(dir, Files::Disk)
}

/// The same for files that are in memory.
pub(crate) fn check_texts(texts: BTreeMap<String, String>) -> Checked {
    check_files(Path::new(""), Files::Kept(texts))
}

fn check_files(dir: &Path, files: Files) -> Checked {
    let (programme, mut reading) = folder::read(dir, files);
    // Names from a file that could not be read would only seem to be missing.
    if !reading.incomplete {
        reading.meaning(&programme.mistakes());
        reading.meaning(&content::mistakes(&programme));
        reading.meaning(&target::mistakes(&programme));
        reading.doubts(&content::doubts(&programme));
        reading.doubts(&presend::doubts(&programme));
        reading.doubts(&programme.crowded_sends());
    }
    let (sources, findings) = reading.into_findings();
    Checked { programme, sources, findings }
}

/// The programme in a folder, or every mistake in it.
pub fn load(dir: &Path) -> Result<(Programme, SourceMap), Vec<Finding>> {
    let checked = check(dir);
    if checked.errors() > 0 { Err(checked.findings) } else { Ok((checked.programme, checked.sources)) }
}
