//! Whatever an upstream answers with an error is understood somehow, and each format can tell it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rotator_format_converters::ErrorReply;
use rotator_format_converters_fuzz::{formats, memory};

/// One that tells nothing, so that the words do, and one that does.
const STATUSES: [u16; 2] = [200, 429];

fuzz_target!(|data: &[u8]| {
    for source in formats() {
        for status in STATUSES {
            let error = memory::bounded(data.len(), || source.read_error(status, data));
            let (code, param) = (error.code.as_deref(), error.param.as_deref());
            for target in formats() {
                let reply = ErrorReply { status: error.status, message: &error.message, code, param };
                let rendered = target.error(&reply);
                let again = target.read_error(rendered.status, &rendered.body);
                let body = || String::from_utf8_lossy(&rendered.body);
                assert!(error.message.is_empty() || again.message == error.message, "{error:?}: {}", body());
            }
        }
    }
});
