//! The settings, checked.

mod backend;
mod files;
mod metrics;
mod models;
mod request_log;
mod usage;

pub(crate) use backend::{CacheUrl, legacy_database};
pub(crate) use files::{fill, fill_environment, variable};
pub(crate) use metrics::MetricsSettings;
pub(crate) use usage::UsageSettings;

use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use rotator_admin_api::LogLevelError;
use rotator_cache_trait::ConversationLimits;
use rotator_domain::{MasterKey, Network, Secret};
use rotator_proxy_core::ProxySettings;
use rotator_request_log::Retention;
use rotator_storage_trait::{DatabaseUrl, StorageOptions};

use crate::args::Settings;
use crate::error::AppError;

/// Everything that the server is told from outside; every value is valid.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) listen: SocketAddr,
    pub(crate) log: LogConfig,
    pub(crate) metrics: MetricsSettings,
    pub(crate) admin_username: String,
    pub(crate) admin_password: Option<Secret>,
    pub(crate) jwt_secret: Option<Secret>,
    pub(crate) session_ttl: Duration,
    pub(crate) global_proxy_keys: Vec<Secret>,
    pub(crate) trusted_proxies: Vec<Network>,
    pub(crate) proxy: ProxySettings,
    /// How long a shutdown waits; `None` waits for ever.
    pub(crate) shutdown_grace: Option<Duration>,
    pub(crate) public_base_url: Option<String>,
    pub(crate) master_key: Option<MasterKeySetting>,
    pub(crate) data_dir: PathBuf,
    pub(crate) database: DatabaseUrl,
    pub(crate) database_options: StorageOptions,
    pub(crate) cache: CacheUrl,
    pub(crate) redis: RedisSettings,
    /// This node among those that share a cache.
    pub(crate) node_id: String,
    pub(crate) conversations: ConversationLimits,
    pub(crate) usage: UsageSettings,
    pub(crate) request_log: Retention,
    /// How long entries of the audit log are kept; `None` keeps them for ever.
    pub(crate) audit_kept: Option<Duration>,
    pub(crate) reset_db_tables: bool,
}

/// How Redis is used, where it is.
#[derive(Clone, Debug)]
pub(crate) struct RedisSettings {
    pub(crate) prefix: String,
    pub(crate) connections: usize,
    /// How long it may take to answer.
    pub(crate) timeout: Duration,
}

/// What is logged, and how.
#[derive(Clone, Debug)]
pub(crate) struct LogConfig {
    /// As it was told.
    pub(crate) level: String,
    /// Directives for tracing-subscriber's `EnvFilter`.
    pub(crate) filter: String,
    pub(crate) json: bool,
}

/// The master key from the environment.
#[derive(Clone)]
pub(crate) struct MasterKeySetting(pub(crate) MasterKey);

/// The longest time that any setting may name: a year, in seconds.
const LONGEST_SECONDS: u64 = 365 * 24 * 60 * 60;
/// The longest time that a setting may name in days.
const LONGEST_DAYS: u64 = 36_500;
/// How long the audit log is kept where nothing is said: a year.
const USUAL_AUDIT: Duration = Duration::from_secs(365 * 24 * 60 * 60);
const SHORTEST_JWT_SECRET: usize = 32;
const LONGEST_NODE_ID: usize = 64;

/// Reads `.env` of the working directory, if there is one; what the environment has already stays.
pub(crate) fn load_dotenv() -> Result<(), AppError> {
    match dotenvy::from_path(".env") {
        Err(dotenvy::Error::LineParse(_, at)) => {
            Err(AppError::config(".env", format!("cannot be read near character {at} of a line")))
        }
        Err(dotenvy::Error::Io(error)) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(AppError::config(".env", format!("cannot be read: {error}")))
        }
        _ => Ok(()),
    }
}

// === impl Config ===

