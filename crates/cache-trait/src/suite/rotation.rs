//! Cases for [`RotationState`].

use std::collections::HashMap;
use std::sync::Arc;

use rotator_domain::{CooldownReason, KeyId, ServiceId, Timestamp};
use tokio::task::JoinSet;

use crate::{KeyCooldown, Pick, PickRequest, Pool, RotationState};

const SERVICE: ServiceId = ServiceId(1);

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

async fn publish(rotation: &dyn RotationState, service_id: ServiceId, keys: &[i64]) {
    let keys = keys.iter().copied().map(KeyId).collect();
    rotation.publish_pool(Pool { service_id, keys }).await.unwrap();
}

async fn pick(rotation: &dyn RotationState, tried: &[i64], now: i64) -> Pick {
    let tried: Vec<KeyId> = tried.iter().copied().map(KeyId).collect();
    rotation.pick(PickRequest { service_id: SERVICE, tried: &tried, now: at(now) }).await.unwrap()
}

async fn cool(rotation: &dyn RotationState, key: i64, until: i64, reason: CooldownReason) {
    let cooldown = KeyCooldown { key: KeyId(key), until: at(until), reason };
    rotation.cool_down(SERVICE, cooldown).await.unwrap();
}

/// Picks 7,000 times from 64 tasks and counts what came.
async fn uses_of_7000_picks(rotation: &Arc<dyn RotationState>) -> HashMap<Pick, usize> {
    let mut tasks = JoinSet::new();
    for task in 0..64 {
        let rotation = Arc::clone(rotation);
        // 64 times 109 is 24 short of 7,000.
        let picks = if task < 24 { 110 } else { 109 };
        tasks.spawn(async move {
            let mut uses: HashMap<Pick, usize> = HashMap::new();
            for turn in 0..picks {
                *uses.entry(pick(&*rotation, &[], turn).await).or_default() += 1;
                tokio::task::yield_now().await;
            }
            uses
        });
    }
    let mut uses: HashMap<Pick, usize> = HashMap::new();
    while let Some(part) = tasks.join_next().await {
        part.unwrap().into_iter().for_each(|(key, count)| *uses.entry(key).or_default() += count);
    }
    uses
}

fn a_thousand_each() -> HashMap<Pick, usize> {
    (1..=7).map(|key| (Pick::Key(KeyId(key)), 1000)).collect()
}

pub async fn every_key_is_used_alike_under_concurrency(rotation: Arc<dyn RotationState>) {
    publish(&*rotation, SERVICE, &[1, 2, 3, 4, 5, 6, 7]).await;
    assert_eq!(uses_of_7000_picks(&rotation).await, a_thousand_each());
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
    assert_eq!(pick(&*rotation, &[1], 0).await, Pick::Key(KeyId(2)));
    assert_eq!(pick(&*rotation, &[], 0).await, Pick::Key(KeyId(1)), "another request finds it first in line");
    assert_eq!(pick(&*rotation, &[1, 2], 0).await, Pick::Key(KeyId(3)));
    assert_eq!(pick(&*rotation, &[1, 2, 3], 0).await, Pick::None { retry_at: None });
    assert_eq!(pick(&*rotation, &[], 0).await, Pick::Key(KeyId(2)), "a pick that found none moved nobody");
}

pub async fn a_cooling_key_is_left_alone_until_its_time(rotation: Arc<dyn RotationState>) {
    publish(&*rotation, SERVICE, &[1, 2]).await;
    cool(&*rotation, 1, 10, CooldownReason::Limited).await;
    for now in [0, 5, 9] {
        assert_eq!(pick(&*rotation, &[], now).await, Pick::Key(KeyId(2)));
    }
    let expected = KeyCooldown { key: KeyId(1), until: at(10), reason: CooldownReason::Limited };
    assert_eq!(rotation.cooling(SERVICE, at(9)).await.unwrap(), [expected]);
    assert_eq!(rotation.cooling(SERVICE, at(10)).await.unwrap(), []);
    assert_eq!(pick(&*rotation, &[2], 10).await, Pick::Key(KeyId(1)));
}

pub async fn a_cooldown_never_shrinks(rotation: Arc<dyn RotationState>) {
    publish(&*rotation, SERVICE, &[1]).await;
    cool(&*rotation, 1, 30, CooldownReason::Limited).await;
    cool(&*rotation, 1, 10, CooldownReason::Refused).await;
    assert_eq!(pick(&*rotation, &[], 29).await, Pick::None { retry_at: Some(at(30)) });
    cool(&*rotation, 1, 50, CooldownReason::Refused).await;
    assert_eq!(pick(&*rotation, &[], 49).await, Pick::None { retry_at: None });
    assert_eq!(pick(&*rotation, &[], 50).await, Pick::Key(KeyId(1)));
}

pub async fn the_first_limited_key_says_when_to_retry(rotation: Arc<dyn RotationState>) {
    publish(&*rotation, SERVICE, &[1, 2, 3]).await;
    cool(&*rotation, 1, 40, CooldownReason::Limited).await;
    cool(&*rotation, 2, 20, CooldownReason::Limited).await;
    cool(&*rotation, 3, 5, CooldownReason::Refused).await;
    assert_eq!(pick(&*rotation, &[], 0).await, Pick::None { retry_at: Some(at(20)) });
    assert_eq!(pick(&*rotation, &[2], 0).await, Pick::None { retry_at: Some(at(20)) }, "a tried key counts too");
}

