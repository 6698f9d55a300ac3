//! A request for an answer.

use rotator_domain::Format;
use serde_json::Number;

use super::{CacheMark, Native, Part, PartKind, Role, Turn};
use crate::json::Json;

/// A request for an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The format that it was read from.
    pub format: Format,
    /// The model, as the client names it.
    pub model: String,
    /// Whether the answer is to come in pieces.
    pub stream: bool,
    /// The conversation, instructions included, in order.
    pub turns: Vec<Turn>,
    /// The tools that the model may call.
    pub tools: Vec<Tool>,
    /// Which of them it should call.
    pub tool_choice: Option<ToolChoice>,
    /// Whether it may call several at once.
    pub parallel_calls: Option<bool>,
    /// The shape of the answer.
    pub output: OutputShape,
    /// OpenAI's `verbosity`: `low`, `medium` or `high`.
    pub verbosity: Option<String>,
    /// How words are chosen.
    pub sampling: Sampling,
    /// Texts that end the answer.
    pub stop: Vec<String>,
    /// The most tokens of the answer, reasoning included.
    pub max_tokens: Option<u64>,
    /// How much the model should think.
    pub thinking: Option<Thinking>,
    /// How many answers; one where it is not said.
    pub choices: Option<u32>,
    /// Which probabilities are wanted.
    pub log_probs: Option<LogProbs>,
    /// Who the end user is, for the vendor.
    pub user: Option<String>,
    /// What the client wants to find with the request again: an object of texts.
    pub metadata: Option<Json>,
    /// How urgent it is.
    pub tier: Option<Tier>,
    /// How prompts are cached.
    pub caching: Caching,
    /// What the upstream keeps, or kept, of the conversation.
    pub state: State,
    /// Whether a stream says at its end how much was used, where the format leaves that to the client.
    pub include_usage: bool,
    /// Whether the client knows calls of tools only as OpenAI wrote them first (`functions`, `function_call`), and wants them
    /// so in the answer.
    pub has_legacy_calls: bool,
    /// What only the client's format can say, by its names.
    pub extras: Extras,
}

/// Members that nobody here understands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Extras(pub Vec<(String, Json)>);

/// A tool.
#[derive(Clone, Debug, PartialEq)]
pub enum Tool {
    /// A function of the client's.
    Function {
        /// Its name.
        name: String,
        /// What it does, for the model.
        description: Option<String>,
        /// A JSON Schema of its arguments; none where it takes none.
        parameters: Option<Json>,
        /// Whether arguments must fit the schema.
        strict: Option<bool>,
        /// The prompt up to and with this tool is to be cached.
        cache: Option<CacheMark>,
        /// What else the format says of it.
        extras: Option<Native>,
    },
    /// A tool of the client's that takes free text (OpenAI's custom tools).
    Custom {
        /// Its name.
        name: String,
        /// What it does, for the model.
        description: Option<String>,
        /// The grammar of its input, as the format writes it.
        grammar: Option<Json>,
    },
    /// A search of the web that the upstream runs itself.
    Search(Search),
    /// Another tool that the upstream runs, or that only this format knows.
    Native(Native),
}

/// A search of the web.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Search {
    /// The most searches.
    pub max_uses: Option<u64>,
    /// Only these domains.
    pub allowed_domains: Vec<String>,
    /// None of these.
    pub blocked_domains: Vec<String>,
    /// As the format wrote it, for that format.
    pub native: Option<Native>,
}

/// Which tools the model should call.
#[derive(Clone, Debug, PartialEq)]
pub enum ToolChoice {
    /// As it likes.
    Auto,
    /// None.
    None,
    /// At least one.
    Required,
    /// This one.
    Named(String),
    /// One of these, or none where it need not.
    Allowed {
        /// The names.
        names: Vec<String>,
        /// Whether it must call one.
        is_required: bool,
    },
    /// As only this format can say it.
    Native(Native),
}

/// The shape of an answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum OutputShape {
    /// Text.
    #[default]
    Text,
    /// Some JSON object.
    JsonObject,
    /// JSON that fits a schema.
    Schema {
        /// The schema's name; the format may want one.
        name: Option<String>,
        /// What it is for.
        description: Option<String>,
        /// The JSON Schema.
        schema: Json,
        /// Whether the answer must fit.
        strict: Option<bool>,
    },
}

