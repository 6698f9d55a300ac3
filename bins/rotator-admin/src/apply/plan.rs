//! The steps from what a server is to what it shall be.

use reqwest::Method;
use rotator_admin_api::wire::{NewApiKey, NewKey, PoolBody, PoolReport, ProxyConfig, ProxyConfigBody};
use serde::Serialize;
use serde_json::{Map, Value};

use super::manifest::{Manifest, WantedService};
use crate::api::{Api, keys_of};
use crate::error::CliError;

/// All steps, in the file's order.
pub(crate) struct Plan {
    pub(crate) steps: Vec<Step>,
}

/// What one service takes.
#[derive(Serialize)]
pub(crate) struct Step {
    slug: String,
    action: Action,
    /// The fields that change.
    changes: Vec<FieldChange>,
    /// What happens to its keys; absent where the pool is left alone.
    keys: Option<PoolReport>,
    #[serde(skip)]
    work: Work,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Action {
    Create,
    Update,
    Nothing,
}

#[derive(Serialize)]
struct FieldChange {
    field: String,
    from: Value,
    to: Value,
}

/// What is sent.
struct Work {
    body: ProxyConfigBody,
    pool: Option<PoolBody>,
    /// The service, where it is there already.
    service: Option<ProxyConfig>,
}

// === impl Plan ===

impl Plan {
    /// Asks the server what every service would take; the first thing that it refuses ends the plan.
    pub(crate) async fn new(api: &Api, manifest: Manifest) -> Result<Self, CliError> {
        let mut steps = Vec::with_capacity(manifest.services.len());
        for wanted in manifest.services {
            let slug = wanted.body.slug.clone();
            steps.push(Step::new(api, wanted).await.map_err(|error| of_service(&slug, error))?);
        }
        Ok(Self { steps })
    }

    /// Does it.
    pub(crate) async fn carry_out(&self, api: &Api) -> Result<(), CliError> {
        for step in &self.steps {
            step.carry_out(api).await.map_err(|error| of_service(&step.slug, error))?;
        }
        Ok(())
    }

    /// How many services change.
    pub(crate) fn changes(&self) -> usize {
        self.steps.iter().filter(|step| step.changes_something()).count()
    }

    /// The plan for a person.
    pub(crate) fn for_people(&self, is_dry_run: bool) -> String {
        let mut lines: Vec<String> = self.steps.iter().flat_map(Step::lines).collect();
        let changes = self.changes();
        let verb = if is_dry_run { "would change" } else { "changed" };
        lines.push(format!("{changes} of {} services {verb}.", self.steps.len()));
        lines.join("\n")
    }
}

// === impl Step ===

impl Step {
    async fn new(api: &Api, wanted: WantedService) -> Result<Self, CliError> {
        let WantedService { mut body, is_active, pool } = wanted;
        let service = api.service_by_slug(&body.slug).await?;
        // Whether a service is on is the operator's choice of the moment where the file does not say.
        body.is_active = is_active.unwrap_or_else(|| service.as_ref().is_none_or(|service| service.body.is_active));
        let slug = body.slug.clone();
        let (action, changes, keys) = match &service {
            None => {
                let keys = pool.as_ref().map(|pool| pool.keys.len());
                body.api_keys = pool.as_ref().map(first_keys);
                api.call::<ProxyConfig>(Method::POST, "proxy-configs?dry_run=true", Some(&body)).await?;
                let keys = keys.map(|count| PoolReport { added_count: count as u64, ..PoolReport::default() });
                (Action::Create, Vec::new(), keys)
            }
            Some(service) => {
                let path = format!("proxy-configs/{}?dry_run=true", service.id);
                // The server answers in its own spelling, so that only real differences show.
                let after: ProxyConfig = api.call(Method::PUT, &path, Some(&body)).await?;
                let changes = differences(&service.body, &after.body);
                let keys = match &pool {
                    Some(pool) => {
                        let path = format!("{}?dry_run=true", keys_of(service));
                        Some(api.call::<PoolReport>(Method::PUT, &path, Some(pool)).await?)
                    }
                    None => None,
                };
                let unchanged = changes.is_empty() && keys.as_ref().is_none_or(changes_no_key);
                (if unchanged { Action::Nothing } else { Action::Update }, changes, keys)
            }
        };
        Ok(Self { slug, action, changes, keys, work: Work { body, pool, service } })
    }

    async fn carry_out(&self, api: &Api) -> Result<(), CliError> {
        let Work { body, pool, service } = &self.work;
        let Some(service) = service else {
            return api.call::<ProxyConfig>(Method::POST, "proxy-configs", Some(body)).await.map(drop);
        };
        if !self.changes.is_empty() {
            let path = format!("proxy-configs/{}", service.id);
            api.call::<ProxyConfig>(Method::PUT, &path, Some(body)).await?;
        }
        match (pool, &self.keys) {
            (Some(pool), Some(report)) if !changes_no_key(report) => {
                api.call::<PoolReport>(Method::PUT, &keys_of(service), Some(pool)).await.map(drop)
            }
            _ => Ok(()),
        }
    }

    fn changes_something(&self) -> bool {
        self.action != Action::Nothing
    }

    fn lines(&self) -> Vec<String> {
        let slug = &self.slug;
        let head = match self.action {
            Action::Create => format!("+ {slug}: create"),
            Action::Update => format!("~ {slug}: update"),
            Action::Nothing => format!("  {slug}: as it shall be"),
        };
        let changes = self.changes.iter().map(|FieldChange { field, from, to }| format!("    {field}: {from} -> {to}"));
        let keys = self.keys.filter(|report| !changes_no_key(report)).map(|report| {
            let PoolReport { added_count, changed_count, unchanged_count, deleted_count, .. } = report;
            format!(
                "    keys: {added_count} new, {changed_count} changed, {deleted_count} deleted, {unchanged_count} as they \
                 shall be"
            )
        });
        std::iter::once(head).chain(changes).chain(keys).collect()
    }
}

/// The keys of a service that is not there yet.
fn first_keys(pool: &PoolBody) -> Vec<NewApiKey> {
    pool.keys.iter().map(|key| NewApiKey::Key(NewKey::from(key.clone()))).collect()
}

fn changes_no_key(report: &PoolReport) -> bool {
    report.added_count + report.changed_count + report.deleted_count == 0
}

/// The fields in which two bodies differ.
fn differences(before: &ProxyConfigBody, after: &ProxyConfigBody) -> Vec<FieldChange> {
    let fields = |body: &ProxyConfigBody| match serde_json::to_value(body) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    let (before, after) = (fields(before), fields(after));
    let names: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let value = |fields: &Map<String, Value>, name: &str| fields.get(name).cloned().unwrap_or_default();
    names
        .into_iter()
        .map(|name| FieldChange { field: name.clone(), from: value(&before, name), to: value(&after, name) })
        .filter(|change| change.from != change.to)
        .collect()
}

/// Names the service in what the server says about it.
fn of_service(slug: &str, error: CliError) -> CliError {
    match error {
        CliError::Refused(mut body) => {
            body.error = format!("{slug}: {}", body.error);
            CliError::Refused(body)
        }
        CliError::Conflict(mut body) => {
            body.error = format!("{slug}: {}", body.error);
            CliError::Conflict(body)
        }
        other => other,
    }
}
