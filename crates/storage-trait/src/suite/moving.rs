//! Everything at once: read, and stored into an empty database.

use rotator_domain::rotation::{Checkpoint, KeyState};
use rotator_domain::{
    AdminTokenId, ClientKey, ClientKeyId, Figure, Grain, KeyId, Role, Sealed, ServiceId, Timestamp, UsageRow,
    UsageSubject,
};

use super::sample::{EMOJI, all, at, digest, generic, key, keys, llm, long_policy, store_service};
use super::webhooks::{rich_webhook, webhook};
use super::{client_keys, prices};
use crate::{
    AdminToken, AdminUser, AuditEntry, EndedSession, KeyRecord, Record, SettingRecord, Storage, StorageErrorKind,
    UsageBatch,
};

/// More than any backend puts into one statement.
const MANY: i64 = 2_500;

/// One record of every kind and some more, as a snapshot gives them.
fn everything() -> Vec<Record> {
    let setting = |name: &str, sealed| Record::Setting(SettingRecord { name: name.into(), sealed: Sealed(sealed) });
    let user = |username: &str, kept_session: Option<&str>| AdminUser {
        username: username.into(),
        password_hash: "$a".into(),
        updated_at: at(-1),
        role: if kept_session.is_some() { Role::Operator } else { Role::Admin },
        is_disabled: kept_session.is_some(),
        session_epoch: kept_session.map_or(0, |_| 7),
        kept_session: kept_session.map(str::to_owned),
    };
    let token = |id, expires_at: Option<Timestamp>| AdminToken {
        id: AdminTokenId(id),
        name: EMOJI.into(),
        digest: digest(id),
        prefix: if id % 2 == 0 { "rat-abcd".into() } else { String::new() },
        scope: if id % 2 == 0 { Role::Viewer } else { Role::Admin },
        owner: expires_at.map(|_| EMOJI.into()),
        created_by: "admin".into(),
        created_at: at(id),
        expires_at,
        last_used_at: expires_at,
    };
    let session = |id: &str, millis| EndedSession { session_id: id.into(), expires_at: at(millis) };
    let client_key = ClientKey::new(ClientKeyId(20), EMOJI.to_owned(), "", digest(20), at(20));
    let entry = |id, text: Option<&str>| AuditEntry {
        id,
        at: at(id),
        actor: "admin".into(),
        remote: text.map(str::to_owned),
        action: "keys.export".into(),
        subject: EMOJI.into(),
        detail: text.map(str::to_owned),
        owner: text.map(str::to_owned),
        request_id: text.map(str::to_owned),
        changes: text.map(str::to_owned),
    };
    let long = KeyRecord { policy: long_policy(), label: None, is_active: false, ..key(6, ServiceId(2), 6) };
    vec![
        Record::NextId(1_000),
        setting("digest-key", (0..=255).collect()),
        setting("jwt-secret", vec![0]),
        Record::AdminUser(user("admin", None)),
        Record::AdminUser(user(EMOJI, Some("a"))),
        Record::AdminToken(token(10, None)),
        Record::AdminToken(token(11, Some(at(i64::MAX)))),
        Record::EndedSession(session("a", i64::MAX)),
        Record::EndedSession(session("b", 0)),
        Record::ClientKey(client_key),
        Record::ClientKey(client_keys::rich(21)),
        Record::Service(Box::new(generic(1, EMOJI, "generic"))),
        Record::Service(Box::new(llm(2, "llm", "llm"))),
        Record::UpstreamKey(key(5, ServiceId(1), 5)),
        Record::UpstreamKey(long),
        Record::UpstreamKey(key(7, ServiceId(1), 7)),
        Record::KeyState(ServiceId(1), state(5, None, KeyState::Dead)),
        Record::KeyState(ServiceId(1), state(5, Some("a"), KeyState::Cooling)),
        Record::KeyState(ServiceId(1), state(7, Some(EMOJI), KeyState::Exhausted)),
        Record::KeyState(ServiceId(2), state(6, None, KeyState::Active)),
        Record::Audit(entry(30, None)),
        Record::Audit(entry(31, Some("192.0.2.1"))),
        Record::Usage(Grain::Minute, usage(60_000, None, None, None)),
        Record::Usage(Grain::Minute, usage(60_000, Some(5), Some(20), Some("a"))),
        Record::Usage(Grain::Minute, usage(120_000, Some(5), None, Some(EMOJI))),
        Record::Usage(Grain::Hour, usage(0, None, None, None)),
        Record::Usage(Grain::Hour, usage(0, Some(5), None, Some(EMOJI))),
        Record::Usage(Grain::Hour, usage(0, Some(5), Some(20), Some("a"))),
        Record::Usage(Grain::Day, usage(0, None, None, None)),
        Record::Usage(Grain::Day, usage(0, Some(5), None, Some(EMOJI))),
        Record::Usage(Grain::Day, usage(0, Some(5), Some(20), Some("a"))),
        Record::Webhook(Box::new(webhook(26))),
        Record::Webhook(Box::new(rich_webhook(27))),
        Record::Price(prices::plain("a")),
        Record::Price(prices::rich(EMOJI)),
    ]
}

