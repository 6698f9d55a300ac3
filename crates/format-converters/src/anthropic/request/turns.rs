//! Turns as the API takes them: user and model take turns, the results of tools come first, and instructions stand in the
//! middle only where the model takes them there
//! (<https://platform.claude.com/docs/en/build-with-claude/mid-conversation-system-messages>).

use super::super::part::FORMAT;
use crate::ir::{Part, PartKind, Request, Role, Turn};
use crate::{Invalid, Losses, carriers};

/// What is lost where instructions in the middle are told as the user's words.
const LOSS: &str = "late_system";

/// The instructions that stand before the conversation, and the turns of it.
pub(super) fn arranged(
    request: &Request,
    takes_late_instructions: bool,
    losses: &mut Losses,
) -> Result<(Vec<Part>, Vec<Turn>), Invalid> {
    let (instructions, _) = request.split_instructions();
    let mut instructions: Vec<Part> = instructions.iter().flat_map(|turn| turn.parts.iter().cloned()).collect();
    clean(&mut instructions, losses);
    let mut turns = request.merged_turns();
    for turn in &mut turns {
        if turn.role == Role::Developer {
            turn.role = Role::System;
        }
        clean(&mut turn.parts, losses);
    }
    turns.retain(|turn| !turn.parts.is_empty());
    let mut turns = merged(turns);
    place_instructions(&mut turns, takes_late_instructions, losses);
    let mut turns = merged(turns);
    if turns.is_empty() && !instructions.is_empty() {
        // The API wants at least one turn.
        losses.drop("system");
        turns.push(Turn::new(Role::User, std::mem::take(&mut instructions)));
    }
    check_results(&turns)?;
    trim_end(&mut turns);
    Ok((instructions, turns))
}

/// Takes off what the API must not see or refuses: opaque texts of others, reasoning without one of its own, empty texts.
fn clean(parts: &mut Vec<Part>, losses: &mut Losses) {
    losses.drop_if(carriers::remove_foreign(parts, FORMAT), "reasoning");
    parts.retain(|part| match &part.kind {
        PartKind::Text { text, .. } | PartKind::Refusal(text) => !text.is_empty(),
        PartKind::Reasoning(_) => {
            losses.drop_if(part.opaque.is_none(), "reasoning");
            part.opaque.is_some()
        }
        _ => true,
    });
}

/// Turns instructions that cannot stand where they are into the user's words. They can after the user's turn, before the
/// model's or at the end.
fn place_instructions(turns: &mut [Turn], takes_late_instructions: bool, losses: &mut Losses) {
    for at in 0..turns.len() {
        let role_of = |at: Option<usize>| at.and_then(|at| turns.get(at)).map(|turn| turn.role);
        let fits = role_of(at.checked_sub(1)) == Some(Role::User)
            && matches!(role_of(Some(at + 1)), None | Some(Role::Assistant));
        let Some(turn) = turns.get_mut(at).filter(|turn| turn.role == Role::System) else { continue };
        let is_text = turn.parts.iter().all(|part| part.as_text().is_some());
        if !(takes_late_instructions && fits && is_text) {
            turn.role = Role::User;
            losses.drop(LOSS);
        }
    }
}

/// Joins neighbours of one role; in a user's turn the results of tools come first.
fn merged(turns: Vec<Turn>) -> Vec<Turn> {
    let mut merged: Vec<Turn> = Vec::with_capacity(turns.len());
    for turn in turns {
        match merged.last_mut() {
            Some(last) if last.role == turn.role => last.parts.extend(turn.parts),
            _ => merged.push(turn),
        }
    }
    for turn in merged.iter_mut().filter(|turn| turn.role == Role::User) {
        turn.parts.sort_by_key(|part| !matches!(part.kind, PartKind::ToolResult(_)));
    }
    merged
}

/// Each result answers a call of the turn before.
fn check_results(turns: &[Turn]) -> Result<(), Invalid> {
    let mut calls: Vec<&str> = Vec::new();
    for turn in turns {
        for part in &turn.parts {
            if let PartKind::ToolResult(result) = &part.kind
                && !calls.contains(&result.call_id.as_str())
            {
                let message = format!("the result for `{}` answers no call of the turn before it", result.call_id);
                return Err(Invalid::new(message).at("messages"));
            }
        }
        if turn.role == Role::System {
            continue;
        }
        let call = |part| match part {
            &Part { kind: PartKind::ToolCall(ref call), .. } => Some(call.id.as_str()),
            _ => None,
        };
        calls = turn.parts.iter().filter_map(call).collect();
    }
    Ok(())
}

/// The API refuses a last turn of the model's that ends with white space.
fn trim_end(turns: &mut Vec<Turn>) {
    let Some(last) = turns.last_mut().filter(|turn| turn.role == Role::Assistant) else { return };
    if let Some(PartKind::Text { text, .. }) = last.parts.last_mut().map(|part| &mut part.kind) {
        text.truncate(text.trim_end().len());
        if text.is_empty() {
            last.parts.pop();
        }
    }
    if last.parts.is_empty() {
        turns.pop();
    }
}
