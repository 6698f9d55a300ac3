//! How much the model thinks: `thinkingConfig` (<https://ai.google.dev/gemini-api/docs/thinking>).

use rotator_domain::Format;
use serde_json::value::RawValue;

use crate::gemini::wire::Manner;
use crate::ir::{Effort, Request, Thinking, ThinkingMode};
use crate::members::Members;
use crate::{Invalid, ModelTable, ThinkingStyle, Writing};

/// A budget that the model finds itself.
const DYNAMIC: i64 = -1;

/// The least and the most budget by a piece of the model's name, the first that fits.
const BUDGETS: [(&str, u64, u64); 3] =
    [("2.5-pro", 128, 32_768), ("2.5-flash-lite", 0, 24_576), ("2.5-flash", 0, 24_576)];

/// Reads it. What the client is shown it can also send back, signatures included.
pub(super) fn read(raw: &RawValue) -> Result<Thinking, Invalid> {
    let object = Manner::Strict.object(raw)?;
    let mut thinking = Thinking { wants_opaque: true, ..Thinking::default() };
    if object.flag("includeThoughts")?.unwrap_or_default() {
        thinking.summary = Some("auto".to_owned());
    }
    match object.value::<i64>("thinkingBudget", "a whole number")? {
        Some(0) => thinking.mode = ThinkingMode::Disabled,
        Some(budget) if budget > 0 => {
            thinking.mode = ThinkingMode::Enabled;
            thinking.budget = u64::try_from(budget).ok();
        }
        Some(_) => thinking.mode = ThinkingMode::Adaptive,
        None => {}
    }
    let level = object.text("thinkingLevel")?;
    if let Some(level) = level.filter(|level| !level.is_empty() && level != "THINKING_LEVEL_UNSPECIFIED") {
        let effort = Effort::from_name(&level);
        let unknown = || Invalid::new(format!("an unknown level, `{level}`")).at("thinkingLevel");
        thinking.effort = Some(effort.ok_or_else(unknown)?);
        thinking.mode = ThinkingMode::Enabled;
    }
    Ok(thinking)
}

/// Writes it as the model wants to be told. Thoughts are shown where the client asked for them: by a summary of any kind, or
/// in a format where to think is to show it (Anthropic's `thinking`, a reasoning effort of Chat Completions).
pub(super) fn write(request: &Request, writing: &mut Writing<'_>) -> Option<Members> {
    let thinking = request.thinking.as_ref()?;
    let is_off = thinking.mode == ThinkingMode::Disabled || thinking.effort == Some(Effort::None);
    let is_asked_for = thinking.effort.is_some() || thinking.budget.is_some() || thinking.mode != ThinkingMode::Unsaid;
    let mut config = Members::default();
    match writing.models.thinking(&request.model) {
        ThinkingStyle::None => {
            writing.losses.drop_if((is_asked_for || thinking.summary.is_some()) && !is_off, "reasoning_effort");
            return None;
        }
        ThinkingStyle::Effort => config.add_some("thinkingLevel", level(&request.model, thinking, is_off).as_ref()),
        ThinkingStyle::Budget => config.add_some("thinkingBudget", budget(&request.model, thinking, is_off).as_ref()),
    }
    writing.losses.drop_if(is_off && !can_stop(&request.model, writing.models), "reasoning_effort");
    let is_shown = thinking.summary.is_some()
        || (matches!(request.format, Format::Anthropic | Format::OpenAi) && is_asked_for && !is_off);
    if is_shown {
        config.add("includeThoughts", &true);
    }
    (!config.is_empty()).then_some(config)
}

/// Whether a model can do without thoughts: those that are told by a level cannot, nor those with a least budget.
fn can_stop(model: &str, models: &ModelTable) -> bool {
    models.thinking(model) == ThinkingStyle::Budget && limits(model).0 == 0
}

/// The least and the most budget of a model.
fn limits(model: &str) -> (u64, u64) {
    let found = BUDGETS.iter().find(|(piece, ..)| model.contains(piece));
    found.map_or((0, u64::MAX), |(_, least, most)| (*least, *most))
}

/// The level; none where the model is to find it. Models of this kind cannot do without thoughts, and the large ones know
/// fewer levels.
fn level(model: &str, thinking: &Thinking, is_off: bool) -> Option<&'static str> {
    let of_budget = || thinking.budget.map(Effort::of_budget);
    let effort = if is_off { Effort::Minimal } else { thinking.effort.or_else(of_budget)? };
    let (is_large, is_first) = (model.contains("pro"), model.contains("gemini-3-pro"));
    Some(match effort {
        Effort::None | Effort::Minimal if is_large => "LOW",
        Effort::None | Effort::Minimal => "MINIMAL",
        Effort::Low => "LOW",
        Effort::Medium if is_first => "HIGH",
        Effort::Medium => "MEDIUM",
        Effort::High | Effort::ExtraHigh | Effort::Max => "HIGH",
    })
}

