//! When a message that was not taken is sent again.

use std::time::Duration;

/// How long a message is sent again and again.
pub const DELIVERY_GIVE_UP: Duration = Duration::from_secs(24 * 60 * 60);
/// How long after the first attempt the second one comes; each further time is twice as long.
const FIRST: Duration = Duration::from_secs(5);
/// The longest time between two attempts, before chance adds to it.
const LONGEST: Duration = Duration::from_secs(3 * 60 * 60);

/// How long after so many attempts the next one comes: between three quarters and five quarters of the time, as `random` says,
/// so that not all that failed together come together again.
#[must_use]
pub fn retry_delay(attempts: u32, random: u32) -> Duration {
    let doubled = FIRST.saturating_mul(1_u32 << attempts.saturating_sub(1).min(16)).min(LONGEST);
    let half = u64::try_from(doubled.as_millis()).unwrap_or(u64::MAX) / 2;
    let chance = half.saturating_mul(u64::from(random)) / u64::from(u32::MAX);
    doubled.saturating_mul(3) / 4 + Duration::from_millis(chance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_double_up_to_three_hours() {
        let middle: Vec<u64> = (1..=14).map(|attempts| retry_delay(attempts, u32::MAX / 2).as_secs()).collect();
        assert_eq!(middle[..4], [4, 9, 19, 39]);
        assert_eq!(middle[12..], [10_799, 10_799]);
        assert_eq!(retry_delay(u32::MAX, 0), LONGEST * 3 / 4);
    }

    #[test]
    fn chance_spreads_by_a_quarter() {
        assert_eq!(retry_delay(1, 0), Duration::from_millis(3750));
        assert_eq!(retry_delay(1, u32::MAX), Duration::from_millis(6250));
    }

    #[test]
    fn a_day_has_some_twenty_attempts() {
        let mut at = Duration::ZERO;
        let attempts = (1..).take_while(|attempts| {
            at += retry_delay(*attempts, u32::MAX / 2);
            at < DELIVERY_GIVE_UP
        });
        assert_eq!(attempts.count(), 18);
    }
}
