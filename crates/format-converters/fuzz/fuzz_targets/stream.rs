//! Whatever comes as a stream of any format becomes a stream of each format that ends, and that ends well where the first one
//! did.

#![no_main]

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use rotator_format_converters::{StreamTranslator, WireFormat, sse};
use rotator_format_converters_fuzz::{formats, memory, telling};

fuzz_target!(|data: &[u8]| {
    let (cut, stream) = data.split_at(data.len().min(1));
    let cut = cut.first().map_or(1, |cut| usize::from(*cut) + 1);
    for source in formats() {
        memory::bounded(data.len(), || read(source, stream, cut));
        let mut plain = None;
        for target in formats() {
            let (out, is_well) = translated(source, target, stream.chunks(cut));
            if source.format() == target.format() {
                let (whole, _) = translated(source, target, std::iter::once(stream));
                assert_eq!(out, whole, "{:?}: cuts change it", source.format());
            }
            assert_eq!(*plain.get_or_insert(is_well), is_well, "the target decides how the stream ends");
            let (_, is_well_again) = translated(target, target, out.chunks(cut));
            let text = || String::from_utf8_lossy(&out);
            assert_eq!(is_well_again, is_well, "{:?} -> {:?}: {}", source.format(), target.format(), text());
        }
    }
});

/// Reads a stream event by event, as a translator does before anything is written.
fn read(source: &dyn WireFormat, stream: &[u8], cut: usize) {
    let mut parser = sse::Parser::new(usize::MAX);
    let mut reader = source.stream_reader();
    let mut events = Vec::new();
    for piece in stream.chunks(cut) {
        let read = parser.push(piece, |event| {
            let read = reader.read(&event, &mut events);
            events.clear();
            read
        });
        if read.is_err() {
            return;
        }
    }
    reader.finish(&mut events);
}

/// What a stream becomes, and whether it ended as it should.
fn translated<'a>(
    source: &dyn WireFormat,
    target: &dyn WireFormat,
    pieces: impl Iterator<Item = &'a [u8]>,
) -> (BytesMut, bool) {
    let mut translator = StreamTranslator::new(source.stream_reader(), target.stream_writer(telling(target.format())));
    let mut out = BytesMut::new();
    pieces.for_each(|piece| translator.push(piece, &mut out));
    translator.finish(&mut out);
    assert!(translator.is_over(), "{:?} -> {:?}: it has no end", source.format(), target.format());
    (out, translator.seen().error().is_none())
}
