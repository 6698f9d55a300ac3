//! Cells of the screen after recorded events, and keys.

use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use rotator_admin_api::wire::LiveUpdate;

use super::*;
use crate::top::Wish;

/// What a server has told, as it was sent.
const RECORDED: [&str; 3] = [
    r#"{"at":"2026-01-01T12:00:00.000Z","is_snapshot":true,"is_whole":false,"services":[
        {"id":1,"slug":"openai","is_active":true,"rate":12.5,"error_share":0.04,"in_flight":3,
         "keys":{"active":2,"cooling":1,"exhausted":0,"dead":1}},
        {"id":2,"slug":"anthropic","is_active":true,"rate":0.0,"error_share":0.0,"in_flight":0,
         "keys":{"active":0,"cooling":0,"exhausted":0,"dead":0}},
        {"id":3,"slug":"gemini","is_active":false,"rate":99.0,"error_share":0.0,"in_flight":null,
         "keys":{"active":5,"cooling":0,"exhausted":2,"dead":0}}]}"#,
    r#"{"at":"2026-01-01T12:00:00.100Z","is_snapshot":false,"is_whole":true,"keys":[
        {"id":11,"service":1,"name":"main","state":"active","reason":null,"model":null,"until":null,"in_flight":3,
         "rate":10.5,"errors":0,"last_used":"2026-01-01T11:59:59.100Z"},
        {"id":12,"service":1,"name":"sk-abc...wxyz","state":"cooling","reason":"limited","model":"gpt-4o",
         "until":"2026-01-01T12:01:30.100Z","in_flight":0,"rate":2.0,"errors":4,"last_used":null},
        {"id":13,"service":1,"name":"old","state":"dead","reason":"refused","model":null,
         "until":"2026-01-01T14:00:00.100Z","in_flight":0,"rate":0.0,"errors":1,"last_used":null}]}"#,
    r#"{"at":"2026-01-01T12:00:01.100Z","is_snapshot":false,"is_whole":true,"gone_services":[3],"services":[
        {"id":2,"slug":"anthropic","is_active":true,"rate":40.0,"error_share":1.0,"in_flight":8,
         "keys":{"active":1,"cooling":0,"exhausted":0,"dead":0}}]}"#,
];

struct View {
    top: Top,
    began: Instant,
    terminal: Terminal<TestBackend>,
}

impl View {
    /// A view that was told the first so many updates.
    fn told(updates: usize, open: Option<i64>) -> Self {
        let (mut top, began) = (Top::new("http://127.0.0.1:8000", open), Instant::now());
        for recorded in &RECORDED[..updates] {
            top.take_up(serde_json::from_str(recorded).unwrap(), began);
        }
        Self { top, began, terminal: Terminal::new(TestBackend::new(80, 24)).unwrap() }
    }

    fn press(&mut self, codes: &[KeyCode]) -> Wish {
        let press = |code| self.top.on_key(KeyEvent::new(code, KeyModifiers::NONE));
        codes.iter().copied().map(press).last().unwrap()
    }

    fn type_text(&mut self, text: &str) {
        text.chars().for_each(|char| {
            self.press(&[KeyCode::Char(char)]);
        });
    }

    /// The screen so many seconds after what was told last.
    fn drawn(&mut self, seconds: u64, has_colours: bool) -> &Buffer {
        let now = self.began + Duration::from_secs(seconds);
        self.terminal.draw(|frame| self.top.draw(frame, Theme { has_colours }, now)).unwrap();
        self.terminal.backend().buffer()
    }

    /// Its lines.
    fn lines(&mut self, seconds: u64) -> Vec<String> {
        lines(self.drawn(seconds, true))
    }

    /// The first words of the rows of the list.
    fn names(&mut self) -> Vec<String> {
        let words = |line: &String| line.split_whitespace().next().map(str::to_owned);
        self.lines(0)[3..23].iter().filter_map(words).collect()
    }
}

fn lines(buffer: &Buffer) -> Vec<String> {
    let width = usize::from(buffer.area.width);
    let line = |cells: &[ratatui::buffer::Cell]| cells.iter().map(|cell| cell.symbol()).collect::<String>();
    buffer.content.chunks(width).map(|cells| line(cells).trim_end().to_owned()).collect()
}

