//! `trama import`: the history and the lists of a company from files, durable and applied, and counted once however
//! often it is run.
//!
//! [`rows`] reads a file of any kind as events of the tracking API, [`pipeline`] passes them on, [`destination`] has the
//! door and the log behind it. A row without a message id gets one made of its content, so a second run repeats itself
//! instead of counting twice, for as long as message ids are remembered. How far each file came is noted beside the log,
//! and that note is not forgotten.

mod batch;
mod cell;
mod destination;
mod dialect;
mod event;
mod identity;
mod input;
mod lines;
mod mapping;
mod notes;
mod parquet;
mod pipeline;
mod report;
mod rows;
mod table;
mod times;

use crate::clock;
use crate::limits::{CLOCK_NOISE, IMPORT_ROWS_SHOWN};
use anyhow::{Context, bail};
use batch::Refused;
use destination::{Answer, Destination, Preparer};
use engine::record::EventKind;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::tz::TimeZone;
use mapping::{Others, Stated, Target};
use notes::{Notes, Reached};
use report::{RefusedRows, Tally};
use rows::{Kind, Rows};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use xxhash_rust::xxh3::xxh3_64;

/// Import events and people from .jsonl, .csv and .parquet files
///
/// A .jsonl file has one event a line, as for the tracking API. Of a .csv or .parquet file each row is an event or a
/// person; what its columns mean is guessed from their names and shown, and can be said with --map or --mapping. Files
/// may be compressed (.csv.gz, .jsonl.gz).
///
/// Ends with 0 when every row was taken, with 3 when some were refused, and with 1 when a file was not imported to its
/// end. What is run again goes on where it stopped. A file that is imported anew,
/// since it was changed or its note is gone, counts no event twice within seven days of its first import.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Files to import: .jsonl, .csv, .tsv or .parquet
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Directory of the installation; a server that runs on it is sent the events
    #[arg(
        long,
        env = "TRAMA_DATA",
        hide_env_values = true,
        value_name = "DIR",
        required_unless_present_any = ["server", "dry_run"]
    )]
    data: Option<PathBuf>,
    /// Address of a server to send the events to, with its write key in TRAMA_WRITE_KEY
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// Print the first rows as events, and what would be refused of all of them; take nothing
    #[arg(long)]
    dry_run: bool,
    /// Directory for the lists of refused rows [default: beside each file; for a dry run, none]
    #[arg(long, value_name = "DIR")]
    refused: Option<PathBuf>,
    #[command(flatten, next_help_heading = "Tables")]
    table: TableArgs,
}

/// What flags can say of the columns of a table.
#[derive(clap::Args)]
struct TableArgs {
    /// YAML file that says what the columns mean
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// What a column means, such as 'Kunde=user_id' or 'total=property total as number' (can be repeated)
    #[arg(long, value_name = "COLUMN=MEANING", value_parser = meaning)]
    map: Vec<(String, Target, Option<String>)>,
    /// Name of the event that each row is
    #[arg(long, value_name = "NAME")]
    event: Option<String>,
    /// What each row is: track, identify, page, screen, group or alias
    #[arg(long = "type", value_name = "TYPE", value_parser = mapping::kind)]
    kind: Option<EventKind>,
    /// What other columns are
    #[arg(long)]
    others: Option<Others>,
    /// How times are written: 'day first', 'month first', or as '%d.%m.%Y %H:%M'
    #[arg(long, value_name = "FORMAT")]
    time_format: Option<String>,
    /// Time zone of times without one [default: UTC]
    #[arg(long, value_name = "ZONE", value_parser = mapping::time_zone)]
    time_zone: Option<TimeZone>,
    /// Numbers have a comma before their decimals
    #[arg(long)]
    decimal_comma: bool,
    /// What stands between cells: one character, or `tab` [default: told by the file]
    #[arg(long, value_name = "CHARACTER", value_parser = mapping::delimiter)]
    delimiter: Option<u8>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut kinds = Vec::new();
    for file in &args.files {
        let Some(kind) = Kind::of(file) else {
            bail!(
                "{} is no .jsonl, .csv, .tsv or .parquet file, which is what can be imported",
                file.display()
            );
        };
        kinds.push(kind);
    }
    lists_apart(args)?;
    let stated = args.table.stated()?;
    let mut import = Import::new(args)?;
    let mut total = Tally::default();
    let mut before = 0;
    for (file, kind) in args.files.iter().zip(kinds) {
        let imported = import.file(file, kind, &stated);
        let (tally, refused) =
            imported.with_context(|| format!("{} was not imported to its end", file.display()))?;
        total.add(tally);
        before += refused;
    }
    import.destination.close();
    println!("{total}");
    if before > 0 {
        println!("{before} rows were refused by an earlier run");
    }
    Ok(if total.refused() + before > 0 { ExitCode::from(REFUSED) } else { ExitCode::SUCCESS })
}

