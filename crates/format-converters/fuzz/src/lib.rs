//! What the fuzz targets share: the memory that a reading takes, and what writing needs.

pub mod memory;

use std::sync::Arc;

use rotator_domain::Format;
use rotator_format_converters::{Asked, Ids, Losses, Telling, WireFormat, ir, wire_format};

/// Every format.
pub fn formats() -> impl Iterator<Item = &'static dyn WireFormat> {
    Format::ALL.into_iter().map(wire_format)
}

/// As if a client had asked for a stream with usage in the plainest way.
#[must_use]
pub fn telling(format: Format) -> Telling {
    let mut request = ir::Request::new(format, "model".to_owned());
    request.include_usage = true;
    Telling { request: Arc::new(request), asked: Asked::default(), ids: Ids::new(1), now: 0, losses: Losses::default() }
}
