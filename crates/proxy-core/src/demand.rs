//! What a request asks of the rotation: for which model, in which session, how much, and how often at the most.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::LazyLock;

use http::{HeaderMap, HeaderName, Method};
use memchr::memmem::Finder;
use serde::Deserialize;
use serde_json::value::RawValue;

/// What one request asks of the rotation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Demand {
    /// The model that it names.
    pub(crate) model: Option<String>,
    /// A hash of what tells its session.
    pub(crate) session: Option<u64>,
    /// Whether only the session's own key can serve it.
    pub(crate) is_pinned: bool,
    /// How many tokens it may use, prompt and answer together: an estimate.
    pub(crate) tokens: u32,
    /// Of them, those of the answer, where the request says how many they may be.
    pub(crate) answer_tokens: Option<u32>,
    /// Whether sending it twice does no harm.
    pub(crate) may_repeat: bool,
}

/// The header with which a client names its session.
const SESSION: HeaderName = HeaderName::from_static("x-session-id");
/// With it a client says that the upstream recognises a repeated request (draft-ietf-httpapi-idempotency-key-header).
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Reasoning that only the organisation of the key that made it can have read again
/// (<https://platform.openai.com/docs/guides/reasoning>, "Encrypted reasoning items").
static KEY_BOUND: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"encrypted_content\""));
/// How many bytes of a prompt make a token, roughly (OpenAI's help centre: about four characters of English).
const BYTES_PER_TOKEN: usize = 4;
/// How much of a prompt tells the session where nothing else does: its first part, which caches keep.
const FIRST_PART: usize = 1024;

/// What is read of a body in any of the four formats.
#[derive(Deserialize)]
struct Look<'a> {
    #[serde(default, borrow)]
    model: Option<&'a RawValue>,
    #[serde(default, borrow)]
    prompt_cache_key: Option<&'a RawValue>,
    #[serde(default, borrow)]
    user: Option<&'a RawValue>,
    #[serde(default, borrow)]
    metadata: Option<&'a RawValue>,
    #[serde(default, borrow)]
    max_tokens: Option<&'a RawValue>,
    #[serde(default, borrow)]
    max_completion_tokens: Option<&'a RawValue>,
    #[serde(default, borrow)]
    max_output_tokens: Option<&'a RawValue>,
    #[serde(default, borrow, rename = "generationConfig", alias = "generation_config")]
    generation_config: Option<&'a RawValue>,
    #[serde(default, borrow)]
    n: Option<&'a RawValue>,
    #[serde(default, borrow)]
    system: Option<&'a RawValue>,
    #[serde(default, borrow)]
    instructions: Option<&'a RawValue>,
    #[serde(default, borrow)]
    messages: Option<&'a RawValue>,
    #[serde(default, borrow)]
    input: Option<&'a RawValue>,
    #[serde(default, borrow)]
    contents: Option<&'a RawValue>,
}

/// How Gemini says it, whose JSON takes both spellings.
#[derive(Default, Deserialize)]
struct GenerationConfig {
    #[serde(default, rename = "maxOutputTokens", alias = "max_output_tokens")]
    max_output_tokens: Option<u32>,
    #[serde(default, rename = "candidateCount", alias = "candidate_count")]
    candidate_count: Option<u32>,
}

#[derive(Deserialize)]
struct Metadata {
    #[serde(default)]
    user_id: Option<String>,
}

// === impl Demand ===

impl Demand {
    /// What the head of a request says.
    pub(crate) fn of_head(method: &Method, headers: &HeaderMap) -> Self {
        // RFC 9110, section 9.2.2; `is_idempotent` knows the methods of that RFC.
        let may_repeat = method.is_idempotent() || headers.contains_key(IDEMPOTENCY_KEY);
        let session = headers.get(SESSION).map(|value| hash(value.as_bytes()));
        Self { session, may_repeat, ..Self::default() }
    }

