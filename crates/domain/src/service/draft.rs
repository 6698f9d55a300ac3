//! A service as somebody wrote it, and the checks that make it a valid one.

mod policy;

use std::collections::BTreeMap;

use super::{KeyLocation, KeyPlacement, MethodSet, Service, ServiceKind, Slug};
use crate::rotation::Limits;
use crate::validation::Checks;
use crate::{FieldError, Format, Invalid, OutputFormat, ServiceId, TargetUrl, Timestamp};

const LONGEST_NAME: usize = 200;

/// The fields of a service as text, spelled as in the admin API; an absent field is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceDraft {
    /// What the operator calls it.
    pub name: String,
    /// Its place in the doors' paths.
    pub slug: String,
    /// `GENERIC` or `LLM`, in any case.
    pub config_type: String,
    /// Whether the doors serve it.
    pub is_active: bool,
    /// `header` or `query`; needed on a generic service.
    pub api_key_location: Option<String>,
    /// The header's or parameter's name; needed on a generic service.
    pub api_key_name: Option<String>,
    /// What stands before the key.
    pub api_key_prefix: Option<String>,
    /// The methods of a generic service.
    pub method: Option<String>,
    /// Where a generic service sends its requests.
    pub target_url: Option<String>,
    /// Where an LLM service sends its requests.
    pub target_base_url: Option<String>,
    /// The adapter of an LLM service.
    pub provider: Option<String>,
    /// The format of an LLM service's upstream; `openai_compatible` when absent.
    pub api_format: Option<String>,
    /// The format of an LLM service's clients; `none` when absent.
    pub output_format: Option<String>,
    /// `auto`, `http1` or `http2`.
    pub http_version: Option<String>,
    /// Milliseconds.
    pub connect_timeout_ms: Option<u64>,
    /// Milliseconds.
    pub first_byte_timeout_ms: Option<u64>,
    /// Milliseconds.
    pub idle_timeout_ms: Option<u64>,
    /// How the keys take turns; `round_robin` when absent.
    pub strategy: Option<String>,
    /// Whether a session keeps its key; no when absent.
    pub affinity: Option<bool>,
    /// The limits of every key and quota group that has none of its own.
    pub limits: Limits,
    /// The limits of quota groups, by name.
    pub quota_groups: BTreeMap<String, Limits>,
    /// How often a request is sent at the most; as often as there are keys when absent.
    pub max_attempts: Option<u32>,
    /// Milliseconds until the answer begins; 300,000 when absent.
    pub deadline_ms: Option<u64>,
    /// Whether a request that may have been processed is sent again; no when absent.
    pub retry_after_send: Option<bool>,
    /// How many requests wait for a key at the most; 1,000 when absent.
    pub max_waiting: Option<u32>,
    /// Milliseconds that one waits at the most; 10,000 when absent.
    pub max_wait_ms: Option<u64>,
    /// Names that clients may use for models, and the real ones.
    pub model_aliases: BTreeMap<String, String>,
    /// The services that step in, in order.
    pub fallback: Vec<FallbackDraft>,
    /// Whether answers tell which key served; yes when absent.
    pub rotation_headers: Option<bool>,
    /// Whether a request is refused that would lose something in conversion; no when absent.
    pub strict: Option<bool>,
    /// Whether a stream is asked to tell what it used where its client does not ask; yes when absent.
    pub asks_for_usage: Option<bool>,
    /// `off` (when absent), `metadata` or `bodies`.
    pub log_requests: Option<String>,
    /// How much of a body is logged, in bytes; 65,536 when absent.
    pub log_body_limit: Option<u32>,
    /// JSON pointers to what is left out of logged bodies.
    pub log_redact: Vec<String>,
}

/// A service that steps in for another one, as somebody wrote it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FallbackDraft {
    /// Its slug.
    pub slug: String,
    /// The other service's models, and what they are called here.
    pub models: BTreeMap<String, String>,
}

// === impl ServiceDraft ===

impl ServiceDraft {
    /// Checks every field and makes the draft a service.
    ///
    /// # Errors
    /// Names every field that is refused.
    pub fn into_service(self, id: ServiceId, created_at: Timestamp, updated_at: Timestamp) -> Result<Service, Invalid> {
        let mut checks = Checks::default();
        let name = checks.take(service_name(&self.name));
        let slug = checks.take(Slug::new(&self.slug));
        let kind = self.kind(&mut checks);
        let is_generic = self.config_type.eq_ignore_ascii_case("generic");
        let target = match kind {
            Some(_) if is_generic => checks.take(target("target_url", self.target_url.as_deref())),
            Some(_) => checks.take(target("target_base_url", self.target_base_url.as_deref())),
            None => None,
        };
        let key_placement = self.key_placement(&mut checks, is_generic);
        let policy = policy::checked(&self, &mut checks);
        let parts = name.zip(slug).zip(kind).zip(target);
        let service = parts.map(|(((name, slug), kind), target)| Service {
            id,
            name,
            slug,
            is_active: self.is_active,
            kind,
            target,
            key_placement,
            policy,
            created_at,
            updated_at,
        });
        checks.finish(service)
    }

