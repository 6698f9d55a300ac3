//! Upstream keys: changing and deleting.

use futures_util::future::join_all;
use rotator_domain::rotation::{Glob, KeyPolicy, Limits};
use rotator_domain::{KeyId, KeyLabel, KeyPolicyChange, LimitsChange, ServiceId};

use super::sample::{EMOJI, all, at, key, keys, long_policy, store_service};
use crate::{KeyChange, KeyRecord, PoolChange, Storage, StorageErrorKind};

pub async fn a_change_touches_only_what_is_named(storage: &dyn Storage) {
    let service = store_service(storage, 1).await;
    let (before, bystander) = (key(1, service, 1), key(2, service, 2));
    storage.insert_keys(&[before.clone(), bystander.clone()]).await.unwrap();
    let label = KeyLabel::new(EMOJI).unwrap();
    let steps = [
        // Nothing is named, so not even the time changes.
        (KeyChange::default(), before.clone()),
        (
            KeyChange { is_active: Some(false), ..KeyChange::default() },
            KeyRecord { is_active: false, updated_at: at(102), ..before.clone() },
        ),
        (
            KeyChange { label: Some(Some(label.clone())), ..KeyChange::default() },
            KeyRecord { is_active: false, label: Some(label), updated_at: at(103), ..before.clone() },
        ),
        (
            KeyChange { label: Some(None), ..KeyChange::default() },
            KeyRecord { is_active: false, label: None, updated_at: at(104), ..before.clone() },
        ),
        (
            KeyChange { is_active: Some(true), label: Some(before.label.clone()), ..KeyChange::default() },
            KeyRecord { updated_at: at(105), ..before.clone() },
        ),
    ];
    for ((change, expected), now) in steps.into_iter().zip(101..) {
        assert_eq!(storage.change_key(KeyId(1), &change, at(now)).await.unwrap(), expected);
        assert_eq!(storage.key(KeyId(1)).await.unwrap(), Some(expected));
    }
    assert_eq!(storage.key(KeyId(2)).await.unwrap(), Some(bystander));
}

pub async fn a_change_of_a_policy_touches_only_what_is_named(storage: &dyn Storage) {
    let service = store_service(storage, 1).await;
    let before = KeyRecord { policy: long_policy(), ..key(1, service, 1) };
    let bystander = KeyRecord { policy: long_policy(), ..key(2, service, 2) };
    storage.insert_keys(&[before.clone(), bystander.clone()]).await.unwrap();
    let limits = LimitsChange { requests_per_minute: Some(None), ..LimitsChange::default() };
    let group = Some(None);
    let models = Some(vec![Glob::new("gpt-*")]);
    let lighter = KeyPolicy { weight: 2, ..long_policy() };
    let slower = KeyPolicy {
        limits: Limits { requests_per_minute: None, ..long_policy().limits },
        group: None,
        models: vec![Glob::new("gpt-*")],
        ..lighter.clone()
    };
    let plain = KeyPolicyChange {
        weight: Some(1),
        tier: Some(0),
        limits: LimitsChange::NONE,
        models: Some(Vec::new()),
        group: None,
    };
    let steps = [
        (KeyPolicyChange { weight: Some(2), ..KeyPolicyChange::default() }, lighter),
        (KeyPolicyChange { limits, group, models, ..KeyPolicyChange::default() }, slower),
        (plain, KeyPolicy::default()),
    ];
    for ((policy, expected), now) in steps.into_iter().zip(101..) {
        let change = KeyChange { policy, ..KeyChange::default() };
        let expected = KeyRecord { policy: expected, updated_at: at(now), ..before.clone() };
        assert_eq!(storage.change_key(KeyId(1), &change, at(now)).await.unwrap(), expected);
        assert_eq!(storage.key(KeyId(1)).await.unwrap(), Some(expected));
    }
    assert_eq!(storage.key(KeyId(2)).await.unwrap(), Some(bystander));
}

