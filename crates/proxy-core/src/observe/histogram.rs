//! How long something took, counted by how long it took.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Up to which time each bucket counts, in milliseconds: from an answer of a cache to the end of a long thought.
const BOUNDS: [u64; 16] =
    [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000];

/// A histogram that costs two atomic additions an observation.
#[derive(Debug, Default)]
pub(super) struct Histogram {
    /// The last one is for what took longer than all bounds.
    buckets: [AtomicU64; BOUNDS.len() + 1],
    sum_micros: AtomicU64,
}

/// What a histogram holds.
#[derive(Debug, PartialEq)]
pub(super) struct Observed {
    /// In seconds.
    pub(super) sum: f64,
    pub(super) count: u64,
    /// By upper bound in seconds, each without those before it.
    pub(super) buckets: Vec<(f64, u64)>,
}

// === impl Histogram ===

impl Histogram {
    pub(super) fn observe(&self, took: Duration) {
        let place = BOUNDS.partition_point(|bound| Duration::from_millis(*bound) < took);
        if let Some(bucket) = self.buckets.get(place) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        self.sum_micros.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// What it holds now; the count is always that of the buckets.
    pub(super) fn read(&self) -> Observed {
        let bounds = BOUNDS.iter().map(|bound| *bound as f64 / 1e3).chain([f64::INFINITY]);
        let counts = self.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed));
        let buckets: Vec<(f64, u64)> = bounds.zip(counts).collect();
        let count = buckets.iter().map(|(_, count)| count).sum();
        Observed { sum: self.sum_micros.load(Ordering::Relaxed) as f64 / 1e6, count, buckets }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_belongs_to_its_bucket_and_nothing_is_too_long() {
        let histogram = Histogram::default();
        for millis in [0, 5, 6, 300_000, 300_001] {
            histogram.observe(Duration::from_millis(millis));
        }
        let observed = histogram.read();
        let counts: Vec<(f64, u64)> = observed.buckets.into_iter().filter(|(_, count)| *count > 0).collect();
        assert_eq!(counts, [(0.005, 2), (0.01, 1), (300.0, 1), (f64::INFINITY, 1)]);
        assert_eq!((observed.count, observed.sum), (5, 600.012));
    }
}
