//! How many tokens a prompt has, roughly: for upstreams that do not count.

use rotator_format_converters::ir::{Part, PartKind, Request, Source, Tool};

/// How many bytes of text make a token, roughly (OpenAI's help centre: about four characters of English).
const BYTES_PER_TOKEN: usize = 4;
/// What a picture, sound or document is taken for: nobody can tell from its bytes.
const TOKENS_OF_MEDIA: usize = 1_000;
/// What a turn costs beside its text.
const TOKENS_OF_TURN: usize = 4;

/// How many tokens the prompt has, roughly.
pub(super) fn tokens(request: &Request) -> u64 {
    let turns: usize = request.turns.iter().map(|turn| TOKENS_OF_TURN + of_parts(&turn.parts)).sum();
    let tools: usize = request.tools.iter().map(of_tool).sum();
    u64::try_from(turns + tools).unwrap_or(u64::MAX)
}

fn of_parts(parts: &[Part]) -> usize {
    parts.iter().map(of_part).sum()
}

fn of_part(part: &Part) -> usize {
    let opaque = part.opaque.as_ref().map_or(0, |opaque| of_text(&opaque.value));
    opaque
        + match &part.kind {
            PartKind::Text { text, .. } | PartKind::Refusal(text) => of_text(text),
            PartKind::Reasoning(reasoning) => reasoning.sections.iter().map(|section| of_text(section)).sum(),
            PartKind::Media(media) => match &media.source {
                Source::Text(text) => of_text(text),
                _ => TOKENS_OF_MEDIA,
            },
            PartKind::ToolCall(call) => of_text(&call.name) + of_text(call.input.as_str()),
            PartKind::ToolResult(result) => of_parts(&result.content),
            PartKind::Native(native) => of_text(native.json.get()),
        }
}

fn of_tool(tool: &Tool) -> usize {
    match tool {
        Tool::Function { name, description, parameters, .. } => {
            let schema = parameters.as_ref().map_or(0, |schema| of_text(schema.get()));
            of_text(name) + description.as_deref().map_or(0, of_text) + schema
        }
        Tool::Custom { name, description, grammar } => {
            let grammar = grammar.as_ref().map_or(0, |grammar| of_text(grammar.get()));
            of_text(name) + description.as_deref().map_or(0, of_text) + grammar
        }
        Tool::Search(_) => 0,
        Tool::Native(native) => of_text(native.json.get()),
    }
}

const fn of_text(text: &str) -> usize {
    text.len().div_ceil(BYTES_PER_TOKEN)
}

#[cfg(test)]
mod tests {
    use rotator_domain::Format;
    use rotator_format_converters::ir::{Media, MediaKind, Role, Turn};

    use super::*;

    #[test]
    fn text_counts_by_its_length_and_media_by_none() {
        let mut request = Request::new(Format::OpenAi, "m".into());
        let media =
            |source| Media { kind: MediaKind::Document, source, mime: None, name: None, detail: None, extras: None };
        let image = Part::media(media(Source::Base64("A".repeat(1_000_000))));
        let page = Part::media(media(Source::Text("x".repeat(8))));
        request.turns = vec![Turn::new(Role::User, vec![Part::text("x".repeat(41)), image, page])];
        assert_eq!(tokens(&request), 4 + 11 + 1_000 + 2);
    }
}