fn usage(millis: i64, key: Option<i64>, client: Option<i64>, model: Option<&str>) -> Box<UsageRow> {
    let (key, client, model) = (key.map(KeyId), client.map(ClientKeyId), model.map(str::to_owned));
    let subject = UsageSubject { service: ServiceId(1), key, client, model };
    let figures = Figure::ALL.into_iter().zip(1..).collect();
    Box::new(UsageRow { at: Timestamp::from_millis(millis), subject, figures })
}

fn state(key: i64, model: Option<&str>, state: KeyState) -> Checkpoint {
    Checkpoint { key: KeyId(key), model: model.map(str::to_owned), state, since: at(key), until: at(i64::MAX) }
}

/// Everything that is stored; no page is longer than `limit`.
async fn read(storage: &dyn Storage, limit: u64) -> Vec<Record> {
    let mut snapshot = storage.snapshot().await.unwrap();
    let mut records = Vec::new();
    loop {
        let page = snapshot.next_page(limit).await.unwrap();
        if page.is_empty() {
            return records;
        }
        assert!(page.len() as u64 <= limit);
        records.extend(page);
    }
}

async fn fill(storage: &dyn Storage, batches: impl Iterator<Item = &[Record]>) {
    let mut filling = storage.fill().await.unwrap();
    for batch in batches {
        filling.store(batch).await.unwrap();
    }
    filling.commit().await.unwrap();
}

pub async fn an_empty_database_holds_the_next_id_alone(storage: &dyn Storage) {
    assert_eq!(read(storage, 10).await, [Record::NextId(1)]);
    assert_eq!(storage.reserve_ids(41).await.unwrap(), 1);
    assert_eq!(read(storage, 10).await, [Record::NextId(42)]);
}

pub async fn everything_that_is_stored_is_read(storage: &dyn Storage) {
    // The order of texts is the database's own affair.
    let expected = everything();
    storage.reserve_ids(999).await.unwrap();
    let mut minutes = Vec::new();
    for record in &expected {
        match record {
            Record::NextId(_) | Record::KeyState(..) => {}
            Record::Setting(SettingRecord { name, sealed }) => {
                storage.setting_or_insert(name, sealed).await.unwrap();
            }
            Record::AdminUser(user) => storage.put_admin_user(user).await.unwrap(),
            Record::AdminToken(token) => storage.insert_admin_token(token).await.unwrap(),
            Record::EndedSession(EndedSession { session_id, expires_at }) => {
                storage.end_session(session_id, *expires_at, at(-1)).await.unwrap();
            }
            Record::ClientKey(key) => storage.insert_client_key(key).await.unwrap(),
            Record::Service(service) => storage.insert_service(service).await.unwrap(),
            Record::UpstreamKey(key) => {
                assert!(storage.insert_keys(std::slice::from_ref(key)).await.unwrap().is_empty())
            }
            Record::Audit(entry) => storage.append_audit(entry).await.unwrap(),
            // Hours and days add themselves up.
            Record::Usage(Grain::Minute, row) => minutes.push(row.as_ref().clone()),
            Record::Usage(..) => {}
            Record::Webhook(webhook) => storage.insert_webhook(webhook).await.unwrap(),
            Record::Price(price) => storage.put_price(price).await.unwrap(),
        }
    }
    let batch = UsageBatch { source: "a".to_owned(), number: 1 };
    assert!(storage.add_usage(&batch, &minutes, at(0)).await.unwrap());
    for service in [ServiceId(1), ServiceId(2)] {
        let states: Vec<Checkpoint> = expected.iter().filter_map(|record| state_of(record, service)).collect();
        storage.save_states(service, &states).await.unwrap();
    }
    assert_eq!(read(storage, 100).await, expected);
}

