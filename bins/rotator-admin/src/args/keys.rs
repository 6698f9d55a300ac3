//! `keys ...`.

use std::path::PathBuf;

use clap::Subcommand;

use super::policy::KeyFlags;

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// List a service's keys, masked.
    List {
        /// The service's slug or id.
        service: String,
        /// Only keys in this state: active, cooling, exhausted, dead or disabled.
        #[arg(long)]
        state: Option<String>,
        /// Only keys whose id, shown value, label, quota group or models hold this text.
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
    },
    /// Show one key in clear. The server's audit log keeps who asked.
    Reveal {
        /// The key's id.
        id: i64,
    },
    /// Use keys again that are cooling, exhausted or dead, without waiting for a test.
    Reset {
        /// The service's slug or id.
        service: String,
        /// The keys' ids; all keys of the service when absent.
        #[arg(value_name = "ID")]
        ids: Vec<i64>,
    },
    /// Add one key.
    Add {
        /// The service's slug or id.
        service: String,
        /// Where the key stands, env:NAME, file:PATH or - for standard input; asked for when absent.
        #[arg(long, value_name = "SOURCE")]
        from: Option<String>,
        /// Add it disabled.
        #[arg(long)]
        disabled: bool,
        #[command(flatten)]
        flags: Box<KeyFlags>,
    },
    /// Change what is named of keys; an empty value takes an optional field away.
    Update {
        /// The keys' ids.
        #[arg(required = true, value_name = "ID")]
        ids: Vec<i64>,
        #[command(flatten)]
        flags: Box<KeyFlags>,
    },
    /// Add many keys in one transaction: one key a line; blank lines and keys that are there already are skipped.
    Import {
        /// The service's slug or id.
        service: String,
        /// The file; - for standard input.
        file: PathBuf,
    },
    /// Let keys be picked.
    Enable {
        /// The keys' ids.
        #[arg(required = true, value_name = "ID")]
        ids: Vec<i64>,
    },
    /// Keep keys from being picked.
    Disable {
        /// The keys' ids.
        #[arg(required = true, value_name = "ID")]
        ids: Vec<i64>,
    },
    /// Delete keys.
    Delete {
        /// The keys' ids.
        #[arg(required = true, value_name = "ID")]
        ids: Vec<i64>,
    },
    /// Delete all keys of a service.
    Clear {
        /// The service's slug or id.
        service: String,
        /// Really delete.
        #[arg(long)]
        yes: bool,
    },
    /// Write all keys of a service in clear, one a line. The server's audit log keeps who asked.
    Export {
        /// The service's slug or id.
        service: String,
        /// A new file, readable by you alone; the standard output when absent.
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
    },
    /// Test keys with one real request each.
    Test {
        /// The keys' ids.
        #[arg(required_unless_present = "service", value_name = "ID")]
        ids: Vec<i64>,
        /// All keys of this service, named by slug or id.
        #[arg(long, conflicts_with = "ids")]
        service: Option<String>,
    },
}
