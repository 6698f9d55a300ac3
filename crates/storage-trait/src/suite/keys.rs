//! Upstream keys: storing, listing, counting.

use std::collections::HashSet;
use std::ops::RangeInclusive;
use std::pin::pin;

use futures_util::TryStreamExt;
use futures_util::future::join_all;
use rotator_domain::{KeyId, KeyLabel, ServiceId};

use super::sample::{EMOJI, all, at, key, keys, long_policy, store_service};
use crate::{KeyChange, KeyCounts, KeyRecord, Page, PoolChange, SealedKey, Storage, StorageErrorKind, sealed_pages};

/// More than any backend puts into one statement, so that a batch is several of them.
const LARGE: i64 = 2_500;

pub async fn a_key_reads_back_whole(storage: &dyn Storage) {
    let service = store_service(storage, 1).await;
    let mut plain = key(1, service, 1);
    plain.label = None;
    plain.is_active = false;
    let mut rich = key(2, service, 2);
    rich.label = Some(KeyLabel::new(EMOJI).unwrap());
    rich.policy = long_policy();
    rich.sealed.0 = (0..=255).cycle().take(5000).collect();
    let mut long = key(3, service, 3);
    long.label = Some(KeyLabel::new(&"🔑".repeat(200)).unwrap());
    let stored = [plain, rich, long];
    assert!(storage.insert_keys(&stored).await.unwrap().is_empty());
    for key in &stored {
        assert_eq!(storage.key(key.id).await.unwrap().as_ref(), Some(key));
    }
    assert_eq!(storage.keys(service, all()).await.unwrap(), stored);
    assert_eq!(storage.key(KeyId(4)).await.unwrap(), None);
}

pub async fn an_empty_batch_is_fine(storage: &dyn Storage) {
    assert!(storage.insert_keys(&[]).await.unwrap().is_empty());
}

pub async fn duplicates_are_skipped_in_order(storage: &dyn Storage) {
    let service = store_service(storage, 1).await;
    let first = keys(1..=3, service);
    storage.insert_keys(&first).await.unwrap();
    // 12 and 15 are there already, 14 comes twice in the batch.
    let batch: Vec<KeyRecord> = [(15, 3), (13, 50), (14, 50), (12, 1), (11, 51)]
        .into_iter()
        .map(|(id, value)| key(id, service, value))
        .collect();
    let skipped = storage.insert_keys(&batch).await.unwrap();
    assert_eq!(skipped, [15, 14, 12].map(KeyId));
    let ids: Vec<i64> = storage.keys(service, all()).await.unwrap().iter().map(|key| key.id.0).collect();
    assert_eq!(ids, [1, 2, 3, 11, 13]);
    assert_eq!(storage.key(KeyId(1)).await.unwrap().as_ref(), first.first());
    // All of a batch may be there already.
    assert_eq!(storage.insert_keys(&batch[..1]).await.unwrap(), [KeyId(15)]);
}

pub async fn the_same_value_fits_into_two_services(storage: &dyn Storage) {
    let (one, two) = (store_service(storage, 1).await, store_service(storage, 2).await);
    assert!(storage.insert_keys(&[key(1, one, 9), key(2, two, 9)]).await.unwrap().is_empty());
    assert_eq!(storage.insert_keys(&[key(3, two, 9)]).await.unwrap(), [KeyId(3)]);
}

pub async fn a_failing_batch_leaves_nothing(storage: &dyn Storage) {
    let service = store_service(storage, 1).await;
    let mut batch = keys(1..=LARGE, service);
    batch.push(key(LARGE + 1, ServiceId(99), LARGE + 1));
    let error = storage.insert_keys(&batch).await.unwrap_err();
    assert_eq!(error.kind(), &StorageErrorKind::NotFound);
    assert!(storage.keys(service, all()).await.unwrap().is_empty());
    // The storage is as usable as before.
    batch.pop();
    assert!(storage.insert_keys(&batch).await.unwrap().is_empty());
}

pub async fn a_large_batch_arrives_whole(storage: &dyn Storage) {
    let service = store_service(storage, 1).await;
    storage.insert_keys(&[key(LARGE + 1, service, 1), key(LARGE + 2, service, LARGE)]).await.unwrap();
    let skipped = storage.insert_keys(&keys(1..=LARGE, service)).await.unwrap();
    assert_eq!(skipped, [KeyId(1), KeyId(LARGE)]);
    let total = LARGE.unsigned_abs();
    let counts = storage.count_keys(&[service]).await.unwrap();
    assert_eq!(counts, [KeyCounts { total, active: total }]);
}

