//! A file of text as it is read: decompressed where it is compressed, and counted as it lies on the disk.

use anyhow::Context;
use flate2::bufread::MultiGzDecoder;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes read from the disk at once.
const AT_ONCE: usize = 1 << 20;

pub(super) struct Input {
    text: Box<dyn BufRead + Send>,
    size: u64,
    read: Arc<AtomicU64>,
}

impl Input {
    /// Opens a file. What it is compressed with is told by its first bytes, not by its name.
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
        let size = file.metadata()?.len();
        let read = Arc::new(AtomicU64::new(0));
        let mut raw = BufReader::with_capacity(AT_ONCE, Counted { file, read: Arc::clone(&read) });
        let compressed = raw.fill_buf().context("cannot read")?.starts_with(&[0x1f, 0x8b]);
        let text: Box<dyn BufRead + Send> = match compressed {
            true => Box::new(BufReader::with_capacity(AT_ONCE, MultiGzDecoder::new(raw))),
            false => Box::new(raw),
        };
        Ok(Self { text, size, read })
    }

    /// Bytes of the file on the disk.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Bytes of the file that have been read from the disk.
    pub(super) fn read_bytes(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// The first bytes of the text, without taking them.
    pub(super) fn peek(&mut self) -> anyhow::Result<&[u8]> {
        self.text.fill_buf().context("cannot read")
    }

    /// Passes over a mark of the byte order, where there is one.
    pub(super) fn skip_mark(&mut self) -> anyhow::Result<()> {
        let start = self.peek()?;
        if start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]) {
            anyhow::bail!("it is in UTF-16; save it as UTF-8");
        }
        if start.starts_with(b"\xef\xbb\xbf") {
            self.text.consume(3);
        }
        Ok(())
    }
}

impl Read for Input {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        self.text.read(into)
    }
}

impl BufRead for Input {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        self.text.fill_buf()
    }

    fn consume(&mut self, bytes: usize) {
        self.text.consume(bytes);
    }
}

struct Counted {
    file: File,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read(into)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
