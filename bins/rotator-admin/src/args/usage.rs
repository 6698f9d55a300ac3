//! `usage`.

use clap::{Args, ValueEnum};

/// Which figures to show, and how.
#[derive(Debug, Args)]
pub(crate) struct UsageArgs {
    /// What figures are kept apart by, with commas between them; all are added up when absent.
    #[arg(long, value_enum, value_delimiter = ',')]
    pub(crate) by: Vec<Dimension>,
    /// From when on: how long ago (30m, 24h, 7d), a day (2026-11-01, in UTC) or a time (RFC 3339); a day ago when absent.
    #[arg(long, value_name = "WHEN")]
    pub(crate) since: Option<String>,
    /// Until when; now when absent.
    #[arg(long, value_name = "WHEN")]
    pub(crate) until: Option<String>,
    /// How long the stretches of time are: minute, hour (when absent) or day.
    #[arg(long)]
    pub(crate) grain: Option<String>,
    /// Only this service's, by its slug or id.
    #[arg(long)]
    pub(crate) service: Option<String>,
    /// Only this upstream key's, by its id.
    #[arg(long, value_name = "ID")]
    pub(crate) key: Option<i64>,
    /// Only this client key's, by its id; none means those in GLOBAL_PROXY_KEYS.
    #[arg(long, value_name = "ID")]
    pub(crate) client: Option<String>,
    /// Only this model's.
    #[arg(long)]
    pub(crate) model: Option<String>,
    /// How many groups at the most, 1 to 10000; 1000 when absent.
    #[arg(long, value_name = "COUNT")]
    pub(crate) limit: Option<u64>,
    /// Write all figures as CSV (RFC 4180).
    #[arg(long)]
    pub(crate) csv: bool,
}

/// What figures are kept apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Dimension {
    /// The stretch of time.
    Time,
    /// The service.
    Service,
    /// The upstream key.
    Key,
    /// The client key.
    Client,
    /// The model.
    Model,
}

// === impl Dimension ===

impl Dimension {
    /// Its name in the API and in tables.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Service => "service",
            Self::Key => "key",
            Self::Client => "client",
            Self::Model => "model",
        }
    }
}
