//! Whatever passes is read for its usage in bounded memory, and how it is cut changes neither that nor what is left of a stream
//! whose client did not ask for its usage.

#![no_main]

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use rotator_format_converters::{UnaskedUsage, WireFormat, ir};
use rotator_format_converters_fuzz::{formats, memory};

fuzz_target!(|data: &[u8]| {
    let (cut, body) = data.split_at(data.len().min(1));
    let cut = cut.first().map_or(1, |cut| usize::from(*cut) + 1);
    for format in formats() {
        memory::bounded(data.len(), || read(format, body.chunks(cut)));
        let whole = read(format, std::iter::once(body));
        assert_eq!(read(format, body.chunks(cut)), whole, "{:?}: cuts change it", format.format());
    }
    assert_eq!(left(body.chunks(cut)), left(std::iter::once(body)), "cuts change what is left");
});

fn read<'a>(format: &dyn WireFormat, pieces: impl Iterator<Item = &'a [u8]>) -> Option<ir::Usage> {
    let mut reader = format.usage_reader();
    pieces.for_each(|piece| reader.push(piece));
    reader.usage()
}

fn left<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> BytesMut {
    let (mut unasked, mut out) = (UnaskedUsage::default(), BytesMut::new());
    pieces.for_each(|piece| unasked.pass(piece, &mut out));
    unasked.end(&mut out);
    out
}
