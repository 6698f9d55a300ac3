//! Cases for [`ConversationStore`].

use std::sync::Arc;
use std::time::Duration;

use rotator_domain::{Digest, ServiceId};

use crate::{ConversationLimits, ConversationStore, Kept, Place};

/// What the store of every case is opened with, but for those that say otherwise.
pub const LIMITS: ConversationLimits =
    ConversationLimits { entries: 100, bytes: 100_000, time_to_live: Duration::from_secs(60) };

/// Entries that hardly live.
pub const SHORT_LIVED: ConversationLimits =
    ConversationLimits { entries: 100, bytes: 100_000, time_to_live: Duration::from_millis(200) };

fn place(id: &str) -> Place {
    Place { service_id: ServiceId(1), client: Digest([1; 32]), kind: Kept::Conversation, id: id.to_owned() }
}

async fn kept(store: &dyn ConversationStore, ids: std::ops::Range<u32>) -> Vec<u32> {
    let mut kept = Vec::new();
    for id in ids {
        if store.recall(&place(&id.to_string())).await.unwrap().is_some() {
            kept.push(id);
        }
    }
    kept
}

pub async fn what_was_remembered_is_recalled_as_it_was(store: Arc<dyn ConversationStore>) {
    let text = "{\"ä\":\"\u{0}🦀\"}".to_owned();
    assert_eq!(store.recall(&place("a")).await.unwrap(), None);
    store.remember(place("a"), text.clone()).await.unwrap();
    assert_eq!(store.recall(&place("a")).await.unwrap(), Some(text));
    store.remember(place("a"), String::new()).await.unwrap();
    assert_eq!(store.recall(&place("a")).await.unwrap(), Some(String::new()));
}

pub async fn nobody_recalls_what_another_one_left(store: Arc<dyn ConversationStore>) {
    store.remember(place("a"), "mine".to_owned()).await.unwrap();
    let others = [
        Place { service_id: ServiceId(2), ..place("a") },
        Place { client: Digest([2; 32]), ..place("a") },
        Place { kind: Kept::Call, ..place("a") },
        place("b"),
        place(""),
    ];
    for other in others {
        assert_eq!(store.recall(&other).await.unwrap(), None, "{other:?}");
        assert!(!store.forget(&other).await.unwrap(), "{other:?}");
        store.remember(other.clone(), "theirs".to_owned()).await.unwrap();
        store.forget(&other).await.unwrap();
    }
    assert_eq!(store.recall(&place("a")).await.unwrap().as_deref(), Some("mine"));
}

pub async fn what_is_forgotten_is_gone(store: Arc<dyn ConversationStore>) {
    store.remember(place("a"), "x".to_owned()).await.unwrap();
    assert!(store.forget(&place("a")).await.unwrap());
    assert!(!store.forget(&place("a")).await.unwrap());
    assert_eq!(store.recall(&place("a")).await.unwrap(), None);
}

pub async fn no_more_entries_are_kept_than_allowed_and_the_last_ones_stay(store: Arc<dyn ConversationStore>) {
    for id in 0..1000 {
        store.remember(place(&id.to_string()), "x".to_owned()).await.unwrap();
    }
    let kept = kept(store.as_ref(), 0..1000).await;
    assert!(kept.len() as u64 <= LIMITS.entries, "{} entries", kept.len());
    assert!(kept.contains(&999), "{kept:?}");
}

pub async fn no_more_bytes_are_kept_than_allowed(store: Arc<dyn ConversationStore>) {
    for id in 0..40 {
        store.remember(place(&id.to_string()), "x".repeat(10_000)).await.unwrap();
    }
    let kept = kept(store.as_ref(), 0..40).await;
    assert!((1..10).contains(&kept.len()), "{kept:?}");
    store.remember(place("large"), "x".repeat(1_000_000)).await.unwrap();
    assert_eq!(store.recall(&place("large")).await.unwrap(), None);
}

pub async fn what_is_old_is_gone(store: Arc<dyn ConversationStore>) {
    store.remember(place("a"), "x".to_owned()).await.unwrap();
    tokio::time::sleep(SHORT_LIVED.time_to_live + Duration::from_millis(100)).await;
    assert_eq!(store.recall(&place("a")).await.unwrap(), None);
}
