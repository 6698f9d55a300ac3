//! Which database and which cache the settings mean.

mod data_source;

use std::path::{Path, PathBuf};
use std::time::Duration;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use rotator_storage_trait::{DatabaseUrl, StorageOptions};
use url::Url;

use super::{RedisSettings, given, parse, seconds};
use crate::args::Settings;
use crate::error::AppError;

/// Where the rotation state is kept. A Redis URL may hold a password, so it prints its scheme only.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum CacheUrl {
    /// In this process.
    Memory,
    /// In Redis, at this URL.
    Redis(String),
}

/// What would end the path in a `sqlite:` URL, or be decoded in it.
const IN_SQLITE_PATH: AsciiSet = CONTROLS.add(b'%').add(b'?').add(b'#');
const DEFAULT_PATH: &str = "./data/api_key_rotator.db";
const DEFAULT_NAME: &str = "api_key_rotator";

/// The kinds of database by their names in `DB_TYPE`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Sqlite,
    MySql,
    Postgres,
}

// === impl Kind ===

impl Kind {
    fn from_db_type(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "sqlite" | "sqlite3" => Some(Self::Sqlite),
            "mysql" | "mariadb" => Some(Self::MySql),
            "postgres" | "postgresql" | "pg" => Some(Self::Postgres),
            _ => None,
        }
    }

    fn from_scheme(text: &str) -> Option<Self> {
        match text {
            "sqlite" => Some(Self::Sqlite),
            "mysql" | "mariadb" => Some(Self::MySql),
            "postgres" | "postgresql" => Some(Self::Postgres),
            _ => None,
        }
    }
}

// === impl CacheUrl ===

impl std::fmt::Debug for CacheUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Memory => "memory",
            Self::Redis(_) => "redis:*****",
        })
    }
}

/// The database: `DATABASE_URL` by its scheme, else a host or a user, else the SQLite file. `DB_TYPE` must agree.
pub(super) fn database(settings: &Settings) -> Result<DatabaseUrl, AppError> {
    let wanted = match given(settings.db_type.as_deref()) {
        None => None,
        Some(text) => Some(
            Kind::from_db_type(text).ok_or_else(|| AppError::config("DB_TYPE", "must be sqlite, mysql or postgres"))?,
        ),
    };
    // Checked also where it is not used: a bad value shall not wait for the day on which it is.
    let port = parse("DB_PORT", settings.db_port.as_deref(), "must be a port")?;
    if let Some(text) = given(settings.database_url.as_deref()) {
        let url = database_url("DATABASE_URL", text)?;
        let kind = Kind::from_scheme(url.scheme());
        if wanted.is_some() && wanted != kind {
            return Err(AppError::config("DB_TYPE", "does not agree with DATABASE_URL"));
        }
        return Ok(url);
    }
    let has_server = given(settings.db_host.as_deref()).is_some() || given(settings.db_user.as_deref()).is_some();
    match wanted {
        None if has_server => server(settings, Kind::MySql, port),
        None | Some(Kind::Sqlite) => {
            let path = given(settings.database_path.as_deref()).unwrap_or(DEFAULT_PATH);
            Ok(sqlite_file(path))
        }
        Some(kind) => server(settings, kind, port),
    }
}

/// The predecessor's database, as an argument names it: a URL as in `DATABASE_URL`, else a SQLite file that is there. What is
/// neither is not repeated, for it may be a URL with a password.
pub(crate) fn legacy_database(argument: &Path) -> Result<DatabaseUrl, AppError> {
    let variable = "import-legacy";
    let text = argument.to_str().ok_or_else(|| AppError::config(variable, "the name of the file is no UTF-8"))?;
    if argument.exists() {
        return Ok(sqlite_file(text));
    }
    let scheme = text.split(':').next().unwrap_or_default();
    if Kind::from_scheme(scheme).is_some() || text.contains("://") || text.contains('@') {
        return database_url(variable, text);
    }
    let source = "there is no such file, and it is no URL of a database";
    Err(AppError::failed("could not read the predecessor's database", source))
}

