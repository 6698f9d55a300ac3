//! Webhooks, alarms and messages.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use rotator_domain::rotation::Glob;
use rotator_domain::{
    AlarmState, PreviousSecret, Sealed, TargetUrl, Timestamp, Webhook, WebhookEvent, WebhookId, WebhookThresholds,
};

use super::sample::{EMOJI, at};
use crate::{Alarm, AlarmKey, Delivery, DeliveryStatus, Page, Storage, StorageErrorKind};

/// A webhook with as little set as possible.
pub(super) fn webhook(id: i64) -> Webhook {
    Webhook {
        id: WebhookId(id),
        name: format!("webhook {id}"),
        url: TargetUrl::parse("https://ops.example.com/").unwrap(),
        events: vec![WebhookEvent::KeyDead],
        services: Vec::new(),
        is_enabled: true,
        thresholds: WebhookThresholds::default(),
        sealed: Sealed(format!("sealed {id}").into_bytes()),
        previous: None,
        created_at: at(id),
        updated_at: at(id),
    }
}

/// One with everything set, as long as it may be.
pub(super) fn rich_webhook(id: i64) -> Webhook {
    Webhook {
        name: EMOJI.repeat(10),
        url: TargetUrl::parse(&format!("https://ops.example.com/{}", "a".repeat(2000))).unwrap(),
        events: WebhookEvent::ALL.to_vec(),
        services: (100..200).map(|number| Glob::new(format!("{number}{}*", "🔑".repeat(196)))).collect(),
        is_enabled: false,
        thresholds: WebhookThresholds { pool_low: 1, budget_near: 100 },
        previous: Some(PreviousSecret { sealed: Sealed((0..=255).collect()), until: at(i64::MAX) }),
        updated_at: at(-1),
        ..webhook(id)
    }
}

fn alarm(webhook: i64, scope: i64, part: &str, raised_at: i64, is_raised: bool) -> Alarm {
    let key = AlarmKey { webhook: WebhookId(webhook), event: WebhookEvent::KeyDead, scope, part: part.to_owned() };
    Alarm { key, state: AlarmState { raised_at: at(raised_at), is_raised } }
}

fn message(id: i64, webhook: i64, next_at: i64) -> Delivery {
    Delivery {
        id,
        webhook: WebhookId(webhook),
        event: "key.dead".to_owned(),
        body: format!("{{\"type\":\"{EMOJI}\"}}"),
        created_at: at(id),
        status: DeliveryStatus::Waiting,
        attempts: 0,
        next_at: at(next_at),
        last_status: None,
        last_error: None,
        ended_at: None,
    }
}

/// Stores a message, with an alarm that nobody asks for.
async fn store(storage: &dyn Storage, message: &Delivery) {
    let alarm = alarm(message.webhook.0, 0, &message.id.to_string(), 1, true);
    assert!(storage.change_alarm(&alarm, None, Some(message)).await.unwrap());
}

async fn alarms(storage: &dyn Storage, scopes: &[i64]) -> Vec<Alarm> {
    let mut alarms = storage.alarms(scopes).await.unwrap();
    alarms.sort_by(|one, other| one.key.cmp(&other.key));
    alarms
}

async fn claimed(storage: &dyn Storage, now: i64, until: i64, limit: u64) -> Vec<i64> {
    let claimed = storage.claim_deliveries(at(now), at(until), limit).await.unwrap();
    assert!(claimed.iter().all(|message| message.next_at == at(until)));
    claimed.into_iter().map(|message| message.id).collect()
}

fn page(after: Option<i64>, limit: u64) -> Page<i64> {
    Page { after, limit }
}

async fn listed(storage: &dyn Storage, webhook: i64) -> Vec<i64> {
    let messages = storage.deliveries(WebhookId(webhook), page(None, 100)).await.unwrap();
    messages.into_iter().map(|message| message.id).collect()
}

pub async fn webhooks_read_back_in_order(storage: &dyn Storage) {
    assert!(storage.webhooks().await.unwrap().is_empty());
    storage.insert_webhook(&rich_webhook(2)).await.unwrap();
    storage.insert_webhook(&webhook(1)).await.unwrap();
    assert_eq!(storage.webhooks().await.unwrap(), [webhook(1), rich_webhook(2)]);
    assert_eq!(storage.webhook(WebhookId(2)).await.unwrap(), Some(rich_webhook(2)));
    assert_eq!(storage.webhook(WebhookId(3)).await.unwrap(), None);
}