impl Config {
    /// Checks every setting.
    ///
    /// # Errors
    /// Names the first variable with a bad value.
    pub(crate) fn new(settings: &Settings) -> Result<Self, AppError> {
        let host: IpAddr = parse("BACKEND_HOST", settings.backend_host.as_deref(), "must be an IP address")?
            .unwrap_or(IpAddr::from([127, 0, 0, 1]));
        let port: u16 =
            parse("BACKEND_PORT", settings.backend_port.as_deref(), "must be a port, 0 to 65535")?.unwrap_or(8000);
        let database = backend::database(settings)?;
        let data_dir = match given(settings.rotator_data_dir.as_deref()) {
            Some(dir) => PathBuf::from(dir),
            None => backend::folder_of(&database),
        };
        let username = given(settings.admin_username.as_deref()).unwrap_or("admin").to_owned();
        if username.chars().count() > 100 || username.chars().any(char::is_control) {
            return Err(AppError::config("ADMIN_USERNAME", "must have at most 100 printable characters"));
        }
        Ok(Self {
            listen: SocketAddr::new(host, port),
            log: log(settings)?,
            metrics: metrics::metrics(settings)?,
            admin_username: username,
            admin_password: given(settings.admin_password.as_deref()).map(Secret::new),
            jwt_secret: jwt_secret(settings)?,
            session_ttl: seconds("ROTATOR_SESSION_TTL", settings.rotator_session_ttl.as_deref())?
                .unwrap_or(Duration::from_secs(12 * 60 * 60)),
            global_proxy_keys: global_proxy_keys(settings)?,
            trusted_proxies: trusted_proxies(settings)?,
            proxy: proxy(settings)?,
            shutdown_grace: parse_seconds("ROTATOR_SHUTDOWN_GRACE", settings.rotator_shutdown_grace.as_deref())?
                .filter(|grace| !grace.is_zero()),
            public_base_url: public_base_url(settings)?,
            master_key: master_key(settings)?,
            data_dir,
            database,
            database_options: backend::database_options(settings)?,
            cache: backend::cache(settings)?,
            redis: backend::redis(settings)?,
            node_id: node_id(settings)?,
            conversations: conversations(settings)?,
            usage: usage::usage(settings)?,
            request_log: request_log::request_log(settings)?,
            audit_kept: days("ROTATOR_AUDIT_KEPT", settings.rotator_audit_kept.as_deref(), Some(USUAL_AUDIT))?,
            reset_db_tables: parse_bool("RESET_DB_TABLES", settings.reset_db_tables.as_deref())?,
        })
    }
}

impl std::fmt::Debug for MasterKeySetting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("*****")
    }
}

