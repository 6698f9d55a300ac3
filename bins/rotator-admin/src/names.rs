//! What things are called whose ids stand in figures and logs.

use std::collections::HashMap;

use reqwest::Method;
use rotator_admin_api::wire::{ClientKey, ProxyConfig, UpstreamKey};

use crate::api::{Api, NOTHING};
use crate::error::CliError;

/// How many names are asked for at the most; what comes after them is called by its id.
const MOST: usize = 500;
/// The client keys that are in the server's settings.
pub(crate) const SETTINGS: &str = "settings";

/// The names that were asked for. What is not there any more has its id for a name.
pub(crate) struct Names<'a> {
    api: &'a Api,
    services: HashMap<i64, String>,
    keys: HashMap<i64, String>,
    clients: HashMap<i64, String>,
    asked: usize,
}

// === impl Names ===

impl<'a> Names<'a> {
    pub(crate) fn new(api: &'a Api) -> Self {
        Self { api, services: HashMap::new(), keys: HashMap::new(), clients: HashMap::new(), asked: 0 }
    }

    /// A service's slug.
    pub(crate) async fn service(&mut self, id: i64) -> Result<String, CliError> {
        if let Some(name) = self.services.get(&id) {
            return Ok(name.clone());
        }
        let path = format!("proxy-configs/{id}");
        let found: Option<ProxyConfig> = self.look_up(&path).await?;
        let name = found.map_or_else(|| format!("#{id}"), |config| config.body.slug);
        Ok(self.services.entry(id).or_insert(name).clone())
    }

    /// A key's label, or its masked value.
    pub(crate) async fn key(&mut self, service: i64, id: i64) -> Result<String, CliError> {
        if let Some(name) = self.keys.get(&id) {
            return Ok(name.clone());
        }
        // Of a list by id, the one that comes after the one before.
        let path = format!("proxy-configs/{service}/keys?limit=1&after={}", id.saturating_sub(1));
        let found: Vec<UpstreamKey> = self.look_up(&path).await?.unwrap_or_default();
        let found = found.into_iter().find(|key| key.id == id);
        let name = found.map_or_else(|| format!("#{id}"), |key| key.label.unwrap_or(key.key_value));
        Ok(self.keys.entry(id).or_insert(name).clone())
    }

    /// A client key's name.
    pub(crate) async fn client(&mut self, id: Option<i64>) -> Result<String, CliError> {
        let Some(id) = id else { return Ok(SETTINGS.to_owned()) };
        if let Some(name) = self.clients.get(&id) {
            return Ok(name.clone());
        }
        let path = format!("client-keys?limit=1&after={}", id.saturating_sub(1));
        let found: Vec<ClientKey> = self.look_up(&path).await?.unwrap_or_default();
        let found = found.into_iter().find(|key| key.id == id);
        let name = found.map_or_else(|| format!("#{id}"), |key| key.name);
        Ok(self.clients.entry(id).or_insert(name).clone())
    }

    async fn look_up<T: serde::de::DeserializeOwned>(&mut self, path: &str) -> Result<Option<T>, CliError> {
        if self.asked >= MOST {
            return Ok(None);
        }
        self.asked += 1;
        match self.api.call(Method::GET, path, NOTHING).await {
            Err(CliError::NotFound(_)) => Ok(None),
            found => found.map(Some),
        }
    }
}
