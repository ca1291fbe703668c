//! What came of an import: how many events were taken, and which rows were refused and why.

use super::batch::Refused;
use anyhow::Context;
use std::collections::BTreeMap;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Refused rows that are shown at once; all of them are in their file.
const SHOWN_MAX: u64 = 10;
/// Bytes of a value that are kept, so that a file of refused rows is not another copy of the data.
const VALUE_BYTES_MAX: usize = 200;

/// What came of all rows so far.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) accepted: u64,
    pub(super) repeated: u64,
    /// By reason, with the first line and sentence of each.
    refused: BTreeMap<String, (u64, String)>,
}

/// The refused rows of one file, as a file of their own: line, field, reason, message and value.
pub(super) struct RefusedRows {
    path: PathBuf,
    /// Made with the first refused row.
    file: Option<csv::Writer<BufWriter<File>>>,
    /// Bytes that an earlier run left, up to where this one begins.
    begin: u64,
    /// Bytes written until now.
    bytes: u64,
    shown: u64,
}

impl Tally {
    pub(super) fn refuse(&mut self, refused: &Refused) {
        let first = || (0, format!("line {}: {}", refused.number, refused.message));
        self.refused.entry(refused.code.clone()).or_insert_with(first).0 += 1;
    }

    pub(super) fn refused(&self) -> u64 {
        self.refused.values().map(|(count, _)| count).sum()
    }

    pub(super) fn add(&mut self, other: Self) {
        self.accepted += other.accepted;
        self.repeated += other.repeated;
        for (code, (count, first)) in other.refused {
            self.refused.entry(code).or_insert((0, first)).0 += count;
        }
    }
}

/// One line for the counts, and one for each reason.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { accepted, repeated, .. } = self;
        write!(f, "{accepted} events taken, {repeated} known already, {} refused", self.refused())?;
        for (code, (count, first)) in &self.refused {
            write!(f, "\n  {count:>9}  {code}, first on {first}")?;
        }
        Ok(())
    }
}

impl RefusedRows {
    /// For a run that takes nothing, and so leaves nothing.
    pub(super) fn unlisted() -> Self {
        Self { path: PathBuf::new(), file: None, begin: 0, bytes: 0, shown: 0 }
    }

    /// Those of `orders.csv` go to `orders.csv.refused` beside it, or in `folder`.
    pub(super) fn new(of: &Path, folder: Option<&Path>, begin: u64) -> anyhow::Result<Self> {
        // No file that `*.csv` would import.
        let mut name = of.file_name().unwrap_or_default().to_os_string();
        name.push(".refused");
        let path = folder.map_or_else(|| of.with_file_name(&name), |folder| folder.join(&name));
        if begin == 0 && path.exists() {
            std::fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
        Ok(Self { path, file: None, begin, bytes: begin, shown: 0 })
    }

    /// Where they are listed, if there are any.
    pub(super) fn listed_in(&self) -> Option<&Path> {
        (self.bytes > 0).then_some(self.path.as_path())
    }

    /// Lists a row, and tells whether it should be shown as well.
    pub(super) fn push(&mut self, refused: &Refused) -> anyhow::Result<bool> {
        self.shown += 1;
        let show = self.shown <= SHOWN_MAX;
        if self.path.as_os_str().is_empty() {
            return Ok(show);
        }
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(open(&self.path, self.begin)?),
        };
        let value = &refused.value[..refused.value.floor_char_boundary(VALUE_BYTES_MAX)];
        let line = refused.number.to_string();
        let row: [&str; 5] = [&line, &refused.field, &refused.code, &refused.message, value];
        file.write_record(row).with_context(|| format!("cannot write {}", self.path.display()))?;
        Ok(show)
    }

    /// How many rows were listed without being shown.
    pub(super) fn unshown(&self) -> u64 {
        self.shown.saturating_sub(SHOWN_MAX)
    }

    /// Makes what was listed durable; the bytes of the file by then.
    pub(super) fn flush(&mut self) -> anyhow::Result<u64> {
        if let Some(file) = &mut self.file {
            file.flush().with_context(|| format!("cannot write {}", self.path.display()))?;
            let file = file.get_ref().get_ref();
            file.sync_data()?;
            self.bytes = file.metadata()?.len();
        }
        Ok(self.bytes)
    }
}

/// Opens the file behind what an earlier run noted, and drops what it listed after its last note.
fn open(path: &Path, begin: u64) -> anyhow::Result<csv::Writer<BufWriter<File>>> {
    let opened = || -> std::io::Result<(File, u64)> {
        // Only for its owner: refused rows hold personal data.
        let mut options = OpenOptions::new();
        let mut file = options.create(true).truncate(false).write(true).mode(0o600).open(path)?;
        let begin = begin.min(file.metadata()?.len());
        file.set_len(begin)?;
        file.seek(SeekFrom::Start(begin))?;
        Ok((file, begin))
    };
    let (file, begin) = opened().with_context(|| {
        format!("cannot write the refused rows to {}; say where with --refused DIR", path.display())
    })?;
    let mut writer = csv::Writer::from_writer(BufWriter::new(file));
    if begin == 0 {
        writer.write_record(["line", "field", "reason", "message", "value"])?;
    }
    Ok(writer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(number: u64) -> Refused {
        Refused {
            number,
            field: "total".into(),
            code: "not_a_number".into(),
            message: "not a number".into(),
            value: "one, \"two\"".into(),
        }
    }

    #[test]
    fn a_run_that_goes_on_lists_each_row_once() {
        let dir = tempfile::tempdir().unwrap();
        let of = dir.path().join("orders.csv");
        let listed = dir.path().join("orders.csv.refused");
        std::fs::write(&listed, "of an earlier import").unwrap();
        let mut first = RefusedRows::new(&of, None, 0).unwrap();
        assert_eq!(
            (first.listed_in(), listed.exists()),
            (None, false),
            "without a refused row there is no file"
        );
        first.push(&refused(2)).unwrap();
        let noted = first.flush().unwrap();
        first.push(&refused(3)).unwrap();
        drop(first);
        let mut second = RefusedRows::new(&of, Some(dir.path()), noted).unwrap();
        second.push(&refused(3)).unwrap();
        second.flush().unwrap();
        assert_eq!(second.listed_in(), Some(&*listed));
        let text = std::fs::read_to_string(&listed).unwrap();
        let row = |line| format!("{line},total,not_a_number,not a number,\"one, \"\"two\"\"\"\n");
        assert_eq!(text, format!("line,field,reason,message,value\n{}{}", row(2), row(3)));
        let mode = std::os::unix::fs::PermissionsExt::mode(&listed.metadata().unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn reasons_are_counted() {
        let mut tally = Tally { accepted: 5, ..Tally::default() };
        tally.refuse(&refused(2));
        tally.refuse(&refused(9));
        let mut whole = Tally::default();
        whole.add(tally);
        assert_eq!(
            whole.to_string(),
            "5 events taken, 0 known already, 2 refused\n          2  not_a_number, first on line 2: not a number"
        );
    }
}
