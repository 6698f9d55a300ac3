//! How many tokens an answer says that it used, read from its first and its last part as it passes.

use bytes::{Bytes, BytesMut};
use memchr::memmem;

/// How much of either end is looked at, in bytes. Anthropic tells the prompt's tokens at the beginning of a stream, all tell
/// the rest at its end.
const LOOK: usize = 8 * 1024;

/// Watches an answer pass.
#[derive(Debug, Default)]
pub(crate) struct UsageMeter {
    head: BytesMut,
    tail: BytesMut,
}

// === impl UsageMeter ===

impl UsageMeter {
    /// A piece passes.
    pub(crate) fn see(&mut self, piece: &Bytes) {
        let room = LOOK.saturating_sub(self.head.len()).min(piece.len());
        let (head, rest) = piece.split_at(room);
        self.head.extend_from_slice(head);
        let rest = rest.get(rest.len().saturating_sub(LOOK)..).unwrap_or(rest);
        self.tail.extend_from_slice(rest);
        // Cut now and then, not for each piece.
        if self.tail.len() > 2 * LOOK {
            let _ = self.tail.split_to(self.tail.len() - LOOK);
        }
    }

    /// What the answer said, in any of the four formats.
    pub(crate) fn total(&self) -> Option<u64> {
        let last = |name: &str| [&self.tail, &self.head].into_iter().find_map(|part| last_number(part, name));
        let whole = last("total_tokens").or_else(|| last("totalTokenCount"));
        whole.or_else(|| {
            let (input, output) = (last("input_tokens"), last("output_tokens"));
            Some(input.unwrap_or(0) + output?)
        })
    }
}

/// The number of the last member of this name.
fn last_number(text: &[u8], name: &str) -> Option<u64> {
    let quoted = format!("\"{name}\"");
    let at = memmem::rfind(text, quoted.as_bytes())? + quoted.len();
    let value = text.get(at..)?.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
    let digits = value.iter().take(19).take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(value.get(..digits)?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn total(pieces: &[&str]) -> Option<u64> {
        let mut meter = UsageMeter::default();
        for piece in pieces {
            meter.see(&Bytes::copy_from_slice(piece.as_bytes()));
        }
        meter.total()
    }

    #[test]
    fn usage_is_read_in_every_format() {
        let filler = "data: {}\n\n".repeat(5000);
        assert_eq!(total(&[r#"{"usage":{"prompt_tokens":1,"total_tokens":21}}"#]), Some(21));
        assert_eq!(total(&[r#"{"usageMetadata" : {"totalTokenCount" : 7}}"#]), Some(7));
        assert_eq!(total(&[&filler, r#"data: {"usage":{"total_to"#, r#"kens":5}}"#]), Some(5));
        let anthropic = r#"data: {"usage":{"input_tokens":9,"output_tokens":1}}"#;
        assert_eq!(total(&[anthropic, &filler, r#"data: {"usage":{"output_tokens":12}}"#]), Some(21));
        for text in ["", "{}", r#"{"total_tokens":null}"#, r#"{"total_tokens":-1}"#, r#"{"input_tokens":3}"#] {
            assert_eq!(total(&[text]), None, "{text}");
        }
    }

    #[test]
    fn only_the_ends_are_kept() {
        let mut meter = UsageMeter::default();
        for _ in 0..1000 {
            meter.see(&Bytes::from(vec![b'x'; 100_000]));
        }
        assert!(meter.head.len() <= LOOK && meter.tail.len() <= 2 * LOOK);
    }
}
