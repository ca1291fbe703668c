//! Values of the engine and of JSON as values of templates.

use super::value::{Map, Value};

impl From<engine::value::Value<'_>> for Value {
    fn from(value: engine::value::Value<'_>) -> Self {
        use engine::value::Value as Stored;
        match value {
            Stored::Null => Self::Nil,
            Stored::Bool(truth) => Self::Bool(truth),
            Stored::Int(number) => Self::Int(number),
            Stored::Decimal(millionths) => Self::from_millionths(millionths),
            Stored::Float(number) => Self::float(number),
            Stored::Text(text) => Self::text(text),
            Stored::List(list) => Self::list(list.iter().map(Self::from).collect::<Vec<_>>()),
            Stored::Map(map) => Self::map(Map::from(map)),
        }
    }
}

/// The first value where a name was written twice, as the engine reads it.
impl From<engine::value::Map<'_>> for Map {
    fn from(map: engine::value::Map<'_>) -> Self {
        map.iter().map(|(name, value)| (name, Value::from(value))).collect()
    }
}

impl From<&serde_json::Value> for Value {
    fn from(json: &serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Self::Nil,
            serde_json::Value::Bool(truth) => Self::Bool(*truth),
            serde_json::Value::Number(number) => {
                number.as_i64().map_or_else(|| number.as_f64().map_or(Self::Nil, Self::float), Self::Int)
            }
            serde_json::Value::String(text) => Self::text(text.as_str()),
            serde_json::Value::Array(items) => Self::list(items.iter().map(Self::from).collect::<Vec<_>>()),
            serde_json::Value::Object(object) => Self::map(Map::from(object)),
        }
    }
}

impl From<&serde_json::Map<String, serde_json::Value>> for Map {
    fn from(object: &serde_json::Map<String, serde_json::Value>) -> Self {
        object.iter().map(|(name, value)| (name.as_str(), Value::from(value))).collect()
    }
}
