//! `usage`.

use clap::{Args, ValueEnum};

use super::filters::{Span, Subject};

/// Which figures to show, and how; those of the last day where no time is named.
#[derive(Debug, Args)]
pub(crate) struct UsageArgs {
    /// What figures are kept apart by, with commas between them; all are added up when absent.
    #[arg(long, value_enum, value_delimiter = ',')]
    pub(crate) by: Vec<Dimension>,
    #[command(flatten)]
    pub(crate) span: Span,
    /// How long the stretches of time are: minute, hour (when absent) or day.
    #[arg(long)]
    pub(crate) grain: Option<String>,
    #[command(flatten)]
    pub(crate) subject: Subject,
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