pub async fn concurrent_changes_of_one_key_all_hold(storage: &dyn Storage) {
    let service = store_service(storage, 1).await;
    storage.insert_keys(&keys([1], service)).await.unwrap();
    let label = KeyLabel::new("after").unwrap();
    let off = KeyChange { is_active: Some(false), ..KeyChange::default() };
    let renamed = KeyChange { label: Some(Some(label.clone())), ..KeyChange::default() };
    let policy = |policy| KeyChange { policy, ..KeyChange::default() };
    let heavier = policy(KeyPolicyChange { weight: Some(9), ..KeyPolicyChange::default() });
    let later = policy(KeyPolicyChange { tier: Some(9), ..KeyPolicyChange::default() });
    let changes = [&off, &renamed, &heavier, &later];
    let changes = (0..20).map(|turn| storage.change_key(KeyId(1), changes[turn % 4], at(1)));
    for changed in join_all(changes).await {
        changed.unwrap();
    }
    let key = storage.key(KeyId(1)).await.unwrap().unwrap();
    assert_eq!((key.is_active, key.label), (false, Some(label)));
    assert_eq!(key.policy, KeyPolicy { weight: 9, tier: 9, ..KeyPolicy::default() });
}

pub async fn of_changes_of_the_same_known_key_one_holds(storage: &dyn Storage) {
    let service = store_service(storage, 1).await;
    let before = KeyRecord { policy: long_policy(), ..key(1, service, 1) };
    storage.insert_keys(std::slice::from_ref(&before)).await.unwrap();
    let heavier: Vec<KeyChange> = (2..10)
        .map(|weight| KeyPolicyChange { weight: Some(weight), ..KeyPolicyChange::default() })
        .map(|policy| KeyChange { policy, ..KeyChange::default() })
        .collect();
    let changes = heavier.iter().map(|change| storage.change_known_key(&before, change, at(50)));
    let (held, refused): (Vec<_>, Vec<_>) = join_all(changes).await.into_iter().partition(Result::is_ok);
    let held: Vec<KeyRecord> = held.into_iter().map(Result::unwrap).collect();
    assert_eq!(storage.key(KeyId(1)).await.unwrap().as_slice(), held);
    for refused in refused {
        assert_eq!(refused.unwrap_err().kind(), &StorageErrorKind::Changed);
    }
    let change = KeyChange { is_active: Some(false), ..KeyChange::default() };
    let expected = KeyRecord { is_active: false, updated_at: at(60), ..held[0].clone() };
    assert_eq!(storage.change_known_key(&held[0], &change, at(60)).await.unwrap(), expected);
    storage.delete_key(KeyId(1)).await.unwrap();
    let error = storage.change_known_key(&expected, &change, at(70)).await.unwrap_err();
    assert_eq!(error.kind(), &StorageErrorKind::NotFound);
}

pub async fn changing_or_deleting_no_key_is_not_found(storage: &dyn Storage) {
    for change in [KeyChange::default(), KeyChange { is_active: Some(true), ..KeyChange::default() }] {
        let error = storage.change_key(KeyId(1), &change, at(1)).await.unwrap_err();
        assert_eq!(error.kind(), &StorageErrorKind::NotFound);
    }
    assert_eq!(storage.delete_key(KeyId(1)).await.unwrap_err().kind(), &StorageErrorKind::NotFound);
}

pub async fn a_deleted_key_names_its_service(storage: &dyn Storage) {
    let service = store_service(storage, 5).await;
    storage.insert_keys(&keys(1..=2, service)).await.unwrap();
    assert_eq!(storage.delete_key(KeyId(1)).await.unwrap(), service);
    assert_eq!(storage.delete_key(KeyId(1)).await.unwrap_err().kind(), &StorageErrorKind::NotFound);
    assert_eq!(storage.keys(service, all()).await.unwrap(), keys([2], service));
    // Its value may be added again.
    assert!(storage.insert_keys(&[key(3, service, 1)]).await.unwrap().is_empty());
}

