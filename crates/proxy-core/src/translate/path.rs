//! Where a call of a format goes on a target.

use rotator_domain::Format;
use rotator_llm_adapters::{Adapter, join_path};

/// The path of a call on a target. A version in the base path counts, whatever it is and wherever it stands
/// (`/api/paas/v4`, `/v1beta/openai`): that of the call goes then.
pub(super) fn path_on(adapter: &dyn Adapter, base_path: &str, call: &str) -> String {
    let call = call.strip_prefix('/').unwrap_or(call);
    let (first, rest) = call.split_once('/').unwrap_or((call, ""));
    if is_version(first) && (has_version(base_path) || is_without_version(adapter)) {
        return join_path(base_path, rest);
    }
    join_path(base_path, call)
}

/// Whether the provider's own address says that its paths have no version (Perplexity). Anthropic's and Google's have it in
/// the paths, not in the address.
fn is_without_version(adapter: &dyn Adapter) -> bool {
    let is_openai = matches!(adapter.format(), Format::OpenAi | Format::OpenAiResponses);
    is_openai && adapter.default_base_url().is_some_and(|url| !has_version(url))
}

fn has_version(path: &str) -> bool {
    path.split('/').any(is_version)
}

/// `v1`, `v4`, `v1beta`, `v1beta2`.
fn is_version(segment: &str) -> bool {
    let Some(rest) = segment.strip_prefix('v') else { return false };
    let stage = rest.trim_start_matches(|digit: char| digit.is_ascii_digit());
    rest.len() > stage.len()
        && ["", "alpha", "beta"].contains(&stage.trim_end_matches(|digit: char| digit.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use rotator_domain::TargetUrl;
    use rotator_llm_adapters::find;

    use super::*;

    #[test]
    fn a_version_is_written_once() {
        let (chat, gemini) = ("/v1/chat/completions", "/v1beta/models/m:generateContent");
        let cases = [
            (Format::OpenAi, "https://h/", chat, "/v1/chat/completions"),
            (Format::OpenAi, "https://h/v1", chat, "/v1/chat/completions"),
            (Format::OpenAi, "https://h/api/paas/v4/", chat, "/api/paas/v4/chat/completions"),
            (Format::OpenAi, "https://h/v1beta/openai", chat, "/v1beta/openai/chat/completions"),
            (Format::OpenAi, "https://h/openai", chat, "/openai/v1/chat/completions"),
            (Format::OpenAi, "https://h/vision", chat, "/vision/v1/chat/completions"),
            (Format::OpenAi, "https://api.perplexity.ai", chat, "/chat/completions"),
            (Format::Gemini, "https://h", gemini, "/v1beta/models/m:generateContent"),
            (Format::Gemini, "https://h/v1", gemini, "/v1/models/m:generateContent"),
            (Format::Anthropic, "https://api.anthropic.com", "/v1/messages", "/v1/messages"),
        ];
        for (format, target, call, expected) in cases {
            let target = TargetUrl::parse(target).unwrap();
            let adapter = find(None, format, &target).unwrap();
            assert_eq!(path_on(adapter, target.as_url().path(), call), expected, "{target} {call}");
        }
    }
}
