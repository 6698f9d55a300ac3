//! How long things took, each of them kept: a percentile is one of the measured values and no estimate.

use std::time::Duration;

use serde_json::{Value, json};

/// In microseconds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Latencies(Vec<u32>);

// === impl Latencies ===

impl Latencies {
    pub(crate) fn add(&mut self, took: Duration) {
        self.0.push(u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
    }

    pub(crate) fn append(&mut self, other: &mut Self) {
        self.0.append(&mut other.0);
    }

    pub(crate) const fn len(&self) -> usize {
        self.0.len()
    }

    /// The percentiles that are looked at, in microseconds; `null` where nothing was measured.
    pub(crate) fn summary(mut self) -> Value {
        self.0.sort_unstable();
        json!({
            "p50": self.percentile(500), "p99": self.percentile(990), "p999": self.percentile(999), "most": self.0.last(),
        })
    }

    /// The least value that so many of a thousand do not exceed; they are in order.
    fn percentile(&self, of_a_thousand: usize) -> Option<u32> {
        let rank = (self.0.len() * of_a_thousand).div_ceil(1000);
        self.0.get(rank.saturating_sub(1)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_measured_values() {
        let mut latencies = Latencies::default();
        for micros in (1..=1000).rev() {
            latencies.add(Duration::from_micros(micros));
        }
        assert_eq!(latencies.summary(), json!({"p50": 500, "p99": 990, "p999": 999, "most": 1000}));
    }

    #[test]
    fn few_values_have_their_largest_as_high_percentiles() {
        let mut latencies = Latencies::default();
        latencies.add(Duration::from_micros(7));
        let mut others = Latencies::default();
        others.add(Duration::from_secs(7200));
        latencies.append(&mut others);
        assert_eq!(latencies.len(), 2);
        assert_eq!(latencies.summary(), json!({"p50": 7, "p99": u32::MAX, "p999": u32::MAX, "most": u32::MAX}));
        assert_eq!(Latencies::default().summary()["p99"], Value::Null);
    }
}
