//! Ids.

use std::collections::HashSet;

use futures_util::future::join_all;

use crate::Storage;

pub async fn ids_begin_at_one_and_follow_each_other(storage: &dyn Storage) {
    assert_eq!(storage.reserve_ids(3).await.unwrap(), 1);
    assert_eq!(storage.reserve_ids(1).await.unwrap(), 4);
    assert_eq!(storage.reserve_ids(100_000).await.unwrap(), 5);
    assert_eq!(storage.reserve_ids(1).await.unwrap(), 100_005);
}

pub async fn concurrent_reservations_never_overlap(storage: &dyn Storage) {
    let reservations = (0..60_u32).map(|at| async move {
        let count = at % 7 + 1;
        let first = storage.reserve_ids(count).await.unwrap();
        first..first + i64::from(count)
    });
    let ids: Vec<i64> = join_all(reservations).await.into_iter().flatten().collect();
    let different: HashSet<i64> = ids.iter().copied().collect();
    assert_eq!(different.len(), ids.len());
    assert!(ids.iter().all(|id| *id >= 1));
}
