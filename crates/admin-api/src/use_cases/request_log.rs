//! Logged requests.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rotator_domain::{EndedRequest, LoggedBody};
use rotator_request_log::unpacked;
use rotator_storage_trait::{LogEntry, LogFilter, LogSlice, StoredBody};

use super::keys::subject_of_pool;
use super::{UseCaseError, UseCases};
use crate::time::rfc3339;
use crate::wire;

// === impl UseCases ===

impl UseCases<'_> {
    /// At most `limit` requests of a slice of the log.
    pub(crate) async fn logged_requests(
        &self,
        filter: &LogFilter,
        slice: LogSlice,
        limit: u64,
    ) -> Result<Vec<wire::RequestLogEntry>, UseCaseError> {
        let entries = self.context.storage.requests(filter, slice, limit).await.map_err(UseCaseError::Storage)?;
        Ok(entries.into_iter().map(wire::RequestLogEntry::from).collect())
    }

    /// One request. Whoever reads bodies is written down.
    pub(crate) async fn logged_request(&self, id: i64) -> Result<wire::LoggedRequest, UseCaseError> {
        let found = self.context.storage.request(id).await.map_err(UseCaseError::Storage)?;
        let (entry, bodies) = found.ok_or(UseCaseError::NotFound("the request"))?;
        if bodies.is_some() {
            self.audit("request.read", &format!("request:{id}"), subject_of_pool(entry.request.asked)).await?;
        }
        let [request_body, answer_body] = bodies.map_or([None, None], |bodies| bodies.map(Some));
        Ok(wire::LoggedRequest {
            entry: entry.into(),
            request_body: request_body.map(wire::LoggedBody::from),
            answer_body: answer_body.map(wire::LoggedBody::from),
        })
    }
}

impl From<LogEntry> for wire::RequestLogEntry {
    fn from(LogEntry { id, request, has_bodies }: LogEntry) -> Self {
        let EndedRequest { at, service, client, key, model, status, end, attempts, tokens, .. } = request.ended;
        let attempts = attempts.into_iter().map(|attempt| wire::LoggedAttempt {
            service: attempt.service.0,
            key: attempt.key.0,
            verdict: attempt.verdict.map(|verdict| verdict.name().to_owned()),
        });
        let tokens = tokens.map(|tokens| wire::LoggedTokens {
            input: tokens.input,
            cached: tokens.cached,
            cache_written: tokens.cache_written,
            output: tokens.output,
            reasoning: tokens.reasoning,
        });
        Self {
            id,
            at: rfc3339(at),
            service: request.asked.0,
            served_by: Some(service.0).filter(|_| service != request.asked),
            key: key.map(|key| key.0),
            client: client.map(|client| client.0),
            model,
            method: request.method,
            path: request.path,
            status,
            end: end.name().to_owned(),
            attempts: attempts.collect(),
            tokens,
            cost_nanodollars: request.ended.cost_nanodollars,
            bytes_in: request.ended.bytes_in,
            bytes_out: request.ended.bytes_out,
            first_byte_ms: millis(request.ended.first_byte),
            duration_ms: millis(request.ended.duration),
            trace_id: request.trace_id,
            request_id: request.request_id,
            address: request.address.map(|address| address.to_string()),
            headers: request.headers.into_iter().collect(),
            answer_type: request.answer_type,
            has_bodies,
        }
    }
}

impl From<StoredBody> for wire::LoggedBody {
    fn from(body: StoredBody) -> Self {
        let LoggedBody { content, is_cut } = unpacked(body);
        let (text, base64) = match text(content, is_cut) {
            Ok(text) => (Some(text), None),
            Err(bytes) => (None, Some(STANDARD.encode(bytes))),
        };
        Self { text, base64, is_cut }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The bytes as text, if they are one. A text that was cut may end in the middle of a character.
fn text(bytes: Vec<u8>, is_cut: bool) -> Result<String, Vec<u8>> {
    String::from_utf8(bytes).or_else(|error| {
        let utf8 = error.utf8_error();
        let is_half = is_cut && utf8.error_len().is_none();
        let mut bytes = error.into_bytes();
        if !is_half {
            return Err(bytes);
        }
        bytes.truncate(utf8.valid_up_to());
        String::from_utf8(bytes).map_err(std::string::FromUtf8Error::into_bytes)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_text_where_they_can_be() {
        let key = "🔑".as_bytes();
        assert_eq!(text(key.to_vec(), false), Ok("🔑".to_owned()));
        assert_eq!(text([key, &key[..3]].concat(), true), Ok("🔑".to_owned()));
        assert_eq!(text(key[..3].to_vec(), false), Err(key[..3].to_vec()));
        assert_eq!(text(vec![0xff, b'a'], true), Err(vec![0xff, b'a']));
        let body = wire::LoggedBody::from(StoredBody { content: vec![0xff, 0], is_packed: false, is_cut: true });
        assert_eq!(body, wire::LoggedBody { text: None, base64: Some("/wA=".to_owned()), is_cut: true });
    }
}
