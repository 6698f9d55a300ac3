//! Lists of models (<https://platform.claude.com/docs/en/api/models-list>).

use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::value::RawValue;

use super::wire;
use crate::ir::{Model, ModelPage};
use crate::json::{Object, document};
use crate::{Invalid, UpstreamCall};

const PATH: &str = "/v1/models";
/// The most that the vendor gives at once.
const WHOLE_LIST: &str = "limit=1000";
const OWNER: &str = "anthropic";
/// What stands in a path as it is.
const ENCODED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':').remove(b'@');
const SECONDS_OF_DAY: i64 = 86_400;
/// From 0000-03-01 to 1970-01-01.
const DAYS_BEFORE_EPOCH: i64 = 719_468;
/// Of 400 years.
const DAYS_OF_ERA: i64 = 146_097;

#[derive(Serialize)]
struct WrittenPage<'a> {
    data: Vec<Written<'a>>,
    has_more: bool,
    first_id: Option<&'a str>,
    last_id: Option<&'a str>,
}

#[derive(Serialize)]
struct Written<'a> {
    r#type: &'static str,
    id: &'a str,
    display_name: &'a str,
    created_at: String,
    max_input_tokens: Option<u64>,
    max_tokens: Option<u64>,
}

/// The request for the list, or for one model.
pub(super) fn call(model: Option<&str>) -> UpstreamCall {
    wire::with_version(match model {
        Some(model) => UpstreamCall::get(format!("{PATH}/{}", utf8_percent_encode(model, ENCODED))),
        None => UpstreamCall { query: Some(WHOLE_LIST.to_owned()), ..UpstreamCall::get(PATH) },
    })
}

/// Reads a list.
pub(super) fn read_page(body: &[u8]) -> Result<ModelPage, Invalid> {
    let object = Object::read(document(body)?)?;
    if !object.has("data") {
        return Err(Invalid::new("is missing").at("data"));
    }
    let models = object.each("data", read_model)?;
    let next = object.text("last_id")?.filter(|_| object.flag("has_more") == Ok(Some(true)));
    Ok(ModelPage { models, next })
}

/// Reads what is told of one model.
pub(super) fn read(body: &[u8]) -> Result<Model, Invalid> {
    read_model(document(body)?)
}

/// Writes a list. What asks for the next page is the last id.
pub(super) fn write_page(page: &ModelPage) -> Bytes {
    let ends = (page.models.first(), page.models.last());
    let written = WrittenPage {
        data: page.models.iter().map(written).collect(),
        has_more: page.next.is_some(),
        first_id: ends.0.map(|model| model.id.as_str()),
        last_id: page.next.as_deref().or(ends.1.map(|model| model.id.as_str())),
    };
    serde_json::to_vec(&written).unwrap_or_default().into()
}

/// Writes what is told of one model.
pub(super) fn write(model: &Model) -> Bytes {
    serde_json::to_vec(&written(model)).unwrap_or_default().into()
}

fn read_model(raw: &RawValue) -> Result<Model, Invalid> {
    let object = Object::read_leniently(raw)?;
    Ok(Model {
        id: object.required_text("id")?,
        display_name: object.text("display_name")?,
        created: object.text("created_at")?.and_then(|text| seconds(&text)),
        owner: Some(OWNER.to_owned()),
        input_limit: object.count("max_input_tokens")?,
        output_limit: object.count("max_tokens")?,
    })
}

/// A time that is not known is the earliest, as the vendor does it.
fn written(model: &Model) -> Written<'_> {
    Written {
        r#type: "model",
        id: &model.id,
        display_name: model.display_name.as_deref().unwrap_or(&model.id),
        created_at: rfc3339(model.created.unwrap_or_default()),
        max_input_tokens: model.input_limit,
        max_tokens: model.output_limit,
    }
}