/// How words are chosen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sampling {
    /// From 0 to 2 (OpenAI, Gemini) or 1 (Anthropic).
    pub temperature: Option<Number>,
    /// Of the likeliest words, those that make up so much.
    pub top_p: Option<Number>,
    /// So many of the likeliest words.
    pub top_k: Option<Number>,
    /// Against what was said at all.
    pub presence_penalty: Option<Number>,
    /// Against what was said often.
    pub frequency_penalty: Option<Number>,
    /// For answers that can be had again.
    pub seed: Option<Number>,
}

/// How much the model should think. Formats say it by effort or by budget; both are kept where both were said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Thinking {
    /// Whether it thinks at all.
    pub mode: ThinkingMode,
    /// How hard.
    pub effort: Option<Effort>,
    /// The most tokens of thought.
    pub budget: Option<u64>,
    /// Whether the thoughts are shown: OpenAI's `summary` (`auto`, `concise`, `detailed`), Gemini's `includeThoughts` (`auto`).
    pub summary: Option<String>,
    /// Whether thoughts are asked for in a form to send back (OpenAI's `include: ["reasoning.encrypted_content"]`).
    pub wants_opaque: bool,
}

/// Whether a model thinks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ThinkingMode {
    /// As the model does by itself.
    #[default]
    Unsaid,
    /// It thinks.
    Enabled,
    /// It thinks as much as it finds necessary.
    Adaptive,
    /// It does not.
    Disabled,
}

/// How hard a model thinks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effort {
    /// Not at all.
    None,
    /// As little as possible.
    Minimal,
    /// A little.
    Low,
    /// Some.
    Medium,
    /// Much.
    High,
    /// Very much.
    ExtraHigh,
    /// As much as possible.
    Max,
}

/// Which probabilities are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogProbs {
    /// Of how many of the likeliest words at each place, besides the chosen one.
    pub top: Option<u32>,
}

/// How urgent a request is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tier {
    /// As the account says.
    Auto,
    /// The usual one, whatever the account says.
    Standard,
    /// Later, for less.
    Flex,
    /// Sooner, for more.
    Priority,
    /// As a format names it.
    Other(String),
}

/// How prompts are cached.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Caching {
    /// OpenAI's `prompt_cache_key`.
    pub key: Option<String>,
    /// OpenAI's `prompt_cache_retention`.
    pub retention: Option<String>,
    /// Anthropic's `cache_control` of the whole request.
    pub mark: Option<CacheMark>,
    /// Gemini's `cachedContent`: the name of what was stored there.
    pub content: Option<String>,
}

/// What the upstream keeps of a conversation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// The answer that this request goes on from.
    pub previous_response_id: Option<String>,
    /// The stored conversation that it belongs to.
    pub conversation: Option<Json>,
    /// Whether the answer is to be made in the background.
    pub background: Option<bool>,
    /// Whether the answer is to be kept.
    pub store: Option<bool>,
}

// === impl Request ===

impl Request {
    /// A request that says nothing yet.
    #[must_use]
    pub fn new(format: Format, model: String) -> Self {
        Self {
            format,
            model,
            stream: false,
            turns: Vec::new(),
            tools: Vec::new(),
            tool_choice: None,
            parallel_calls: None,
            output: OutputShape::Text,
            verbosity: None,
            sampling: Sampling::default(),
            stop: Vec::new(),
            max_tokens: None,
            thinking: None,
            choices: None,
            log_probs: None,
            user: None,
            metadata: None,
            tier: None,
            caching: Caching::default(),
            state: State::default(),
            include_usage: false,
            has_legacy_calls: false,
            extras: Extras::default(),
        }
    }

    /// Splits the instructions before the conversation from the turns of it.
    #[must_use]
    pub fn split_instructions(&self) -> (&[Turn], &[Turn]) {
        let is_instruction = |turn: &Turn| matches!(turn.role, Role::System | Role::Developer);
        let first = self.turns.iter().position(|turn| !is_instruction(turn)).unwrap_or(self.turns.len());
        self.turns.split_at(first)
    }