    fn kind(&self, checks: &mut Checks) -> Option<ServiceKind> {
        if self.config_type.eq_ignore_ascii_case("generic") {
            let methods = checks.take(MethodSet::parse(self.method.as_deref().unwrap_or_default()))?;
            Some(ServiceKind::Generic { methods })
        } else if self.config_type.eq_ignore_ascii_case("llm") {
            let api_format = checks.take(api_format(self.api_format.as_deref()));
            let output_format = checks.take(output_format(self.output_format.as_deref()));
            let (api_format, output_format) = api_format.zip(output_format)?;
            let provider = self.provider.clone().filter(|provider| !provider.is_empty());
            Some(ServiceKind::Llm { provider, api_format, output_format })
        } else {
            checks.refuse("config_type", "must be GENERIC or LLM");
            None
        }
    }

    fn key_placement(&self, checks: &mut Checks, is_generic: bool) -> Option<KeyPlacement> {
        let given = |field: &Option<String>| field.clone().filter(|text| !text.is_empty());
        match (given(&self.api_key_location), given(&self.api_key_name)) {
            (None, None) if !is_generic => None,
            (None, _) => {
                checks.refuse("api_key_location", "must be header or query");
                None
            }
            (_, None) => {
                checks.refuse("api_key_name", "must name the header or the query parameter");
                None
            }
            (Some(location), Some(name)) => {
                let location = checks.take(KeyLocation::parse(&location))?;
                let prefix = self.api_key_prefix.as_deref().unwrap_or_default();
                checks.take(KeyPlacement::new(location, &name, prefix))
            }
        }
    }
}

impl From<&Service> for ServiceDraft {
    fn from(service: &Service) -> Self {
        let placement = service.key_placement.as_ref();
        let mut draft = Self {
            name: service.name.clone(),
            slug: service.slug.to_string(),
            config_type: service.kind.name().to_owned(),
            is_active: service.is_active,
            api_key_location: placement.map(|placement| placement.location().name().to_owned()),
            api_key_name: placement.map(|placement| placement.name().to_owned()),
            api_key_prefix: placement.map(|placement| placement.prefix().to_owned()).filter(|text| !text.is_empty()),
            ..Self::default()
        };
        policy::write(&service.policy, &mut draft);
        match &service.kind {
            ServiceKind::Generic { methods } => {
                draft.method = Some(methods.to_string());
                draft.target_url = Some(service.target.to_string());
            }
            ServiceKind::Llm { provider, api_format, output_format } => {
                draft.provider.clone_from(provider);
                draft.api_format = Some(api_format.api_format().to_owned());
                draft.output_format = Some(output_format.name().to_owned());
                draft.target_base_url = Some(service.target.to_string());
            }
        }
        draft
    }
}

fn service_name(text: &str) -> Result<String, FieldError> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > LONGEST_NAME {
        return Err(FieldError::new("name", format!("must have 1 to {LONGEST_NAME} characters")));
    }
    if text.chars().any(char::is_control) {
        return Err(FieldError::new("name", "must not hold control characters"));
    }
    Ok(text.to_owned())
}

fn target(field: &str, text: Option<&str>) -> Result<TargetUrl, FieldError> {
    TargetUrl::parse(text.unwrap_or_default()).map_err(|message| FieldError::new(field, message))
}

fn api_format(text: Option<&str>) -> Result<Format, FieldError> {
    let known = Format::ALL.map(Format::api_format).join(", ");
    match text {
        None | Some("") => Ok(Format::OpenAi),
        Some(text) => Format::from_api_format(text)
            .ok_or_else(|| FieldError::new("api_format", format!("must be one of {known}"))),
    }
}

fn output_format(text: Option<&str>) -> Result<OutputFormat, FieldError> {
    let known = Format::ALL.map(Format::name).join(", ");
    match text {
        None | Some("") => Ok(OutputFormat::None),
        Some(text) => OutputFormat::from_name(text)
            .ok_or_else(|| FieldError::new("output_format", format!("must be one of none, auto, {known}"))),
    }
}

#[cfg(test)]
mod tests;
