//! The data source names of Go's MySQL driver, as the predecessor took them:
//! <https://github.com/go-sql-driver/mysql#dsn-data-source-name>.

use percent_encoding::percent_decode_str;

use super::{credentials, parse, server_url};
use crate::error::AppError;

/// Where the server is.
enum Address<'a> {
    Host(&'a str),
    Socket(&'a str),
}

/// Reads `user:pass@tcp(host:port)/db?...` or `user:pass@unix(/path)/db?...` and gives the URL that means the same; `None`
/// where it is neither. Of the parameters `tls` counts; all others concern that driver only (`parseTime`, `charset`, `loc`).
pub(super) fn url(variable: &'static str, text: &str) -> Option<Result<String, AppError>> {
    let (credentials, address, rest) = split(text)?;
    let (name, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    Some(written(variable, credentials, &address, name, parameters))
}

fn split(text: &str) -> Option<(&str, Address<'_>, &str)> {
    let network = |begin| {
        let (credentials, rest) = text.rsplit_once(begin)?;
        let (address, rest) = rest.split_once(")/")?;
        Some((credentials, address, rest))
    };
    if let Some((credentials, address, rest)) = network("@tcp(") {
        return Some((credentials, Address::Host(address), rest));
    }
    let (credentials, address, rest) = network("@unix(")?;
    Some((credentials, Address::Socket(address), rest))
}

fn written(
    variable: &'static str,
    user: &str,
    address: &Address<'_>,
    name: &str,
    parameters: &str,
) -> Result<String, AppError> {
    let (user, password) = user.split_once(':').unwrap_or((user, ""));
    let (host, port) = match address {
        Address::Host(address) => address.rsplit_once(':').unwrap_or((address, "3306")),
        Address::Socket(_) => ("localhost", "3306"),
    };
    let port = parse(variable, Some(port), "has a bad port")?.unwrap_or(3306);
    let mut url = server_url("mysql", variable, host, port)?;
    credentials(&mut url, variable, user, Some(password).filter(|password| !password.is_empty()))?;
    url.set_path(name);
    if let Address::Socket(path) = address {
        url.query_pairs_mut().append_pair("socket", path);
    }
    if let Some(mode) = tls(variable, parameters)? {
        url.query_pairs_mut().append_pair("ssl-mode", mode);
    }
    Ok(url.into())
}

/// What `tls` means here.
fn tls(variable: &'static str, parameters: &str) -> Result<Option<&'static str>, AppError> {
    let mut pairs = parameters.split('&').filter_map(|pair| pair.split_once('='));
    let Some((_, value)) = pairs.rfind(|(name, _)| *name == "tls") else { return Ok(None) };
    match &*percent_decode_str(value).decode_utf8_lossy().to_ascii_lowercase() {
        "true" | "1" => Ok(Some("VERIFY_IDENTITY")),
        "false" | "0" => Ok(Some("DISABLED")),
        "skip-verify" => Ok(Some("REQUIRED")),
        "preferred" => Ok(Some("PREFERRED")),
        _ => Err(AppError::config(
            variable,
            "has a tls that is none of true, false, skip-verify and preferred; for certificates of your own write \
             mysql://user:pass@host:port/db?ssl-mode=VERIFY_IDENTITY&ssl-ca=FILE",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_read() {
        let url = |text| url("DATABASE_URL", text);
        for (text, expected) in [
            ("u:p@ss@tcp(db:3307)/n?charset=utf8mb4&parseTime=True", "mysql://u:p%40ss@db:3307/n"),
            ("u:p@tcp(db)/n", "mysql://u:p@db:3306/n"),
            ("u@tcp([::1]:3306)/n", "mysql://u@[::1]:3306/n"),
            (
                "u:p:a/s@unix(/run/my sql/m.sock)/n?loc=Local",
                "mysql://u:p%3Aa%2Fs@localhost:3306/n?socket=%2Frun%2Fmy+sql%2Fm.sock",
            ),
            ("u:p@tcp(db)/n?tls=true", "mysql://u:p@db:3306/n?ssl-mode=VERIFY_IDENTITY"),
            ("u:p@tcp(db)/n?a=b&tls=skip-verify&loc=Local", "mysql://u:p@db:3306/n?ssl-mode=REQUIRED"),
            ("u:p@tcp(db)/n?tls=preferred", "mysql://u:p@db:3306/n?ssl-mode=PREFERRED"),
            ("u:p@tcp(db)/n?tls=False", "mysql://u:p@db:3306/n?ssl-mode=DISABLED"),
            ("u:p@unix(/m.sock)/n?tls=false", "mysql://u:p@localhost:3306/n?socket=%2Fm.sock&ssl-mode=DISABLED"),
        ] {
            assert_eq!(url(text).unwrap().unwrap(), expected);
        }
        assert!(url("mysql://u:p@db/n").is_none() && url("u:p@udp(db)/n").is_none());
    }

    #[test]
    fn what_cannot_be_meant_here_names_the_variable_and_no_secret() {
        let url = |text| url("DATABASE_URL", text);
        for text in ["u:p@tcp(db:port)/n", "u:p@tcp(d b)/n", "u:p@tcp(db)/n?tls=custom-name"] {
            let error = url(text).unwrap().unwrap_err().to_string();
            assert!(error.starts_with("DATABASE_URL: ") && !error.contains("u:p"), "{error}");
        }
        let error = url("u:p@tcp(db)/n?tls=custom-name").unwrap().unwrap_err().to_string();
        assert!(error.contains("skip-verify") && error.contains("ssl-ca"), "{error}");
    }
}
