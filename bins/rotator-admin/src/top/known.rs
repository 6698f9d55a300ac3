//! What the server has told.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rotator_admin_api::wire::{LiveKey, LiveService, LiveUpdate};
use serde::Serialize;

/// Services and keys, and the server's time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    pub(super) services: BTreeMap<i64, LiveService>,
    pub(super) keys: BTreeMap<i64, LiveKey>,
    /// The server's time, and when that was here.
    clock: Option<(Timestamp, Instant)>,
    is_whole: bool,
}

/// What was seen, for scripts.
#[derive(Serialize)]
pub(crate) struct Seen<'a> {
    services: Vec<&'a LiveService>,
    keys: Vec<&'a LiveKey>,
}

// === impl Known ===

impl Known {
    pub(crate) fn take_up(&mut self, update: LiveUpdate, now: Instant) {
        if let Ok(at) = update.at.parse() {
            self.clock = Some((at, now));
        }
        if update.is_snapshot {
            self.services.clear();
            self.keys.clear();
        }
        for id in update.gone_services {
            self.services.remove(&id);
            self.keys.retain(|_, key| key.service != id);
        }
        for id in update.gone_keys {
            self.keys.remove(&id);
        }
        self.services.extend(update.services.into_iter().map(|service| (service.id, service)));
        self.keys.extend(update.keys.into_iter().map(|key| (key.id, key)));
        self.is_whole = update.is_whole;
    }

    /// Whether everything has been told that there was to tell.
    pub(crate) fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// The server's time at this moment.
    pub(super) fn server_time(&self, now: Instant) -> Option<Timestamp> {
        let (at, then) = self.clock?;
        at.checked_add(now.saturating_duration_since(then)).ok()
    }

    /// How long something is still to last that ends then; nothing where that is over.
    pub(super) fn left(&self, until: Option<&str>, now: Instant) -> Option<Duration> {
        let until: Timestamp = until?.parse().ok()?;
        let left = until.duration_since(self.server_time(now)?);
        Duration::try_from(left).ok().filter(|left| !left.is_zero())
    }

    /// How long ago something was.
    pub(super) fn ago(&self, at: Option<&str>, now: Instant) -> Option<Duration> {
        let at: Timestamp = at?.parse().ok()?;
        Some(Duration::try_from(self.server_time(now)?.duration_since(at)).unwrap_or_default())
    }

    /// All of it, for scripts.
    pub(crate) fn seen(&self) -> Seen<'_> {
        Seen { services: self.services.values().collect(), keys: self.keys.values().collect() }
    }
}

/// A length of time in a few characters.
pub(super) fn short(length: Duration) -> String {
    // What has begun is not over.
    let seconds = length.as_millis().div_ceil(1000);
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    match hours {
        0 if minutes == 0 => format!("{seconds}s"),
        0 => format!("{minutes}m{:02}s", seconds % 60),
        1..48 => format!("{hours}h{:02}m", minutes % 60),
        _ => format!("{}d{:02}h", hours / 24, hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn updates_add_up() {
        let mut known = Known::default();
        let now = Instant::now();
        let service = |id| LiveService { id, ..LiveService::default() };
        let key = |id, service| LiveKey { id, service, ..LiveKey::default() };
        let whole = LiveUpdate { is_whole: true, ..LiveUpdate::default() };
        let first = LiveUpdate { is_snapshot: true, services: vec![service(1), service(2)], ..LiveUpdate::default() };
        known.take_up(first.clone(), now);
        assert!(!known.is_whole());
        known.take_up(LiveUpdate { keys: vec![key(5, 1), key(6, 1), key(7, 2)], ..whole.clone() }, now);
        assert!(known.is_whole());
        known.take_up(LiveUpdate { gone_keys: vec![6], gone_services: vec![2], ..whole }, now);
        assert_eq!(known.services.keys().collect::<Vec<_>>(), [&1]);
        assert_eq!(known.keys.keys().collect::<Vec<_>>(), [&5]);
        known.take_up(first, now);
        assert_eq!((known.services.len(), known.keys.len()), (2, 0));
    }

    #[test]
    fn times_are_told_by_the_clock_of_the_server() {
        let mut known = Known::default();
        let now = Instant::now();
        assert_eq!(known.left(Some("2026-01-01T00:01:00Z"), now), None);
        known.take_up(LiveUpdate { at: "2026-01-01T00:00:00Z".to_owned(), ..LiveUpdate::default() }, now);
        let later = now + Duration::from_secs(15);
        assert_eq!(known.left(Some("2026-01-01T00:01:00Z"), later), Some(Duration::from_secs(45)));
        assert_eq!(known.left(Some("2026-01-01T00:00:10Z"), later), None);
        assert_eq!(known.left(Some("soon"), later), None);
        assert_eq!(known.ago(Some("2026-01-01T00:00:10Z"), later), Some(Duration::from_secs(5)));
        assert_eq!(known.ago(Some("2026-01-01T00:00:20Z"), later), Some(Duration::ZERO));
    }

    #[test]
    fn lengths_of_time_are_short() {
        let shown = [1, 999, 1_001, 59_000, 60_000, 3_600_000, 86_400_000, 172_800_000]
            .map(|millis| short(Duration::from_millis(millis)));
        assert_eq!(shown, ["1s", "1s", "2s", "59s", "1m00s", "1h00m", "24h00m", "2d00h"]);
    }
}
