//! Counts of a prompt's tokens. Chat Completions has none, so nobody asks for one in this format and no upstream of it tells
//! one; what is read and written all the same is the one number that a count is, under the name that usage has for it.

use bytes::Bytes;
use serde::Serialize;

use crate::ir::{CountedTokens, Request};
use crate::json::{self, Object};
use crate::{Invalid, UpstreamCall, Writing};

#[derive(Serialize)]
struct Counted {
    prompt_tokens: u64,
}

/// There is no such request.
#[expect(clippy::unnecessary_wraps, reason = "formats that count may fail")]
pub(super) fn write(_request: &Request, _writing: &mut Writing<'_>) -> Result<Option<UpstreamCall>, Invalid> {
    Ok(None)
}

/// Reads a count.
pub(super) fn read_counted(body: &[u8]) -> Result<CountedTokens, Invalid> {
    let input = Object::read(json::document(body)?)?.count("prompt_tokens")?;
    let input = input.ok_or_else(|| Invalid::new("is missing").at("prompt_tokens"))?;
    Ok(CountedTokens { input, is_estimate: false })
}

/// Writes a count.
pub(super) fn write_counted(counted: CountedTokens) -> Bytes {
    serde_json::to_vec(&Counted { prompt_tokens: counted.input }).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_that_is_written_is_read_again() {
        let counted = CountedTokens { input: 5, is_estimate: false };
        assert_eq!(read_counted(&write_counted(counted)), Ok(counted));
        assert_eq!(read_counted(b"{}").unwrap_err().to_string(), "prompt_tokens: is missing");
    }
}