    /// And what the path and the body of a request to an LLM API say; a body that was not read whole says nothing.
    pub(crate) fn with_llm(mut self, path: &str, body: Option<&[u8]>) -> Self {
        self.model = model_in_path(path);
        let Some(body) = body.filter(|body| !body.is_empty()) else {
            return self;
        };
        self.tokens = saturate(body.len() / BYTES_PER_TOKEN);
        self.is_pinned = holds_key_bound(body);
        let Ok(look) = serde_json::from_slice::<Look<'_>>(body) else {
            return self;
        };
        self.model = self.model.or_else(|| text(look.model));
        self.answer_tokens = look.answer_tokens();
        self.tokens = self.tokens.saturating_add(self.answer_tokens.unwrap_or(0));
        self.session = self.session.or_else(|| look.session());
        self
    }

    /// How many tokens the prompt has: an estimate.
    pub(crate) fn prompt_tokens(&self) -> u32 {
        self.tokens.saturating_sub(self.answer_tokens.unwrap_or(0))
    }
}

// === impl Look ===

impl Look<'_> {
    /// How many tokens the answer may have, all its choices together.
    fn answer_tokens(&self) -> Option<u32> {
        let gemini = || serde_json::from_str::<GenerationConfig>(self.generation_config?.get()).ok();
        let gemini = gemini().unwrap_or_default();
        let most = [self.max_tokens, self.max_completion_tokens, self.max_output_tokens];
        let most = most.into_iter().map(number).chain([gemini.max_output_tokens]).flatten().max()?;
        let choices = number(self.n).or(gemini.candidate_count).unwrap_or(1).max(1);
        Some(most.saturating_mul(choices))
    }

    /// What tells the session: OpenAI's `prompt_cache_key` or `user`, Anthropic's `metadata.user_id`, else the first part of
    /// the prompt.
    fn session(&self) -> Option<u64> {
        let user_id = || serde_json::from_str::<Metadata>(self.metadata?.get()).ok()?.user_id;
        let named = text(self.prompt_cache_key).or_else(|| text(self.user)).or_else(user_id);
        if let Some(named) = named.filter(|named| !named.is_empty()) {
            return Some(hash(named.as_bytes()));
        }
        let parts = [self.system, self.instructions, self.messages, self.input, self.contents];
        let first: Vec<&[u8]> = parts.into_iter().flatten().map(|raw| first_part(raw.get())).collect();
        (!first.is_empty()).then(|| hash(&first.concat()))
    }
}

/// Whether some member of the body holds a text that only one organisation's keys can have read.
fn holds_key_bound(body: &[u8]) -> bool {
    KEY_BOUND.find_iter(body).any(|at| {
        let after = body.get(at + KEY_BOUND.needle().len()..).unwrap_or_default().trim_ascii_start();
        after.strip_prefix(b":").is_some_and(|value| value.trim_ascii_start().starts_with(b"\""))
    })
}

/// The model in a path of Gemini's: `/models/NAME:action`.
pub(crate) fn model_in_path(path: &str) -> Option<String> {
    let (_, rest) = path.rsplit_once("/models/")?;
    // Some clients encode the colon. One that is not encoded counts: names may hold colons, which then are.
    let name =
        if rest.contains(':') { rest.split(':').next()? } else { encoded_colon(rest).map(|at| rest.get(..at))?? };
    let is_named = rest.len() > name.len() && !name.is_empty() && !name.contains('/');
    is_named.then(|| percent_encoding::percent_decode_str(name).decode_utf8_lossy().into_owned())
}

/// Where the last encoded colon is.
fn encoded_colon(text: &str) -> Option<usize> {
    ["%3A", "%3a"].into_iter().filter_map(|colon| text.rfind(colon)).max()
}

fn number(raw: Option<&RawValue>) -> Option<u32> {
    serde_json::from_str(raw?.get()).ok()
}

fn text(raw: Option<&RawValue>) -> Option<String> {
    serde_json::from_str(raw?.get()).ok()
}

