//! What HTTP itself says about a key.

use http::StatusCode;
use rotator_domain::Verdict;

use crate::{Answer, retry_after};

/// The verdict by status and `Retry-After` alone (RFC 9110, section 15, and RFC 6585 for 429).
#[must_use]
pub fn plain_verdict(answer: &Answer<'_>) -> Verdict {
    match answer.status {
        StatusCode::TOO_MANY_REQUESTS => Verdict::CoolDown { after: retry_after::read(answer.headers, answer.now) },
        StatusCode::UNAUTHORIZED | StatusCode::PAYMENT_REQUIRED => Verdict::Refused,
        StatusCode::FORBIDDEN => Verdict::Forbidden,
        status if status.is_client_error() => Verdict::ClientFault,
        status if status.as_u16() >= 500 => Verdict::UpstreamFault,
        _ => Verdict::Healthy,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use rotator_domain::Timestamp;

    use super::*;

    #[test]
    fn every_status_has_a_verdict() {
        let cases = [
            (101, Verdict::Healthy),
            (200, Verdict::Healthy),
            (304, Verdict::Healthy),
            (400, Verdict::ClientFault),
            (401, Verdict::Refused),
            (402, Verdict::Refused),
            (403, Verdict::Forbidden),
            (404, Verdict::ClientFault),
            (422, Verdict::ClientFault),
            (429, Verdict::CoolDown { after: None }),
            (500, Verdict::UpstreamFault),
            (529, Verdict::UpstreamFault),
            (999, Verdict::UpstreamFault),
        ];
        let headers = HeaderMap::new();
        for (status, expected) in cases {
            let status = StatusCode::from_u16(status).unwrap();
            let answer = Answer { status, headers: &headers, now: Timestamp::EPOCH };
            assert_eq!(plain_verdict(&answer), expected, "{status}");
        }
    }
}
