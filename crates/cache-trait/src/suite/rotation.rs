//! Cases for [`RotationState`].

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use rotator_domain::rotation::{
    Checkpoint, Ending, KeyReport, KeyState, Learning, Lease, Next, PickRequest, PoolKey, RotationPolicy,
};
use rotator_domain::{KeyId, LimitScope, Reading, ServiceId, Timestamp, Verdict};
use tokio::task::JoinSet;

use crate::{Pool, RotationState};

const SERVICE: ServiceId = ServiceId(1);
const NOBODY: Next = Next::None { retry_at: None, is_busy: false };

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

async fn publish(rotation: &dyn RotationState, service_id: ServiceId, keys: &[i64]) {
    let keys = keys.iter().map(|id| PoolKey::plain(KeyId(*id))).collect();
    rotation.publish_pool(Pool { service_id, policy: RotationPolicy::default(), keys }).await.unwrap();
}

async fn pick(rotation: &dyn RotationState, tried: &[i64], now: i64) -> Next {
    let tried: Vec<KeyId> = tried.iter().copied().map(KeyId).collect();
    let request = PickRequest { model: None, tried: &tried, session: None, is_pinned: false, tokens: 0, now: at(now) };
    rotation.pick(SERVICE, request).await.unwrap()
}

async fn reports(rotation: &dyn RotationState, keys: impl IntoIterator<Item = i64>, now: i64) -> Vec<KeyReport> {
    let keys: Vec<KeyId> = keys.into_iter().map(KeyId).collect();
    rotation.reports(SERVICE, &keys, at(now)).await.unwrap()
}

async fn lease(rotation: &dyn RotationState, now: i64) -> Lease {
    match pick(rotation, &[], now).await {
        Next::Lease(lease) => lease,
        none @ Next::None { .. } => panic!("{none:?}"),
    }
}

/// Tells what an answer said, and gives the lease back.
async fn answer(rotation: &dyn RotationState, lease: &Lease, verdict: Verdict, now: i64) -> Learning {
    let learning = rotation.learn(SERVICE, lease, &Reading::plain(verdict), at(now)).await.unwrap();
    rotation.settle(SERVICE, lease, Ending::default(), at(now)).await.unwrap();
    learning
}

fn limited(seconds: u64) -> Verdict {
    Verdict::CoolDown { after: Some(Duration::from_secs(seconds)), scope: LimitScope::Model }
}

/// Picks 7,000 times from 64 tasks and counts what came.
async fn uses_of_7000_picks(rotation: &Arc<dyn RotationState>) -> HashMap<i64, usize> {
    let mut tasks = JoinSet::new();
    for task in 0..64 {
        let rotation = Arc::clone(rotation);
        // 64 times 109 is 24 short of 7,000.
        let picks = if task < 24 { 110 } else { 109 };
        tasks.spawn(async move {
            let mut uses: HashMap<i64, usize> = HashMap::new();
            for turn in 0..picks {
                let lease = lease(&*rotation, turn).await;
                *uses.entry(lease.key.0).or_default() += 1;
                tokio::task::yield_now().await;
                rotation.settle(SERVICE, &lease, Ending::default(), at(turn)).await.unwrap();
            }
            uses
        });
    }
    let mut uses: HashMap<i64, usize> = HashMap::new();
    while let Some(part) = tasks.join_next().await {
        part.unwrap().into_iter().for_each(|(key, count)| *uses.entry(key).or_default() += count);
    }
    uses
}

fn a_thousand_each() -> HashMap<i64, usize> {
    (1..=7).map(|key| (key, 1000)).collect()
}

pub async fn every_key_is_used_alike_under_concurrency(rotation: Arc<dyn RotationState>) {
    publish(&*rotation, SERVICE, &[1, 2, 3, 4, 5, 6, 7]).await;
    assert_eq!(uses_of_7000_picks(&rotation).await, a_thousand_each());
    let reports = reports(&*rotation, 1..=7, 200).await;
    assert!(reports.len() == 7 && reports.iter().all(|report| report.in_flight == 0), "{reports:?}");
}

pub async fn publishing_the_same_pool_again_does_not_disturb_the_round(rotation: Arc<dyn RotationState>) {
    let keys = [1, 2, 3, 4, 5, 6, 7];
    publish(&*rotation, SERVICE, &keys).await;
    let publisher = tokio::spawn({
        let rotation = Arc::clone(&rotation);
        async move {
            for _ in 0..100 {
                publish(&*rotation, SERVICE, &keys).await;
                tokio::task::yield_now().await;
            }
        }
    });
    assert_eq!(uses_of_7000_picks(&rotation).await, a_thousand_each());
    publisher.await.unwrap();
}

pub async fn a_tried_key_is_passed_over_and_keeps_its_place(rotation: Arc<dyn RotationState>) {
    publish(&*rotation, SERVICE, &[1, 2, 3]).await;
    let key = async |tried: &[i64]| match pick(&*rotation, tried, 0).await {
        Next::Lease(lease) => lease.key.0,
        Next::None { .. } => 0,
    };
    assert_eq!([key(&[1]).await, key(&[]).await, key(&[1, 2]).await], [2, 1, 3]);
    assert_eq!(pick(&*rotation, &[1, 2, 3], 0).await, NOBODY);
    assert_eq!(key(&[]).await, 2, "a pick that found none moved nobody");
}

