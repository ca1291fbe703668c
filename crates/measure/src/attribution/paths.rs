//! Paths in flat arrays: which channels people met, in order, and how often that ended in a conversion or in nothing.

use super::limits::CHANNELS_MAX;

/// What came of a path, as often as it was walked.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Came {
    pub conversions: f64,
    /// Of all these conversions.
    pub value: f64,
    /// How often it ended in nothing.
    pub nulls: f64,
}

/// Many paths. A channel is a number, in the order in which channels were first met.
#[derive(Clone, Debug, Default)]
pub struct Paths {
    names: Names,
    touches: Vec<u16>,
    /// Where each path ends in `touches`.
    ends: Vec<usize>,
    came: Vec<Came>,
    /// Seconds from each touch to the end of its path, where they are known.
    ages: Vec<u32>,
    /// Whether paths that did not convert are known at all.
    has_nulls: bool,
    has_values: bool,
}

/// More channels than a number can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

impl Paths {
    /// Paths of which it is known, or not, how many did not convert and what conversions were worth.
    pub fn new(has_nulls: bool, has_values: bool) -> Self {
        Self { has_nulls, has_values, ..Self::default() }
    }

    /// The number of a channel.
    pub fn channel(&mut self, name: &[u8]) -> Result<u16, Full> {
        self.names.number(name)
    }

    /// Adds a touch to the path that is being told.
    pub fn touch(&mut self, channel: u16) {
        self.touches.push(channel);
    }

    /// Adds a touch that was so many seconds before the end; then every touch has to say so.
    pub fn touch_before(&mut self, channel: u16, seconds: u32) {
        self.touches.push(channel);
        self.ages.push(seconds);
    }

    /// Ends the path that is being told. One without touches is nobody's, and is left out.
    pub fn end(&mut self, came: Came) {
        let begin = self.ends.last().copied().unwrap_or(0);
        if self.touches.len() > begin {
            self.ends.push(self.touches.len());
            self.came.push(came);
        }
        assert!(
            self.ages.is_empty() || self.ages.len() == self.touches.len(),
            "some touches have an age, some none"
        );
    }

    /// Adds the paths of others behind its own.
    pub(super) fn append(&mut self, others: &Self) -> Result<(), Full> {
        let names = others.names.list.iter().map(|name| self.names.number(name.as_bytes()));
        let numbers: Vec<u16> = names.collect::<Result<_, _>>()?;
        let begin = self.touches.len();
        self.touches.extend(others.touches.iter().map(|touch| numbers[usize::from(*touch)]));
        self.ends.extend(others.ends.iter().map(|end| begin + end));
        self.came.extend_from_slice(&others.came);
        self.ages.extend_from_slice(&others.ages);
        Ok(())
    }

    /// Leaves out all but the last so many touches of each path.
    pub fn keep_last(&mut self, most: usize) {
        let (mut touches, mut ages, mut begin) = (Vec::new(), Vec::new(), 0);
        for end in &mut self.ends {
            let from = begin.max(end.saturating_sub(most));
            touches.extend_from_slice(&self.touches[from..*end]);
            if !self.ages.is_empty() {
                ages.extend_from_slice(&self.ages[from..*end]);
            }
            begin = *end;
            *end = touches.len();
        }
        (self.touches, self.ages) = (touches, ages);
    }

