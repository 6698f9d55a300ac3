//! Opaque texts on parts that have no slot for one in the client's format travel on pieces of reasoning of their own.

use rotator_domain::Format;

use crate::ir::{Attachment, Opaque, Part, PartKind, Reasoning};

/// Moves what stands on parts other than reasoning onto carriers: before a call (a format may not want a turn to end with
/// reasoning), after anything else.
pub(crate) fn spread(parts: &[Part]) -> Vec<Part> {
    let mut spread = Vec::with_capacity(parts.len());
    for part in parts {
        let is_reasoning = matches!(part.kind, PartKind::Reasoning(_));
        let Some(opaque) = part.opaque.as_ref().filter(|_| !is_reasoning) else {
            spread.push(part.clone());
            continue;
        };
        let bare = Part { opaque: None, ..part.clone() };
        if matches!(part.kind, PartKind::ToolCall(_)) {
            spread.extend([carrier(opaque, Attachment::Next), bare]);
        } else {
            spread.extend([bare, carrier(opaque, Attachment::Previous)]);
        }
    }
    spread
}

/// Puts what carriers hold back onto the parts that it belongs to.
pub(crate) fn gather(parts: Vec<Part>) -> Vec<Part> {
    let mut gathered: Vec<Part> = Vec::with_capacity(parts.len());
    let mut for_next = None;
    for mut part in parts {
        match part.opaque.as_ref().map(|opaque| opaque.attachment) {
            Some(Attachment::Next) => {
                for_next = part.opaque.take();
                continue;
            }
            Some(Attachment::Previous) => {
                if let Some((last, opaque)) = gathered.last_mut().zip(part.opaque.take()) {
                    last.opaque = Some(own(opaque));
                }
                continue;
            }
            Some(Attachment::Own) | None => {}
        }
        if let Some(opaque) = for_next.take() {
            part.opaque = Some(own(opaque));
        }
        gathered.push(part);
    }
    gathered
}

/// Takes off what a writer of `format` must not show to its upstream because another one made it: an opaque text, and
/// reasoning that consists of nothing else. Gives whether there was any.
pub(crate) fn remove_foreign(parts: &mut Vec<Part>, format: Format) -> bool {
    let mut has_removed = false;
    for part in &mut *parts {
        has_removed |= part.opaque.take_if(|opaque| !opaque.is_of(format)).is_some();
    }
    let is_empty = |part: &Part| matches!(&part.kind, PartKind::Reasoning(reasoning) if reasoning.sections.is_empty());
    parts.retain(|part| part.opaque.is_some() || !is_empty(part));
    has_removed
}

/// The carrier for a text of another part.
pub(crate) fn carrier(opaque: &Opaque, attachment: Attachment) -> Part {
    let opaque = Some(Opaque { attachment, ..opaque.clone() });
    Part { kind: PartKind::Reasoning(Reasoning::default()), cache: None, opaque }
}

fn own(opaque: Opaque) -> Opaque {
    Opaque { attachment: Attachment::Own, ..opaque }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::{ToolCall, ToolInput};

    #[test]
    fn what_was_spread_is_gathered() {
        let signed = |part: Part, value: &str| Part { opaque: Some(Opaque::new(Format::Gemini, value.into())), ..part };
        let input = ToolInput::Arguments("{}".into());
        let call = Part::new(PartKind::ToolCall(ToolCall { id: "1".into(), name: "A".into(), input }));
        let thought = Part::new(PartKind::Reasoning(Reasoning { sections: vec!["t".into()], is_summary: false }));
        let parts = vec![signed(thought, "0"), signed(Part::text("a"), "1"), signed(call.clone(), "2"), call];
        let spread = spread(&parts);
        assert_eq!(spread.len(), 6);
        assert!(spread.iter().all(|part| part.opaque.is_none() || matches!(part.kind, PartKind::Reasoning(_))));
        assert_eq!(gather(spread), parts);
        let mut foreign = parts;
        assert!(remove_foreign(&mut foreign, Format::Anthropic));
        assert!(foreign.len() == 4 && foreign.iter().all(|part| part.opaque.is_none()));
    }
}