/// Two files of one name would list what is refused of them in one place.
fn lists_apart(args: &Args) -> anyhow::Result<()> {
    let mut names = BTreeSet::new();
    for file in args.files.iter().filter(|_| args.refused.is_some()) {
        if !names.insert(file.file_name()) {
            bail!("{}: another file has this name, and --refused has one list for a name", file.display());
        }
    }
    Ok(())
}

/// How the program ends when rows were refused and everything else was taken.
const REFUSED: u8 = 3;

/// What the files of one run have in common.
struct Import<'a> {
    args: &'a Args,
    destination: Destination,
    preparer: Preparer,
    notes: Notes,
}

impl<'a> Import<'a> {
    fn new(args: &'a Args) -> anyhow::Result<Self> {
        let destination = match (&args.server, &args.data) {
            _ if args.dry_run => Destination::Nowhere,
            (Some(server), _) => Destination::server(server)?,
            (None, Some(data)) => Destination::directory(data)?,
            (None, None) => bail!("say where to: --data DIR or --server URL"),
        };
        // What went to some server is noted nowhere: the ids tell.
        let noted = args.data.as_deref().filter(|_| args.server.is_none() && !args.dry_run);
        let notes = Notes::open(noted)?;
        Ok(Self { args, preparer: destination.preparer(), destination, notes })
    }

    /// Imports one file from where an earlier run ended. Gives what came of it, and what that run refused.
    fn file(&mut self, path: &Path, kind: Kind, stated: &Stated) -> anyhow::Result<(Tally, u64)> {
        let source = xxh3_64(self.preparer.source().as_bytes());
        let open = || Rows::open(path, kind, stated, source, clock::now().plus(CLOCK_NOISE));
        let mut rows = open()?;
        show(path, &rows);
        let mut begun = self.notes.begin(path)?;
        rows.skip(begun.rows)?;
        if begun.rows > 0 && rows.place().check != begun.check {
            // The file begins as another one did, or another meaning was given to it.
            (rows, begun) = (open()?, Reached::default());
        }
        let bar = bar(path, rows.size());
        bar.set_position(rows.place().bytes);
        let Self { args, destination, preparer, notes } = self;
        let folder = args.refused.as_deref();
        let listed = match args.dry_run && folder.is_none() {
            true => RefusedRows::unlisted(),
            false => RefusedRows::new(path, folder, begun.refused_bytes)?,
        };
        let mut sheet = Sheet { path, bar, notes, listed, tally: Tally::default(), begun, foreign: 0 };
        let mut unseen = if args.dry_run { IMPORT_ROWS_SHOWN } else { 0 };
        pipeline::run(&mut rows, preparer, |ready| {
            for row in ready.batch.rows.iter().take(unseen) {
                sheet.bar.suspend(|| println!("{}", String::from_utf8_lossy(&ready.batch.own(row))));
            }
            unseen = unseen.saturating_sub(ready.batch.rows.len());
            if args.dry_run {
                return sheet.note(ready.into_answer(), false);
            }
            destination.send(ready)?;
            destination.answers(false)?.into_iter().try_for_each(|answer| sheet.note(answer, false))
        })?;
        destination.answers(true)?.into_iter().try_for_each(|answer| sheet.note(answer, false))?;
        let end =
            Answer { batch: batch::Batch { end: rows.place(), ..Default::default() }, ..Answer::default() };
        sheet.note(end, true)?;
        Ok(sheet.close())
    }
}