pub async fn a_webhook_is_replaced_disabled_and_deleted(storage: &dyn Storage) {
    storage.insert_webhook(&webhook(1)).await.unwrap();
    storage.update_webhook(&rich_webhook(1)).await.unwrap();
    // The same once more is no error on any database.
    storage.update_webhook(&rich_webhook(1)).await.unwrap();
    let stored = storage.webhook(WebhookId(1)).await.unwrap();
    assert_eq!(stored, Some(Webhook { created_at: at(1), ..rich_webhook(1) }));
    storage.update_webhook(&webhook(1)).await.unwrap();
    storage.disable_webhook(WebhookId(1), at(9)).await.unwrap();
    storage.disable_webhook(WebhookId(2), at(9)).await.unwrap();
    let disabled = Webhook { is_enabled: false, updated_at: at(9), ..webhook(1) };
    assert_eq!(storage.webhooks().await.unwrap(), [disabled]);
    storage.delete_webhook(WebhookId(1)).await.unwrap();
    for gone in [storage.delete_webhook(WebhookId(1)).await, storage.update_webhook(&webhook(1)).await] {
        assert_eq!(gone.unwrap_err().kind(), &StorageErrorKind::NotFound);
    }
}

pub async fn an_alarm_changes_once(storage: &dyn Storage) {
    storage.insert_webhook(&webhook(1)).await.unwrap();
    let raised = alarm(1, 7, "3", 100, true);
    assert!(storage.change_alarm(&raised, None, Some(&message(20, 1, 100))).await.unwrap());
    // Somebody else found the same.
    assert!(!storage.change_alarm(&raised, None, Some(&message(21, 1, 100))).await.unwrap());
    let over = alarm(1, 7, "3", 100, false);
    assert!(storage.change_alarm(&over, Some(raised.state), None).await.unwrap());
    assert!(!storage.change_alarm(&over, Some(raised.state), None).await.unwrap());
    let again = alarm(1, 7, "3", 200, true);
    assert!(!storage.change_alarm(&again, Some(raised.state), Some(&message(22, 1, 200))).await.unwrap());
    assert!(storage.change_alarm(&again, Some(over.state), Some(&message(23, 1, 200))).await.unwrap());
    let other = alarm(1, 8, EMOJI, 1, true);
    assert!(storage.change_alarm(&other, None, None).await.unwrap());
    assert_eq!(alarms(storage, &[7, 8, 9]).await, [again, other.clone()]);
    assert_eq!(alarms(storage, &[8]).await, [other]);
    assert!(alarms(storage, &[]).await.is_empty());
    assert_eq!(listed(storage, 1).await, [23, 20]);
    let nobodys = storage.change_alarm(&alarm(2, 7, "", 1, true), None, None).await;
    assert_eq!(nobodys.unwrap_err().kind(), &StorageErrorKind::NotFound);
}

pub async fn of_nodes_that_find_the_same_one_tells_it(storage: &dyn Storage) {
    storage.insert_webhook(&webhook(1)).await.unwrap();
    let raise = async |id: i64, before: Option<AlarmState>, raised_at| {
        let message = message(id, 1, 0);
        storage.change_alarm(&alarm(1, 7, "", raised_at, true), before, Some(&message)).await.unwrap()
    };
    let told = join_all((20..30).map(|id| raise(id, None, 100))).await;
    assert_eq!(told.iter().filter(|told| **told).count(), 1);
    let before = AlarmState { raised_at: at(100), is_raised: true };
    let told = join_all((30..40).map(|id| raise(id, Some(before), 200))).await;
    assert_eq!(told.iter().filter(|told| **told).count(), 1);
    assert_eq!(listed(storage, 1).await.len(), 2);
}

pub async fn old_alarms_are_forgotten(storage: &dyn Storage) {
    storage.insert_webhook(&webhook(1)).await.unwrap();
    for (part, raised_at, is_raised) in [("a", 10, true), ("b", 30, true), ("c", 30, false), ("d", 60, false)] {
        assert!(storage.change_alarm(&alarm(1, 7, part, raised_at, is_raised), None, None).await.unwrap());
    }
    assert_eq!(storage.forget_alarms(at(50), at(20)).await.unwrap(), 2);
    let parts: Vec<String> = alarms(storage, &[7]).await.into_iter().map(|alarm| alarm.key.part).collect();
    assert_eq!(parts, ["b", "d"]);
}