pub async fn keys_come_in_pages(storage: &dyn Storage) {
    let (service, other) = (store_service(storage, 1).await, store_service(storage, 2).await);
    storage.insert_keys(&keys([9, 1, 5, 7, 3], service)).await.unwrap();
    storage.insert_keys(&keys([2, 4, 6], other)).await.unwrap();
    let page = async |after: Option<i64>, limit| {
        let page = Page { after: after.map(KeyId), limit };
        storage.keys(service, page).await.unwrap().iter().map(|key| key.id.0).collect::<Vec<_>>()
    };
    assert_eq!(page(None, 2).await, [1, 3]);
    assert_eq!(page(Some(3), 2).await, [5, 7]);
    assert_eq!(page(Some(4), 2).await, [5, 7]);
    assert_eq!(page(Some(7), 2).await, [9]);
    assert!(page(Some(9), 2).await.is_empty());
    assert_eq!(page(None, u64::MAX).await, [1, 3, 5, 7, 9]);
    assert!(storage.keys(ServiceId(99), all()).await.unwrap().is_empty());
}

pub async fn a_place_far_down_is_reached_by_its_number(storage: &dyn Storage) {
    let (service, other) = (store_service(storage, 1).await, store_service(storage, 2).await);
    storage.insert_keys(&keys((1..=LARGE).map(|number| 2 * number), service)).await.unwrap();
    storage.insert_keys(&keys([1, 3, 5, 9_999], other)).await.unwrap();
    for (skip, limit) in [(0, 3), (1, 3), (1_234, 1_000), (2_499, 10), (2_500, 10), (u64::MAX, 10), (7, u64::MAX)] {
        let place = usize::try_from(skip).unwrap_or(usize::MAX);
        let ids = (1..=LARGE).map(|number| 2 * number).skip(place).take(usize::try_from(limit).unwrap_or(usize::MAX));
        assert_eq!(storage.keys_from(service, skip, limit).await.unwrap(), keys(ids, service), "{skip}, {limit}");
    }
    assert!(storage.keys_from(ServiceId(99), 0, 10).await.unwrap().is_empty());
}

pub async fn ids_are_told_by_state_and_keys_by_id(storage: &dyn Storage) {
    let (service, other) = (store_service(storage, 1).await, store_service(storage, 2).await);
    let mut stored = keys([9, 1, 5, 7, 3], service);
    stored.iter_mut().filter(|key| key.id.0 >= 7).for_each(|key| key.is_active = false);
    storage.insert_keys(&stored).await.unwrap();
    storage.insert_keys(&keys(10..=10 + LARGE, other)).await.unwrap();
    for (is_active, expected) in [(None, vec![1, 3, 5, 7, 9]), (Some(true), vec![1, 3, 5]), (Some(false), vec![7, 9])] {
        let expected: Vec<KeyId> = expected.into_iter().map(KeyId).collect();
        assert_eq!(storage.key_ids(service, is_active).await.unwrap(), expected);
    }
    assert!(storage.key_ids(ServiceId(99), None).await.unwrap().is_empty());
    // One is of another service, one is nobody's, one is named twice.
    let among = storage.keys_among(service, &[9, 3, 10, 99_999, 3].map(KeyId)).await.unwrap();
    assert_eq!(among.iter().map(|key| key.id.0).collect::<Vec<_>>(), [3, 9]);
    assert!(storage.keys_among(service, &[]).await.unwrap().is_empty());
    let all: Vec<KeyId> = storage.key_ids(other, Some(true)).await.unwrap();
    assert_eq!(storage.keys_among(other, &all).await.unwrap(), keys(10..=10 + LARGE, other));
}

pub async fn a_large_pool_is_read_page_by_page(storage: &dyn Storage) {
    const MANY: i64 = 12_000;
    const LIMIT: u64 = 700;
    let (service, other) = (store_service(storage, 1).await, store_service(storage, 2).await);
    storage.insert_keys(&keys(1..=MANY, service)).await.unwrap();
    storage.insert_keys(&keys(MANY + 1..=MANY + 10, other)).await.unwrap();
    let mut expected = keys(1..=MANY, service).into_iter();
    let mut after = None;
    loop {
        let page = storage.keys(service, Page { after, limit: LIMIT }).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        assert!(page.into_iter().all(|key| expected.next() == Some(key)));
    }
    assert_eq!(expected.next(), None);
}

