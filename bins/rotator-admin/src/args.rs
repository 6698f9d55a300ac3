//! The command line.

mod audit;
mod client_keys;
mod filters;
mod keys;
mod logs;
mod policy;
mod prices;
mod services;
mod times;
mod tokens;
mod top;
mod usage;
mod users;
mod webhooks;

pub(crate) use audit::AuditArgs;
pub(crate) use client_keys::ClientKeysCommand;
pub(crate) use filters::{Span, Subject};
pub(crate) use keys::KeysCommand;
pub(crate) use logs::{LogFilters, LogsArgs, LogsCommand};
pub(crate) use prices::PricesCommand;
pub(crate) use services::ServicesCommand;
pub(crate) use times::Expiry;
pub(crate) use tokens::TokensCommand;
pub(crate) use top::TopArgs;
pub(crate) use usage::{Dimension, UsageArgs};
pub(crate) use users::UsersCommand;
pub(crate) use webhooks::WebhooksCommand;

use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::error::CliError;
use crate::secret_source::variable;

/// The variable that names the server, and the server where nothing does.
const SERVER: &str = "ROTATOR_SERVER";
const USUAL_SERVER: &str = "http://127.0.0.1:8000";

/// Manages API Key Rotator: services, key pools, logins.
///
/// Exit codes: 0 done, 1 some of it failed, 2 usage, 3 not found, 4 name or slug taken, 5 refused, 6 not logged in, 7 server
/// unreachable or failing, 8 a dry run found differences.
#[derive(Debug, Parser)]
#[command(name = "rotator-admin", version, disable_help_subcommand = true)]
pub(crate) struct Args {
    /// The server's address.
    #[arg(long, env = SERVER, default_value = USUAL_SERVER, global = true, value_name = "URL")]
    pub(crate) server: String,
    /// A file with an API token to use instead of the login. ROTATOR_TOKEN_FILE in the environment does the same, and
    /// ROTATOR_TOKEN holds the token itself.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// Tables for people or JSON for scripts.
    #[arg(short, long, value_enum, default_value_t, global = true)]
    pub(crate) output: OutputFormat,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// How results are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    /// For people.
    #[default]
    Table,
    /// For scripts.
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Log in and keep the session for the next commands.
    Login {
        /// The administrator's name.
        #[arg(long, default_value = "admin")]
        username: String,
        /// Where the password stands, env:NAME, file:PATH or - for standard input; asked for when absent.
        #[arg(long, value_name = "SOURCE")]
        password_from: Option<String>,
    },
    /// End the session.
    Logout,
    /// Show how the server is.
    Status,
    /// Show or change what the server logs, until it ends; of several nodes the one that answers.
    LogLevel {
        /// error, warn, info, debug, trace, or tracing directives; shown when absent.
        level: Option<String>,
    },
    /// Manage services.
    #[command(subcommand)]
    Services(ServicesCommand),
    /// Manage the keys of services.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Manage the keys that clients show: what they may use, and how much of it.
    #[command(subcommand)]
    ClientKeys(ClientKeysCommand),
    /// Manage API tokens for automation.
    #[command(subcommand)]
    Tokens(TokensCommand),
    /// Manage the users of this command line and of the admin API.
    #[command(subcommand)]
    Users(UsersCommand),
    /// Show who changed what, the newest first.
    Audit(AuditArgs),
    /// Search the logged requests of services that log them, the newest first.
    Logs(LogsArgs),
    /// Follow the log of requests until it is interrupted.
    Tail {
        #[command(flatten)]
        filters: LogFilters,
    },
    /// Show what requests used.
    Usage(UsageArgs),
    /// Watch services and their keys on the terminal, as they change. Rates are those of the node that answers.
    Top(TopArgs),
    /// Manage what models cost.
    #[command(subcommand)]
    Prices(PricesCommand),
    /// Manage webhooks: who is told of dead keys, low pools and budgets that are nearly used up.
    #[command(subcommand)]
    Webhooks(WebhooksCommand),
    /// Make services and pools what a file says.
    Apply {
        /// A YAML file; - for standard input.
        #[arg(short, long, value_name = "FILE")]
        file: PathBuf,
        /// Only print what would change; exit code 8 when something would.
        #[arg(long)]
        dry_run: bool,
    },
    /// Print completions for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

// === impl Args ===

impl Args {
    /// Reads the command line; what it does not say comes from the environment, or from the file that the environment names.
    pub(crate) fn read() -> Result<Self, CliError> {
        let matches = Self::command().get_matches();
        let mut args = Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        if matches.value_source("server") != Some(ValueSource::CommandLine) {
            args.server = variable(SERVER)?.unwrap_or_else(|| USUAL_SERVER.to_owned());
        }
        Ok(args)
    }
}
