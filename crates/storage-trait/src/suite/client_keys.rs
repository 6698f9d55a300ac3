//! Client keys.

use rotator_domain::metering::{Span, Unit};
use rotator_domain::rotation::Glob;
use rotator_domain::{Budget, ClientKey, ClientKeyId, ClientLimits, ClientPolicy, PreviousDigest};

use super::sample::{EMOJI, at, digest};
use crate::{Page, Storage, StorageErrorKind};

fn client_key(id: i64) -> ClientKey {
    let key = ClientKey::new(ClientKeyId(id), format!("{EMOJI} {id}"), "rk-abcdefgh", digest(id), at(id));
    ClientKey { is_active: id % 2 == 0, ..key }
}

/// A key with everything that a key can have.
pub(super) fn rich(id: i64) -> ClientKey {
    let budget = |unit, amount, period| Budget { unit, amount, period };
    let limits = ClientLimits {
        requests_per_minute: Some(60),
        requests_per_day: Some(1_000_000_000_000),
        tokens_per_minute: Some(1),
        tokens_per_day: Some(2),
        concurrent: Some(3),
        budgets: vec![
            budget(Unit::Nanodollars, 1_000_000_000_000_000, Span::Month),
            budget(Unit::Tokens, 7, Span::Total),
        ],
    };
    let policy = ClientPolicy {
        services: vec![Glob::new("team-*")],
        models: vec![Glob::new(EMOJI)],
        sources: vec!["10.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()],
        limits,
    };
    let previous = Some(PreviousDigest { digest: digest(id + 1000), until: at(9) });
    ClientKey { previous, expires_at: Some(at(7)), policy, ..client_key(id) }
}

async fn conflicts(storage: &dyn Storage, key: &ClientKey) {
    let error = storage.insert_client_key(key).await.unwrap_err();
    assert_eq!(error.kind(), &StorageErrorKind::Conflict { field: "key_value" });
}

pub async fn client_keys_read_back_in_order(storage: &dyn Storage) {
    assert!(storage.client_keys().await.unwrap().is_empty());
    let keys = [client_key(1), rich(2), client_key(3)];
    for at in [1, 2, 0] {
        storage.insert_client_key(&keys[at]).await.unwrap();
    }
    assert_eq!(storage.client_keys().await.unwrap(), keys);
    assert_eq!(storage.client_key(ClientKeyId(2)).await.unwrap().as_ref(), Some(&keys[1]));
    assert_eq!(storage.client_key(ClientKeyId(4)).await.unwrap(), None);
}

pub async fn client_keys_come_in_pages(storage: &dyn Storage) {
    for id in 1..=5 {
        storage.insert_client_key(&client_key(id)).await.unwrap();
    }
    assert_eq!(storage.count_client_keys().await.unwrap(), 5);
    let page = |after: Option<i64>, limit| Page { after: after.map(ClientKeyId), limit };
    assert_eq!(storage.client_keys_page(page(None, 2)).await.unwrap(), [1, 2].map(client_key));
    assert_eq!(storage.client_keys_page(page(Some(2), 2)).await.unwrap(), [3, 4].map(client_key));
    assert_eq!(storage.client_keys_page(page(Some(4), u64::MAX)).await.unwrap(), [client_key(5)]);
}

pub async fn a_taken_client_key_is_a_conflict(storage: &dyn Storage) {
    storage.insert_client_key(&rich(1)).await.unwrap();
    conflicts(storage, &ClientKey { digest: digest(1), ..client_key(2) }).await;
    let before = Some(PreviousDigest { digest: digest(1001), until: at(1) });
    conflicts(storage, &ClientKey { previous: before, ..client_key(2) }).await;
    // What one of them opens now must not be what another opened before, and the other way round.
    conflicts(storage, &ClientKey { digest: digest(1001), ..client_key(2) }).await;
    let before = Some(PreviousDigest { digest: digest(1), until: at(1) });
    conflicts(storage, &ClientKey { previous: before, ..client_key(2) }).await;
    assert_eq!(storage.client_keys().await.unwrap(), [rich(1)]);
}

pub async fn a_client_key_is_replaced_and_deleted(storage: &dyn Storage) {
    for id in [1, 2] {
        storage.insert_client_key(&client_key(id)).await.unwrap();
    }
    storage.update_client_key(&ClientKey { created_at: at(99), ..rich(1) }).await.unwrap();
    assert_eq!(storage.client_keys().await.unwrap(), [rich(1), client_key(2)]);
    // The same once more is no conflict with itself.
    storage.update_client_key(&rich(1)).await.unwrap();
    let taken = ClientKey { digest: digest(1001), ..client_key(2) };
    let error = storage.update_client_key(&taken).await.unwrap_err();
    assert_eq!(error.kind(), &StorageErrorKind::Conflict { field: "key_value" });
    storage.update_client_key(&client_key(1)).await.unwrap();
    assert_eq!(storage.client_keys().await.unwrap(), [1, 2].map(client_key));
    storage.delete_client_key(ClientKeyId(1)).await.unwrap();
    assert_eq!(storage.client_keys().await.unwrap(), [client_key(2)]);
    for error in [
        storage.delete_client_key(ClientKeyId(1)).await.unwrap_err(),
        storage.update_client_key(&client_key(1)).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), &StorageErrorKind::NotFound);
    }
}

pub async fn a_client_key_that_was_changed_meanwhile_stays(storage: &dyn Storage) {
    storage.insert_client_key(&client_key(1)).await.unwrap();
    storage.update_known_client_key(&client_key(1), &rich(1)).await.unwrap();
    let late = ClientKey { name: "late".to_owned(), ..client_key(1) };
    let error = storage.update_known_client_key(&client_key(1), &late).await.unwrap_err();
    assert_eq!(error.kind(), &StorageErrorKind::Changed);
    assert_eq!(storage.client_keys().await.unwrap(), [rich(1)]);
    let error = storage.update_known_client_key(&client_key(2), &client_key(2)).await.unwrap_err();
    assert_eq!(error.kind(), &StorageErrorKind::NotFound);
}
