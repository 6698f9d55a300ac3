//! What upstreams say that makes no sense, told once.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use rotator_domain::{Reading, ServiceId};

use crate::catalog::ServiceEntry;

/// How many oddities are remembered; whoever has more has other troubles.
const MOST: usize = 4096;

/// The headers that made no sense, by service.
#[derive(Default)]
pub(crate) struct Oddities(Mutex<HashSet<(ServiceId, &'static str)>>);

// === impl Oddities ===

impl Oddities {
    /// Tells of each header that made no sense in an answer, unless it was told of before. A value is never shown: it may be
    /// of any length, and say anything.
    pub(crate) fn tell(&self, entry: &ServiceEntry, reading: &Reading) {
        for name in &reading.odd_headers {
            if self.is_new(entry.id(), name) {
                tracing::warn!(
                    service.slug = %entry.slug(),
                    header.name = name,
                    "an upstream's header makes no sense and is passed over or bounded; this is told once"
                );
            }
        }
    }

    fn is_new(&self, service: ServiceId, name: &'static str) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.len() < MOST && known.insert((service, name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_header_of_a_service_is_new_once() {
        let oddities = Oddities::default();
        let new = [(1, "retry-after"), (1, "retry-after"), (2, "retry-after"), (1, "x-ratelimit-limit")];
        let told: Vec<bool> = new.map(|(service, name)| oddities.is_new(ServiceId(service), name)).to_vec();
        assert_eq!(told, [true, false, true, true]);
    }
}
