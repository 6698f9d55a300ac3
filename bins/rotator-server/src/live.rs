//! What goes through this node at the moment: counted only while somebody looks.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rotator_admin_api::{KeyTraffic, LiveTraffic, Rate, ServedService, Traffic};
use rotator_domain::{Clock, EndedRequest, KeyId, ServiceId, SystemClock, Timestamp, Verdict};
use rotator_proxy_core::{CatalogHandle, RequestObserver};

/// For how long rates are told, in seconds.
const SECONDS: i64 = 10;
/// How long it is counted after somebody has asked, in milliseconds.
const LISTENING: i64 = 15_000;

/// Counts the requests of the last seconds, and hands each on to who counts all of them.
pub(crate) struct LiveCounts {
    catalog: CatalogHandle,
    next: Option<Arc<dyn RequestObserver>>,
    /// Until when it is counted; the only thing that a request looks at when nobody listens.
    until: AtomicI64,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    /// The second in which counting began.
    began: i64,
    services: HashMap<ServiceId, Seconds>,
    watched: HashSet<ServiceId>,
    keys: HashMap<(ServiceId, KeyId), KeyCounts>,
}

/// What was counted in the last seconds that had something.
#[derive(Debug, Default)]
struct Seconds(VecDeque<Second>);

#[derive(Clone, Copy, Debug)]
struct Second {
    at: i64,
    requests: u64,
    errors: u64,
}

#[derive(Debug)]
struct KeyCounts {
    seconds: Seconds,
    errors: u64,
    last_used: Timestamp,
}

// === impl LiveCounts ===

impl LiveCounts {
    pub(crate) fn new(catalog: CatalogHandle, next: Option<Arc<dyn RequestObserver>>) -> Self {
        Self { catalog, next, until: AtomicI64::new(i64::MIN), counts: Mutex::default() }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn traffic_at(&self, watched: &[ServiceId], now: Timestamp) -> Traffic {
        let millis = now.as_millis();
        let mut counts = self.counts();
        if self.until.swap(millis.saturating_add(LISTENING), Ordering::Relaxed) < millis {
            *counts = Counts { began: second(now), ..Counts::default() };
        }
        counts.watched = watched.iter().copied().collect();
        counts.traffic(second(now))
    }
}

impl RequestObserver for LiveCounts {
    fn ended(&self, request: &EndedRequest) {
        let at = request.at.saturating_add(request.duration);
        if at.as_millis() <= self.until.load(Ordering::Relaxed) {
            self.counts().count(request, at);
        }
        if let Some(next) = &self.next {
            next.ended(request);
        }
    }
}

impl LiveTraffic for LiveCounts {
    fn services(&self) -> Vec<ServedService> {
        let catalog = self.catalog.load();
        let services = catalog.services().map(|entry| ServedService {
            id: entry.id(),
            slug: entry.slug().to_string(),
            is_active: entry.is_active(),
            keys: entry.key_count(),
            in_flight: entry.in_flight(),
        });
        services.collect()
    }

    fn traffic(&self, watched: &[ServiceId]) -> Traffic {
        self.traffic_at(watched, SystemClock.now())
    }
}

// === impl Counts ===

impl Counts {
    fn count(&mut self, request: &EndedRequest, at: Timestamp) {
        let now = second(at);
        self.services.entry(request.service).or_default().count(now, request.error().is_some());
        for attempt in &request.attempts {
            if !self.watched.contains(&attempt.service) {
                continue;
            }
            let is_error = !matches!(attempt.verdict, Some(Verdict::Healthy | Verdict::ClientFault));
            let key = self.keys.entry((attempt.service, attempt.key));
            let key = key.or_insert(KeyCounts { seconds: Seconds::default(), errors: 0, last_used: at });
            key.seconds.count(now, is_error);
            key.errors += u64::from(is_error);
            key.last_used = key.last_used.max(at);
        }
    }

    /// What the whole seconds before this one had. What is over is forgotten.
    fn traffic(&mut self, now: i64) -> Traffic {
        let length = (now - self.began).clamp(1, SECONDS);
        self.services.retain(|_, seconds| seconds.forget(now));
        let Self { watched, .. } = self;
        self.keys.retain(|(service, _), key| {
            key.seconds.forget(now);
            watched.contains(service)
        });
        let services = self.services.iter().map(|(service, seconds)| (*service, seconds.rate(now, length)));
        let keys = self.keys.iter().map(|(key, counts)| {
            let KeyCounts { seconds, errors, last_used } = counts;
            (*key, KeyTraffic { rate: seconds.rate(now, length).requests, errors: *errors, last_used: *last_used })
        });
        Traffic { services: services.collect(), keys: keys.collect() }
    }
}

// === impl Seconds ===

impl Seconds {
    fn count(&mut self, at: i64, is_error: bool) {
        // Ends are told a little out of order.
        let place = self.0.iter().rposition(|second| second.at <= at).map_or(0, |place| place + 1);
        let known = place.checked_sub(1).and_then(|place| self.0.get_mut(place)).filter(|second| second.at == at);
        match known {
            Some(second) => {
                second.requests += 1;
                second.errors += u64::from(is_error);
            }
            None => self.0.insert(place, Second { at, requests: 1, errors: u64::from(is_error) }),
        }
        // What nobody reads must not grow.
        while self.0.front().is_some_and(|second| second.at < at - SECONDS) {
            self.0.pop_front();
        }
    }

