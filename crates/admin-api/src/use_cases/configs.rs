//! Services, which the API calls proxy configs.

use rotator_domain::{FieldError, Service, ServiceDraft, ServiceId, ServiceKind, Slug};
use rotator_llm_adapters as llm_adapters;
use rotator_storage_trait::{KeyCounts, Page};

use super::changes::Changes;
use super::keys::subject_of_pool as subject;
use super::versions::version_of;
use super::{Expected, UseCaseError, UseCases};
use crate::time::rfc3339;
use crate::wire::{NewApiKey, NewKey, ProxyConfig, ProxyConfigBody, UpstreamKey};

/// How errors call a config.
const CONFIG: &str = "the config";
/// How many keys stand in a config's answer.
const KEYS_SHOWN: u64 = 100;
/// How many keys stand in all configs of a list together.
const KEYS_LISTED: u64 = 2000;

/// A page, and how much there is in all.
pub(crate) struct Listed<T> {
    pub(crate) entries: Vec<T>,
    pub(crate) total: u64,
}

// === impl UseCases ===

impl UseCases<'_> {
    /// Makes a config, with its first keys if it names some. A dry run checks everything and stores nothing; its answer
    /// has the id 0 and no keys.
    pub(crate) async fn create_config(
        &self,
        mut body: ProxyConfigBody,
        is_dry_run: bool,
    ) -> Result<ProxyConfig, UseCaseError> {
        let keys: Vec<NewKey> = body.api_keys.take().unwrap_or_default().into_iter().map(NewKey::from).collect();
        let now = self.context.clock.now();
        // A draft is checked before an id is spent on it.
        let checked = checked(ServiceDraft::from(&body).into_service(ServiceId(0), now, now)?)?;
        self.check_keys(&keys)?;
        if is_dry_run {
            self.refuse_taken(&checked).await?;
            return Ok(answer(checked, KeyCounts::default(), Vec::new()));
        }
        let id = ServiceId(self.context.storage.reserve_ids(1).await.map_err(UseCaseError::Storage)?);
        let service = Service { id, ..checked };
        self.context.storage.insert_service(&service).await.map_err(UseCaseError::about(CONFIG))?;
        let added_count = match self.store_keys(id, keys).await {
            Ok(stored) => stored.added_count(),
            Err(error) => {
                // All of the request or none of it; the first error is the one to tell.
                self.context.storage.delete_service(id).await.map_err(UseCaseError::about(CONFIG))?;
                return Err(error);
            }
        };
        let changes = Changes::made(&body_of(&service)).with("api_key_count", None, Some(added_count));
        self.audit_changes("config.create", &subject(id), service.slug.to_string(), changes).await?;
        self.context.changes.service_changed(id).await?;
        self.config(id).await
    }

    /// One config.
    pub(crate) async fn config(&self, id: ServiceId) -> Result<ProxyConfig, UseCaseError> {
        let service = self.service(id).await?;
        let mut answers = self.answers(vec![service], true).await?;
        answers.pop().ok_or(UseCaseError::NotFound(CONFIG))
    }

    /// A page of all configs, with their first keys or without.
    pub(crate) async fn configs(
        &self,
        page: Page<ServiceId>,
        shows_keys: bool,
    ) -> Result<Listed<ProxyConfig>, UseCaseError> {
        let storage = &self.context.storage;
        let total = storage.count_services().await.map_err(UseCaseError::Storage)?;
        let services = storage.services(page).await.map_err(UseCaseError::Storage)?;
        Ok(Listed { entries: self.answers(services, shows_keys).await?, total })
    }

    /// The config with this slug, as a list of one or none.
    pub(crate) async fn configs_by_slug(
        &self,
        slug: &str,
        shows_keys: bool,
    ) -> Result<Listed<ProxyConfig>, UseCaseError> {
        let slug = Slug::new(slug)?;
        let found = self.context.storage.service_by_slug(&slug).await.map_err(UseCaseError::Storage)?;
        let entries = self.answers(found.into_iter().collect(), shows_keys).await?;
        Ok(Listed { total: entries.len() as u64, entries })
    }

    /// Replaces a config whole, but for its keys. A dry run checks everything and stores nothing.
    pub(crate) async fn replace_config(
        &self,
        id: ServiceId,
        body: ProxyConfigBody,
        is_dry_run: bool,
        expected: &Expected,
    ) -> Result<ProxyConfig, UseCaseError> {
        let before = self.expected_service(id, expected).await?;
        let draft = ServiceDraft::from(&body);
        let service = checked(draft.into_service(id, before.created_at, self.context.clock.now())?)?;
        if is_dry_run {
            self.refuse_taken(&service).await?;
            let mut answers = self.answers(vec![service], true).await?;
            return answers.pop().ok_or(UseCaseError::NotFound(CONFIG));
        }
        self.update(&before, service, expected).await
    }

    /// Turns a config on or off.
    pub(crate) async fn set_config_status(
        &self,
        id: ServiceId,
        is_active: bool,
        expected: &Expected,
    ) -> Result<ProxyConfig, UseCaseError> {
        let before = self.expected_service(id, expected).await?;
        let service = Service { is_active, updated_at: self.context.clock.now(), ..before.clone() };
        self.update(&before, service, expected).await
    }

    /// Deletes a config and its keys.
    pub(crate) async fn delete_config(&self, id: ServiceId, expected: &Expected) -> Result<(), UseCaseError> {
        let service = self.expected_service(id, expected).await?;
        self.context.storage.delete_service(id).await.map_err(UseCaseError::about(CONFIG))?;
        let changes = Changes::gone(&body_of(&service));
        self.audit_changes("config.delete", &subject(id), service.slug.to_string(), changes).await?;
        Ok(self.context.changes.service_changed(id).await?)
    }

    /// The service, or an error that says that there is none.
    pub(crate) async fn service(&self, id: ServiceId) -> Result<Service, UseCaseError> {
        let found = self.context.storage.service(id).await.map_err(UseCaseError::Storage)?;
        found.ok_or(UseCaseError::NotFound(CONFIG))
    }

    /// The service at a version that is expected.
    async fn expected_service(&self, id: ServiceId, expected: &Expected) -> Result<Service, UseCaseError> {
        let service = self.service(id).await?;
        expected.check(CONFIG, &version(&service))?;
        Ok(service)
    }

    /// What the database would refuse: a slug that another service has.
    async fn refuse_taken(&self, service: &Service) -> Result<(), UseCaseError> {
        let other = self.context.storage.service_by_slug(&service.slug).await.map_err(UseCaseError::Storage)?;
        match other {
            Some(other) if other.id != service.id => Err(UseCaseError::Conflict { field: "slug" }),
            _ => Ok(()),
        }
    }

    async fn update(
        &self,
        before: &Service,
        service: Service,
        expected: &Expected,
    ) -> Result<ProxyConfig, UseCaseError> {
        let storage = &self.context.storage;
        let updated = if expected.is_some() {
            storage.update_known_service(before, &service).await
        } else {
            storage.update_service(&service).await
        };
        updated.map_err(UseCaseError::about(CONFIG))?;
        let changes = Changes::between(&body_of(before), &body_of(&service));
        self.audit_changes("config.update", &subject(service.id), changes.names(), changes).await?;
        self.context.changes.service_changed(service.id).await?;
        self.config(service.id).await
    }

    async fn answers(&self, services: Vec<Service>, shows_keys: bool) -> Result<Vec<ProxyConfig>, UseCaseError> {
        let ids: Vec<ServiceId> = services.iter().map(|service| service.id).collect();
        let counts = self.context.storage.count_keys(&ids).await.map_err(UseCaseError::Storage)?;
        let most = KEYS_SHOWN.min(KEYS_LISTED / (ids.len() as u64).max(1)).max(1);
        let pools: Vec<(ServiceId, KeyCounts)> = ids.into_iter().zip(counts.iter().copied()).collect();
        let keys = if shows_keys { self.first_masked_keys(&pools, most).await? } else { Vec::new() };
        let mut keys = keys.into_iter().peekable();
        // Both are ordered by the services' ids.
        let answers = services.into_iter().zip(counts).map(|(service, counts)| {
            let own = std::iter::from_fn(|| keys.next_if(|key| key.proxy_config_id == service.id.0)).collect();
            answer(service, counts, own)
        });
        Ok(answers.collect())
    }
}

