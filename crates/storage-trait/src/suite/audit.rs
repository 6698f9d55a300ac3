//! The audit log.

use super::sample::{EMOJI, all, at};
use crate::{AuditEntry, Page, Storage};

fn entry(id: i64) -> AuditEntry {
    AuditEntry {
        id,
        // Clocks jump: the order is that of the ids.
        at: at(1000 - id),
        actor: format!("token:{EMOJI}"),
        remote: (id % 2 == 0).then(|| "2001:db8::1".into()),
        action: "keys.export".into(),
        subject: format!("service:{id}"),
        detail: (id % 2 == 1).then(|| EMOJI.repeat(500)),
    }
}

pub async fn the_log_reads_newest_first(storage: &dyn Storage) {
    assert!(storage.audit(all()).await.unwrap().is_empty());
    for id in [1, 3, 2] {
        storage.append_audit(&entry(id)).await.unwrap();
    }
    assert_eq!(storage.audit(all()).await.unwrap(), [3, 2, 1].map(entry));
}

pub async fn nothing_typed_keeps_an_entry_out(storage: &dyn Storage) {
    let typed = AuditEntry { actor: "a\0b".into(), detail: Some("'; --\0\u{1f}".into()), ..entry(1) };
    storage.append_audit(&typed).await.unwrap();
    let stored = storage.audit(all()).await.unwrap();
    let expected = AuditEntry { actor: "a\u{fffd}b".into(), detail: Some("'; --\u{fffd}\u{1f}".into()), ..typed };
    assert_eq!(stored, [expected]);
}

pub async fn the_log_comes_in_pages(storage: &dyn Storage) {
    for id in 1..=5 {
        storage.append_audit(&entry(id)).await.unwrap();
    }
    let page = async |after, limit| {
        let entries = storage.audit(Page { after, limit }).await.unwrap();
        entries.into_iter().map(|entry| entry.id).collect::<Vec<_>>()
    };
    assert_eq!(page(None, 2).await, [5, 4]);
    assert_eq!(page(Some(4), 2).await, [3, 2]);
    assert_eq!(page(Some(2), 2).await, [1]);
    assert!(page(Some(1), 2).await.is_empty());
}
