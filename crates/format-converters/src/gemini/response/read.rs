//! Reading answers.

use serde_json::value::RawValue;

use super::{cited, read_log_probs, sources};
use crate::Invalid;
use crate::gemini::wire::Manner;
use crate::gemini::{error, part};
use crate::ir::{Choice, Part, PartKind, Response, Stop, StopReason, Usage};
use crate::json::{self, Object};
use crate::metering::Counter;

/// Reasons that mean that a filter held the answer back (<https://ai.google.dev/api/generate-content#FinishReason>, and
/// `MODEL_ARMOR` of Vertex AI).
const FILTERS: [&str; 10] = [
    "SAFETY",
    "RECITATION",
    "LANGUAGE",
    "BLOCKLIST",
    "PROHIBITED_CONTENT",
    "SPII",
    "MODEL_ARMOR",
    "IMAGE_SAFETY",
    "IMAGE_PROHIBITED_CONTENT",
    "IMAGE_RECITATION",
];

/// What is counted, each as it was told last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::gemini) struct Counts {
    prompt: Option<u64>,
    tool_prompt: Option<u64>,
    cached: Option<u64>,
    candidates: Option<u64>,
    thoughts: Option<u64>,
}

/// Reads an answer.
pub(in crate::gemini) fn read(body: &[u8]) -> Result<Response, Invalid> {
    let object = Manner::Lenient.object(json::document(body)?)?;
    if let Some(told) = object.raw("error").and_then(error::told) {
        return Ok(Response { error: Some(told), ..Response::default() });
    }
    if !is_answer(&object) {
        return Err(Invalid::new("the answer is none of generateContent's"));
    }
    let mut numbered = object.each("candidates", |raw| {
        let candidate = Manner::Lenient.object(raw)?;
        Ok((candidate.count("index")?, choice(&candidate)?))
    })?;
    numbered.sort_by_key(|(index, _)| index.unwrap_or_default());
    let mut choices: Vec<Choice> = numbered.into_iter().map(|(_, choice)| choice).collect();
    if choices.is_empty()
        && let Some(stop) = blocked(&object)?
    {
        choices.push(Choice { stop: Some(stop), ..Choice::default() });
    }
    Ok(Response {
        id: object.text("responseId")?.unwrap_or_default(),
        model: object.text("modelVersion")?.unwrap_or_default(),
        created: None,
        choices,
        usage: object.raw("usageMetadata").and_then(|raw| Counts::default().take(raw)),
        tier: None,
        error: None,
    })
}

/// Whether it is an answer, or a piece of one.
pub(in crate::gemini) fn is_answer(object: &Object<'_>) -> bool {
    ["candidates", "promptFeedback", "usageMetadata", "modelVersion", "responseId"].iter().any(|name| object.has(name))
}

/// Why an answer ended. A call makes a whole answer a wish for tools.
pub(in crate::gemini) fn stop(finish_reason: &str, has_call: bool) -> Stop {
    Stop::of(match finish_reason {
        "STOP" | "FINISH_REASON_UNSPECIFIED" | "" if has_call => StopReason::Tools,
        "STOP" | "FINISH_REASON_UNSPECIFIED" | "" => StopReason::End,
        "MAX_TOKENS" => StopReason::Length,
        filter if FILTERS.contains(&filter) => StopReason::Filter,
        other => StopReason::Other(other.to_owned()),
    })
}

/// Whether the prompt was held back, so that there is no answer.
pub(in crate::gemini) fn blocked(object: &Object<'_>) -> Result<Option<Stop>, Invalid> {
    let reason = object.with("promptFeedback", |raw| Manner::Lenient.object(raw)?.text("blockReason"))?.flatten();
    Ok(reason.map(|_| Stop::of(StopReason::Filter)))
}

