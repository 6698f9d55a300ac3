//! One request as it is told once it has ended, and the figures that it makes.

use std::time::Duration;

use super::{Figure, TokenUsage, UsageFigures, UsageSubject};
use crate::{ClientKeyId, KeyId, ServiceId, Timestamp, Verdict};

/// The most tokens that one request is believed to have used: what an upstream says must not fill the figures up.
pub const MOST_TOKENS: u64 = 1_000_000_000;
/// The most that one request is believed to have cost: a thousand US dollars.
pub const MOST_NANODOLLARS: u64 = 1_000_000_000_000;

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedRequest {
    /// When it came in.
    pub at: Timestamp,
    /// The service that was asked; where another one served, that one.
    pub service: ServiceId,
    /// The client key that let it in; `None` for one that is in the settings and not in the storage.
    pub client: Option<ClientKeyId>,
    /// The upstream key whose answer the client got, if one did.
    pub key: Option<KeyId>,
    /// The model, as the upstream calls it.
    pub model: Option<String>,
    /// Whether a language model was asked, so that tokens are to be expected.
    pub is_llm: bool,
    /// The status that the client was told.
    pub status: u16,
    /// How its answer ended.
    pub end: End,
    /// What was sent to upstreams for it, in order.
    pub attempts: Vec<EndedAttempt>,
    /// The tokens that the answer told.
    pub tokens: Option<TokenUsage>,
    /// What they cost, in thousand-millionths of a US dollar, where that is known.
    pub cost_nanodollars: Option<u64>,
    /// Bytes of the request's body.
    pub bytes_in: u64,
    /// Bytes of the answer's body.
    pub bytes_out: u64,
    /// How long it took to the first byte of the answer's body.
    pub first_byte: Duration,
    /// How long it took to the last one.
    pub duration: Duration,
}

/// How an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// The client got all of it.
    Whole,
    /// It broke off on the upstream's side.
    Broken,
    /// The client went away.
    Aborted,
}

/// One request to an upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndedAttempt {
    /// The service whose upstream it was.
    pub service: ServiceId,
    /// With which key.
    pub key: KeyId,
    /// What the answer said; `None` where there was none: the attempt failed, or it is the last one of a request whose client
    /// went away before it was answered.
    pub verdict: Option<Verdict>,
}

// === impl End ===

impl End {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Whole, Self::Broken, Self::Aborted];

    /// Its name in the log of requests.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Broken => "broken",
            Self::Aborted => "aborted",
        }
    }

    /// The end of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|end| end.name() == name)
    }
}

// === impl EndedRequest ===

impl EndedRequest {
    /// The figure of errors that it belongs to, if it was one.
    #[must_use]
    pub const fn error(&self) -> Option<Figure> {
        match (self.end, self.status) {
            (End::Aborted, _) => Some(Figure::ErrorsAborted),
            (_, 429) => Some(Figure::ErrorsLimited),
            (_, 503) => Some(Figure::ErrorsUnavailable),
            (_, 504) => Some(Figure::ErrorsTimeout),
            (_, 400..500) => Some(Figure::ErrorsClient),
            (_, 500..) | (End::Broken, _) => Some(Figure::ErrorsUpstream),
            _ => None,
        }
    }

    /// The tokens that the answer told, as far as they are believed.
    #[must_use]
    pub fn believable_tokens(&self) -> Option<TokenUsage> {
        self.tokens.map(|tokens| tokens.at_most(MOST_TOKENS))
    }

    /// What they cost, as far as it is believed.
    #[must_use]
    pub fn believable_cost(&self) -> Option<u64> {
        self.tokens?;
        self.cost_nanodollars.map(|cost| cost.min(MOST_NANODOLLARS))
    }

    /// Its figures: those of the request, under the key that served, and those of each attempt, under its own key.
    pub fn figures(&self) -> impl Iterator<Item = (UsageSubject, UsageFigures)> {
        let served = (self.service, self.key);
        let mut own = self.own_figures();
        let mut others: Vec<((ServiceId, Option<KeyId>), UsageFigures)> = Vec::new();
        for (place, attempt) in self.attempts.iter().enumerate() {
            let asked = (attempt.service, Some(attempt.key));
            let is_last = place + 1 == self.attempts.len();
            let figures = attempt.figures(is_last && self.end == End::Aborted);
            match others.iter_mut().find(|(known, _)| *known == asked) {
                _ if asked == served => own.add_all(&figures),
                Some((_, known)) => known.add_all(&figures),
                None => others.push((asked, figures)),
            }
        }
        let all = std::iter::once((served, own)).chain(others);
        all.map(|((service, key), figures)| {
            (UsageSubject { service, key, client: self.client, model: self.model.clone() }, figures)
        })
    }

    fn own_figures(&self) -> UsageFigures {
        let mut figures = UsageFigures::default();
        figures.add(Figure::Requests, 1);
        if let Some(error) = self.error() {
            figures.add(error, 1);
        }
        match self.believable_tokens() {
            Some(tokens) => {
                figures.add_tokens(&tokens);
                match self.believable_cost() {
                    Some(cost) => figures.add(Figure::CostNanodollars, cost),
                    None => figures.add(Figure::Unpriced, 1),
                }
            }
            None if self.is_llm && self.status < 400 => figures.add(Figure::Uncounted, 1),
            None => {}
        }
        figures.add(Figure::BytesIn, self.bytes_in);
        figures.add(Figure::BytesOut, self.bytes_out);
        figures.add(Figure::FirstByteMillis, millis(self.first_byte));
        figures.add(Figure::DurationMillis, millis(self.duration));
        figures
    }
}

// === impl EndedAttempt ===

