//! One line of the journal: figures of a subject in a minute, as JSON.

use std::collections::BTreeMap;

use rotator_domain::{ClientKeyId, Figure, KeyId, ServiceId, Timestamp, UsageFigures, UsageSubject};
use serde::{Deserialize, Serialize, Serializer};

/// A line that is written.
#[derive(Serialize)]
struct Written<'a> {
    at: i64,
    service: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a str>,
    figures: Named<'a>,
}

struct Named<'a>(&'a UsageFigures);

/// A line that is read.
#[derive(Deserialize)]
struct Read {
    at: i64,
    service: i64,
    key: Option<i64>,
    client: Option<i64>,
    model: Option<String>,
    figures: BTreeMap<String, u64>,
}

/// Appends a line.
pub(crate) fn write(line: &mut Vec<u8>, at: Timestamp, subject: &UsageSubject, figures: &UsageFigures) {
    let written = Written {
        at: at.as_millis(),
        service: subject.service.0,
        key: subject.key.map(|key| key.0),
        client: subject.client.map(|client| client.0),
        model: subject.model.as_deref(),
        figures: Named(figures),
    };
    // Writing numbers and texts into memory does not fail.
    if serde_json::to_writer(&mut *line, &written).is_ok() {
        line.push(b'\n');
    }
}

/// Reads a line; `None` for one that is no line of a journal, such as one that a power failure has cut off.
pub(crate) fn read(line: &[u8]) -> Option<(Timestamp, UsageSubject, UsageFigures)> {
    let Read { at, service, key, client, model, figures } = serde_json::from_slice(line).ok()?;
    let subject =
        UsageSubject { service: ServiceId(service), key: key.map(KeyId), client: client.map(ClientKeyId), model };
    // A figure that only a newer version knows cannot be kept by this one.
    let figures = figures.into_iter().filter_map(|(name, value)| Some((Figure::from_name(&name)?, value)));
    Some((Timestamp::from_millis(at), subject, figures.collect()))
}

impl Serialize for Named<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(figure, value)| (figure.name(), value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_reads_back() {
        let figures: UsageFigures = Figure::ALL.into_iter().zip(1..).collect();
        let subjects = [
            UsageSubject { service: ServiceId(1), key: None, client: None, model: None },
            UsageSubject {
                service: ServiceId(1),
                key: Some(KeyId(2)),
                client: Some(ClientKeyId(3)),
                model: Some("a\n\"🔑\"\0".to_owned()),
            },
        ];
        for subject in subjects {
            let mut line = Vec::new();
            write(&mut line, Timestamp::from_millis(60_000), &subject, &figures);
            assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
            assert_eq!(read(&line), Some((Timestamp::from_millis(60_000), subject, figures.clone())));
            for length in 0..line.len() - 1 {
                assert_eq!(read(&line[..length]), None);
            }
        }
    }

    #[test]
    fn figures_of_a_newer_version_are_left_out() {
        let line = br#"{"at":0,"service":1,"figures":{"requests":2,"of_tomorrow":3},"more":4}"#;
        assert_eq!(read(line).unwrap().2.iter().collect::<Vec<_>>(), [(Figure::Requests, 2)]);
    }
}
