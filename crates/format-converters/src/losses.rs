//! What the format of the other side cannot say.

use rotator_domain::Format;

use crate::ir::Native;
use crate::json::Object;

/// The names of what was left out, each once, in the order in which it was.
///
/// A name is that of the concept as OpenAI spells it where OpenAI has it (`top_logprobs`, `parallel_tool_calls`), else as the
/// format that has it does (`top_k`, `cache_control`, `safety_settings`), in snake case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Losses(Vec<String>);

// === impl Losses ===

impl Losses {
    /// Notes that something was left out.
    pub fn drop(&mut self, name: &str) {
        if !self.0.iter().any(|known| known == name) {
            self.0.push(name.to_owned());
        }
    }

    /// Notes that something was left out, where there was something.
    pub fn drop_if(&mut self, is_there: bool, name: &str) {
        if is_there {
            self.drop(name);
        }
    }

    /// Notes that what another format than `format` said beside something was left out, by the names of its members.
    pub(crate) fn drop_foreign(&mut self, extras: Option<&Native>, format: Format) {
        let Some(foreign) = extras.filter(|extras| extras.format != format) else { return };
        for (name, _) in Object::read(foreign.json.raw()).map(|object| object.rest(&[])).unwrap_or_default() {
            self.drop(&snake(&name));
        }
    }

    /// The names.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.0
    }
}

/// A name in snake case, its words told from each other by capitals or as they are.
pub(crate) fn snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() && !snake.ends_with('.') {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Json;

    #[test]
    fn what_another_format_said_is_named_by_its_members() {
        let json = Json::from_text(r#"{"videoMetadata":{"fps":1},"context":"c","null":null}"#).unwrap();
        let extras = Native { format: Format::Gemini, name: "media".into(), json };
        let mut losses = Losses::default();
        losses.drop_foreign(None, Format::OpenAi);
        losses.drop_foreign(Some(&extras), Format::Gemini);
        assert!(losses.names().is_empty());
        losses.drop_foreign(Some(&extras), Format::OpenAi);
        assert_eq!(losses.names(), ["video_metadata", "context", "null"]);
    }
}
