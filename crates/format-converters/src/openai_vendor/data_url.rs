//! Data URLs (RFC 2397), in which OpenAI's formats carry the bytes of media.

/// Takes a data URL apart: the media type, where it says one, and the base64. `None` where it is another URL, or its data
/// are not in base64.
pub(crate) fn read(url: &str) -> Option<(Option<String>, String)> {
    let scheme = url.get(..5)?;
    let rest = url.get(5..).filter(|_| scheme.eq_ignore_ascii_case("data:"))?;
    let (kind, data) = rest.split_once(',')?;
    let mut parameters = kind.split(';');
    let mime = parameters.next().map(str::trim).filter(|mime| !mime.is_empty()).map(str::to_ascii_lowercase);
    parameters.any(|parameter| parameter.trim().eq_ignore_ascii_case("base64")).then(|| (mime, data.to_owned()))
}

/// Whether it is a data URL, be it one that [`read`] does not understand.
pub(crate) fn is_one(url: &str) -> bool {
    url.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"))
}

/// Writes base64 of a media type.
pub(crate) fn write(mime: &str, base64: &str) -> String {
    format!("data:{mime};base64,{base64}")
}

/// The media type of a picture by the first bytes of its base64; PNG where they tell nothing.
pub(crate) fn image_type(base64: &str) -> &'static str {
    let known = [("/9j/", "image/jpeg"), ("R0lGOD", "image/gif"), ("UklGR", "image/webp")];
    known.into_iter().find(|(start, _)| base64.starts_with(start)).map_or("image/png", |(_, mime)| mime)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_base64_is_taken_apart() {
        let cases = [
            ("data:image/png;base64,AAAA", Some((Some("image/png"), "AAAA"))),
            ("DATA:Text/Plain;charset=utf-8;BASE64,QQ==", Some((Some("text/plain"), "QQ=="))),
            ("data:;base64,QQ==", Some((None, "QQ=="))),
            ("data:text/plain,hello", None),
            ("data:image/png;base64", None),
            ("https://example.com/a.png", None),
            ("dat\u{e9}:", None),
            ("", None),
        ];
        for (url, expected) in cases {
            let expected =
                expected.map(|(mime, data): (Option<&str>, &str)| (mime.map(str::to_owned), data.to_owned()));
            assert_eq!(read(url), expected, "{url}");
        }
        assert_eq!(read(&write("image/gif", "R0lG")), Some((Some("image/gif".into()), "R0lG".into())));
        assert!(is_one("Data:text/plain,x") && !is_one("http://x"));
        assert_eq!((image_type("/9j/4AA"), image_type("iVBOR")), ("image/jpeg", "image/png"));
    }
}
