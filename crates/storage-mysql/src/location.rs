//! Where a database is.

use rotator_storage_trait::{DatabaseUrl, StorageError, StorageErrorKind};
use sqlx::ConnectOptions;
use sqlx::mysql::MySqlConnectOptions;
use url::Url;

/// Reads `mysql://user:password@host:port/database` and its parameters (`ssl-mode`, `ssl-ca`, `ssl-cert`, `ssl-key`,
/// `socket`), or `mariadb://...`; what is special in a URL is percent-encoded.
pub(crate) fn parse(url: &DatabaseUrl) -> Result<MySqlConnectOptions, StorageError> {
    let unsupported = |source: String| {
        StorageError::new(StorageErrorKind::Unsupported, "open the MySQL database").with_source(source)
    };
    let mut parsed = Url::parse(url.expose()).map_err(|error| unsupported(error.to_string()))?;
    if !matches!(parsed.scheme(), "mysql" | "mariadb") {
        return Err(unsupported("no mysql: URL".to_owned()));
    }
    // A session's time zone and character set are this program's own affair.
    let own = ["timezone", "time-zone", "charset", "collation"];
    let kept = |(name, _): &(_, _)| !own.contains(&std::convert::AsRef::<str>::as_ref(name));
    let parameters: Vec<(String, String)> = parsed.query_pairs().into_owned().filter(|pair| kept(pair)).collect();
    parsed.query_pairs_mut().clear().extend_pairs(parameters);
    let options = MySqlConnectOptions::from_url(&parsed).map_err(|error| unsupported(error.to_string()))?;
    if options.get_database().is_none() {
        return Err(unsupported("the URL names no database".to_owned()));
    }
    // The brackets of an IPv6 address are the URL's, not the address's.
    let host = options.get_host().trim_matches(['[', ']']).to_owned();
    // The text of a statement with a thousand rows helps nobody.
    Ok(options.host(&host).charset("utf8mb4").pipes_as_concat(false).disable_statement_logging())
}

#[cfg(test)]
mod tests {
    use sqlx::mysql::MySqlSslMode;

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
            ("mysql://u:p@db/n", "db", 3306, "u", "n"),
            ("mariadb://u@db:3307/n", "db", 3307, "u", "n"),
            ("mysql://u%40x:p%40ss%2F%3A%23@db/n%20m?charset=latin1&collation=latin1_bin", "db", 3306, "u@x", "n m"),
            ("mysql://u@[::1]:3308/n?timezone=SYSTEM", "::1", 3308, "u", "n"),
        ] {
            assert_eq!(parts(url), (host.to_owned(), port, user.to_owned(), database.to_owned()), "{url}");
        }
        let options = parse(&DatabaseUrl::new("mysql://u@h/n?socket=/run/s&ssl-mode=VERIFY_IDENTITY")).unwrap();
        assert!(matches!(options.get_ssl_mode(), MySqlSslMode::VerifyIdentity));
        assert_eq!((options.get_charset(), options.get_collation()), ("utf8mb4", None));
        assert!(options.get_socket().is_some());
    }

    #[test]
    fn refuses_what_names_no_database() {
        for url in ["mysql:", "mysql://", "mysql://h", "mysql://h/", "mysql://h/n?ssl-mode=MAYBE", "postgres://h/n", ""]
        {
            let error = parse(&DatabaseUrl::new(url)).unwrap_err();
            assert_eq!(error.kind(), &StorageErrorKind::Unsupported, "{url}");
        }
    }
}
