//! `client-keys ...`.

use reqwest::Method;
use rotator_admin_api::wire::{
    ClientKey, ClientKeyPatch, ClientKeyReport, ClientLimits, LimitStanding, Message, NewClientKey, RotationBody,
};

use super::confirmed;
use crate::api::{Api, NOTHING};
use crate::args::ClientKeysCommand;
use crate::error::CliError;
use crate::output::{Output, table, yes};

const PATH: &str = "client-keys";

pub(super) async fn run(api: &Api, command: ClientKeysCommand, output: Output) -> Result<(), CliError> {
    match command {
        ClientKeysCommand::List => {
            let keys: Vec<ClientKey> = api.list(PATH).await?;
            output.show(&keys, || shown(&keys))
        }
        ClientKeysCommand::Create { name, disabled, flags } => {
            let body = flags.into_new(name, !disabled);
            let key: NewClientKey = api.call(Method::POST, PATH, Some(&body)).await?;
            output.show(&key, || key.key_value.clone())
        }
        ClientKeysCommand::Show { id } => {
            let report: ClientKeyReport = api.get(&format!("{PATH}/{id}")).await?;
            output.show(&report, || {
                let standing =
                    report.standing.as_deref().map_or("How its limits stand cannot be told now.".to_owned(), stand);
                format!("{}\n{standing}", shown(std::slice::from_ref(&report.key)))
            })
        }
        ClientKeysCommand::Update { id, name, enable, disable, flags } => {
            let is_active = if enable || disable { Some(enable) } else { None };
            let patch = flags.into_patch(name, is_active);
            if patch == ClientKeyPatch::default() {
                return Err(CliError::Usage("say what to change".to_owned()));
            }
            let key: ClientKey = api.call(Method::PATCH, &format!("{PATH}/{id}"), Some(&patch)).await?;
            output.show(&key, || shown(std::slice::from_ref(&key)))
        }
        ClientKeysCommand::Rotate { id, grace } => {
            let body = RotationBody { grace_seconds: grace };
            let key: NewClientKey = api.call(Method::POST, &format!("{PATH}/{id}/rotate"), Some(&body)).await?;
            output.show(&key, || key.key_value.clone())
        }
        ClientKeysCommand::Delete { id, yes } => {
            confirmed(yes, &format!("client key {id}"))?;
            let message: Message = api.call(Method::DELETE, &format!("{PATH}/{id}"), NOTHING).await?;
            output.show(&message, || format!("Deleted client key {id}."))
        }
    }
}

fn shown(keys: &[ClientKey]) -> String {
    let rows = keys.iter().map(|key| {
        let expires_at = key.expires_at.clone().unwrap_or_else(|| "never".to_owned());
        let allowed = [("services", &key.services), ("models", &key.models), ("from", &key.sources)];
        let allowed = allowed.iter().filter(|(_, list)| !list.is_empty());
        let allowed: Vec<String> = allowed.map(|(what, list)| format!("{what}: {}", list.join(" "))).collect();
        let prefix = if key.prefix.is_empty() { String::new() } else { format!("{}…", key.prefix) };
        let limits = limits(&key.limits);
        [key.id.to_string(), key.name.clone(), prefix, yes(key.is_active), expires_at, allowed.join("\n"), limits]
    });
    table(["id", "name", "key", "active", "expires", "only", "limits"], rows)
}

/// Limits as the flags say them.
fn limits(limits: &ClientLimits) -> String {
    let rates = [("rpm", limits.rpm), ("rpd", limits.rpd), ("tpm", limits.tpm), ("tpd", limits.tpd)];
    let rates = rates.into_iter().chain([("max-concurrency", limits.max_concurrency.map(u64::from))]);
    let rates = rates.filter_map(|(name, limit)| Some(format!("{name} {}", limit?)));
    let budgets = limits.budgets.iter().map(|budget| format!("{}{}/{}", budget.amount, budget.unit, budget.period));
    rates.chain(budgets).collect::<Vec<_>>().join("\n")
}

fn stand(standing: &[LimitStanding]) -> String {
    if standing.is_empty() {
        return "It has no limits.".to_owned();
    }
    let rows = standing.iter().map(|limit| {
        let LimitStanding { unit, period, limit, used, reserved, resets_at } = limit;
        let resets_at = resets_at.clone().unwrap_or_else(|| "never".to_owned());
        [format!("{unit}/{period}"), used.to_string(), reserved.to_string(), limit.to_string(), resets_at]
    });
    table(["limit", "used", "reserved", "of", "begins anew"], rows)
}
