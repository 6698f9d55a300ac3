//! A service as somebody wrote it, and the checks that make it a valid one.

use std::time::Duration;

use super::{HttpVersion, KeyLocation, KeyPlacement, MethodSet, Service, ServiceKind, ServicePolicy, Slug};
use crate::validation::Checks;
use crate::{FieldError, Format, Invalid, OutputFormat, ServiceId, TargetUrl, Timestamp};

const LONGEST_NAME: usize = 200;
const LONGEST_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);

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
        let policy = self.policy(&mut checks);
        let parts = name.zip(slug).zip(kind).zip(target).zip(policy);
        let service = parts.map(|((((name, slug), kind), target), policy)| Service {
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
            if matches!(output_format, OutputFormat::Fixed(format) if format != api_format) {
                checks.refuse("output_format", "differs from api_format, and conversion is not available yet");
            }
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

    fn policy(&self, checks: &mut Checks) -> Option<ServicePolicy> {
        let connect = checks.take(timeout("connect_timeout_ms", self.connect_timeout_ms));
        let first_byte = checks.take(timeout("first_byte_timeout_ms", self.first_byte_timeout_ms));
        let idle = checks.take(timeout("idle_timeout_ms", self.idle_timeout_ms));
        let version = match self.http_version.as_deref() {
            None | Some("") => Some(HttpVersion::Auto),
            Some(text) => checks.take(
                HttpVersion::from_name(text)
                    .ok_or_else(|| FieldError::new("http_version", "must be auto, http1 or http2")),
            ),
        };
        let parts = connect.zip(first_byte).zip(idle).zip(version);
        parts.map(|(((connect_timeout, first_byte_timeout), idle_timeout), http_version)| ServicePolicy {
            connect_timeout,
            first_byte_timeout,
            idle_timeout,
            http_version,
        })
    }
}

impl From<&Service> for ServiceDraft {
    fn from(service: &Service) -> Self {
        let placement = service.key_placement.as_ref();
        let millis = |timeout: Option<Duration>| timeout.and_then(|time| u64::try_from(time.as_millis()).ok());
        let mut draft = Self {
            name: service.name.clone(),
            slug: service.slug.to_string(),
            config_type: service.kind.name().to_owned(),
            is_active: service.is_active,
            api_key_location: placement.map(|placement| placement.location().name().to_owned()),
            api_key_name: placement.map(|placement| placement.name().to_owned()),
            api_key_prefix: placement.map(|placement| placement.prefix().to_owned()).filter(|text| !text.is_empty()),
            http_version: Some(service.policy.http_version.name().to_owned()),
            connect_timeout_ms: millis(service.policy.connect_timeout),
            first_byte_timeout_ms: millis(service.policy.first_byte_timeout),
            idle_timeout_ms: millis(service.policy.idle_timeout),
            ..Self::default()
        };
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

fn timeout(field: &str, millis: Option<u64>) -> Result<Option<Duration>, FieldError> {
    match millis.map(Duration::from_millis) {
        Some(time) if time.is_zero() || time > LONGEST_TIMEOUT => {
            Err(FieldError::new(field, "must be 1 to 86400000 milliseconds"))
        }
        time => Ok(time),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generic() -> ServiceDraft {
        ServiceDraft {
            name: "GitHub".into(),
            slug: "github".into(),
            config_type: "generic".into(),
            is_active: true,
            api_key_location: Some("header".into()),
            api_key_name: Some("Authorization".into()),
            api_key_prefix: Some("Bearer ".into()),
            target_url: Some("https://api.github.com".into()),
            ..ServiceDraft::default()
        }
    }

    fn llm() -> ServiceDraft {
        ServiceDraft {
            name: "OpenAI".into(),
            slug: "openai".into(),
            config_type: "llm".into(),
            target_base_url: Some("https://api.openai.com/v1".into()),
            ..ServiceDraft::default()
        }
    }

    fn check(draft: ServiceDraft) -> Result<Service, Invalid> {
        draft.into_service(ServiceId(1), Timestamp::EPOCH, Timestamp::EPOCH)
    }

    fn fields(result: Result<Service, Invalid>) -> Vec<String> {
        result.unwrap_err().0.into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn a_service_becomes_the_draft_it_was_made_from() {
        for draft in [generic(), llm()] {
            let service = check(draft).unwrap();
            assert_eq!(check(ServiceDraft::from(&service)).unwrap(), service);
        }
    }

    #[test]
    fn all_refused_fields_are_named_at_once() {
        let draft = ServiceDraft {
            name: "n".repeat(300),
            slug: "a/../b".into(),
            target_url: Some("ftp://x".into()),
            api_key_name: None,
            idle_timeout_ms: Some(0),
            http_version: Some("spdy".into()),
            ..generic()
        };
        let expected = ["name", "slug", "target_url", "api_key_name", "idle_timeout_ms", "http_version"];
        assert_eq!(fields(check(draft)), expected);
    }

    #[test]
    fn an_unknown_kind_is_the_only_complaint_about_the_kind() {
        let draft = ServiceDraft { config_type: "soap".into(), ..generic() };
        assert_eq!(fields(check(draft)), ["config_type"]);
    }

    #[test]
    fn differing_formats_are_refused_until_they_can_be_converted() {
        let draft = ServiceDraft { output_format: Some("anthropic".into()), ..llm() };
        assert_eq!(fields(check(draft)), ["output_format"]);
        for fine in ["none", "auto", "openai"] {
            assert!(check(ServiceDraft { output_format: Some(fine.into()), ..llm() }).is_ok(), "{fine}");
        }
    }

    #[test]
    fn only_a_generic_service_needs_a_key_placement() {
        assert_eq!(check(llm()).unwrap().key_placement, None);
        let draft = ServiceDraft { api_key_location: None, api_key_name: None, ..generic() };
        assert_eq!(fields(check(draft)), ["api_key_location"]);
    }
}