fn sqlite_file(path: &str) -> DatabaseUrl {
    DatabaseUrl::new(format!("sqlite:{}", utf8_percent_encode(path, &IN_SQLITE_PATH)))
}

/// The cache: `REDIS_URL`, a host or a port mean Redis, else memory. `CACHE_TYPE` decides where it is set.
pub(super) fn cache(settings: &Settings) -> Result<CacheUrl, AppError> {
    let wants_redis = match given(settings.cache_type.as_deref()).map(str::to_ascii_lowercase).as_deref() {
        None => [&settings.redis_url, &settings.redis_host, &settings.redis_port]
            .into_iter()
            .any(|text| given(text.as_deref()).is_some()),
        Some("memory") => false,
        Some("redis") => true,
        Some(_) => return Err(AppError::config("CACHE_TYPE", "must be memory or redis")),
    };
    // Checked also where they are not used: a bad value shall not wait for the day on which it is.
    let port = parse("REDIS_PORT", settings.redis_port.as_deref(), "must be a port")?.unwrap_or(6379_u16);
    let number: u32 = parse("REDIS_DB", settings.redis_db.as_deref(), "must be a number")?.unwrap_or(0);
    if !wants_redis {
        return Ok(CacheUrl::Memory);
    }
    if let Some(text) = given(settings.redis_url.as_deref()) {
        let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "redis" | "rediss"));
        let url = url.ok_or_else(|| AppError::config("REDIS_URL", "must be redis://... or rediss://..."))?;
        return Ok(CacheUrl::Redis(url.into()));
    }
    let host = given(settings.redis_host.as_deref()).unwrap_or("127.0.0.1");
    let mut url = server_url("redis", "REDIS_HOST", host, port)?;
    url.set_path(&number.to_string());
    if let Some(password) = given(settings.redis_password.as_deref()) {
        url.set_password(Some(password))
            .map_err(|()| AppError::config("REDIS_PASSWORD", "cannot be written into a URL"))?;
    }
    Ok(CacheUrl::Redis(url.into()))
}

/// How the database is used.
pub(super) fn database_options(settings: &Settings) -> Result<StorageOptions, AppError> {
    let usual = StorageOptions::default();
    let most = count("DB_MAX_CONNECTIONS", settings.db_max_connections.as_deref())?;
    let timeout = seconds("DB_ACQUIRE_TIMEOUT", settings.db_acquire_timeout.as_deref())?;
    Ok(StorageOptions {
        max_connections: most.unwrap_or(usual.max_connections),
        acquire_timeout: timeout.unwrap_or(usual.acquire_timeout),
    })
}

/// How Redis is used.
pub(super) fn redis(settings: &Settings) -> Result<RedisSettings, AppError> {
    let prefix = given(settings.redis_prefix.as_deref()).unwrap_or("rotator");
    if !prefix.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte)) {
        return Err(AppError::config("REDIS_PREFIX", "must hold letters, digits and -_.: only"));
    }
    let connections = count("REDIS_MAX_CONNECTIONS", settings.redis_max_connections.as_deref())?.unwrap_or(16);
    Ok(RedisSettings {
        prefix: prefix.to_owned(),
        connections: usize::try_from(connections).unwrap_or(usize::MAX),
        timeout: seconds("REDIS_TIMEOUT", settings.redis_timeout.as_deref())?.unwrap_or(Duration::from_millis(100)),
    })
}

/// A number from 1 on.
fn count(variable: &'static str, text: Option<&str>) -> Result<Option<u32>, AppError> {
    let message = "must be a whole number from 1 on";
    match parse(variable, text, message)? {
        Some(0) => Err(AppError::config(variable, message)),
        number => Ok(number),
    }
}

