//! The items of a JSON list, one by one, and how many of them are sense.

use std::fmt;

use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::Invalid;

/// So many items or members are never too many.
const FEW: usize = 4096;
/// How many bytes more of them must have on average.
const LEAST_BYTES: usize = 16;

/// Whether so many items or members, in so many bytes, say next to nothing: what they are read into would be many times
/// larger than they are.
pub(crate) const fn is_chaff(count: usize, bytes: usize) -> bool {
    count > FEW && bytes / count < LEAST_BYTES
}

/// Hands each item of a list on.
pub(crate) fn for_each<'a>(
    raw: &'a RawValue,
    mut take: impl FnMut(usize, &'a RawValue) -> Result<(), Invalid>,
) -> Result<(), Invalid> {
    struct Visit<'f, F> {
        take: F,
        failed: &'f mut Option<Invalid>,
    }

    impl<'de, F: FnMut(usize, &'de RawValue) -> Result<(), Invalid>> Visitor<'de> for Visit<'_, F> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }

        fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
            let mut index = 0;
            while let Some(item) = seq.next_element()? {
                if let Err(error) = (self.take)(index, item) {
                    *self.failed = Some(error);
                    return Err(A::Error::custom("an item makes no sense"));
                }
                index += 1;
            }
            Ok(())
        }
    }

    let mut failed = None;
    let take = |index, item| take(index, item).map_err(|error: Invalid| error.at_index(index));
    let visited = serde_json::Deserializer::from_str(raw.get()).deserialize_seq(Visit { take, failed: &mut failed });
    match failed {
        Some(error) => Err(error),
        None => visited.map_err(|_| Invalid::expected("a list", raw)),
    }
}

/// Reads each item of a list that is something.
pub(crate) fn each_some<'a, T>(
    raw: &'a RawValue,
    mut read: impl FnMut(&'a RawValue) -> Result<Option<T>, Invalid>,
) -> Result<Vec<T>, Invalid> {
    let (mut items, mut bytes) = (Vec::new(), 0);
    for_each(raw, |index, item| {
        bytes += item.get().len() + 1;
        if is_chaff(index + 1, bytes) {
            return Err(Invalid::new("there are too many items that say next to nothing"));
        }
        if let Some(item) = read(item)? {
            push(&mut items, item);
        }
        Ok(())
    })?;
    Ok(items)
}

/// Adds an item without much room for more: lists are read once and rarely grow.
fn push<T>(items: &mut Vec<T>, item: T) {
    if items.len() == items.capacity() {
        items.reserve_exact(items.len() / 4 + 1);
    }
    items.push(item);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{document, text};

    fn texts(body: &str) -> Result<Vec<String>, String> {
        let read = |raw| text(raw).map(|text| Some(text).filter(|text| !text.is_empty()));
        each_some(document(body.as_bytes()).unwrap(), read).map_err(|error| error.to_string())
    }

    #[test]
    fn items_are_read_in_order_up_to_the_first_that_makes_no_sense() {
        assert_eq!(texts(r#"["a", "", "b"]"#).unwrap(), ["a", "b"]);
        assert_eq!(texts(r#"["a",5,6]"#).unwrap_err(), "[1]: expected a string, found another number");
        assert_eq!(texts("{}").unwrap_err(), "expected a list, found an object");
        let many = texts(&format!("[{}\"x\"]", r#""x","#.repeat(9))).unwrap();
        assert!(many.len() == 10 && many.capacity() <= 12, "{}", many.capacity());
    }

    #[test]
    fn chaff_is_refused() {
        let of = |count: usize, item: &str| texts(&format!("[{}{item}]", format!("{item},").repeat(count - 1)));
        assert_eq!(of(FEW, r#""a""#).unwrap().len(), FEW);
        assert!(of(FEW + 1, r#""a""#).unwrap_err().ends_with("too many items that say next to nothing"));
        assert_eq!(of(2 * FEW, r#""more than a word""#).unwrap().len(), 2 * FEW);
    }
}
