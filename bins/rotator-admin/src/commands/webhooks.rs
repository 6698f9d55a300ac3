//! `webhooks ...`.

use reqwest::Method;
use rotator_admin_api::wire::{Message, NewWebhook, RotationBody, Webhook, WebhookDelivery, WebhookPatch, WebhookTest};

use super::confirmed;
use crate::api::{Api, NOTHING};
use crate::args::WebhooksCommand;
use crate::error::CliError;
use crate::output::{Output, table, yes};

const PATH: &str = "webhooks";
/// The most entries of a page.
const PAGE: usize = 1000;

pub(super) async fn run(api: &Api, command: WebhooksCommand, output: Output) -> Result<(), CliError> {
    match command {
        WebhooksCommand::List => {
            let webhooks: Vec<Webhook> = api.get(PATH).await?;
            output.show(&webhooks, || shown(&webhooks))
        }
        WebhooksCommand::Create { name, url, disabled, flags } => {
            let body = flags.into_new(name, url, !disabled);
            let webhook: NewWebhook = api.call(Method::POST, PATH, Some(&body)).await?;
            output.show(&webhook, || webhook.secret.clone())
        }
        WebhooksCommand::Show { id } => {
            let webhook: Webhook = api.get(&format!("{PATH}/{id}")).await?;
            output.show(&webhook, || shown(std::slice::from_ref(&webhook)))
        }
        WebhooksCommand::Update { id, name, url, enable, disable, flags } => {
            let is_enabled = if enable || disable { Some(enable) } else { None };
            let patch = flags.into_patch(name, url, is_enabled);
            if patch == WebhookPatch::default() {
                return Err(CliError::Usage("say what to change".to_owned()));
            }
            let webhook: Webhook = api.call(Method::PATCH, &format!("{PATH}/{id}"), Some(&patch)).await?;
            output.show(&webhook, || shown(std::slice::from_ref(&webhook)))
        }
        WebhooksCommand::Rotate { id, grace } => {
            let body = RotationBody { grace_seconds: grace };
            let webhook: NewWebhook = api.call(Method::POST, &format!("{PATH}/{id}/rotate"), Some(&body)).await?;
            output.show(&webhook, || webhook.secret.clone())
        }
        WebhooksCommand::Test { id } => {
            let tested: WebhookTest = api.call(Method::POST, &format!("{PATH}/{id}/test"), NOTHING).await?;
            let status = tested.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
            output.show(&tested, || format!("{status} after {} ms", tested.took_ms))?;
            match tested.error {
                None => Ok(()),
                Some(error) => Err(CliError::Partly(format!("the ping was not taken: {error}"))),
            }
        }
        WebhooksCommand::Deliveries { id, limit } => {
            let query = [("limit", limit.clamp(1, PAGE).to_string())];
            let deliveries: Vec<WebhookDelivery> =
                api.search(&format!("{PATH}/{id}/deliveries"), &query, limit).await?;
            output.show(&deliveries, || delivered(&deliveries))
        }
        WebhooksCommand::Delete { id, yes } => {
            confirmed(yes, &format!("webhook {id}"))?;
            let message: Message = api.call(Method::DELETE, &format!("{PATH}/{id}"), NOTHING).await?;
            output.show(&message, || format!("Deleted webhook {id}."))
        }
    }
}

fn shown(webhooks: &[Webhook]) -> String {
    let rows = webhooks.iter().map(|webhook| {
        let thresholds = format!("pool {} %\nbudget {} %", webhook.pool_low_percent, webhook.budget_near_percent);
        let (events, services) = (webhook.events.join("\n"), webhook.services.join("\n"));
        [
            webhook.id.to_string(),
            webhook.name.clone(),
            webhook.url.clone(),
            yes(webhook.is_enabled),
            events,
            services,
            thresholds,
        ]
    });
    table(["id", "name", "url", "enabled", "events", "only", "from"], rows)
}

fn delivered(deliveries: &[WebhookDelivery]) -> String {
    let rows = deliveries.iter().map(|delivery| {
        [
            delivery.id.to_string(),
            delivery.created_at.clone(),
            delivery.event.clone(),
            delivery.status.clone(),
            delivery.attempts.to_string(),
            delivery.next_at.clone().unwrap_or_default(),
            delivery.last_error.clone().unwrap_or_default(),
        ]
    });
    table(["id", "at", "event", "status", "attempts", "next", "last error"], rows)
}
