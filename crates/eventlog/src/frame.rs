//! How records lie in the body of a batch: for each a varint length, then its bytes, nothing between or after.
//!
//! The HTTP door frames records once, and the same bytes go through the queue, into the log and out of it again.

use engine::codec::{Reader, put_bytes};

/// What a record takes in a body besides its bytes.
pub(crate) const FRAME_BYTES_MAX: usize = 10;

/// Appends one record to a body.
pub fn push_record(body: &mut Vec<u8>, record: &[u8]) {
    assert!(!record.is_empty(), "a record has at least its version and its kind");
    put_bytes(body, record);
}

/// Bytes that are no sequence of records, from this offset of the body on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no record can be read at byte {at} of the body")]
pub struct Malformed {
    pub at: usize,
}

/// Walks the records of a body. After a [`Malformed`] there is nothing more: without its length a record has no end.
#[derive(Clone)]
pub struct Records<'a> {
    reader: Reader<'a>,
    length: usize,
    malformed: bool,
}

impl<'a> Records<'a> {
    pub fn new(body: &'a [u8]) -> Self {
        Self { reader: Reader::new(body), length: body.len(), malformed: false }
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<&'a [u8], Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.malformed || self.reader.is_empty() {
            return None;
        }
        let at = self.length - self.reader.rest().len();
        match self.reader.bytes() {
            Some(record) if !record.is_empty() => Some(Ok(record)),
            _ => {
                self.malformed = true;
                Some(Err(Malformed { at }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_out_as_they_went_in() {
        let long = vec![7; 70_000];
        let mut body = Vec::new();
        for record in [&[1][..], &[2, 3], &long] {
            push_record(&mut body, record);
        }
        let records: Result<Vec<&[u8]>, Malformed> = Records::new(&body).collect();
        assert_eq!(records.unwrap(), vec![&[1][..], &[2, 3], &long]);
        assert_eq!(Records::new(&[]).count(), 0);
    }

    #[test]
    fn a_malformed_body_is_an_error_that_names_its_place() {
        let unending_length = [1, 9, 0x80];
        let length_past_the_end = [1, 9, 5, 1, 2];
        let empty_record = [1, 9, 0, 1, 9];
        for body in [&unending_length[..], &length_past_the_end, &empty_record] {
            let items: Vec<_> = Records::new(body).collect();
            assert_eq!(items, vec![Ok(&[9][..]), Err(Malformed { at: 2 })], "{body:?}");
        }
    }

    #[test]
    fn every_cut_of_a_body_is_either_shorter_or_malformed() {
        let mut body = Vec::new();
        for record in [&[1, 2, 3][..], &[4; 200], &[5]] {
            push_record(&mut body, record);
        }
        for end in 0..body.len() {
            let read: Vec<_> = Records::new(&body[..end]).collect();
            let whole = [0, 4, 206].contains(&end);
            assert_eq!(read.iter().all(Result::is_ok), whole, "cut at {end}");
        }
    }
}
