//! Client keys.

use rotator_domain::{ClientKey, ClientKeyId};

use super::sample::{EMOJI, at, digest};
use crate::{Storage, StorageErrorKind};

fn client_key(id: i64) -> ClientKey {
    let name = format!("{EMOJI} {id}");
    ClientKey { id: ClientKeyId(id), name, digest: digest(id), is_active: id % 2 == 0, created_at: at(id) }
}

pub async fn client_keys_read_back_in_order(storage: &dyn Storage) {
    assert!(storage.client_keys().await.unwrap().is_empty());
    for id in [2, 3, 1] {
        storage.insert_client_key(&client_key(id)).await.unwrap();
    }
    assert_eq!(storage.client_keys().await.unwrap(), [1, 2, 3].map(client_key));
}

pub async fn a_taken_client_key_is_a_conflict(storage: &dyn Storage) {
    storage.insert_client_key(&client_key(1)).await.unwrap();
    let same_value = ClientKey { digest: digest(1), ..client_key(2) };
    let error = storage.insert_client_key(&same_value).await.unwrap_err();
    assert_eq!(error.kind(), &StorageErrorKind::Conflict { field: "key_value" });
    assert_eq!(storage.client_keys().await.unwrap(), [client_key(1)]);
}
