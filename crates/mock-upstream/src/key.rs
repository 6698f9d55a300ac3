//! How keys behave.

use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, Uri};
use tokio::time::Instant;

use crate::body::{MockBody, full};

/// What the upstream does with a request that carries a key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum KeyBehaviour {
    /// Serves it.
    #[default]
    Good,
    /// 401.
    Revoked,
    /// 429, with this `Retry-After`.
    Limited(Option<String>),
    /// This status.
    Failing(u16),
    /// 200 and a stream whose first event holds this error.
    StreamError(String),
    /// Serves so many requests at once, and answers 429 without a word to more.
    AtOnce(usize),
    /// Serves so many requests in any stretch of this length, and answers 429 without a word to more.
    Sliding {
        /// How many.
        limit: usize,
        /// How long the stretch is.
        length: Duration,
    },
    /// Serves so many requests in each window of this length, counted from the first one, and 429 to more. Whether it tells
    /// its limit in headers, as OpenAI does, is up to it.
    Window {
        /// How many.
        limit: u32,
        /// How long the window is.
        length: Duration,
        /// Whether it tells.
        tells: bool,
    },
}

/// One request with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// When it came.
    pub at: Instant,
    /// Whether it was answered with 429.
    pub is_refused: bool,
}

/// What is known of one key.
#[derive(Debug, Default)]
pub(crate) struct KeyRecord {
    pub(crate) behaviour: KeyBehaviour,
    /// All requests, in the order in which they came.
    pub(crate) asked: Vec<Asked>,
    in_flight: usize,
    window: Option<(Instant, u32)>,
}

/// What becomes of a request.
#[derive(Debug, Default)]
pub(crate) struct Treatment {
    /// The answer, where the key alone decides it.
    pub(crate) refusal: Option<Response<MockBody>>,
    /// Fields of the answer that tell the key's limit.
    pub(crate) told: Vec<(HeaderName, String)>,
}

// === impl KeyRecord ===

impl KeyRecord {
    /// A request with the key has come.
    pub(crate) fn arrive(&mut self, now: Instant) -> Treatment {
        self.in_flight += 1;
        let mut treatment = Treatment::default();
        let is_over = match self.behaviour {
            KeyBehaviour::AtOnce(most) => self.in_flight > most,
            KeyBehaviour::Sliding { limit, length } => {
                let lately = self.asked.iter().rev().take_while(|asked| now - asked.at < length);
                lately.filter(|asked| !asked.is_refused).count() >= limit
            }
            KeyBehaviour::Window { limit, length, tells } => {
                let (begun, used) = self.window.filter(|(begun, _)| now - *begun < length).unwrap_or((now, 0));
                let is_over = used >= limit;
                let used = used + u32::from(!is_over);
                self.window = Some((begun, used));
                if tells {
                    let resets = (begun + length).saturating_duration_since(now).as_millis();
                    treatment.told = vec![
                        (HeaderName::from_static("x-ratelimit-limit-requests"), limit.to_string()),
                        (HeaderName::from_static("x-ratelimit-remaining-requests"), (limit - used).to_string()),
                        (HeaderName::from_static("x-ratelimit-reset-requests"), format!("{resets}ms")),
                    ];
                }
                is_over
            }
            _ => false,
        };
        treatment.refusal = if is_over { Some(refusal(429, None)) } else { self.behaviour.refusal() };
        let status = treatment.refusal.as_ref().map(Response::status);
        self.asked.push(Asked { at: now, is_refused: status == Some(StatusCode::TOO_MANY_REQUESTS) });
        treatment
    }

    /// A request with the key has ended.
    pub(crate) fn leave(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }
}

// === impl KeyBehaviour ===

impl KeyBehaviour {
    /// The refusal, if it is one whatever else happens.
    fn refusal(&self) -> Option<Response<MockBody>> {
        match self {
            Self::Good | Self::AtOnce(_) | Self::Sliding { .. } | Self::Window { .. } => None,
            Self::Revoked => Some(refusal(401, None)),
            Self::Limited(retry_after) => Some(refusal(429, retry_after.as_deref())),
            Self::Failing(status) => Some(refusal(*status, None)),
            Self::StreamError(error) => {
                let mut response = Response::new(full(format!("data: {error}\n\n")));
                response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
                Some(response)
            }
        }
    }
}

fn refusal(status: u16, retry_after: Option<&str>) -> Response<MockBody> {
    let mut response = Response::new(full(format!("{{\"error\":{{\"message\":\"status {status}\"}}}}")));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Some(value) = retry_after.and_then(|text| HeaderValue::from_str(text).ok()) {
        response.headers_mut().insert(RETRY_AFTER, value);
    }
    response
}

/// The upstream key that a request carries, wherever it is; empty without one.
pub(crate) fn presented(headers: &HeaderMap, uri: &Uri) -> String {
    let header = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let authorization = header(AUTHORIZATION.as_str()).map(|value| value.strip_prefix("Bearer ").unwrap_or(value));
    let in_header = authorization.or_else(|| header("x-api-key")).or_else(|| header("x-goog-api-key"));
    let in_query = || {
        let pairs = uri.query()?.split('&').filter_map(|pair| pair.split_once('='));
        let mut keys = pairs.filter(|(name, _)| matches!(*name, "key" | "api_key"));
        keys.next().map(|(_, value)| percent_encoding::percent_decode_str(value).decode_utf8_lossy().into_owned())
    };
    in_header.map(str::to_owned).or_else(in_query).unwrap_or_default()
}