fn choice(candidate: &Object<'_>) -> Result<Choice, Invalid> {
    let content = candidate.with("content", |raw| Manner::Lenient.object(raw))?;
    let raws: Vec<&RawValue> =
        content.as_ref().and_then(|content| content.raw("parts")).map_or(Ok(vec![]), json::list)?;
    let mut read = Vec::with_capacity(raws.len());
    for (index, raw) in raws.into_iter().enumerate() {
        if let Ok(Some(part)) = part::read(raw, Manner::Lenient) {
            read.push((index, part));
        }
    }
    cite(candidate, &mut read);
    let parts: Vec<Part> = read.into_iter().map(|(_, part)| part).collect();
    let has_call = parts.iter().any(|part| matches!(part.kind, PartKind::ToolCall(_)));
    let finish_reason = candidate.text("finishReason")?.unwrap_or_default();
    let log_probs = candidate.raw("logprobsResult").and_then(read_log_probs);
    Ok(Choice { parts, stop: Some(stop(&finish_reason, has_call)), log_probs })
}

/// Puts each citation on the text that it belongs to.
fn cite(candidate: &Object<'_>, parts: &mut [(usize, Part)]) {
    for source in sources(candidate) {
        let is_text = |(_, part): &&mut (usize, Part)| part.as_text().is_some();
        let mut texts = parts.iter_mut().filter(is_text);
        let place = source.part;
        let found = match texts.find(|(index, _)| *index == place) {
            Some(found) => Some(found),
            None => parts.iter_mut().find(is_text),
        };
        if let Some((_, Part { kind: PartKind::Text { text, citations }, .. })) = found {
            citations.push(cited(&source, text, 0));
        }
    }
}

// === impl Counts ===

impl Counts {
    /// Takes `usageMetadata` up and gives what was used by it and by all before it; `None` where nothing is counted.
    pub(in crate::gemini) fn take(&mut self, raw: &RawValue) -> Option<Usage> {
        self.add(raw);
        self.known()
    }
}

impl Counter for Counts {
    fn add(&mut self, raw: &RawValue) {
        let Ok(object) = Manner::Lenient.object(raw) else { return };
        let counts = [
            (&mut self.prompt, "promptTokenCount"),
            (&mut self.tool_prompt, "toolUsePromptTokenCount"),
            (&mut self.cached, "cachedContentTokenCount"),
            (&mut self.candidates, "candidatesTokenCount"),
            (&mut self.thoughts, "thoughtsTokenCount"),
        ];
        for (count, name) in counts {
            if let Ok(Some(told)) = object.count(name) {
                *count = Some(told);
            }
        }
    }