pub async fn all_keys_of_a_service_go_at_once(storage: &dyn Storage) {
    let (cleared, spared) = (store_service(storage, 1).await, store_service(storage, 2).await);
    storage.insert_keys(&keys(1..=4, cleared)).await.unwrap();
    storage.insert_keys(&keys([5], spared)).await.unwrap();
    assert_eq!(storage.delete_keys(cleared).await.unwrap(), 4);
    assert_eq!(storage.delete_keys(cleared).await.unwrap(), 0);
    assert_eq!(storage.delete_keys(ServiceId(99)).await.unwrap(), 0);
    assert!(storage.service(cleared).await.unwrap().is_some());
    assert_eq!(storage.keys(spared, all()).await.unwrap(), keys([5], spared));
}

pub async fn a_pool_changes_as_one(storage: &dyn Storage) {
    let (service, other) = (store_service(storage, 1).await, store_service(storage, 2).await);
    storage.insert_keys(&keys(1..=3, service)).await.unwrap();
    storage.insert_keys(&keys([4], other)).await.unwrap();
    let off = KeyChange { is_active: Some(false), ..KeyChange::default() };
    let policy = KeyPolicyChange { weight: Some(9), ..KeyPolicyChange::default() };
    let heavier = KeyChange { policy, ..KeyChange::default() };
    let change = PoolChange {
        delete: vec![KeyId(1), KeyId(4), KeyId(99)],
        change: vec![(KeyId(2), off.clone()), (KeyId(3), heavier), (KeyId(4), off), (KeyId(98), KeyChange::default())],
        // The value of a deleted key is free again, that of another one is not.
        insert: vec![key(5, service, 1), key(6, service, 3), key(7, service, 7)],
    };
    assert_eq!(storage.change_pool(service, &change, at(50)).await.unwrap(), [KeyId(6)]);
    let expected = [
        KeyRecord { is_active: false, updated_at: at(50), ..key(2, service, 2) },
        KeyRecord { policy: KeyPolicy { weight: 9, ..KeyPolicy::default() }, updated_at: at(50), ..key(3, service, 3) },
        key(5, service, 1),
        key(7, service, 7),
    ];
    assert_eq!(storage.keys(service, all()).await.unwrap(), expected);
    assert_eq!(storage.keys(other, all()).await.unwrap(), keys([4], other));
}

pub async fn many_keys_change_alike(storage: &dyn Storage) {
    const MANY: i64 = 2_500;
    let (service, other) = (store_service(storage, 1).await, store_service(storage, 2).await);
    let mut stored = keys(1..=MANY, service);
    // Each keeps what is not named, and they have it from different policies.
    stored.iter_mut().step_by(2).for_each(|key| key.policy.tier = 7);
    stored[4].policy = long_policy();
    storage.insert_keys(&stored).await.unwrap();
    storage.insert_keys(&[key(MANY + 1, other, 1)]).await.unwrap();
    let before = storage.config_version().await.unwrap();
    let change = KeyChange {
        is_active: Some(false),
        label: Some(None),
        policy: KeyPolicyChange { weight: Some(9), group: Some(None), ..KeyPolicyChange::default() },
    };
    let ids: Vec<KeyId> = (2..=MANY + 2).rev().map(KeyId).collect();
    let count = storage.change_keys(service, &ids, &change, at(9_000)).await.unwrap();
    assert_eq!(count, (MANY - 1).unsigned_abs());
    assert_eq!(storage.config_version().await.unwrap(), before + 1);
    let expected = stored.iter().enumerate().map(|(place, key)| match place {
        0 => key.clone(),
        _ => KeyRecord {
            is_active: false,
            label: None,
            policy: KeyPolicy { weight: 9, group: None, ..key.policy.clone() },
            updated_at: at(9_000),
            ..key.clone()
        },
    });
    assert_eq!(storage.keys(service, all()).await.unwrap(), expected.collect::<Vec<_>>());
    assert_eq!(storage.keys(other, all()).await.unwrap(), [key(MANY + 1, other, 1)]);
    // What concerns nobody is no change of what is served.
    for (of, ids) in [(service, &[][..]), (service, &[KeyId(MANY + 1)]), (ServiceId(99), &[KeyId(1)])] {
        assert_eq!(storage.change_keys(of, ids, &change, at(9_001)).await.unwrap(), 0);
    }
    assert_eq!(storage.config_version().await.unwrap(), before + 1);
    // The same change again concerns as many, also where it changes nothing.
    assert_eq!(storage.change_keys(service, &ids[..5], &change, at(9_000)).await.unwrap(), 3);
}

