//! The log on a memory disk: a row a batch, with the flag that ends an append, so that an append survives a crash
//! whole or not at all.

use engine::Seq;
use engine::at::At;
use engine::codec::{Reader, put_bytes};

use super::MemoryDisk;
use crate::error::Error;
use crate::log::{Batch, Batches, Log, assert_continues, checksum};

/// A log for tests and the simulator.
pub struct MemoryLog {
    disk: MemoryDisk,
    last: Option<(Seq, At)>,
    broken: bool,
}

impl MemoryLog {
    /// Opens the log of a disk, and drops what an append left unfinished.
    pub fn open(disk: &MemoryDisk) -> Result<Self, Error> {
        let mut opened = disk.disk();
        let rows: Vec<Option<Row>> = opened.rows.iter().map(|bytes| decode(bytes)).collect();
        let whole = rows.iter().take_while(|row| row.is_some()).count();
        let committed = rows[..whole].iter().rposition(|row| row.as_ref().is_some_and(|row| row.ends_append));
        let kept = committed.map_or(0, |index| index + 1);
        if rows[whole..].iter().any(Option::is_some) {
            let seq =
                rows[..whole].last().and_then(Option::as_ref).map_or(Seq(1), |row| row.batch.last().next());
            return Err(Error::damaged(seq, "a row in the middle cannot be read"));
        }
        let last = rows[..kept].last().and_then(Option::as_ref).map(|row| (row.batch.last(), row.batch.at));
        opened.rows.truncate(kept);
        opened.rows_durable = opened.rows_durable.min(kept);
        drop(opened);
        Ok(Self { disk: disk.clone(), last, broken: false })
    }

    fn write(&self, batches: &[Batch]) -> Result<(), Error> {
        for (index, batch) in batches.iter().enumerate() {
            let row = encode(batch, index + 1 == batches.len());
            self.disk.disk().write(|disk| disk.rows.push(row))?;
        }
        self.disk.disk().sync(|disk| disk.rows_durable = disk.rows.len())
    }
}

impl Log for MemoryLog {
    fn append(&mut self, batches: &[Batch]) -> Result<(), Error> {
        if self.broken {
            return Err(Error::Broken);
        }
        assert_continues(self.last, batches);
        let Some(newest) = batches.last() else { return Ok(()) };
        if let Err(error) = self.write(batches) {
            self.broken = true;
            return Err(error);
        }
        self.last = Some((newest.last(), newest.at));
        Ok(())
    }

    fn read(&self, from: Seq) -> Result<Batches<'_>, Error> {
        let mut next = Seq(from.0.max(1));
        match self.first()? {
            Some(first) if next < first => return Err(Error::Trimmed { from, first }),
            _ => {}
        }
        Ok(Box::new(std::iter::from_fn(move || {
            let disk = self.disk.disk();
            let row = disk.rows.get(disk.rows.partition_point(|row| places(row).1 < next))?;
            let decoded = decode(row).ok_or_else(|| Error::damaged(next, "its row cannot be read"));
            next = places(row).1.next();
            Some(decoded.map(|row| row.batch))
        })))
    }

    fn first(&self) -> Result<Option<Seq>, Error> {
        Ok(self.disk.disk().rows.first().map(|row| places(row).0))
    }

    fn last(&self) -> Option<(Seq, At)> {
        self.last
    }

    fn trim(&mut self, to: Seq) -> Result<(), Error> {
        let mut disk = self.disk.disk();
        let ending = disk.rows.partition_point(|row| places(row).1 <= to);
        let dropped = ending.min(disk.rows.len().saturating_sub(1));
        disk.write(|disk| {
            disk.rows.drain(..dropped);
            disk.rows_durable = disk.rows_durable.saturating_sub(dropped);
        })
    }

    fn rewrite(&mut self, batches: &[Batch]) -> Result<(), Error> {
        let mut disk = self.disk.disk();
        let mut rewritten = Vec::new();
        for batch in batches {
            let found = disk.rows.partition_point(|row| places(row).1 < batch.first);
            let row =
                disk.rows.get(found).and_then(|row| decode(row)).filter(|row| batch.stands_for(&row.batch));
            let row = row.expect("invariant: only what the log holds is rewritten");
            assert!(found < disk.rows_durable, "invariant: only what is durable is rewritten");
            rewritten.push((found, encode(batch, row.ends_append)));
        }
        disk.sync(|disk| rewritten.into_iter().for_each(|(found, row)| disk.rows[found] = row))
    }

    fn scrub(&mut self) -> Result<bool, Error> {
        self.disk.disk().sync(|_| {})?;
        Ok(true)
    }

    fn bytes(&self) -> Result<u64, Error> {
        Ok(self.disk.disk().rows.iter().map(|row| row.len() as u64).sum())
    }
}

struct Row {
    batch: Batch,
    ends_append: bool,
}

fn encode(batch: &Batch, ends_append: bool) -> Vec<u8> {
    let sum = checksum(batch.first, batch.at, batch.count, &batch.body);
    let mut row = vec![u8::from(ends_append)];
    row.extend_from_slice(&batch.first.0.to_le_bytes());
    row.extend_from_slice(&batch.at.0.to_le_bytes());
    row.extend_from_slice(&batch.count.to_le_bytes());
    row.extend_from_slice(&sum.to_le_bytes());
    put_bytes(&mut row, &batch.body);
    row
}

/// First and last place of a row in an open log, where every header is whole: [`MemoryLog::open`] saw to that.
fn places(row: &[u8]) -> (Seq, Seq) {
    let number = |at: usize| u64::from_le_bytes(row[at..at + 8].try_into().expect("eight bytes"));
    let count = u32::from_le_bytes(row[17..21].try_into().expect("four bytes"));
    (Seq(number(1)), Seq(number(1) + u64::from(count) - 1))
}

/// `None` for a row that a crash has torn.
fn decode(row: &[u8]) -> Option<Row> {
    let mut reader = Reader::new(row);
    let ends_append = reader.byte()? == 1;
    let first = Seq(u64::from_le_bytes(reader.array()?));
    let at = At(i64::from_le_bytes(reader.array()?));
    let count = u32::from_le_bytes(reader.array()?);
    let sum = u64::from_le_bytes(reader.array()?);
    let body = reader.bytes()?;
    (sum == checksum(first, at, count, body))
        .then(|| Row { batch: Batch { first, at, count, body: body.to_vec() }, ends_append })
}
