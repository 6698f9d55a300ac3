//! Sealed settings, and the exchange of everything that is sealed.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::future::join_all;
use rotator_domain::{KeyId, Sealed, WebhookId};

use super::sample::{all, keys, store_service};
use super::webhooks::{rich_webhook, webhook};
use crate::{SealedPlace, Storage, StorageError, StorageErrorKind};

/// More than one page of any backend.
const MANY: i64 = 2_100;

pub async fn a_setting_is_stored_once(storage: &dyn Storage) {
    assert_eq!(storage.setting("jwt-secret").await.unwrap(), None);
    let (first, second) = (Sealed((0..=255).collect()), Sealed(vec![2]));
    assert_eq!(storage.setting_or_insert("jwt-secret", &first).await.unwrap(), first);
    assert_eq!(storage.setting_or_insert("jwt-secret", &second).await.unwrap(), first);
    assert_eq!(storage.setting("jwt-secret").await.unwrap(), Some(first));
    for other in ["JWT-secret", "jwt-secret ", "jwt-secret\t"] {
        assert_eq!(storage.setting(other).await.unwrap(), None);
    }
    assert_eq!(storage.setting_or_insert("digest-key", &second).await.unwrap(), second);
}

pub async fn of_concurrent_settings_one_holds_for_all(storage: &dyn Storage) {
    let values: Vec<Sealed> = (0..20_u8).map(|number| Sealed(vec![number])).collect();
    let inserts = values.iter().map(|value| storage.setting_or_insert("name", value));
    let held: Vec<Sealed> = join_all(inserts).await.into_iter().map(Result::unwrap).collect();
    let stored = storage.setting("name").await.unwrap().unwrap();
    assert!(values.contains(&stored));
    assert!(held.iter().all(|value| *value == stored));
}

pub async fn everything_sealed_is_exchanged(storage: &dyn Storage) {
    let service = store_service(storage, 1).await;
    storage.insert_keys(&keys(1..=MANY, service)).await.unwrap();
    storage.setting_or_insert("a", &Sealed(b"sealed a".to_vec())).await.unwrap();
    storage.setting_or_insert("b", &Sealed(b"sealed b".to_vec())).await.unwrap();
    storage.insert_webhook(&webhook(5_000)).await.unwrap();
    storage.insert_webhook(&rich_webhook(5_001)).await.unwrap();
    let places = Mutex::new(Vec::new());
    let reseal = |place: &SealedPlace, old: &Sealed| {
        places.lock().unwrap().push(place.clone());
        Ok(Sealed([b"again ", old.0.as_slice()].concat()))
    };
    assert_eq!(storage.reseal_all(&reseal).await.unwrap(), MANY.unsigned_abs() + 5);
    let mut places = places.into_inner().unwrap();
    assert_eq!(places.len(), MANY.unsigned_abs() as usize + 5);
    places.dedup();
    assert!(places.contains(&SealedPlace::Webhook(WebhookId(5_001))));
    assert!(places.contains(&SealedPlace::Setting("a".into())));
    assert!(places.contains(&SealedPlace::UpstreamKey(KeyId(MANY))));
    for (expected, stored) in keys(1..=MANY, service).into_iter().zip(storage.keys(service, all()).await.unwrap()) {
        let sealed = Sealed(format!("again sealed {}", expected.id).into_bytes());
        assert_eq!(stored, crate::KeyRecord { sealed, ..expected });
    }
    assert_eq!(storage.setting("b").await.unwrap(), Some(Sealed(b"again sealed b".to_vec())));
    let again = |sealed: &Sealed| [b"again ", sealed.0.as_slice()].concat();
    let stored = storage.webhooks().await.unwrap();
    for (expected, stored) in [webhook(5_000), rich_webhook(5_001)].into_iter().zip(stored) {
        assert_eq!(stored.sealed.0, again(&expected.sealed));
        let previous = |webhook: rotator_domain::Webhook| webhook.previous.map(|previous| previous.sealed);
        assert_eq!(previous(stored).map(|sealed| sealed.0), previous(expected).map(|sealed| again(&sealed)));
    }
}

pub async fn a_failing_exchange_changes_nothing(storage: &dyn Storage) {
    let service = store_service(storage, 1).await;
    storage.insert_keys(&keys(1..=MANY, service)).await.unwrap();
    storage.setting_or_insert("a", &Sealed(b"sealed a".to_vec())).await.unwrap();
    // All succeed but the last one, whichever the backend takes for it.
    let calls = AtomicU32::new(0);
    let last = u32::try_from(MANY + 1).unwrap();
    let reseal = |_: &SealedPlace, _: &Sealed| {
        if calls.fetch_add(1, Ordering::Relaxed) + 1 == last {
            return Err(StorageError::new(StorageErrorKind::Refused, "seal anew"));
        }
        Ok(Sealed(b"changed".to_vec()))
    };
    assert_eq!(storage.reseal_all(&reseal).await.unwrap_err().kind(), &StorageErrorKind::Refused);
    assert_eq!(storage.keys(service, all()).await.unwrap(), keys(1..=MANY, service));
    assert_eq!(storage.setting("a").await.unwrap(), Some(Sealed(b"sealed a".to_vec())));
}
