//! The two lists: their columns, their order and what is filtered out.

use std::cmp::Ordering;
use std::time::Instant;

use ratatui::layout::Constraint;
use rotator_admin_api::wire::{LiveKey, LiveService};

use super::known::{Known, short};
use crate::output::table;

/// The columns of services, with their widths.
const SERVICE_COLUMNS: [(&str, Constraint); 8] = [
    ("SERVICE", Constraint::Fill(1)),
    ("REQ/S", Constraint::Length(8)),
    ("ERRORS", Constraint::Length(7)),
    ("FLIGHT", Constraint::Length(7)),
    ("ACTIVE", Constraint::Length(7)),
    ("COOLING", Constraint::Length(8)),
    ("SPENT", Constraint::Length(6)),
    ("DEAD", Constraint::Length(6)),
];

/// The columns of keys. A masked value has room in the first on a screen of eighty columns.
const KEY_COLUMNS: [(&str, Constraint); 9] = [
    ("KEY", Constraint::Fill(3)),
    ("STATE", Constraint::Length(9)),
    ("REASON", Constraint::Length(8)),
    ("LEFT", Constraint::Length(7)),
    ("MODEL", Constraint::Fill(2)),
    ("FLIGHT", Constraint::Length(7)),
    ("REQ/S", Constraint::Length(6)),
    ("ERRORS", Constraint::Length(7)),
    ("USED", Constraint::Length(6)),
];

/// How one of the lists is shown.
#[derive(Debug)]
pub(super) struct Listing {
    pub(super) columns: &'static [(&'static str, Constraint)],
    /// The column that rows are ordered by.
    pub(super) column: usize,
    pub(super) is_falling: bool,
    /// Only rows are shown whose name or state holds this, in any case.
    pub(super) filter: String,
    pub(super) selected: Option<i64>,
}

// === impl Listing ===

impl Listing {
    pub(super) fn of_services() -> Self {
        Self { columns: &SERVICE_COLUMNS, ..Self::of_keys() }
    }

    pub(super) fn of_keys() -> Self {
        Self { columns: &KEY_COLUMNS, column: 0, is_falling: false, filter: String::new(), selected: None }
    }

    /// The ids of the rows in their order: of the keys of a service, or of the services.
    pub(super) fn rows(&self, known: &Known, service: Option<i64>) -> Vec<i64> {
        let filter = self.filter.to_lowercase();
        let holds = |text: &str| text.to_lowercase().contains(&filter);
        let order = |ordering: Ordering| if self.is_falling { ordering.reverse() } else { ordering };
        match service {
            None => {
                let mut rows: Vec<&LiveService> =
                    known.services.values().filter(|service| holds(&service.slug)).collect();
                rows.sort_by(|one, other| order(compare_services(one, other, self.column)).then(one.id.cmp(&other.id)));
                rows.into_iter().map(|service| service.id).collect()
            }
            Some(service) => {
                let keys = known.keys.values().filter(|key| key.service == service);
                let mut rows: Vec<&LiveKey> = keys.filter(|key| holds(&key.name) || holds(&key.state)).collect();
                rows.sort_by(|one, other| order(compare_keys(one, other, self.column)).then(one.id.cmp(&other.id)));
                rows.into_iter().map(|key| key.id).collect()
            }
        }
    }

    /// Orders by the next column or the one before.
    pub(super) fn turn(&mut self, by: isize) {
        let count = self.columns.len();
        self.column = self.column.checked_add_signed(by).map_or(count - 1, |column| column % count);
        // Numbers are looked at from the greatest on.
        self.is_falling = !matches!(self.columns[self.column].0, "SERVICE" | "KEY" | "STATE" | "REASON" | "MODEL");
    }
}

fn compare_services(one: &LiveService, other: &LiveService, column: usize) -> Ordering {
    match column {
        0 => one.slug.cmp(&other.slug),
        1 => one.rate.total_cmp(&other.rate),
        2 => one.error_share.total_cmp(&other.error_share),
        3 => one.in_flight.cmp(&other.in_flight),
        4 => one.keys.active.cmp(&other.keys.active),
        5 => one.keys.cooling.cmp(&other.keys.cooling),
        6 => one.keys.exhausted.cmp(&other.keys.exhausted),
        _ => one.keys.dead.cmp(&other.keys.dead),
    }
}

fn compare_keys(one: &LiveKey, other: &LiveKey, column: usize) -> Ordering {
    match column {
        0 => one.name.cmp(&other.name),
        1 => one.state.cmp(&other.state),
        2 => one.reason.cmp(&other.reason),
        // All are written alike, so that text is in the order of time.
        3 => one.until.cmp(&other.until),
        4 => one.model.cmp(&other.model),
        5 => one.in_flight.cmp(&other.in_flight),
        6 => one.rate.total_cmp(&other.rate),
        7 => one.errors.cmp(&other.errors),
        _ => one.last_used.cmp(&other.last_used),
    }
}

/// What a service's row says.
pub(super) fn service_cells(service: &LiveService) -> [String; 8] {
    let inactive = if service.is_active { "" } else { " (inactive)" };
    let keys = service.keys;
    [
        format!("{}{inactive}", service.slug),
        rate(service.rate),
        if service.rate > 0.0 { format!("{:.1}%", service.error_share * 100.0) } else { String::new() },
        service.in_flight.map(|count| count.to_string()).unwrap_or_default(),
        keys.active.to_string(),
        keys.cooling.to_string(),
        keys.exhausted.to_string(),
        keys.dead.to_string(),
    ]
}

/// What a key's row says at this moment.
pub(super) fn key_cells(known: &Known, key: &LiveKey, now: Instant) -> [String; 9] {
    let left = known.left(key.until.as_deref(), now).map(short);
    [
        key.name.clone(),
        key.state.clone(),
        key.reason.as_deref().map_or("", short_reason).to_owned(),
        left.unwrap_or_default(),
        key.model.clone().unwrap_or_default(),
        key.in_flight.to_string(),
        rate(key.rate),
        key.errors.to_string(),
        known.ago(key.last_used.as_deref(), now).map(short).unwrap_or_default(),
    ]
}

/// A reason that has room in its column.
fn short_reason(reason: &str) -> &str {
    if reason == "out_of_quota" { "quota" } else { reason }
}

pub(super) fn rate(rate: f64) -> String {
    format!("{rate:.1}")
}

// === impl Known ===

impl Known {
    /// All services, or the keys of one, as a table for people.
    pub(crate) fn text(&self, service: Option<i64>, now: Instant) -> String {
        match service {
            None => {
                let ids = Listing::of_services().rows(self, None).into_iter();
                let rows = ids.filter_map(|id| self.services.get(&id)).map(service_cells);
                table(SERVICE_COLUMNS.map(|(name, _)| name), rows)
            }
            Some(_) => {
                let ids = Listing::of_keys().rows(self, service).into_iter();
                let rows = ids.filter_map(|id| self.keys.get(&id)).map(|key| key_cells(self, key, now));
                table(KEY_COLUMNS.map(|(name, _)| name), rows)
            }
        }
    }
}
