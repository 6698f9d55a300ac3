//! The proxy's own answers when it cannot pass on the upstream's.

mod limited;

pub(crate) use limited::Limited;

use std::fmt;
use std::time::Duration;

use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use rotator_domain::{Format, MethodSet};
use rotator_format_converters::{ErrorReply, Invalid, wire_format};
use serde::Serialize;

use crate::body::ProxyBody;
use crate::catalog::ServiceEntry;
use crate::demand::Demand;

/// Why the proxy answers by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The path leads nowhere.
    NoRoute,
    /// No active service has this slug.
    NoService,
    /// The client showed no valid key.
    BadClientKey,
    /// The client key's time is over.
    ClientKeyExpired,
    /// The client key does not open the doors from there.
    SourceNotAllowed,
    /// The client key is not for this service.
    ServiceNotAllowed,
    /// The client key is not for this model, or the request does not say for which one it is.
    ModelNotAllowed(Option<String>),
    /// A limit of the client key is reached.
    Limited(Limited),
    /// What counts the limits of client keys does not answer.
    NoMeters,
    /// The service does not serve this method.
    Method(MethodSet),
    /// The path tries to leave the target's base path.
    PathClimbs,
    /// Path and query do not make a URL.
    BadPath,
    /// The request body is longer than allowed.
    BodyTooLong,
    /// The client's body could not be read to its end.
    BodyCutShort,
    /// The client paused for too long in the middle of its body.
    BodyStalled,
    /// The client's body is compressed in a way that is not known here, or not at all as it says.
    BodyEncoding,
    /// The request makes no sense in the client's format, or cannot be said in the upstream's.
    Invalid(Invalid),
    /// The service is strict, and this would be lost on the way to the upstream's format.
    Lost(Vec<String>),
    /// Only the client's format has the endpoint.
    OtherFormat {
        /// The method and the path.
        endpoint: String,
        /// What the client speaks.
        client: Format,
        /// What the upstream speaks.
        upstream: Format,
    },
    /// The upstream's format has no embeddings.
    NoEmbeddings {
        /// What the upstream speaks.
        upstream: Format,
    },
    /// The request goes on from an answer that nobody remembers.
    UnknownResponse(String),
    /// The request needs an upstream that keeps conversations.
    NoState {
        /// What asks for it.
        field: &'static str,
        /// What the upstream speaks.
        upstream: Format,
    },
    /// The memory of conversations does not answer.
    NoMemory,
    /// The upstream's answer makes no sense in its format.
    BadAnswer(String),
    /// The upstream's answer is longer than what is converted.
    AnswerTooLong,
    /// The upstream broke the connection in the middle of its answer.
    AnswerCutShort,
    /// The upstream's answer is compressed although it was asked not to, and cannot be read.
    BadEncoding,
    /// Every key is limited; one returns after this time.
    Cooling(Duration),
    /// No key can serve: none is active, or the upstream refused them all.
    NoUsableKey,
    /// The upstream cannot be reached.
    Unreachable,
    /// The upstream broke the connection.
    Broken,
    /// The upstream did not answer in time.
    Timeout,
    /// The upstream has failed again and again, and is left alone for this time.
    Resting(Duration),
    /// The rotation state does not answer.
    NoRotation,
}

/// A problem document (RFC 9457).
#[derive(Serialize)]
struct Problem<'a> {
    r#type: &'static str,
    title: &'a str,
    status: u16,
    detail: String,
    code: &'static str,
}

// === impl Refusal ===