/// Reads a time such as `2025-02-24T00:00:00Z`, to the second.
fn seconds(text: &str) -> Option<i64> {
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok().filter(|number| *number >= 0);
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let zone = text.get(19..)?.trim_start_matches(|letter: char| letter == '.' || letter.is_ascii_digit());
    let offset = match zone.split_at_checked(1)? {
        ("Z" | "z", "") => 0,
        (sign @ ("+" | "-"), rest) => {
            let (hours, minutes) = rest.split_once(':')?;
            let ahead = hours.parse::<i64>().ok()? * 3_600 + minutes.parse::<i64>().ok()? * 60;
            if sign == "+" { ahead } else { -ahead }
        }
        _ => return None,
    };
    // Howard Hinnant's `days_from_civil` (<https://howardhinnant.github.io/date_algorithms.html>); years begin in March.
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let of_era = year.rem_euclid(400) * 365 + year.rem_euclid(400) / 4 - year.rem_euclid(400) / 100 + day_of_year;
    let days = year.div_euclid(400) * DAYS_OF_ERA + of_era - DAYS_BEFORE_EPOCH;
    Some(days * SECONDS_OF_DAY + hour * 3_600 + minute * 60 + second - offset)
}

/// Writes a time in UTC.
fn rfc3339(seconds: i64) -> String {
    let (days, second) = (seconds.div_euclid(SECONDS_OF_DAY), seconds.rem_euclid(SECONDS_OF_DAY));
    // His `civil_from_days`.
    let days = days + DAYS_BEFORE_EPOCH;
    let (era, of_era) = (days.div_euclid(DAYS_OF_ERA), days.rem_euclid(DAYS_OF_ERA));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written() {
        let cases = [
            ("1970-01-01T00:00:00Z", 0),
            ("2025-02-24T12:34:56Z", 1_740_400_496),
            ("2024-02-29T23:59:59Z", 1_709_251_199),
            ("2000-03-01T00:00:00Z", 951_868_800),
            ("1969-12-31T23:59:59Z", -1),
        ];
        for (text, expected) in cases {
            assert_eq!((seconds(text), rfc3339(expected).as_str()), (Some(expected), text));
        }
        assert_eq!(seconds("2025-02-24T12:34:56.789012Z"), Some(1_740_400_496));
        assert_eq!(seconds("2025-02-24T14:34:56+02:00"), Some(1_740_400_496));
        for odd in ["", "2025", "2025-02-24T12:34:56", "2025-02-24T12:34:56X", "-025-02-24T12:34:56Z", "é025-02-24"] {
            assert_eq!(seconds(odd), None, "{odd}");
        }
    }

    #[test]
    fn a_page_that_is_written_is_read_the_same() {
        let model = |id: &str| Model {
            id: id.into(),
            display_name: Some("Name".into()),
            created: Some(1_740_400_496),
            owner: Some(OWNER.into()),
            input_limit: Some(200_000),
            output_limit: None,
        };
        for next in [None, Some("b".to_owned())] {
            let page = ModelPage { models: vec![model("a"), model("b")], next };
            assert_eq!(read_page(&write_page(&page)), Ok(page));
        }
        assert_eq!(read(&write(&model("a"))), Ok(model("a")));
        let bare = Model { id: "m".into(), ..Model::default() };
        let expected = r#"{"type":"model","id":"m","display_name":"m","created_at":"1970-01-01T00:00:00Z","max_input_tokens":null,"max_tokens":null}"#;
        assert_eq!(&write(&bare)[..], expected.as_bytes());
        assert_eq!(read_page(b"{}").unwrap_err().to_string(), "data: is missing");
    }

    #[test]
    fn the_name_of_a_model_stays_within_the_path() {
        let call = super::call(Some("a/b?c d"));
        assert_eq!((call.path.as_str(), call.query), ("/v1/models/a%2Fb%3Fc%20d", None));
        assert_eq!(super::call(None).query.as_deref(), Some(WHOLE_LIST));
        assert_eq!(super::call(None).headers.len(), 1);
    }
}
