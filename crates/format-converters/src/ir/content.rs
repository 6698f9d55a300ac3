//! Turns of a conversation and the parts that they are made of.

use rotator_domain::Format;
use serde::{Deserialize, Serialize};

use super::Opaque;
use crate::json::Json;

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// Instructions, above the user's.
    System,
    /// Instructions of the application's developer, where a format tells them from the system's.
    Developer,
    /// The user, and the tools that answer the model's calls.
    User,
    /// The model.
    Assistant,
}

/// One speaker's parts, in order. Neighbours may have the same role; [`super::Request::merged_turns`] joins them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub parts: Vec<Part>,
    /// The speaker's name, where several share a role.
    pub name: Option<String>,
}

/// A part of a turn or of an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// What it is.
    pub kind: PartKind,
    /// The prompt up to and with this part is to be cached.
    pub cache: Option<CacheMark>,
    /// What its issuer wants to have back with it, byte for byte.
    pub opaque: Option<Opaque>,
}

/// What a part is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum PartKind {
    /// Text.
    Text {
        /// The text.
        text: String,
        /// Where it comes from.
        citations: Vec<Citation>,
    },
    /// The model's words for why it does not answer.
    Refusal(String),
    /// What the model thought before it answered.
    Reasoning(Reasoning),
    /// A picture, sound, video or document.
    Media(Box<Media>),
    /// The model calls a tool of the client's.
    ToolCall(ToolCall),
    /// What a tool of the client's answered.
    ToolResult(ToolResult),
    /// What only one format can say, such as a call of a tool that the upstream itself runs, and its result.
    Native(Native),
}

/// What the model thought.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reasoning {
    /// The text, in sections; none where only an opaque form of it was given.
    pub sections: Vec<String>,
    /// Whether the text is a summary of the thoughts, not the thoughts.
    pub is_summary: bool,
}

/// A picture, sound, video or document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Media {
    /// Which of them.
    pub kind: MediaKind,
    /// Where its bytes are.
    pub source: Source,
    /// The media type, such as `image/png`, where it is known.
    pub mime: Option<String>,
    /// A file name or title.
    pub name: Option<String>,
    /// How closely a picture is to be looked at: OpenAI's `low`, `high`, `auto`.
    pub detail: Option<String>,
    /// What else a format says of it, by that format's names.
    pub extras: Option<Native>,
}

/// What kind of media it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MediaKind {
    /// A still picture.
    Image,
    /// Sound.
    Audio,
    /// Moving pictures.
    Video,
    /// A document, such as a PDF or plain text.
    Document,
}

/// Where the bytes of media are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Source {
    /// Here, in base64.
    Base64(String),
    /// Here, as text.
    Text(String),
    /// At a URL.
    Url(String),
    /// In a file that was uploaded to the vendor of this format.
    File {
        /// Whose file it is.
        #[serde(with = "super::format_name")]
        format: Format,
        /// Its id there.
        id: String,
    },
}

/// A call of a client's tool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToolCall {
    /// By which its result names it; empty where the format gave none, until [`super::Request::name_calls`] or the writer
    /// mints one.
    pub id: String,
    /// The tool.
    pub name: String,
    /// What it is called with.
    pub input: ToolInput,
}

/// What a tool is called with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ToolInput {
    /// Arguments as the model wrote them: JSON as a rule, but nobody promises it.
    Arguments(String),
    /// Free text, for OpenAI's custom tools.
    Text(String),
}

/// What a tool answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToolResult {
    /// The call that it answers.
    pub call_id: String,
    /// The tool's name, where the format says it or it was found by the id.
    pub name: Option<String>,
    /// The answer: texts and media.
    pub content: Vec<Part>,
    /// Whether the tool failed; `None` where the format does not say.
    pub is_error: Option<bool>,
    /// Whether it answers a call with free text, of OpenAI's custom tools.
    pub is_custom: bool,
}

/// Something in the words of one format.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Native {
    /// Whose words.
    #[serde(with = "super::format_name")]
    pub format: Format,
    /// What a person calls it, for messages: its type.
    pub name: String,
    /// As it was written.
    pub json: Json,
}

/// Where a piece of text comes from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Citation {
    /// The source's address.
    pub url: Option<String>,
    /// The source's title.
    pub title: Option<String>,
    /// The words of the source.
    pub quote: Option<String>,
    /// From and to which character of the text it is, counted as OpenAI does: in Unicode code points.
    pub span: Option<(u64, u64)>,
    /// As the format wrote it, for that format.
    pub native: Option<Native>,
}

/// How long a prompt is to be cached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CacheMark {
    /// Anthropic's `ttl`, such as `5m` or `1h`; its default where there is none.
    pub ttl: Option<String>,
}

// === impl Turn ===

impl Turn {
    /// A turn without a name.
    #[must_use]
    pub const fn new(role: Role, parts: Vec<Part>) -> Self {
        Self { role, parts, name: None }
    }
}

// === impl Part ===

impl Part {
    /// A part without marks.
    #[must_use]
    pub const fn new(kind: PartKind) -> Self {
        Self { kind, cache: None, opaque: None }
    }

    /// Media without marks.
    #[must_use]
    pub fn media(media: Media) -> Self {
        Self::new(PartKind::Media(Box::new(media)))
    }

    /// A text without marks.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::new(PartKind::Text { text: text.into(), citations: Vec::new() })
    }

    /// The text, where it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match &self.kind {
            PartKind::Text { text, .. } => Some(text),
            _ => None,
        }
    }
}

// === impl Reasoning ===

impl Reasoning {
    /// What stands between sections where a format knows none.
    pub const SECTION_BREAK: &str = "\n\n";

    /// The text as one.
    #[must_use]
    pub fn joined(&self) -> String {
        self.sections.join(Self::SECTION_BREAK)
    }
}

// === impl ToolInput ===

impl ToolInput {
    /// What the model wrote.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Arguments(text) | Self::Text(text) => text,
        }
    }
}
