//! Content blocks: the parts of turns and of answers.

mod read;
mod write;

pub(super) use read::{Strictness, block, blocks, cache, citation, opaque_of_data, opaque_of_signature};
pub(super) use write::{CallIds, PartWriter, cache_control, text};

use rotator_domain::Format;

use crate::ir::Native;
use crate::json::Json;
use crate::members::Members;

/// The format of everything here.
pub(super) const FORMAT: Format = Format::Anthropic;
/// Citations of this type are of pages that the upstream itself found; the index proves it.
pub(super) const WEB_CITATION: &str = "web_search_result_location";

/// Something in this format's own words.
pub(super) fn native(name: impl Into<String>, json: Json) -> Native {
    Native { format: FORMAT, name: name.into(), json }
}

/// Members that nobody understands, as an object; `None` where there are none.
pub(super) fn native_members(name: &str, members: Vec<(String, Json)>) -> Option<Native> {
    Members(members).into_json().map(|json| native(name, json))
}
