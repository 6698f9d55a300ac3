//! What travels over the admin API, for the server and its clients alike.

mod client_key;
mod config;
mod error;
mod key;
mod key_bulk;
mod live;
mod policy;
mod price;
mod request_log;
mod server;
mod session;
mod token;
mod usage;
mod user;
mod webhook;

pub use client_key::{
    Budget, ClientKey, ClientKeyBody, ClientKeyPatch, ClientKeyReport, ClientLimits, ClientLimitsPatch, LimitStanding,
    NewClientKey, RotationBody,
};
pub use config::{NewApiKey, ProxyConfig, ProxyConfigBody, StatusBody};
pub use error::{ErrorBody, FieldErrorBody, Message};
pub use key::{
    BatchBody, BatchReport, DeletedCount, ExportedKey, ExportedKeys, FailedKey, KeyPatch, NewKey, PoolBody, PoolKey,
    PoolProbeLine, PoolReport, ProbeReport, UpstreamKey,
};
pub use key_bulk::{KeyAction, KeyBulkBody, KeyBulkReport, KeyFilter, RevealedKey};
pub use live::{LiveKey, LiveKeyCounts, LiveService, LiveUpdate};
pub use policy::{Fallback, Limits, LimitsPatch};
pub use price::{LongPriceBody, PriceBody, PriceEntry};
pub use request_log::{LoggedAttempt, LoggedBody, LoggedRequest, LoggedTokens, RequestLogEntry};
pub use server::{AppConfig, AuditChange, AuditEntry, LogLevel, NodeStatus, Status};
pub use session::{LoginAnswer, LoginBody, Me, Session};
pub use token::{AdminToken, AdminTokenBody, NewAdminToken};
pub use usage::{UsageGroup, UsageReport};
pub use user::{AdminUser, AdminUserBody, AdminUserPatch, PasswordBody};
pub use webhook::{NewWebhook, Webhook, WebhookBody, WebhookDelivery, WebhookPatch, WebhookTest};

/// Tells a field that is null from one that is absent.
fn present<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    T: serde::Deserialize<'de>,
    D: serde::Deserializer<'de>,
{
    serde::Deserialize::deserialize(deserializer).map(Some)
}
