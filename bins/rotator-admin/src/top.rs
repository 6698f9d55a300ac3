//! The live view: what is known, what is shown of it, and what keys do.
//!
//! Nothing in here touches the terminal but [`terminal`], or the server but [`feed`].

pub(crate) mod feed;
mod keyboard;
mod known;
mod screen;
mod table;
pub(crate) mod terminal;

pub(crate) use keyboard::Wish;
pub(crate) use known::Known;
pub(crate) use screen::Theme;

use std::time::Instant;

use ratatui::crossterm::event::KeyEvent;
use rotator_admin_api::wire::LiveUpdate;

use self::table::Listing;

/// Everything that the screen shows.
#[derive(Debug)]
pub(crate) struct Top {
    server: String,
    known: Known,
    /// What was known when the view was paused.
    frozen: Option<Known>,
    services: Listing,
    keys: Listing,
    /// The service whose keys are shown; all services where there is none.
    open: Option<i64>,
    /// What is typed is a part of the filter.
    is_typing: bool,
    link: Link,
    /// Something that must be told.
    note: Option<String>,
}

/// How the server is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Link {
    Connecting,
    Connected,
    Lost(String),
}

// === impl Top ===

impl Top {
    /// A view of the services of a server, or of one service's keys.
    pub(crate) fn new(server: &str, open: Option<i64>) -> Self {
        Self {
            server: server.to_owned(),
            known: Known::default(),
            frozen: None,
            services: Listing::of_services(),
            keys: Listing::of_keys(),
            open,
            is_typing: false,
            link: Link::Connecting,
            note: None,
        }
    }

    /// The service whose keys are shown.
    pub(crate) fn open(&self) -> Option<i64> {
        self.open
    }

    /// What is shown: what is known, or what was when the view was paused.
    fn shown(&self) -> &Known {
        self.frozen.as_ref().unwrap_or(&self.known)
    }

    /// The list that is shown.
    fn listing(&self) -> &Listing {
        if self.open.is_some() { &self.keys } else { &self.services }
    }

    /// The rows that are shown, in their order.
    fn rows(&self) -> Vec<i64> {
        self.listing().rows(self.shown(), self.open)
    }

    /// Takes up what the server tells.
    pub(crate) fn take_up(&mut self, update: LiveUpdate, now: Instant) {
        self.link = Link::Connected;
        self.known.take_up(update, now);
    }

    pub(crate) fn connected(&mut self) {
        self.link = Link::Connected;
    }

    pub(crate) fn lost(&mut self, why: String) {
        self.link = Link::Lost(why);
    }

    /// Goes back to the services, for this reason.
    pub(crate) fn leave(&mut self, why: String) {
        self.open = None;
        self.note = Some(why);
    }

    /// Does what a key asks for.
    pub(crate) fn on_key(&mut self, key: KeyEvent) -> Wish {
        self.note = None;
        keyboard::on_key(self, key)
    }
}
