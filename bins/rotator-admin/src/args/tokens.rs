//! `tokens ...`.

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum TokensCommand {
    /// List all tokens, without their values.
    List,
    /// Make a token; it is shown this once.
    Create {
        /// What it is for.
        name: String,
        /// After how many days it stops to work; never when absent.
        #[arg(long, value_name = "DAYS")]
        expires_in_days: Option<u32>,
    },
    /// Delete a token.
    Delete {
        /// Its id.
        id: i64,
    },
}
