//! What to do after each attempt of one request.

use std::time::Duration;

use crate::Verdict;

/// How long and how often a request is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptPolicy {
    /// How often it is sent at the most; as often as there are keys when absent.
    pub max_attempts: Option<u32>,
    /// How long it may take until the answer begins, waiting included.
    pub deadline: Duration,
    /// Whether a request that may have been processed is sent again although its method does not say that it may be.
    pub retries_after_send: bool,
}

/// How requests wait for a key when none can serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitPolicy {
    /// How many of a service's requests wait at the most.
    pub max_waiting: u32,
    /// How long one waits at the most.
    pub longest: Duration,
}

/// How one attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempted {
    /// With an answer that says this.
    Answered(Verdict),
    /// The connection was never made: nothing was sent.
    NotSent,
    /// The connection broke, or the time for the first byte passed, after something was sent.
    Lost,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Give this answer, or this failure, to the client.
    Finish,
    /// Try the next key, after a pause where the upstream is at fault.
    Again {
        /// How long to wait before.
        pause: Duration,
    },
}

/// One request's attempts so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Course {
    attempts: u32,
    faults: u32,
}

/// How many faults of the upstream one request meets before it gives up: another key does not mend an upstream.
const MOST_FAULTS: u32 = 3;
/// The pause after an upstream's first fault; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause, also where the upstream asks for more.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

// === impl Default ===

impl Default for AttemptPolicy {
    fn default() -> Self {
        Self { max_attempts: None, deadline: Duration::from_secs(300), retries_after_send: false }
    }
}

impl Default for WaitPolicy {
    fn default() -> Self {
        Self { max_waiting: 1000, longest: Duration::from_secs(10) }
    }
}

// === impl Course ===

impl Course {
    /// Counts an attempt and says what to do. `may_repeat` tells whether sending the request twice does no harm, and
    /// `is_replayable` whether its body can be sent again.
    pub fn after(
        &mut self,
        attempted: Attempted,
        policy: &AttemptPolicy,
        may_repeat: bool,
        is_replayable: bool,
    ) -> Step {
        self.attempts += 1;
        let (is_allowed, fault_wait) = match attempted {
            Attempted::Answered(verdict) if verdict.is_refusal() => (true, None),
            Attempted::Answered(Verdict::UpstreamFault { after }) => {
                (may_repeat || policy.retries_after_send, Some(after))
            }
            Attempted::Answered(_) => return Step::Finish,
            Attempted::NotSent => (true, Some(None)),
            Attempted::Lost => (may_repeat || policy.retries_after_send, Some(None)),
        };
        if !is_allowed || !is_replayable || policy.max_attempts.is_some_and(|most| self.attempts >= most) {
            return Step::Finish;
        }
        let Some(asked) = fault_wait else {
            return Step::Again { pause: Duration::ZERO };
        };
        self.faults += 1;
        if self.faults >= MOST_FAULTS {
            return Step::Finish;
        }
        let pause = asked.unwrap_or(FIRST_PAUSE * (1 << (self.faults - 1)));
        if pause > LONGEST_PAUSE { Step::Finish } else { Step::Again { pause } }
    }

    /// How often the request was sent.
    #[must_use]
    pub const fn attempts(&self) -> u32 {
        self.attempts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LimitScope;

    const LIMITED: Attempted = Attempted::Answered(Verdict::CoolDown { after: None, scope: LimitScope::Model });
    const FAULT: Attempted = Attempted::Answered(Verdict::UpstreamFault { after: None });

    fn again(millis: u64) -> Step {
        Step::Again { pause: Duration::from_millis(millis) }
    }

    #[test]
    fn refusals_walk_on_at_once_for_as_long_as_there_are_keys() {
        let mut course = Course::default();
        for attempted in [LIMITED, Attempted::Answered(Verdict::Dead), Attempted::Answered(Verdict::Forbidden)] {
            assert_eq!(course.after(attempted, &AttemptPolicy::default(), false, true), again(0));
        }
        assert_eq!(
            course.after(LIMITED, &AttemptPolicy::default(), false, false),
            Step::Finish,
            "cannot be sent again"
        );
        let once = AttemptPolicy { max_attempts: Some(5), ..AttemptPolicy::default() };
        assert_eq!(course.after(LIMITED, &once, false, true), Step::Finish);
        assert_eq!(course.attempts(), 5);
    }

    #[test]
    fn what_may_have_run_is_repeated_only_where_that_does_no_harm() {
        for attempted in [FAULT, Attempted::Lost] {
            let policy = AttemptPolicy::default();
            assert_eq!(Course::default().after(attempted, &policy, false, true), Step::Finish);
            assert_eq!(Course::default().after(attempted, &policy, true, true), again(100));
            let opted_in = AttemptPolicy { retries_after_send: true, ..policy };
            assert_eq!(Course::default().after(attempted, &opted_in, false, true), again(100));
        }
        assert_eq!(Course::default().after(Attempted::NotSent, &AttemptPolicy::default(), false, true), again(100));
    }

    #[test]
    fn an_upstream_at_fault_is_given_time_and_then_up() {
        let mut course = Course::default();
        let policy = AttemptPolicy::default();
        let steps: Vec<Step> = (0..3).map(|_| course.after(FAULT, &policy, true, true)).collect();
        assert_eq!(steps, [again(100), again(200), Step::Finish]);
        let asked = |seconds| Attempted::Answered(Verdict::UpstreamFault { after: Some(Duration::from_secs(seconds)) });
        assert_eq!(Course::default().after(asked(2), &policy, true, true), again(2000));
        assert_eq!(Course::default().after(asked(6), &policy, true, true), Step::Finish);
    }

    #[test]
    fn success_and_the_clients_own_mistakes_end_it() {
        for verdict in [Verdict::Healthy, Verdict::ClientFault] {
            let step = Course::default().after(Attempted::Answered(verdict), &AttemptPolicy::default(), true, true);
            assert_eq!(step, Step::Finish);
        }
    }
}
