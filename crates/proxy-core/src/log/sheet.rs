//! What is written down of a request from the door on, where its service logs.

use std::sync::Arc;

use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use http::request::Parts;
use rotator_domain::{EndedRequest, KeyId, LogDetail, LoggedRequest, Secret};

use super::{Capture, FinishedRequest, RequestLogger, Taken};
use crate::catalog::ServiceEntry;
use crate::client_keys::ClientAddress;
use crate::encoding::Encoding;
use crate::request_id::RequestId;
use crate::route::Route;
use crate::{credentials, query};

/// The headers that are kept: no other may hold a secret of the client's.
const KEPT: [HeaderName; 3] = [CONTENT_TYPE, USER_AGENT, ACCEPT];
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// How the names of parameters end whose values are secrets, without regard to case and what stands between the words.
const SECRET_PARAMETERS: [&str; 8] =
    ["key", "token", "secret", "password", "signature", "sig", "credential", "authorization"];
/// The longest path with its query, in characters.
const LONGEST_PATH: usize = 4000;
/// The longest value of a header.
const LONGEST_VALUE: usize = 500;

/// One request of a service that logs, until it has ended.
pub(crate) struct Sheet {
    logger: Arc<dyn RequestLogger>,
    entry: Arc<ServiceEntry>,
    request: LoggedRequest,
    secrets: Vec<Secret>,
    bodies: Option<Bodies>,
}

struct Bodies {
    request: Capture,
    request_encoding: Option<Encoding>,
    answer: Capture,
    answer_encoding: Option<Encoding>,
}

// === impl Sheet ===

impl Sheet {
    /// Begins the sheet of a request, if the service wants one.
    pub(crate) fn begin(
        logger: &Arc<dyn RequestLogger>,
        entry: &Arc<ServiceEntry>,
        route: Route<'_>,
        query: Option<&str>,
        parts: &Parts,
        client_key: &[u8],
        ended: &EndedRequest,
    ) -> Option<Box<Self>> {
        let policy = &entry.policy.log;
        if policy.detail == LogDetail::Off {
            return None;
        }
        let query = query.map(|query| shown_query(&credentials::remove_from_query(route.door, query, client_key)));
        let mut path = format!("/{}/{}{}", route.door.name(), route.slug, route.rest);
        if let Some(query) = query.filter(|query| !query.is_empty()) {
            path = format!("{path}?{query}");
        }
        let text = |name: &HeaderName| parts.headers.get(name).map(|value| shown(value, LONGEST_VALUE));
        let request = LoggedRequest {
            asked: entry.id(),
            ended: ended.clone(),
            method: parts.method.to_string(),
            path: path.chars().take(LONGEST_PATH).collect(),
            headers: KEPT.iter().filter_map(|name| Some((name.to_string(), text(name)?))).collect(),
            answer_type: None,
            trace_id: parts.headers.get(TRACEPARENT).and_then(trace_id),
            request_id: parts.extensions.get().map(RequestId::to_string),
            address: parts.extensions.get::<ClientAddress>().map(|ClientAddress(address)| *address),
        };
        let limit = policy.body_limit as usize;
        let bodies = (policy.detail == LogDetail::Bodies).then(|| Bodies {
            request: Capture::new(limit),
            request_encoding: Encoding::of(&parts.headers),
            answer: Capture::new(limit),
            answer_encoding: Some(Encoding::Identity),
        });
        let (logger, entry) = (Arc::clone(logger), Arc::clone(entry));
        let secrets = vec![Secret::new(String::from_utf8_lossy(client_key))];
        Some(Box::new(Self { logger, entry, request, secrets, bodies }))
    }

    /// Where the beginning of the request's body goes, if it is kept.
    pub(crate) fn request_body(&self) -> Option<&Capture> {
        self.bodies.as_ref().map(|bodies| &bodies.request)
    }

    /// It was sent to an upstream with this key, whose value is not to be logged.
    pub(crate) fn attempted(&mut self, entry: &ServiceEntry, key: KeyId) {
        self.secrets.extend(entry.secret(key));
    }

    /// The client is told this.
    pub(crate) fn answered(&mut self, headers: &HeaderMap) {
        self.request.answer_type = headers.get(CONTENT_TYPE).map(|value| shown(value, LONGEST_VALUE));
        if let Some(bodies) = &mut self.bodies {
            bodies.answer_encoding = Encoding::of(headers);
        }
    }

    /// A piece of the answer's body goes to the client.
    pub(crate) fn passed(&self, data: &[u8]) {
        if let Some(bodies) = &self.bodies {
            bodies.answer.push(data);
        }
    }

    /// The request has ended.
    pub(crate) fn end(self: Box<Self>, ended: EndedRequest) {
        let Self { logger, entry, mut request, secrets, bodies } = *self;
        request.ended = ended;
        let bodies = bodies.map(|Bodies { request, request_encoding, answer, answer_encoding }| {
            [(request, request_encoding), (answer, answer_encoding)]
                .map(|(capture, encoding)| Taken { captured: capture.take(), encoding })
        });
        logger.log(FinishedRequest { request, entry, secrets, bodies });
    }
}

/// A query in which the values of secrets are hidden.
fn shown_query(query: &str) -> String {
    query::replaced(query, |name| {
        let letters: Vec<u8> =
            name.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase).collect();
        SECRET_PARAMETERS.iter().any(|ending| letters.ends_with(ending.as_bytes()))
    })
}

fn shown(value: &HeaderValue, longest: usize) -> String {
    String::from_utf8_lossy(value.as_bytes()).chars().filter(|c| !c.is_control()).take(longest).collect()
}

/// The trace's id (W3C Trace Context, section 3.2).
fn trace_id(value: &HeaderValue) -> Option<String> {
    let mut fields = value.to_str().ok()?.trim().split('-');
    let (version, id) = (fields.next()?, fields.next()?);
    let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'));
    let is_valid = version.len() == 2 && version != "ff" && id.len() == 32 && is_hex(version) && is_hex(id);
    (is_valid && id.bytes().any(|byte| byte != b'0')).then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_valid_trace_ids_are_taken() {
        let read = |text: &'static str| trace_id(&HeaderValue::from_static(text));
        let id = "4bf92f3577b34da6a3ce929d0e0e4736";
        assert_eq!(read("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").as_deref(), Some(id));
        assert_eq!(read("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more").as_deref(), Some(id));
        for bad in [
            "",
            "00",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6-00f067aa0ba902b7-01",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn secrets_in_a_query_are_hidden() {
        let query = "a=1&api_key=x&X-Amz-Signature=s&sig=y&access_token=z&monkey&page%54oken=t&token=&b=key";
        let shown = "a=1&api_key=*****&X-Amz-Signature=*****&sig=*****&access_token=*****&monkey&page%54oken=*****&token=*****&b=key";
        assert_eq!(shown_query(query), shown);
    }
}