impl Refusal {
    /// The status of the answer.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::NoRoute | Self::NoService | Self::NoEmbeddings { .. } => StatusCode::NOT_FOUND,
            Self::BadClientKey | Self::ClientKeyExpired => StatusCode::UNAUTHORIZED,
            Self::SourceNotAllowed | Self::ServiceNotAllowed | Self::ModelNotAllowed(_) => StatusCode::FORBIDDEN,
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::PathClimbs
            | Self::BadPath
            | Self::BodyCutShort
            | Self::Invalid(_)
            | Self::Lost(_)
            | Self::UnknownResponse(_)
            | Self::NoState { .. } => StatusCode::BAD_REQUEST,
            Self::BodyEncoding => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::BodyTooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyStalled => StatusCode::REQUEST_TIMEOUT,
            Self::OtherFormat { .. } => StatusCode::NOT_IMPLEMENTED,
            Self::Cooling(_) | Self::Limited(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::NoUsableKey | Self::NoRotation | Self::NoMeters | Self::NoMemory | Self::Resting(_) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Unreachable
            | Self::Broken
            | Self::BadAnswer(_)
            | Self::AnswerTooLong
            | Self::AnswerCutShort
            | Self::BadEncoding => StatusCode::BAD_GATEWAY,
            Self::Timeout => StatusCode::GATEWAY_TIMEOUT,
        }
    }

    /// Whether a fallback may serve the request in this service's place.
    pub(crate) fn lets_another_serve(&self, demand: &Demand, entry: &ServiceEntry) -> bool {
        match self {
            Self::Cooling(_) | Self::NoUsableKey | Self::Unreachable | Self::Resting(_) => true,
            // It may have run.
            Self::Broken | Self::Timeout => demand.may_repeat || entry.policy.attempts.retries_after_send,
            _ => false,
        }
    }

    /// A stable name for programs.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::NoRoute => "no_route",
            Self::NoService => "no_service",
            Self::BadClientKey => "invalid_client_key",
            Self::ClientKeyExpired => "client_key_expired",
            Self::SourceNotAllowed => "source_not_allowed",
            Self::ServiceNotAllowed => "service_not_allowed",
            Self::ModelNotAllowed(_) => "model_not_allowed",
            Self::Limited(limited) => limited.code(),
            Self::NoMeters => "limits_unavailable",
            Self::Method(_) => "method_not_allowed",
            Self::PathClimbs => "path_leaves_target",
            Self::BadPath => "bad_path",
            Self::BodyTooLong => "body_too_long",
            Self::BodyCutShort => "body_cut_short",
            Self::BodyStalled => "body_stalled",
            Self::BodyEncoding => "body_encoding",
            Self::Invalid(_) => "invalid_request",
            Self::Lost(_) => "strict",
            Self::OtherFormat { .. } => "other_format",
            Self::NoEmbeddings { .. } => "no_embeddings",
            Self::UnknownResponse(_) => "previous_response_not_found",
            Self::NoState { .. } => "no_state",
            Self::NoMemory => "memory_unavailable",
            Self::BadAnswer(_) => "upstream_answer_unreadable",
            Self::AnswerTooLong => "upstream_answer_too_long",
            Self::AnswerCutShort => "upstream_answer_cut_short",
            Self::BadEncoding => "upstream_answer_encoding",
            Self::Cooling(_) => "all_keys_limited",
            Self::NoUsableKey => "no_usable_key",
            Self::Unreachable => "upstream_unreachable",
            Self::Broken => "upstream_broke",
            Self::Timeout => "upstream_timeout",
            Self::Resting(_) => "upstream_resting",
            Self::NoRotation => "rotation_unavailable",
        }
    }

    /// The field that is to blame.
    fn param(&self) -> Option<&str> {
        match self {
            Self::Invalid(invalid) => Some(invalid.place.as_str()).filter(|place| !place.is_empty()),
            Self::UnknownResponse(_) => Some("previous_response_id"),
            Self::NoState { field, .. } => Some(field),
            Self::Lost(names) => names.first().map(String::as_str),
            Self::ModelNotAllowed(_) => Some("model"),
            _ => None,
        }
    }

    /// The answer in the client's own language: the format of an LLM client, a problem document for all others.
    pub(crate) fn respond(&self, format: Option<Format>) -> Response<ProxyBody> {
        let (status, content_type, body) = match format {
            Some(format) => {
                let message = self.to_string();
                let (status, code, param) = (self.status().as_u16(), Some(self.code()), self.param());
                let reply = ErrorReply { status, message: &message, code, param };
                let rendered = wire_format(format).error(&reply);
                let status = StatusCode::from_u16(rendered.status).unwrap_or_else(|_| self.status());
                (status, rendered.content_type, ProxyBody::own(rendered.body))
            }
            None => (self.status(), "application/problem+json", ProxyBody::own(self.problem())),
        };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        match self {
            Self::Cooling(after) | Self::Resting(after) | Self::Limited(Limited { after: Some(after), .. }) => {
                headers.insert(RETRY_AFTER, HeaderValue::from(retry_after_seconds(*after)));
            }
            Self::Method(methods) => {
                if let Ok(allow) = HeaderValue::from_str(&methods.to_string().replace(',', ", ")) {
                    headers.insert(ALLOW, allow);
                }
            }
            _ => {}
        }
        response
    }

    fn problem(&self) -> Vec<u8> {
        let status = self.status();
        let problem = Problem {
            r#type: "about:blank",
            title: status.canonical_reason().unwrap_or_default(),
            status: status.as_u16(),
            detail: self.to_string(),
            code: self.code(),
        };
        serde_json::to_vec(&problem).unwrap_or_default()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRoute => f.write_str("Use /proxy/{slug}/... or /llm/{slug}/..."),
            Self::NoService => f.write_str("No active service has this slug."),
            Self::BadClientKey => f.write_str("The client key is missing or not valid."),
            Self::ClientKeyExpired => f.write_str("The client key has expired."),
            Self::SourceNotAllowed => f.write_str("This client key may not be used from this address."),
            Self::ServiceNotAllowed => f.write_str("This client key may not use this service."),
            Self::ModelNotAllowed(Some(model)) => write!(f, "This client key may not use the model {model}."),
            Self::ModelNotAllowed(None) => {
                f.write_str("This client key may use some models only, and the request names none.")
            }
            Self::Limited(limited) => limited.fmt(f),
            Self::NoMeters => f.write_str("The limits of the client key cannot be asked now."),
            Self::Method(methods) => write!(f, "This service serves only {methods}."),
            Self::PathClimbs => f.write_str("The path tries to leave the service's base path."),
            Self::BadPath => f.write_str("The path and the query do not make a URL."),
            Self::BodyTooLong => f.write_str("The request body is longer than this server allows."),
            Self::BodyCutShort => f.write_str("The request body could not be read to its end."),
            Self::BodyStalled => f.write_str("The rest of the request body did not come in time."),
            Self::BodyEncoding => f.write_str("The request body's compression cannot be read here."),
            Self::Invalid(invalid) => invalid.fmt(f),
            Self::Lost(names) => {
                write!(f, "This service is strict, and its upstream's format cannot say: {}.", names.join(", "))
            }
            Self::OtherFormat { endpoint, client, upstream } => {
                write!(
                    f,
                    "{endpoint} of the format {client} has no counterpart in {upstream}, which the upstream speaks."
                )
            }
            Self::NoEmbeddings { upstream } => {
                write!(f, "The upstream speaks {upstream}, and that format has no embeddings.")
            }
            Self::UnknownResponse(id) => {
                write!(f, "previous_response_id: the response {id} was never kept here, or is no longer kept.")
            }
            Self::NoState { field, upstream } => {
                write!(f, "{field}: the upstream speaks {upstream}, and that format keeps no state.")
            }
            Self::NoMemory => f.write_str("The memory of conversations does not answer."),
            Self::BadAnswer(fault) => write!(f, "The upstream's answer makes no sense: {fault}"),
            Self::AnswerTooLong => f.write_str("The upstream's answer is longer than this server converts."),
            Self::AnswerCutShort => f.write_str("The upstream broke the connection in the middle of its answer."),
            Self::BadEncoding => f.write_str("The upstream's answer is compressed in a way that cannot be read here."),
            Self::Cooling(after) => {
                write!(f, "Every key is limited; the first returns in {} s.", retry_after_seconds(*after))
            }
            Self::NoUsableKey => f.write_str("No key of this service can serve the request."),
            Self::Unreachable => f.write_str("The upstream cannot be reached."),
            Self::Broken => f.write_str("The upstream broke the connection before it answered."),
            Self::Timeout => f.write_str("The upstream did not answer in time."),
            Self::Resting(after) => {
                let seconds = retry_after_seconds(*after);
                write!(f, "The upstream has failed again and again; it is tried again in {seconds} s.")
            }
            Self::NoRotation => f.write_str("The rotation state does not answer."),
        }
    }
}

