//! Databases that many nodes share: how they are opened, at once and again. These cases get the factory and the URL of an
//! empty database, whose user has a password.

use std::error::Error as StdError;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use rotator_domain::{KeyId, Sealed, ServiceId};

use super::keys::count_a_large_pool;
use super::sample::{all, generic, key, keys, store_service};
use crate::{DatabaseUrl, Record, Storage, StorageError, StorageErrorKind, StorageFactory, StorageOptions};

async fn open(factory: &dyn StorageFactory, url: &DatabaseUrl) -> Arc<dyn Storage> {
    factory.open(url, &StorageOptions::default()).await.unwrap()
}

/// The error of opening, and all that it and its causes say.
async fn refused(factory: &dyn StorageFactory, url: &DatabaseUrl) -> (StorageError, String) {
    let options = StorageOptions { max_connections: 2, acquire_timeout: Duration::from_secs(2) };
    let error = factory.open(url, &options).await.err().unwrap();
    let mut told = format!("{error}: {error:?}");
    let mut cause = error.source();
    while let Some(error) = cause {
        told = format!("{told}\n{error}: {error:?}");
        cause = error.source();
    }
    (error, told)
}

/// The URL with something else in place of what stands between its user and its host.
fn with_password(url: &DatabaseUrl, password: &str) -> DatabaseUrl {
    let (before, host) = url.expose().rsplit_once('@').unwrap();
    let (user, _) = before.rsplit_once(':').unwrap();
    DatabaseUrl::new(format!("{user}:{password}@{host}"))
}

pub async fn nodes_that_start_at_once_make_one_schema(factory: &dyn StorageFactory, url: &DatabaseUrl) {
    let options = StorageOptions { max_connections: 3, ..StorageOptions::default() };
    let opened = join_all((0..6).map(|_| factory.open(url, &options))).await;
    let nodes: Vec<Arc<dyn Storage>> = opened.into_iter().map(Result::unwrap).collect();
    let services = (1_i64..).zip(&nodes).map(|(id, node)| store_service(&**node, id));
    join_all(services).await;
    let ids = join_all(nodes.iter().flat_map(|node| (0..20).map(|_| node.reserve_ids(2)))).await;
    let mut ids: Vec<i64> = ids.into_iter().map(Result::unwrap).collect();
    ids.sort_unstable();
    assert_eq!(ids, (0..120).map(|at| 1 + 2 * at).collect::<Vec<_>>());
    for node in &nodes {
        assert_eq!(node.count_services().await.unwrap(), 6);
        node.close().await;
    }
}

pub async fn nodes_that_add_the_same_keys_store_each_once(factory: &dyn StorageFactory, url: &DatabaseUrl) {
    let nodes = [open(factory, url).await, open(factory, url).await];
    let service = store_service(&*nodes[0], 1).await;
    // The same values in opposite orders, under ids of their own.
    let forward: Vec<_> = (0..300).map(|value| key(1 + value, service, value)).collect();
    let backward: Vec<_> = (0..300).rev().map(|value| key(1001 + value, service, value)).collect();
    let batches = forward.chunks(100).zip(backward.chunks(100));
    let batches: Vec<_> =
        batches.flat_map(|(one, other)| [nodes[0].insert_keys(one), nodes[1].insert_keys(other)]).collect();
    let skipped: usize = join_all(batches).await.into_iter().map(|skipped| skipped.unwrap().len()).sum();
    assert_eq!(skipped, 300);
    assert_eq!(nodes[1].count_keys(&[service]).await.unwrap()[0].total, 300);
}

pub async fn nodes_count_a_large_pool_as_the_other_changes_it(factory: &dyn StorageFactory, url: &DatabaseUrl) {
    let nodes = [open(factory, url).await, open(factory, url).await];
    count_a_large_pool([&*nodes[0], &*nodes[1]]).await;
}

