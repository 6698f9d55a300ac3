//! Nothing is lost and nothing counts twice, whatever fails.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use rotator_domain::{
    ClientKeyId, Clock, Figure, Grain, KeyId, ServiceId, SystemClock, Timestamp, UsageFigures, UsageRow, UsageSubject,
};
use rotator_storage_trait::{StorageError, StorageErrorKind, UsageBatch, UsageGroup, UsageQuery, UsageRepository};
use rotator_usage::UsageWriter;
use tempfile::tempdir;

/// A storage that keeps figures in memory and fails as it is told.
#[derive(Default)]
struct Store(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    requests: HashMap<ServiceId, u64>,
    batches: HashMap<String, i64>,
    minutes: HashSet<Timestamp>,
    refuses: bool,
    loses_answers: bool,
}

/// A clock that a test sets, in milliseconds.
struct Told(AtomicI64);

impl Clock for Told {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed))
    }
}

// === impl Store ===

impl Store {
    fn set(&self, change: impl FnOnce(&mut Kept)) {
        change(&mut self.0.lock().unwrap());
    }

    fn requests(&self, service: i64) -> u64 {
        self.0.lock().unwrap().requests.get(&ServiceId(service)).copied().unwrap_or_default()
    }

    fn unavailable() -> StorageError {
        StorageError::new(StorageErrorKind::Unavailable, "add usage figures")
    }
}

#[async_trait]
impl UsageRepository for Store {
    async fn add_usage(&self, batch: &UsageBatch, rows: &[UsageRow], _: Timestamp) -> Result<bool, StorageError> {
        let mut kept = self.0.lock().unwrap();
        if kept.refuses {
            return Err(Self::unavailable());
        }
        let is_new = kept.batches.get(&batch.source).is_none_or(|last| *last < batch.number);
        if is_new {
            kept.batches.insert(batch.source.clone(), batch.number);
            for UsageRow { at, subject, figures } in rows {
                *kept.requests.entry(subject.service).or_default() += figures.get(Figure::Requests);
                kept.minutes.insert(*at);
            }
        }
        if kept.loses_answers { Err(Self::unavailable()) } else { Ok(is_new) }
    }

    async fn usage(&self, _: &UsageQuery, _: u64) -> Result<Vec<UsageGroup>, StorageError> {
        Ok(Vec::new())
    }

    async fn forget_usage(&self, _: Grain, _: Timestamp, _: u64) -> Result<u64, StorageError> {
        Ok(0)
    }

    async fn forget_usage_sources(&self, _: Timestamp) -> Result<u64, StorageError> {
        Ok(0)
    }
}

fn writer(root: &Path, store: &Arc<Store>) -> UsageWriter {
    UsageWriter::open(root.to_owned(), Arc::clone(store) as _, Arc::new(SystemClock)).unwrap()
}

fn record(writer: &UsageWriter, service: i64, times: u64) {
    let figures = UsageFigures::from_iter([(Figure::Requests, 1), (Figure::InputTokens, 1000)]);
    for time in 0..times {
        let key = Some(KeyId(i64::try_from(time % 7).unwrap() + 1));
        let subject = UsageSubject { service: ServiceId(service), key, client: None, model: Some("model".to_owned()) };
        writer.recorder().record(Timestamp::from_millis(90_000), subject, &figures);
    }
}

/// The bytes of all journals.
fn size(root: &Path) -> u64 {
    let mut size = 0;
    for child in std::fs::read_dir(root).unwrap() {
        let child = child.unwrap();
        size += if child.path().is_dir() { self::size(&child.path()) } else { child.metadata().unwrap().len() };
    }
    size
}

