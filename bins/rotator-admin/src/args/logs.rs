//! `logs ...` and `tail`.

use clap::{Args, Subcommand};

use super::filters::{Span, Subject};

/// What `logs` searches for, or shows.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct LogsArgs {
    #[command(subcommand)]
    pub(crate) command: Option<LogsCommand>,
    #[command(flatten)]
    pub(crate) span: Span,
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
    #[command(flatten)]
    pub(crate) subject: Subject,
    /// Only those with this status, such as 404, or one of this class, such as 5xx.
    #[arg(long)]
    pub(crate) status: Option<String>,
    /// Only those of this trace, or with this x-request-id.
    #[arg(long, value_name = "ID")]
    pub(crate) trace: Option<String>,
}
