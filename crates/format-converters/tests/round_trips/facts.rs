//! What a request says, thing by thing, whatever its format.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rotator_format_converters::ir::{
    CacheMark, Effort, Media, MediaKind, OutputShape, Part, PartKind, Request, Role, Source, Thinking, ThinkingMode,
    Tier, Tool, ToolChoice, ToolInput, ToolResult, Turn,
};
use rotator_format_converters::{Json, ModelTable, ThinkingStyle};
use serde_json::{Value, json};

use crate::abilities::Concept;

/// What begins the result of a tool that failed where there is no other word for it.
const FAILED: &str = "Error:";
/// What stands for a result that is shown after it.
const ATTACHED: &str = "The result is attached below.";

/// Something that a request says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Fact {
    pub(crate) concept: Concept,
    pub(crate) value: String,
}

/// The facts of a request, those of the conversation in order.
pub(crate) fn facts(request: &Request) -> Vec<Fact> {
    let mut told = Told { request, facts: Vec::new(), calls: Vec::new() };
    told.conversation();
    told.tools();
    told.settings();
    told.account();
    told.facts
}

/// Those of `before` that are not in `after`, as often as they are missing.
pub(crate) fn missing(before: &[Fact], after: &[Fact]) -> Vec<Fact> {
    let mut rest = after.to_vec();
    let is_missing = |fact: &&Fact| match rest.iter().position(|own| own == *fact) {
        Some(at) => {
            rest.remove(at);
            false
        }
        None => true,
    };
    before.iter().filter(is_missing).cloned().collect()
}

/// JSON whose members' order and white space say nothing.
fn plain(json: &Json) -> String {
    serde_json::from_str::<Value>(json.get()).unwrap().to_string()
}

struct Told<'a> {
    request: &'a Request,
    facts: Vec<Fact>,
    /// The ids of the calls, whose order stands for them: formats write other ids.
    calls: Vec<&'a str>,
}

impl<'a> Told<'a> {
    fn add(&mut self, concept: Concept, value: impl ToString) {
        self.facts.push(Fact { concept, value: value.to_string() });
    }

    fn add_some(&mut self, concept: Concept, value: Option<impl ToString>) {
        if let Some(value) = value {
            self.add(concept, value);
        }
    }

    fn conversation(&mut self) {
        let first = self.request.split_instructions().0.len();
        for (place, turn) in self.request.turns.iter().enumerate() {
            self.add_some(Concept::Name, turn.name.as_ref());
            for part in &turn.parts {
                self.part(turn, part, place < first);
            }
        }
    }

    fn part(&mut self, turn: &Turn, part: &'a Part, is_before: bool) {
        self.cached(part.cache.as_ref());
        self.add_some(Concept::Signature, part.opaque.as_ref().map(|opaque| &opaque.value));
        match &part.kind {
            PartKind::Text { text, .. } => {
                self.add(Concept::Text, text);
                let concept = match turn.role {
                    Role::System | Role::Developer if is_before => Concept::Instruction,
                    Role::System | Role::Developer => Concept::LateInstruction,
                    Role::User => Concept::UsersText,
                    Role::Assistant => Concept::ModelsText,
                };
                self.add(concept, text);
            }
            PartKind::Refusal(text) => {
                self.add(Concept::Text, text);
                self.add(Concept::Refusal, text);
            }
            PartKind::Reasoning(reasoning) if !reasoning.sections.is_empty() => {
                self.add(Concept::Reasoning, reasoning.sections.join("\n\n"));
            }
            PartKind::Media(media) => self.media(media),
            PartKind::ToolCall(call) => {
                self.calls.push(&call.id);
                let (concept, input) = match &call.input {
                    ToolInput::Arguments(text) => (Concept::Call, text.clone()),
                    ToolInput::Text(text) => (Concept::CustomCall, json!({ "input": text }).to_string()),
                };
                self.add(concept, format!("{} {} {input}", self.calls.len(), call.name));
            }
            PartKind::ToolResult(result) => self.result(result),
            PartKind::Reasoning(_) | PartKind::Native(_) => {}
        }
    }

    fn cached(&mut self, mark: Option<&CacheMark>) {
        self.add_some(Concept::CacheMark, mark.map(|_| ""));
        self.add_some(Concept::CacheTime, mark.and_then(|mark| mark.ttl.as_ref()));
    }

