//! The words of API Key Rotator as types: services, keys, secrets, verdicts.
//!
//! Owns ids, validation, the [`Secret`] newtype and how secrets are sealed. Everything here is a pure function of its
//! arguments: the time and the random bytes are passed in.
//!
//! Never does I/O and never knows JSON, SQL or HTTP messages (HTTP's vocabulary of methods is the exception).

mod admin;
mod client_key;
mod clock;
mod format;
mod id;
mod key_policy;
mod limits;
pub mod metering;
mod request_id;
mod request_log;
pub mod rotation;
mod seal;
mod secret;
mod seldom;
mod service;
mod target;
mod time;
mod upstream_key;
mod usage;
mod validation;
mod verdict;
mod webhook;

pub use admin::{ADMIN_TOKEN_PREFIX, Role, admin_token_prefix, check_admin_name, check_password};
pub use client_key::{
    Budget, BudgetDraft, CLIENT_KEY_PREFIX, ClientKey, ClientKeyDraft, ClientLimits, ClientLimitsDraft, ClientPolicy,
    Network, PreviousDigest, check_client_policy,
};
pub use clock::{Clock, SystemClock};
pub use format::{Format, OutputFormat};
pub use id::{AdminTokenId, ClientKeyId, KeyId, ServiceId, WebhookId};
pub use key_policy::{KeyPolicyChange, check_key_policy};
pub use limits::LimitsChange;
pub use request_id::is_request_id;
pub use request_log::{LogDetail, LogPolicy, LoggedBody, LoggedRequest, Pointer, PointerStep};
pub use seal::{Digest, DigestKey, MasterKey, PIECE_NONCE_LENGTH, PieceVault, SealContext, SealError, Sealed, Vault};
pub use secret::Secret;
pub use seldom::Seldom;
pub use service::{
    Fallback, FallbackDraft, HttpVersion, KeyLocation, KeyPlacement, MethodSet, Service, ServiceDraft, ServiceKind,
    ServicePolicy, Slug,
};
pub use target::TargetUrl;
pub use time::Timestamp;
pub use upstream_key::{KeyLabel, UpstreamKey, UpstreamKeyDraft, upstream_key_value};
pub use usage::{
    End, EndedAttempt, EndedRequest, Figure, Grain, MOST_NANODOLLARS, MOST_TOKENS, PriceOverride, Pricing, TokenPrice,
    TokenUsage, UsageFigures, UsageRow, UsageSubject, price_pattern,
};
pub use validation::{FieldError, Invalid};
pub use verdict::{LimitReading, LimitScope, Reading, Resource, Verdict};
pub use webhook::{
    ALARM_COOL_OFF, AlarmState, Condition, DELIVERY_GIVE_UP, MOST_WEBHOOKS, PreviousSecret, Webhook, WebhookDraft,
    WebhookEvent, WebhookThresholds, retry_delay,
};
