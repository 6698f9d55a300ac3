//! Tables in Markdown, which a terminal shows as well.

use super::bounds::Verdict;
use super::report::{Part, Report};

/// How a part is shown.
pub(super) struct Sheet {
    pub(super) part: Part,
    pub(super) title: &'static str,
    /// What is measured, the heading, and how many digits follow the point.
    columns: &'static [(&'static str, &'static str, usize)],
}

/// All parts, in their order.
pub(super) const SHEETS: [Sheet; 7] = [
    Sheet {
        part: Part::Throughput,
        title: "Small JSON `POST`s, as many as are served",
        columns: &[
            ("per_second", "requests a second", 0),
            ("cpu_us", "processor time of each, µs", 1),
            ("redis_cpu_us", "and of Redis, µs", 1),
        ],
    },
    Sheet {
        part: Part::Latency,
        title: "The same at a fixed rate, from when a request was due",
        columns: &[
            ("p50_us", "p50, µs", 0),
            ("p99_us", "p99, µs", 0),
            ("p999_us", "p99.9, µs", 0),
            ("cpu_us", "processor time of each, µs", 1),
        ],
    },
    Sheet {
        part: Part::Bodies,
        title: "64 KB there and back, as many as are served",
        columns: &[("per_second", "requests a second", 0), ("cpu_us", "processor time of each, µs", 1)],
    },
    Sheet {
        part: Part::Events,
        title: "Streams of 1,000 events, as many as are served",
        columns: &[("per_second", "events a second", 0), ("cpu_us", "processor time of each event, µs", 2)],
    },
    Sheet {
        part: Part::Conversion,
        title: "Chats, for clients of the upstream's format (OpenAI) and of another (Anthropic)",
        columns: &[("per_second", "chats or events a second", 0), ("cpu_us", "processor time of each, µs", 1)],
    },
    Sheet {
        part: Part::Memory,
        title: "Memory",
        columns: &[("rest_mib", "at rest, MiB", 1), ("idle_kib", "each idle connection, KiB", 1)],
    },
    Sheet {
        part: Part::Streams,
        title: "Open streams with an event a second each",
        columns: &[
            ("open", "open", 0),
            ("stream_kib", "memory of each, KiB", 1),
            ("events_per_second", "events a second", 0),
            ("late_p50_ms", "late p50, ms", 2),
            ("late_p99_ms", "late p99, ms", 2),
            ("cpu_percent", "processor, %", 0),
        ],
    },
];

// === impl Sheet ===

impl Sheet {
    /// The table, or nothing where the part was not measured. Columns without a figure are left out.
    pub(super) fn table(&self, report: &Report) -> Option<String> {
        let who = report.who(self.part);
        let has_any = |measure: &str| who.iter().any(|who| report.rounds(self.part, who, measure).is_some());
        let columns: Vec<_> = self.columns.iter().filter(|(measure, ..)| has_any(measure)).collect();
        if columns.is_empty() {
            return None;
        }
        let mut rows = vec![
            std::iter::once(String::new())
                .chain(columns.iter().map(|(_, heading, _)| (*heading).to_owned()))
                .collect::<Vec<_>>(),
        ];
        for who in &who {
            let cells = columns.iter().map(|(measure, _, digits)| {
                let value = report.median(self.part, who, measure);
                value.map(|value| with_commas(&format!("{value:.digits$}"))).unwrap_or_default()
            });
            rows.push(std::iter::once((*who).to_owned()).chain(cells).collect());
        }
        Some(markdown(&rows))
    }
}

/// The bounds, what was found, and whether they hold.
pub(super) fn of_verdicts(verdicts: &[Verdict]) -> String {
    let heading = ["", "bound", "found", ""].map(str::to_owned).to_vec();
    let rows = verdicts.iter().map(|verdict| {
        let found = verdict.found.clone().unwrap_or_default();
        vec![verdict.what.clone(), verdict.bound.clone(), found, verdict.told().to_owned()]
    });
    markdown(&std::iter::once(heading).chain(rows).collect::<Vec<_>>())
}

/// A table whose first row is its heading; all but the first column stand at the right.
fn markdown(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default().max(3);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            text += &if column == 0 { format!("| {cell:<width$} ") } else { format!("| {cell:>width$} ") };
        }
        text += "|\n";
        if index == 0 {
            for (column, width) in widths.iter().enumerate() {
                let line = "-".repeat(width - 1);
                text += &if column == 0 { format!("| {line}- ") } else { format!("| {line}: ") };
            }
            text += "|\n";
        }
    }
    text
}

/// With commas between the thousands.
fn with_commas(number: &str) -> String {
    let (whole, rest) = number.find('.').map_or((number, ""), |point| number.split_at(point));
    let digits = whole.len();
    let grouped: String = whole
        .chars()
        .enumerate()
        .flat_map(|(index, digit)| {
            let comma = (index > 0 && (digits - index).is_multiple_of(3)).then_some(',');
            comma.into_iter().chain([digit])
        })
        .collect();
    grouped + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_apart() {
        for (number, expected) in [("1", "1"), ("999", "999"), ("1000", "1,000"), ("1234567.8", "1,234,567.8")] {
            assert_eq!(with_commas(number), expected);
        }
    }

    #[test]
    fn a_table_leaves_out_what_nobody_has() {
        let mut report = Report::default();
        report.add(Part::Throughput, "nginx", "per_second", 40_000.4);
        report.add(Part::Throughput, "nginx", "cpu_us", 12.34);
        report.add(Part::Throughput, "a peer", "per_second", 900.0);
        let table = SHEETS[0].table(&report).unwrap();
        let expected = "\
            |        | requests a second | processor time of each, µs |\n\
            | ------ | ----------------: | -------------------------: |\n\
            | nginx  |            40,000 |                       12.3 |\n\
            | a peer |               900 |                            |\n";
        assert_eq!(table, expected);
        assert!(SHEETS[1].table(&report).is_none());
    }

    #[test]
    fn every_part_has_a_sheet() {
        use clap::ValueEnum;
        let parts: Vec<Part> = SHEETS.iter().map(|sheet| sheet.part).collect();
        assert_eq!(parts, Part::value_variants());
    }
}