    fn known(&self) -> Option<Usage> {
        let sum =
            |one: Option<u64>, other: Option<u64>| one.unwrap_or_default().saturating_add(other.unwrap_or_default());
        (*self != Self::default()).then(|| Usage {
            input: sum(self.prompt, self.tool_prompt),
            cached: self.cached,
            cache_written: None,
            output: sum(self.candidates, self.thoughts),
            reasoning: self.thoughts,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::{Opaque, Reasoning};
    use rotator_domain::Format;

    fn parsed(body: &str) -> Response {
        read(body.as_bytes()).unwrap()
    }

    #[test]
    fn an_answer_is_read_with_all_that_it_says() {
        let body = r#"{"candidates":[{"index":0,"finishReason":"STOP","content":{"role":"model","parts":[
            {"text":"hm","thought":true},{"text":"hi"},{"functionCall":{"name":"A","args":{"n":1.0}},"thoughtSignature":"EqQB"},{"text":""}
        ]}}],"usageMetadata":{"promptTokenCount":5,"toolUsePromptTokenCount":2,"cachedContentTokenCount":1,
            "candidatesTokenCount":3,"thoughtsTokenCount":4,"totalTokenCount":14},"modelVersion":"m","responseId":"r"}"#;
        let response = parsed(body);
        assert_eq!((response.id.as_str(), response.model.as_str()), ("r", "m"));
        let expected = Usage { input: 7, cached: Some(1), cache_written: None, output: 7, reasoning: Some(4) };
        assert_eq!(response.usage, Some(expected));
        let choice = &response.choices[0];
        assert_eq!(choice.stop, Some(Stop::of(StopReason::Tools)));
        assert_eq!(choice.parts.len(), 3);
        let thought = Reasoning { sections: vec!["hm".into()], is_summary: true };
        assert_eq!(choice.parts[0].kind, PartKind::Reasoning(thought));
        assert_eq!(choice.parts[2].opaque, Some(Opaque::new(Format::Gemini, "EqQB".into())));
    }

    #[test]
    fn every_reason_is_understood() {
        let cases = [
            ("STOP", false, StopReason::End),
            ("STOP", true, StopReason::Tools),
            ("MAX_TOKENS", true, StopReason::Length),
            ("SAFETY", false, StopReason::Filter),
            ("IMAGE_SAFETY", false, StopReason::Filter),
            ("MALFORMED_FUNCTION_CALL", true, StopReason::Other("MALFORMED_FUNCTION_CALL".into())),
            ("OTHER", false, StopReason::Other("OTHER".into())),
            ("", false, StopReason::End),
        ];
        for (name, has_call, expected) in cases {
            assert_eq!(stop(name, has_call).reason, expected, "{name}");
        }
    }

    #[test]
    fn a_blocked_prompt_is_an_answer_that_a_filter_ended() {
        let response = parsed(r#"{"promptFeedback":{"blockReason":"OTHER"},"usageMetadata":{"promptTokenCount":1}}"#);
        let expected = Choice { stop: Some(Stop::of(StopReason::Filter)), ..Choice::default() };
        assert_eq!(response.choices, [expected]);
        assert_eq!(response.usage.unwrap().input, 1);
    }

    #[test]
    fn citations_are_put_on_their_text_and_counted_in_code_points() {
        let body = r#"{"candidates":[{"content":{"parts":[{"text":"hm","thought":true},{"text":"né oui"}]},"groundingMetadata":{
            "groundingChunks":[{"web":{"uri":"https://a.example","title":"A"}},{"web":{"uri":"https://b.example"}}],
            "groundingSupports":[{"segment":{"partIndex":1,"startIndex":4,"endIndex":7,"text":"oui"},"groundingChunkIndices":[0,7]},
                {"segment":{"endIndex":2},"groundingChunkIndices":[1]}]}}]}"#;
        let response = parsed(body);
        let PartKind::Text { citations, .. } = &response.choices[0].parts[1].kind else { panic!() };
        assert_eq!(citations.len(), 2);
        assert_eq!((citations[0].url.as_deref(), citations[0].span), (Some("https://a.example"), Some((3, 6))));
        assert_eq!((citations[1].url.as_deref(), citations[1].span), (Some("https://b.example"), None));
    }

    #[test]
    fn several_answers_keep_their_order() {
        let candidate = |index, text| format!(r#"{{"index":{index},"content":{{"parts":[{{"text":"{text}"}}]}}}}"#);
        let response = parsed(&format!(r#"{{"candidates":[{},{}]}}"#, candidate(1, "b"), candidate(0, "a")));
        let texts: Vec<_> = response.choices.iter().map(|choice| choice.parts[0].as_text().unwrap()).collect();
        assert_eq!(texts, ["a", "b"]);
    }

    #[test]
    fn what_is_odd_is_understood_as_far_as_it_can_be() {
        let response = parsed(
            r#"{"candidates":[{"content":{"parts":[5,{"text":"a"},{"x":{}}]},"finishReason":7}],"usageMetadata":[]}"#,
        );
        assert_eq!(response.choices[0].parts.len(), 2);
        assert_eq!(response.choices[0].stop, Some(Stop::of(StopReason::End)));
        let error = parsed(r#"{"error":{"code":429,"message":"slow","status":"RESOURCE_EXHAUSTED"}}"#).error.unwrap();
        assert_eq!((error.status, error.message.as_str()), (429, "slow"));
        let deep = format!(r#"{{"candidates":[{{"content":{}}}]}}"#, "[".repeat(10_000) + &"]".repeat(10_000));
        assert!(read(deep.as_bytes()).is_ok());
        for body in ["{", "[]", "{}", "\u{0}", r#"{"choices":[]}"#] {
            assert!(read(body.as_bytes()).is_err(), "{body}");
        }
        assert!(read(b"{\"candidates\":\"\xff\"}").is_err());
    }
}
