//! One line of the journal: figures of a subject in a minute, as JSON.

use std::collections::BTreeMap;

use rotator_domain::{ClientKeyId, Figure, KeyId, ServiceId, Timestamp, UsageFigures, UsageSubject};
use serde::Deserialize;

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

/// Appends a line. Every request writes one: all but the model are numbers and names without anything to escape, which a serializer
/// would look for.
pub(crate) fn write(line: &mut Vec<u8>, at: Timestamp, subject: &UsageSubject, figures: &UsageFigures) {
    let UsageSubject { service, key, client, model } = subject;
    number(line, "{\"at\":", at.as_millis());
    number(line, ",\"service\":", service.0);
    if let Some(key) = key {
        number(line, ",\"key\":", key.0);
    }
    if let Some(client) = client {
        number(line, ",\"client\":", client.0);
    }
    if let Some(model) = model {
        line.extend_from_slice(b",\"model\":");
        // Writing a text into memory does not fail.
        drop(serde_json::to_writer(&mut *line, model));
    }
    line.extend_from_slice(b",\"figures\":{");
    let mut before = "\"";
    for (figure, value) in figures.iter() {
        line.extend_from_slice(before.as_bytes());
        line.extend_from_slice(figure.name().as_bytes());
        number(line, "\":", value);
        before = ",\"";
    }
    line.extend_from_slice(b"}}\n");
}

fn number(line: &mut Vec<u8>, before: &str, value: impl itoa::Integer) {
    line.extend_from_slice(before.as_bytes());
    line.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
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
        for (subject, figures) in subjects.into_iter().zip([figures, UsageFigures::default()]) {
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
