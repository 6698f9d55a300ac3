//! Tells webhooks of what happens to pools and budgets.
//!
//! Owns the way from what was seen to the one who is told: the [`Watcher`] finds what is new, once however many nodes look, and
//! stores messages in the same transaction; the [`Courier`] signs and sends them, again and again until they are taken or a day
//! is over. Messages outlive the process.
//!
//! Never knows a database, and sends nothing by itself: whoever has connections lends them through [`WebhookPost`].
#![forbid(unsafe_code)]

mod courier;
mod message;
mod post;
mod secret;
mod watcher;

pub use courier::{Courier, Outcome, Ping};
pub use post::{PostError, WebhookPost};
pub use secret::SigningSecret;
pub use watcher::{BudgetLook, PoolLook, Watcher};
