//! What sends have in common, each combination once. There are as many as a programme's versions have sends, times languages
//! and channels.

use crate::basis::Basis;
use crate::best::Chosen;
use crate::layout::since;
use crate::outbox::Send;
use crate::programme::Channel;
use borsh::{BorshDeserialize, BorshSerialize};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Result, Write};
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub(super) struct Form {
    pub(super) message: Arc<str>,
    pub(super) purpose: Arc<str>,
    pub(super) journey: Arc<str>,
    pub(super) language: Arc<str>,
    pub(super) step: u16,
    pub(super) channel: Option<Channel>,
    pub(super) confirms: bool,
    pub(super) basis: Basis,
    #[borsh(deserialize_with = "since::<8, _, _>")]
    pub(super) variant: Arc<str>,
    #[borsh(deserialize_with = "since::<8, _, _>")]
    pub(super) chosen: Chosen,
    #[borsh(deserialize_with = "since::<8, _, _>")]
    pub(super) responded: bool,
}

/// All of them, by number, and the way back. A copy of the state copies the pointer.
#[derive(Clone, Default)]
pub(super) struct Forms(Arc<Interned>);

#[derive(Clone, Default)]
struct Interned {
    all: Vec<Form>,
    numbers: BTreeMap<Form, u32>,
}

impl Forms {
    pub(super) fn get(&self, number: u32) -> &Form {
        &self.0.all[number as usize]
    }

    /// The number of a send's form.
    pub(super) fn intern(&mut self, send: &Send) -> u32 {
        let form = Form {
            message: Arc::clone(&send.message),
            purpose: Arc::clone(&send.purpose),
            journey: Arc::clone(&send.journey),
            language: Arc::clone(&send.language),
            step: send.step,
            channel: send.channel,
            confirms: send.confirms,
            basis: send.basis,
            variant: Arc::clone(&send.variant),
            chosen: send.chosen,
            responded: send.responded,
        };
        if let Some(number) = self.0.numbers.get(&form) {
            return *number;
        }
        Arc::make_mut(&mut self.0).push(form)
    }

    /// Those of a journey.
    pub(super) fn of_journey(&self, journey: &str) -> BTreeSet<u32> {
        let all = (0..).zip(&self.0.all);
        all.filter(|(_, form)| *form.journey == *journey).map(|(number, _)| number).collect()
    }
}

impl Interned {
    fn push(&mut self, form: Form) -> u32 {
        let number = u32::try_from(self.all.len()).expect("invariant: forms are few");
        self.all.push(form.clone());
        self.numbers.insert(form, number);
        number
    }
}

impl BorshSerialize for Forms {
    fn serialize<W: Write>(&self, writer: &mut W) -> Result<()> {
        self.0.all.serialize(writer)
    }
}

impl BorshDeserialize for Forms {
    fn deserialize_reader<R: Read>(reader: &mut R) -> Result<Self> {
        let mut forms = Interned::default();
        for form in Vec::<Form>::deserialize_reader(reader)? {
            forms.push(form);
        }
        Ok(Self(Arc::new(forms)))
    }
}
