//! A storage that counts what is asked of it.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use rotator_domain::rotation::{Checkpoint, Glob};
use rotator_domain::{
    AdminTokenId, AlarmState, ClientKey, ClientKeyId, Digest, Grain, KeyId, PriceOverride, Sealed, Service, ServiceId,
    Slug, Timestamp, UsageRow, Webhook, WebhookId,
};
use rotator_storage_trait::*;

/// The methods of a repository, each counted.
macro_rules! counted {
    ($repository:ident: $($method:ident($($name:ident: $type:ty),*) -> $answer:ty;)+) => {
        #[async_trait]
        impl $repository for Counted {
            $(
                async fn $method(&self, $($name: $type),*) -> Result<$answer, StorageError> {
                    self.calls.fetch_add(1, Ordering::Relaxed);
                    self.inner.$method($($name),*).await
                }
            )+
        }
    };
}

/// Counts calls and passes them on.
pub(super) struct Counted {
    inner: Arc<dyn Storage>,
    calls: AtomicU64,
}

// === impl Counted ===

impl Counted {
    pub(super) fn new(inner: Arc<dyn Storage>) -> Self {
        Self { inner, calls: AtomicU64::new(0) }
    }

    /// How many calls there were since this was last asked.
    pub(super) fn take(&self) -> u64 {
        self.calls.swap(0, Ordering::Relaxed)
    }
}

counted!(AdminRepository:
    admin_user(username: &str) -> Option<AdminUser>;
    count_admin_users() -> u64;
    admin_users() -> Vec<AdminUser>;
    put_admin_user(user: &AdminUser) -> ();
    insert_admin_user(user: &AdminUser) -> ();
    change_admin_user(username: &str, change: &AdminUserChange) -> (AdminUser, AdminUser);
    delete_admin_user(username: &str) -> AdminUser;
    insert_admin_token(token: &AdminToken) -> ();
    admin_tokens() -> Vec<AdminToken>;
    admin_token(digest: &Digest) -> Option<AdminToken>;
    note_token_uses(uses: &[(AdminTokenId, Timestamp)]) -> ();
    delete_admin_token(id: AdminTokenId) -> ();
    end_session(session_id: &str, expires_at: Timestamp, now: Timestamp) -> ();
    is_session_ended(session_id: &str) -> bool;
);

counted!(AuditRepository:
    append_audit(entry: &AuditEntry) -> ();
    audit(filter: &AuditFilter, page: Page<i64>) -> Vec<AuditEntry>;
    forget_audit(before: Timestamp, limit: u64) -> u64;
);

counted!(ClientKeyRepository:
    insert_client_key(key: &ClientKey) -> ();
    client_keys() -> Vec<ClientKey>;
    client_keys_page(page: Page<ClientKeyId>) -> Vec<ClientKey>;
    count_client_keys() -> u64;
    client_key(id: ClientKeyId) -> Option<ClientKey>;
    update_client_key(key: &ClientKey) -> ();
    update_known_client_key(before: &ClientKey, after: &ClientKey) -> ();
    delete_client_key(id: ClientKeyId) -> ();
);

