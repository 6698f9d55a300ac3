//! What an upstream's answer says about the key that was used, and about its limits.

use std::time::Duration;

/// Everything that one answer of an upstream says about the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// What became of the request.
    pub verdict: Verdict,
    /// The limits that the answer tells, whatever became of the request.
    pub limits: Vec<LimitReading>,
    /// The names of headers whose values make no sense, and were passed over or bounded.
    pub odd_headers: Vec<&'static str>,
}

/// What one answer of an upstream says about the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The key served the request.
    Healthy,
    /// The key is limited for a while; it can be expected back.
    CoolDown {
        /// How long to leave it alone; `None` when the upstream did not say.
        after: Option<Duration>,
        /// Which of its requests are concerned.
        scope: LimitScope,
    },
    /// The quota of a day or the credit is used up.
    OutOfQuota {
        /// How long until there is quota again; `None` when only somebody's payment brings it back.
        after: Option<Duration>,
        /// Which of its requests are concerned.
        scope: LimitScope,
    },
    /// The key is unknown, revoked or barred, and does not work until somebody changes that.
    Dead,
    /// The request was refused with this key, for a reason that may be the request's (most 403).
    Forbidden,
    /// The upstream failed; nothing is known about the key (5xx).
    UpstreamFault {
        /// How long the upstream asked to wait, where it said so.
        after: Option<Duration>,
    },
    /// The client's own mistake; nothing is known about the key (other 4xx).
    ClientFault,
}

/// Which requests of a key, or of its quota group, a limit concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LimitScope {
    /// Those for the model of the limited request.
    Model,
    /// All.
    Key,
}

/// One limit as an answer tells it: a bucket, what is left in it and when it is full again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitReading {
    /// What is counted.
    pub resource: Resource,
    /// How much the bucket holds when it is full.
    pub limit: Option<u64>,
    /// How much is left.
    pub remaining: Option<u64>,
    /// After how long it is full again.
    pub resets_after: Option<Duration>,
}

/// What a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Resource {
    /// Requests.
    Requests,
    /// Tokens, both ways.
    Tokens,
    /// Tokens of prompts.
    InputTokens,
    /// Tokens of answers.
    OutputTokens,
}

// === impl Reading ===

impl Reading {
    /// A verdict without any limit.
    #[must_use]
    pub const fn plain(verdict: Verdict) -> Self {
        Self { verdict, limits: Vec::new(), odd_headers: Vec::new() }
    }

    /// Whether it may be told when the answer has come to its end, as most may: the next pick chooses no other key for it.
    /// What may not is that a key is to be left alone, and that nothing is left of a limit.
    #[must_use]
    pub fn can_wait(&self) -> bool {
        let is_of_request = matches!(
            self.verdict,
            Verdict::Healthy | Verdict::Forbidden | Verdict::UpstreamFault { .. } | Verdict::ClientFault
        );
        is_of_request && self.limits.iter().all(|limit| limit.remaining != Some(0))
    }
}

// === impl Verdict ===

impl Verdict {
    /// Whether the upstream refused the request before it processed it, so that another key may be tried safely.
    #[must_use]
    pub const fn is_refusal(self) -> bool {
        matches!(self, Self::CoolDown { .. } | Self::OutOfQuota { .. } | Self::Dead | Self::Forbidden)
    }

    /// The name for logs, metrics and the admin API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::CoolDown { .. } => "limited",
            Self::OutOfQuota { .. } => "out_of_quota",
            Self::Dead => "dead",
            Self::Forbidden => "forbidden",
            Self::UpstreamFault { .. } => "upstream_fault",
            Self::ClientFault => "client_fault",
        }
    }

    /// The verdict of this name, without what was told besides.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let (after, scope) = (None, LimitScope::Key);
        let all = [
            Self::Healthy,
            Self::CoolDown { after, scope },
            Self::OutOfQuota { after, scope },
            Self::Dead,
            Self::Forbidden,
            Self::UpstreamFault { after },
            Self::ClientFault,
        ];
        all.into_iter().find(|verdict| verdict.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_keeps_a_key_from_serving_cannot_wait() {
        let told = |verdict, remaining| {
            let limit = LimitReading { resource: Resource::Requests, limit: Some(9), remaining, resets_after: None };
            Reading { limits: vec![limit], ..Reading::plain(verdict) }.can_wait()
        };
        for verdict in
            [Verdict::Healthy, Verdict::Forbidden, Verdict::UpstreamFault { after: None }, Verdict::ClientFault]
        {
            assert!(Reading::plain(verdict).can_wait() && told(verdict, None) && told(verdict, Some(1)), "{verdict:?}");
            assert!(!told(verdict, Some(0)), "{verdict:?}");
        }
        let (after, scope) = (None, LimitScope::Key);
        for verdict in [Verdict::Dead, Verdict::CoolDown { after, scope }, Verdict::OutOfQuota { after, scope }] {
            assert!(!Reading::plain(verdict).can_wait(), "{verdict:?}");
        }
    }
}