/// A setting that is set and not empty: `NAME=` in `.env` means unset.
fn given(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

fn parse<T: std::str::FromStr>(
    variable: &'static str,
    text: Option<&str>,
    message: &str,
) -> Result<Option<T>, AppError> {
    given(text).map(|text| text.parse().map_err(|_| AppError::config(variable, message))).transpose()
}

fn parse_bool(variable: &'static str, text: Option<&str>) -> Result<bool, AppError> {
    match given(text).map(str::to_ascii_lowercase).as_deref() {
        None | Some("false" | "0" | "no" | "off") => Ok(false),
        Some("true" | "1" | "yes" | "on") => Ok(true),
        Some(_) => Err(AppError::config(variable, "must be true or false")),
    }
}

/// Seconds, with a fraction if need be; zero included.
fn parse_seconds(variable: &'static str, text: Option<&str>) -> Result<Option<Duration>, AppError> {
    let message = "must be a number of seconds, at most a year";
    let Some(number) = parse::<f64>(variable, text, message)? else {
        return Ok(None);
    };
    if !(0.0..=LONGEST_SECONDS as f64).contains(&number) {
        return Err(AppError::config(variable, message));
    }
    Duration::try_from_secs_f64(number).map(Some).map_err(|_| AppError::config(variable, message))
}

/// Seconds, more than none.
fn seconds(variable: &'static str, text: Option<&str>) -> Result<Option<Duration>, AppError> {
    match parse_seconds(variable, text)? {
        Some(time) if time.is_zero() => Err(AppError::config(variable, "must be more than 0 seconds")),
        time => Ok(time),
    }
}

/// A number of days; 0 means for ever.
fn days(variable: &'static str, text: Option<&str>, usual: Option<Duration>) -> Result<Option<Duration>, AppError> {
    let message = "must be a number of days, at most 36500; 0 keeps them for ever";
    match parse::<u64>(variable, text, message)? {
        None => Ok(usual),
        Some(0) => Ok(None),
        Some(days) if days <= LONGEST_DAYS => Ok(Some(Duration::from_secs(days * 24 * 60 * 60))),
        Some(_) => Err(AppError::config(variable, message)),
    }
}

fn log(settings: &Settings) -> Result<LogConfig, AppError> {
    let level = given(settings.log_level.as_deref()).unwrap_or("info").to_owned();
    let filter =
        crate::logging::directives(&level).ok_or_else(|| AppError::config("LOG_LEVEL", LogLevelError.to_string()))?;
    let json = match given(settings.log_format.as_deref()) {
        None | Some("text") => false,
        Some("json") => true,
        Some(_) => return Err(AppError::config("LOG_FORMAT", "must be text or json")),
    };
    Ok(LogConfig { level, filter, json })
}

fn jwt_secret(settings: &Settings) -> Result<Option<Secret>, AppError> {
    match given(settings.jwt_secret.as_deref()) {
        Some(secret) if secret.len() < SHORTEST_JWT_SECRET => {
            Err(AppError::config("JWT_SECRET", format!("must have {SHORTEST_JWT_SECRET} characters or more")))
        }
        secret => Ok(secret.map(Secret::new)),
    }
}

fn global_proxy_keys(settings: &Settings) -> Result<Vec<Secret>, AppError> {
    let text = settings.global_proxy_keys.as_deref().unwrap_or_default();
    let keys = text.split(',').map(str::trim).filter(|key| !key.is_empty());
    keys.map(|key| {
        if key.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Secret::new(key))
        } else {
            Err(AppError::config("GLOBAL_PROXY_KEYS", "must hold visible ASCII characters only"))
        }
    })
    .collect()
}

fn trusted_proxies(settings: &Settings) -> Result<Vec<Network>, AppError> {
    let text = settings.rotator_trusted_proxies.as_deref().unwrap_or_default();
    let networks = text.split(',').map(str::trim).filter(|network| !network.is_empty());
    let read = |network: &str| {
        network.parse().map_err(|message| AppError::config("ROTATOR_TRUSTED_PROXIES", format!("{network}: {message}")))
    };
    networks.map(read).collect()
}

fn proxy(settings: &Settings) -> Result<ProxySettings, AppError> {
    let defaults = ProxySettings::default();
    let bytes = "must be a number of bytes";
    let first_byte = seconds("PROXY_TIMEOUT", settings.proxy_timeout.as_deref())?;
    let connect = seconds("ROTATOR_CONNECT_TIMEOUT", settings.rotator_connect_timeout.as_deref())?;
    let idle = seconds("ROTATOR_IDLE_TIMEOUT", settings.rotator_idle_timeout.as_deref())?;
    let replay = parse("ROTATOR_REPLAY_LIMIT", settings.rotator_replay_limit.as_deref(), bytes)?;
    let longest: Option<u64> = parse("ROTATOR_MAX_REQUEST_BODY", settings.rotator_max_request_body.as_deref(), bytes)?;
    Ok(ProxySettings {
        connect_timeout: connect.unwrap_or(defaults.connect_timeout),
        first_byte_timeout: first_byte.unwrap_or(defaults.first_byte_timeout),
        idle_timeout: idle.unwrap_or(defaults.idle_timeout),
        replay_limit: replay.unwrap_or(defaults.replay_limit),
        max_request_body: longest.filter(|longest| *longest > 0),
        models: models::models(settings)?,
    })
}