/// The folder in which a SQLite file lies, or `./data` for every other database.
pub(super) fn folder_of(database: &DatabaseUrl) -> PathBuf {
    let path = database.expose().strip_prefix("sqlite:").map(|path| path.strip_prefix("//").unwrap_or(path));
    let path = path.and_then(|path| path.split('?').next()).filter(|path| !path.starts_with(':'));
    let Some(path) = path.map(|path| percent_decode_str(path).decode_utf8_lossy()) else {
        return PathBuf::from("./data");
    };
    match Path::new(&*path).parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn database_url(variable: &'static str, text: &str) -> Result<DatabaseUrl, AppError> {
    let known = "must be sqlite:PATH, mysql://..., postgres://... or user:pass@tcp(host:port)/db";
    if let Some(url) = data_source::url(variable, text) {
        return Ok(DatabaseUrl::new(url?));
    }
    let url = DatabaseUrl::new(text);
    match Kind::from_scheme(url.scheme()) {
        None => Err(AppError::config(variable, known)),
        Some(Kind::Sqlite) => Ok(url),
        Some(_) if Url::parse(text).is_ok_and(|url| url.has_host()) => Ok(url),
        Some(_) => Err(AppError::config(variable, known)),
    }
}

fn server(settings: &Settings, kind: Kind, port: Option<u16>) -> Result<DatabaseUrl, AppError> {
    let (scheme, default_port) = if kind == Kind::Postgres { ("postgres", 5432) } else { ("mysql", 3306) };
    let host = given(settings.db_host.as_deref()).unwrap_or("127.0.0.1");
    let mut url = server_url(scheme, "DB_HOST", host, port.unwrap_or(default_port))?;
    let user =
        given(settings.db_user.as_deref()).ok_or_else(|| AppError::config("DB_USER", "must be set beside DB_HOST"))?;
    credentials(&mut url, "DB_USER", user, given(settings.db_password.as_deref()))?;
    url.set_path(given(settings.db_name.as_deref()).unwrap_or(DEFAULT_NAME));
    Ok(DatabaseUrl::new(url))
}

fn server_url(scheme: &str, variable: &'static str, host: &str, port: u16) -> Result<Url, AppError> {
    let host = if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.to_owned() };
    Url::parse(&format!("{scheme}://{host}:{port}/"))
        .map_err(|_| AppError::config(variable, "is no name or address of a host"))
}