pub async fn some_keys_of_a_service_go_at_once(storage: &dyn Storage) {
    const MANY: i64 = 2_500;
    let (service, other) = (store_service(storage, 1).await, store_service(storage, 2).await);
    storage.insert_keys(&keys(1..=MANY, service)).await.unwrap();
    storage.insert_keys(&keys([MANY + 1], other)).await.unwrap();
    let before = storage.config_version().await.unwrap();
    let ids: Vec<KeyId> = (3..=MANY + 2).map(KeyId).collect();
    assert_eq!(storage.delete_keys_among(service, &ids).await.unwrap(), (MANY - 2).unsigned_abs());
    assert_eq!(storage.delete_keys_among(service, &ids).await.unwrap(), 0);
    assert_eq!(storage.config_version().await.unwrap(), before + 1);
    assert_eq!(storage.keys(service, all()).await.unwrap(), keys(1..=2, service));
    assert_eq!(storage.keys(other, all()).await.unwrap(), keys([MANY + 1], other));
}

pub async fn changes_that_get_in_each_others_way_all_hold(storage: &dyn Storage) {
    // Each locks the same keys in an order of its own, so that a database can only go on by undoing some.
    let service = store_service(storage, 1).await;
    storage.insert_keys(&keys(1..=8, service)).await.unwrap();
    let heavier = |weight| KeyChange {
        policy: KeyPolicyChange { weight: Some(weight), ..KeyPolicyChange::default() },
        ..KeyChange::default()
    };
    let changes = (0..12_i64).map(|turn| async move {
        let mut order: Vec<i64> = (1..=8).collect();
        order.rotate_left((turn % 8) as usize);
        if turn % 2 == 1 {
            order.reverse();
        }
        let change = order.into_iter().map(|id| (KeyId(id), heavier(2 + turn as u32))).collect();
        let change = PoolChange { change, insert: vec![key(100 + turn, service, 9)], ..PoolChange::default() };
        storage.change_pool(service, &change, at(50)).await
    });
    let skipped = join_all(changes).await.into_iter().map(|skipped| skipped.unwrap().len()).sum::<usize>();
    assert_eq!(skipped, 11);
    let stored = storage.keys(service, all()).await.unwrap();
    assert_eq!(stored.len(), 9);
    // One of them came last, with all of its changes.
    let weights: Vec<u32> = stored[..8].iter().map(|key| key.policy.weight).collect();
    assert!(weights.iter().all(|weight| *weight == weights[0] && *weight >= 2), "{weights:?}");
}

pub async fn a_failing_pool_change_changes_nothing(storage: &dyn Storage) {
    let service = store_service(storage, 1).await;
    storage.insert_keys(&keys(1..=2, service)).await.unwrap();
    let change = PoolChange {
        delete: vec![KeyId(1)],
        change: vec![(KeyId(2), KeyChange { is_active: Some(false), ..KeyChange::default() })],
        insert: vec![key(3, ServiceId(99), 3)],
    };
    let error = storage.change_pool(service, &change, at(50)).await.unwrap_err();
    assert_eq!(error.kind(), &StorageErrorKind::NotFound);
    assert_eq!(storage.keys(service, all()).await.unwrap(), keys(1..=2, service));
}
