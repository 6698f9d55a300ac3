//! The file: services as the admin API spells them, with their pools.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use rotator_admin_api::wire::{LimitsPatch, PoolBody, PoolKey, ProxyConfigBody};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::error::CliError;
use crate::secret_source::{SecretSource, read_text};

/// What a server shall be.
#[derive(Debug)]
pub(crate) struct Manifest {
    pub(crate) services: Vec<WantedService>,
}

/// A service as it shall be.
#[derive(Debug)]
pub(crate) struct WantedService {
    /// Its fields; whether it is active only where the file says so.
    pub(crate) body: ProxyConfigBody,
    pub(crate) is_active: Option<bool>,
    /// Its pool; absent where the file leaves the pool alone.
    pub(crate) pool: Option<PoolBody>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    services: Vec<Map<String, Value>>,
}

/// A key in the file.
#[derive(Deserialize)]
#[serde(untagged)]
enum FileKey {
    /// Only where its value stands; a file may hold many, one a line.
    Source(String),
    /// With more about it.
    Full(FullKey),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FullKey {
    from: String,
    #[serde(default)]
    label: Option<String>,
    #[serde(default)]
    is_active: Option<bool>,
    #[serde(default)]
    weight: Option<u32>,
    #[serde(default)]
    tier: Option<u8>,
    #[serde(default)]
    limits: Option<LimitsPatch>,
    #[serde(default)]
    models: Option<Vec<String>>,
    #[serde(default)]
    quota_group: Option<String>,
}

/// The members of a key with more about it.
const KEY_MEMBERS: &str = "{from, label, is_active, weight, tier, limits, models, quota_group}";

// === impl Manifest ===

impl Manifest {
    /// Reads a file, and the keys that it names.
    pub(crate) fn read(path: &Path) -> Result<Self, CliError> {
        let text = read_text(path)?;
        let folder = path.parent().map(PathBuf::from).unwrap_or_default();
        Self::parse(&text, &folder).map_err(|error| match error {
            CliError::Usage(error) => CliError::Usage(format!("{}: {error}", path.display())),
            other => other,
        })
    }

