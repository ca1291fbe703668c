//! Columns of time: what came from people in each, and what was handed over to them. A fold over the log that goes on where it
//! stopped, so that whoever looks each second does not read the day each second. Nothing wakes it.

use engine::Seq;
use engine::at::{At, Span};
use engine::record::{DeliveryOutcome, EventFlags, Record};

/// Which stretch is told, and how finely.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    pub begins: At,
    /// With the clocks' changes, a day has from 46 to 50 half hours.
    pub ends: At,
    /// What one column stands for.
    pub column: Span,
}

impl Frame {
    fn columns(self) -> usize {
        let columns = (self.ends.since(self.begins).0 + self.column.0 - 1) / self.column.0;
        usize::try_from(columns).expect("invariant: it ends after it begins")
    }

    /// The column of an instant; none where it lies outside.
    pub fn column_of(self, at: At) -> Option<usize> {
        let is_inside = self.begins <= at && at < self.ends;
        is_inside.then(|| {
            usize::try_from(at.since(self.begins).0 / self.column.0).expect("invariant: it is inside")
        })
    }
}

/// A stretch as far as the log has told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hours {
    pub frame: Frame,
    /// What people did, by when they did it. Programs that browse by themselves are not among them.
    pub inbound: Vec<u64>,
    /// Messages that a provider took, by when it did.
    pub sent: Vec<u64>,
    /// The last place that was told.
    pub seq: Seq,
}

impl Hours {
    /// A stretch of which nothing was told up to a place.
    pub fn of(frame: Frame, seq: Seq) -> Self {
        let empty = vec![0; frame.columns()];
        Self { frame, inbound: empty.clone(), sent: empty, seq }
    }

    /// Goes on to a later stretch, and keeps what both have; whether it can, since what is told is of the same columns and
    /// nothing that is asked for lies before it.
    pub fn go_on(&mut self, next: Frame) -> bool {
        let gone = next.begins.0 - self.frame.begins.0;
        if next.column != self.frame.column || gone < 0 || gone % next.column.0 != 0 {
            return false;
        }
        let gone = usize::try_from(gone / next.column.0).expect("invariant: it was compared with zero");
        for side in [&mut self.inbound, &mut self.sent] {
            side.drain(..gone.min(side.len()));
            side.resize(next.columns(), 0);
        }
        self.frame = next;
        true
    }

    /// Tells of the record at a place; places that were told before tell nothing new.
    pub fn observe(&mut self, seq: Seq, record: &Record<'_>) {
        if seq <= self.seq {
            return;
        }
        self.seq = seq;
        let (side, at) = match record {
            // What is said of people who are not there comes from nobody.
            Record::Event(event) if !event.flags.has(EventFlags::BOT.with(EventFlags::ABSENT)) => {
                (&mut self.inbound, event.occurred_at)
            }
            Record::Engaged(engaged) if !engaged.machine => (&mut self.inbound, engaged.occurred_at),
            Record::Settled(settled) if settled.outcome == DeliveryOutcome::Accepted => {
                (&mut self.sent, settled.settled_at)
            }
            _ => return,
        };
        if let Some(column) = self.frame.column_of(at) {
            side[column] += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::SendId;
    use engine::identifier::KeyedHash;
    use engine::record::{Engaged, Engagement, Event, EventKind, Settled};
    use engine::value::Map;

    const MINUTE: Span = Span::MINUTE;

    fn frame(begins: i64, ends: i64) -> Frame {
        Frame { begins: At(begins * MINUTE.0), ends: At(ends * MINUTE.0), column: MINUTE.times(30) }
    }

    fn accepted(minute: i64, outcome: DeliveryOutcome) -> Record<'static> {
        let settled_at = At(minute * MINUTE.0);
        Record::Settled(Settled { send: SendId(1), attempt: 1, outcome, settled_at, reply: "" })
    }

    fn clicked(minute: i64, machine: bool) -> Record<'static> {
        Record::Engaged(Engaged {
            send: SendId(1),
            engagement: Engagement::Clicked,
            machine,
            occurred_at: At(minute * MINUTE.0),
            url: "",
        })
    }

    fn event(minute: i64, flags: EventFlags) -> Record<'static> {
        let occurred_at = At(minute * MINUTE.0);
        Record::Event(Event {
            kind: EventKind::Identify,
            flags,
            occurred_at,
            received_at: occurred_at,
            source: "shop",
            name: "Identified",
            message_id: KeyedHash(1),
            identifiers: Vec::new(),
            message_id_text: "1",
            properties: Map::default(),
            traits: Map::default(),
            context: Map::default(),
        })
    }

    fn told(hours: &mut Hours, records: &[Record<'_>]) {
        for (seq, record) in (1..).map(Seq).zip(records) {
            hours.observe(seq, record);
        }
    }

    #[test]
    fn what_people_do_and_what_is_handed_over_stands_in_its_column_and_counts_once() {
        let mut hours = Hours::of(frame(0, 120), Seq(0));
        let records = [
            clicked(40, false),
            clicked(40, true),
            accepted(59, DeliveryOutcome::Accepted),
            accepted(59, DeliveryOutcome::Transient),
            accepted(60, DeliveryOutcome::Accepted),
            accepted(120, DeliveryOutcome::Accepted),
            clicked(-1, false),
            event(70, EventFlags::LATE),
            event(70, EventFlags::BOT),
            event(70, EventFlags::ABSENT),
        ];
        // A batch that is read again has nothing new.
        told(&mut hours, &records);
        told(&mut hours, &records);
        assert_eq!(hours.inbound, [0, 1, 1, 0]);
        assert_eq!(hours.sent, [0, 1, 1, 0]);
        assert_eq!(hours.seq, Seq(10));
    }

    #[test]
    fn a_stretch_that_is_no_multiple_of_its_columns_ends_in_a_short_one() {
        let frame = frame(0, 100);
        assert_eq!(Hours::of(frame, Seq(0)).inbound.len(), 4);
        assert_eq!(frame.column_of(At(99 * MINUTE.0)), Some(3));
        assert_eq!(frame.column_of(At(100 * MINUTE.0)), None);
    }

    #[test]
    fn going_on_keeps_what_both_stretches_have() {
        let mut hours = Hours::of(frame(0, 120), Seq(0));
        told(&mut hours, &[clicked(10, false), clicked(70, false), accepted(100, DeliveryOutcome::Accepted)]);
        assert!(hours.go_on(frame(60, 180)));
        assert_eq!((&hours.inbound[..], &hours.sent[..]), (&[1, 0, 0, 0][..], &[0, 1, 0, 0][..]));
        assert!(hours.go_on(frame(600, 690)), "a night later nothing is left");
        assert_eq!(hours.inbound, [0, 0, 0]);
        for other in [frame(0, 120), frame(605, 725), Frame { column: MINUTE, ..frame(600, 690) }] {
            assert!(!hours.clone().go_on(other), "{other:?}");
        }
    }
}
