//! Streams as they are read and written.

mod reading;
mod writing;

use crate::ir::Event;
use crate::{Accumulator, StreamReader, sse};

use super::Reader;

/// Reads a stream whose bytes come in pieces of this size.
fn read(stream: &[u8], size: usize) -> Vec<Event> {
    let (mut parser, mut reader, mut events) = (sse::Parser::new(1 << 24), Reader::default(), Vec::new());
    for piece in stream.chunks(size) {
        parser.push(piece, |event| reader.read(&event, &mut events)).unwrap();
    }
    reader.finish(&mut events);
    check(&events);
    events
}

/// What was said, where the stream was whole.
fn said(events: &[Event]) -> Accumulator {
    let mut accumulator = Accumulator::default();
    events.iter().for_each(|event| accumulator.add(event));
    accumulator
}

/// Nothing of a block comes before its beginning or after its end, nothing after the end of all.
fn check(events: &[Event]) {
    assert!(matches!(events.first(), Some(Event::Start { .. }) | None));
    let mut open = Vec::new();
    let mut known = Vec::new();
    for (place, event) in events.iter().enumerate() {
        match event {
            Event::Open { block, .. } => {
                assert!(!known.contains(block));
                known.push(*block);
                open.push(*block);
            }
            Event::Delta { block, .. } => assert!(open.contains(block)),
            Event::Close { block } => {
                assert!(open.contains(block));
                open.retain(|own| own != block);
            }
            Event::End => assert!(open.is_empty() && place + 1 == events.len()),
            Event::Error(_) => assert_eq!(place + 1, events.len()),
            _ => {}
        }
    }
}
