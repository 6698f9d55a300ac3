//! The terminal: raw and with a screen of its own until dropped, and what is typed there.

use std::io::{Stdout, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::event::{self, Event};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use tokio::sync::mpsc;

use crate::error::CliError;

/// How long the reader waits until it looks whether it is to end.
const WAIT: Duration = Duration::from_millis(100);
/// How many events may wait.
const WAITING: usize = 64;

/// A screen of its own.
pub(crate) struct Screen {
    pub(crate) terminal: Terminal<CrosstermBackend<Stdout>>,
}

/// What is typed, read by a thread until dropped.
pub(crate) struct Input {
    events: mpsc::Receiver<Event>,
    is_over: Arc<AtomicBool>,
    reader: Option<JoinHandle<()>>,
}

// === impl Screen ===

impl Screen {
    pub(crate) fn open() -> Result<Self, CliError> {
        let opened = enable_raw_mode()
            .and_then(|()| execute!(std::io::stdout(), EnterAlternateScreen))
            .and_then(|()| Terminal::new(CrosstermBackend::new(std::io::stdout())));
        opened.map(|terminal| Self { terminal }).map_err(|error| {
            close();
            failed(&error)
        })
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        close();
    }
}

/// Gives the terminal back. Where that fails there is nobody left to tell.
fn close() {
    let mut out = std::io::stdout();
    let _ = execute!(out, LeaveAlternateScreen, Show);
    let _ = out.flush();
    let _ = disable_raw_mode();
}

pub(crate) fn failed(error: &std::io::Error) -> CliError {
    CliError::Usage(format!("the terminal cannot be used: {error}; --once prints what there is"))
}

// === impl Input ===

impl Input {
    pub(crate) fn new() -> Self {
        let (sender, events) = mpsc::channel(WAITING);
        let is_over = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&is_over);
        let reader = std::thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                let event = match event::poll(WAIT) {
                    Ok(false) => continue,
                    Ok(true) => event::read(),
                    Err(error) => Err(error),
                };
                // What cannot be read any more is a terminal that is gone.
                let Ok(event) = event else { return };
                if sender.blocking_send(event).is_err() {
                    return;
                }
            }
        });
        Self { events, is_over, reader: Some(reader) }
    }

    /// The next event; `None` where the terminal is gone.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        self.events.recv().await
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        self.events.close();
        if let Some(reader) = self.reader.take() {
            // It ends by itself in a moment; a panic in it has been told.
            let _ = reader.join();
        }
    }
}
