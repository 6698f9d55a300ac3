//! The backend as a whole.

use super::sample::generic;
use crate::{Storage, StorageErrorKind};

pub async fn it_answers_until_it_is_closed(storage: &dyn Storage) {
    storage.ping().await.unwrap();
    storage.close().await;
    assert_eq!(storage.ping().await.unwrap_err().kind(), &StorageErrorKind::Unavailable);
    let write = storage.insert_service(&generic(1, "a", "a")).await;
    assert_eq!(write.unwrap_err().kind(), &StorageErrorKind::Unavailable);
    assert_eq!(storage.count_services().await.unwrap_err().kind(), &StorageErrorKind::Unavailable);
    // Again is no error.
    storage.close().await;
}
