//! Reading what was used from an answer that passes in its own format.

use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, Method};
use rotator_format_converters::{UnaskedUsage, UsageReader, owner, wire_format};

use crate::body::{MeteredBody, UpstreamBody, UsageMeter};
use crate::catalog::ServiceEntry;
use crate::encoding::Encoding;
use crate::route::Route;

/// How the usage of one answer is read.
pub(super) struct Metering {
    /// What reads it, where the answer may say so.
    pub(super) reader: Option<UsageReader>,
    /// Whether a stream says it only because the proxy asked.
    pub(super) is_unasked: bool,
}

/// What reads the usage of an answer to such a request. Only what is asked with `POST` uses anything: an answer that is fetched
/// again says once more what it has used.
pub(super) fn reader(entry: &ServiceEntry, route: Route<'_>, method: &Method) -> Option<UsageReader> {
    let format = entry.format().filter(|_| *method == Method::POST)?;
    // Some upstreams serve the paths of several formats.
    let format = owner(route.rest).unwrap_or(format);
    Some(wire_format(format).usage_reader())
}

// === impl Metering ===

impl Metering {
    /// The body as it goes to the client, with the headers that belong to it.
    pub(super) fn of(self, body: UpstreamBody, headers: &mut HeaderMap) -> MeteredBody {
        let encoding = Encoding::of(headers);
        let meter = self.reader.zip(encoding).map(|(reader, encoding)| UsageMeter::new(reader, encoding));
        // An upstream that compresses what it should not is passed on as it is.
        let is_cut = self.is_unasked && encoding == Some(Encoding::Identity) && is_event_stream(headers);
        if is_cut {
            headers.remove(CONTENT_LENGTH);
        }
        MeteredBody::new(body, meter, is_cut.then(UnaskedUsage::default))
    }
}

fn is_event_stream(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|value| {
        let essence = value.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
        essence.trim_ascii().eq_ignore_ascii_case(b"text/event-stream")
    })
}
