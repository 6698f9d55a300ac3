//! Which adapter serves a service.

use rotator_domain::{Format, TargetUrl};
use url::Url;

use crate::Adapter;
use crate::anthropic::Anthropic;
use crate::gemini::Gemini;
use crate::openai_compatible::{PROVIDERS, UNNAMED};
use crate::openai_responses::OpenAiResponses;

/// A service names a provider that has no adapter for its format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no provider `{name}` speaks {format}; known are {known}")]
pub struct UnknownProvider {
    name: String,
    format: Format,
    known: String,
}

/// All adapters.
pub fn all() -> impl Iterator<Item = &'static dyn Adapter> {
    let named = PROVIDERS.iter().map(|row| row as &'static dyn Adapter);
    named.chain([&UNNAMED as &'static dyn Adapter, &OpenAiResponses, &Anthropic, &Gemini])
}

/// The adapter for a service: the provider that it names, else the one at the target's host, else the format's own.
///
/// # Errors
/// When there is no provider of this name that speaks the format.
pub fn find(
    provider: Option<&str>,
    format: Format,
    target: &TargetUrl,
) -> Result<&'static dyn Adapter, UnknownProvider> {
    let speaking = || all().filter(move |adapter| adapter.format() == format);
    match provider {
        Some(name) => speaking().find(|adapter| adapter.name() == name).ok_or_else(|| UnknownProvider {
            name: name.to_owned(),
            format,
            known: speaking().map(Adapter::name).collect::<Vec<_>>().join(", "),
        }),
        None => Ok(speaking().find(|adapter| is_at(*adapter, target)).unwrap_or_else(|| default(format))),
    }
}

fn default(format: Format) -> &'static dyn Adapter {
    match format {
        Format::OpenAi => &UNNAMED,
        Format::OpenAiResponses => &OpenAiResponses,
        Format::Anthropic => &Anthropic,
        Format::Gemini => &Gemini,
    }
}

/// Whether the target is on the provider's public host; those at `localhost` are told apart by their port.
fn is_at(adapter: &dyn Adapter, target: &TargetUrl) -> bool {
    let Some(url) = adapter.default_base_url().and_then(|text| Url::parse(text).ok()) else {
        return false;
    };
    let target = target.as_url();
    url.host_str() == target.host_str() && url.port_or_known_default() == target.port_or_known_default()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn name(provider: Option<&str>, format: Format, target: &str) -> Result<&'static str, UnknownProvider> {
        find(provider, format, &TargetUrl::parse(target).unwrap()).map(Adapter::name)
    }

    #[test]
    fn a_name_decides_then_the_host_then_the_format() {
        assert_eq!(name(Some("groq"), Format::OpenAi, "https://proxy.example").unwrap(), "groq");
        assert_eq!(name(None, Format::OpenAi, "https://api.x.ai/v1").unwrap(), "xai");
        assert_eq!(name(None, Format::OpenAi, "http://localhost:11434/v1").unwrap(), "ollama");
        assert_eq!(name(None, Format::OpenAi, "http://localhost:9/v1").unwrap(), "openai_compatible");
        assert_eq!(name(None, Format::OpenAiResponses, "https://api.openai.com/v1").unwrap(), "openai_responses");
        assert_eq!(name(None, Format::Gemini, "https://relay.example").unwrap(), "gemini");
    }

    #[test]
    fn a_name_of_another_format_is_unknown() {
        let error = name(Some("anthropic"), Format::OpenAi, "https://x.example").unwrap_err().to_string();
        assert!(error.starts_with("no provider `anthropic` speaks openai; known are openai, "), "{error}");
    }

    #[test]
    fn names_are_unique_and_addresses_are_good() {
        let mut names = HashSet::new();
        for adapter in all() {
            assert!(names.insert(adapter.name()), "{} twice", adapter.name());
            assert!(adapter.documentation().starts_with("https://"));
            assert!(adapter.default_base_url().is_none_or(|url| TargetUrl::parse(url).is_ok()));
        }
    }

    #[test]
    fn keys_go_where_each_vendor_takes_them() {
        let cases = [
            (Format::OpenAi, "authorization", "Bearer ", "models"),
            (Format::OpenAiResponses, "authorization", "Bearer ", "models"),
            (Format::Anthropic, "x-api-key", "", "v1/models"),
            (Format::Gemini, "x-goog-api-key", "", "v1beta/models"),
        ];
        for (format, header, prefix, probe_path) in cases {
            let adapter = find(None, format, &TargetUrl::parse("https://x.example").unwrap()).unwrap();
            let key = adapter.key_header();
            assert_eq!((key.name.as_str(), key.prefix, adapter.probe_path()), (header, prefix, probe_path));
        }
        let openrouter = find(Some("openrouter"), Format::OpenAi, &TargetUrl::parse("https://x.example").unwrap());
        assert_eq!(openrouter.unwrap().probe_path(), "key");
    }
}
