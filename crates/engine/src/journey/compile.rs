//! Steps to operations: waits for a date or a time of day, splits, updates.

use super::{Compiler, Operation, SplitWay};
use crate::local::{TimeOfDay, Weekdays};
use crate::programme::{self, Appointment, Draw, Way, WebhookStep};
use crate::value::{OwnedValue, Value};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::sync::Arc;

const CHECKED: &str = "invariant: a programme with mistakes is refused before it is compiled";

impl<S: Fn(&str) -> Option<u16>> Compiler<'_, '_, S> {
    pub(super) fn wait_date(&mut self, until: &str) {
        let appointment = Appointment::parse(until).and_then(Result::ok).expect(CHECKED);
        self.push(Operation::WaitDate(appointment));
    }

    pub(super) fn wait_local(&mut self, time: Option<&str>, names: &[String]) {
        let time = time.map(|time| TimeOfDay::parse(time).expect(CHECKED));
        let named = names.iter().fold(Weekdays::default(), |days, name| days.with(name).expect(CHECKED));
        let weekdays = if names.is_empty() { Weekdays::EVERY } else { named };
        self.push(Operation::WaitLocal { time, weekdays });
    }

    /// The split, and for each way its steps and a jump to the end.
    pub(super) fn split(&mut self, name: Option<&str>, draw: Draw, ways: &[Way]) {
        let own = format!("{} {}", self.journey, self.splits);
        self.splits += 1;
        let split = self.operations.len();
        let name: Arc<str> = name.unwrap_or(&own).into();
        self.push(Operation::Split { name: Arc::clone(&name), draw, ways: Vec::new() });
        let outer = Arc::clone(&self.place);
        let (mut jumps, mut targets, mut below_permille) = (Vec::new(), Vec::new(), 0);
        for (number, way) in ways.iter().enumerate() {
            below_permille += way.share_permille;
            targets.push(SplitWay { below_permille, to: self.here() });
            self.place = programme::way_place(&outer, number).into();
            self.steps(&way.then);
            self.place = Arc::clone(&outer);
            jumps.push(self.operations.len());
            self.push(Operation::Jump(0));
        }
        let end = self.here();
        for index in jumps {
            self.operations[index] = Operation::Jump(end);
        }
        self.operations[split] = Operation::Split { name, draw, ways: targets };
    }

    /// The call, a jump over what is for those without an answer, and that.
    pub(super) fn webhook(&mut self, asked: &WebhookStep) {
        let outer = Arc::clone(&self.place);
        let call = self.operations.len();
        let alone = WebhookStep { otherwise: Vec::new(), ..asked.clone() };
        self.push(Operation::Webhook { asked: alone.into(), or: 0 });
        let jump = self.operations.len();
        self.push(Operation::Jump(0));
        let otherwise = self.here();
        self.place = programme::way_place(&outer, 0).into();
        self.steps(&asked.otherwise);
        self.place = outer;
        self.operations[jump] = Operation::Jump(self.here());
        if let Operation::Webhook { or, .. } = &mut self.operations[call] {
            *or = otherwise;
        }
    }

    pub(super) fn update(&mut self, traits: &BTreeMap<String, Json>) {
        let stated = traits.iter().map(|(name, json)| (name.as_str().into(), stated(json)));
        self.push(Operation::Update(stated.collect()));
    }
}

/// The value of a trait, which is no list and no object.
fn stated(json: &Json) -> OwnedValue {
    let mut writer = crate::value::ValueWriter::new();
    writer.json(json);
    let bytes = writer.into_bytes();
    let value = Value::read(&mut crate::codec::Reader::new(&bytes)).expect("invariant: it was just written");
    value.into()
}
