//! `services ...`.

use clap::{Args, Subcommand};
use rotator_admin_api::wire::ProxyConfigBody;

use super::policy::{Emptiable, LimitFlags, without_empty};

#[derive(Debug, Subcommand)]
pub(crate) enum ServicesCommand {
    /// List all services.
    List,
    /// Show one service.
    Show {
        /// Its slug or id.
        service: String,
    },
    /// Make a service.
    Create {
        #[command(flatten)]
        fields: Box<ServiceFields>,
    },
    /// Change what is named of a service; an empty value takes an optional field away.
    Update {
        /// Its slug or id.
        service: String,
        #[command(flatten)]
        fields: Box<ServiceFields>,
    },
    /// Let the doors serve it.
    Enable {
        /// Its slug or id.
        service: String,
    },
    /// Keep the doors from serving it.
    Disable {
        /// Its slug or id.
        service: String,
    },
    /// Delete a service and its keys.
    Delete {
        /// Its slug or id.
        service: String,
        /// Really delete.
        #[arg(long)]
        yes: bool,
    },
}

/// The fields of a service; what is absent stays as it is, or takes its usual value.
#[derive(Debug, Default, Args)]
pub(crate) struct ServiceFields {
    /// Its place in the doors' paths, as in /llm/SLUG.
    #[arg(long)]
    slug: Option<String>,
    /// What you call it; the slug when absent.
    #[arg(long)]
    name: Option<String>,
    /// generic or llm.
    #[arg(long = "type", value_name = "TYPE")]
    config_type: Option<String>,
    /// Where its requests go.
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// The LLM provider; found by the host of the base URL when absent.
    #[arg(long)]
    provider: Option<String>,
    /// openai_compatible, openai_responses, anthropic_native or gemini_native.
    #[arg(long, value_name = "FORMAT")]
    api_format: Option<String>,
    /// What the clients speak: none, auto, openai, openai_responses, anthropic or gemini.
    #[arg(long, value_name = "FORMAT")]
    output_format: Option<String>,
    /// ANY, or methods with commas between them; for generic services.
    #[arg(long, value_name = "METHODS")]
    method: Option<String>,
    /// Where the upstream key goes: header or query.
    #[arg(long, value_name = "PLACE")]
    key_location: Option<String>,
    /// The header or query parameter that carries the upstream key.
    #[arg(long)]
    key_name: Option<String>,
    /// What stands before the key, such as "Bearer ".
    #[arg(long)]
    key_prefix: Option<String>,
    /// The HTTP version towards the upstream: auto, http1 or http2.
    #[arg(long, value_name = "VERSION")]
    http_version: Option<String>,
    /// How long connecting may take, in milliseconds.
    #[arg(long, value_name = "MS")]
    connect_timeout_ms: Option<Emptiable<u64>>,
    /// How long the upstream may take to its first byte, in milliseconds.
    #[arg(long, value_name = "MS")]
    first_byte_timeout_ms: Option<Emptiable<u64>>,
    /// How long the answer may pause, in milliseconds.
    #[arg(long, value_name = "MS")]
    idle_timeout_ms: Option<Emptiable<u64>>,
    /// How the keys take turns: round_robin, weighted, least_in_flight, fill_first or random.
    #[arg(long)]
    strategy: Option<String>,
    /// Whether a conversation keeps its key.
    #[arg(long, value_name = "BOOL")]
    affinity: Option<bool>,
    #[command(flatten)]
    limits: LimitFlags,
    /// How often a request is sent at the most; as often as there are keys when absent.
    #[arg(long, value_name = "COUNT")]
    max_attempts: Option<Emptiable<u32>>,
    /// How long a request may take until its answer begins, in milliseconds.
    #[arg(long, value_name = "MS")]
    deadline_ms: Option<Emptiable<u64>>,
    /// Whether a request that may have been processed is sent again.
    #[arg(long, value_name = "BOOL")]
    retry_after_send: Option<bool>,
    /// How many requests wait for a key at the most.
    #[arg(long, value_name = "COUNT")]
    max_waiting: Option<Emptiable<u32>>,
    /// How long one waits at the most, in milliseconds.
    #[arg(long, value_name = "MS")]
    max_wait_ms: Option<Emptiable<u64>>,
    /// Whether answers tell which key served.
    #[arg(long, value_name = "BOOL")]
    rotation_headers: Option<bool>,
    /// Whether a request is refused that would lose something in conversion.
    #[arg(long, value_name = "BOOL")]
    strict: Option<bool>,
    /// Whether streams are asked to tell what they used where the client does not ask.
    #[arg(long, value_name = "BOOL")]
    asks_for_usage: Option<bool>,
    /// What is kept of its requests: off, metadata or bodies.
    #[arg(long, value_name = "DETAIL")]
    log_requests: Option<String>,
    /// How much of a body is kept, in bytes.
    #[arg(long, value_name = "BYTES")]
    log_body_limit: Option<Emptiable<u32>>,
    /// A JSON pointer to what is left out of kept bodies, such as /messages/*/content; may come more than once.
    #[arg(long = "log-redact", value_name = "POINTER")]
    log_redact: Vec<String>,
}

