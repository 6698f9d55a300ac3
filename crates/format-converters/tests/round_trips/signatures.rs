//! What an upstream signed comes back to it byte for byte, whatever format its client speaks.

use std::collections::HashMap;

use proptest::prelude::*;
use rotator_domain::Format;
use rotator_format_converters::ir::{Part, PartKind, Response};
use rotator_format_converters::{Keepsake, RawMembers, wire_format};

use crate::trips::{answered, read, written};

/// An answer of the upstream's goes to the client, which sends it back with its next request.
pub(crate) fn check(answer: &Response, upstream: Format, client: Format) -> Result<(), TestCaseError> {
    let first = answered(answer, upstream);
    let told = wire_format(upstream).read_response(&first).unwrap();
    let shown = answered(&told, client);
    let mut request = read(&sent_back(&shown, client), "m", client);
    if client == Format::OpenAi {
        // There is no place for signatures: what came with calls is kept here until the calls are seen again.
        let kept: HashMap<_, _> = Keepsake::of(&told).into_iter().collect();
        Keepsake::restore(&mut request, kept);
    }
    let (body, _) = written(&request, upstream).unwrap();
    let seen = read(&body, "m", upstream);
    let signed = |parts: Vec<&Part>| -> Vec<String> {
        let what = |part: &&Part| {
            let opaque = part.opaque.as_ref()?;
            Some(format!("{:?} {} {:?} {}", call_of(part), opaque.value, opaque.id, opaque.is_redacted))
        };
        parts.iter().filter_map(what).collect()
    };
    let parts: Vec<&Part> = told.choices[0].parts.iter().collect();
    let first_call = parts.iter().position(|part| matches!(part.kind, PartKind::ToolCall(_)));
    let before_calls = &parts[..first_call.unwrap_or_default()];
    // All text before the calls is one text there.
    let is_signed = |part: &&&Part| matches!(part.kind, PartKind::Text { .. }) && part.opaque.is_some();
    let text = before_calls.iter().find(is_signed).copied();
    let is_kept = |part: &&Part| match part.kind {
        PartKind::Reasoning(_) => first_call.is_some(),
        PartKind::ToolCall(_) => true,
        _ => text.is_some_and(|text| std::ptr::eq(text, *part)),
    };
    let expected = if client == Format::OpenAi { parts.into_iter().filter(is_kept).collect() } else { parts };
    prop_assert_eq!(signed(expected), signed(seen.parts().collect()), "{:?} -> {:?}\n{}", upstream, client, body);
    Ok(())
}

fn call_of(part: &Part) -> Option<&str> {
    match &part.kind {
        PartKind::ToolCall(call) => Some(&call.name),
        _ => None,
    }
}

/// The request in which a client of this format sends an answer back, with the results of its calls.
fn sent_back(answer: &[u8], format: Format) -> String {
    let answer: RawMembers<'_> = serde_json::from_slice(answer).unwrap();
    let member = |members: &RawMembers<'_>, name: &str| {
        members.0.iter().find(|(own, _)| own == name).map(|(_, raw)| raw.get().to_owned()).unwrap()
    };
    let first = |list: String| -> String {
        let items: Vec<&serde_json::value::RawValue> = serde_json::from_str(&list).unwrap();
        items[0].get().to_owned()
    };
    let within = |object: String, name: &str| member(&serde_json::from_str(&object).unwrap(), name);
    let conversation = match format {
        Format::OpenAi => {
            let message = within(first(member(&answer, "choices")), "message");
            format!(r#"{{"messages":[{{"role":"user","content":"q"}},{message}"#)
        }
        Format::OpenAiResponses => {
            let output = member(&answer, "output");
            let items = output.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap();
            format!(r#"{{"input":[{{"role":"user","content":"q"}},{items}"#)
        }
        Format::Anthropic => {
            let content = member(&answer, "content");
            format!(r#"{{"messages":[{{"role":"user","content":"q"}},{{"role":"assistant","content":{content}}}"#)
        }
        Format::Gemini => {
            let content = within(first(member(&answer, "candidates")), "content");
            format!(r#"{{"contents":[{{"role":"user","parts":[{{"text":"q"}}]}},{content}"#)
        }
    };
    with_results(&conversation, format)
}

/// The conversation with a result for each call and a word of the user's.
fn with_results(conversation: &str, format: Format) -> String {
    let request = read(&format!("{conversation}]}}"), "m", format);
    let calls = request.parts().filter_map(|part| match &part.kind {
        PartKind::ToolCall(call) => Some((&call.id, &call.name)),
        _ => None,
    });
    let results = calls.map(|(id, name)| match format {
        Format::OpenAi => format!(r#"{{"role":"tool","tool_call_id":"{id}","content":"r"}},"#),
        Format::OpenAiResponses => format!(r#"{{"type":"function_call_output","call_id":"{id}","output":"r"}},"#),
        Format::Anthropic => format!(r#"{{"type":"tool_result","tool_use_id":"{id}","content":"r"}},"#),
        Format::Gemini => {
            format!(r#"{{"functionResponse":{{"id":"{id}","name":"{name}","response":{{"output":"r"}}}}}},"#)
        }
    });
    let results: String = results.collect();
    match format {
        Format::OpenAi | Format::OpenAiResponses => {
            format!(r#"{conversation},{results}{{"role":"user","content":"go"}}]}}"#)
        }
        Format::Anthropic => {
            format!(r#"{conversation},{{"role":"user","content":[{results}{{"type":"text","text":"go"}}]}}]}}"#)
        }
        Format::Gemini => format!(r#"{conversation},{{"role":"user","parts":[{results}{{"text":"go"}}]}}]}}"#),
    }
}
