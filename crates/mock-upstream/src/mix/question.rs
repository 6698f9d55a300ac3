//! The requests of a mix: what each asks for, and how it ends.

use http::{Method, StatusCode};

/// A model that has a price.
const MODEL: &str = "gpt-4o-mini";
/// How much is read of an answer before its client goes away.
const READ: u64 = 100;

/// One request.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) body: String,
    pub(super) ending: Ending,
    /// What its client is told.
    pub(super) status: StatusCode,
}

/// How a request ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// Its client reads all of the answer.
    Whole,
    /// The upstream breaks off after so many bytes.
    Broken(u64),
    /// Its client goes away once it has read so many bytes.
    LeftAfter(u64),
    /// Its client goes away as soon as the upstream was asked.
    LeftBefore,
    /// It is for a service that there is not, and belongs to nobody's figures.
    Uncounted,
}

// === impl Question ===

impl Question {
    /// The request of this number: the same every time.
    pub(super) fn of(number: u64) -> Self {
        let status = match number % 100 {
            78..=81 => 404,
            82..=84 => 422,
            85..=87 => 500,
            88..=89 => 429,
            99 => 404,
            // It is tried three times, with pauses.
            90 if number.is_multiple_of(8) => 502,
            _ => 200,
        };
        let ending = match number % 100 {
            95..=96 => Ending::LeftAfter(READ),
            97 => Ending::LeftBefore,
            98 => Ending::Broken(READ),
            99 => Ending::Uncounted,
            _ => Ending::Whole,
        };
        let (method, path, body) = match number % 100 {
            0..=39 => chat(false, false),
            40..=59 => chat(true, number.is_multiple_of(2)),
            60..=71 => (Method::POST, "/proxy/mix/echo".to_owned(), "x".repeat((number % 1009) as usize)),
            72..=77 => (Method::GET, format!("/proxy/mix/download?bytes={}", number % 5003), String::new()),
            78..=81 => (Method::GET, "/proxy/mix/status/404".to_owned(), String::new()),
            82..=84 => (Method::POST, "/proxy/mix/status/422".to_owned(), "{}".to_owned()),
            85..=87 => (Method::POST, "/proxy/mix/status/500".to_owned(), "{}".to_owned()),
            88..=89 => (Method::GET, "/proxy/mix-limited/echo".to_owned(), String::new()),
            90 if status == 502 => (Method::GET, "/proxy/mix/status/502".to_owned(), String::new()),
            90..=94 => (Method::GET, "/proxy/mix-uneven/echo".to_owned(), String::new()),
            95..=96 => (Method::GET, format!("/proxy/mix/stall?bytes={READ}"), String::new()),
            97 => (Method::GET, "/proxy/mix/hang".to_owned(), String::new()),
            98 => (Method::GET, format!("/proxy/mix/cut?bytes={READ}"), String::new()),
            _ => (Method::GET, "/proxy/mix-nowhere/echo".to_owned(), String::new()),
        };
        let status = StatusCode::from_u16(status).unwrap_or_default();
        Self { method, path, body, ending, status }
    }
}

fn chat(is_stream: bool, asks_for_usage: bool) -> (Method, String, String) {
    let options = if asks_for_usage { r#","stream_options":{"include_usage":true}"# } else { "" };
    let body = format!(
        r#"{{"model":"{MODEL}","stream":{is_stream}{options},"messages":[{{"role":"user","content":"Hello"}}]}}"#
    );
    (Method::POST, "/llm/mix-chat/chat/completions".to_owned(), body)
}