fn conversations(settings: &Settings) -> Result<ConversationLimits, AppError> {
    let usual = ConversationLimits::default();
    let entries =
        parse("ROTATOR_CONVERSATION_ENTRIES", settings.rotator_conversation_entries.as_deref(), "must be a number")?;
    let bytes = parse(
        "ROTATOR_CONVERSATION_BYTES",
        settings.rotator_conversation_bytes.as_deref(),
        "must be a number of bytes",
    )?;
    let time_to_live = seconds("ROTATOR_CONVERSATION_TTL", settings.rotator_conversation_ttl.as_deref())?;
    Ok(ConversationLimits {
        entries: entries.unwrap_or(usual.entries),
        bytes: bytes.unwrap_or(usual.bytes),
        time_to_live: time_to_live.unwrap_or(usual.time_to_live),
    })
}

/// The name that is set, or one that no other node has.
fn node_id(settings: &Settings) -> Result<String, AppError> {
    let variable = "ROTATOR_NODE_ID";
    match given(settings.rotator_node_id.as_deref()) {
        Some(id) if id.len() <= LONGEST_NODE_ID && id.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(id.to_owned()),
        Some(_) => {
            Err(AppError::config(variable, format!("must have at most {LONGEST_NODE_ID} visible ASCII characters")))
        }
        None => Ok(format!("{:016x}", RandomState::new().hash_one(std::process::id()))),
    }
}

fn public_base_url(settings: &Settings) -> Result<Option<String>, AppError> {
    let Some(text) = given(settings.proxy_public_base_url.as_deref()) else {
        return Ok(None);
    };
    rotator_domain::TargetUrl::parse(text).map_err(|message| AppError::config("PROXY_PUBLIC_BASE_URL", message))?;
    Ok(Some(text.trim_end_matches('/').to_owned()))
}

