//! The command line. Every setting is an environment variable and a flag of the same name.

use std::path::PathBuf;

use clap::{Args as ClapArgs, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::config;
use crate::error::AppError;

/// Holds pools of upstream API keys and gives clients one stable address for them.
#[derive(Debug, Parser)]
#[command(name = "rotator-server", version, disable_help_subcommand = true)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) settings: Settings,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What to do instead of serving.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve (the default).
    Serve,
    /// Check every setting and say what would be used, without opening anything.
    CheckConfig,
    /// Bring the database's schema up to date and exit.
    Migrate,
    /// Delete everything from the database. Needs --yes or RESET_DB_TABLES=true beside it.
    Reset {
        /// Really delete.
        #[arg(long)]
        yes: bool,
    },
    /// Seal everything under a new master key. The server must not run.
    Rekey {
        /// A file with the new master key (64 hexadecimal digits); without it a new one is generated.
        #[arg(long, value_name = "FILE")]
        new_key_file: Option<PathBuf>,
    },
    /// Write everything into a file, sealed under a passphrase, from which `import` fills any other database. The server may run.
    Export {
        /// A file with the passphrase; else it is in ROTATOR_EXPORT_PASSPHRASE, or asked for on the terminal.
        #[arg(long, value_name = "FILE")]
        passphrase_file: Option<PathBuf>,
        /// Write over a file that is there already.
        #[arg(long)]
        force: bool,
        /// The new file; - is the standard output.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Fill an empty database from a file that `export` has written. The server must not run.
    Import {
        /// A file with the passphrase; else it is in ROTATOR_EXPORT_PASSPHRASE, or asked for on the terminal.
        #[arg(long, value_name = "FILE")]
        passphrase_file: Option<PathBuf>,
        /// The file of the export; - is the standard input.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Copy the SQLite database into a new file while the server runs. The copy opens with the same master key only, which lies in
    /// another file: keep a copy of that too.
    Backup {
        /// The new file.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Take over the services and keys of the predecessor's SQLite file or MySQL database.
    ImportLegacy {
        /// The predecessor's database, which is only read: a file, mysql://user:password@host:port/database, or
        /// user:password@tcp(host:port)/database.
        #[arg(value_name = "FILE_OR_URL")]
        source: PathBuf,
    },
    /// Ask the running server whether it is alive; for container health checks.
    Healthcheck,
}

/// The settings as they are written, not yet checked.
#[derive(Clone, Debug, Default, ClapArgs)]
#[command(next_help_heading = "Settings (also in the environment and in .env; NAME_FILE names a file with the value)")]
pub(crate) struct Settings {
    /// The address to listen on; 0.0.0.0 for all [default: 127.0.0.1].
    #[arg(long, env = "BACKEND_HOST", hide_env_values = true, global = true)]
    pub(crate) backend_host: Option<String>,
    /// The port to listen on; 0 takes a free one [default: 8000].
    #[arg(long, env = "BACKEND_PORT", hide_env_values = true, global = true)]
    pub(crate) backend_port: Option<String>,
    /// error, warn, info, debug or trace, or tracing directives [default: info].
    #[arg(long, env = "LOG_LEVEL", hide_env_values = true, global = true)]
    pub(crate) log_level: Option<String>,
    /// text or json [default: text].
    #[arg(long, env = "LOG_FORMAT", hide_env_values = true, global = true)]
    pub(crate) log_format: Option<String>,
    /// An address and a port of their own for the metrics, such as 127.0.0.1:9464; /metrics is then nowhere else.
    #[arg(long, env = "METRICS_LISTEN", hide_env_values = true, global = true)]
    pub(crate) metrics_listen: Option<String>,
    /// What must be shown as a bearer token to read the metrics; without it everybody may.
    #[arg(long, env = "METRICS_TOKEN", hide_env_values = true, global = true)]
    pub(crate) metrics_token: Option<String>,
    /// The first administrator's name [default: admin].
    #[arg(long, env = "ADMIN_USERNAME", hide_env_values = true, global = true)]
    pub(crate) admin_username: Option<String>,
    /// The first administrator's password; generated and shown once when unset. Where it is set it holds at every start, and its user
    /// is an enabled admin.
    #[arg(long, env = "ADMIN_PASSWORD", hide_env_values = true, global = true)]
    pub(crate) admin_password: Option<String>,
    /// The secret that signs sessions, 32 characters or more; generated when unset.
    #[arg(long, env = "JWT_SECRET", hide_env_values = true, global = true)]
    pub(crate) jwt_secret: Option<String>,
    /// How long a login lasts, in seconds [default: 43200].
    #[arg(long, env = "ROTATOR_SESSION_TTL", hide_env_values = true, global = true)]
    pub(crate) rotator_session_ttl: Option<String>,
    /// Client keys without limits, with commas between them; one is generated and shown once when there is none. Others are made with
    /// `rotator-admin client-keys`.
    #[arg(long, env = "GLOBAL_PROXY_KEYS", hide_env_values = true, global = true)]
    pub(crate) global_proxy_keys: Option<String>,
    /// The addresses or networks of proxies in front of this server, with commas between them, whose X-Forwarded-For says who
    /// asks, at the doors and of the admin API [default: none].
    #[arg(long, env = "ROTATOR_TRUSTED_PROXIES", hide_env_values = true, global = true)]
    pub(crate) rotator_trusted_proxies: Option<String>,
    /// How long an upstream may take to its first byte, in seconds [default: 300].
    #[arg(long, env = "PROXY_TIMEOUT", hide_env_values = true, global = true)]
    pub(crate) proxy_timeout: Option<String>,
    /// How long the connection to an upstream may take, in seconds [default: 10].
    #[arg(long, env = "ROTATOR_CONNECT_TIMEOUT", hide_env_values = true, global = true)]
    pub(crate) rotator_connect_timeout: Option<String>,
    /// How long an answer, or the body of a request, may pause, in seconds [default: 300].
    #[arg(long, env = "ROTATOR_IDLE_TIMEOUT", hide_env_values = true, global = true)]
    pub(crate) rotator_idle_timeout: Option<String>,
    /// How much of a request body is kept for a retry, or converted, in bytes [default: 33554432].
    #[arg(long, env = "ROTATOR_REPLAY_LIMIT", hide_env_values = true, global = true)]
    pub(crate) rotator_replay_limit: Option<String>,
    /// The longest request body, in bytes; 0 sets no limit [default: 0].
    #[arg(long, env = "ROTATOR_MAX_REQUEST_BODY", hide_env_values = true, global = true)]
    pub(crate) rotator_max_request_body: Option<String>,
    /// How many conversations and tool calls are remembered for clients whose format cannot carry them [default: 10000].
    #[arg(long, env = "ROTATOR_CONVERSATION_ENTRIES", hide_env_values = true, global = true)]
    pub(crate) rotator_conversation_entries: Option<String>,
    /// How much they may take together, in bytes [default: 268435456].
    #[arg(long, env = "ROTATOR_CONVERSATION_BYTES", hide_env_values = true, global = true)]
    pub(crate) rotator_conversation_bytes: Option<String>,
    /// How long they are remembered, in seconds [default: 86400].
    #[arg(long, env = "ROTATOR_CONVERSATION_TTL", hide_env_values = true, global = true)]
    pub(crate) rotator_conversation_ttl: Option<String>,
    /// A JSON file with rows for models that the server does not know: max_output, thinking, late_instructions (docs/formats.md).
    #[arg(long, env = "ROTATOR_MODEL_TABLE", hide_env_values = true, global = true)]
    pub(crate) rotator_model_table: Option<String>,
    /// Whether what requests use is counted: true or false [default: true].
    #[arg(long, env = "ROTATOR_USAGE", hide_env_values = true, global = true)]
    pub(crate) rotator_usage: Option<String>,
    /// A JSON file with what models cost, in US dollars a million tokens, where the shipped prices do not hold:
    /// {"model": {"input": 2.5, "cached": 1.25, "output": 10}}.
    #[arg(long, env = "ROTATOR_PRICES", hide_env_values = true, global = true)]
    pub(crate) rotator_prices: Option<String>,
    /// How long usage figures of minutes are kept, in days; 0 keeps them for ever [default: 7].
    #[arg(long, env = "ROTATOR_USAGE_MINUTES_KEPT", hide_env_values = true, global = true)]
    pub(crate) rotator_usage_minutes_kept: Option<String>,
    /// The same of hours [default: 90].
    #[arg(long, env = "ROTATOR_USAGE_HOURS_KEPT", hide_env_values = true, global = true)]
    pub(crate) rotator_usage_hours_kept: Option<String>,
    /// The same of days [default: 1825].
    #[arg(long, env = "ROTATOR_USAGE_DAYS_KEPT", hide_env_values = true, global = true)]
    pub(crate) rotator_usage_days_kept: Option<String>,
    /// How long entries of the audit log are kept, in days; 0 keeps them for ever [default: 365].
    #[arg(long, env = "ROTATOR_AUDIT_KEPT", hide_env_values = true, global = true)]
    pub(crate) rotator_audit_kept: Option<String>,
    /// How long logged requests are kept, in days; 0 keeps them for ever [default: 7].
    #[arg(long, env = "ROTATOR_LOG_KEPT", hide_env_values = true, global = true)]
    pub(crate) rotator_log_kept: Option<String>,
    /// How much of them is kept, in bytes [default: 1073741824].
    #[arg(long, env = "ROTATOR_LOG_SIZE", hide_env_values = true, global = true)]
    pub(crate) rotator_log_size: Option<String>,
    /// How long requests in flight may take to end at a shutdown, in seconds; 0 waits for ever [default: 0].
    #[arg(long, env = "ROTATOR_SHUTDOWN_GRACE", hide_env_values = true, global = true)]
    pub(crate) rotator_shutdown_grace: Option<String>,
    /// The address under which clients reach this server, such as `https://keys.example.org`.
    #[arg(long, env = "PROXY_PUBLIC_BASE_URL", hide_env_values = true, global = true)]
    pub(crate) proxy_public_base_url: Option<String>,
    /// The key under which everything is sealed, 64 hexadecimal digits; else a file in the data directory that
    /// its owner alone may read.
    #[arg(long, env = "ROTATOR_MASTER_KEY", hide_env_values = true, global = true)]
    pub(crate) rotator_master_key: Option<String>,
    /// Where the master key's file and the journal of usage figures lie [default: the folder of the SQLite file, else ./data].
    #[arg(long, env = "ROTATOR_DATA_DIR", hide_env_values = true, global = true)]
    pub(crate) rotator_data_dir: Option<String>,
    /// sqlite, mysql or postgres [default: by the other settings].
    #[arg(long, env = "DB_TYPE", hide_env_values = true, global = true)]
    pub(crate) db_type: Option<String>,
    /// sqlite:PATH, mysql://..., postgres://..., user:pass@tcp(host:port)/db or user:pass@unix(/path)/db.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, global = true)]
    pub(crate) database_url: Option<String>,
    /// The SQLite file [default: ./data/api_key_rotator.db].
    #[arg(long, env = "DATABASE_PATH", hide_env_values = true, global = true)]
    pub(crate) database_path: Option<String>,
    /// The database server's host.
    #[arg(long, env = "DB_HOST", hide_env_values = true, global = true)]
    pub(crate) db_host: Option<String>,
    /// The database server's port [default: 3306, for PostgreSQL 5432].
    #[arg(long, env = "DB_PORT", hide_env_values = true, global = true)]
    pub(crate) db_port: Option<String>,
    /// The database's user.
    #[arg(long, env = "DB_USER", hide_env_values = true, global = true)]
    pub(crate) db_user: Option<String>,
    /// The database's password.
    #[arg(long, env = "DB_PASSWORD", hide_env_values = true, global = true)]
    pub(crate) db_password: Option<String>,
    /// The database's name [default: api_key_rotator].
    #[arg(long, env = "DB_NAME", hide_env_values = true, global = true)]
    pub(crate) db_name: Option<String>,
    /// How many connections to the database are held at the most [default: 10].
    #[arg(long, env = "DB_MAX_CONNECTIONS", hide_env_values = true, global = true)]
    pub(crate) db_max_connections: Option<String>,
    /// How long a call may wait for a connection to the database, in seconds [default: 10].
    #[arg(long, env = "DB_ACQUIRE_TIMEOUT", hide_env_values = true, global = true)]
    pub(crate) db_acquire_timeout: Option<String>,
    /// memory or redis [default: by the other settings].
    #[arg(long, env = "CACHE_TYPE", hide_env_values = true, global = true)]
    pub(crate) cache_type: Option<String>,
    /// redis://..., rediss://...
    #[arg(long, env = "REDIS_URL", hide_env_values = true, global = true)]
    pub(crate) redis_url: Option<String>,
    /// The Redis server's host.
    #[arg(long, env = "REDIS_HOST", hide_env_values = true, global = true)]
    pub(crate) redis_host: Option<String>,
    /// The Redis server's port [default: 6379].
    #[arg(long, env = "REDIS_PORT", hide_env_values = true, global = true)]
    pub(crate) redis_port: Option<String>,
    /// The Redis server's password.
    #[arg(long, env = "REDIS_PASSWORD", hide_env_values = true, global = true)]
    pub(crate) redis_password: Option<String>,
    /// The Redis database's number [default: 0].
    #[arg(long, env = "REDIS_DB", hide_env_values = true, global = true)]
    pub(crate) redis_db: Option<String>,
    /// What the names of all keys in Redis begin with; installations that share one have different ones [default: rotator].
    #[arg(long, env = "REDIS_PREFIX", hide_env_values = true, global = true)]
    pub(crate) redis_prefix: Option<String>,
    /// How many connections to Redis are held at the most [default: 16].
    #[arg(long, env = "REDIS_MAX_CONNECTIONS", hide_env_values = true, global = true)]
    pub(crate) redis_max_connections: Option<String>,
    /// How long Redis may take to answer before this node goes on alone, in seconds [default: 0.1].
    #[arg(long, env = "REDIS_TIMEOUT", hide_env_values = true, global = true)]
    pub(crate) redis_timeout: Option<String>,
    /// This node's name among those that share a Redis, which no other one has [default: generated at each start].
    #[arg(long, env = "ROTATOR_NODE_ID", hide_env_values = true, global = true)]
    pub(crate) rotator_node_id: Option<String>,
    /// Confirms the command `reset`; never deletes anything by itself.
    #[arg(long, env = "RESET_DB_TABLES", hide_env_values = true, global = true)]
    pub(crate) reset_db_tables: Option<String>,
}

// === impl Args ===

impl Args {
    /// Reads the command line; what it does not say comes from the environment, or from files that the environment names.
    pub(crate) fn read() -> Result<Self, AppError> {
        // Whoever asks for help gets it whatever the environment says.
        drop(Self::command().get_matches());
        let matches = config::fill(Self::command())?.get_matches();
        Self::from_arg_matches(&matches).or_else(|error| error.exit())
    }
}
