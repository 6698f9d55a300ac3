//! Answers that go on: server-sent events (WHATWG HTML, section 9.2).
//!
//! What is told next is found out when the connection can take it, so nothing is kept for a client that is slow.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::HeaderName;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio::sync::watch;
use tokio::time::Instant;

use super::App;
use crate::use_cases::Actor;

/// How long between two looks.
const LOOKING: Duration = Duration::from_secs(1);
/// How long nothing is sent at the most.
const SILENCE: Duration = Duration::from_secs(15);
/// How long one answer goes on: the client then shows its token again.
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// What a client that comes back has seen last.
pub(super) const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Keeps nginx from holding events back.
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Where events come from.
pub(super) trait EventSource: Send + 'static {
    /// Whether whoever follows may go on.
    fn is_welcome(&self) -> impl Future<Output = bool> + Send;

    /// The events since the last look, as they are sent.
    fn look(&mut self) -> impl Future<Output = Events> + Send;

    /// How far everything has been told: what a client that comes back names.
    fn place(&self) -> String;
}

/// What a look has found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Events {
    /// Whole events; empty where there are none.
    pub(super) text: String,
    /// Whether there are more of them already.
    pub(super) has_more: bool,
}

/// Somebody who follows.
struct Follower<S> {
    source: S,
    is_ending: watch::Receiver<bool>,
    began: Instant,
    sent: Instant,
    is_greeted: bool,
    has_more: bool,
}

/// Whether somebody may still see what they saw. A database that does not answer says nothing of them.
pub(super) async fn is_still_there(app: &App, actor: &Actor) -> bool {
    !matches!(actor.is_still_there(app.context()).await, Ok(false))
}

/// An answer of what a source tells, until the server ends or the client's token is to be shown again.
pub(super) fn answer(source: impl EventSource, is_ending: watch::Receiver<bool>) -> Response {
    let now = Instant::now();
    // The first look is at once.
    let follower = Follower { source, is_ending, began: now, sent: now, is_greeted: false, has_more: true };
    let events = stream::unfold(follower, async |mut follower| {
        let events = follower.next().await?;
        Some((Ok::<_, Infallible>(events), follower))
    });
    ([(CONTENT_TYPE, "text/event-stream"), (BUFFERING, "no")], Body::from_stream(events)).into_response()
}

// === impl Follower ===

impl<S: EventSource> Follower<S> {
    /// What is sent next; `None` ends the answer.
    async fn next(&mut self) -> Option<Bytes> {
        if !self.is_greeted {
            self.is_greeted = true;
            return Some(Bytes::from(format!("retry: 1000\nid: {}\n\n", self.source.place())));
        }
        let mut is_ending = self.is_ending.clone();
        loop {
            if !std::mem::take(&mut self.has_more) {
                tokio::select! {
                    () = tokio::time::sleep(LOOKING) => {}
                    // Where nobody can say that the server ends, it does not.
                    Ok(_) = is_ending.wait_for(|is_ending| *is_ending) => return None,
                }
            }
            if self.began.elapsed() >= LONGEST || *is_ending.borrow() {
                return None;
            }
            if !self.source.is_welcome().await {
                return None;
            }
            let Events { text, has_more } = self.source.look().await;
            self.has_more = has_more;
            if !text.is_empty() {
                self.sent = Instant::now();
                return Some(text.into());
            }
            if self.sent.elapsed() >= SILENCE {
                self.sent = Instant::now();
                return Some(Bytes::from(format!(": still here\nid: {}\n\n", self.source.place())));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use futures_util::StreamExt;

    use super::*;

    /// Tells what it was given, look by look.
    struct Told(VecDeque<Events>, u32);

    impl EventSource for Told {
        async fn is_welcome(&self) -> bool {
            self.1 < 10_000
        }

        async fn look(&mut self) -> Events {
            self.1 += 1;
            self.0.pop_front().unwrap_or_default()
        }

        fn place(&self) -> String {
            self.1.to_string()
        }
    }

    fn events(text: &str, has_more: bool) -> Events {
        Events { text: text.to_owned(), has_more }
    }

    async fn next(stream: &mut axum::body::BodyDataStream) -> Option<String> {
        stream.next().await.map(|piece| String::from_utf8(piece.unwrap().to_vec()).unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn a_follower_is_greeted_and_told_once_a_second_or_at_once_where_there_is_more() {
        let (_ending, is_ending) = watch::channel(false);
        let looks = [events("a", true), events("b", false), events("c", false)];
        let mut stream = answer(Told(looks.into(), 0), is_ending).into_body().into_data_stream();
        let began = Instant::now();
        assert_eq!(next(&mut stream).await.as_deref(), Some("retry: 1000\nid: 0\n\n"));
        assert_eq!(next(&mut stream).await.as_deref(), Some("a"));
        assert_eq!(next(&mut stream).await.as_deref(), Some("b"));
        assert_eq!(began.elapsed(), Duration::ZERO);
        assert_eq!(next(&mut stream).await.as_deref(), Some("c"));
        assert_eq!(began.elapsed(), LOOKING);
        // A sign of life, when there has been nothing for a while.
        let sign = next(&mut stream).await.unwrap();
        assert_eq!((sign.as_str(), began.elapsed()), (": still here\nid: 18\n\n", LOOKING + SILENCE));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_ends_with_the_server_or_after_a_while() {
        let (ending, is_ending) = watch::channel(false);
        let mut stream = answer(Told(VecDeque::new(), 0), is_ending.clone()).into_body().into_data_stream();
        next(&mut stream).await.unwrap();
        let began = Instant::now();
        while next(&mut stream).await.is_some() {}
        assert_eq!(began.elapsed(), LONGEST);
        let mut stream = answer(Told(VecDeque::new(), 0), is_ending).into_body().into_data_stream();
        next(&mut stream).await.unwrap();
        ending.send_replace(true);
        assert_eq!(next(&mut stream).await, None);
        // Whoever may not look any more is told nothing more.
        let (_ending, is_ending) = watch::channel(false);
        let told = Told(VecDeque::from([events("a", true)]), 10_000);
        let mut stream = answer(told, is_ending).into_body().into_data_stream();
        next(&mut stream).await.unwrap();
        assert_eq!(next(&mut stream).await, None);
    }
}
