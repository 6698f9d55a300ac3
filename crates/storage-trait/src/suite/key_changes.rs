//! Upstream keys: changing and deleting.

use futures_util::future::join_all;
use rotator_domain::{KeyId, KeyLabel, ServiceId};

use super::sample::{EMOJI, all, at, key, keys, store_service};
use crate::{KeyChange, KeyRecord, Storage, StorageErrorKind};

pub async fn a_change_touches_only_what_is_named(storage: &dyn Storage) {
    let service = store_service(storage, 1).await;
    let (before, bystander) = (key(1, service, 1), key(2, service, 2));
    storage.insert_keys(&[before.clone(), bystander.clone()]).await.unwrap();
    let label = KeyLabel::new(EMOJI).unwrap();
    let steps = [
        // Nothing is named, so not even the time changes.
        (KeyChange::default(), before.clone()),
        (
            KeyChange { is_active: Some(false), label: None },
            KeyRecord { is_active: false, updated_at: at(102), ..before.clone() },
        ),
        (
            KeyChange { is_active: None, label: Some(Some(label.clone())) },
            KeyRecord { is_active: false, label: Some(label), updated_at: at(103), ..before.clone() },
        ),
        (
            KeyChange { is_active: None, label: Some(None) },
            KeyRecord { is_active: false, label: None, updated_at: at(104), ..before.clone() },
        ),
        (
            KeyChange { is_active: Some(true), label: Some(before.label.clone()) },
            KeyRecord { updated_at: at(105), ..before.clone() },
        ),
    ];
    for ((change, expected), now) in steps.into_iter().zip(101..) {
        assert_eq!(storage.change_key(KeyId(1), &change, at(now)).await.unwrap(), expected);
        assert_eq!(storage.key(KeyId(1)).await.unwrap(), Some(expected));
    }
    assert_eq!(storage.key(KeyId(2)).await.unwrap(), Some(bystander));
}

pub async fn concurrent_changes_of_one_key_all_hold(storage: &dyn Storage) {
    let service = store_service(storage, 1).await;
    storage.insert_keys(&keys([1], service)).await.unwrap();
    let label = KeyLabel::new("after").unwrap();
    let off = KeyChange { is_active: Some(false), label: None };
    let renamed = KeyChange { is_active: None, label: Some(Some(label.clone())) };
    let changes = (0..20).map(|turn| {
        let change = if turn % 2 == 0 { &off } else { &renamed };
        storage.change_key(KeyId(1), change, at(turn))
    });
    for changed in join_all(changes).await {
        changed.unwrap();
    }
    let key = storage.key(KeyId(1)).await.unwrap().unwrap();
    assert_eq!((key.is_active, key.label), (false, Some(label)));
}

pub async fn changing_or_deleting_no_key_is_not_found(storage: &dyn Storage) {
    for change in [KeyChange::default(), KeyChange { is_active: Some(true), label: None }] {
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
