//! What is particular to a file: it stays, it may be damaged, others may use it at the same time.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use rotator_domain::rotation::{Checkpoint, KeyPolicy, KeyState, Strategy};
use rotator_domain::{Digest, KeyId, Sealed, Service, ServiceDraft, ServiceId, Timestamp};
use rotator_storage_sqlite::SqliteFactory;
use rotator_storage_trait::suite::{admin, nodes};
use rotator_storage_trait::{
    DatabaseUrl, KeyCounts, KeyRecord, Page, Storage, StorageError, StorageErrorKind, StorageFactory, StorageOptions,
};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use tempfile::TempDir;

/// A place for a database, removed in the end.
struct Place {
    _folder: TempDir,
    path: PathBuf,
}

impl Place {
    /// Neither the file nor its folder is there yet.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data").join("rotator.db");
        Self { _folder: folder, path }
    }

    fn url(&self) -> DatabaseUrl {
        DatabaseUrl::new(format!("sqlite:{}", self.path.display()))
    }

    async fn try_open(&self) -> Result<Arc<dyn Storage>, StorageError> {
        SqliteFactory.open(&self.url(), &StorageOptions::default()).await
    }

    async fn open(&self) -> Arc<dyn Storage> {
        self.try_open().await.unwrap()
    }

    /// A connection of somebody else.
    async fn raw(&self) -> SqliteConnection {
        SqliteConnectOptions::new().filename(&self.path).connect().await.unwrap()
    }

    async fn execute(&self, sql: &'static str) {
        let mut raw = self.raw().await;
        sqlx::query(sql).execute(&mut raw).await.unwrap();
        raw.close().await.unwrap();
    }
}

fn service(id: i64) -> Service {
    let draft = ServiceDraft {
        name: format!("service {id}"),
        slug: format!("service-{id}"),
        config_type: "LLM".into(),
        target_base_url: Some("https://llm.example.com/v1".into()),
        ..ServiceDraft::default()
    };
    draft.into_service(ServiceId(id), Timestamp::EPOCH, Timestamp::EPOCH).unwrap()
}

fn key(id: i64) -> KeyRecord {
    let mut digest = [0; 32];
    digest[..8].copy_from_slice(&id.to_be_bytes());
    KeyRecord {
        id: KeyId(id),
        service_id: ServiceId(1),
        sealed: Sealed(vec![0x5e; 80]),
        digest: Digest(digest),
        label: None,
        is_active: true,
        policy: KeyPolicy::default(),
        created_at: Timestamp::EPOCH,
        updated_at: Timestamp::EPOCH,
    }
}

fn all<Id>() -> Page<Id> {
    Page { after: None, limit: u64::MAX }
}

#[tokio::test]
async fn everything_is_there_after_reopening() {
    let place = Place::new();
    let storage = place.open().await;
    storage.insert_service(&service(1)).await.unwrap();
    storage.insert_keys(&[key(1), key(2)]).await.unwrap();
    storage.setting_or_insert("name", &Sealed(vec![1])).await.unwrap();
    assert_eq!(storage.reserve_ids(10).await.unwrap(), 1);
    storage.close().await;

    let storage = place.open().await;
    assert_eq!(storage.services(all()).await.unwrap(), [service(1)]);
    assert_eq!(storage.keys(ServiceId(1), all()).await.unwrap(), [key(1), key(2)]);
    assert_eq!(storage.setting("name").await.unwrap(), Some(Sealed(vec![1])));
    assert_eq!(storage.reserve_ids(1).await.unwrap(), 11);
}

#[tokio::test]
async fn a_database_of_the_first_version_is_brought_up_to_date() {
    let place = Place::new();
    std::fs::create_dir_all(place.path.parent().unwrap()).unwrap();
    let mut raw = SqliteConnectOptions::new().filename(&place.path).create_if_missing(true).connect().await.unwrap();
    sqlx::raw_sql(include_str!("m0001.sql")).execute(&mut raw).await.unwrap();
    raw.close().await.unwrap();

    let storage = place.open().await;
    let old = storage.service(ServiceId(1)).await.unwrap().unwrap();
    assert_eq!((old.slug.as_str(), old.policy.idle_timeout), ("old", Some(Duration::from_millis(1500))));
    assert_eq!(old.policy.rotation.strategy, Strategy::RoundRobin);
    let key = storage.key(KeyId(2)).await.unwrap().unwrap();
    assert_eq!((key.label.unwrap().as_str(), &key.policy), ("old key", &KeyPolicy::default()));
    assert!(storage.states(ServiceId(1)).await.unwrap().is_empty());
    admin::those_of_the_first_version_may_do_everything(storage.as_ref()).await;
    assert_eq!(storage.reserve_ids(1).await.unwrap(), 3);
    storage.close().await;
    assert_eq!(place.open().await.service(ServiceId(1)).await.unwrap(), Some(old));
}