pub async fn without_a_limited_key_there_is_nothing_to_wait_for(rotation: Arc<dyn RotationState>) {
    publish(&*rotation, SERVICE, &[]).await;
    assert_eq!(pick(&*rotation, &[], 0).await, Pick::None { retry_at: None }, "an empty pool");
    publish(&*rotation, SERVICE, &[1, 2]).await;
    assert_eq!(pick(&*rotation, &[1, 2], 0).await, Pick::None { retry_at: None }, "all tried");
    cool(&*rotation, 1, 20, CooldownReason::Refused).await;
    assert_eq!(pick(&*rotation, &[2], 0).await, Pick::None { retry_at: None }, "one refused, one tried");
    cool(&*rotation, 2, 30, CooldownReason::Refused).await;
    assert_eq!(pick(&*rotation, &[], 0).await, Pick::None { retry_at: None }, "all refused");
}

pub async fn an_unknown_service_has_no_keys(rotation: Arc<dyn RotationState>) {
    assert_eq!(pick(&*rotation, &[], 0).await, Pick::None { retry_at: None });
    cool(&*rotation, 1, 10, CooldownReason::Limited).await;
    rotation.revive(SERVICE, KeyId(1)).await.unwrap();
    rotation.retire_pool(SERVICE).await.unwrap();
    assert_eq!(rotation.cooling(SERVICE, at(0)).await.unwrap(), []);
    publish(&*rotation, SERVICE, &[1]).await;
    assert_eq!(pick(&*rotation, &[], 0).await, Pick::Key(KeyId(1)), "a cooldown before the pool left no trace");
}

pub async fn publishing_keeps_what_stays_and_forgets_what_leaves(rotation: Arc<dyn RotationState>) {
    publish(&*rotation, SERVICE, &[1, 2, 3]).await;
    assert_eq!(pick(&*rotation, &[], 0).await, Pick::Key(KeyId(1)));
    cool(&*rotation, 2, 10, CooldownReason::Limited).await;
    publish(&*rotation, SERVICE, &[1, 2, 4]).await;
    assert_eq!(pick(&*rotation, &[], 0).await, Pick::Key(KeyId(1)));
    assert_eq!(pick(&*rotation, &[], 0).await, Pick::Key(KeyId(4)));
    assert_eq!(rotation.cooling(SERVICE, at(0)).await.unwrap().len(), 1);
    cool(&*rotation, 3, 10, CooldownReason::Limited).await;
    assert_eq!(rotation.cooling(SERVICE, at(0)).await.unwrap().len(), 1, "a key that left is ignored");
    publish(&*rotation, SERVICE, &[4, 1]).await;
    publish(&*rotation, SERVICE, &[4, 1, 2]).await;
    assert_eq!(rotation.cooling(SERVICE, at(0)).await.unwrap(), [], "a key that comes back is a new one");
    rotation.retire_pool(SERVICE).await.unwrap();
    assert_eq!(pick(&*rotation, &[], 0).await, Pick::None { retry_at: None });
}

pub async fn a_revived_key_serves_again(rotation: Arc<dyn RotationState>) {
    publish(&*rotation, SERVICE, &[1]).await;
    cool(&*rotation, 1, 1000, CooldownReason::Refused).await;
    rotation.revive(SERVICE, KeyId(1)).await.unwrap();
    rotation.revive(SERVICE, KeyId(99)).await.unwrap();
    assert_eq!(pick(&*rotation, &[], 0).await, Pick::Key(KeyId(1)));
}

pub async fn a_clock_that_jumps_back_breaks_nothing(rotation: Arc<dyn RotationState>) {
    publish(&*rotation, SERVICE, &[1, 2]).await;
    cool(&*rotation, 1, 100, CooldownReason::Limited).await;
    assert!(matches!(pick(&*rotation, &[], 100).await, Pick::Key(_)));
    assert!(matches!(pick(&*rotation, &[], -5).await, Pick::Key(_)), "some key serves at every time");
    cool(&*rotation, 1, 50, CooldownReason::Limited).await;
    cool(&*rotation, 2, 60, CooldownReason::Limited).await;
    let returned = [pick(&*rotation, &[], 200).await, pick(&*rotation, &[], 200).await];
    assert!(returned.contains(&Pick::Key(KeyId(1))) && returned.contains(&Pick::Key(KeyId(2))), "{returned:?}");
}

pub async fn services_do_not_touch_each_other(rotation: Arc<dyn RotationState>) {
    publish(&*rotation, SERVICE, &[1]).await;
    publish(&*rotation, ServiceId(2), &[1]).await;
    cool(&*rotation, 1, 10, CooldownReason::Limited).await;
    let other = PickRequest { service_id: ServiceId(2), tried: &[], now: at(0) };
    assert_eq!(rotation.pick(other).await.unwrap(), Pick::Key(KeyId(1)));
}
