//! `webhooks ...`.

use clap::{Args, Subcommand};
use rotator_admin_api::wire::{WebhookBody, WebhookPatch};

use super::policy::without_empty;

/// Of what a webhook is told where nothing else is said.
const EVENTS: [&str; 4] = ["key.dead", "pool.low", "pool.empty", "budget.near"];

#[derive(Debug, Subcommand)]
pub(crate) enum WebhooksCommand {
    /// List all webhooks, without their secrets.
    List,
    /// Make a webhook; the secret that signs its messages is shown this once.
    Create {
        /// What it is called.
        name: String,
        /// Where messages go.
        #[arg(long)]
        url: String,
        /// Make it disabled.
        #[arg(long)]
        disabled: bool,
        #[command(flatten)]
        flags: WebhookFlags,
    },
    /// Show a webhook.
    Show {
        /// Its id.
        id: i64,
    },
    /// Change what is named of a webhook.
    Update {
        /// Its id.
        id: i64,
        /// What it is called.
        #[arg(long)]
        name: Option<String>,
        /// Where messages go.
        #[arg(long)]
        url: Option<String>,
        /// Tell it.
        #[arg(long, conflicts_with = "disable")]
        enable: bool,
        /// Tell it nothing.
        #[arg(long)]
        disable: bool,
        #[command(flatten)]
        flags: WebhookFlags,
    },
    /// Give a webhook another secret, which is shown this once.
    Rotate {
        /// Its id.
        id: i64,
        /// How long messages are signed with the old secret as well, such as 90s, 30m, 24h or 7d; not at all when absent.
        #[arg(long, value_name = "TIME", default_value = "0s", value_parser = super::times::seconds)]
        grace: u64,
    },
    /// Send a webhook a ping, and tell what came of it; exit code 1 when it was not taken.
    Test {
        /// Its id.
        id: i64,
    },
    /// List the messages to a webhook, the newest first.
    Deliveries {
        /// Its id.
        id: i64,
        /// How many at the most.
        #[arg(long, value_name = "COUNT", default_value_t = 50)]
        limit: usize,
    },
    /// Delete a webhook, and what waits for it.
    Delete {
        /// Its id.
        id: i64,
        /// Really delete.
        #[arg(long)]
        yes: bool,
    },
}

/// Of what a webhook is told.
#[derive(Debug, Default, Args)]
pub(crate) struct WebhookFlags {
    /// key.dead, pool.low, pool.empty or budget.near; may come more than once. All when a webhook is made without any.
    #[arg(long = "event", value_name = "EVENT")]
    events: Vec<String>,
    /// The slug of a service of which it is told, * in it for any text; may come more than once. All when empty.
    #[arg(long = "service", value_name = "GLOB")]
    services: Vec<String>,
    /// A pool is low when less than this share of its keys can serve; 20 when absent.
    #[arg(long, value_name = "PERCENT")]
    pool_low: Option<u8>,
    /// A budget is near its end when this share of it is used; 80 when absent.
    #[arg(long, value_name = "PERCENT")]
    budget_near: Option<u8>,
}

// === impl WebhookFlags ===

impl WebhookFlags {
    /// A new webhook.
    pub(crate) fn into_new(self, name: String, url: String, is_enabled: bool) -> WebhookBody {
        let events = if self.events.is_empty() { EVENTS.map(str::to_owned).to_vec() } else { self.events };
        WebhookBody {
            name,
            url,
            events,
            services: without_empty(self.services),
            is_enabled,
            pool_low_percent: self.pool_low,
            budget_near_percent: self.budget_near,
        }
    }

    /// What to change of a webhook.
    pub(crate) fn into_patch(
        self,
        name: Option<String>,
        url: Option<String>,
        is_enabled: Option<bool>,
    ) -> WebhookPatch {
        WebhookPatch {
            name,
            url,
            events: Some(self.events).filter(|events| !events.is_empty()),
            services: Some(self.services).filter(|services| !services.is_empty()).map(without_empty).map(Some),
            is_enabled,
            pool_low_percent: self.pool_low,
            budget_near_percent: self.budget_near,
        }
    }
}