impl EndedAttempt {
    /// Its figures; `is_left` where nobody waited for it to end.
    fn figures(&self, is_left: bool) -> UsageFigures {
        let mut figures = UsageFigures::default();
        figures.add(Figure::Attempts, 1);
        let fault = match self.verdict {
            Some(Verdict::Healthy | Verdict::ClientFault) => None,
            None if is_left => None,
            Some(Verdict::CoolDown { .. }) => Some(Figure::AttemptsLimited),
            Some(Verdict::OutOfQuota { .. } | Verdict::Dead | Verdict::Forbidden) => Some(Figure::AttemptsRefused),
            Some(Verdict::UpstreamFault { .. }) | None => Some(Figure::AttemptsFailed),
        };
        if let Some(fault) = fault {
            figures.add(fault, 1);
        }
        figures
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended() -> EndedRequest {
        EndedRequest {
            at: Timestamp::EPOCH,
            service: ServiceId(1),
            client: Some(ClientKeyId(9)),
            key: Some(KeyId(3)),
            model: Some("m".to_owned()),
            is_llm: true,
            status: 200,
            end: End::Whole,
            attempts: Vec::new(),
            tokens: None,
            cost_nanodollars: None,
            bytes_in: 10,
            bytes_out: 20,
            first_byte: Duration::from_millis(30),
            duration: Duration::from_millis(40),
        }
    }

    fn attempt(key: i64, verdict: Option<Verdict>) -> EndedAttempt {
        EndedAttempt { service: ServiceId(1), key: KeyId(key), verdict }
    }

    #[test]
    fn a_request_counts_once_and_each_attempt_with_its_key() {
        let limited = Verdict::CoolDown { after: None, scope: crate::LimitScope::Key };
        let attempts =
            [attempt(2, Some(limited)), attempt(4, None), attempt(2, None), attempt(3, Some(Verdict::Healthy))];
        let tokens = TokenUsage { input: 5, output: u64::MAX, ..TokenUsage::default() };
        let request = EndedRequest { attempts: attempts.to_vec(), tokens: Some(tokens), ..ended() };
        let figures: Vec<_> = request
            .figures()
            .map(|(subject, figures)| (subject.key.unwrap().0, figures.iter().collect::<Vec<_>>()))
            .collect();
        let served = vec![
            (Figure::Requests, 1),
            (Figure::Attempts, 1),
            (Figure::InputTokens, 5),
            (Figure::OutputTokens, MOST_TOKENS),
            (Figure::Unpriced, 1),
            (Figure::BytesIn, 10),
            (Figure::BytesOut, 20),
            (Figure::FirstByteMillis, 30),
            (Figure::DurationMillis, 40),
        ];
        let twice = vec![(Figure::Attempts, 2), (Figure::AttemptsLimited, 1), (Figure::AttemptsFailed, 1)];
        let once = vec![(Figure::Attempts, 1), (Figure::AttemptsFailed, 1)];
        assert_eq!(figures, [(3, served), (2, twice), (4, once)]);
    }

    #[test]
    fn an_attempt_that_its_client_did_not_wait_for_has_not_failed() {
        let request = EndedRequest { end: End::Aborted, key: None, attempts: vec![attempt(2, None); 2], ..ended() };
        let figures = request.figures().last().unwrap().1;
        assert_eq!((figures.get(Figure::Attempts), figures.get(Figure::AttemptsFailed)), (2, 1));
    }

    #[test]
    fn every_end_has_its_figure() {
        let error = |end, status| EndedRequest { end, status, ..ended() }.error();
        for (end, status, expected) in [
            (End::Whole, 200, None),
            (End::Whole, 302, None),
            (End::Whole, 101, None),
            (End::Broken, 200, Some(Figure::ErrorsUpstream)),
            (End::Aborted, 200, Some(Figure::ErrorsAborted)),
            (End::Whole, 404, Some(Figure::ErrorsClient)),
            (End::Whole, 429, Some(Figure::ErrorsLimited)),
            (End::Broken, 429, Some(Figure::ErrorsLimited)),
            (End::Whole, 500, Some(Figure::ErrorsUpstream)),
            (End::Whole, 503, Some(Figure::ErrorsUnavailable)),
            (End::Whole, 504, Some(Figure::ErrorsTimeout)),
            (End::Whole, 599, Some(Figure::ErrorsUpstream)),
        ] {
            assert_eq!(error(end, status), expected, "{end:?} {status}");
        }
    }

    #[test]
    fn an_unknown_cost_is_not_taken_for_none() {
        let tokens = Some(TokenUsage { input: 1, ..TokenUsage::default() });
        let money = |cost_nanodollars| {
            let figures = EndedRequest { tokens, cost_nanodollars, ..ended() }.figures().next().unwrap().1;
            (figures.get(Figure::CostNanodollars), figures.get(Figure::Unpriced))
        };
        assert_eq!(money(None), (0, 1));
        assert_eq!(money(Some(0)), (0, 0));
        assert_eq!(money(Some(7)), (7, 0));
        assert_eq!(money(Some(u64::MAX)), (MOST_NANODOLLARS, 0));
    }

    #[test]
    fn tokens_that_were_not_told_are_not_taken_for_none() {
        let uncounted = |request: EndedRequest| request.figures().next().unwrap().1.get(Figure::Uncounted);
        assert_eq!(uncounted(ended()), 1);
        assert_eq!(uncounted(EndedRequest { tokens: Some(TokenUsage::default()), ..ended() }), 0);
        assert_eq!(uncounted(EndedRequest { is_llm: false, ..ended() }), 0);
        assert_eq!(uncounted(EndedRequest { status: 429, ..ended() }), 0);
    }
}