// === impl ServiceFields ===

impl ServiceFields {
    /// A new service's body. What is missing stays empty, so that the server's answer names it.
    pub(crate) fn into_new(self) -> ProxyConfigBody {
        let slug = self.slug.clone().unwrap_or_default();
        let mut body = ProxyConfigBody { name: slug, is_active: true, ..ProxyConfigBody::default() };
        self.write_to(&mut body);
        body
    }

    /// Changes what is named.
    pub(crate) fn write_to(self, body: &mut ProxyConfigBody) {
        let replace = |field: &mut String, value: Option<String>| {
            if let Some(value) = value {
                *field = value;
            }
        };
        let set = |field: &mut Option<String>, value: Option<String>| {
            if let Some(value) = value {
                *field = Some(value).filter(|value| !value.is_empty());
            }
        };
        replace(&mut body.slug, self.slug);
        replace(&mut body.name, self.name);
        replace(&mut body.config_type, self.config_type);
        if body.config_type.eq_ignore_ascii_case("llm") {
            set(&mut body.target_base_url, self.base_url);
        } else {
            set(&mut body.target_url, self.base_url);
        }
        set(&mut body.provider, self.provider);
        set(&mut body.api_format, self.api_format);
        set(&mut body.output_format, self.output_format);
        set(&mut body.method, self.method);
        set(&mut body.api_key_location, self.key_location);
        set(&mut body.api_key_name, self.key_name);
        set(&mut body.api_key_prefix, self.key_prefix);
        set(&mut body.http_version, self.http_version);
        Emptiable::write(self.connect_timeout_ms, &mut body.connect_timeout_ms);
        Emptiable::write(self.first_byte_timeout_ms, &mut body.first_byte_timeout_ms);
        Emptiable::write(self.idle_timeout_ms, &mut body.idle_timeout_ms);
        set(&mut body.strategy, self.strategy);
        body.affinity = self.affinity.or(body.affinity);
        self.limits.write_to(&mut body.limits);
        Emptiable::write(self.max_attempts, &mut body.max_attempts);
        Emptiable::write(self.deadline_ms, &mut body.deadline_ms);
        body.retry_after_send = self.retry_after_send.or(body.retry_after_send);
        Emptiable::write(self.max_waiting, &mut body.max_waiting);
        Emptiable::write(self.max_wait_ms, &mut body.max_wait_ms);
        body.rotation_headers = self.rotation_headers.or(body.rotation_headers);
        body.strict = self.strict.or(body.strict);
        body.asks_for_usage = self.asks_for_usage.or(body.asks_for_usage);
        set(&mut body.log_requests, self.log_requests);
        Emptiable::write(self.log_body_limit, &mut body.log_body_limit);
        if !self.log_redact.is_empty() {
            body.log_redact = Some(without_empty(self.log_redact)).filter(|pointers| !pointers.is_empty());
        }
    }
}