fn credentials(url: &mut Url, variable: &'static str, user: &str, password: Option<&str>) -> Result<(), AppError> {
    let refuse = |()| AppError::config(variable, "cannot be written into a URL");
    url.set_username(user).map_err(refuse)?;
    url.set_password(password).map_err(refuse)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn the_database_is_found_as_the_predecessor_found_it() {
        let base = Settings::default;
        let cases = [
            (Settings { database_path: text("/x/a.db"), ..base() }, "sqlite:/x/a.db"),
            (Settings { database_path: text("/x/50%?.db"), ..base() }, "sqlite:/x/50%25%3F.db"),
            (Settings { database_url: text("sqlite:///x/a.db"), ..base() }, "sqlite:///x/a.db"),
            (Settings { db_host: text("db"), db_user: text("u"), ..base() }, "mysql://u@db:3306/api_key_rotator"),
            (
                Settings { db_user: text("u"), db_password: text("p@ss/word"), db_name: text("n"), ..base() },
                "mysql://u:p%40ss%2Fword@127.0.0.1:3306/n",
            ),
            (
                Settings { db_type: text("postgres"), db_host: text("::1"), db_user: text("u"), ..base() },
                "postgres://u@[::1]:5432/api_key_rotator",
            ),
            (Settings { database_url: text("u:p@tcp(db:3307)/n"), ..base() }, "mysql://u:p@db:3307/n"),
            (Settings { database_url: text("postgres://u:p@h/n"), ..base() }, "postgres://u:p@h/n"),
        ];
        for (settings, expected) in cases {
            assert_eq!(database(&settings).unwrap().expose(), expected);
        }
    }

    #[test]
    fn the_cache_is_found_as_the_predecessor_found_it() {
        let base = Settings::default;
        let redis = |url: &str| CacheUrl::Redis(url.to_owned());
        let cases = [
            (base(), CacheUrl::Memory),
            (Settings { redis_port: text("6380"), ..base() }, redis("redis://127.0.0.1:6380/0")),
            (
                Settings { redis_host: text("r"), redis_password: text("p"), redis_db: text("3"), ..base() },
                redis("redis://:p@r:6379/3"),
            ),
            (Settings { redis_url: text("rediss://r/1"), ..base() }, redis("rediss://r/1")),
            (Settings { redis_host: text("r"), cache_type: text("memory"), ..base() }, CacheUrl::Memory),
        ];
        for (settings, expected) in cases {
            assert!(cache(&settings).unwrap() == expected);
        }
    }

    #[test]
    fn the_predecessors_database_is_a_file_or_a_url() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("u@tcp(h) 50%?.db");
        std::fs::write(&file, "").unwrap();
        let expected = format!("sqlite:{}/u@tcp(h) 50%25%3F.db", folder.path().display());
        assert_eq!(legacy_database(&file).unwrap().expose(), expected);
        for (argument, expected) in [
            ("sqlite:a.db", "sqlite:a.db"),
            ("mysql://u:p@h/n", "mysql://u:p@h/n"),
            ("u:p@ss@tcp(db:3307)/n?parseTime=True", "mysql://u:p%40ss@db:3307/n"),
        ] {
            assert_eq!(legacy_database(Path::new(argument)).unwrap().expose(), expected);
        }
        for argument in
            ["planted.db", "oracle://u:planted@h/n", "u:planted@unix(/s)/n?tls=own", "u:planted@h/n", "mysql:planted"]
        {
            let error = legacy_database(Path::new(argument)).unwrap_err();
            assert!(!format!("{error:?}").contains("planted"), "{error:?}");
        }
    }

    #[test]
    fn bad_backends_name_their_variable() {
        let base = Settings::default;
        let cases = [
            ("DB_TYPE", Settings { db_type: text("oracle"), ..base() }),
            ("DB_TYPE", Settings { db_type: text("mysql"), database_url: text("sqlite:a"), ..base() }),
            ("DATABASE_URL", Settings { database_url: text("mongodb://h/n"), ..base() }),
            ("DATABASE_URL", Settings { database_url: text("mysql:"), ..base() }),
            ("DATABASE_URL", Settings { database_url: text("u:p@tcp(db:port)/n"), ..base() }),
            ("DB_USER", Settings { db_host: text("db"), ..base() }),
            ("DB_PORT", Settings { db_user: text("u"), db_port: text("x"), ..base() }),
            ("DB_PORT", Settings { db_port: text("70000"), ..base() }),
            ("REDIS_DB", Settings { redis_db: text("first"), ..base() }),
            ("CACHE_TYPE", Settings { cache_type: text("memcached"), ..base() }),
            ("REDIS_URL", Settings { redis_url: text("http://r"), ..base() }),
        ];
        for (expected, settings) in cases {
            let error = database(&settings).err().or_else(|| cache(&settings).err()).unwrap();
            assert!(error.to_string().starts_with(expected), "{error}");
        }
    }

    #[test]
    fn the_master_key_lies_beside_the_database() {
        let folder = |url: &str| folder_of(&DatabaseUrl::new(url));
        assert_eq!(folder("sqlite:/x/y/a.db"), Path::new("/x/y"));
        assert_eq!(folder("sqlite:///x/a.db?mode=rwc"), Path::new("/x"));
        assert_eq!(folder("sqlite:a.db"), Path::new("."));
        assert_eq!(folder("sqlite::memory:"), Path::new("./data"));
        assert_eq!(folder("mysql://h/n"), Path::new("./data"));
    }
}
