//! What an answer used, as those who speak this format tell it.

use crate::ir::Usage;
use crate::json::Object;

/// Reads it; `None` where it tells nothing. The object must be a lenient one.
pub(super) fn read(usage: &Object<'_>) -> Option<Usage> {
    let number = |object: &Object<'_>, names: &[&str]| names.iter().find_map(|name| object.count(name).ok().flatten());
    let within = |member: &str, names: &[&str]| number(&usage.object(member).ok()??, names);
    let input = number(usage, &["prompt_tokens", "input_tokens"]);
    let output = number(usage, &["completion_tokens", "output_tokens"]);
    if input.is_none() && output.is_none() {
        return None;
    }
    // DeepSeek tells hits of its cache by a name of its own, Moonshot beside the prompt, LiteLLM as Anthropic does.
    let elsewhere = ["prompt_cache_hit_tokens", "cached_tokens", "cache_read_input_tokens"];
    let cached = within("prompt_tokens_details", &["cached_tokens"]).or_else(|| number(usage, &elsewhere));
    let written = within("prompt_tokens_details", &["cache_write_tokens", "cache_creation_tokens"]);
    let reasoning = within("completion_tokens_details", &["reasoning_tokens"]);
    Some(Usage {
        input: input.unwrap_or_default(),
        cached,
        cache_written: written.or_else(|| number(usage, &["cache_creation_input_tokens"])),
        output: output.unwrap_or_default(),
        reasoning: reasoning.or_else(|| number(usage, &["reasoning_tokens"])),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Json;
    use crate::openai::wire::WrittenUsage;

    fn read_text(text: &str) -> Option<Usage> {
        let json = Json::from_text(text).unwrap();
        read(&Object::read_leniently(json.raw()).unwrap())
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
            (r#"{"total_tokens":5}"#, None),
        ];
        for (text, expected) in cases {
            assert_eq!(read_text(text), expected, "{text}");
        }
    }

    #[test]
    fn usage_that_is_written_is_read_again() {
        let usage = Usage { input: 9, cached: Some(4), cache_written: Some(2), output: 7, reasoning: Some(6) };
        let text = serde_json::to_string(&WrittenUsage::from(usage)).unwrap();
        assert!(text.contains(r#""total_tokens":16"#));
        assert_eq!(read_text(&text), Some(usage));
    }
}
