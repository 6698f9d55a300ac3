//! Versions of what servers serve.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::join_all;
use rotator_domain::{ClientKey, ClientKeyId, KeyId, ServiceId};

use super::audit;
use super::sample::{at, digest, generic, key, keys, store_service};
use crate::{KeyChange, PoolChange, Served, ServiceRepository, Storage, StorageError, StorageErrorKind, StoredChange};

const FIRST: Served = Served::Service(ServiceId(1));
const SECOND: Served = Served::Service(ServiceId(2));

fn client_key(id: i64) -> ClientKey {
    ClientKey::new(ClientKeyId(id), String::new(), "", digest(id), at(id))
}

async fn since(storage: &dyn Storage, version: i64) -> Vec<(Served, i64)> {
    let changes = storage.changes_since(version).await.unwrap();
    changes.into_iter().map(|StoredChange { served, version }| (served, version)).collect()
}

pub async fn every_change_of_what_is_served_counts(storage: &dyn Storage) {
    assert_eq!(storage.config_version().await.unwrap(), 0);
    assert!(since(storage, 0).await.is_empty());
    let mut version = 0;
    let mut expect = async |served: &[Served]| {
        version += 1;
        assert_eq!(storage.config_version().await.unwrap(), version);
        let told: Vec<(Served, i64)> = served.iter().map(|served| (*served, version)).collect();
        assert_eq!(since(storage, version - 1).await, told);
    };
    let service = store_service(storage, 1).await;
    expect(&[FIRST]).await;
    let other = store_service(storage, 2).await;
    expect(&[SECOND]).await;
    storage.update_service(&generic(1, "anew", "anew")).await.unwrap();
    expect(&[FIRST]).await;
    // One transaction is one change, whatever it is of.
    storage.insert_keys(&[key(1, service, 1), key(2, other, 2), key(3, service, 3)]).await.unwrap();
    expect(&[FIRST, SECOND]).await;
    let change = KeyChange { is_active: Some(false), ..KeyChange::default() };
    storage.change_key(KeyId(2), &change, at(9)).await.unwrap();
    expect(&[SECOND]).await;
    let pool = PoolChange { delete: vec![KeyId(1)], change: Vec::new(), insert: keys(10..12, service) };
    storage.change_pool(service, &pool, at(9)).await.unwrap();
    expect(&[FIRST]).await;
    storage.delete_key(KeyId(2)).await.unwrap();
    expect(&[SECOND]).await;
    storage.delete_keys(service).await.unwrap();
    expect(&[FIRST]).await;
    storage.insert_client_key(&client_key(1)).await.unwrap();
    expect(&[Served::ClientKeys]).await;
    let mut rotated = client_key(1);
    rotated.rotate("", digest(2), at(9), at(1));
    for changed in [ClientKey { is_active: false, ..client_key(1) }, rotated] {
        storage.update_client_key(&changed).await.unwrap();
        expect(&[Served::ClientKeys]).await;
    }
    storage.delete_client_key(ClientKeyId(1)).await.unwrap();
    expect(&[Served::ClientKeys]).await;
    storage.delete_service(other).await.unwrap();
    expect(&[SECOND]).await;
    assert_eq!(since(storage, 0).await, [(FIRST, 8), (Served::ClientKeys, 12), (SECOND, 13)]);
}

pub async fn what_is_refused_or_not_served_counts_nothing(storage: &dyn Storage) {
    let service = store_service(storage, 1).await;
    storage.insert_client_key(&client_key(1)).await.unwrap();
    let refused = |done: Result<(), StorageError>| assert!(done.is_err());
    refused(storage.insert_service(&generic(1, "a", "a")).await);
    refused(storage.insert_service(&generic(2, "a", "service-1")).await);
    refused(storage.update_service(&generic(7, "a", "a")).await);
    refused(storage.delete_service(ServiceId(7)).await);
    refused(storage.insert_keys(&keys(1..3, ServiceId(7))).await.map(drop));
    refused(storage.change_key(KeyId(7), &KeyChange::default(), at(1)).await.map(drop));
    refused(storage.delete_key(KeyId(7)).await.map(drop));
    refused(storage.insert_client_key(&client_key(1)).await);
    refused(storage.update_client_key(&client_key(7)).await);
    refused(storage.delete_client_key(ClientKeyId(7)).await);
    storage.insert_keys(&[]).await.unwrap();
    storage.delete_keys(ServiceId(7)).await.unwrap();
    storage.save_states(service, &[]).await.unwrap();
    storage.reserve_ids(3).await.unwrap();
    storage.end_session("session", at(9), at(1)).await.unwrap();
    storage.append_audit(&audit::entry(1)).await.unwrap();
    assert_eq!(storage.config_version().await.unwrap(), 2);
    assert_eq!(since(storage, 0).await, [(FIRST, 1), (Served::ClientKeys, 2)]);
}

pub async fn a_thing_that_changes_often_is_told_once(storage: &dyn Storage) {
    store_service(storage, 1).await;
    store_service(storage, 2).await;
    for _ in 0..20 {
        storage.update_service(&generic(1, "a", "a")).await.unwrap();
    }
    assert_eq!(since(storage, 0).await, [(SECOND, 2), (FIRST, 22)]);
    assert_eq!(since(storage, 2).await, [(FIRST, 22)]);
    assert!(since(storage, 22).await.is_empty());
    assert!(since(storage, i64::MAX).await.is_empty());
}

pub async fn who_reads_while_others_write_misses_nothing(storage: &dyn Storage) {
    const SERVICES: i64 = 8;
    const TURNS: i64 = 12;
    for id in 1..=SERVICES {
        store_service(storage, id).await;
    }
    let written = AtomicBool::new(false);
    let rename = |id: i64, turn: i64| async move {
        let service = generic(id, &format!("{id} {turn}"), &format!("service-{id}"));
        // Of so many at once, one may give up; then it has changed nothing.
        while let Err(error) = storage.update_service(&service).await {
            assert_eq!(error.kind(), &StorageErrorKind::Collided);
        }
    };
    let writers = join_all((1..=SERVICES).map(|id| async move {
        for turn in 1..=TURNS {
            rename(id, turn).await;
        }
    }));
    let write = async {
        writers.await;
        written.store(true, Ordering::Release);
    };
    // Goes by what it is told alone.
    let follow = async {
        let (mut seen, mut names) = (0, BTreeMap::new());
        loop {
            let last_turn = written.load(Ordering::Acquire);
            let version = storage.config_version().await.unwrap();
            assert!(version >= seen, "{version} came after {seen}");
            for change in storage.changes_since(seen).await.unwrap() {
                let Served::Service(id) = change.served else { continue };
                names.insert(id, ServiceRepository::service(storage, id).await.unwrap().unwrap().name);
            }
            seen = version;
            if last_turn {
                return (seen, names);
            }
        }
    };
    let ((), (seen, names)) = futures_util::future::join(write, follow).await;
    assert_eq!(seen, SERVICES * (1 + TURNS));
    let names: Vec<String> = names.into_values().map(|name| name.to_string()).collect();
    assert_eq!(names, (1..=SERVICES).map(|id| format!("{id} {TURNS}")).collect::<Vec<_>>());
}