/// The first part of a text, or of the first item of a list: what stays the same as a conversation goes on.
fn first_part(raw: &str) -> &[u8] {
    let items = raw.strip_prefix('[').map(|items| serde_json::Deserializer::from_str(items).into_iter::<&RawValue>());
    let first = items.and_then(|mut items| items.next()?.ok()).map_or(raw, RawValue::get);
    first.as_bytes().get(..FIRST_PART).unwrap_or(first.as_bytes())
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

fn saturate(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn of(body: &str) -> Demand {
        Demand::default().with_llm("/v1/chat/completions", Some(body.as_bytes()))
    }

    #[test]
    fn the_model_is_read_from_the_path_or_the_body() {
        assert_eq!(of(r#"{"model":"m-1","messages":[]}"#).model.as_deref(), Some("m-1"));
        let paths = [
            ("/v1beta/models/gemini-1:generateContent", Some("gemini-1")),
            ("/v1beta/models/a%2Db:streamGenerateContent", Some("a-b")),
            ("/v1/models/gemini-1%3AgenerateContent", Some("gemini-1")),
            ("/v1/models/a%3Ab:generateContent", Some("a:b")),
            ("/v1beta/models/gemini-1", None),
            ("/v1/models", None),
        ];
        for (path, model) in paths {
            assert_eq!(Demand::default().with_llm(path, None).model.as_deref(), model, "{path}");
        }
        for body in ["", "[]", "{\"model\":1}", "no json", "{\"model\":"] {
            assert_eq!(of(body).model, None, "{body}");
        }
    }

    #[test]
    fn tokens_are_those_of_the_prompt_and_the_most_of_the_answer() {
        let body = r#"{"model":"m","max_tokens":100,"max_output_tokens":7}"#;
        let prompt = u32::try_from(body.len()).unwrap() / 4;
        let demand = of(body);
        assert_eq!((demand.tokens, demand.prompt_tokens(), demand.answer_tokens), (100 + prompt, prompt, Some(100)));
        let gemini = r#"{"generationConfig":{"maxOutputTokens":30,"candidateCount":2}}"#;
        for (body, expected) in [(gemini, Some(60)), (r#"{"max_tokens":5,"n":3}"#, Some(15)), (r#"{"n":3}"#, None)] {
            assert_eq!(of(body).answer_tokens, expected, "{body}");
        }
    }

    #[test]
    fn a_session_is_told_by_what_is_most_certain() {
        let same = |one: &str, two: &str| of(one).session == of(two).session;
        assert!(same(r#"{"user":"u","messages":[1]}"#, r#"{"messages":[2],"user":"u"}"#));
        assert!(same(r#"{"metadata":{"user_id":"u"},"messages":[1]}"#, r#"{"user":"u"}"#));
        assert!(!same(r#"{"user":"u"}"#, r#"{"user":"v"}"#));
        let long = format!("[{{\"content\":\"{}", "x".repeat(2000));
        assert!(same(&format!("{{\"messages\":{long}a\"}}]}}"), &format!("{{\"messages\":{long}b\"}}]}}")));
        assert!(!same(r#"{"messages":["a"]}"#, r#"{"messages":["b"]}"#));
        assert!(
            same(r#"{"messages":["a"]}"#, r#"{"messages":["a","b",{"c":[1]}]}"#),
            "a short conversation that goes on"
        );
        assert!(!same(r#"{"input":"a"}"#, r#"{"input":"a, b"}"#));
        assert_eq!(of("{}").session, None);
        let headers = HeaderMap::from_iter([(SESSION, HeaderValue::from_static("s"))]);
        let head = Demand::of_head(&Method::POST, &headers);
        assert_eq!(head.clone().with_llm("", Some(br#"{"user":"u"}"#)).session, head.session);
    }

    #[test]
    fn encrypted_reasoning_pins_a_request_to_its_key() {
        assert!(of(r#"{"input":[{"type":"reasoning","encrypted_content":"gAAA"}]}"#).is_pinned);
        assert!(of(r#"{"input": [{"encrypted_content" : "gAAA"}]}"#).is_pinned);
        assert!(!of(r#"{"include":["reasoning.encrypted_content"],"input":"x"}"#).is_pinned);
        assert!(!of(r#"{"input":[{"encrypted_content":null}]}"#).is_pinned);
    }

    #[test]
    fn idempotent_methods_and_keys_may_repeat() {
        let none = HeaderMap::new();
        for (method, may_repeat) in
            [(Method::GET, true), (Method::PUT, true), (Method::POST, false), (Method::PATCH, false)]
        {
            assert_eq!(Demand::of_head(&method, &none).may_repeat, may_repeat, "{method}");
        }
        let keyed = HeaderMap::from_iter([(IDEMPOTENCY_KEY, HeaderValue::from_static("1"))]);
        assert!(Demand::of_head(&Method::POST, &keyed).may_repeat);
    }
}
