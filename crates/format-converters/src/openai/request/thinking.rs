//! How much a model should think: the vendor's `reasoning_effort`, OpenRouter's `reasoning`, and the `thinking` of those who
//! took it over from Anthropic.

use rotator_domain::Format;

use crate::ir::{Effort, Request, Thinking, ThinkingMode};
use crate::json::{self, Kind, Object};
use crate::openai_vendor::model_name;
use crate::{Invalid, Losses, ModelTable, ThinkingStyle};

/// Reads what the request says of it.
pub(super) fn read(object: &Object<'_>) -> Result<Option<Thinking>, Invalid> {
    let mut found = None;
    if let Some(name) = object.text("reasoning_effort")? {
        say(&mut found, effort(&name).map_err(|error| error.at("reasoning_effort"))?);
    }
    if is_object(object, "reasoning") {
        object.with("reasoning", |raw| openrouter(&Object::read(raw)?, &mut found))?;
    }
    if is_object(object, "thinking") {
        object.with("thinking", |raw| anthropic(&Object::read(raw)?, &mut found))?;
    }
    Ok(found)
}

/// The effort to ask for; `None` where there is nothing to say, or no way.
pub(super) fn effort_of(request: &Request, models: &ModelTable, losses: &mut Losses) -> Option<&'static str> {
    let thinking = request.thinking.as_ref()?;
    let is_kin = matches!(request.format, Format::OpenAi | Format::OpenAiResponses);
    let is_sibling = request.format == Format::OpenAiResponses;
    losses.drop_if(is_sibling && thinking.summary.is_some(), "reasoning.summary");
    losses.drop_if(is_sibling && thinking.wants_opaque, "reasoning.encrypted_content");
    let is_off =
        thinking.mode == ThinkingMode::Disabled || thinking.effort == Some(Effort::None) || thinking.budget == Some(0);
    if let Some(effort) = thinking.effort.filter(|_| is_kin) {
        // Said in words of the vendor, by someone who knows the model.
        return Some(effort.name());
    }
    let is_own = model_name::is_own(&request.model);
    let is_own_thinker = model_name::is_own_thinker(&request.model, models);
    if is_off {
        let least = is_own_thinker.then(|| least(&request.model));
        let thinks = models.row(&request.model).is_none_or(|row| row.thinking != ThinkingStyle::None);
        losses.drop_if(least.is_none() && !is_own && thinks, "reasoning_effort");
        return least;
    }
    let effort = thinking.effort.or_else(|| thinking.budget.map(Effort::of_budget))?;
    if is_own && !is_own_thinker {
        losses.drop("reasoning_effort");
        return None;
    }
    // Not every model takes more than `high`.
    Some(effort.clamp(Effort::Minimal, Effort::High).name())
}

/// The least effort that a model of the vendor takes (<https://platform.openai.com/docs/guides/reasoning>).
fn least(model: &str) -> &'static str {
    if model.contains("gpt-5.") {
        Effort::None.name()
    } else if model.contains("gpt-5") {
        Effort::Minimal.name()
    } else {
        Effort::Low.name()
    }
}

fn is_object(object: &Object<'_>, name: &str) -> bool {
    object.raw(name).is_some_and(|raw| json::kind(raw) == Kind::Object)
}

fn effort(name: &str) -> Result<Effort, Invalid> {
    Effort::from_name(name).ok_or_else(|| Invalid::new(format!("no effort is called {name}")))
}

fn say(found: &mut Option<Thinking>, effort: Effort) {
    let thinking = found.get_or_insert_default();
    thinking.effort = Some(effort);
    if effort == Effort::None {
        thinking.mode = ThinkingMode::Disabled;
    }
}

/// `{effort, max_tokens, exclude, enabled}`. Who writes it shows the thoughts to people.
fn openrouter(object: &Object<'_>, found: &mut Option<Thinking>) -> Result<(), Invalid> {
    if let Some(name) = object.text("effort")? {
        say(found, effort(&name).map_err(|error| error.at("effort"))?);
    }
    let thinking = found.get_or_insert_default();
    thinking.budget = object.count("max_tokens")?;
    match object.flag("enabled")? {
        Some(true) => thinking.mode = ThinkingMode::Enabled,
        Some(false) => thinking.mode = ThinkingMode::Disabled,
        None => {}
    }
    let is_shown = object.flag("exclude")? != Some(true) && thinking.mode != ThinkingMode::Disabled;
    thinking.summary = is_shown.then(|| "auto".to_owned());
    Ok(())
}

/// `{type, budget_tokens}`.
fn anthropic(object: &Object<'_>, found: &mut Option<Thinking>) -> Result<(), Invalid> {
    let mode = match object.required_text("type")?.as_str() {
        "enabled" => ThinkingMode::Enabled,
        "adaptive" | "auto" => ThinkingMode::Adaptive,
        "disabled" => ThinkingMode::Disabled,
        other => return Err(Invalid::new(format!("no thinking has the type {other}")).at("type")),
    };
    let thinking = found.get_or_insert_default();
    thinking.mode = mode;
    thinking.budget = object.count("budget_tokens")?;
    thinking.summary = (mode != ThinkingMode::Disabled).then(|| "auto".to_owned());
    Ok(())
}
