//! Reasoning, for which the vendor has no place and those who speak its format have several: `reasoning_content` (DeepSeek,
//! xAI, Qwen), `reasoning` (OpenRouter, Groq), and `reasoning_details`, whose signatures OpenRouter wants to have back
//! (<https://openrouter.ai/docs/use-cases/reasoning-tokens>).

use rotator_domain::Format;
use serde_json::value::RawValue;

use crate::ir::{Opaque, Part, PartKind, Reasoning};
use crate::json::{self, Json, Kind, Object};
use crate::members::Members;

/// Members that come in pieces.
const PIECES: [&str; 3] = ["text", "summary", "data"];
/// Members that only their issuer understands.
const SEALED: [&str; 2] = ["signature", "data"];

/// The items of `reasoning_details`, put together from their pieces.
#[derive(Debug, Default)]
pub(super) struct Details(Vec<Detail>);

#[derive(Debug)]
struct Detail {
    /// What tells it from its neighbours: the type and the index.
    key: (Option<String>, Option<u64>),
    members: Vec<(String, Json)>,
    pieces: Vec<(&'static str, String)>,
}

/// The text of a message or of a piece of one.
pub(super) fn text(object: &Object<'_>) -> Option<String> {
    let texts = ["reasoning_content", "reasoning"].into_iter().filter_map(|name| object.text(name).ok().flatten());
    texts.into_iter().find(|text| !text.is_empty())
}

/// Reads the reasoning of a whole message.
pub(super) fn read(message: &Object<'_>) -> Option<Part> {
    let mut details = Details::default();
    let raw = message.raw("reasoning_details");
    let shown = raw.and_then(|raw| details.add(raw));
    let sections: Vec<String> = text(message).or(shown).into_iter().collect();
    // As it came: the issuer compares it.
    let opaque = raw.filter(|_| details.is_sealed()).map(|raw| Opaque::new(Format::OpenAi, raw.get().to_owned()));
    let is_there = !sections.is_empty() || opaque.is_some();
    let kind = PartKind::Reasoning(Reasoning { sections, is_summary: false });
    is_there.then_some(Part { opaque, ..Part::new(kind) })
}

// === impl Details ===

impl Details {
    /// Takes pieces up and gives their texts.
    pub(super) fn add(&mut self, raw: &RawValue) -> Option<String> {
        let mut shown = String::new();
        for item in json::list(raw).ok()? {
            let Ok(object) = Object::read_leniently(item) else { continue };
            let key = (object.text("type").ok().flatten(), object.count("index").ok().flatten());
            let id = object.text("id").ok().flatten();
            if self.0.last().is_none_or(|last| last.key != key || last.is_another_than(id.as_deref())) {
                self.0.push(Detail { key, members: Vec::new(), pieces: Vec::new() });
            }
            let Some(last) = self.0.last_mut() else { continue };
            for name in PIECES {
                let Some(piece) = object.text(name).ok().flatten() else { continue };
                if name != "data" {
                    shown.push_str(&piece);
                }
                match last.pieces.iter_mut().find(|(own, _)| *own == name) {
                    Some((_, whole)) => whole.push_str(&piece),
                    None => last.pieces.push((name, piece)),
                }
            }
            for (name, value) in object.rest(&PIECES) {
                match last.members.iter_mut().find(|(own, _)| *own == name) {
                    Some((_, own)) if json::kind(value.raw()) != Kind::Null => *own = value,
                    Some(_) => {}
                    None => last.members.push((name, value)),
                }
            }
        }
        Some(shown).filter(|shown| !shown.is_empty())
    }

    /// Whether they hold more than text.
    fn is_sealed(&self) -> bool {
        self.0.iter().any(Detail::is_sealed)
    }