counted!(SecretRepository:
    setting(name: &str) -> Option<Sealed>;
    setting_or_insert(name: &str, value: &Sealed) -> Sealed;
    reseal_all(reseal: &ResealFn<'_>) -> u64;
);

counted!(ServiceRepository:
    insert_service(service: &Service) -> ();
    update_service(service: &Service) -> ();
    update_known_service(before: &Service, after: &Service) -> ();
    delete_service(id: ServiceId) -> ();
    service(id: ServiceId) -> Option<Service>;
    service_by_slug(slug: &Slug) -> Option<Service>;
    services(page: Page<ServiceId>) -> Vec<Service>;
    count_services() -> u64;
);

counted!(KeyRepository:
    insert_keys(keys: &[KeyRecord]) -> Vec<KeyId>;
    change_pool(service: ServiceId, change: &PoolChange, now: Timestamp) -> Vec<KeyId>;
    key(id: KeyId) -> Option<KeyRecord>;
    keys(service: ServiceId, page: Page<KeyId>) -> Vec<KeyRecord>;
    keys_from(service: ServiceId, skip: u64, limit: u64) -> Vec<KeyRecord>;
    key_ids(service: ServiceId, is_active: Option<bool>) -> Vec<KeyId>;
    keys_among(service: ServiceId, ids: &[KeyId]) -> Vec<KeyRecord>;
    sealed_keys(services: RangeInclusive<ServiceId>, page: Page<(ServiceId, KeyId)>) -> Vec<SealedKey>;
    first_keys(services: &[ServiceId], most: u64) -> Vec<KeyRecord>;
    count_keys(services: &[ServiceId]) -> Vec<KeyCounts>;
    change_key(id: KeyId, change: &KeyChange, now: Timestamp) -> KeyRecord;
    change_known_key(before: &KeyRecord, change: &KeyChange, now: Timestamp) -> KeyRecord;
    change_keys(service: ServiceId, ids: &[KeyId], change: &KeyChange, now: Timestamp) -> u64;
    delete_keys_among(service: ServiceId, ids: &[KeyId]) -> u64;
    delete_key(id: KeyId) -> ServiceId;
    delete_keys(service: ServiceId) -> u64;
);

counted!(StateRepository:
    save_states(service: ServiceId, states: &[Checkpoint]) -> ();
    states(service: ServiceId) -> Vec<Checkpoint>;
    states_of_services(services: RangeInclusive<ServiceId>) -> Vec<(ServiceId, Vec<Checkpoint>)>;
);

counted!(ChangeRepository:
    config_version() -> i64;
    changes_since(version: i64) -> Vec<StoredChange>;
);

counted!(MovingRepository:
    snapshot() -> Box<dyn Snapshot>;
    fill() -> Box<dyn Filling>;
);

counted!(UsageRepository:
    add_usage(batch: &UsageBatch, rows: &[UsageRow], now: Timestamp) -> bool;
    usage(query: &UsageQuery, limit: u64) -> Vec<UsageGroup>;
    forget_usage(grain: Grain, before: Timestamp, limit: u64) -> u64;
    forget_usage_sources(before: Timestamp) -> u64;
);

counted!(RequestLogRepository:
    append_requests(entries: &[NewLogEntry]) -> ();
    requests(filter: &LogFilter, slice: LogSlice, limit: u64) -> Vec<LogEntry>;
    request(id: i64) -> Option<(LogEntry, Option<[StoredBody; 2]>)>;
    newest_request() -> i64;
    forget_requests(before: Option<Timestamp>, size: u64, limit: u64) -> u64;
);

counted!(WebhookRepository:
    insert_webhook(webhook: &Webhook) -> ();
    webhooks() -> Vec<Webhook>;
    webhook(id: WebhookId) -> Option<Webhook>;
    update_webhook(webhook: &Webhook) -> ();
    disable_webhook(id: WebhookId, now: Timestamp) -> ();
    delete_webhook(id: WebhookId) -> ();
    alarms(scopes: &[i64]) -> Vec<Alarm>;
    change_alarm(alarm: &Alarm, before: Option<AlarmState>, message: Option<&Delivery>) -> bool;
    forget_alarms(over: Timestamp, raised: Timestamp) -> u64;
    claim_deliveries(now: Timestamp, until: Timestamp, limit: u64) -> Vec<Delivery>;
    record_delivery(delivery: &Delivery) -> ();
    deliveries(webhook: WebhookId, page: Page<i64>) -> Vec<Delivery>;
    count_waiting(webhook: WebhookId) -> u64;
    forget_deliveries(webhook: WebhookId, before: Timestamp, most: u64) -> u64;
);

counted!(PriceRepository:
    prices() -> Vec<PriceOverride>;
    put_price(price: &PriceOverride) -> ();
    delete_price(pattern: &Glob) -> ();
);

counted!(IdAllocator:
    reserve_ids(count: u32) -> i64;
);

#[async_trait]
impl Storage for Counted {
    async fn ping(&self) -> Result<(), StorageError> {
        self.inner.ping().await
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}
