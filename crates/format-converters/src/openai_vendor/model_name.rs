//! What the names of models tell: whether a model is the vendor's own, behind whose formats many others stand too.

use crate::{ModelTable, ThinkingStyle};

/// How the names of the vendor's models begin (<https://platform.openai.com/docs/models>).
const OWN: [&str; 8] = ["gpt-", "chatgpt-", "o1", "o3", "o4", "codex-", "computer-use-", "ft:gpt-"];

/// Whether the name is that of one of the vendor's models. Relays write `openai/` before it. What anyone can host
/// (`gpt-oss`) is not.
pub(crate) fn is_own(model: &str) -> bool {
    let name = last(model);
    OWN.iter().any(|start| name.starts_with(start)) && !name.starts_with("gpt-oss")
}

/// Whether it is one of the vendor's models that think before they answer: these take `max_completion_tokens` and an effort.
pub(crate) fn is_own_thinker(model: &str, models: &ModelTable) -> bool {
    let is_known = models.row(model).is_some_and(|row| row.thinking == ThinkingStyle::Effort);
    is_own(model) && (is_known || last(model).starts_with("o1"))
}

fn last(model: &str) -> String {
    model.rsplit('/').next().unwrap_or_default().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_whose_a_model_is() {
        let cases = [
            ("gpt-4o", true, false),
            ("openai/GPT-5-mini", true, true),
            ("o1-preview", true, true),
            ("o4-mini", true, true),
            ("ft:gpt-4o:org::id", true, false),
            ("openai/gpt-oss-120b", false, false),
            ("deepseek-chat", false, false),
            ("gemini-3-pro", false, false),
            ("", false, false),
        ];
        let table = ModelTable::default();
        for (model, own, thinks) in cases {
            assert_eq!((is_own(model), is_own_thinker(model, &table)), (own, thinks), "{model}");
        }
    }
}