/// The budget; none where the model is to have its own.
fn budget(model: &str, thinking: &Thinking, is_off: bool) -> Option<i64> {
    let (least, most) = limits(model);
    let said = if is_off { Some(0) } else { thinking.budget.or_else(|| thinking.effort.map(Effort::budget)) };
    match said {
        Some(budget) => i64::try_from(budget.clamp(least, most)).ok(),
        None if thinking.mode == ThinkingMode::Adaptive => Some(DYNAMIC),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Losses;
    use crate::json;

    fn written(model: &str, format: Format, thinking: Thinking) -> (String, Vec<String>) {
        let request = Request { thinking: Some(thinking), ..Request::new(format, model.into()) };
        let models = ModelTable::default();
        let mut writing = Writing { models: &models, losses: Losses::default() };
        let config = write(&request, &mut writing);
        (serde_json::to_string(&config).unwrap(), writing.losses.names().to_vec())
    }

    #[test]
    fn each_model_is_told_in_its_own_way() {
        let effort = |effort| Thinking { effort: Some(effort), ..Thinking::default() };
        let enabled = |budget| Thinking { mode: ThinkingMode::Enabled, budget: Some(budget), ..Thinking::default() };
        let mode = |mode| Thinking { mode, ..Thinking::default() };
        let (chat, responses, anthropic) = (Format::OpenAi, Format::OpenAiResponses, Format::Anthropic);
        let cases = [
            ("gemini-3-pro", responses, effort(Effort::Minimal), r#"{"thinkingLevel":"LOW"}"#),
            ("gemini-3-pro", responses, effort(Effort::Medium), r#"{"thinkingLevel":"HIGH"}"#),
            ("gemini-3.1-pro", chat, effort(Effort::Medium), r#"{"thinkingLevel":"MEDIUM","includeThoughts":true}"#),
            ("gemini-3-flash", anthropic, enabled(2_000), r#"{"thinkingLevel":"LOW","includeThoughts":true}"#),
            ("gemini-3-flash", anthropic, mode(ThinkingMode::Adaptive), r#"{"includeThoughts":true}"#),
            ("gemini-2.5-flash", anthropic, mode(ThinkingMode::Disabled), r#"{"thinkingBudget":0}"#),
            ("gemini-2.5-pro", responses, effort(Effort::Max), r#"{"thinkingBudget":32768}"#),
            (
                "gemini-2.5-flash",
                anthropic,
                mode(ThinkingMode::Adaptive),
                r#"{"thinkingBudget":-1,"includeThoughts":true}"#,
            ),
            ("gemini-2.5-flash", responses, mode(ThinkingMode::Unsaid), "null"),
            ("gemini-2.0-flash", chat, effort(Effort::None), "null"),
        ];
        for (model, format, thinking, expected) in cases {
            assert_eq!(written(model, format, thinking), (expected.to_owned(), vec![]), "{model}");
        }
        let in_vain = [
            ("gemini-2.0-flash", chat, effort(Effort::High), "null"),
            // These cannot do without thoughts.
            ("gemini-3-flash", responses, effort(Effort::None), r#"{"thinkingLevel":"MINIMAL"}"#),
            ("gemini-2.5-pro", anthropic, mode(ThinkingMode::Disabled), r#"{"thinkingBudget":128}"#),
        ];
        for (model, format, thinking, expected) in in_vain {
            let lost = vec!["reasoning_effort".to_owned()];
            assert_eq!(written(model, format, thinking), (expected.to_owned(), lost), "{model}");
        }
    }

    #[test]
    fn budgets_and_levels_are_read() {
        let read = |text: &str| read(json::document(text.as_bytes()).unwrap());
        let thinking = read(r#"{"thinking_budget":-1,"include_thoughts":true}"#).unwrap();
        assert_eq!((thinking.mode, thinking.summary.as_deref()), (ThinkingMode::Adaptive, Some("auto")));
        assert_eq!(read(r#"{"thinkingBudget":0}"#).unwrap().mode, ThinkingMode::Disabled);
        assert_eq!(read(r#"{"thinkingBudget":5}"#).unwrap().budget, Some(5));
        assert_eq!(read(r#"{"thinkingLevel":"HIGH"}"#).unwrap().effort, Some(Effort::High));
        let error = read(r#"{"thinkingLevel":"much"}"#).unwrap_err();
        assert_eq!(error.to_string(), "thinkingLevel: an unknown level, `much`");
    }
}
