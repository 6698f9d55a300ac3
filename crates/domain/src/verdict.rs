//! What an upstream's answer says about the key that was used.

use std::time::Duration;

/// What one answer of an upstream says about the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The key served the request.
    Healthy,
    /// The key is limited. `after` is how long the upstream asked to wait, where it said so.
    CoolDown {
        /// How long to leave the key alone; `None` when the upstream did not say.
        after: Option<Duration>,
    },
    /// The key was refused: unknown, revoked or unpaid (401, 402).
    Refused,
    /// The request was refused with this key, for a reason that may be the request's (403).
    Forbidden,
    /// The upstream failed; nothing is known about the key (5xx).
    UpstreamFault,
    /// The client's own mistake; nothing is known about the key (other 4xx).
    ClientFault,
}

/// Why a key is left alone for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CooldownReason {
    /// The upstream limits the key; it can be expected back.
    Limited,
    /// The upstream refused the key; nobody knows whether it comes back.
    Refused,
}

// === impl Verdict ===

impl Verdict {
    /// Whether the upstream refused the request before it processed it, so that another key may be tried safely.
    #[must_use]
    pub const fn is_refusal(self) -> bool {
        matches!(self, Self::CoolDown { .. } | Self::Refused | Self::Forbidden)
    }
}
