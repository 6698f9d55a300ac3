//! How an answer is read: tables of limit headers and of error words, on top of what HTTP itself says.

use http::StatusCode;
use rotator_domain::{LimitScope, Reading, Verdict};

use crate::error_body::ErrorBody;
use crate::limits::{self, Bucket, COMMON, Told};
use crate::{Answer, reset, retry_after};

pub(crate) const DEAD: Verdict = Verdict::Dead;
pub(crate) const FORBIDDEN: Verdict = Verdict::Forbidden;
/// The credit is used up; only somebody's payment, or a higher limit, brings it back.
pub(crate) const OUT_OF_CREDIT: Verdict = Verdict::OutOfQuota { after: None, scope: LimitScope::Key };
/// Too much for now. The headers say how long.
pub(crate) const LIMITED: Verdict = Verdict::CoolDown { after: None, scope: LimitScope::Model };
/// Whoever asked, it would have failed. The headers say how long.
pub(crate) const UPSTREAM_FAULT: Verdict = Verdict::UpstreamFault { after: None };

/// How the answers of one provider are read.
#[derive(Debug)]
pub(crate) struct Dialect {
    /// Its limit headers.
    pub(crate) buckets: &'static [&'static [Bucket]],
    /// Its errors; the first rule that fits decides.
    pub(crate) rules: &'static [&'static [Rule]],
    /// What no table can say, asked before the rules.
    pub(crate) own: fn(&Answer<'_>, &ErrorBody, &mut Told) -> Option<Verdict>,
    /// What a limit concerns when nothing else is known.
    pub(crate) scope: LimitScope,
}

/// One row of a table of errors.
#[derive(Debug)]
pub(crate) struct Rule {
    statuses: &'static [u16],
    sign: Sign,
    verdict: Verdict,
}

/// By what an error is known.
#[derive(Debug)]
pub(crate) enum Sign {
    /// A machine's word, whole.
    Word(&'static str),
    /// The beginning of the message. What follows it may repeat the request, and is no sign.
    Begins(&'static str),
    /// A part of the message, for statuses whose messages repeat nothing of the request.
    Holds(&'static str),
}

/// An error with one of these statuses (any, when there are none) and this sign.
pub(crate) const fn on(statuses: &'static [u16], sign: Sign, verdict: Verdict) -> Rule {
    Rule { statuses, sign, verdict }
}

/// The answer of a server of which nothing is known, by its status, `Retry-After` and the common headers (RFC 9110,
/// section 15; RFC 6585 for 429; the IETF's drafts for `RateLimit`). The body is not looked at; the limits concern all
/// requests of the key.
#[must_use]
pub fn plain_reading(answer: &Answer<'_>) -> Reading {
    let generic = Dialect { scope: LimitScope::Key, ..Dialect::PLAIN };
    generic.read(&Answer { body: &[], ..*answer })
}

// === impl Dialect ===

impl Dialect {
    /// What HTTP and the common headers say, for one model.
    pub(crate) const PLAIN: Self =
        Self { buckets: &[&COMMON], rules: &[], own: |_, _, _| None, scope: LimitScope::Model };

    pub(crate) fn read(&self, answer: &Answer<'_>) -> Reading {
        let mut told = limits::read(self.buckets, answer.headers, answer.now);
        if answer.status.as_u16() < 400 {
            return Reading { verdict: Verdict::Healthy, limits: told.readings, odd_headers: told.odd_headers };
        }
        let error = ErrorBody::of_answer(answer.body);
        let by_rule = || {
            let rules = self.rules.iter().copied().flatten();
            Some(rules.into_iter().find(|rule| rule.fits(answer.status, &error))?.verdict)
        };
        let verdict = (self.own)(answer, &error, &mut told).or_else(by_rule).unwrap_or(self.by_status(answer.status));
        let verdict = match verdict {
            Verdict::CoolDown { after: None, scope } => cool_down(answer, &told, &error, scope),
            Verdict::UpstreamFault { after: None } => {
                Verdict::UpstreamFault { after: retry_after::read(answer.headers, answer.now) }
            }
            other => other,
        };
        told.odd_headers.extend(retry_after::odd(answer.headers, answer.now));
        Reading { verdict, limits: told.readings, odd_headers: told.odd_headers }
    }

    /// 408 says that the client was too slow to send, which another key does not mend (RFC 9110, section 15.5.9).
    fn by_status(&self, status: StatusCode) -> Verdict {
        match status {
            StatusCode::TOO_MANY_REQUESTS => Verdict::CoolDown { after: None, scope: self.scope },
            StatusCode::UNAUTHORIZED => DEAD,
            StatusCode::PAYMENT_REQUIRED => OUT_OF_CREDIT,
            StatusCode::FORBIDDEN => FORBIDDEN,
            status if status.is_client_error() => Verdict::ClientFault,
            _ => UPSTREAM_FAULT,
        }
    }
}

/// How long a limited key is left alone: what `Retry-After` says, else until the last empty bucket is full again, else
/// what the message says. A bucket that is not empty says nothing.
///
/// `Retry-After` goes before the resets because it is the vendor's word for this very request (before it, retries fail:
/// <https://docs.anthropic.com/en/api/rate-limits>; the IETF's draft lets it win too), whereas a reset tells when the
/// bucket is full, long after there is room for one request where buckets fill gradually
/// (<https://platform.openai.com/docs/guides/rate-limits>). A wait of nothing, after a refusal, says nothing.
fn cool_down(answer: &Answer<'_>, told: &Told, error: &ErrorBody, scope: LimitScope) -> Verdict {
    let after = retry_after::read(answer.headers, answer.now)
        .filter(|wait| !wait.is_zero())
        .or(told.empty_until)
        .or_else(|| reset::told(&error.message).filter(|wait| !wait.is_zero()));
    match after {
        Some(_) if told.is_quota_empty => Verdict::OutOfQuota { after, scope },
        _ => Verdict::CoolDown { after, scope },
    }
}

// === impl Rule ===

impl Rule {
    fn fits(&self, status: StatusCode, error: &ErrorBody) -> bool {
        let is_status = self.statuses.is_empty() || self.statuses.contains(&status.as_u16());
        is_status
            && match self.sign {
                Sign::Word(word) => error.has_word(word),
                Sign::Begins(text) => error.begins(text),
                Sign::Holds(text) => error.message.contains(text),
            }
    }
}