#[tokio::test]
async fn states_of_a_later_version_are_passed_over() {
    let place = Place::new();
    let storage = place.open().await;
    storage.insert_service(&service(1)).await.unwrap();
    storage.insert_keys(&[key(1), key(2)]).await.unwrap();
    let state = |key, state| Checkpoint {
        key: KeyId(key),
        model: None,
        state,
        since: Timestamp::EPOCH,
        until: Timestamp::from_millis(i64::MAX),
    };
    let states = [state(1, KeyState::Dead), state(2, KeyState::Cooling)];
    storage.save_states(ServiceId(1), &states).await.unwrap();
    place.execute("UPDATE key_states SET state = 'resting' WHERE key_id = 1").await;
    assert_eq!(storage.states(ServiceId(1)).await.unwrap(), states[1..]);
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_can_read_a_new_database() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    let place = Place::new();
    let storage = place.open().await;
    storage.insert_service(&service(1)).await.unwrap();
    assert_eq!(mode(place.path.parent().unwrap()), 0o700);
    assert_eq!(mode(&place.path), 0o600);
    assert_eq!(mode(&place.path.with_extension("db-wal")), 0o600);
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_alone() {
    let place = Place::new();
    let storage = place.open().await;
    storage.insert_service(&service(1)).await.unwrap();
    storage.close().await;
    place.execute("INSERT INTO rotator_migrations (version, applied_at) VALUES ('m9999_future', 0)").await;

    assert_eq!(place.try_open().await.err().unwrap().kind(), &StorageErrorKind::SchemaTooNew);
    let reset = SqliteFactory.reset(&place.url(), &StorageOptions::default()).await;
    assert_eq!(reset.unwrap_err().kind(), &StorageErrorKind::SchemaTooNew);

    place.execute("DELETE FROM rotator_migrations WHERE version = 'm9999_future'").await;
    assert_eq!(place.open().await.services(all()).await.unwrap(), [service(1)]);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_named_so() {
    let place = Place::new();
    std::fs::create_dir_all(place.path.parent().unwrap()).unwrap();
    let garbage = "no database at all ".repeat(1000);
    std::fs::write(&place.path, &garbage).unwrap();
    let error = place.try_open().await.err().unwrap();
    assert_eq!(error.kind(), &StorageErrorKind::Corrupt);
    assert_eq!(error.to_string(), "could not open the SQLite database: the stored data does not read back");
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("file is not a database"), "{source}");
    assert_eq!(std::fs::read_to_string(&place.path).unwrap(), garbage);
}

#[tokio::test]
async fn a_damaged_database_is_named_so() {
    let place = Place::new();
    place.open().await.close().await;
    let mut bytes = std::fs::read(&place.path).unwrap();
    bytes[100..4096].fill(0xff);
    std::fs::write(&place.path, bytes).unwrap();
    assert_eq!(place.try_open().await.err().unwrap().kind(), &StorageErrorKind::Corrupt);
}

#[tokio::test]
async fn a_folder_cannot_be_opened() {
    let folder = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::new(format!("sqlite:{}", folder.path().display()));
    let opened = SqliteFactory.open(&url, &StorageOptions::default()).await;
    assert_eq!(opened.err().unwrap().kind(), &StorageErrorKind::Denied);
}

#[tokio::test]
async fn a_damaged_row_is_corrupt_and_the_others_are_not() {
    let place = Place::new();
    let storage = place.open().await;
    storage.insert_service(&service(1)).await.unwrap();
    storage.insert_service(&service(2)).await.unwrap();
    storage.insert_keys(&[key(1), key(2)]).await.unwrap();
    place.execute("UPDATE services SET target_url = 'nowhere' WHERE id = 2").await;
    place.execute("UPDATE upstream_keys SET digest = x'00' WHERE id = 2").await;

    assert_eq!(storage.service(ServiceId(2)).await.unwrap_err().kind(), &StorageErrorKind::Corrupt);
    assert_eq!(storage.key(KeyId(2)).await.unwrap_err().kind(), &StorageErrorKind::Corrupt);
    assert_eq!(storage.service(ServiceId(1)).await.unwrap(), Some(service(1)));
    assert_eq!(storage.key(KeyId(1)).await.unwrap(), Some(key(1)));

    for corrupt in [
        "UPDATE upstream_keys SET policy = '{' WHERE id = 1",
        r#"UPDATE upstream_keys SET policy = '{"weight":0}' WHERE id = 1"#,
        r#"UPDATE upstream_keys SET policy = '{"tier":"low"}' WHERE id = 1"#,
    ] {
        place.execute(corrupt).await;
        assert_eq!(storage.key(KeyId(1)).await.unwrap_err().kind(), &StorageErrorKind::Corrupt, "{corrupt}");
    }
    place.execute(r#"UPDATE upstream_keys SET policy = '{"later":1}' WHERE id = 1"#).await;
    assert_eq!(storage.key(KeyId(1)).await.unwrap(), Some(key(1)));

    // Fields that a later version adds to the policy, and text where a number belongs.
    place.execute(r#"UPDATE services SET policy = '{"later":1}' WHERE id = 1"#).await;
    assert!(storage.service(ServiceId(1)).await.unwrap().is_some());
    place.execute("UPDATE services SET created_at = 'yesterday' WHERE id = 1").await;
    assert_eq!(storage.service(ServiceId(1)).await.unwrap_err().kind(), &StorageErrorKind::Corrupt);
}

#[tokio::test]
async fn reset_leaves_an_empty_schema_and_the_tables_of_others() {
    let place = Place::new();
    let storage = place.open().await;
    storage.insert_service(&service(1)).await.unwrap();
    storage.insert_keys(&[key(1)]).await.unwrap();
    storage.reserve_ids(10).await.unwrap();
    storage.close().await;
    place.execute("CREATE TABLE proxy_configs (id INTEGER)").await;

    SqliteFactory.reset(&place.url(), &StorageOptions::default()).await.unwrap();
    let storage = place.open().await;
    assert_eq!(storage.count_services().await.unwrap(), 0);
    assert_eq!(storage.key(KeyId(1)).await.unwrap(), None);
    assert_eq!(storage.reserve_ids(1).await.unwrap(), 1);
    place.execute("DROP TABLE proxy_configs").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_thousand_keys_go_into_one_batch() {
    let place = Place::new();
    let storage = place.open().await;
    storage.insert_service(&service(1)).await.unwrap();
    let batch: Vec<KeyRecord> = (1..=100_000).map(key).collect();
    assert!(storage.insert_keys(&batch).await.unwrap().is_empty());
    let counts = storage.count_keys(&[ServiceId(1)]).await.unwrap();
    assert_eq!(counts, [KeyCounts { total: 100_000, active: 100_000 }]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reading_goes_on_while_another_process_writes_and_writing_waits_for_it() {
    let place = Place::new();
    let storage = place.open().await;
    storage.insert_service(&service(1)).await.unwrap();
    let mut other = place.raw().await;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    sqlx::query("DELETE FROM services").execute(&mut other).await.unwrap();

    // The writer holds its lock, and what it has not committed is not seen.
    assert_eq!(storage.services(all()).await.unwrap(), [service(1)]);
    let waiting = tokio::spawn({
        let storage = Arc::clone(&storage);
        async move { storage.insert_service(&service(2)).await }
    });
    assert_eq!(storage.count_services().await.unwrap(), 1);
    sqlx::query("COMMIT").execute(&mut other).await.unwrap();
    waiting.await.unwrap().unwrap();
    assert_eq!(storage.services(all()).await.unwrap(), [service(2)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reading_goes_on_during_a_large_batch() {
    let place = Place::new();
    let storage = place.open().await;
    storage.insert_service(&service(1)).await.unwrap();
    let import = tokio::spawn({
        let storage = Arc::clone(&storage);
        async move { storage.insert_keys(&(1..=20_000).map(key).collect::<Vec<_>>()).await }
    });
    // All of the batch is seen or none of it.
    let mut seen = 0;
    while seen == 0 {
        seen = storage.count_keys(&[ServiceId(1)]).await.unwrap()[0].total;
        assert!(seen == 0 || seen == 20_000, "{seen}");
    }
    assert!(import.await.unwrap().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_on_one_file_never_collide() {
    let place = Place::new();
    // Both open the file at the same moment, and one of them makes the schema.
    let opened = join_all([place.try_open(), place.try_open()]).await;
    let storages: Vec<Arc<dyn Storage>> = opened.into_iter().map(Result::unwrap).collect();
    let writers = storages.iter().zip([1, 1001]).flat_map(|(storage, first)| {
        (first..first + 50).map(move |id| async move { storage.insert_service(&service(id)).await })
    });
    for written in join_all(writers).await {
        written.unwrap();
    }
    let ids = join_all(storages.iter().flat_map(|storage| (0..50).map(|_| storage.reserve_ids(2)))).await;
    let mut ids: Vec<i64> = ids.into_iter().map(Result::unwrap).collect();
    ids.sort_unstable();
    assert_eq!(ids, (0..100).map(|at| 1 + 2 * at).collect::<Vec<_>>());
    assert_eq!(storages[0].count_services().await.unwrap(), 100);
}

#[tokio::test]
async fn a_call_that_is_given_up_leaves_all_or_nothing() {
    let place = Place::new();
    let storage = place.open().await;
    storage.insert_service(&service(1)).await.unwrap();
    let batch: Vec<KeyRecord> = (1..=5_000).map(key).collect();
    for patience in [0, 1, 3, 10, 30, 100].map(Duration::from_millis) {
        // Dropped somewhere on its way, as when the client of the admin API goes away.
        let done = tokio::time::timeout(patience, storage.insert_keys(&batch)).await;
        let total = storage.count_keys(&[ServiceId(1)]).await.unwrap()[0].total;
        // What is given up while it is committed may still be.
        assert!(total == 5_000 || (total == 0 && done.is_err()), "{total} after {patience:?}");
        storage.delete_keys(ServiceId(1)).await.unwrap();
    }
    assert!(storage.insert_keys(&batch).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snapshot_sees_one_moment() {
    nodes::a_snapshot_sees_one_moment(&SqliteFactory, &Place::new().url()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_filling_appears_at_once() {
    nodes::a_filling_appears_at_once(&SqliteFactory, &Place::new().url()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_holds_one_moment_and_leaves_the_file_as_it_is() {
    let place = Place::new();
    let storage = place.open().await;
    storage.insert_service(&service(1)).await.unwrap();
    storage.insert_keys(&(1..=3000).map(key).collect::<Vec<_>>()).await.unwrap();
    let to = place.path.with_file_name("backup.db");
    std::fs::write(&to, "").unwrap();
    let (url, options) = (place.url(), StorageOptions::default());
    let back_up = SqliteFactory.back_up(&url, &options, &to);
    // Beside it keys come, two at a time.
    let write = async {
        for id in (3001..3101).step_by(2) {
            storage.insert_keys(&[key(id), key(id + 1)]).await.unwrap();
        }
    };
    let (done, ()) = futures_util::join!(back_up, write);
    done.unwrap();
    assert_eq!(storage.count_keys(&[ServiceId(1)]).await.unwrap()[0].total, 3100);
    let copy = SqliteFactory.open(&DatabaseUrl::new(format!("sqlite:{}", to.display())), &options).await.unwrap();
    assert_eq!(copy.service(ServiceId(1)).await.unwrap(), Some(service(1)));
    let count = copy.count_keys(&[ServiceId(1)]).await.unwrap()[0].total;
    assert!((3000..=3100).contains(&count) && count % 2 == 0, "{count}");
}

#[tokio::test]
async fn what_is_no_database_file_is_not_backed_up() {
    let place = Place::new();
    let to = place.path.parent().unwrap().with_extension("backup");
    std::fs::write(&to, "").unwrap();
    let back_up = async |url: &DatabaseUrl| {
        let done = SqliteFactory.back_up(url, &StorageOptions::default(), &to).await;
        done.unwrap_err().kind().clone()
    };
    assert_eq!(back_up(&place.url()).await, StorageErrorKind::Unavailable);
    assert!(!place.path.exists());
    assert_eq!(back_up(&DatabaseUrl::new("sqlite::memory:")).await, StorageErrorKind::Unsupported);
    std::fs::create_dir_all(place.path.parent().unwrap()).unwrap();
    std::fs::write(&place.path, "this is a text, and long enough not to be taken for an empty file\n".repeat(99))
        .unwrap();
    assert_eq!(back_up(&place.url()).await, StorageErrorKind::Corrupt);
}