/// Whole seconds, rounded up, at least one: a client that waits so long finds a key (RFC 9110, section 10.2.3).
fn retry_after_seconds(after: Duration) -> u64 {
    after.as_millis().div_ceil(1000).clamp(1, u128::from(u32::MAX)) as u64
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    async fn json(response: Response<ProxyBody>) -> serde_json::Value {
        serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes()).unwrap()
    }

    #[tokio::test]
    async fn without_a_format_the_answer_is_a_problem_document() {
        let response = Refusal::Method(MethodSet::parse("GET,POST").unwrap()).respond(None);
        assert_eq!(response.status(), 405);
        assert_eq!(response.headers()[ALLOW], "GET, POST");
        assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
        let body = json(response).await;
        assert_eq!(body["status"], 405);
        assert_eq!(body["title"], "Method Not Allowed");
        assert_eq!(body["detail"], "This service serves only GET,POST.");
    }

    #[tokio::test]
    async fn retry_after_is_rounded_up() {
        for (millis, seconds) in [(0, "1"), (1, "1"), (1000, "1"), (29_001, "30")] {
            let response = Refusal::Cooling(Duration::from_millis(millis)).respond(Some(Format::OpenAi));
            assert_eq!(response.status(), 429);
            assert_eq!(response.headers()[RETRY_AFTER], seconds);
        }
    }
}
