//! Why answers end.

use crate::ir::{Stop, StopReason};

/// Reads a reason. Many who speak this format keep the words of the vendor behind them.
pub(super) fn read(reason: &str) -> Option<Stop> {
    Some(Stop::of(match reason.to_ascii_lowercase().as_str() {
        "" | "null" => return None,
        "stop" | "end_turn" | "eos" | "eos_token" | "end" | "completed" | "finished" => StopReason::End,
        "stop_sequence" => StopReason::StopString,
        "length" | "max_tokens" | "max_output_tokens" | "model_length" | "model_context_window_exceeded" => {
            StopReason::Length
        }
        "tool_calls" | "tool_call" | "tool_use" | "function_call" => StopReason::Tools,
        "content_filter" | "refusal" | "safety" | "sensitive" | "recitation" | "prohibited_content" => {
            StopReason::Filter
        }
        "pause_turn" => StopReason::Pause,
        _ => StopReason::Other(reason.to_owned()),
    }))
}

/// The reason of an answer that is whole: where it calls tools, that is why it ended, whatever else was said. (The vendor
/// says `stop` where the client named the tool.)
pub(super) fn settled(stop: Option<Stop>, has_calls: bool) -> Stop {
    match stop {
        Some(Stop { reason: StopReason::End, .. }) | None if has_calls => Stop::of(StopReason::Tools),
        Some(stop) => stop,
        None => Stop::of(StopReason::End),
    }
}

/// Writes a reason. Of calls that are not there none is told.
pub(super) fn write(stop: Option<&Stop>, has_calls: bool) -> &'static str {
    match stop.map(|stop| &stop.reason) {
        Some(StopReason::Length) => "length",
        Some(StopReason::Filter) => "content_filter",
        Some(StopReason::Tools) | None if has_calls => "tool_calls",
        _ => "stop",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_outweigh_a_plain_end() {
        let end = || read("stop");
        assert_eq!(settled(end(), true).reason, StopReason::Tools);
        assert_eq!(settled(None, true).reason, StopReason::Tools);
        assert_eq!(settled(read("length"), true).reason, StopReason::Length);
        assert_eq!((settled(end(), false).reason, settled(None, false).reason), (StopReason::End, StopReason::End));
    }

    #[test]
    fn reasons_are_written_as_the_vendor_knows_them() {
        let cases = [
            ("stop", false, "stop"),
            ("stop", true, "stop"),
            ("end_turn", false, "stop"),
            ("stop_sequence", false, "stop"),
            ("MAX_TOKENS", false, "length"),
            ("tool_use", true, "tool_calls"),
            ("tool_calls", false, "stop"),
            ("function_call", true, "tool_calls"),
            ("content_filter", false, "content_filter"),
            ("pause_turn", false, "stop"),
            ("insufficient_system_resource", false, "stop"),
        ];
        for (word, has_calls, expected) in cases {
            assert_eq!(write(read(word).as_ref(), has_calls), expected, "{word}");
        }
        assert_eq!((write(None, true), write(None, false)), ("tool_calls", "stop"));
        assert!(read("null").is_none() && read("").is_none());
    }
}
