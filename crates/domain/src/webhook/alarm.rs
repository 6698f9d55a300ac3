//! When something that holds on is told: once, when it begins.
//!
//! What is watched is bad, good, or between the two, where everything stays as it is. After an alarm has been raised it is not
//! raised again for a while, so that something that flaps is told seldom; what is bad at the end of that time is told then.

use std::time::Duration;

use crate::Timestamp;

/// How long an alarm that was raised is not raised again.
pub const ALARM_COOL_OFF: Duration = Duration::from_secs(15 * 60);

/// How something that is watched is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It is to be told.
    Bad,
    /// Not bad enough to be told, and not good enough to end what was told.
    Between,
    /// All is well.
    Good,
}

/// What is known of an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlarmState {
    /// When it was last raised.
    pub raised_at: Timestamp,
    /// Whether it has been bad since.
    pub is_raised: bool,
}

// === impl Condition ===

impl Condition {
    /// Bad from one border on, good from the other.
    #[must_use]
    pub const fn of(is_bad: bool, is_good: bool) -> Self {
        match (is_bad, is_good) {
            (true, _) => Self::Bad,
            (false, true) => Self::Good,
            (false, false) => Self::Between,
        }
    }
}

// === impl AlarmState ===

impl AlarmState {
    /// What becomes of an alarm, if anything does. One that was raised before `since` concerns another stretch of time, and
    /// counts for nothing.
    #[must_use]
    pub fn after(before: Option<Self>, condition: Condition, since: Timestamp, now: Timestamp) -> Option<Self> {
        let known = before.filter(|state| state.raised_at >= since);
        let is_raised = known.is_some_and(|state| state.is_raised);
        let rests = known.is_some_and(|state| now < state.raised_at.saturating_add(ALARM_COOL_OFF));
        match condition {
            Condition::Bad if !is_raised && !rests => Some(Self { raised_at: now, is_raised: true }),
            Condition::Good => before.filter(|state| state.is_raised).map(|state| Self { is_raised: false, ..state }),
            Condition::Bad | Condition::Between => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    /// Looks at a condition every minute and says in which of them it is told.
    fn told(conditions: &[Condition]) -> Vec<usize> {
        let mut state = None;
        let mut told = Vec::new();
        for (minute, condition) in conditions.iter().enumerate() {
            let now = Timestamp::from_millis(MINUTE * (minute as i64 + 1));
            if let Some(next) = AlarmState::after(state, *condition, Timestamp::EPOCH, now) {
                if next.is_raised {
                    told.push(minute);
                }
                state = Some(next);
            }
        }
        told
    }

    #[test]
    fn what_holds_on_is_told_once() {
        use Condition::{Bad, Between, Good};
        assert_eq!(told(&[Good, Bad, Bad, Bad]), [1]);
        assert_eq!(told(&[Bad; 100]), [0]);
        assert_eq!(told(&[Between, Good, Between]), [0_usize; 0]);
        let mut dip = [Between; 40];
        (dip[0], dip[20], dip[39]) = (Bad, Bad, Bad);
        assert_eq!(told(&dip), [0], "it was never good in between");
    }

    #[test]
    fn what_flaps_is_told_every_quarter_of_an_hour_at_most() {
        use Condition::{Bad, Good};
        let flapping: Vec<Condition> = (0..60).map(|minute| if minute % 2 == 0 { Bad } else { Good }).collect();
        assert_eq!(told(&flapping), [0, 16, 32, 48]);
        // What is bad when the time is over is told then, however long ago it began.
        let mut again = vec![Bad, Good];
        again.extend([Bad; 30]);
        assert_eq!(told(&again), [0, 15]);
    }

    #[test]
    fn a_new_stretch_of_time_begins_anew() {
        let at = |minute: i64| Timestamp::from_millis(MINUTE * minute);
        let before = Some(AlarmState { raised_at: at(5), is_raised: true });
        assert_eq!(AlarmState::after(before, Condition::Bad, at(5), at(6)), None);
        let raised = Some(AlarmState { raised_at: at(6), is_raised: true });
        assert_eq!(AlarmState::after(before, Condition::Bad, at(6), at(6)), raised);
    }

    #[test]
    fn a_condition_follows_its_borders() {
        let of = [Condition::of(true, false), Condition::of(false, false), Condition::of(false, true)];
        assert_eq!(of, [Condition::Bad, Condition::Between, Condition::Good]);
    }
}
