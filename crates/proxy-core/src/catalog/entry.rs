//! One service, prepared so that a request has nothing left to compute.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::HeaderName;
use http::uri::{Authority, Scheme};
use rotator_domain::rotation::Census;
use rotator_domain::{
    Format, KeyId, KeyLocation, MethodSet, OutputFormat, Secret, Service, ServiceId, ServiceKind, ServicePolicy, Slug,
};
use rotator_llm_adapters::{self as llm_adapters, Adapter};

use crate::EntryError;
use crate::inject::KeyMaterial;
use crate::observe::ServiceMetrics;
use crate::proxy::Shared;
use crate::query;

/// A service and its keys as requests use them.
#[derive(Debug)]
pub struct ServiceEntry {
    id: ServiceId,
    slug: Slug,
    is_active: bool,
    pub(crate) door: Door,
    pub(crate) target: Target,
    pub(crate) injection: Injection,
    pub(crate) policy: ServicePolicy,
    keys: HashMap<KeyId, KeyMaterial>,
    /// The keys that may serve.
    census: Arc<Census>,
    /// What its requests count into, since the first of them.
    metrics: OnceLock<Arc<ServiceMetrics>>,
    /// How much stands before each key in its material, in bytes.
    prefix_length: usize,
}

/// Through which door a service is reached.
#[derive(Debug)]
pub(crate) enum Door {
    /// `/proxy/{slug}`.
    Generic {
        /// The methods that clients may use.
        methods: MethodSet,
    },
    /// `/llm/{slug}`.
    Llm {
        /// How the provider is called.
        adapter: &'static dyn Adapter,
        /// Which format the clients speak.
        output_format: OutputFormat,
    },
}

/// Where requests go.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) scheme: Scheme,
    pub(crate) authority: Authority,
    /// The path, as it is written in the target's URL.
    pub(crate) base_path: String,
    /// The query of the target's URL, without its question mark.
    pub(crate) base_query: Option<String>,
}

/// Where the upstream key goes.
#[derive(Debug)]
pub(crate) enum Injection {
    /// Into this header, in place of what is there.
    Header(HeaderName),
    /// Into this query parameter, in place of what is there.
    Query(String),
}

// === impl ServiceEntry ===

impl ServiceEntry {
    /// Prepares a service with its active keys. An LLM service is called as the adapter of its provider says.
    ///
    /// # Errors
    /// When the provider is unknown, or the target or a key cannot be put into a request.
    pub fn new(service: &Service, keys: impl IntoIterator<Item = (KeyId, Secret)>) -> Result<Self, EntryError> {
        let door = match &service.kind {
            ServiceKind::Generic { methods } => Door::Generic { methods: methods.clone() },
            ServiceKind::Llm { provider, api_format, output_format } => Door::Llm {
                adapter: llm_adapters::find(provider.as_deref(), *api_format, &service.target)?,
                output_format: *output_format,
            },
        };
        Self::behind(door, service, keys)
    }

    /// Prepares an LLM service that is called as this adapter says, which need be in no registry: neither the service's provider nor its
    /// `api_format` counts.
    ///
    /// # Errors
    /// When the service is a generic one, or the target or a key cannot be put into a request.
    pub fn with_adapter(
        service: &Service,
        adapter: &'static dyn Adapter,
        keys: impl IntoIterator<Item = (KeyId, Secret)>,
    ) -> Result<Self, EntryError> {
        match &service.kind {
            ServiceKind::Llm { output_format, .. } => {
                Self::behind(Door::Llm { adapter, output_format: *output_format }, service, keys)
            }
            ServiceKind::Generic { .. } => Err(EntryError::Generic),
        }
    }