fn master_key(settings: &Settings) -> Result<Option<MasterKeySetting>, AppError> {
    let read = |text| {
        MasterKey::from_hex(text)
            .map(MasterKeySetting)
            .map_err(|error| AppError::config("ROTATOR_MASTER_KEY", error.to_string()))
    };
    given(settings.rotator_master_key.as_deref()).map(read).transpose()
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    fn bad_variable(settings: Settings) -> Cow<'static, str> {
        match Config::new(&settings).unwrap_err() {
            AppError::Config { variable, .. } => variable,
            AppError::Away { action, .. } | AppError::Failed { action, .. } => panic!("{action}"),
        }
    }

    #[test]
    fn nothing_set_is_a_good_start() {
        let config = Config::new(&Settings::default()).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:8000");
        assert_eq!(config.database.expose(), "sqlite:./data/api_key_rotator.db");
        assert_eq!(config.data_dir, PathBuf::from("./data"));
        assert!(config.admin_password.is_none() && config.global_proxy_keys.is_empty());
        assert!(!config.reset_db_tables);
    }

    #[test]
    fn a_bad_value_names_its_variable() {
        let text = |text: &str| Some(text.to_owned());
        let base = Settings::default;
        let cases = [
            ("BACKEND_HOST", Settings { backend_host: text("nowhere"), ..base() }),
            ("BACKEND_PORT", Settings { backend_port: text("70000"), ..base() }),
            ("LOG_LEVEL", Settings { log_level: text("a=b=c"), ..base() }),
            ("LOG_FORMAT", Settings { log_format: text("xml"), ..base() }),
            ("METRICS_LISTEN", Settings { metrics_listen: text("9464"), ..base() }),
            ("METRICS_TOKEN", Settings { metrics_token: text("a b"), ..base() }),
            ("JWT_SECRET", Settings { jwt_secret: text("short"), ..base() }),
            ("ROTATOR_SESSION_TTL", Settings { rotator_session_ttl: text("0"), ..base() }),
            ("GLOBAL_PROXY_KEYS", Settings { global_proxy_keys: text("a b"), ..base() }),
            (
                "ROTATOR_TRUSTED_PROXIES",
                Settings { rotator_trusted_proxies: text("10.0.0.0/8, 10.0.0.0/99"), ..base() },
            ),
            ("PROXY_TIMEOUT", Settings { proxy_timeout: text("NaN"), ..base() }),
            ("ROTATOR_IDLE_TIMEOUT", Settings { rotator_idle_timeout: text("-1"), ..base() }),
            ("ROTATOR_CONNECT_TIMEOUT", Settings { rotator_connect_timeout: text("1e99"), ..base() }),
            ("ROTATOR_REPLAY_LIMIT", Settings { rotator_replay_limit: text("32M"), ..base() }),
            ("ROTATOR_CONVERSATION_ENTRIES", Settings { rotator_conversation_entries: text("-1"), ..base() }),
            ("ROTATOR_CONVERSATION_BYTES", Settings { rotator_conversation_bytes: text("1G"), ..base() }),
            ("ROTATOR_CONVERSATION_TTL", Settings { rotator_conversation_ttl: text("0"), ..base() }),
            ("ROTATOR_NODE_ID", Settings { rotator_node_id: text("a b"), ..base() }),
            ("DB_MAX_CONNECTIONS", Settings { db_max_connections: text("0"), ..base() }),
            ("DB_ACQUIRE_TIMEOUT", Settings { db_acquire_timeout: text("soon"), ..base() }),
            ("REDIS_PREFIX", Settings { redis_prefix: text("a{b"), ..base() }),
            ("REDIS_MAX_CONNECTIONS", Settings { redis_max_connections: text("-1"), ..base() }),
            ("REDIS_TIMEOUT", Settings { redis_timeout: text("0"), ..base() }),
            ("ROTATOR_MODEL_TABLE", Settings { rotator_model_table: text("nowhere.json"), ..base() }),
            ("ROTATOR_USAGE", Settings { rotator_usage: text("maybe"), ..base() }),
            ("ROTATOR_PRICES", Settings { rotator_prices: text("nowhere.json"), ..base() }),
            ("ROTATOR_USAGE_MINUTES_KEPT", Settings { rotator_usage_minutes_kept: text("-1"), ..base() }),
            ("ROTATOR_USAGE_HOURS_KEPT", Settings { rotator_usage_hours_kept: text("40000"), ..base() }),
            ("ROTATOR_USAGE_DAYS_KEPT", Settings { rotator_usage_days_kept: text("7d"), ..base() }),
            ("ROTATOR_AUDIT_KEPT", Settings { rotator_audit_kept: text("a year"), ..base() }),
            ("ROTATOR_LOG_KEPT", Settings { rotator_log_kept: text("36501"), ..base() }),
            ("ROTATOR_LOG_SIZE", Settings { rotator_log_size: text("1023"), ..base() }),
            ("ROTATOR_MASTER_KEY", Settings { rotator_master_key: text("00"), ..base() }),
            ("PROXY_PUBLIC_BASE_URL", Settings { proxy_public_base_url: text("keys"), ..base() }),
            ("RESET_DB_TABLES", Settings { reset_db_tables: text("perhaps"), ..base() }),
        ];
        for (expected, settings) in cases {
            assert_eq!(bad_variable(settings), expected);
        }
    }

    #[test]
    fn no_error_repeats_a_secret() {
        let planted = "planted secret";
        let settings = Settings { global_proxy_keys: Some(planted.to_owned()), ..Settings::default() };
        let error = Config::new(&settings).unwrap_err();
        assert!(!format!("{error}{error:?}").contains("planted"));
    }

    #[test]
    fn global_keys_are_split_and_trimmed() {
        let settings = Settings { global_proxy_keys: Some(" a, b ,,c".to_owned()), ..Settings::default() };
        let keys = Config::new(&settings).unwrap().global_proxy_keys;
        assert_eq!(keys.iter().map(Secret::expose).collect::<Vec<_>>(), ["a", "b", "c"]);
    }

    #[test]
    fn trace_is_for_our_own_code_only() {
        let settings = Settings { log_level: Some("TRACE".to_owned()), ..Settings::default() };
        assert_eq!(Config::new(&settings).unwrap().log.filter, "info,sea_orm_migration=warn,rotator=trace");
    }
}
