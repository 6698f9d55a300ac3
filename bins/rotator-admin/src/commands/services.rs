//! `services ...`.

use reqwest::Method;
use rotator_admin_api::wire::{Message, ProxyConfig, ProxyConfigBody, StatusBody};
use serde_json::{Map, Value};

use super::confirmed;
use crate::api::{Api, NOTHING};
use crate::args::ServicesCommand;
use crate::error::CliError;
use crate::output::{Output, table, yes};

pub(super) async fn run(api: &Api, command: ServicesCommand, output: Output) -> Result<(), CliError> {
    match command {
        ServicesCommand::List => {
            let services: Vec<ProxyConfig> = api.list("proxy-configs").await?;
            output.show(&services, || list(&services))
        }
        ServicesCommand::Show { service } => show(&api.service(&service).await?, output),
        ServicesCommand::Create { fields } => {
            let created = api.call(Method::POST, "proxy-configs", Some(&fields.into_new())).await?;
            show(&created, output)
        }
        ServicesCommand::Update { service, fields } => {
            let service = api.service(&service).await?;
            let mut body = service.body;
            fields.write_to(&mut body);
            let path = format!("proxy-configs/{}", service.id);
            show(&api.call::<ProxyConfig>(Method::PUT, &path, Some(&body)).await?, output)
        }
        ServicesCommand::Enable { service } => set_status(api, &service, true, output).await,
        ServicesCommand::Disable { service } => set_status(api, &service, false, output).await,
        ServicesCommand::Delete { service, yes } => {
            let service = api.service(&service).await?;
            confirmed(yes, &format!("{} and its {} keys", service.body.slug, service.api_key_count))?;
            let path = format!("proxy-configs/{}", service.id);
            let message: Message = api.call(Method::DELETE, &path, NOTHING).await?;
            output.show(&message, || format!("Deleted {}.", service.body.slug))
        }
    }
}

async fn set_status(api: &Api, service: &str, is_active: bool, output: Output) -> Result<(), CliError> {
    let service = api.service(service).await?;
    let path = format!("proxy-configs/{}/status", service.id);
    show(&api.call::<ProxyConfig>(Method::PUT, &path, Some(&StatusBody { is_active })).await?, output)
}

fn list(services: &[ProxyConfig]) -> String {
    let rows = services.iter().map(|service| {
        let ProxyConfigBody { slug, name, config_type, is_active, target_url, target_base_url, .. } = &service.body;
        [
            service.id.to_string(),
            slug.clone(),
            name.clone(),
            config_type.clone(),
            yes(*is_active),
            format!("{} of {}", service.active_key_count, service.api_key_count),
            target_base_url.as_ref().or(target_url.as_ref()).cloned().unwrap_or_default(),
        ]
    });
    table(["id", "slug", "name", "type", "active", "active keys", "target"], rows)
}

fn show(service: &ProxyConfig, output: Output) -> Result<(), CliError> {
    output.show(service, || {
        let fields = match serde_json::to_value(service) {
            Ok(Value::Object(fields)) => fields,
            _ => Map::new(),
        };
        let rows = fields.into_iter().filter(|(name, value)| name != "api_keys" && !value.is_null());
        table(["field", "value"], rows.map(|(name, value)| [name, plain(&value)]))
    })
}

/// A value without JSON's quotes.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