    /// The turns of the conversation for a format in which user and model take turns: neighbours of one role are one turn,
    /// and in a user's turn the results of tools come first. Instructions in the middle stay turns of their own.
    #[must_use]
    pub fn merged_turns(&self) -> Vec<Turn> {
        let (_, conversation) = self.split_instructions();
        let mut merged: Vec<Turn> = Vec::new();
        for turn in conversation {
            match merged.last_mut() {
                Some(last) if last.role == turn.role => last.parts.extend(turn.parts.iter().cloned()),
                _ => merged.push(turn.clone()),
            }
        }
        for turn in &mut merged {
            // A stable sort: results before all else, both in their order.
            turn.parts.sort_by_key(|part| !matches!(part.kind, PartKind::ToolResult(_)));
        }
        merged
    }

    /// The name of the tool that a call of this id called.
    #[must_use]
    pub fn tool_of_call(&self, id: &str) -> Option<&str> {
        let parts = self.turns.iter().flat_map(|turn| &turn.parts);
        parts.into_iter().find_map(|part| match &part.kind {
            PartKind::ToolCall(call) if call.id == id => Some(call.name.as_str()),
            _ => None,
        })
    }

    /// Gives ids to calls that have none, and to the results that answer them in order: for formats where calls may go
    /// without.
    pub fn name_calls(&mut self) {
        let mut number = 0;
        let mut unanswered: Vec<(String, String)> = Vec::new();
        for part in self.turns.iter_mut().flat_map(|turn| &mut turn.parts) {
            match &mut part.kind {
                PartKind::ToolCall(call) if call.id.is_empty() => {
                    number += 1;
                    call.id = format!("call_{number}");
                    unanswered.push((call.name.clone(), call.id.clone()));
                }
                PartKind::ToolResult(result) if result.call_id.is_empty() => {
                    let at = unanswered.iter().position(|(name, _)| result.name.as_ref().is_none_or(|own| own == name));
                    if let Some(at) = at {
                        result.call_id = unanswered.remove(at).1;
                    }
                }
                _ => {}
            }
        }
    }

    /// Every part of every turn.
    pub fn parts(&self) -> impl Iterator<Item = &Part> {
        self.turns.iter().flat_map(|turn| &turn.parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::{ToolCall, ToolInput, ToolResult};

    fn call(id: &str, name: &str) -> Part {
        let input = ToolInput::Arguments("{}".into());
        Part::new(PartKind::ToolCall(ToolCall { id: id.into(), name: name.into(), input }))
    }

    fn result(id: &str, name: Option<&str>) -> Part {
        let name = name.map(str::to_owned);
        let result = ToolResult { call_id: id.into(), name, content: Vec::new(), is_error: None, is_custom: false };
        Part::new(PartKind::ToolResult(result))
    }

    fn of(turns: Vec<Turn>) -> Request {
        Request { turns, ..Request::new(Format::OpenAi, "m".into()) }
    }

    #[test]
    fn neighbours_of_one_role_are_one_turn_with_results_first() {
        let request = of(vec![
            Turn::new(Role::System, vec![Part::text("s")]),
            Turn::new(Role::User, vec![Part::text("1")]),
            Turn::new(Role::Assistant, vec![call("a", "A")]),
            Turn::new(Role::User, vec![Part::text("2")]),
            Turn::new(Role::User, vec![result("a", None)]),
        ]);
        let merged = request.merged_turns();
        assert_eq!(merged.iter().map(|turn| turn.parts.len()).collect::<Vec<_>>(), [1, 1, 2]);
        assert_eq!(merged[2].parts[1], Part::text("2"));
        assert_eq!(request.split_instructions().0.len(), 1);
    }

    #[test]
    fn calls_without_ids_get_some_and_their_results_the_same() {
        let mut request = of(vec![
            Turn::new(Role::Assistant, vec![call("", "A"), call("", "B"), call("x", "C")]),
            Turn::new(Role::User, vec![result("", Some("B")), result("", Some("A")), result("x", None)]),
        ]);
        request.name_calls();
        let ids: Vec<String> = request
            .parts()
            .map(|part| match &part.kind {
                PartKind::ToolCall(call) => call.id.clone(),
                PartKind::ToolResult(result) => result.call_id.clone(),
                _ => String::new(),
            })
            .collect();
        assert_eq!(ids, ["call_1", "call_2", "x", "call_2", "call_1", "x"]);
        assert_eq!(request.tool_of_call("call_2"), Some("B"));
    }
}