pub async fn a_batch_of_long_keys_arrives_whole(storage: &dyn Storage) {
    // 20 MB: more than some servers take in one statement.
    const MANY: i64 = 250;
    let service = store_service(storage, 1).await;
    let long = |key| KeyRecord { policy: long_policy(), ..key };
    let batch: Vec<KeyRecord> = keys(1..=MANY, service).into_iter().map(long).collect();
    assert!(storage.insert_keys(&batch).await.unwrap().is_empty());
    assert_eq!(storage.keys(service, all()).await.unwrap(), batch);
}

pub async fn concurrent_batches_store_each_value_once(storage: &dyn Storage) {
    let service = store_service(storage, 1).await;
    // Eight batches of the same fifty values under ids of their own.
    let batches = (0..8).map(|batch| async move {
        let keys: Vec<KeyRecord> = (0..50).map(|value| key(1 + batch * 50 + value, service, value)).collect();
        storage.insert_keys(&keys).await.unwrap().len()
    });
    let skipped: usize = join_all(batches).await.into_iter().sum();
    assert_eq!(skipped, 7 * 50);
    let stored = storage.keys(service, all()).await.unwrap();
    let values: HashSet<_> = stored.iter().map(|key| key.digest).collect();
    assert_eq!((stored.len(), values.len()), (50, 50));
}

pub async fn keys_are_counted_in_the_order_asked(storage: &dyn Storage) {
    let (one, two) = (store_service(storage, 1).await, store_service(storage, 2).await);
    let mut batch = keys(1..=5, one);
    for key in &mut batch[..2] {
        key.is_active = false;
    }
    batch.push(key(6, two, 6));
    storage.insert_keys(&batch).await.unwrap();
    let first = KeyCounts { total: 5, active: 3 };
    let second = KeyCounts { total: 1, active: 1 };
    let asked = [two, ServiceId(99), one, two];
    assert_eq!(storage.count_keys(&asked).await.unwrap(), [second, KeyCounts::default(), first, second]);
    assert!(storage.count_keys(&[]).await.unwrap().is_empty());
}

pub async fn counts_of_a_large_pool_follow_its_changes(storage: &dyn Storage) {
    count_a_large_pool([storage, storage]).await;
}

/// Counts a pool that is too large to be counted each time, while either node changes it.
pub(super) async fn count_a_large_pool(nodes: [&dyn Storage; 2]) {
    let service = store_service(nodes[0], 1).await;
    nodes[0].insert_keys(&keys(1..=6000, service)).await.unwrap();
    let mut counts = KeyCounts { total: 6000, active: 6000 };
    // However often they are counted, and by whomever.
    for node in nodes.iter().cycle().take(6) {
        assert_eq!(node.count_keys(&[service]).await.unwrap(), [counts]);
    }
    let off = KeyChange { is_active: Some(false), ..KeyChange::default() };
    for (id, [one, other]) in (1..).zip([nodes, [nodes[1], nodes[0]], nodes, [nodes[1], nodes[0]]]) {
        if id % 2 == 0 {
            one.change_key(KeyId(id), &off, at(1)).await.unwrap();
        } else {
            one.delete_key(KeyId(id)).await.unwrap();
            counts.total -= 1;
        }
        counts.active -= 1;
        assert_eq!(other.count_keys(&[service]).await.unwrap(), [counts]);
        assert_eq!(one.count_keys(&[service]).await.unwrap(), [counts]);
    }
    let delete = nodes[0].keys(service, all()).await.unwrap().iter().map(|key| key.id).collect();
    nodes[0].change_pool(service, &PoolChange { delete, ..PoolChange::default() }, at(2)).await.unwrap();
    assert_eq!(nodes[1].count_keys(&[service]).await.unwrap(), [KeyCounts::default()]);
}

