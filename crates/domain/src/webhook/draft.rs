//! A webhook as somebody wrote it.

use super::{Webhook, WebhookEvent, WebhookThresholds};
use crate::rotation::Glob;
use crate::validation::{Checks, short_text};
use crate::{FieldError, Invalid, TargetUrl};

const LONGEST_NAME: usize = 100;
const MOST_GLOBS: usize = 100;
const LONGEST_GLOB: usize = 200;

/// What an operator says of a webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookDraft {
    /// What the operator calls it.
    pub name: String,
    /// Where messages go.
    pub url: String,
    /// The names of what it is told.
    pub events: Vec<String>,
    /// The slugs of services, `*` for any text.
    pub services: Vec<String>,
    /// Whether it is told anything.
    pub is_enabled: bool,
    /// Below which share of usable keys a pool is low, in percent.
    pub pool_low_percent: u8,
    /// From which share on a budget is near its end, in percent.
    pub budget_near_percent: u8,
}

// === impl WebhookDraft ===

impl WebhookDraft {
    /// Makes a webhook what the draft says; its secret stays. `webhook` gets the address that was checked.
    ///
    /// # Errors
    /// Names every field that is refused.
    pub fn apply(self, webhook: impl FnOnce(TargetUrl) -> Webhook) -> Result<Webhook, Invalid> {
        let mut checks = Checks::default();
        let name = self.name.trim().to_owned();
        checks.take(short_text("name", &name, LONGEST_NAME));
        let url = TargetUrl::parse(&self.url).map_err(|message| FieldError::new("url", message));
        let url = checks.take(url);
        let mut events = Vec::new();
        for (at, text) in self.events.iter().enumerate() {
            let event = WebhookEvent::from_name(text.trim()).ok_or_else(|| {
                let names = WebhookEvent::ALL.map(WebhookEvent::name).join(", ");
                FieldError::new(format!("events[{at}]"), format!("must be one of {names}"))
            });
            events.extend(checks.take(event));
        }
        events.sort_unstable();
        events.dedup();
        if self.events.is_empty() {
            checks.refuse("events", "must name at least one");
        }
        if self.services.len() > MOST_GLOBS {
            checks.refuse("services", &format!("must be at most {MOST_GLOBS}"));
        }
        for (at, glob) in self.services.iter().enumerate().take(MOST_GLOBS) {
            checks.take(short_text(&format!("services[{at}]"), glob, LONGEST_GLOB));
        }
        let percents = [("pool_low_percent", self.pool_low_percent), ("budget_near_percent", self.budget_near_percent)];
        for (field, percent) in percents {
            if !(1..=100).contains(&percent) {
                checks.refuse(field, "must be 1 to 100");
            }
        }
        let made = url.map(|url| Webhook {
            name,
            events,
            services: self.services.into_iter().map(Glob::new).collect(),
            is_enabled: self.is_enabled,
            thresholds: WebhookThresholds { pool_low: self.pool_low_percent, budget_near: self.budget_near_percent },
            ..webhook(url)
        });
        checks.finish(made)
    }
}

impl From<&Webhook> for WebhookDraft {
    fn from(webhook: &Webhook) -> Self {
        Self {
            name: webhook.name.clone(),
            url: webhook.url.as_str().to_owned(),
            events: webhook.events.iter().map(|event| event.name().to_owned()).collect(),
            services: webhook.services.iter().map(|glob| glob.as_str().to_owned()).collect(),
            is_enabled: webhook.is_enabled,
            pool_low_percent: webhook.thresholds.pool_low,
            budget_near_percent: webhook.thresholds.budget_near,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Sealed, Timestamp, WebhookId};

    fn draft() -> WebhookDraft {
        WebhookDraft {
            name: " ops ".to_owned(),
            url: "https://ops.example.com/hook?a=b".to_owned(),
            events: ["pool.low", "key.dead", "pool.low"].map(str::to_owned).to_vec(),
            services: vec!["team-*".to_owned()],
            is_enabled: true,
            pool_low_percent: 1,
            budget_near_percent: 100,
        }
    }

    fn new(url: TargetUrl) -> Webhook {
        Webhook {
            id: WebhookId(7),
            name: String::new(),
            url,
            events: Vec::new(),
            services: Vec::new(),
            is_enabled: false,
            thresholds: WebhookThresholds::default(),
            sealed: Sealed(vec![1]),
            previous: None,
            created_at: Timestamp::EPOCH,
            updated_at: Timestamp::EPOCH,
        }
    }

    #[test]
    fn a_draft_reads_back_from_the_webhook_that_it_made() {
        let made = draft().apply(new).unwrap();
        assert_eq!((made.name.as_str(), made.id), ("ops", WebhookId(7)));
        assert_eq!(made.events, [WebhookEvent::KeyDead, WebhookEvent::PoolLow]);
        assert_eq!(WebhookDraft::from(&made).apply(new).unwrap(), made);
    }

    #[test]
    fn every_bad_field_is_named() {
        let cases = [
            (WebhookDraft { name: String::new(), ..draft() }, "name"),
            (WebhookDraft { url: "https://user:pass@ops.example.com".to_owned(), ..draft() }, "url"),
            (WebhookDraft { url: "ftp://ops.example.com".to_owned(), ..draft() }, "url"),
            (WebhookDraft { events: Vec::new(), ..draft() }, "events"),
            (WebhookDraft { events: vec!["key.dead".to_owned(), "key.born".to_owned()], ..draft() }, "events[1]"),
            (WebhookDraft { services: vec!["a".to_owned(), String::new()], ..draft() }, "services[1]"),
            (WebhookDraft { services: vec!["a".to_owned(); 101], ..draft() }, "services"),
            (WebhookDraft { pool_low_percent: 0, ..draft() }, "pool_low_percent"),
            (WebhookDraft { budget_near_percent: 101, ..draft() }, "budget_near_percent"),
        ];
        for (draft, field) in cases {
            let Invalid(errors) = draft.apply(new).unwrap_err();
            assert_eq!(errors.iter().map(|error| error.field.as_str()).collect::<Vec<_>>(), [field]);
        }
    }
}
