//! What can become of requests and attempts, as labels.

use rotator_domain::{EndedRequest, Figure, Verdict};

use crate::upstream::SendError;

/// What became of a request to an upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum AttemptOutcome {
    Healthy,
    Limited,
    OutOfQuota,
    Dead,
    Forbidden,
    UpstreamFault,
    ClientFault,
    NotSent,
    Broken,
    Timeout,
    ClientBody,
    Barred,
    Aborted,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum RequestOutcome {
    Ok,
    Client,
    Limited,
    Unavailable,
    Upstream,
    Timeout,
    Aborted,
}

/// The classes of statuses, by their first digit.
pub(super) const STATUS_CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// The place of a status in [`STATUS_CLASSES`].
pub(super) const fn status_class(status: u16) -> usize {
    match status {
        0..200 => 0,
        200..300 => 1,
        300..400 => 2,
        400..500 => 3,
        500.. => 4,
    }
}

// === impl AttemptOutcome ===

impl AttemptOutcome {
    /// All of them with their labels, in their order.
    pub(super) const ALL: [(Self, &str); 13] = [
        (Self::Healthy, "healthy"),
        (Self::Limited, "limited"),
        (Self::OutOfQuota, "out_of_quota"),
        (Self::Dead, "dead"),
        (Self::Forbidden, "forbidden"),
        (Self::UpstreamFault, "upstream_fault"),
        (Self::ClientFault, "client_fault"),
        (Self::NotSent, "not_sent"),
        (Self::Broken, "broken"),
        (Self::Timeout, "timeout"),
        (Self::ClientBody, "client_body"),
        (Self::Barred, "barred"),
        (Self::Aborted, "aborted"),
    ];
}

impl From<Verdict> for AttemptOutcome {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Healthy => Self::Healthy,
            Verdict::CoolDown { .. } => Self::Limited,
            Verdict::OutOfQuota { .. } => Self::OutOfQuota,
            Verdict::Dead => Self::Dead,
            Verdict::Forbidden => Self::Forbidden,
            Verdict::UpstreamFault { .. } => Self::UpstreamFault,
            Verdict::ClientFault => Self::ClientFault,
        }
    }
}

impl From<&SendError> for AttemptOutcome {
    fn from(error: &SendError) -> Self {
        match error {
            SendError::NotSent(_) => Self::NotSent,
            SendError::Broken(_) => Self::Broken,
            SendError::Timeout(_) => Self::Timeout,
            SendError::ClientStalled(_) | SendError::ClientBody(_) => Self::ClientBody,
        }
    }
}

// === impl RequestOutcome ===

impl RequestOutcome {
    /// All of them with their labels, in their order.
    pub(super) const ALL: [(Self, &str); 7] = [
        (Self::Ok, "ok"),
        (Self::Client, "client"),
        (Self::Limited, "limited"),
        (Self::Unavailable, "unavailable"),
        (Self::Upstream, "upstream"),
        (Self::Timeout, "timeout"),
        (Self::Aborted, "aborted"),
    ];

    pub(super) const fn of(request: &EndedRequest) -> Self {
        match request.error() {
            None => Self::Ok,
            Some(Figure::ErrorsClient) => Self::Client,
            Some(Figure::ErrorsLimited) => Self::Limited,
            Some(Figure::ErrorsUnavailable) => Self::Unavailable,
            Some(Figure::ErrorsTimeout) => Self::Timeout,
            Some(Figure::ErrorsAborted) => Self::Aborted,
            // The only other figure of errors.
            Some(_) => Self::Upstream,
        }
    }
}

#[cfg(test)]
mod tests {
    use rotator_domain::LimitScope;

    use super::*;

    #[test]
    fn labels_are_the_names_that_logs_and_usage_have() {
        let (after, scope) = (None, LimitScope::Key);
        for verdict in [
            Verdict::Healthy,
            Verdict::CoolDown { after, scope },
            Verdict::OutOfQuota { after, scope },
            Verdict::Dead,
            Verdict::Forbidden,
            Verdict::UpstreamFault { after },
            Verdict::ClientFault,
        ] {
            assert_eq!(AttemptOutcome::ALL[AttemptOutcome::from(verdict) as usize].1, verdict.name());
        }
        let errors = Figure::ERRORS.map(|figure| figure.name().trim_start_matches("errors_"));
        assert_eq!(RequestOutcome::ALL[1..].iter().map(|(_, name)| *name).collect::<Vec<_>>(), errors);
    }

    #[test]
    fn each_has_its_place() {
        assert!(AttemptOutcome::ALL.iter().enumerate().all(|(place, (outcome, _))| *outcome as usize == place));
        assert!(RequestOutcome::ALL.iter().enumerate().all(|(place, (outcome, _))| *outcome as usize == place));
        assert_eq!([99, 101, 200, 304, 499, 503, 999].map(status_class), [0, 0, 1, 2, 3, 4, 4]);
    }
}
