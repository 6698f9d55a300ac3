//! The audit log.

use super::sample::{EMOJI, all, at};
use crate::{AuditEntry, AuditFilter, Page, Storage};

pub(super) fn entry(id: i64) -> AuditEntry {
    AuditEntry {
        id,
        // Clocks jump: the order is that of the ids.
        at: at(1000 - id),
        actor: format!("token:{EMOJI}"),
        remote: (id % 2 == 0).then(|| "2001:db8::1".into()),
        action: "keys.export".into(),
        subject: format!("service:{id}"),
        detail: (id % 2 == 1).then(|| EMOJI.repeat(500)),
        owner: (id % 2 == 0).then(|| EMOJI.into()),
        request_id: (id % 2 == 1).then(|| "r".repeat(128)),
        // Longer than MySQL's TEXT.
        changes: (id % 2 == 0).then(|| format!("{{\"a\":\"{}\"}}", "b".repeat(70_000))),
    }
}

async fn ids(storage: &dyn Storage, filter: &AuditFilter) -> Vec<i64> {
    storage.audit(filter, all()).await.unwrap().into_iter().map(|entry| entry.id).collect()
}

pub async fn the_log_reads_newest_first(storage: &dyn Storage) {
    assert!(storage.audit(&AuditFilter::default(), all()).await.unwrap().is_empty());
    for id in [1, 3, 2] {
        storage.append_audit(&entry(id)).await.unwrap();
    }
    assert_eq!(storage.audit(&AuditFilter::default(), all()).await.unwrap(), [3, 2, 1].map(entry));
}

pub async fn nothing_typed_keeps_an_entry_out(storage: &dyn Storage) {
    let typed = AuditEntry { actor: "a\0b".into(), detail: Some("'; --\0\u{1f}".into()), ..entry(1) };
    storage.append_audit(&typed).await.unwrap();
    let stored = storage.audit(&AuditFilter::default(), all()).await.unwrap();
    let expected = AuditEntry { actor: "a\u{fffd}b".into(), detail: Some("'; --\u{fffd}\u{1f}".into()), ..typed };
    assert_eq!(stored, [expected]);
}

pub async fn the_log_comes_in_pages(storage: &dyn Storage) {
    for id in 1..=5 {
        storage.append_audit(&entry(id)).await.unwrap();
    }
    let page = async |after, limit| {
        let entries = storage.audit(&AuditFilter::default(), Page { after, limit }).await.unwrap();
        entries.into_iter().map(|entry| entry.id).collect::<Vec<_>>()
    };
    assert_eq!(page(None, 2).await, [5, 4]);
    assert_eq!(page(Some(4), 2).await, [3, 2]);
    assert_eq!(page(Some(2), 2).await, [1]);
    assert!(page(Some(1), 2).await.is_empty());
}

pub async fn every_filter_picks_out_its_own_entries(storage: &dyn Storage) {
    let entry = |id, actor: &str, owner: Option<&str>, action: &str, subject: &str| AuditEntry {
        at: at(id * 10),
        actor: actor.into(),
        owner: owner.map(str::to_owned),
        action: action.into(),
        subject: subject.into(),
        ..entry(id)
    };
    for entry in [
        entry(1, "jane", None, "key.create", "key:1"),
        entry(2, "token:ci", Some("jane"), "keys.import", "service:1"),
        entry(3, "Jane", None, "key.delete", "key:1"),
        entry(4, EMOJI, None, "client_key.update", "client_key:1"),
        entry(5, "a\0b", None, "clientXkey.update", "key:11"),
    ] {
        storage.append_audit(&entry).await.unwrap();
    }
    let text = |text: &str| Some(text.to_owned());
    for (filter, expected) in [
        (AuditFilter::default(), vec![5, 4, 3, 2, 1]),
        (AuditFilter { actor: text("jane"), ..AuditFilter::default() }, vec![2, 1]),
        (AuditFilter { actor: text("token:ci"), ..AuditFilter::default() }, vec![2]),
        (AuditFilter { actor: text(EMOJI), ..AuditFilter::default() }, vec![4]),
        (AuditFilter { actor: text("a\0b"), ..AuditFilter::default() }, vec![5]),
        (AuditFilter { action: text("key.create"), ..AuditFilter::default() }, vec![1]),
        (AuditFilter { action: text("key.*"), ..AuditFilter::default() }, vec![3, 1]),
        (AuditFilter { action: text("client_key.*"), ..AuditFilter::default() }, vec![4]),
        (AuditFilter { action: text("%*"), ..AuditFilter::default() }, vec![]),
        (AuditFilter { action: text("!*"), ..AuditFilter::default() }, vec![]),
        (AuditFilter { action: text("*"), ..AuditFilter::default() }, vec![5, 4, 3, 2, 1]),
        (AuditFilter { subject: text("key:1"), ..AuditFilter::default() }, vec![3, 1]),
        (AuditFilter { from: Some(at(20)), until: Some(at(40)), ..AuditFilter::default() }, vec![3, 2]),
        (AuditFilter { actor: text("jane"), from: Some(at(20)), ..AuditFilter::default() }, vec![2]),
    ] {
        assert_eq!(ids(storage, &filter).await, expected, "{filter:?}");
    }
    let page = Page { after: Some(3), limit: 1 };
    let jane = AuditFilter { actor: text("jane"), ..AuditFilter::default() };
    assert_eq!(storage.audit(&jane, page).await.unwrap()[0].id, 2);
}

pub async fn old_entries_are_forgotten_bit_by_bit(storage: &dyn Storage) {
    // The clock went back once: what counts is the time.
    for (id, millis) in [(1, 10), (2, 40), (3, 20), (4, 30)] {
        storage.append_audit(&AuditEntry { at: at(millis), ..entry(id) }).await.unwrap();
    }
    let everything = AuditFilter::default();
    assert_eq!(storage.forget_audit(at(10), 10).await.unwrap(), 0);
    assert_eq!(storage.forget_audit(at(40), 2).await.unwrap(), 2);
    assert_eq!(ids(storage, &everything).await, [4, 2]);
    assert_eq!(storage.forget_audit(at(40), 2).await.unwrap(), 1);
    assert_eq!(storage.forget_audit(at(40), 2).await.unwrap(), 0);
    assert_eq!(ids(storage, &everything).await, [2]);
}