    /// Forgets paths that did not convert: then a chain has no other end than a conversion.
    pub fn without_nulls(mut self) -> Self {
        self.has_nulls = false;
        self.came.iter_mut().for_each(|came| came.nulls = 0.0);
        self
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    pub fn touches(&self) -> usize {
        self.touches.len()
    }

    pub fn channels(&self) -> usize {
        self.names.list.len()
    }

    pub fn name(&self, channel: usize) -> &str {
        &self.names.list[channel]
    }

    pub fn has_nulls(&self) -> bool {
        self.has_nulls
    }

    pub fn has_values(&self) -> bool {
        self.has_values
    }

    /// Every path with what came of it.
    pub fn iter(&self) -> impl Iterator<Item = (&[u16], &Came)> {
        let begins = std::iter::once(0).chain(self.ends.iter().copied());
        begins.zip(&self.ends).zip(&self.came).map(|((begin, end), came)| (&self.touches[begin..*end], came))
    }

    /// The ages of each path's touches, path by path; empty where they are not known.
    pub(super) fn ages(&self) -> impl Iterator<Item = &[u32]> {
        let begins = std::iter::once(0).chain(self.ends.iter().copied());
        begins.zip(&self.ends).map(|(begin, end)| self.ages.get(begin..*end).unwrap_or_default())
    }

    /// All that came of all of them.
    pub fn total(&self) -> Came {
        let mut total = Came::default();
        for came in &self.came {
            total.conversions += came.conversions;
            total.value += came.value;
            total.nulls += came.nulls;
        }
        total
    }
}

/// Channels by name. They are few and asked for with every touch, so the table is a handful of cache lines.
#[derive(Clone, Debug, Default)]
struct Names {
    list: Vec<String>,
    /// Numbers plus one by hash, open addressed; zero where there is none. Its length is a power of two.
    slots: Vec<u16>,
}

impl Names {
    fn number(&mut self, name: &[u8]) -> Result<u16, Full> {
        if self.slots.len() < 4 * (self.list.len() + 1) {
            self.grow();
        }
        let mask = self.slots.len() - 1;
        let mut slot = hash(name) & mask;
        loop {
            match self.slots[slot] {
                0 => break,
                number if self.list[usize::from(number - 1)].as_bytes() == name => return Ok(number - 1),
                _ => slot = (slot + 1) & mask,
            }
        }
        if self.list.len() == CHANNELS_MAX {
            return Err(Full);
        }
        let number = self.list.len() as u16;
        self.list.push(String::from_utf8_lossy(name).into_owned());
        // What is no UTF-8 is named by what can be read of it, and so found under that name.
        self.slots[slot] = number + 1;
        Ok(number)
    }

    fn grow(&mut self) {
        let length = (self.slots.len() * 2).max(256);
        self.slots = vec![0; length];
        for (number, name) in self.list.iter().enumerate() {
            let mut slot = hash(name.as_bytes()) & (length - 1);
            while self.slots[slot] != 0 {
                slot = (slot + 1) & (length - 1);
            }
            self.slots[slot] = number as u16 + 1;
        }
    }
}

/// By the first and the last eight bytes and the length: names that only differ between share a slot and are compared.
fn hash(name: &[u8]) -> usize {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let word = |bytes: &[u8]| {
        let mut word = [0; 8];
        word[..bytes.len()].copy_from_slice(bytes);
        u64::from_le_bytes(word)
    };
    let first = word(&name[..name.len().min(8)]);
    let last = word(&name[name.len().saturating_sub(8)..]);
    let mixed = (first ^ last.rotate_left(29) ^ name.len() as u64).wrapping_mul(ODD);
    (mixed >> 40) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_of_names_keep_their_numbers() {
        let mut paths = Paths::new(false, false);
        let names: Vec<String> =
            (0..5_000).map(|number| format!("a channel with number {number} of many")).collect();
        for _ in 0..2 {
            for (number, name) in names.iter().enumerate() {
                assert_eq!(paths.channel(name.as_bytes()), Ok(number as u16), "{name}");
            }
        }
        assert_eq!((paths.channels(), paths.name(4_999)), (5_000, names[4_999].as_str()));
    }

    #[test]
    fn what_has_no_touch_is_no_path() {
        let mut paths = Paths::new(true, true);
        paths.end(Came { conversions: 5.0, ..Came::default() });
        let channel = paths.channel(b"a").unwrap();
        paths.touch(channel);
        paths.end(Came { conversions: 1.0, value: 2.0, nulls: 3.0 });
        assert_eq!((paths.len(), paths.total().conversions), (1, 1.0));
    }

    #[test]
    fn the_last_touches_are_kept_and_no_path_is_lost() {
        let mut paths = Paths::new(false, false);
        for path in [&[0_u16, 1, 2][..], &[3], &[4, 5]] {
            path.iter().for_each(|touch| paths.touch(*touch));
            paths.end(Came { conversions: 1.0, ..Came::default() });
        }
        paths.keep_last(2);
        let kept: Vec<&[u16]> = paths.iter().map(|(path, _)| path).collect();
        assert_eq!(kept, [&[1_u16, 2][..], &[3], &[4, 5]]);
    }
}
