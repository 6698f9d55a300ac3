//! How much the model is told to think.
//!
//! Models up to 4.5 are told by a budget, which has to be at least [`LEAST_BUDGET`] and less than `max_tokens`; newer ones think
//! adaptively, and an effort tells how hard. An effort becomes a budget by [`Effort::budget`], a budget an effort by
//! [`Effort::of_budget`]; `minimal` becomes `low`, and `xhigh` becomes `max` where a model does not take it. Where a request cannot
//! have thoughts, it goes without and says so; `max_tokens` is never raised.

use super::super::abilities::Abilities;
use super::super::part::FORMAT;
use super::super::wire;
use super::tools;
use crate::ir::{Effort, Part, PartKind, Request, Role, Thinking, ThinkingMode, Turn};
use crate::{LEAST_BUDGET, Losses, ThinkingStyle};

/// What is lost where the model thinks less than it was asked to.
const LOSS: &str = "reasoning_effort";

/// What a request says of thinking.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) config: Option<wire::Thinking>,
    pub(super) effort: Option<&'static str>,
}

/// What the plan depends on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Circumstances<'a> {
    pub(super) request: &'a Request,
    /// As they will be written.
    pub(super) turns: &'a [Turn],
    pub(super) abilities: Abilities,
    pub(super) style: ThinkingStyle,
    pub(super) max_tokens: u64,
}

// === impl Plan ===

impl Plan {
    /// Whether the model will think, as far as the request says so.
    pub(super) fn is_on(&self) -> bool {
        self.config.is_some_and(|config| config.r#type != "disabled")
    }
}

// === impl Circumstances ===

impl Circumstances<'_> {
    /// Decides.
    pub(super) fn plan(self, losses: &mut Losses) -> Plan {
        let Some(thinking) = &self.request.thinking else { return self.unasked() };
        if is_off(thinking) {
            return self.off(losses);
        }
        let is_asked_for = matches!(thinking.mode, ThinkingMode::Enabled | ThinkingMode::Adaptive);
        let has_measure = thinking.effort.is_some() || thinking.budget.is_some();
        if self.request.format == FORMAT && !is_asked_for {
            // The vendor's own clients may set the effort alone.
            return Plan { effort: thinking.effort.map(|effort| self.name(effort)), ..self.unasked() };
        }
        if !is_asked_for && !has_measure {
            return self.unasked();
        }
        match self.style {
            ThinkingStyle::None => {
                losses.drop(LOSS);
                Plan::default()
            }
            ThinkingStyle::Budget => self.by_budget(thinking, losses),
            ThinkingStyle::Effort if self.wants_budget(thinking) => self.by_budget(thinking, losses),
            ThinkingStyle::Effort => self.by_effort(thinking, losses),
        }
    }

    /// A model that thinks by itself must be told not to before it can be made to call a tool.
    fn unasked(self) -> Plan {
        let must_stop = self.abilities.thinks_by_itself() && tools::is_forced(self.request);
        Plan { config: self.disabled().filter(|_| must_stop), effort: None }
    }

    fn off(self, losses: &mut Losses) -> Plan {
        losses.drop_if(!self.abilities.can_stop_thinking(), LOSS);
        Plan { config: self.disabled(), effort: None }
    }

    fn disabled(self) -> Option<wire::Thinking> {
        let can_stop = self.abilities.can_stop_thinking() && self.style != ThinkingStyle::None;
        can_stop.then_some(wire::Thinking { r#type: "disabled", budget_tokens: None, display: None })
    }

    /// A model of the time in between takes both; a budget that was asked for stays one.
    fn wants_budget(self, thinking: &Thinking) -> bool {
        let is_budget =
            thinking.mode != ThinkingMode::Adaptive && thinking.budget.is_some() && thinking.effort.is_none();
        is_budget && self.abilities.takes_budget()
    }

    fn by_budget(self, thinking: &Thinking, losses: &mut Losses) -> Plan {
        // Adaptive thinking without an effort is that of a high one.
        let unsaid = if thinking.mode == ThinkingMode::Adaptive { Effort::High } else { Effort::Medium };
        let budget = thinking.budget.unwrap_or_else(|| thinking.effort.unwrap_or(unsaid).budget());
        let fits = (LEAST_BUDGET..self.max_tokens).contains(&budget);
        if !fits || tools::is_forced(self.request) || has_bare_loop(self.turns) {
            losses.drop(LOSS);
            return Plan::default();
        }
        let display = self.display(thinking);
        let effort = thinking.effort.filter(|_| self.request.format == FORMAT).map(|effort| self.name(effort));
        let config = wire::Thinking { r#type: "enabled", budget_tokens: Some(budget), display };
        Plan { config: Some(config), effort }
    }

    fn by_effort(self, thinking: &Thinking, losses: &mut Losses) -> Plan {
        if tools::is_forced(self.request) && self.abilities.can_be_forced() {
            losses.drop(LOSS);
            return Plan { config: self.disabled(), effort: None };
        }
        let effort = thinking.effort.or(thinking.budget.map(Effort::of_budget)).map(|effort| self.name(effort));
        let config = wire::Thinking { r#type: "adaptive", budget_tokens: None, display: self.display(thinking) };
        Plan { config: Some(config), effort }
    }

    /// Newer models hide their thoughts unless they are asked for; older ones show them and need not know the member.
    fn display(self, thinking: &Thinking) -> Option<&'static str> {
        let is_shown = thinking.summary.as_deref().is_some_and(|summary| summary != "none");
        match is_shown {
            true => self.abilities.hides_thoughts().then_some("summarized"),
            false => (self.request.format == FORMAT).then_some("omitted"),
        }
    }

    fn name(self, effort: Effort) -> &'static str {
        match effort {
            Effort::None | Effort::Minimal | Effort::Low => "low",
            Effort::ExtraHigh if !self.abilities.takes_extra_high() => "max",
            other => other.name(),
        }
    }
}

fn is_off(thinking: &Thinking) -> bool {
    let is_none = thinking.effort == Some(Effort::None) || thinking.budget == Some(0);
    thinking.mode == ThinkingMode::Disabled || is_none
}

/// Whether the model goes on from a turn of its own that does not begin with thoughts: the API refuses that where it is to
/// think by a budget. The turn is the first one since the user last said something.
fn has_bare_loop(turns: &[Turn]) -> bool {
    let is_result = |part: &Part| matches!(part.kind, PartKind::ToolResult(_));
    let said = |turn: &Turn| turn.role != Role::Assistant && !turn.parts.iter().any(is_result);
    let after = turns.iter().rposition(said).map_or(0, |at| at + 1);
    let first = turns.get(after..).and_then(|turns| turns.iter().find(|turn| turn.role == Role::Assistant));
    first.is_some_and(|turn| !turn.parts.first().is_some_and(|part| matches!(part.kind, PartKind::Reasoning(_))))
}