#[test]
fn services_stand_in_columns_on_a_screen_of_eighty_by_twenty_four() {
    let mut view = View::told(2, None);
    let lines = view.lines(0);
    assert_eq!(lines.len(), 24);
    assert_eq!(lines[0], "top  connected                                             http://127.0.0.1:8000");
    assert_eq!(lines[1], "3 of 3 services, 111.5 requests/s, 3 in flight");
    assert_eq!(lines[2], "SERVICE↑                    REQ/S  ERRORS  FLIGHT  ACTIVE  COOLING  SPENT   DEAD");
    assert_eq!(lines[3], "anthropic                     0.0               0       0        0      0      0");
    assert_eq!(lines[4], "gemini (inactive)            99.0    0.0%               5        0      2      0");
    assert_eq!(lines[5], "openai                       12.5    4.0%       3       2        1      0      1");
    assert_eq!(lines[6], "");
    assert_eq!(lines[23], HELP);
}

#[test]
fn an_update_changes_what_it_names_and_takes_away_what_is_gone() {
    let mut view = View::told(3, None);
    let lines = view.lines(0);
    assert_eq!(lines[1], "2 of 2 services, 52.5 requests/s, 11 in flight");
    assert_eq!(lines[3], "anthropic                    40.0  100.0%       8       1        0      0      0");
    assert!(lines[4].starts_with("openai "), "{lines:?}");
}

#[test]
fn keys_show_why_they_rest_and_count_down() {
    let mut view = View::told(2, Some(1));
    let lines = view.lines(0);
    assert_eq!(lines[1], "openai: 3 of 3 keys, 12.5 requests/s, 4.0% errors");
    assert!(lines[2].starts_with("KEY↑ "), "{lines:?}");
    assert_eq!(lines[3], "main          active                                     3   10.5       0     1s");
    assert_eq!(lines[4], "old           dead      refused    2h00m                 0    0.0       1");
    assert_eq!(lines[5], "sk-abc...wxyz cooling   limited    1m30s gpt-4o          0    2.0       4");
    for (seconds, left) in [(1, "1m29s"), (31, "59s"), (89, "1s")] {
        let line = &view.lines(seconds)[5];
        assert!(line.contains(&format!(" {left} ")), "{line}");
    }
    // It may be used again, and the server will tell so.
    let over = &view.lines(90)[5];
    assert!(over.contains("limited") && !over.contains("0s"), "{over}");
}