    /// What is to be given back; `None` where they hold nothing but text.
    pub(super) fn opaque(self) -> Option<Opaque> {
        if !self.is_sealed() {
            return None;
        }
        let items: Vec<Members> = self.0.into_iter().map(Detail::into_members).collect();
        let value = serde_json::to_string(&items).ok()?;
        Some(Opaque::new(Format::OpenAi, value))
    }
}

// === impl Detail ===

impl Detail {
    fn is_sealed(&self) -> bool {
        let has =
            |name: &str| self.members.iter().any(|(own, value)| own == name && json::kind(value.raw()) != Kind::Null);
        SEALED.iter().any(|name| has(name) || self.pieces.iter().any(|(own, _)| own == name))
    }

    /// Whether a piece with this id belongs to another one. Not every piece has its id.
    fn is_another_than(&self, id: Option<&str>) -> bool {
        let own = self.members.iter().find(|(name, _)| name == "id").and_then(|(_, id)| json::text(id.raw()).ok());
        own.as_deref().zip(id).is_some_and(|(own, id)| own != id)
    }

    fn into_members(self) -> Members {
        let mut members = self.members;
        for (name, text) in self.pieces {
            members.extend(Json::of(&text).ok().map(|text| (name.to_owned(), text)));
        }
        Members(members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Json {
        Json::from_text(text).unwrap()
    }

    #[test]
    fn pieces_of_one_detail_are_put_together_and_those_of_others_are_not() {
        let mut details = Details::default();
        let pieces = [
            r#"[{"type":"reasoning.text","text":"I ","index":0,"signature":null}]"#,
            r#"[{"type":"reasoning.text","text":"look.","index":0}]"#,
            r#"[{"type":"reasoning.text","signature":"s=\u003d","index":0}]"#,
            r#"[{"type":"reasoning.encrypted","data":"AA==","index":1}, 5]"#,
        ];
        let shown: String = pieces.iter().filter_map(|piece| details.add(json(piece).raw())).collect();
        assert_eq!(shown, "I look.");
        let expected = concat!(
            r#"[{"type":"reasoning.text","index":0,"signature":"s=\u003d","text":"I look."},"#,
            r#"{"type":"reasoning.encrypted","index":1,"data":"AA=="}]"#
        );
        assert_eq!(details.opaque(), Some(Opaque::new(Format::OpenAi, expected.to_owned())));
    }

    #[test]
    fn details_without_an_index_are_told_apart_by_their_ids_and_whole_ones_stay_as_they_came() {
        let list = concat!(
            r#"[{"type":"reasoning.encrypted","data":"AA==","id":"r1"}, "#,
            r#"{"type":"reasoning.encrypted","data":"BB==","id":"r2"}]"#
        );
        let message = json(&format!(r#"{{"reasoning_details":{list}}}"#));
        let part = read(&Object::read_leniently(message.raw()).unwrap()).unwrap();
        assert_eq!(part.opaque, Some(Opaque::new(Format::OpenAi, list.to_owned())));
        let mut details = Details::default();
        details.add(json(list).raw());
        let value = details.opaque().unwrap().value;
        assert!(value.contains(r#""data":"AA==""#) && value.contains(r#""data":"BB==""#), "{value}");
    }

    #[test]
    fn reasoning_is_found_under_all_of_its_names() {
        let read_text = |text: &str| {
            let json = json(text);
            read(&Object::read_leniently(json.raw()).unwrap())
        };
        for body in [
            r#"{"reasoning_content":"t"}"#,
            r#"{"reasoning":"t"}"#,
            r#"{"reasoning_content":"","reasoning":"t"}"#,
            r#"{"reasoning_details":[{"type":"reasoning.text","text":"t"}]}"#,
        ] {
            let part = read_text(body).unwrap();
            assert!(matches!(&part.kind, PartKind::Reasoning(found) if found.sections == ["t"]), "{body}");
            assert!(part.opaque.is_none(), "text alone is nothing to give back");
        }
        let sealed = read_text(r#"{"reasoning_details":[{"type":"reasoning.encrypted","data":"A"}]}"#).unwrap();
        assert!(sealed.opaque.is_some());
        assert!(read_text(r#"{"reasoning":null,"reasoning_details":5}"#).is_none());
    }
}
