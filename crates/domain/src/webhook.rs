//! Who is told of what happens to pools and budgets, and when.

mod alarm;
mod draft;
mod retry;

pub use alarm::{ALARM_COOL_OFF, AlarmState, Condition};
pub use draft::WebhookDraft;
pub use retry::{DELIVERY_GIVE_UP, retry_delay};

use crate::rotation::Glob;
use crate::{Sealed, TargetUrl, Timestamp, WebhookId};

/// How many webhooks there may be.
pub const MOST_WEBHOOKS: usize = 100;

/// Somebody who is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// What the operator calls it.
    pub name: String,
    /// Where messages go.
    pub url: TargetUrl,
    /// Of what it is told, each once and in the order of [`WebhookEvent::ALL`].
    pub events: Vec<WebhookEvent>,
    /// The slugs of services of which it is told; all where there is none. Budgets are no service's.
    pub services: Vec<Glob>,
    /// Whether it is told anything.
    pub is_enabled: bool,
    /// From where on it is told.
    pub thresholds: WebhookThresholds,
    /// The secret that signs messages, sealed for this id.
    pub sealed: Sealed,
    /// The secret before the last rotation, while it signs as well.
    pub previous: Option<PreviousSecret>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A secret that a rotation has replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreviousSecret {
    /// It, sealed for the webhook's id.
    pub sealed: Sealed,
    /// From when on it does not sign any more.
    pub until: Timestamp,
}

/// From where on a webhook is told, in percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WebhookThresholds {
    /// A pool is low when less than this share of its keys can serve.
    pub pool_low: u8,
    /// A budget is near when this share of it is used, or more.
    pub budget_near: u8,
}

/// Of what a webhook is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WebhookEvent {
    /// An upstream does not know a key any more.
    KeyDead,
    /// Few keys of a pool can serve.
    PoolLow,
    /// No key of a pool can serve.
    PoolEmpty,
    /// Much of a client key's budget is used.
    BudgetNear,
}

// === impl Webhook ===

impl Webhook {
    /// Whether it is told of this.
    #[must_use]
    pub fn wants(&self, event: WebhookEvent) -> bool {
        self.is_enabled && self.events.contains(&event)
    }

    /// Whether it is told of this service.
    #[must_use]
    pub fn covers(&self, slug: &str) -> bool {
        self.services.is_empty() || self.services.iter().any(|glob| glob.matches(slug))
    }

    /// The secrets that sign now, the newest first.
    pub fn secrets(&self, now: Timestamp) -> impl Iterator<Item = &Sealed> {
        let previous = self.previous.as_ref().filter(|previous| previous.until > now);
        std::iter::once(&self.sealed).chain(previous.map(|previous| &previous.sealed))
    }

    /// Puts another secret in the place of its own, which goes on to sign until `until`.
    pub fn rotate(&mut self, sealed: Sealed, until: Timestamp, now: Timestamp) {
        let old = std::mem::replace(&mut self.sealed, sealed);
        self.previous = (until > now).then_some(PreviousSecret { sealed: old, until });
        self.updated_at = now;
    }
}

// === impl WebhookThresholds ===

impl Default for WebhookThresholds {
    fn default() -> Self {
        Self { pool_low: 20, budget_near: 80 }
    }
}

// === impl WebhookEvent ===

impl WebhookEvent {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::KeyDead, Self::PoolLow, Self::PoolEmpty, Self::BudgetNear];

    /// Its name in messages and in the admin API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::KeyDead => "key.dead",
            Self::PoolLow => "pool.low",
            Self::PoolEmpty => "pool.empty",
            Self::BudgetNear => "budget.near",
        }
    }

    /// Reads the name.
    #[must_use]
    pub fn from_name(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.name() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn webhook() -> Webhook {
        Webhook {
            id: WebhookId(1),
            name: "ops".to_owned(),
            url: TargetUrl::parse("https://ops.example.com/hook").unwrap(),
            events: vec![WebhookEvent::KeyDead],
            services: vec![Glob::new("team-*")],
            is_enabled: true,
            thresholds: WebhookThresholds::default(),
            sealed: Sealed(vec![1]),
            previous: None,
            created_at: at(0),
            updated_at: at(0),
        }
    }

    #[test]
    fn one_that_is_disabled_wants_nothing() {
        let webhook = webhook();
        assert!(webhook.wants(WebhookEvent::KeyDead) && !webhook.wants(WebhookEvent::PoolLow));
        assert!(webhook.covers("team-a") && !webhook.covers("other"));
        let everywhere = Webhook { services: Vec::new(), is_enabled: false, ..webhook };
        assert!(everywhere.covers("other") && !everywhere.wants(WebhookEvent::KeyDead));
    }

    #[test]
    fn a_replaced_secret_signs_for_a_while() {
        let mut webhook = webhook();
        webhook.rotate(Sealed(vec![2]), at(10), at(5));
        let secrets = |now| webhook.secrets(at(now)).map(|sealed| sealed.0[0]).collect::<Vec<_>>();
        assert_eq!((secrets(9), secrets(10)), (vec![2, 1], vec![2]));
        webhook.rotate(Sealed(vec![3]), at(7), at(7));
        assert_eq!(webhook.secrets(at(7)).count(), 1);
    }
}