pub async fn everything_is_there_after_reopening(factory: &dyn StorageFactory, url: &DatabaseUrl) {
    let storage = open(factory, url).await;
    let service = store_service(&*storage, 1).await;
    storage.insert_keys(&keys(1..=3, service)).await.unwrap();
    storage.setting_or_insert("name", &Sealed(vec![1])).await.unwrap();
    assert_eq!(storage.reserve_ids(10).await.unwrap(), 1);
    storage.close().await;
    let storage = open(factory, url).await;
    assert_eq!(storage.services(all()).await.unwrap(), [generic(1, "service 1", "service-1")]);
    assert_eq!(storage.keys(service, all()).await.unwrap(), keys(1..=3, service));
    assert_eq!(storage.setting("name").await.unwrap(), Some(Sealed(vec![1])));
    assert_eq!(storage.reserve_ids(1).await.unwrap(), 11);
}

pub async fn a_reset_leaves_an_empty_schema(factory: &dyn StorageFactory, url: &DatabaseUrl) {
    let storage = open(factory, url).await;
    let service = store_service(&*storage, 1).await;
    storage.insert_keys(&keys(1..=3, service)).await.unwrap();
    storage.reserve_ids(10).await.unwrap();
    storage.close().await;
    factory.reset(url, &StorageOptions::default()).await.unwrap();
    let storage = open(factory, url).await;
    assert_eq!(storage.count_services().await.unwrap(), 0);
    assert_eq!(storage.key(KeyId(1)).await.unwrap(), None);
    assert_eq!(storage.reserve_ids(1).await.unwrap(), 1);
}

pub async fn a_call_that_is_given_up_leaves_all_or_nothing(factory: &dyn StorageFactory, url: &DatabaseUrl) {
    let storage = open(factory, url).await;
    let service = store_service(&*storage, 1).await;
    let batch = keys(1..=3_000, service);
    for polls in [1, 2, 5, 10, 20, 40] {
        // Dropped somewhere on its way, as when the client of the admin API goes away.
        let mut call = Box::pin(storage.insert_keys(&batch));
        let mut left = polls;
        let given_up = futures_util::future::poll_fn(|context| {
            left -= 1;
            match call.as_mut().poll(context) {
                std::task::Poll::Pending if left > 0 => std::task::Poll::Pending,
                other => std::task::Poll::Ready(other.is_pending()),
            }
        });
        let given_up = given_up.await;
        drop(call);
        let total = storage.count_keys(&[service]).await.unwrap()[0].total;
        assert!(total == 3_000 || (total == 0 && given_up), "{total} after {polls}");
        storage.delete_keys(service).await.unwrap();
    }
    assert!(storage.insert_keys(&batch).await.unwrap().is_empty());
}

pub async fn an_opening_that_is_given_up_can_be_repeated(factory: &dyn StorageFactory, url: &DatabaseUrl) {
    // Somewhere in the middle of the first schema, at another place each time.
    for polls in [3, 8, 15, 25, 40, 60] {
        let options = StorageOptions::default();
        let mut opening = factory.open(url, &options);
        let mut left = polls;
        futures_util::future::poll_fn(|context| {
            left -= 1;
            match opening.as_mut().poll(context) {
                std::task::Poll::Pending if left > 0 => std::task::Poll::Pending,
                _ => std::task::Poll::Ready(()),
            }
        })
        .await;
    }
    let storage = open(factory, url).await;
    let service = store_service(&*storage, 1).await;
    storage.insert_keys(&keys(1..=3, service)).await.unwrap();
    storage.save_states(ServiceId(1), &[]).await.unwrap();
    assert_eq!(storage.reserve_ids(1).await.unwrap(), 1);
}

pub async fn a_wrong_password_is_denied_and_not_told(factory: &dyn StorageFactory, url: &DatabaseUrl) {
    let (error, told) = refused(factory, &with_password(url, "planted-s3cret")).await;
    assert_eq!(error.kind(), &StorageErrorKind::Denied, "{told}");
    assert!(!told.contains("planted-s3cret"), "{told}");
}

