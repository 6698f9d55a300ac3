//! Events of any bytes are the same however the bytes are cut. The first eight bytes say where.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rotator_format_converters::sse::{Event, Parser, TooLong};
use rotator_format_converters_fuzz::memory;

/// The most bytes of an event; some inputs have longer ones.
const LIMIT: usize = 1024;

#[derive(Default, PartialEq, Debug)]
struct Told {
    events: Vec<(String, String)>,
    is_within_event: bool,
}

fuzz_target!(|data: &[u8]| {
    let (cuts, stream) = data.split_at(data.len().min(8));
    let mut pieces = Vec::new();
    let mut rest = stream;
    for cut in cuts.iter().cycle() {
        let (piece, after) = rest.split_at(rest.len().min(usize::from(*cut) + 1));
        pieces.push(piece);
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    assert_eq!(parse(&pieces), parse(&[stream]));
    memory::bounded(data.len(), || {
        let mut parser = Parser::new(usize::MAX);
        pieces.iter().for_each(|piece| assert!(parser.push(piece, |_| Ok::<(), TooLong>(())).is_ok()));
    });
});

fn parse(pieces: &[&[u8]]) -> Result<Told, TooLong> {
    let mut parser = Parser::new(LIMIT);
    let mut told = Told::default();
    for piece in pieces {
        parser.push(piece, |Event { name, data }| {
            told.events.push((name.into_owned(), data.into_owned()));
            Ok::<(), TooLong>(())
        })?;
    }
    told.is_within_event = parser.is_within_event();
    Ok(told)
}
