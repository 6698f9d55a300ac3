//! Where a database is.

use rotator_storage_trait::{DatabaseUrl, StorageError, StorageErrorKind};
use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;
use url::Url;

/// Reads `postgres://user:password@host:port/database` and its parameters (`sslmode`, `sslrootcert`, `sslcert`,
/// `sslkey`, `host` for a socket's folder), or `postgresql://...`; what is special in a URL is percent-encoded.
pub(crate) fn parse(url: &DatabaseUrl) -> Result<PgConnectOptions, StorageError> {
    let unsupported = |source: String| {
        StorageError::new(StorageErrorKind::Unsupported, "open the PostgreSQL database").with_source(source)
    };
    let parsed = Url::parse(url.expose()).map_err(|error| unsupported(error.to_string()))?;
    if !matches!(parsed.scheme(), "postgres" | "postgresql") {
        return Err(unsupported("no postgres: URL".to_owned()));
    }
    let named = parsed.path().len() > 1 || parsed.query_pairs().any(|(name, _)| name == "dbname");
    if !named {
        return Err(unsupported("the URL names no database".to_owned()));
    }
    let options = PgConnectOptions::from_url(&parsed).map_err(|error| unsupported(error.to_string()))?;
    // The brackets of an IPv6 address are the URL's, not the address's.
    let host = options.get_host().trim_matches(['[', ']']).to_owned();
    let options = if options.get_socket().is_none() { options.host(&host) } else { options };
    // The text of a statement with a thousand rows helps nobody.
    Ok(options.application_name("api-key-rotator").disable_statement_logging())
}

#[cfg(test)]
mod tests {
    use sqlx::postgres::PgSslMode;

    use super::*;

    fn parts(url: &str) -> (String, u16, String, String) {
        let options = parse(&DatabaseUrl::new(url)).unwrap();
        let text = str::to_owned;
        let database = options.get_database().map(text).unwrap_or_default();
        (text(options.get_host()), options.get_port(), text(options.get_username()), database)
    }

    #[test]
    fn reads_every_spelling_of_a_server() {
        for (url, host, port, user, database) in [
            ("postgres://u:p@db/n", "db", 5432, "u", "n"),
            ("postgresql://u@db:5433/n", "db", 5433, "u", "n"),
            ("postgres://u%40x:p%40ss%2F%3A%23@db/n%20m", "db", 5432, "u@x", "n m"),
            ("postgres://u@[::1]:5434/n", "::1", 5434, "u", "n"),
            ("postgres://u@h?dbname=n&port=5435", "h", 5435, "u", "n"),
        ] {
            assert_eq!(parts(url), (host.to_owned(), port, user.to_owned(), database.to_owned()), "{url}");
        }
        let options = parse(&DatabaseUrl::new("postgres://u@%2Frun%2Fpg/n?sslmode=verify-full")).unwrap();
        assert!(matches!(options.get_ssl_mode(), PgSslMode::VerifyFull));
        assert!(options.get_socket().is_some());
    }

    #[test]
    fn refuses_what_names_no_database() {
        for url in ["postgres:", "postgres://h", "postgres://h/", "postgres://h/n?sslmode=maybe", "mysql://h/n", ""] {
            let error = parse(&DatabaseUrl::new(url)).unwrap_err();
            assert_eq!(error.kind(), &StorageErrorKind::Unsupported, "{url}");
        }
    }
}