    fn parse(text: &str, folder: &Path) -> Result<Self, CliError> {
        let file: File = yaml_serde::from_str(text).map_err(|error| CliError::Usage(error.to_string()))?;
        let services: Result<Vec<_>, _> = file
            .services
            .into_iter()
            .enumerate()
            .map(|(at, fields)| {
                service(fields, folder).map_err(|error| CliError::Usage(format!("services[{at}]: {error}")))
            })
            .collect();
        let services = services?;
        let mut slugs = HashSet::new();
        match services.iter().find(|service| !slugs.insert(service.body.slug.as_str())) {
            Some(twice) => Err(CliError::Usage(format!("slug: {} comes twice", twice.body.slug))),
            None => Ok(Self { services }),
        }
    }
}

fn service(mut fields: Map<String, Value>, folder: &Path) -> Result<WantedService, CliError> {
    if fields.contains_key("api_keys") {
        return Err(CliError::Usage("api_keys: a file names its keys under `keys`, by their source".to_owned()));
    }
    let keys = fields.remove("keys");
    let prune = typed("prune_keys", fields.remove("prune_keys").unwrap_or(Value::Bool(false)))?;
    let is_active = fields.get("is_active").map(|value| typed("is_active", value.clone())).transpose()?;
    if !fields.contains_key("name")
        && let Some(slug) = fields.get("slug").cloned()
    {
        fields.insert("name".to_owned(), slug);
    }
    let body: ProxyConfigBody =
        serde_json::from_value(Value::Object(fields)).map_err(|error| CliError::Usage(error.to_string()))?;
    let pool = keys.map(|keys| pool(keys, prune, folder)).transpose()?;
    if pool.is_none() && prune {
        return Err(CliError::Usage("prune_keys: needs `keys`, which may be empty".to_owned()));
    }
    Ok(WantedService { body, is_active, pool })
}

fn pool(keys: Value, prune: bool, folder: &Path) -> Result<PoolBody, CliError> {
    let entries: Vec<Value> = typed("keys", keys)?;
    let mut keys = Vec::with_capacity(entries.len());
    for (at, entry) in entries.into_iter().enumerate() {
        // Serde's own text would repeat the entry, which may be a key that somebody wrote in clear.
        let entry: FileKey = serde_json::from_value(entry)
            .map_err(|_| CliError::Usage(format!("keys[{at}]: must be a source or {KEY_MEMBERS}")))?;
        let read = |from: &str| {
            let source = SecretSource::parse(from).and_then(|source| source.read(folder));
            source.map_err(|error| CliError::Usage(format!("keys[{at}]: {error}")))
        };
        match entry {
            FileKey::Source(from) => {
                let text = read(&from)?;
                let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
                keys.extend(lines.map(PoolKey::new));
            }
            FileKey::Full(FullKey { from, label, is_active, weight, tier, limits, models, quota_group }) => {
                let (limits, models, quota_group) = (limits.map(Some), models.map(Some), quota_group.map(Some));
                let key_value = read(&from)?.trim().to_owned();
                keys.push(PoolKey { key_value, is_active, label, weight, tier, limits, models, quota_group });
            }
        }
    }
    Ok(PoolBody { keys, prune })
}

fn typed<T: serde::de::DeserializeOwned>(field: &str, value: Value) -> Result<T, CliError> {
    serde_json::from_value(value).map_err(|_| CliError::Usage(format!("{field}: has the wrong type")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        Manifest::parse(text, Path::new("")).unwrap_err().to_string()
    }

    #[test]
    fn a_service_takes_its_slug_for_a_name_and_its_keys_from_files() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("keys.txt"), "sk-1\n\n  sk-2 \n").unwrap();
        std::fs::write(folder.path().join("main"), "sk-3\n").unwrap();
        let text = "
services:
  - slug: openai
    config_type: llm
    target_base_url: https://api.example.com/v1
    keys: ['file:keys.txt', {from: 'file:main', label: main, is_active: false, weight: 3, limits: {rpm: 60, tpm: null}}]
    prune_keys: true
  - slug: other
    name: Another
    config_type: generic
    is_active: false
";
        let Manifest { services } = Manifest::parse(text, folder.path()).unwrap();
        let [openai, other] = &services[..] else { panic!("not two") };
        assert_eq!((openai.body.name.as_str(), openai.is_active), ("openai", None));
        let key = |value: &str| PoolKey::new(value);
        let limits = LimitsPatch { rpm: Some(Some(60)), tpm: Some(None), ..LimitsPatch::default() };
        let mut labelled = PoolKey { is_active: Some(false), label: Some("main".to_owned()), ..key("sk-3") };
        (labelled.weight, labelled.limits) = (Some(3), Some(Some(limits)));
        let pool = openai.pool.as_ref().unwrap();
        assert!(pool.prune && pool.keys == [key("sk-1"), key("sk-2"), labelled]);
        assert_eq!((other.body.name.as_str(), other.is_active, other.pool.is_none()), ("Another", Some(false), true));
    }

    #[test]
    fn what_is_wrong_is_named_without_the_keys_that_stand_there() {
        let with = |line: &str| format!("services:\n  - slug: s\n    config_type: llm\n    {line}\n");
        assert!(error("services: 1").contains("services"));
        assert!(error(&with("surprise: 1")).starts_with("services[0]: unknown field `surprise`"));
        assert!(error("services: [{slug: s}]").contains("missing field `config_type`"));
        assert_eq!(
            error(&with("keys: [sk-planted]")),
            "services[0]: keys[0]: a secret's source must be env:NAME, file:PATH or -"
        );
        assert_eq!(
            error(&with("keys: [{form: sk-planted}]")),
            format!("services[0]: keys[0]: must be a source or {KEY_MEMBERS}")
        );
        assert_eq!(error(&with("prune_keys: true")), "services[0]: prune_keys: needs `keys`, which may be empty");
        assert_eq!(error(&with("api_keys: [sk-planted]")).matches("planted").count(), 0);
        let twice = format!("{}  - slug: s\n    config_type: llm\n", with("is_active: true"));
        assert_eq!(error(&twice), "slug: s comes twice");
    }
}