#[test]
fn states_have_colours_unless_nobody_wants_them() {
    let mut view = View::told(2, Some(1));
    let buffer = view.drawn(0, true);
    let colours = [3, 4, 5].map(|y| buffer[(0, y)].fg);
    assert_eq!(colours, [Color::Green, Color::Red, Color::Yellow]);
    view.press(&[KeyCode::Down]);
    let buffer = view.drawn(0, false);
    assert!(buffer.content.iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
    // What is selected is seen all the same.
    assert!(buffer[(0, 3)].modifier.contains(Modifier::REVERSED));
    assert!(!buffer[(0, 4)].modifier.contains(Modifier::REVERSED));
}

#[test]
fn a_column_orders_the_rows_and_can_be_turned_round() {
    let mut view = View::told(2, None);
    view.press(&[KeyCode::Right]);
    assert_eq!(view.names(), ["gemini", "openai", "anthropic"]);
    assert!(view.lines(0)[2].contains("REQ/S↓"));
    view.press(&[KeyCode::Char('r')]);
    assert_eq!(view.names(), ["anthropic", "openai", "gemini"]);
    view.press(&[KeyCode::Left, KeyCode::Left]);
    assert!(view.lines(0)[2].contains("DEAD↓"));
    assert_eq!(view.names()[0], "openai");
    let mut keys = View::told(2, Some(1));
    keys.press(&[KeyCode::Right, KeyCode::Right, KeyCode::Right]);
    assert_eq!(keys.names(), ["old", "sk-abc...wxyz", "main"]);
}

#[test]
fn typing_filters_and_letters_do_nothing_else_meanwhile() {
    let mut view = View::told(2, None);
    view.press(&[KeyCode::Char('/')]);
    view.type_text("OPEq");
    assert_eq!(view.names(), [""; 0]);
    assert_eq!(view.lines(0)[23], "filter: OPEq_  (enter keeps it, esc takes it away)");
    view.press(&[KeyCode::Backspace, KeyCode::Enter]);
    assert_eq!(view.names(), ["openai"]);
    assert_eq!(view.lines(0)[1], "1 of 3 services, 111.5 requests/s, 3 in flight");
    assert_eq!(view.press(&[KeyCode::Char('q')]), Wish::Quit);
    view.press(&[KeyCode::Esc]);
    assert_eq!(view.names().len(), 3);
    // Keys are found by their state as well.
    let mut keys = View::told(2, Some(1));
    keys.press(&[KeyCode::Char('/')]);
    keys.type_text("dead");
    assert_eq!(keys.names(), ["old"]);
}

#[test]
fn a_service_is_entered_and_left() {
    let mut view = View::told(2, None);
    assert_eq!(view.press(&[KeyCode::Down, KeyCode::Down, KeyCode::Down, KeyCode::Enter]), Wish::Watch);
    assert_eq!(view.top.open(), Some(1));
    assert!(view.lines(0)[1].starts_with("openai: 3 of 3 keys"));
    assert_eq!(view.press(&[KeyCode::Enter]), Wish::Nothing);
    assert_eq!(view.press(&[KeyCode::Esc]), Wish::Watch);
    assert_eq!(view.top.open(), None);
    assert_eq!(view.press(&[KeyCode::Backspace]), Wish::Nothing);
    // It is still selected.
    let buffer = view.drawn(0, true);
    assert!(buffer[(0, 5)].modifier.contains(Modifier::REVERSED));
    view.press(&[KeyCode::Enter]);
    view.top.leave("no such service".to_owned());
    assert_eq!(view.lines(0)[23], "no such service");
}

#[test]
fn the_selection_stays_with_its_row_and_within_the_list() {
    let mut view = View::told(2, None);
    view.press(&[KeyCode::End]);
    assert_eq!(view.top.services.selected, Some(1));
    view.press(&[KeyCode::Down, KeyCode::PageDown]);
    assert_eq!(view.top.services.selected, Some(1));
    view.press(&[KeyCode::Right]);
    assert!(view.drawn(0, true)[(0, 4)].modifier.contains(Modifier::REVERSED));
    view.press(&[KeyCode::Home, KeyCode::Up]);
    assert_eq!(view.top.services.selected, Some(3));
}

#[test]
fn a_paused_view_stays_as_it_is_and_goes_on_with_what_came_meanwhile() {
    let mut view = View::told(2, None);
    view.press(&[KeyCode::Char('p')]);
    let update: LiveUpdate = serde_json::from_str(RECORDED[2]).unwrap();
    view.top.take_up(update, view.began);
    let lines = view.lines(0);
    assert!(lines[0].starts_with("top  PAUSED") && lines[1].starts_with("3 of 3"), "{lines:?}");
    view.press(&[KeyCode::Char('p')]);
    assert!(view.lines(0)[1].starts_with("2 of 2"));
}

#[test]
fn a_lost_connection_is_told_and_heals() {
    let mut view = View::told(2, None);
    view.top.lost("http://127.0.0.1:8000 does not answer: connection refused".to_owned());
    let line = &view.lines(0)[0];
    assert!(line.starts_with("top  CONNECTION LOST, trying again: http://127.0.0.1:8000 does not"), "{line}");
    assert_eq!(view.names().len(), 3);
    view.top.connected();
    assert!(view.lines(0)[0].starts_with("top  connected"));
}

#[test]
fn many_rows_are_scrolled_and_every_size_is_drawn() {
    let mut view = View::told(0, None);
    let service = |id| {
        format!(
            r#"{{"id":{id},"slug":"s{id:04}","is_active":true,"rate":0,"error_share":0,"in_flight":0,
        "keys":{{"active":1,"cooling":0,"exhausted":0,"dead":0}}}}"#
        )
    };
    let services = (1..=1000).map(service).collect::<Vec<_>>().join(",");
    let update = format!(r#"{{"at":"","is_snapshot":true,"is_whole":true,"services":[{services}]}}"#);
    view.top.take_up(serde_json::from_str(&update).unwrap(), view.began);
    assert_eq!((view.names()[0].as_str(), view.names().len()), ("s0001", 20));
    view.press(&[KeyCode::End]);
    assert_eq!((view.names()[0].as_str(), view.names()[19].as_str()), ("s0981", "s1000"));
    for (width, height) in [(200, 60), (30, 8), (5, 2), (1, 1), (80, 24)] {
        view.terminal.backend_mut().resize(width, height);
        view.drawn(0, true);
    }
    assert_eq!(view.names()[19], "s1000");
}

#[test]
fn control_keys_other_than_the_end_do_nothing() {
    let mut view = View::told(2, None);
    let control = |char| KeyEvent::new(KeyCode::Char(char), KeyModifiers::CONTROL);
    assert_eq!(view.top.on_key(control('p')), Wish::Nothing);
    assert!(view.lines(0)[0].starts_with("top  connected"));
    assert_eq!(view.top.on_key(control('c')), Wish::Quit);
}