    fn behind(
        door: Door,
        service: &Service,
        keys: impl IntoIterator<Item = (KeyId, Secret)>,
    ) -> Result<Self, EntryError> {
        let (injection, prefix) = match (&service.key_placement, &door) {
            (Some(placement), _) => {
                let injection = match placement.location() {
                    KeyLocation::Header => {
                        Injection::Header(placement.name().parse().map_err(|_| EntryError::KeyPlacement)?)
                    }
                    KeyLocation::Query => Injection::Query(placement.name().to_owned()),
                };
                (injection, placement.prefix())
            }
            (None, Door::Llm { adapter, .. }) => {
                let header = adapter.key_header();
                (Injection::Header(header.name), header.prefix)
            }
            (None, Door::Generic { .. }) => return Err(EntryError::KeyPlacement),
        };
        let keys = keys
            .into_iter()
            .map(|(id, secret)| Ok((id, KeyMaterial::new(&injection, prefix, &secret)?)))
            .collect::<Result<_, EntryError>>()?;
        Ok(Self {
            id: service.id,
            slug: service.slug.clone(),
            is_active: service.is_active,
            door,
            target: Target::new(service)?,
            injection,
            policy: service.policy.clone(),
            keys,
            census: Arc::default(),
            metrics: OnceLock::new(),
            prefix_length: prefix.len(),
        })
    }

    /// With its active keys counted, for whoever asks how many of them can serve.
    #[must_use]
    pub fn with_census(self, census: Census) -> Self {
        Self { census: Arc::new(census), ..self }
    }

    /// Its active keys, where they were counted.
    #[must_use]
    pub fn census(&self) -> &Arc<Census> {
        &self.census
    }

    /// The service's id.
    #[must_use]
    pub fn id(&self) -> ServiceId {
        self.id
    }

    /// The service's slug.
    #[must_use]
    pub fn slug(&self) -> &Slug {
        &self.slug
    }

    /// Whether the doors serve it.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.is_active
    }

    /// What its upstream speaks; nobody asks behind the generic door.
    pub(crate) fn format(&self) -> Option<Format> {
        match &self.door {
            Door::Llm { adapter, .. } => Some(adapter.format()),
            Door::Generic { .. } => None,
        }
    }

    /// How long a body may pause.
    pub(crate) fn idle_timeout(&self, shared: &Shared) -> Duration {
        self.policy.idle_timeout.unwrap_or(shared.settings.idle_timeout)
    }

    /// What its requests count into.
    pub(crate) fn metrics(&self, shared: &Shared) -> &Arc<ServiceMetrics> {
        self.metrics.get_or_init(|| shared.metrics.of(self.slug.as_str()))
    }

    /// Its requests in flight; nothing where they are counted with those of others.
    #[must_use]
    pub fn in_flight(&self) -> Option<u64> {
        let Some(metrics) = self.metrics.get() else { return Some(0) };
        (metrics.slug() == self.slug.as_str()).then(|| u64::try_from(metrics.in_flight()).unwrap_or_default())
    }

    /// How many active keys it has.
    #[must_use]
    pub fn key_count(&self) -> usize {
        self.keys.len()
    }

    /// What of this key goes into a request.
    pub(crate) fn key(&self, id: KeyId) -> Option<&KeyMaterial> {
        self.keys.get(&id)
    }

    /// The value of this key, to be recognised where it must not be.
    pub(crate) fn secret(&self, id: KeyId) -> Option<Secret> {
        self.keys.get(&id)?.secret(self.prefix_length)
    }
}

// === impl Injection ===

impl Injection {
    /// The client's query without a parameter of the key's name, which the key replaces.
    pub(crate) fn without_clients_own<'a>(&self, query: &'a str) -> Cow<'a, str> {
        match self {
            Self::Header(_) => Cow::Borrowed(query),
            Self::Query(own) => Cow::Owned(query::without(query, |name, _| name == own.as_bytes())),
        }
    }
}

// === impl Target ===

impl Target {
    fn new(service: &Service) -> Result<Self, EntryError> {
        let url = service.target.as_url();
        let scheme = if url.scheme() == "https" { Scheme::HTTPS } else { Scheme::HTTP };
        let authority = match url.port() {
            Some(port) => format!("{}:{port}", service.target.host()),
            None => service.target.host().to_owned(),
        };
        Ok(Self {
            scheme,
            authority: authority.parse().map_err(|_| EntryError::Target)?,
            base_path: url.path().to_owned(),
            base_query: url.query().filter(|query| !query.is_empty()).map(str::to_owned),
        })
    }
}
