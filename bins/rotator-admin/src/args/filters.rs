//! Which requests commands look at: the flags that they share.

use clap::Args;

/// When.
#[derive(Debug, Default, Args)]
pub(crate) struct Span {
    /// From when on: how long ago (30m, 24h, 7d), a day (2026-11-01, in UTC) or a time (RFC 3339).
    #[arg(long, value_name = "WHEN")]
    pub(crate) since: Option<String>,
    /// Until when.
    #[arg(long, value_name = "WHEN")]
    pub(crate) until: Option<String>,
}

/// Whose.
#[derive(Debug, Default, Args)]
pub(crate) struct Subject {
    /// Only this service's, by its slug or id.
    #[arg(long)]
    pub(crate) service: Option<String>,
    /// Only those that this upstream key served, by its id.
    #[arg(long, value_name = "ID")]
    pub(crate) key: Option<i64>,
    /// Only this client key's, by its id; none means those in GLOBAL_PROXY_KEYS.
    #[arg(long, value_name = "ID")]
    pub(crate) client: Option<String>,
    /// Only those for this model.
    #[arg(long)]
    pub(crate) model: Option<String>,
}
