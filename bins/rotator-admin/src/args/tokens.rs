//! `tokens ...`.

use clap::Subcommand;
use rotator_domain::Role;

use super::times::Expiry;
use super::users::role;

#[derive(Debug, Subcommand)]
pub(crate) enum TokensCommand {
    /// List your tokens, without their values; admins see those of everybody.
    List,
    /// Make a token; it is shown this once.
    Create {
        /// What it is for.
        name: String,
        /// What it may do, never more than you.
        #[arg(long, value_parser = role(), default_value = Role::default().name())]
        scope: Role,
        /// After which time it stops to work, such as 12h or 90d, or when, such as 2030-01-31T12:00:00Z; never when absent.
        #[arg(long, value_name = "TIME")]
        expires: Option<Expiry>,
        /// The same as a number of days.
        #[arg(long, value_name = "DAYS", conflicts_with = "expires")]
        expires_in_days: Option<u32>,
    },
    /// Delete a token; it stops to work at once.
    Delete {
        /// Its id.
        id: i64,
    },
}