#[tokio::test]
async fn what_is_counted_arrives_and_leaves_the_journal() {
    let (root, store) = (tempdir().unwrap(), Arc::new(Store::default()));
    let writer = writer(root.path(), &store);
    writer.flush().await.unwrap();
    record(&writer, 1, 100);
    record(&writer, 2, 1);
    assert!(size(root.path()) > 100);
    writer.flush().await.unwrap();
    writer.flush().await.unwrap();
    record(&writer, 1, 10);
    writer.close().await.unwrap();
    assert_eq!((store.requests(1), store.requests(2)), (110, 1));
    assert_eq!(store.0.lock().unwrap().minutes, [Timestamp::from_millis(60_000)].into());
    assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_storage_that_comes_back_gets_everything_once() {
    let (root, store) = (tempdir().unwrap(), Arc::new(Store::default()));
    let writer = writer(root.path(), &store);
    record(&writer, 1, 1);
    store.set(|kept| kept.refuses = true);
    for _ in 0..5 {
        assert!(writer.flush().await.is_err());
        record(&writer, 1, 10);
    }
    store.set(|kept| *kept = Kept { loses_answers: true, ..Kept::default() });
    for _ in 0..5 {
        assert!(writer.flush().await.is_err());
        record(&writer, 1, 100);
    }
    store.set(|kept| kept.loses_answers = false);
    writer.flush().await.unwrap();
    assert_eq!(store.requests(1), 551);
}

#[tokio::test]
async fn what_a_killed_process_left_behind_is_sent_by_the_next() {
    let (root, store) = (tempdir().unwrap(), Arc::new(Store::default()));
    for _ in 0..3 {
        let killed = writer(root.path(), &store);
        record(&killed, 1, 10);
        store.set(|kept| kept.refuses = true);
        assert!(killed.flush().await.is_err());
        record(&killed, 1, 10);
        store.set(|kept| (kept.refuses, kept.loses_answers) = (false, true));
        // It has arrived, but this process does not hear of it any more.
        assert!(killed.flush().await.is_err());
        record(&killed, 1, 10);
        store.set(|kept| kept.loses_answers = false);
        drop(killed);
    }
    let next = writer(root.path(), &store);
    record(&next, 1, 1);
    next.close().await.unwrap();
    assert_eq!(store.requests(1), 91);
    assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn processes_that_live_leave_each_others_journals_alone() {
    let (root, store) = (tempdir().unwrap(), Arc::new(Store::default()));
    let first = writer(root.path(), &store);
    record(&first, 1, 10);
    let second = writer(root.path(), &store);
    record(&second, 1, 10);
    second.close().await.unwrap();
    assert_eq!(store.requests(1), 10);
    first.close().await.unwrap();
    assert_eq!(store.requests(1), 20);
}

#[tokio::test]
async fn a_long_silence_of_the_storage_does_not_fill_the_disk() {
    let (root, store) = (tempdir().unwrap(), Arc::new(Store::default()));
    let writer = writer(root.path(), &store);
    store.set(|kept| kept.refuses = true);
    let mut biggest = 0;
    for _ in 0..20 {
        record(&writer, 1, 10_000);
        assert!(writer.flush().await.is_err());
        biggest = biggest.max(size(root.path()));
    }
    // 200,000 lines would be more than 16 MiB; no more than half of that ever lies there.
    assert!(biggest < 12 * 1024 * 1024, "{biggest}");
    store.set(|kept| kept.refuses = false);
    drop(writer);
    let next = self::writer(root.path(), &store);
    next.flush().await.unwrap();
    assert_eq!(store.requests(1), 200_000);
}

#[tokio::test]
async fn without_its_disk_counting_goes_on() {
    let (root, store) = (tempdir().unwrap(), Arc::new(Store::default()));
    let writer = writer(root.path(), &store);
    record(&writer, 1, 1);
    std::fs::remove_dir_all(root.path()).unwrap();
    for _ in 0..3 {
        record(&writer, 1, 1);
        writer.flush().await.unwrap();
    }
    assert!(!writer.standing().is_journaled);
    std::fs::create_dir_all(root.path()).unwrap();
    record(&writer, 1, 1);
    writer.close().await.unwrap();
    assert_eq!(store.requests(1), 5);
}

#[tokio::test]
async fn a_journal_that_cannot_be_opened_is_opened_as_soon_as_it_can() {
    let (root, store) = (tempdir().unwrap(), Arc::new(Store::default()));
    let root = root.path().join("usage");
    let killed = writer(&root, &store);
    record(&killed, 1, 3);
    drop(killed);
    // Nothing can be made in it.
    let aside = root.with_extension("aside");
    std::fs::rename(&root, &aside).unwrap();
    std::fs::write(&root, "").unwrap();
    let writer = writer(&root, &store);
    record(&writer, 1, 10);
    writer.flush().await.unwrap();
    record(&writer, 1, 100);
    assert_eq!((store.requests(1), writer.standing().is_journaled), (10, false));
    std::fs::remove_file(&root).unwrap();
    std::fs::rename(&aside, &root).unwrap();
    writer.flush().await.unwrap();
    // With what the process before it left behind.
    assert_eq!((store.requests(1), writer.standing().is_journaled), (113, true));
    record(&writer, 1, 1000);
    drop(writer);
    let next = self::writer(&root, &store);
    next.close().await.unwrap();
    assert_eq!(store.requests(1), 1113);
}

#[tokio::test]
async fn what_a_client_used_that_is_not_stored_is_known() {
    let (root, store) = (tempdir().unwrap(), Arc::new(Store::default()));
    store.set(|kept| kept.refuses = true);
    let minute = |minute: i64| Timestamp::from_millis(minute * 60_000);
    let record = |writer: &UsageWriter, client: i64, at: i64| {
        let client = Some(ClientKeyId(client));
        let subject = UsageSubject { service: ServiceId(1), key: None, client, model: None };
        writer.recorder().record(minute(at), subject, &UsageFigures::from_iter([(Figure::Requests, 1)]));
    };
    let killed = writer(root.path(), &store);
    record(&killed, 1, 5);
    record(&killed, 2, 5);
    drop(killed);
    let writer = writer(root.path(), &store);
    let used =
        async |client: i64, from: i64| writer.waiting(ClientKeyId(client), minute(from)).await.get(Figure::Requests);
    record(&writer, 1, 6);
    writer.flush().await.unwrap_err();
    record(&writer, 1, 7);
    assert_eq!([used(1, 0).await, used(1, 6).await, used(1, 7).await, used(2, 0).await], [3, 2, 1, 1]);
    store.set(|kept| kept.refuses = false);
    writer.flush().await.unwrap();
    assert_eq!((used(1, 0).await, store.requests(1)), (0, 4));
}

#[tokio::test]
async fn what_neither_the_disk_nor_the_storage_takes_is_added_up() {
    let (root, store) = (tempdir().unwrap(), Arc::new(Store::default()));
    let path = root.path().join("usage");
    std::fs::write(&path, "").unwrap();
    let writer = writer(&path, &store);
    store.set(|kept| kept.refuses = true);
    let figures = UsageFigures::from_iter([(Figure::Requests, 1)]);
    let rows = 450_000;
    for minute in 0..rows {
        let subject = UsageSubject { service: ServiceId(1), key: None, client: None, model: None };
        writer.recorder().record(Timestamp::from_millis(minute * 60_000), subject, &figures);
        if minute % 10_000 == 0 {
            writer.flush().await.unwrap_err();
        }
    }
    store.set(|kept| kept.refuses = false);
    writer.flush().await.unwrap();
    assert_eq!(store.requests(1), rows.unsigned_abs());
    let kept = store.0.lock().unwrap().minutes.len();
    assert!(kept < 250_000, "{kept} rows were in memory");
}

#[tokio::test]
async fn it_is_known_how_far_the_storage_is_behind() {
    let (root, store) = (tempdir().unwrap(), Arc::new(Store::default()));
    let clock = Arc::new(Told(AtomicI64::new(1_000_000)));
    let writer = UsageWriter::open(root.path().to_owned(), Arc::clone(&store) as _, Arc::clone(&clock) as _).unwrap();
    let standing = || (writer.standing().batches_waiting, writer.standing().behind.as_secs());
    let pass = |seconds: i64| clock.0.fetch_add(seconds * 1000, Ordering::Relaxed);
    record(&writer, 1, 3);
    pass(2);
    assert_eq!(standing(), (0, 2));
    writer.flush().await.unwrap();
    assert_eq!(standing(), (0, 0));
    store.set(|kept| kept.refuses = true);
    record(&writer, 1, 3);
    pass(60);
    writer.flush().await.unwrap_err();
    assert_eq!(standing(), (1, 60));
    store.set(|kept| kept.refuses = false);
    writer.flush().await.unwrap();
    assert_eq!(standing(), (0, 0));
}