fn state_of(record: &Record, service: ServiceId) -> Option<Checkpoint> {
    if let Record::KeyState(of, state) = record { Some(state.clone()).filter(|_| *of == service) } else { None }
}

pub async fn an_empty_database_is_filled(storage: &dyn Storage) {
    let records = everything();
    // One by one, and read two by two: every border of a page falls everywhere.
    fill(storage, records.chunks(1)).await;
    for limit in [1, 2, 3, u64::MAX] {
        assert_eq!(read(storage, limit).await, records);
    }
    assert_eq!(storage.count_services().await.unwrap(), 2);
    assert_eq!(storage.keys(ServiceId(1), all()).await.unwrap(), [5, 7].map(|id| key(id, ServiceId(1), id)));
    assert_eq!(storage.states(ServiceId(1)).await.unwrap().len(), 3);
    assert!(storage.is_session_ended("b").await.unwrap());
    assert_eq!(storage.reserve_ids(1).await.unwrap(), 1_000);
}

pub async fn ids_go_on_above_those_that_moved(storage: &dyn Storage) {
    // The next id of the source is behind: its rows came there from elsewhere.
    let records: Vec<Record> = everything().into_iter().skip(1).chain([Record::NextId(3)]).collect();
    fill(storage, std::iter::once(&records[..])).await;
    assert_eq!(storage.reserve_ids(1).await.unwrap(), 32);
}

pub async fn a_filling_that_is_given_up_leaves_nothing(storage: &dyn Storage) {
    let mut filling = storage.fill().await.unwrap();
    filling.store(&everything()).await.unwrap();
    drop(filling);
    assert_eq!(read(storage, 10).await, [Record::NextId(1)]);
    // A key without its service.
    let mut filling = storage.fill().await.unwrap();
    let orphan = Record::UpstreamKey(key(1, ServiceId(9), 1));
    filling.store(&everything()).await.unwrap();
    assert_eq!(filling.store(&[orphan]).await.unwrap_err().kind(), &StorageErrorKind::NotFound);
    drop(filling);
    assert_eq!(read(storage, 10).await, [Record::NextId(1)]);
    fill(storage, std::iter::once(&everything()[..])).await;
}

pub async fn only_an_empty_database_is_filled(storage: &dyn Storage) {
    storage.end_session("a", at(2), at(1)).await.unwrap();
    let before = read(storage, 10).await;
    assert_eq!(before.len(), 2);
    assert_eq!(storage.fill().await.err().unwrap().kind(), &StorageErrorKind::NotEmpty);
    assert_eq!(read(storage, 10).await, before);
    storage.setting_or_insert("a", &Sealed(vec![1])).await.unwrap();
    assert_eq!(storage.fill().await.err().unwrap().kind(), &StorageErrorKind::NotEmpty);
}

pub async fn a_large_database_moves_page_by_page(storage: &dyn Storage) {
    const PAGE: usize = 400;
    let service = store_service(storage, 1).await;
    storage.insert_keys(&keys(1..=MANY, service)).await.unwrap();
    let states: Vec<Checkpoint> = (1..=MANY).map(|key| state(key, Some("m"), KeyState::Cooling)).collect();
    storage.save_states(service, &states).await.unwrap();
    let records = read(storage, PAGE as u64).await;
    let expected_keys = keys(1..=MANY, service).into_iter().map(Record::UpstreamKey);
    let expected_states = states.into_iter().map(|state| Record::KeyState(service, state));
    assert_eq!(records[2..], expected_keys.chain(expected_states).collect::<Vec<_>>());

    storage.delete_service(service).await.unwrap();
    fill(storage, records.chunks(PAGE)).await;
    assert_eq!(read(storage, u64::MAX).await[1..], records[1..]);
}
