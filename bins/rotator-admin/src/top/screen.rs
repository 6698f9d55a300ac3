//! What the view looks like.

use std::time::Instant;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Cell, Paragraph, Row, Table};

use super::table::{key_cells, rate, service_cells};
use super::{Link, Top};

/// Whether there are colours.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Theme {
    pub(crate) has_colours: bool,
}

const HELP: &str = "q quit  / filter  <> sort  r reverse  p pause  enter keys  esc back";

// === impl Theme ===

impl Theme {
    fn colour(self, colour: Color) -> Style {
        if self.has_colours { Style::new().fg(colour) } else { Style::new() }
    }

    fn state(self, state: &str) -> Style {
        match state {
            "active" => self.colour(Color::Green),
            "cooling" => self.colour(Color::Yellow),
            "exhausted" => self.colour(Color::Magenta),
            "dead" => self.colour(Color::Red),
            _ => self.colour(Color::DarkGray),
        }
    }
}

// === impl Top ===

impl Top {
    /// Draws everything as it is at this moment.
    pub(crate) fn draw(&self, frame: &mut Frame<'_>, theme: Theme, now: Instant) {
        let parts = [Constraint::Length(1), Constraint::Length(1), Constraint::Fill(1), Constraint::Length(1)];
        let [head, sums, table, foot] = Layout::vertical(parts).areas(frame.area());
        let rows = self.rows();
        self.draw_head(frame, head, theme);
        self.draw_sums(frame, sums, rows.len());
        self.draw_table(frame, table, theme, now, &rows);
        self.draw_foot(frame, foot, theme);
    }

    fn draw_head(&self, frame: &mut Frame<'_>, area: Rect, theme: Theme) {
        let bold = Style::new().add_modifier(Modifier::BOLD);
        let (link, style) = match &self.link {
            Link::Connecting => ("connecting".to_owned(), Style::new()),
            Link::Connected if self.frozen.is_some() => ("PAUSED".to_owned(), bold.patch(theme.colour(Color::Yellow))),
            Link::Connected => ("connected".to_owned(), theme.colour(Color::Green)),
            Link::Lost(why) => (format!("CONNECTION LOST, trying again: {why}"), bold.patch(theme.colour(Color::Red))),
        };
        // The link first: it must be seen on a narrow screen.
        let line = Line::from(vec![Span::styled("top", bold), Span::raw("  "), Span::styled(link, style)]);
        frame.render_widget(Paragraph::new(line), area);
        let width = u16::try_from(self.server.chars().count()).unwrap_or(u16::MAX);
        if matches!(self.link, Link::Connected) && width + 20 < area.width {
            let area = Rect { x: area.right() - width, width, ..area };
            frame.render_widget(Paragraph::new(self.server.as_str()), area);
        }
    }

    fn draw_sums(&self, frame: &mut Frame<'_>, area: Rect, rows: usize) {
        let known = self.shown();
        let text = match self.open {
            None => {
                let all = known.services.values();
                let sum: f64 = all.clone().map(|service| service.rate).sum();
                let in_flight: u64 = all.filter_map(|service| service.in_flight).sum();
                let of = known.services.len();
                format!("{rows} of {of} services, {} requests/s, {in_flight} in flight", rate(sum))
            }
            Some(id) => {
                let of = known.keys.values().filter(|key| key.service == id).count();
                match known.services.get(&id) {
                    None => format!("{rows} of {of} keys"),
                    Some(service) => {
                        let (slug, share) = (&service.slug, service.error_share * 100.0);
                        let rate = rate(service.rate);
                        format!("{slug}: {rows} of {of} keys, {rate} requests/s, {share:.1}% errors")
                    }
                }
            }
        };
        frame.render_widget(Paragraph::new(text), area);
    }

    fn draw_table(&self, frame: &mut Frame<'_>, area: Rect, theme: Theme, now: Instant, rows: &[i64]) {
        let listing = self.listing();
        let height = usize::from(area.height.saturating_sub(1));
        let at = listing.selected.and_then(|id| rows.iter().position(|row| *row == id));
        // The selected row is seen, and as much before it as there is room for.
        let first = at.map_or(0, |at| (at + 1).saturating_sub(height));
        let visible = rows.iter().skip(first).take(height);
        let known = self.shown();
        let lines = visible.filter_map(|id| {
            let (cells, style) = match self.open {
                None => {
                    let service = known.services.get(id)?;
                    let is_well = service.keys.active > 0 && service.error_share < 0.5;
                    (service_cells(service).to_vec(), if is_well { Style::new() } else { theme.colour(Color::Red) })
                }
                Some(_) => {
                    let key = known.keys.get(id)?;
                    (key_cells(known, key, now).to_vec(), theme.state(&key.state))
                }
            };
            let style = if listing.selected == Some(*id) { style.add_modifier(Modifier::REVERSED) } else { style };
            let cells = cells.into_iter().enumerate().map(|(column, text)| self.cell(column, text));
            Some(Row::new(cells).style(style))
        });
        let heads = listing.columns.iter().enumerate().map(|(column, (name, _))| {
            let arrow = if listing.is_falling { '↓' } else { '↑' };
            let name = if column == listing.column { format!("{name}{arrow}") } else { (*name).to_owned() };
            self.cell(column, name)
        });
        let head = Row::new(heads).style(Style::new().add_modifier(Modifier::BOLD));
        let widths = listing.columns.iter().map(|(_, width)| *width);
        frame.render_widget(Table::new(lines.collect::<Vec<_>>(), widths).header(head), area);
    }

    /// Words begin at the left of a column, and numbers end at its right.
    fn cell(&self, column: usize, text: String) -> Cell<'static> {
        let name = self.listing().columns.get(column).map_or("", |(name, _)| *name);
        let is_text = matches!(name, "SERVICE" | "KEY" | "STATE" | "REASON" | "MODEL");
        Cell::new(if is_text { Line::from(text) } else { Line::from(text).right_aligned() })
    }

    fn draw_foot(&self, frame: &mut Frame<'_>, area: Rect, theme: Theme) {
        let filter = &self.listing().filter;
        let line = match &self.note {
            Some(note) => Line::styled(note.as_str(), theme.colour(Color::Red)),
            None if self.is_typing => Line::from(format!("filter: {filter}_  (enter keeps it, esc takes it away)")),
            None if !filter.is_empty() => Line::from(format!("filter: {filter}  (esc takes it away)")),
            None => Line::from(HELP),
        };
        frame.render_widget(Paragraph::new(line), area);
    }
}

#[cfg(test)]
mod tests;
