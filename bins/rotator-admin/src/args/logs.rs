//! `logs ...` and `tail`.

use clap::{Args, Subcommand};

/// What `logs` searches for, or shows.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct LogsArgs {
    #[command(subcommand)]
    pub(crate) command: Option<LogsCommand>,
    /// From when on: how long ago (30m, 24h, 7d), a day (2026-11-01, in UTC) or a time (RFC 3339).
    #[arg(long, value_name = "WHEN")]
    pub(crate) since: Option<String>,
    /// Until when.
    #[arg(long, value_name = "WHEN")]
    pub(crate) until: Option<String>,
    #[command(flatten)]
    pub(crate) filters: LogFilters,
    /// How many at the most.
    #[arg(short = 'n', long, default_value_t = 50, value_name = "COUNT")]
    pub(crate) limit: usize,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LogsCommand {
    /// Show one request, with its bodies where they are kept.
    Show {
        /// Its id.
        id: i64,
    },
}

/// Which requests.
#[derive(Debug, Default, Args)]
pub(crate) struct LogFilters {
    /// Only those that asked this service, by its slug or id.
    #[arg(long)]
    pub(crate) service: Option<String>,
    /// Only those that this upstream key served, by its id.
    #[arg(long, value_name = "ID")]
    pub(crate) key: Option<i64>,
    /// Only those of this client key, by its id; none means those in GLOBAL_PROXY_KEYS.
    #[arg(long, value_name = "ID")]
    pub(crate) client: Option<String>,
    /// Only those with this status, such as 404, or one of this class, such as 5xx.
    #[arg(long)]
    pub(crate) status: Option<String>,
    /// Only those for this model.
    #[arg(long)]
    pub(crate) model: Option<String>,
    /// Only those of this trace, or that their client gave this x-request-id.
    #[arg(long, value_name = "ID")]
    pub(crate) trace: Option<String>,
}
