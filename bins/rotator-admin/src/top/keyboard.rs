//! What keys do.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::Top;

/// How many rows a page has, whatever the screen's height.
const PAGE: isize = 10;

/// What a key asks of the rest of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Nothing more.
    Nothing,
    /// Other keys are to be watched: those that the view has open.
    Watch,
    /// The end.
    Quit,
}

pub(super) fn on_key(top: &mut Top, key: KeyEvent) -> Wish {
    if key.kind == KeyEventKind::Release {
        return Wish::Nothing;
    }
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return if key.code == KeyCode::Char('c') { Wish::Quit } else { Wish::Nothing };
    }
    if top.is_typing {
        type_filter(top, key.code);
        return Wish::Nothing;
    }
    match key.code {
        KeyCode::Char('q') => return Wish::Quit,
        KeyCode::Char('/') => top.is_typing = true,
        KeyCode::Char('p' | ' ') => {
            top.frozen = if top.frozen.is_some() { None } else { Some(top.known.clone()) };
        }
        KeyCode::Char('r') => {
            let listing = listing(top);
            listing.is_falling = !listing.is_falling;
        }
        KeyCode::Left | KeyCode::Char('<') => listing(top).turn(-1),
        KeyCode::Right | KeyCode::Char('>') => listing(top).turn(1),
        KeyCode::Up | KeyCode::Char('k') => select(top, -1),
        KeyCode::Down | KeyCode::Char('j') => select(top, 1),
        KeyCode::PageUp => select(top, -PAGE),
        KeyCode::PageDown => select(top, PAGE),
        KeyCode::Home => select(top, isize::MIN),
        KeyCode::End => select(top, isize::MAX),
        KeyCode::Enter if top.open.is_none() => return enter(top),
        KeyCode::Esc if !top.listing().filter.is_empty() => listing(top).filter.clear(),
        KeyCode::Esc | KeyCode::Backspace if top.open.is_some() => {
            // A paused view may not know the other list as it was.
            (top.open, top.frozen) = (None, None);
            return Wish::Watch;
        }
        _ => {}
    }
    Wish::Nothing
}

fn listing(top: &mut Top) -> &mut super::Listing {
    if top.open.is_some() { &mut top.keys } else { &mut top.services }
}

fn type_filter(top: &mut Top, code: KeyCode) {
    match code {
        KeyCode::Enter => top.is_typing = false,
        KeyCode::Esc => {
            top.is_typing = false;
            listing(top).filter.clear();
        }
        KeyCode::Backspace => {
            listing(top).filter.pop();
        }
        KeyCode::Char(char) => listing(top).filter.push(char),
        _ => {}
    }
}

/// Moves the selection by so many rows.
fn select(top: &mut Top, by: isize) {
    let rows = top.rows();
    let at = top.listing().selected.and_then(|id| rows.iter().position(|row| *row == id));
    let last = rows.len().saturating_sub(1);
    let next = at.map_or(0, |at| at.saturating_add_signed(by).min(last));
    let next = match by {
        isize::MIN => 0,
        isize::MAX => last,
        _ => next,
    };
    listing(top).selected = rows.get(next).copied();
}

/// Shows the keys of the selected service, or of the first one.
fn enter(top: &mut Top) -> Wish {
    let rows = top.rows();
    let selected = top.services.selected.filter(|id| rows.contains(id)).or_else(|| rows.first().copied());
    let Some(service) = selected else { return Wish::Nothing };
    (top.services.selected, top.open, top.frozen) = (selected, Some(service), None);
    (top.keys.selected, top.keys.filter) = (None, String::new());
    Wish::Watch
}
