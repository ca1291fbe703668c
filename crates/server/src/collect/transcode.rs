//! JSON to values in one pass: what the parser reads goes straight into the bytes that the log will hold.

use super::secret;
use super::shape::{Any, Plain, Shape, skip_list, skip_map, without_nul};
use crate::limits::VALUE_DEPTH_MAX;
use engine::value::{Map, ValueWriter};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Writes one JSON value to `out`. Gives `false` where something in it was nested too deeply and left out.
pub(super) struct Transcode<'w> {
    pub(super) out: &'w mut ValueWriter,
    /// How many lists and maps the value lies in.
    pub(super) depth: usize,
}

impl<'de> Shape<'de> for Transcode<'_> {
    type Value = bool;

    fn plain(self, plain: Plain<'de>) -> bool {
        match plain {
            Plain::Null => self.out.null(),
            Plain::Bool(value) => self.out.bool(value),
            Plain::Int(number) => self.out.int(number),
            Plain::Float(number) => self.out.number(number),
            Plain::Text(text) => match secret::strip(&text) {
                Some(stripped) => self.out.text(&stripped),
                None => self.out.text(&text),
            },
        }
        true
    }

    fn list<A: SeqAccess<'de>>(self, mut elements: A) -> Result<bool, A::Error> {
        if self.depth >= VALUE_DEPTH_MAX {
            self.out.null();
            return skip_list(elements).map(|_| false);
        }
        let open = self.out.begin_list();
        let mut whole = true;
        while let Some(kept) =
            elements.next_element_seed(Any(Transcode { out: &mut *self.out, depth: self.depth + 1 }))?
        {
            whole &= kept;
        }
        self.out.end(open);
        Ok(whole)
    }

    fn map<A: MapAccess<'de>>(self, entries: A) -> Result<bool, A::Error> {
        if self.depth >= VALUE_DEPTH_MAX {
            self.out.null();
            return skip_map(entries).map(|()| false);
        }
        let open = self.out.begin_map();
        let whole = entries_into(self.out, self.depth + 1, entries)?;
        self.out.end(open);
        Ok(whole)
    }
}

/// Writes the entries of a map, without the map's own head.
pub(super) fn entries_into<'de, A: MapAccess<'de>>(
    out: &mut ValueWriter,
    depth: usize,
    mut entries: A,
) -> Result<bool, A::Error> {
    let mut whole = true;
    while entries.next_key_seed(Key(out))?.is_some() {
        whole &= entries.next_value_seed(Any(Transcode { out, depth }))?;
    }
    Ok(whole)
}

/// Writes the name of a map's entry.
struct Key<'w>(&'w mut ValueWriter);

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<(), E> {
        self.0.key(&without_nul(name));
        Ok(())
    }

    fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<(), E> {
        self.0.key(name);
        Ok(())
    }
}

/// Both maps as one; where they have a name in common, the first one's value. `room` is used only where it must be.
pub(super) fn merged<'m>(first: Map<'m>, second: Map<'m>, room: &'m mut Vec<u8>) -> Map<'m> {
    if second.is_empty() {
        return first;
    }
    if first.is_empty() {
        return second;
    }
    let mut out = copied(first, room);
    for (name, value) in second.iter().filter(|(name, _)| first.get(name).is_none()) {
        out.key(name);
        value.write(&mut out);
    }
    *room = out.into_bytes();
    Map::from_bytes(room)
}

/// The map with further texts, whose names it must not have yet. `room` is used only where it must be.
pub(super) fn with_texts<'m>(map: Map<'m>, texts: &[(&str, Option<&str>)], room: &'m mut Vec<u8>) -> Map<'m> {
    if texts.iter().all(|(_, text)| text.is_none()) {
        return map;
    }
    let mut out = copied(map, room);
    for (name, text) in texts.iter().filter_map(|(name, text)| Some((name, (*text)?))) {
        out.key(name);
        out.text(text);
    }
    *room = out.into_bytes();
    Map::from_bytes(room)
}

fn copied(map: Map<'_>, room: &mut Vec<u8>) -> ValueWriter {
    room.clear();
    room.extend_from_slice(map.bytes());
    ValueWriter::from_bytes(std::mem::take(room))
}
