//! What a pick costs, with few keys and with many.

use std::time::{Duration, Instant};

use rotator_domain::rotation::{Next, PickRequest, PoolKey, Rotation, RotationPolicy};
use rotator_domain::{KeyId, Reading, Timestamp, Verdict};

/// How often each size is measured, in turns; the median counts.
const ROUNDS: usize = 201;
const PICKS: u32 = 2000;

/// Measures pools of 10 and of 10,000 keys side by side.
pub(super) fn measure() -> String {
    let sizes = [10, 10_000];
    let mut pools = sizes.map(pool);
    let mut costs = [Vec::new(), Vec::new()];
    for round in 0..ROUNDS {
        for (pool, costs) in pools.iter_mut().zip(&mut costs) {
            costs.push(cost(pool, round));
        }
    }
    let [few, many] = costs.map(median);
    let ratio = many.as_secs_f64() / few.as_secs_f64();
    format!(
        "picks: pick, learn and settle, the median of {ROUNDS} rounds of {PICKS}\n{:>10}{:>10}\n{:>10}{:>10}\n{:>10}{:>10}\n{:>10}{ratio:>10.2}\n",
        "keys",
        "ns",
        sizes[0],
        few.as_nanos(),
        sizes[1],
        many.as_nanos(),
        "ratio",
    )
}

fn pool(size: i64) -> Rotation {
    let mut pool = Rotation::with_seed(1);
    pool.publish(RotationPolicy::default(), (1..=size).map(|id| PoolKey::plain(KeyId(id))).collect());
    pool
}

fn cost(pool: &mut Rotation, round: usize) -> Duration {
    let healthy = Reading::plain(Verdict::Healthy);
    let begun = Instant::now();
    for number in 0..PICKS {
        let now = Timestamp::from_millis(i64::try_from(round).unwrap_or(0) * 1000 + i64::from(number / 2));
        let request =
            PickRequest { model: Some("model"), tried: &[], session: None, is_pinned: false, tokens: 100, now };
        if let Next::Lease(lease) = pool.pick(&request) {
            pool.learn(&lease, &healthy, now);
            pool.settle(&lease, Some(90), now);
        }
    }
    begun.elapsed() / PICKS
}

fn median(mut costs: Vec<Duration>) -> Duration {
    costs.sort_unstable();
    costs.get(costs.len() / 2).copied().unwrap_or_default()
}
