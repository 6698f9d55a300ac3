//! What a deed changed, for the audit log: field by field, before and after. What is given here is shown to every viewer, so
//! secrets are masked before.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::wire::AuditChange;

/// The longest value that is kept, as JSON in bytes.
const LONGEST: usize = 4096;
/// What stands in place of a longer one.
const TOO_LONG: &str = "(too long to be kept)";
/// What stands in place of a secret of which nothing is shown.
const HIDDEN: &str = "*****";

/// What changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changes(BTreeMap<String, AuditChange>);

// === impl Changes ===

impl Changes {
    /// The fields in which two things differ.
    pub(crate) fn between<T: Serialize>(before: &T, after: &T) -> Self {
        Self::of(fields(before), fields(after))
    }

    /// The fields of a new thing.
    pub(crate) fn made<T: Serialize>(after: &T) -> Self {
        Self::of(Map::new(), fields(after))
    }

    /// The fields of a thing that is gone.
    pub(crate) fn gone<T: Serialize>(before: &T) -> Self {
        Self::of(fields(before), Map::new())
    }

    /// One field more.
    pub(crate) fn with<T: Serialize>(mut self, name: &str, before: Option<T>, after: Option<T>) -> Self {
        let kept = |value: Option<T>| kept(serde_json::to_value(value).unwrap_or_default());
        self.put(name.to_owned(), kept(before), kept(after));
        self
    }

    /// A secret was set or replaced.
    pub(crate) fn with_hidden(self, name: &str, was_there: bool) -> Self {
        self.with(name, was_there.then_some(HIDDEN), Some(HIDDEN))
    }

    /// The names of the fields.
    pub(crate) fn names(&self) -> Option<String> {
        let names: Vec<&str> = self.0.keys().map(String::as_str).collect();
        (!names.is_empty()).then(|| names.join(", "))
    }

    /// As they are stored.
    pub(crate) fn json(&self) -> Option<String> {
        if self.0.is_empty() { None } else { serde_json::to_string(&self.0).ok() }
    }

    /// As they were stored.
    pub(crate) fn read(json: &str) -> BTreeMap<String, AuditChange> {
        serde_json::from_str(json).unwrap_or_default()
    }

    fn of(mut before: Map<String, Value>, after: Map<String, Value>) -> Self {
        let mut changes = Self::default();
        for (name, after) in after {
            let before = before.remove(&name).unwrap_or_default();
            if before != after {
                changes.put(name, kept(before), kept(after));
            }
        }
        for (name, before) in before {
            changes.put(name, kept(before), None);
        }
        changes
    }

    fn put(&mut self, name: String, before: Option<Value>, after: Option<Value>) {
        if before.is_some() || after.is_some() {
            self.0.insert(name, AuditChange { before, after });
        }
    }
}

fn fields<T: Serialize>(thing: &T) -> Map<String, Value> {
    match serde_json::to_value(thing) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

/// A value as it is kept; null is none.
fn kept(value: Value) -> Option<Value> {
    match value {
        Value::Null => None,
        value if value.to_string().len() > LONGEST => Some(TOO_LONG.into()),
        value => Some(value),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(changes: &Changes) -> Value {
        changes.json().map_or(Value::Null, |json| serde_json::from_str(&json).unwrap())
    }

    #[test]
    fn only_what_differs_is_kept() {
        let before = json!({"same": 1, "changed": {"a": 1}, "gone": "x", "null": null});
        let after = json!({"same": 1, "changed": {"a": 2}, "new": [1], "null": null});
        let changes = Changes::between(&before, &after);
        let expected = json!({
            "changed": {"before": {"a": 1}, "after": {"a": 2}}, "gone": {"before": "x"}, "new": {"after": [1]},
        });
        assert_eq!(shown(&changes), expected);
        assert_eq!(changes.names().as_deref(), Some("changed, gone, new"));
        let read = Changes::read(&changes.json().unwrap());
        assert_eq!((&read["gone"].before, &read["gone"].after), (&Some(json!("x")), &None));
        let none = Changes::between(&before, &before);
        assert_eq!((none.names(), none.json()), (None, None));
        assert!(Changes::read("no JSON").is_empty());
    }

    #[test]
    fn new_and_gone_things_have_one_side_and_long_values_none() {
        let thing = json!({"name": "n", "none": null, "long": "l".repeat(LONGEST)});
        let long = "(too long to be kept)";
        assert_eq!(shown(&Changes::made(&thing)), json!({"name": {"after": "n"}, "long": {"after": long}}));
        assert_eq!(shown(&Changes::gone(&thing)), json!({"name": {"before": "n"}, "long": {"before": long}}));
        let hidden = Changes::default().with_hidden("password", true).with("count", None, Some(3));
        let expected = json!({"password": {"before": "*****", "after": "*****"}, "count": {"after": 3}});
        assert_eq!(shown(&hidden), expected);
    }
}