pub async fn a_message_is_claimed_once_until_its_time_comes_again(storage: &dyn Storage) {
    storage.insert_webhook(&webhook(1)).await.unwrap();
    for (id, next_at) in [(20, 30), (21, 10), (22, 20), (23, 99)] {
        store(storage, &message(id, 1, next_at)).await;
    }
    assert!(claimed(storage, 9, 100, 10).await.is_empty());
    assert_eq!(claimed(storage, 30, 60, 2).await, [21, 22]);
    assert_eq!(claimed(storage, 30, 60, 2).await, [20]);
    assert!(claimed(storage, 59, 100, 10).await.is_empty());
    // Whoever had them is gone; of many that take them now each gets its own.
    let claims = join_all((0..8).map(|_| claimed(storage, 60, 100, 3))).await.concat();
    assert_eq!(claims.len(), 3);
    assert_eq!(claims.into_iter().collect::<BTreeSet<_>>(), [20, 21, 22].into());
}

pub async fn what_became_of_a_message_is_recorded(storage: &dyn Storage) {
    storage.insert_webhook(&webhook(1)).await.unwrap();
    store(storage, &message(20, 1, 10)).await;
    assert_eq!(storage.count_waiting(WebhookId(1)).await.unwrap(), 1);
    let failed = Delivery {
        attempts: 1,
        next_at: at(50),
        last_status: Some(503),
        last_error: Some(EMOJI.to_owned()),
        ..message(20, 1, 10)
    };
    storage.record_delivery(&failed).await.unwrap();
    assert_eq!(storage.deliveries(WebhookId(1), page(None, 9)).await.unwrap(), std::slice::from_ref(&failed));
    let status = DeliveryStatus::Delivered;
    let done =
        Delivery { attempts: 2, last_status: Some(204), last_error: None, status, ended_at: Some(at(60)), ..failed };
    storage.record_delivery(&done).await.unwrap();
    storage.record_delivery(&message(21, 1, 10)).await.unwrap();
    assert_eq!(storage.deliveries(WebhookId(1), page(None, 9)).await.unwrap(), [done]);
    assert_eq!(storage.count_waiting(WebhookId(1)).await.unwrap(), 0);
    assert!(claimed(storage, 1000, 2000, 9).await.is_empty());
}

pub async fn messages_come_in_pages_and_are_forgotten(storage: &dyn Storage) {
    for id in [1, 2] {
        storage.insert_webhook(&webhook(id)).await.unwrap();
    }
    let ended = |id: i64| Delivery { status: DeliveryStatus::Failed, ended_at: Some(at(id)), ..message(id, 1, 0) };
    for id in 20..26 {
        store(storage, &ended(id)).await;
    }
    store(storage, &message(19, 1, 0)).await;
    store(storage, &Delivery { webhook: WebhookId(2), ..ended(26) }).await;
    let ids = async |after, limit| {
        let messages = storage.deliveries(WebhookId(1), page(after, limit)).await.unwrap();
        messages.into_iter().map(|message| message.id).collect::<Vec<_>>()
    };
    assert_eq!((ids(None, 2).await, ids(Some(24), 2).await), (vec![25, 24], vec![23, 22]));
    let forget = async |before, most| storage.forget_deliveries(WebhookId(1), at(before), most).await.unwrap();
    assert_eq!(forget(22, 100).await, 2);
    assert_eq!(listed(storage, 1).await, [25, 24, 23, 22, 19]);
    assert_eq!(forget(0, 3).await, 1);
    assert_eq!(forget(0, 3).await, 0);
    assert_eq!((listed(storage, 1).await, listed(storage, 2).await), (vec![25, 24, 23, 19], vec![26]));
}

pub async fn everything_goes_with_its_webhook(storage: &dyn Storage) {
    storage.insert_webhook(&webhook(1)).await.unwrap();
    store(storage, &message(20, 1, 0)).await;
    storage.delete_webhook(WebhookId(1)).await.unwrap();
    assert!(alarms(storage, &[0]).await.is_empty() && listed(storage, 1).await.is_empty());
    assert!(storage.claim_deliveries(Timestamp::from_millis(1), at(9), 9).await.unwrap().is_empty());
}