pub async fn a_database_that_is_not_there_is_named(factory: &dyn StorageFactory, url: &DatabaseUrl) {
    let (error, told) = refused(factory, &DatabaseUrl::new(format!("{}_not_there", url.expose()))).await;
    assert_eq!(error.kind(), &StorageErrorKind::Refused);
    assert!(told.contains("_not_there"), "{told}");
}

pub async fn a_server_that_is_not_there_does_not_answer(factory: &dyn StorageFactory, url: &DatabaseUrl) {
    // A port that was free a moment ago.
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let (before, path) = url.expose().rsplit_once('/').unwrap();
    let (before, _) = before.rsplit_once(':').unwrap();
    let (error, told) = refused(factory, &DatabaseUrl::new(format!("{before}:{port}/{path}"))).await;
    assert_eq!(error.kind(), &StorageErrorKind::Unavailable, "{told}");
}

pub async fn a_url_that_cannot_be_read_is_not_told(factory: &dyn StorageFactory, url: &DatabaseUrl) {
    let (before, path) = with_password(url, "planted-s3cret")
        .expose()
        .rsplit_once('/')
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    for broken in [format!("{before}0000/{path}"), before, "x".to_owned()] {
        let (error, told) = refused(factory, &DatabaseUrl::new(broken)).await;
        assert_eq!(error.kind(), &StorageErrorKind::Unsupported, "{told}");
        assert!(!told.contains("planted-s3cret"), "{told}");
    }
}

pub async fn a_snapshot_sees_one_moment(factory: &dyn StorageFactory, url: &DatabaseUrl) {
    let (reader, writer) = (open(factory, url).await, open(factory, url).await);
    let service = store_service(&*writer, 1).await;
    writer.insert_keys(&keys(1..=6, service)).await.unwrap();
    let mut snapshot = reader.snapshot().await.unwrap();
    let mut seen = snapshot.next_page(2).await.unwrap();
    assert_eq!(seen, [Record::NextId(1)]);

    // Before the services are read, and again while the keys are.
    let other = store_service(&*writer, 2).await;
    writer.delete_key(KeyId(1)).await.unwrap();
    seen.extend(snapshot.next_page(2).await.unwrap());
    seen.extend(snapshot.next_page(2).await.unwrap());
    writer.insert_keys(&keys([7], other)).await.unwrap();
    writer.delete_service(service).await.unwrap();
    loop {
        let page = snapshot.next_page(2).await.unwrap();
        if page.is_empty() {
            break;
        }
        seen.extend(page);
    }
    let service = Record::Service(Box::new(generic(1, "service 1", "service-1")));
    let keys = keys(1..=6, ServiceId(1)).into_iter().map(Record::UpstreamKey);
    assert_eq!(seen[1..], std::iter::once(service).chain(keys).collect::<Vec<_>>());
    drop(snapshot);
    assert_eq!(reader.services(all()).await.unwrap().len(), 1);
}

pub async fn a_filling_appears_at_once(factory: &dyn StorageFactory, url: &DatabaseUrl) {
    let (reader, writer) = (open(factory, url).await, open(factory, url).await);
    let mut filling = writer.fill().await.unwrap();
    filling.store(&[Record::Service(Box::new(generic(1, "a", "a")))]).await.unwrap();
    filling.store(&keys(1..=6, ServiceId(1)).into_iter().map(Record::UpstreamKey).collect::<Vec<_>>()).await.unwrap();
    assert_eq!(reader.count_services().await.unwrap(), 0);
    assert_eq!(reader.count_keys(&[ServiceId(1)]).await.unwrap()[0].total, 0);
    filling.commit().await.unwrap();
    assert_eq!(reader.count_services().await.unwrap(), 1);
    assert_eq!(reader.count_keys(&[ServiceId(1)]).await.unwrap()[0].total, 6);
}