pub async fn pools_are_read_one_after_the_other_in_pages(storage: &dyn Storage) {
    for id in 1..=4 {
        store_service(storage, id).await;
    }
    // Ids that do not follow the order of the services.
    let pools = [(1, vec![2, 9, 11]), (2, vec![1, 3, 4, 5, 10]), (4, vec![6, 7])];
    for (service, ids) in &pools {
        storage.insert_keys(&keys(ids.iter().copied(), ServiceId(*service))).await.unwrap();
    }
    let label = Some(Some(KeyLabel::new("Spare one").unwrap()));
    let off = KeyChange { is_active: Some(false), label, ..KeyChange::default() };
    storage.change_key(KeyId(4), &off, at(9)).await.unwrap();
    let page = async |services: RangeInclusive<i64>, after: Option<(i64, i64)>, limit| {
        let range = ServiceId(*services.start())..=ServiceId(*services.end());
        let page = Page { after: after.map(|(service, key)| (ServiceId(service), KeyId(key))), limit };
        let keys = storage.sealed_keys(range, page).await.unwrap();
        keys.iter().map(|key| (key.service_id.0, key.id.0)).collect::<Vec<_>>()
    };
    let expected: Vec<(i64, i64)> =
        pools.iter().flat_map(|(service, ids)| ids.iter().map(|id| (*service, *id))).collect();
    assert_eq!(page(1..=4, None, u64::MAX).await, expected);
    for limit in 1..=expected.len() {
        let (mut read, mut after) = (Vec::new(), None);
        loop {
            let some = page(1..=4, after, limit as u64).await;
            assert!(some.len() <= limit);
            let Some(last) = some.last() else { break };
            after = Some(*last);
            read.extend(some);
        }
        assert_eq!(read, expected, "{limit} a page");
    }
    for limit in [1, 3, 10, 11] {
        let (range, mut read) = (ServiceId(1)..=ServiceId(4), Vec::new());
        let mut pages = pin!(sealed_pages(storage, &range, limit));
        while let Some(some) = pages.try_next().await.unwrap() {
            assert!((1..=limit).contains(&(some.len() as u64)));
            read.extend(some.iter().map(|key| (key.service_id.0, key.id.0)));
        }
        assert_eq!(read, expected, "{limit} a page");
    }
    assert_eq!(page(2..=3, None, 9).await, expected[3..8]);
    assert_eq!(page(2..=3, Some((2, 5)), 9).await, [(2, 10)]);
    assert_eq!(page(2..=4, Some((1, 2)), 9).await, expected[3..], "what comes before the range is not in it");
    assert!(page(1..=2, Some((4, 6)), 9).await.is_empty());
    assert!(page(3..=3, None, 9).await.is_empty());
    let of_two = Page { after: None, limit: 9 };
    let read = storage.sealed_keys(ServiceId(2)..=ServiceId(2), of_two).await.unwrap();
    for (sealed, whole) in read.into_iter().zip(storage.keys(ServiceId(2), all()).await.unwrap()) {
        let KeyRecord { id, service_id, sealed: value, label, is_active, policy, .. } = whole.clone();
        assert_eq!(sealed, SealedKey { id, service_id, sealed: value, label, is_active, policy });
        assert_eq!(sealed, SealedKey::from(whole));
    }
}

pub async fn the_first_keys_of_many_services_come_at_once(storage: &dyn Storage) {
    let services: Vec<ServiceId> = join_all((1..=3).map(|id| store_service(storage, id))).await;
    storage.insert_keys(&keys([8, 2, 4, 6], services[0])).await.unwrap();
    storage.insert_keys(&keys([1, 3], services[2])).await.unwrap();
    let first = async |services: &[ServiceId], most| {
        let keys = storage.first_keys(services, most).await.unwrap();
        keys.into_iter().map(|key| (key.service_id.0, key.id.0)).collect::<Vec<_>>()
    };
    assert_eq!(first(&services, 3).await, [(1, 2), (1, 4), (1, 6), (3, 1), (3, 3)]);
    assert_eq!(first(&[services[2], services[0]], 1).await, [(1, 2), (3, 1)], "in the services' own order");
    assert_eq!(first(&services[..1], 4).await, [(1, 2), (1, 4), (1, 6), (1, 8)]);
    assert!(first(&services, 0).await.is_empty());
    assert!(first(&[services[1], ServiceId(99)], 9).await.is_empty() && first(&[], 9).await.is_empty());
    let whole = storage.first_keys(&services[..1], u64::MAX).await.unwrap();
    assert_eq!(whole, storage.keys(services[0], all()).await.unwrap());
}