    /// Forgets what is over, and says whether anything is left.
    fn forget(&mut self, now: i64) -> bool {
        self.0.retain(|second| second.at >= now - SECONDS);
        !self.0.is_empty()
    }

    fn rate(&self, now: i64, length: i64) -> Rate {
        let whole = self.0.iter().filter(|second| second.at < now);
        let (requests, errors) =
            whole.fold((0, 0), |(requests, errors), second| (requests + second.requests, errors + second.errors));
        let share = if requests == 0 { 0.0 } else { errors as f64 / requests as f64 };
        Rate { requests: rounded(requests as f64 / length as f64, 10.0), errors: rounded(share, 1000.0) }
    }
}

/// So that what is nearly the same is the same.
fn rounded(number: f64, parts: f64) -> f64 {
    (number * parts).round() / parts
}

fn second(at: Timestamp) -> i64 {
    at.as_millis().div_euclid(1000)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rotator_domain::{End, EndedAttempt, LimitScope};

    use super::*;

    const LIMITED: Verdict = Verdict::CoolDown { after: None, scope: LimitScope::Key };

    /// A request of service 1 that ended at a time after so many attempts with key 1, 2 and so on, the last of them good.
    fn request(at: i64, attempts: i64, status: u16) -> EndedRequest {
        let verdict = |key| if key == attempts { Verdict::Healthy } else { LIMITED };
        let attempt = |key| EndedAttempt { service: ServiceId(1), key: KeyId(key), verdict: Some(verdict(key)) };
        EndedRequest {
            at: Timestamp::from_millis(at - 500),
            service: ServiceId(1),
            client: None,
            key: Some(KeyId(attempts)),
            model: None,
            is_llm: false,
            status,
            end: End::Whole,
            attempts: (1..=attempts).map(attempt).collect(),
            tokens: None,
            cost_nanodollars: None,
            bytes_in: 0,
            bytes_out: 0,
            first_byte: Duration::ZERO,
            duration: Duration::from_millis(500),
        }
    }

    fn counts() -> LiveCounts {
        LiveCounts::new(CatalogHandle::default(), None)
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn rates_are_of_the_last_ten_whole_seconds() {
        let counts = counts();
        counts.traffic_at(&[ServiceId(1)], at(100_000));
        for millis in [100_100, 101_900, 101_100, 102_500] {
            counts.ended(&request(millis, 2, 200));
        }
        counts.ended(&request(101_000, 1, 503));
        let traffic = counts.traffic_at(&[ServiceId(1)], at(102_900));
        assert_eq!(traffic.services[&ServiceId(1)], Rate { requests: 2.0, errors: 0.25 });
        let key = |key| traffic.keys.get(&(ServiceId(1), KeyId(key))).copied();
        assert_eq!(key(1), Some(KeyTraffic { rate: 2.0, errors: 4, last_used: at(102_500) }));
        assert_eq!(key(2), Some(KeyTraffic { rate: 1.5, errors: 0, last_used: at(102_500) }));
        let later = counts.traffic_at(&[ServiceId(1)], at(112_000));
        assert_eq!(later.services[&ServiceId(1)].requests, 0.1);
        assert_eq!(later.keys[&(ServiceId(1), KeyId(2))].rate, 0.1);
        let last = counts.traffic_at(&[ServiceId(1)], at(114_000));
        assert!(last.services.is_empty());
        assert_eq!(last.keys[&(ServiceId(1), KeyId(1))], KeyTraffic { rate: 0.0, errors: 4, last_used: at(102_500) });
        // Nobody looks at the keys any more.
        assert!(counts.traffic_at(&[], at(115_000)).keys.is_empty());
    }

    #[test]
    fn nothing_is_counted_while_nobody_looks() {
        let counts = counts();
        counts.ended(&request(1000, 1, 200));
        assert!(counts.counts().services.is_empty());
        counts.traffic_at(&[ServiceId(1)], at(2000));
        counts.ended(&request(2500, 1, 200));
        counts.ended(&request(2000 + LISTENING + 1, 1, 200));
        assert_eq!(counts.counts().services[&ServiceId(1)].0.len(), 1);
        // Who comes back after that begins anew.
        assert_eq!(counts.traffic_at(&[ServiceId(1)], at(60_000)), Traffic::default());
    }

    #[test]
    fn what_nobody_reads_does_not_grow() {
        let mut seconds = Seconds::default();
        (0..1000).for_each(|at| seconds.count(at, false));
        assert_eq!(seconds.0.len(), 11);
    }
}
