//! Reports: what the figures say, as a mail to people of the company.
//!
//! [`told`] makes a report of the log, as titles and tables; [`html`] and [`plain`] write it down, in the [`words`] of its
//! language; [`task`] sends it when the engine says that it is due. Every figure is one of the table of key figures, so it is the
//! same here as wherever else it is shown.

mod html;
mod numbers;
mod plain;
pub(crate) mod sending;
pub(crate) mod task;
mod told;
mod words;

use crate::ltv::log::ReadLog;
use engine::at::At;
use engine::engine::Engine;
use engine::programme::Report;

/// A report as a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
}

/// Writes a report as it is at an instant: of the whole days before that.
pub(crate) fn write(
    engine: &Engine,
    read: ReadLog<'_, '_>,
    (name, report): (&str, &Report),
    at: At,
) -> anyhow::Result<Written> {
    let told = told::tell(engine, read, (name, report), at)?;
    Ok(Written { subject: told.title.clone(), text: plain::write(&told), html: html::write(&told) })
}
