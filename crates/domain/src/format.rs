//! The wire formats of LLM APIs.

use std::fmt;

/// A wire format of LLM requests, responses and streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// OpenAI Chat Completions.
    OpenAi,
    /// OpenAI Responses.
    OpenAiResponses,
    /// Anthropic Messages.
    Anthropic,
    /// Gemini `generateContent`.
    Gemini,
}

/// Which format the clients of a service speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OutputFormat {
    /// The upstream's own format.
    #[default]
    None,
    /// Read from the path and the body of each request.
    Auto,
    /// Always this one.
    Fixed(Format),
}

// === impl Format ===

impl Format {
    /// Every format, in the order in which they are documented.
    pub const ALL: [Self; 4] = [Self::OpenAi, Self::OpenAiResponses, Self::Anthropic, Self::Gemini];

    /// The format's name: `openai`, `openai_responses`, `anthropic` or `gemini`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::OpenAiResponses => "openai_responses",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
        }
    }

    /// How a service's `api_format` spells the format of its upstream.
    #[must_use]
    pub const fn api_format(self) -> &'static str {
        match self {
            Self::OpenAi => "openai_compatible",
            Self::OpenAiResponses => "openai_responses",
            Self::Anthropic => "anthropic_native",
            Self::Gemini => "gemini_native",
        }
    }

    /// Reads an `api_format`.
    #[must_use]
    pub fn from_api_format(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.api_format() == text)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

// === impl OutputFormat ===

impl OutputFormat {
    /// How a service's `output_format` spells it: `none`, `auto` or a format's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Auto => "auto",
            Self::Fixed(format) => format.name(),
        }
    }

    /// Reads an `output_format`.
    #[must_use]
    pub fn from_name(text: &str) -> Option<Self> {
        match text {
            "none" => Some(Self::None),
            "auto" => Some(Self::Auto),
            _ => Format::ALL.into_iter().find(|format| format.name() == text).map(Self::Fixed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_reads_back() {
        for format in Format::ALL {
            assert_eq!(Format::from_api_format(format.api_format()), Some(format));
            assert_eq!(OutputFormat::from_name(format.name()), Some(OutputFormat::Fixed(format)));
        }
        for plain in [OutputFormat::None, OutputFormat::Auto] {
            assert_eq!(OutputFormat::from_name(plain.name()), Some(plain));
        }
        assert_eq!(Format::from_api_format("openai"), None);
        assert_eq!(OutputFormat::from_name(""), None);
    }
}
