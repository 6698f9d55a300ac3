//! A format by its name, where what was read is kept.

use rotator_domain::Format;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

pub(super) fn serialize<S: Serializer>(format: &Format, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(format.name())
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Format, D::Error> {
    let name = String::deserialize(deserializer)?;
    let found = Format::ALL.into_iter().find(|format| format.name() == name);
    found.ok_or_else(|| D::Error::custom("an unknown format"))
}