    fn media(&mut self, media: &Media) {
        let bytes = match &media.source {
            Source::Base64(data) | Source::Url(data) | Source::File { id: data, .. } => data.clone(),
            Source::Text(text) => STANDARD.encode(text),
        };
        match (media.kind, &media.source) {
            (MediaKind::Image, _) => self.add(Concept::Image, bytes),
            (MediaKind::Document, Source::Url(_)) => self.add(Concept::DocumentAtUrl, bytes),
            // Where a format has no documents in words, they are the user's.
            (MediaKind::Document, Source::Text(text)) => self.add(Concept::Text, text),
            (MediaKind::Document, _) if media.mime.as_deref() == Some("text/plain") => {
                let text = STANDARD.decode(bytes).unwrap();
                self.add(Concept::Text, String::from_utf8(text).unwrap());
            }
            (MediaKind::Document, _) => self.add(Concept::Document, bytes),
            (MediaKind::Audio | MediaKind::Video, _) => self.add(Concept::Audio, bytes),
        }
        let name = match media.source {
            Source::Base64(_) => Concept::DocumentName,
            Source::Text(_) | Source::Url(_) | Source::File { .. } => Concept::OtherName,
        };
        self.add_some(name, media.name.as_ref());
        self.add_some(Concept::Detail, media.detail.as_ref().filter(|detail| *detail != "auto"));
    }

    fn result(&mut self, result: &'a ToolResult) {
        let number = self.calls.iter().position(|id| *id == result.call_id).unwrap() + 1;
        let mut texts = Vec::new();
        for part in &result.content {
            match &part.kind {
                PartKind::Text { text, .. } => texts.extend(in_parts(text)),
                PartKind::Media(media) => {
                    self.media(media);
                    if media.kind == MediaKind::Image {
                        let (Source::Base64(data) | Source::Url(data)) = &media.source else { panic!() };
                        self.add(Concept::ImageInResult, data);
                    }
                }
                _ => panic!("{part:?}"),
            }
        }
        let says_so = texts.first().is_some_and(|text| text.starts_with(FAILED));
        if result.is_error == Some(true) || says_so {
            self.add(Concept::Failure, number);
        }
        if let Some(first) = texts.first_mut().filter(|_| says_so) {
            *first = first[FAILED.len()..].trim_start().to_owned();
        }
        texts.retain(|text| !text.is_empty() && text != ATTACHED);
        if texts.len() > 1 {
            self.add(Concept::ResultInParts, format!("{number} {texts:?}"));
        }
        self.add(Concept::Result, format!("{number} {}", texts.join("\n")));
    }

    fn tools(&mut self) {
        let is_callable = |name: &str| match &self.request.tool_choice {
            Some(ToolChoice::Allowed { names, .. }) => names.iter().any(|own| own == name),
            Some(ToolChoice::Named(own)) => own == name,
            Some(ToolChoice::None) => false,
            _ => true,
        };
        let mut callable: Vec<&str> = Vec::new();
        for tool in &self.request.tools {
            let (Tool::Function { name, .. } | Tool::Custom { name, .. }) = tool else { panic!() };
            if is_callable(name) {
                callable.push(name);
            }
        }
        let is_hidden = |name: &String| {
            matches!(self.request.tool_choice, Some(ToolChoice::Allowed { .. })) && !callable.contains(&name.as_str())
        };
        let is_required = match &self.request.tool_choice {
            Some(ToolChoice::Required | ToolChoice::Named(_)) => true,
            Some(ToolChoice::Allowed { is_required, .. }) => *is_required,
            _ => false,
        };
        let choice = (!self.request.tools.is_empty()).then(|| format!("{is_required} {callable:?}"));
        for tool in &self.request.tools {
            match tool {
                // A tool that may not be called need not be shown.
                Tool::Function { name, .. } | Tool::Custom { name, .. } if is_hidden(name) => {}
                Tool::Function { name, description, parameters, strict, cache, .. } => {
                    self.add(Concept::Tool, format!("{name} {description:?}"));
                    let empty = || json!({ "type": "object", "properties": {} }).to_string();
                    let schema = parameters.as_ref().map_or_else(empty, plain);
                    self.add(Concept::Schema, format!("{name} {schema}"));
                    self.add_some(Concept::Strict, Some(name).filter(|_| *strict == Some(true)));
                    self.cached(cache.as_ref());
                }
                Tool::Custom { name, description, grammar } => {
                    self.add(Concept::CustomTool, format!("{name} {description:?}"));
                    self.add_some(Concept::Grammar, grammar.as_ref().map(plain));
                }
                Tool::Search(_) | Tool::Native(_) => {}
            }
        }
        // What cannot be called cannot be called at once.
        let is_single =
            self.request.parallel_calls == Some(false) && self.request.tool_choice != Some(ToolChoice::None);
        self.add_some(Concept::OneCallAtATime, choice.as_ref().filter(|_| is_single).map(|_| ""));
        self.add_some(Concept::Choice, choice);
    }

