//! `keys ...`.

mod import;
mod test;

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use reqwest::Method;
use rotator_admin_api::wire::{
    DeletedCount, ExportedKeys, KeyAction, KeyBulkBody, KeyBulkReport, KeyFilter, KeyPatch, Message, ProxyConfig,
    RevealedKey, UpstreamKey,
};
use serde_json::json;

use super::confirmed;
use crate::api::{Api, NOTHING, PAGE, keys_of};
use crate::args::KeysCommand;
use crate::error::CliError;
use crate::output::{Output, table, write_line};
use crate::secret_source::one_secret;

pub(super) async fn run(api: &Api, command: KeysCommand, output: Output) -> Result<(), CliError> {
    match command {
        KeysCommand::List { service, state, search } => {
            let service = api.service(&service).await?;
            let query = [("limit", Some(PAGE.to_string())), ("state", state), ("q", search)];
            let query: Vec<_> = query.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
            show(&api.search::<UpstreamKey>(&keys_of(&service), &query, usize::MAX).await?, output)
        }
        KeysCommand::Reveal { id } => {
            let revealed: RevealedKey = api.call(Method::POST, &format!("keys/{id}/reveal"), NOTHING).await?;
            output.show(&revealed, || revealed.key_value.clone())
        }
        KeysCommand::Reset { service, ids } => reset(api, &api.service(&service).await?, ids, output).await,
        KeysCommand::Add { service, from, disabled, flags } => {
            let service = api.service(&service).await?;
            let key_value = one_secret(from.as_deref(), "Key: ", "--from")?;
            let key = flags.into_new(key_value, !disabled);
            show(&[api.call::<UpstreamKey>(Method::POST, &keys_of(&service), Some(&key)).await?], output)
        }
        KeysCommand::Import { service, file } => import::run(api, &api.service(&service).await?, &file, output).await,
        KeysCommand::Update { ids, flags } => match flags.into_patch() {
            nothing if nothing == KeyPatch::default() => Err(CliError::Usage("say what to change".to_owned())),
            patch => change(api, &ids, &patch, output).await,
        },
        KeysCommand::Enable { ids } => set_active(api, &ids, true, output).await,
        KeysCommand::Disable { ids } => set_active(api, &ids, false, output).await,
        KeysCommand::Delete { ids } => delete(api, &ids, output).await,
        KeysCommand::Clear { service, yes } => {
            let service = api.service(&service).await?;
            confirmed(yes, &format!("the {} keys of {}", service.api_key_count, service.body.slug))?;
            let deleted: DeletedCount = api.call(Method::DELETE, &keys_of(&service), NOTHING).await?;
            output.show(&deleted, || format!("Deleted {} keys of {}.", deleted.deleted_count, service.body.slug))
        }
        KeysCommand::Export { service, to } => export(api, &service, to.as_deref(), output).await,
        KeysCommand::Test { ids, service } => test::run(api, ids, service.as_deref(), output).await,
    }
}

async fn reset(api: &Api, service: &ProxyConfig, ids: Vec<i64>, output: Output) -> Result<(), CliError> {
    let (ids, filter) = if ids.is_empty() { (None, Some(KeyFilter::default())) } else { (Some(ids), None) };
    let body = KeyBulkBody { ids, filter, except: Vec::new(), action: KeyAction::Reset, change: None };
    let report: KeyBulkReport = api.call(Method::POST, &format!("{}/bulk", keys_of(service)), Some(&body)).await?;
    output.show(&report, || format!("Reset {} keys of {}.", report.count, service.body.slug))
}

async fn set_active(api: &Api, ids: &[i64], is_active: bool, output: Output) -> Result<(), CliError> {
    change(api, ids, &KeyPatch { is_active: Some(is_active), ..KeyPatch::default() }, output).await
}

async fn change(api: &Api, ids: &[i64], patch: &KeyPatch, output: Output) -> Result<(), CliError> {
    let mut keys = Vec::with_capacity(ids.len());
    let done = each(ids, async |id| {
        keys.push(api.call::<UpstreamKey>(Method::PATCH, &format!("keys/{id}"), Some(patch)).await?);
        Ok(())
    });
    let done = done.await;
    show(&keys, output)?;
    done
}

async fn delete(api: &Api, ids: &[i64], output: Output) -> Result<(), CliError> {
    let mut deleted = Vec::with_capacity(ids.len());
    let done = each(ids, async |id| {
        api.call::<Message>(Method::DELETE, &format!("keys/{id}"), NOTHING).await?;
        deleted.push(id);
        Ok(())
    });
    let done = done.await;
    output.show(&json!({"deleted": deleted}), || format!("Deleted {} of {} keys.", deleted.len(), ids.len()))?;
    done
}

/// Does something with every key. One that is not there does not keep the others from their turn; any other error does.
async fn each(ids: &[i64], mut act: impl AsyncFnMut(i64) -> Result<(), CliError>) -> Result<(), CliError> {
    let mut missing = Vec::new();
    for id in ids {
        match act(*id).await {
            Err(CliError::NotFound(_)) => missing.push(id.to_string()),
            done => done?,
        }
    }
    match (missing.len(), ids.len()) {
        (0, _) => Ok(()),
        (missing_count, count) => {
            let error = format!("there is no key {}", missing.join(", "));
            Err(if missing_count == count { CliError::NotFound(error) } else { CliError::Partly(error) })
        }
    }
}

async fn export(api: &Api, service: &str, to: Option<&Path>, output: Output) -> Result<(), CliError> {
    let service = api.service(service).await?;
    // The file is made first: values that cannot be kept must not leave the server.
    let file = to.map(|path| (path, new_private_file(path))).map(|(path, file)| {
        file.map_err(|error| CliError::Usage(format!("{} cannot be made: {error}", path.display())))
    });
    let file = file.transpose()?;
    let path = format!("{}/export", keys_of(&service));
    let exported: ExportedKeys = api.call(Method::POST, &path, NOTHING).await?;
    let lines: Vec<&str> = exported.keys.iter().map(|key| key.key_value.as_str()).collect();
    let lines = lines.join("\n");
    let Some(mut file) = file else {
        return output.show(&exported, || lines);
    };
    let written = writeln!(file, "{lines}").and_then(|()| file.sync_all());
    written.map_err(|error| CliError::Usage(format!("the file cannot be written: {error}")))?;
    write_line(&format!("Wrote {} keys.", exported.keys.len()))
}

fn new_private_file(path: &Path) -> std::io::Result<std::fs::File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

fn show(keys: &[UpstreamKey], output: Output) -> Result<(), CliError> {
    output.show(keys, || {
        let rows = keys.iter().map(|key| {
            let UpstreamKey { id, key_value, label, state, state_model, state_until, .. } = key.clone();
            let model = state_model.unwrap_or_default();
            [id.to_string(), key_value, label.unwrap_or_default(), state, model, state_until.unwrap_or_default()]
        });
        table(["id", "key", "label", "state", "for model", "until"], rows)
    })
}
