//! Queries as lists of raw pairs: what stays is passed on byte for byte.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// The decoded values of every parameter called `name`.
pub(crate) fn values<'a>(query: &'a str, name: &'a str) -> impl Iterator<Item = Vec<u8>> + 'a {
    pairs(query).filter(move |(key, _)| is(key, name)).map(|(_, value)| decode(value))
}

/// The query without the parameters that `unwanted(decoded name, decoded value)` picks out.
pub(crate) fn without(query: &str, unwanted: impl Fn(&[u8], &[u8]) -> bool) -> String {
    let kept = query.split('&').filter(|pair| {
        let (key, value) = split(pair);
        pair.is_empty() || !unwanted(&decode(key), &decode(value))
    });
    kept.collect::<Vec<_>>().join("&")
}

/// The query with stars in the place of the values of parameters that `is_hidden(decoded name)` picks out.
pub(crate) fn replaced(query: &str, is_hidden: impl Fn(&[u8]) -> bool) -> String {
    let shown = query.split('&').map(|pair| match pair.split_once('=') {
        Some((key, _)) if is_hidden(&decode(key)) => Cow::Owned(format!("{key}=*****")),
        _ => Cow::Borrowed(pair),
    });
    shown.collect::<Vec<_>>().join("&")
}

/// Joins the parts that are not empty with `&`; nothing when all are.
pub(crate) fn join(parts: [Option<&str>; 3]) -> Option<String> {
    let parts: Vec<&str> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    (!parts.is_empty()).then(|| parts.join("&"))
}

fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query.split('&').map(split)
}

fn split(pair: &str) -> (&str, &str) {
    pair.split_once('=').unwrap_or((pair, ""))
}

fn is(key: &str, name: &str) -> bool {
    key == name || decode(key) == name.as_bytes()
}

/// Decodes as forms do, `+` as a space.
fn decode(text: &str) -> Vec<u8> {
    if text.contains('+') {
        percent_decode_str(&text.replace('+', " ")).collect()
    } else {
        percent_decode_str(text).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_values_under_every_spelling_of_the_name() {
        let found: Vec<_> = values("a=1&key=x%20y&%6bey=z&key", "key").collect();
        assert_eq!(found, [b"x y".to_vec(), b"z".to_vec(), b"".to_vec()]);
    }

    #[test]
    fn what_stays_is_untouched() {
        let query = "b=%2F&&key=1&a=1&a=2&c&d=e=f&%6Bey=2";
        assert_eq!(without(query, |name, _| name == b"key"), "b=%2F&&a=1&a=2&c&d=e=f");
    }

    #[test]
    fn joining_leaves_out_what_is_empty() {
        assert_eq!(join([None, Some(""), None]), None);
        assert_eq!(join([Some("a=1"), Some(""), Some("b=2")]).as_deref(), Some("a=1&b=2"));
    }
}