pub async fn a_limited_key_is_left_alone_until_its_time(rotation: Arc<dyn RotationState>) {
    publish(&*rotation, SERVICE, &[1, 2]).await;
    let first = lease(&*rotation, 0).await;
    assert!(
        matches!(answer(&*rotation, &first, limited(10), 0).await, Learning::Cooling(held) if held.until == at(10_000))
    );
    for now in [0, 5000, 9999] {
        assert_eq!(lease(&*rotation, now).await.key, KeyId(2));
    }
    let report = reports(&*rotation, [1], 9999).await.remove(0);
    assert_eq!((report.key, report.state, report.until), (KeyId(1), KeyState::Cooling, Some(at(10_000))));
    let report = reports(&*rotation, [1], 10_000).await.remove(0);
    assert_eq!(report.state, KeyState::Active);
    assert!(matches!(pick(&*rotation, &[2], 10_000).await, Next::Lease(lease) if lease.key == KeyId(1)));
}

pub async fn the_first_limited_key_says_when_to_retry(rotation: Arc<dyn RotationState>) {
    publish(&*rotation, SERVICE, &[1, 2]).await;
    let (one, two) = (lease(&*rotation, 0).await, lease(&*rotation, 0).await);
    answer(&*rotation, &one, limited(40), 0).await;
    answer(&*rotation, &two, limited(20), 0).await;
    assert_eq!(pick(&*rotation, &[], 1).await, Next::None { retry_at: Some(at(20_000)), is_busy: false });
}

pub async fn what_the_end_of_a_request_tells_is_learned(rotation: Arc<dyn RotationState>) {
    publish(&*rotation, SERVICE, &[1]).await;
    let first = lease(&*rotation, 0).await;
    assert!(!first.is_probe());
    answer(&*rotation, &first, limited(10), 0).await;
    let probe = lease(&*rotation, 10_000).await;
    assert!(probe.is_probe(), "it has just returned");
    assert_eq!(pick(&*rotation, &[], 10_000).await, Next::None { retry_at: None, is_busy: true });
    // An end that tells nothing leaves it as it was.
    rotation.settle(SERVICE, &probe, Ending::default(), at(10_001)).await.unwrap();
    let again = lease(&*rotation, 10_001).await;
    assert!(again.is_probe());
    let healthy = Ending { reading: Some(Reading::plain(Verdict::Healthy)), used: Some(1) };
    rotation.settle(SERVICE, &again, healthy, at(10_002)).await.unwrap();
    for _ in 0..2 {
        assert!(!lease(&*rotation, 10_002).await.is_probe());
    }
}

pub async fn a_dead_key_comes_back_when_a_test_finds_it_good(rotation: Arc<dyn RotationState>) {
    publish(&*rotation, SERVICE, &[1]).await;
    let only = lease(&*rotation, 0).await;
    let Learning::Out { probe_at, .. } = answer(&*rotation, &only, Verdict::Dead, 0).await else {
        panic!("it is still used");
    };
    assert_eq!(pick(&*rotation, &[], probe_at.as_millis()).await, NOBODY);
    assert_eq!(rotation.due_probes(SERVICE, at(probe_at.as_millis() - 1)).await.unwrap(), []);
    assert_eq!(rotation.due_probes(SERVICE, probe_at).await.unwrap(), [KeyId(1)]);
    rotation.learn_probe(SERVICE, KeyId(1), None, probe_at).await.unwrap();
    assert_eq!(rotation.due_probes(SERVICE, probe_at).await.unwrap(), [], "a test that showed nothing is put off");
    let good = Reading::plain(Verdict::Healthy);
    rotation.learn_probe(SERVICE, KeyId(1), Some(&good), probe_at).await.unwrap();
    assert_eq!(lease(&*rotation, probe_at.as_millis()).await.key, KeyId(1));
}

pub async fn a_restart_keeps_what_was_known(rotation: Arc<dyn RotationState>) {
    publish(&*rotation, SERVICE, &[1, 2, 3]).await;
    let (one, two) = (lease(&*rotation, 0).await, lease(&*rotation, 0).await);
    answer(&*rotation, &one, limited(60), 0).await;
    answer(&*rotation, &two, Verdict::Dead, 0).await;
    let kept = rotation.checkpoints(SERVICE, at(1)).await.unwrap();
    assert_eq!(kept.len(), 2);
    rotation.retire_pool(SERVICE).await.unwrap();
    publish(&*rotation, SERVICE, &[1, 2, 3]).await;
    rotation.restore(SERVICE, &kept, at(1)).await.unwrap();
    assert_eq!(rotation.checkpoints(SERVICE, at(1)).await.unwrap(), kept);
    assert_eq!([lease(&*rotation, 1).await.key, lease(&*rotation, 1).await.key], [KeyId(3); 2]);
}

