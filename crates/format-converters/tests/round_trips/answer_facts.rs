//! What answers say, and what of it each format can say.

use proptest::prelude::*;
use rotator_domain::Format;
use rotator_format_converters::ir::{Choice, Part, PartKind, Response};

/// Something that an answer says, and which formats can say it: Chat Completions, Responses, Messages, Gemini.
type Fact = (&'static str, [u8; 4], String);

/// What both formats can say is the same after the trip.
pub(crate) fn check(before: &Response, after: &Response, a: Format, b: Format) -> Result<(), TestCaseError> {
    let place = |format| crate::FORMATS.iter().position(|own| *own == format).unwrap();
    let shared = |response| {
        let facts = facts(response).into_iter();
        facts.filter(|(_, said_by, _)| said_by[place(a)] + said_by[place(b)] == 2).map(|(name, _, value)| (name, value))
    };
    let (mut before_facts, mut after_facts): (Vec<_>, Vec<_>) = (shared(before).collect(), shared(after).collect());
    for facts in [&mut before_facts, &mut after_facts] {
        facts.sort();
        // A source without a place is one of all texts.
        facts.dedup_by(|next, fact| next == fact && next.0 == "source");
    }
    prop_assert_eq!(before_facts, after_facts, "{:?} -> {:?}\n{:?}\n{:?}", a, b, before, after);
    Ok(())
}

fn facts(response: &Response) -> Vec<Fact> {
    let [Choice { parts, stop, .. }] = response.choices.as_slice() else { panic!("{response:?}") };
    let usage = response.usage.unwrap();
    let mut facts: Vec<Fact> = vec![
        ("model", [1, 1, 1, 1], response.model.clone()),
        ("created", [1, 1, 0, 0], format!("{:?}", response.created)),
        ("stop", [1, 1, 1, 1], format!("{stop:?}")),
        ("tokens", [1, 1, 1, 1], format!("{} {}", usage.input, usage.output)),
        ("cached tokens", [1, 1, 1, 1], usage.cached.unwrap_or_default().to_string()),
        ("tokens written to a cache", [1, 1, 1, 0], usage.cache_written.unwrap_or_default().to_string()),
        ("tokens of reasoning", [1, 1, 1, 1], usage.reasoning.unwrap_or_default().to_string()),
        ("text", [1, 1, 1, 1], parts.iter().filter_map(Part::as_text).collect()),
        ("kinds of parts, neighbours as one", [0, 1, 1, 1], kinds(parts)),
    ];
    let (mut length, mut thoughts) = (0, Vec::new());
    for part in parts {
        match &part.kind {
            PartKind::Text { text, citations } => {
                for citation in citations {
                    let source = format!("{:?} {:?}", citation.url, citation.title);
                    facts.push(("source", [1, 1, 1, 1], source.clone()));
                    // In all of the text, whose parts are one in Chat Completions.
                    let place = citation.span.map(|(start, end)| (length + start, length + end));
                    facts.push(("place of a source", [1, 1, 0, 1], format!("{source} {place:?}")));
                }
                length += u64::try_from(text.chars().count()).unwrap();
            }
            PartKind::Reasoning(reasoning) => thoughts.extend(reasoning.sections.iter().map(String::as_str)),
            PartKind::ToolCall(call) => {
                facts.push(("call", [1, 1, 1, 1], format!("{} {} {:?}", call.id, call.name, call.input)));
            }
            _ => {}
        }
        if let Some(opaque) = &part.opaque {
            // Which part it is on is known once the answer is whole; in a stream it may come on a piece of reasoning.
            facts.push(("signature", [0, 1, 1, 1], format!("{} {:?} {}", opaque.value, opaque.id, opaque.is_redacted)));
        }
    }
    facts.push(("reasoning", [1, 1, 1, 1], thoughts.join("\n\n")));
    facts
}

fn kinds(parts: &[Part]) -> String {
    let shown = parts.iter().filter_map(|part| match &part.kind {
        PartKind::Text { .. } => Some("text"),
        PartKind::Reasoning(reasoning) if reasoning.sections.is_empty() => None,
        PartKind::Reasoning(_) => Some("reasoning"),
        PartKind::ToolCall(_) => Some("call"),
        _ => Some("other"),
    });
    let mut kinds: Vec<&str> = shown.collect();
    kinds.dedup_by(|next, kind| next == kind && *next != "call");
    kinds.join(" ")
}