/// Where what comes of one file is written down.
struct Sheet<'a> {
    path: &'a Path,
    bar: ProgressBar,
    notes: &'a mut Notes,
    listed: RefusedRows,
    tally: Tally,
    begun: Reached,
    /// Rows that were in Windows-1252.
    foreign: u64,
}

impl Sheet<'_> {
    fn note(&mut self, answer: Answer, ended: bool) -> anyhow::Result<()> {
        let Answer { batch, refused, accepted, repeated } = answer;
        self.tally.accepted += accepted;
        self.tally.repeated += repeated;
        self.foreign += batch.foreign;
        let mut refused: Vec<Refused> = batch.refused.into_iter().chain(refused).collect();
        refused.sort_by_key(|refused| refused.number);
        for one in &refused {
            self.tally.refuse(one);
            if self.listed.push(one)? {
                let Refused { number, code, message, .. } = one;
                let field = if one.field.is_empty() { String::new() } else { format!("{}: ", one.field) };
                let path = self.path.display();
                self.bar.suspend(|| eprintln!("{path}:{number}: {code}: {field}{message}"));
            }
        }
        self.bar.set_position(batch.end.bytes);
        if self.notes.is_due(&batch.end, ended) {
            let refused = (self.begun.refused + self.tally.refused(), self.listed.flush()?);
            self.notes.reached(self.path, &batch.end, refused)?;
        } else if ended {
            self.listed.flush()?;
        }
        Ok(())
    }

    fn close(self) -> (Tally, u64) {
        self.bar.finish_and_clear();
        let path = self.path.display();
        if self.listed.unshown() > 0 {
            eprintln!("{path}: and {} more rows that were refused", self.listed.unshown());
        }
        if let Some(list) = self.listed.listed_in() {
            eprintln!("{path}: refused rows are listed in {}", list.display());
        }
        if self.foreign > 0 {
            eprintln!("{path}: {} rows are not in UTF-8 and were read as Windows-1252", self.foreign);
        }
        if self.begun.rows > 0 {
            eprintln!("{path}: {} rows were imported by an earlier run", self.begun.rows);
        }
        (self.tally, self.begun.refused)
    }
}

/// Shows what the columns of a table mean, as a mapping file has it.
fn show(path: &Path, rows: &Rows) {
    if let Some((about, mapping)) = rows.mapping() {
        eprint!("# {}: {about}\n{mapping}", path.display());
    }
}

impl TableArgs {
    fn stated(&self) -> anyhow::Result<Stated> {
        let flags = Stated {
            kind: self.kind,
            event: self.event.clone(),
            columns: self.map.clone(),
            others: self.others,
            time_format: self.time_format.clone(),
            time_zone: self.time_zone.clone(),
            decimal_comma: self.decimal_comma,
            delimiter: self.delimiter,
        };
        let file = self.mapping.as_deref().map(Stated::read).transpose()?.unwrap_or_default();
        Ok(file.overridden_by(flags))
    }
}

fn meaning(text: &str) -> Result<(String, Target, Option<String>), String> {
    let (column, meaning) = text.rsplit_once('=').ok_or("write COLUMN=MEANING")?;
    let (target, form) = mapping::target(meaning, column)?;
    Ok((column.to_owned(), target, form))
}

/// Draws only on a terminal.
fn bar(path: &Path, bytes: u64) -> ProgressBar {
    let style = "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}";
    let style = ProgressStyle::with_template(style).expect("invariant: the template is ours");
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    ProgressBar::new(bytes).with_style(style).with_message(name)
}
