//! Whatever is read as an answer of any format can be written, whole and in pieces, and read again in each format.

#![no_main]

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use rotator_format_converters::{Keepsake, events_of};
use rotator_format_converters_fuzz::{formats, memory, telling};

fuzz_target!(|data: &[u8]| {
    for source in formats() {
        let Ok(response) = memory::bounded(data.len(), || source.read_response(data)) else { continue };
        let _ = Keepsake::of(&response);
        for target in formats() {
            let body = target.write_response(&response, &mut telling(target.format()));
            let again = target.read_response(&body);
            let text = || String::from_utf8_lossy(&body);
            assert!(again.is_ok(), "{:?} -> {:?}: {again:?}: {}", source.format(), target.format(), text());
            let mut writer = target.stream_writer(telling(target.format()));
            let mut out = BytesMut::new();
            events_of(&response).into_iter().for_each(|event| writer.write(event, &mut out));
        }
    }
});