pub async fn an_unknown_service_has_no_keys(rotation: Arc<dyn RotationState>) {
    assert_eq!(pick(&*rotation, &[], 0).await, NOBODY);
    publish(&*rotation, SERVICE, &[1]).await;
    let held = lease(&*rotation, 0).await;
    rotation.retire_pool(SERVICE).await.unwrap();
    assert_eq!(answer(&*rotation, &held, limited(10), 0).await, Learning::Nothing);
    assert_eq!(reports(&*rotation, [1], 0).await, []);
    publish(&*rotation, SERVICE, &[1]).await;
    assert_eq!(lease(&*rotation, 0).await.key, KeyId(1), "what was told before the pool left no trace");
}

pub async fn services_do_not_touch_each_other(rotation: Arc<dyn RotationState>) {
    publish(&*rotation, SERVICE, &[1]).await;
    publish(&*rotation, ServiceId(2), &[1]).await;
    let held = lease(&*rotation, 0).await;
    answer(&*rotation, &held, limited(10), 0).await;
    let request = PickRequest { model: None, tried: &[], session: None, is_pinned: false, tokens: 0, now: at(0) };
    assert!(matches!(rotation.pick(ServiceId(2), request).await.unwrap(), Next::Lease(_)));
}

pub async fn only_the_keys_that_are_named_are_reported_in_their_order(rotation: Arc<dyn RotationState>) {
    publish(&*rotation, SERVICE, &(1..=300).collect::<Vec<_>>()).await;
    let (one, two) = (lease(&*rotation, 0).await, lease(&*rotation, 0).await);
    answer(&*rotation, &two, Verdict::Dead, 0).await;
    let told = reports(&*rotation, [2, 999, 300, one.key.0], 1).await;
    let told: Vec<_> = told.into_iter().map(|report| (report.key.0, report.state, report.in_flight)).collect();
    assert_eq!(told, [(2, KeyState::Dead, 0), (300, KeyState::Active, 0), (1, KeyState::Active, 1)]);
    let all = reports(&*rotation, (1..=300).rev(), 1).await;
    assert!(all.iter().map(|report| report.key.0).eq((1..=300).rev()), "{all:?}");
    assert_eq!(reports(&*rotation, [], 1).await, []);
}

pub async fn many_pools_are_published_at_once(rotation: Arc<dyn RotationState>) {
    let pool = |id| Pool {
        service_id: ServiceId(id),
        policy: RotationPolicy::default(),
        keys: vec![PoolKey::plain(KeyId(10 * id)), PoolKey::plain(KeyId(10 * id + 1))],
    };
    publish(&*rotation, ServiceId(2), &[21, 22]).await;
    let refused = rotation.publish_pools((1..=50).map(pool).collect()).await;
    assert!(refused.is_empty(), "{refused:?}");
    let request = PickRequest { model: None, tried: &[], session: None, is_pinned: false, tokens: 0, now: at(0) };
    for id in 1..=50 {
        let mut keys = Vec::new();
        for _ in 0..2 {
            let Next::Lease(lease) = rotation.pick(ServiceId(id), request).await.unwrap() else { panic!("no key") };
            keys.push(lease.key.0);
        }
        keys.sort_unstable();
        assert_eq!(keys, [10 * id, 10 * id + 1]);
    }
    // What was known is told to a pool that was left until it is asked for.
    rotation.publish_pools(vec![pool(51)]).await;
    let dead = Checkpoint { key: KeyId(510), model: None, state: KeyState::Dead, since: at(0), until: at(9) };
    rotation.restore(ServiceId(51), std::slice::from_ref(&dead), at(1)).await.unwrap();
    assert_eq!(rotation.checkpoints(ServiceId(51), at(1)).await.unwrap(), [dead]);
    // So is what a test shows.
    rotation.publish_pools(vec![pool(52)]).await;
    let shown = Reading::plain(Verdict::Dead);
    let learning = rotation.learn_probe(ServiceId(52), KeyId(520), Some(&shown), at(1)).await.unwrap();
    assert!(matches!(learning, Learning::Out { .. }), "{learning:?}");
}

pub async fn services_that_were_used_are_to_be_looked_at_once(rotation: Arc<dyn RotationState>) {
    for id in 1..=3 {
        publish(&*rotation, ServiceId(id), &[10 * id]).await;
    }
    // A shared state tells of others in turns, which come to an end here.
    let stirred = || rotation.stirred().into_iter().collect::<HashSet<_>>();
    assert_eq!(stirred(), (1..=3).map(ServiceId).collect(), "a pool that was changed is looked at");
    let held = lease(&*rotation, 0).await;
    answer(&*rotation, &held, limited(10), 0).await;
    assert!(stirred().contains(&SERVICE));
    rotation.learn_probe(ServiceId(2), KeyId(20), Some(&Reading::plain(Verdict::Dead)), at(0)).await.unwrap();
    assert!(stirred().contains(&ServiceId(2)));
}
