//! What is written in a file as JSON, in the same order and with the same words: the form in which programs read and write
//! definitions. A text in quotes is a text; what is not may be a number or a truth.

use super::yaml::{Content, Key, Mark, Node};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::fmt;

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.content {
            Content::Nothing => serializer.serialize_none(),
            Content::Text(text) if self.is_quoted => serializer.serialize_str(text),
            Content::Text(text) => match text.as_str() {
                "true" => serializer.serialize_bool(true),
                "false" => serializer.serialize_bool(false),
                word => match word.parse::<serde_json::Number>() {
                    Ok(number) => number.serialize(serializer),
                    Err(_) => serializer.serialize_str(word),
                },
            },
            Content::List(elements) => serializer.collect_seq(elements),
            Content::Map(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, value) in entries {
                    map.serialize_entry(&key.name, value)?;
                }
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

fn node(content: Content, is_quoted: bool) -> Node {
    Node { at: Mark::default(), content, is_quoted }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a definition")
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        Ok(node(Content::Nothing, false))
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Node, E> {
        Ok(node(Content::Text(truth.to_string()), false))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Node, E> {
        Ok(node(Content::Text(number.to_string()), false))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Node, E> {
        Ok(node(Content::Text(number.to_string()), false))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Node, E> {
        Ok(node(Content::Text(number.to_string()), false))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Node, E> {
        Ok(node(Content::Text(text.to_owned()), true))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = elements.next_element()? {
            list.push(element);
        }
        Ok(node(Content::List(list), false))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut map = Vec::new();
        while let Some((name, value)) = entries.next_entry()? {
            map.push((Key { at: Mark::default(), name }, value));
        }
        Ok(node(Content::Map(map), false))
    }
}

#[cfg(test)]
mod tests {
    use super::super::yaml;
    use super::*;

    #[test]
    fn a_file_is_the_same_in_json() {
        let text = "b: { at most: 3, share: 50% }\na: [yes, \"9\", 9, 1.5, true, 'true', ~, 007]\n";
        let json = r#"{"b":{"at most":3,"share":"50%"},"a":["yes","9",9,1.5,true,"true",null,"007"]}"#;
        let node = yaml::parse(text).unwrap();
        assert_eq!(serde_json::to_string(&node).unwrap(), json);
        let again: Node = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&again).unwrap(), json);
        let as_yaml = yaml::parse(json).unwrap();
        assert_eq!(serde_json::to_string(&as_yaml).unwrap(), json);
    }
}
