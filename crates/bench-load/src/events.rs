//! The events of streams: how the upstream writes them, and how they are read again.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;

/// What stands before the time in an event.
const SENT: &[u8] = b"\"sent\":";

/// Reads events as their bytes come.
#[derive(Default)]
pub(crate) struct EventReader {
    /// An event whose end has not come yet.
    begun: Vec<u8>,
}

/// An event that says when it was sent.
pub(crate) fn event(number: u64) -> Bytes {
    Bytes::from(format!("data: {{\"event\":{number},\"sent\":{}}}\n\n", now().as_micros()))
}

/// The time of day: both ends are on the same machine.
pub(crate) fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

// === impl EventReader ===

impl EventReader {
    /// When each event that ends in these bytes was sent.
    pub(crate) fn read(&mut self, bytes: &[u8]) -> Vec<Duration> {
        self.begun.extend_from_slice(bytes);
        let mut times = Vec::new();
        let mut read = 0;
        while let Some(length) = find(&self.begun[read..], b"\n\n") {
            times.extend(sent(&self.begun[read..read + length]));
            read += length + 2;
        }
        self.begun.drain(..read);
        times
    }
}

fn sent(event: &[u8]) -> Option<Duration> {
    let rest = &event[find(event, SENT)? + SENT.len()..];
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(&rest[..digits]).ok()?.parse().ok().map(Duration::from_micros)
}

fn find(within: &[u8], what: &[u8]) -> Option<usize> {
    within.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_however_they_are_cut() {
        let text = [event(0), event(1), Bytes::from_static(b": a comment\n\n"), event(2)].concat();
        for size in [1, 7, text.len()] {
            let mut reader = EventReader::default();
            let times: Vec<Duration> = text.chunks(size).flat_map(|piece| reader.read(piece)).collect();
            assert_eq!(times.len(), 3, "in pieces of {size}");
            assert!(times.iter().all(|sent| *sent <= now() && now() - *sent < Duration::from_secs(60)));
        }
    }

    #[test]
    fn an_event_without_a_time_is_none() {
        assert!(EventReader::default().read(b"data: {\"sent\":\"soon\"}\n\ndata: x\n\n").is_empty());
    }
}
