//! `audit`.

use clap::Args;

use super::filters::Span;

/// Which entries of the audit log to show.
#[derive(Debug, Args)]
pub(crate) struct AuditArgs {
    /// Only what this user, and this user's tokens, did, or token: and a token's name.
    #[arg(long, value_name = "NAME")]
    pub(crate) actor: Option<String>,
    /// Only this, such as keys.export, or all that begins so, such as 'client_key.*'.
    #[arg(long)]
    pub(crate) action: Option<String>,
    /// Only what was done to this, such as service:12 or user:jane.
    #[arg(long)]
    pub(crate) subject: Option<String>,
    #[command(flatten)]
    pub(crate) span: Span,
    /// How many at the most.
    #[arg(short = 'n', long, default_value_t = 50, value_name = "COUNT")]
    pub(crate) limit: usize,
    /// Write JSON, as --output json does.
    #[arg(long)]
    pub(crate) json: bool,
}
