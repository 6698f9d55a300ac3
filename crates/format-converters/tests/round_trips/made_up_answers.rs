//! Made-up answers of upstreams.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use rotator_domain::Format;
use rotator_format_converters::ir::{
    Choice, Citation, Opaque, Part, PartKind, Reasoning, Response, Stop, StopReason, ToolCall, ToolInput, Usage,
};

use crate::made_up::{arguments, text};

/// An answer of an upstream of this format: thoughts, texts and calls, in this order.
pub(crate) fn answer(format: Format) -> impl Strategy<Value = Response> {
    let has_signatures = format != Format::OpenAi;
    let signature = move || of("[A-Za-z0-9+/]{8}").prop_map(move |value| value.filter(|_| has_signatures));
    let thought = of((text(), signature(), any::<bool>()));
    let texts = vec(
        (text(), of(select(vec![("https://a.example/1", "One"), ("https://b.example", "Zwö")])), signature()),
        0..3,
    );
    let calls = vec((select(&["read", "get-weather"][..]), arguments(), signature()), 0..3);
    let stop = select(vec![StopReason::End, StopReason::Length]);
    (thought, texts, calls, stop, usage(format)).prop_map(move |(thought, texts, calls, reason, usage)| {
        let of_gemini =
            |value: Option<String>| value.filter(|_| format == Format::Gemini).map(|value| Opaque::new(format, value));
        let mut parts: Vec<Part> = Vec::new();
        if let Some((text, value, is_hidden)) = thought {
            let id = (format == Format::OpenAiResponses).then(|| "rs_0a".to_owned());
            let is_hidden = is_hidden && value.is_some();
            let is_redacted = is_hidden && format == Format::Anthropic;
            let opaque = value.map(|value| Opaque { id, is_redacted, ..Opaque::new(format, value) });
            let sections = match (is_hidden, format) {
                (true, _) => Vec::new(),
                (false, Format::OpenAiResponses) => vec![text.clone(), text],
                (false, _) => vec![text],
            };
            let is_summary = matches!(format, Format::OpenAiResponses | Format::Gemini);
            parts.push(Part { opaque, ..Part::new(PartKind::Reasoning(Reasoning { sections, is_summary })) });
        }
        let has_calls = !calls.is_empty();
        // In streams of Gemini sources come last, when what was signed before is closed and has no places any more.
        let has_sources = !has_calls && texts.iter().any(|(_, source, _)| source.is_some());
        for (text, source, signature) in texts {
            let signature = signature.filter(|_| !has_sources);
            // In streams of Chat Completions sources come last of all, after the calls.
            let source = source.filter(|_| !has_calls);
            let end = u64::try_from(text.chars().count()).unwrap();
            let citation = |(url, title): (&str, &str)| Citation {
                url: Some(url.into()),
                title: Some(title.into()),
                span: Some((0, end)),
                ..Citation::default()
            };
            let citations = source.map(citation).into_iter().collect();
            parts.push(Part { opaque: of_gemini(signature), ..Part::new(PartKind::Text { text, citations }) });
        }
        for (number, (name, arguments, signature)) in calls.into_iter().enumerate() {
            let input = ToolInput::Arguments(arguments);
            let call = ToolCall { id: format!("call_{number}"), name: name.to_owned(), input };
            parts.push(Part { opaque: of_gemini(signature), ..Part::new(PartKind::ToolCall(call)) });
        }
        if parts.is_empty() {
            parts.push(Part::text("Hm."));
        }
        let reason = if has_calls { StopReason::Tools } else { reason };
        Response {
            id: "resp_1".into(),
            model: "m-1".into(),
            created: Some(7),
            choices: vec![Choice { parts, stop: Some(Stop::of(reason)), log_probs: None }],
            usage: Some(usage),
            ..Response::default()
        }
    })
}

fn usage(format: Format) -> impl Strategy<Value = Usage> {
    (10_u64..1_000, of(1_u64..5), of(1_u64..5), 10_u64..1_000, of(1_u64..9)).prop_map(
        move |(input, cached, cache_written, output, reasoning)| {
            let cache_written = cache_written.filter(|_| format != Format::Gemini);
            Usage { input, cached, cache_written, output, reasoning }
        },
    )
}
