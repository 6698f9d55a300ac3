//! Streams of events that go on whatever becomes of connections.

use std::time::Duration;

use crate::api::Api;
use crate::error::CliError;
use crate::events::Events;

/// How long until it is tried again, the first time and at the most.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// The server gives a sign of life four times in this time.
const SILENCE: Duration = Duration::from_secs(60);

/// Somebody who follows a stream, from the last event on that was seen.
pub(crate) struct Follower<'a> {
    api: &'a Api,
    path: &'static str,
    query: Vec<(&'static str, String)>,
    events: Option<Events>,
    last: Option<String>,
    pause: Duration,
    is_connected: bool,
    is_again: bool,
}

/// What becomes of a stream.
#[derive(Debug)]
pub(crate) enum Followed {
    /// The server answers.
    Connected,
    /// The data of an event.
    Data(String),
    /// The server does not answer any more, for this reason; it is tried again.
    Lost(CliError),
}

// === impl Follower ===

impl<'a> Follower<'a> {
    pub(crate) fn new(api: &'a Api, path: &'static str, query: Vec<(&'static str, String)>) -> Self {
        Self { api, path, query, events: None, last: None, pause: FIRST_PAUSE, is_connected: false, is_again: false }
    }

    /// What comes next. Whoever followed once goes on; what is wrong from the beginning is an error, and so is what waiting
    /// does not mend.
    pub(crate) async fn next(&mut self) -> Result<Followed, CliError> {
        loop {
            // The server ends an answer after a while, and a connection may break: it goes on after the last event.
            match &mut self.events {
                Some(events) => match tokio::time::timeout(SILENCE, events.next()).await {
                    Ok(Ok(Some(event))) => {
                        if event.id.is_some() {
                            self.last = event.id;
                        }
                        if let Some(data) = event.data {
                            return Ok(Followed::Data(data));
                        }
                    }
                    _ => (self.events, self.is_again) = (None, true),
                },
                None => {
                    if self.is_again {
                        tokio::time::sleep(self.pause).await;
                    }
                    self.is_again = true;
                    match self.api.events(self.path, &self.query, self.last.as_deref()).await {
                        Ok(events) => {
                            (self.events, self.is_connected, self.pause) = (Some(events), true, FIRST_PAUSE);
                            return Ok(Followed::Connected);
                        }
                        Err(error @ CliError::Server(_)) if self.is_connected => {
                            let is_first = self.pause == FIRST_PAUSE;
                            self.pause = (self.pause * 2).min(LONGEST_PAUSE);
                            if is_first {
                                return Ok(Followed::Lost(error));
                            }
                        }
                        Err(error) => return Err(error),
                    }
                }
            }
        }
    }
}
