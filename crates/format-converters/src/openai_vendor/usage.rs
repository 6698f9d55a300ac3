//! What an answer used, as those who speak OpenAI's formats tell it.

use serde_json::value::RawValue;

use crate::UsageReader;
use crate::ir::Usage;
use crate::json::Object;
use crate::metering::{Counter, Place, find};

/// Where answers of all endpoints but Responses tell it: Groq's chunks in a member of their own as well.
const PLACES: [Place; 2] = [&["usage"], &["x_groq", "usage"]];

/// What was told last.
struct Last {
    read: fn(&RawValue) -> Option<Usage>,
    told: Option<Usage>,
}

/// Reads what was used from the bytes of an answer of whichever endpoint but Responses.
pub(crate) fn reader() -> UsageReader {
    last(&PLACES, read)
}

/// Reads what was used from an answer's bytes, of which the last word counts.
pub(crate) fn last(places: &'static [Place], read: fn(&RawValue) -> Option<Usage>) -> UsageReader {
    UsageReader::new(places, Box::new(Last { read, told: None }))
}

/// What an answer, or a piece of one, tells. The object must be a lenient one.
pub(crate) fn told(object: &Object<'_>) -> Option<Usage> {
    find(object, &PLACES).and_then(read)
}

/// Reads it, by the names of whichever endpoint; `None` where it tells nothing.
fn read(raw: &RawValue) -> Option<Usage> {
    let usage = &Object::read_leniently(raw).ok()?;
    let number = |object: &Object<'_>, names: &[&str]| names.iter().find_map(|name| object.count(name).ok().flatten());
    let within = |members: [&str; 2], names: &[&str]| {
        let details = |member: &&str| number(&usage.object(member).ok()??, names);
        members.iter().find_map(details)
    };
    let (of_input, of_output) =
        (["prompt_tokens_details", "input_tokens_details"], ["completion_tokens_details", "output_tokens_details"]);
    let input = number(usage, &["prompt_tokens", "input_tokens"]);
    let output = number(usage, &["completion_tokens", "output_tokens"]);
    // What has no answer, such as embeddings, may tell the whole alone.
    let whole = || number(usage, &["total_tokens"]);
    let (input, output) = if input.is_none() && output.is_none() { (Some(whole()?), None) } else { (input, output) };
    // DeepSeek tells hits of its cache by a name of its own, Moonshot beside the prompt, LiteLLM as Anthropic does.
    let elsewhere = ["prompt_cache_hit_tokens", "cached_tokens", "cache_read_input_tokens"];
    let cached = within(of_input, &["cached_tokens"]).or_else(|| number(usage, &elsewhere));
    let written = within(of_input, &["cache_write_tokens", "cache_creation_tokens"]);
    let reasoning = within(of_output, &["reasoning_tokens"]);
    Some(Usage {
        input: input.unwrap_or_default(),
        cached,
        cache_written: written.or_else(|| number(usage, &["cache_creation_input_tokens"])),
        output: output.unwrap_or_default(),
        reasoning: reasoning.or_else(|| number(usage, &["reasoning_tokens"])),
    })
}

// === impl Last ===

impl Counter for Last {
    fn add(&mut self, usage: &RawValue) {
        self.told = (self.read)(usage).or(self.told);
    }

    fn known(&self) -> Option<Usage> {
        self.told
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Json;

    fn read_text(text: &str) -> Option<Usage> {
        let json = Json::from_text(text).unwrap();
        read(json.raw())
    }

    #[test]
    fn usage_is_read_as_vendors_tell_it() {
        let of = |input, cached, cache_written, output, reasoning| {
            Some(Usage { input, cached, cache_written, output, reasoning })
        };
        let cases = [
            (r#"{"prompt_tokens":5,"completion_tokens":3,"total_tokens":8}"#, of(5, None, None, 3, None)),
            (
                r#"{"prompt_tokens":5,"completion_tokens":3,"prompt_tokens_details":{"cached_tokens":2,"cache_write_tokens":1},
                    "completion_tokens_details":{"reasoning_tokens":1}}"#,
                of(5, Some(2), Some(1), 3, Some(1)),
            ),
            (r#"{"prompt_tokens":5,"completion_tokens":3,"prompt_cache_hit_tokens":4}"#, of(5, Some(4), None, 3, None)),
            (r#"{"prompt_tokens":5,"prompt_tokens_details":null,"completion_tokens":"x"}"#, of(5, None, None, 0, None)),
            (r#"{"input_tokens":5,"output_tokens":3,"cache_creation_input_tokens":2}"#, of(5, None, Some(2), 3, None)),
            ("{}", None),
            (r#"{"total_tokens":5}"#, of(5, None, None, 0, None)),
            (
                r#"{"input_tokens":5,"input_tokens_details":{"cached_tokens":2,"cache_write_tokens":1},"output_tokens":3,
                    "output_tokens_details":{"reasoning_tokens":1},"total_tokens":8}"#,
                of(5, Some(2), Some(1), 3, Some(1)),
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(read_text(text), expected, "{text}");
        }
    }
}