/// A config as answers show it.
fn answer(service: Service, counts: KeyCounts, api_keys: Vec<UpstreamKey>) -> ProxyConfig {
    ProxyConfig {
        id: service.id.0,
        api_keys,
        api_key_count: counts.total,
        active_key_count: counts.active,
        created_at: rfc3339(service.created_at),
        updated_at: rfc3339(service.updated_at),
        version: version(&service),
        body: body_of(&service),
    }
}

/// The version of a service; its keys do not count.
fn version(service: &Service) -> String {
    version_of(&(service.id.0, body_of(service), service.updated_at.as_millis()))
}

/// What can be changed of a service, its keys left out; nothing of it is secret.
fn body_of(service: &Service) -> ProxyConfigBody {
    ProxyConfigBody::from(ServiceDraft::from(service))
}

/// What the domain cannot check: whether there is such a provider.
fn checked(service: Service) -> Result<Service, UseCaseError> {
    if let ServiceKind::Llm { provider, api_format, .. } = &service.kind
        && let Err(unknown) = llm_adapters::find(provider.as_deref(), *api_format, &service.target)
    {
        return Err(FieldError::new("provider", unknown.to_string()).into());
    }
    Ok(service)
}

// === impl From ===

impl From<NewApiKey> for NewKey {
    fn from(key: NewApiKey) -> Self {
        match key {
            NewApiKey::Value(key_value) => Self::new(key_value),
            NewApiKey::Key(key) => key,
        }
    }
}