    fn settings(&mut self) {
        let request = self.request;
        match &request.output {
            OutputShape::Text => {}
            OutputShape::JsonObject => self.add(Concept::JsonObject, ""),
            OutputShape::Schema { description, schema, .. } => {
                self.add(Concept::AnswerSchema, plain(schema));
                self.add_some(Concept::AnswerSchemaFor, description.as_ref());
            }
        }
        request.stop.iter().for_each(|text| self.add(Concept::Stop, text));
        let sampling = &request.sampling;
        self.add_some(
            Concept::Temperature,
            sampling.temperature.as_ref().filter(|number| number.as_f64() != Some(1.0)),
        );
        self.add_some(Concept::TopP, sampling.top_p.as_ref());
        self.add_some(Concept::TopK, sampling.top_k.as_ref());
        self.add_some(Concept::Presence, sampling.presence_penalty.as_ref());
        self.add_some(Concept::Frequency, sampling.frequency_penalty.as_ref());
        self.add_some(Concept::Seed, sampling.seed.as_ref());
        self.add_some(Concept::MaxTokens, request.max_tokens);
        if let Some(thinking) = &request.thinking {
            self.thinking(thinking);
        }
        self.add_some(Concept::SeveralAnswers, request.choices.filter(|choices| *choices > 1));
        self.add_some(Concept::LogProbs, request.log_probs.and_then(|log_probs| log_probs.top));
        self.add_some(Concept::Verbosity, request.verbosity.as_ref());
    }

    fn thinking(&mut self, thinking: &Thinking) {
        let is_off = thinking.mode == ThinkingMode::Disabled
            || thinking.effort == Some(Effort::None)
            || thinking.budget == Some(0);
        let thinks =
            ModelTable::default().row(&self.request.model).is_none_or(|row| row.thinking != ThinkingStyle::None);
        if is_off {
            // A model that does not think need not be told.
            return self.add_some(Concept::ThinksNot, thinks.then_some(""));
        }
        self.add_some(Concept::Effort, thinking.effort.map(Effort::name));
        self.add_some(Concept::Budget, thinking.budget);
        // As much as it finds necessary is what a model does that is told nothing.
        if thinking.effort.is_some() || thinking.budget.is_some() {
            self.add(Concept::Thinks, "");
        }
    }

    fn account(&mut self) {
        let Request { caching, user, metadata, tier, state, extras, .. } = self.request;
        self.cached(caching.mark.as_ref());
        self.add_some(Concept::CacheKey, caching.key.as_ref());
        self.add_some(Concept::CacheRetention, caching.retention.as_ref());
        self.add_some(Concept::User, user.as_ref());
        self.add_some(Concept::Metadata, metadata.as_ref().map(plain));
        // As the account says is what goes without saying.
        let tier = tier.as_ref().filter(|tier| **tier != Tier::Auto);
        self.add_some(Concept::Tier, tier.map(|tier| format!("{tier:?}")));
        self.add_some(Concept::Store, state.store.filter(|store| *store));
        for (name, _) in &extras.0 {
            self.add(Concept::Extra, name);
        }
    }
}

/// The texts of a result, which are one list of JSON where a format has place for one value.
fn in_parts(text: &str) -> Vec<String> {
    let list = serde_json::from_str::<Vec<String>>(text);
    list.unwrap_or_else(|_| text.split('\n').map(str::to_owned).collect())
}
