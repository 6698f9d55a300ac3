//! The part of `docs/performance.md` that is written from a measurement, and the files beside it.

use std::path::Path;

use super::bounds::{self, Verdict};
use super::chart::{Bar, Chart};
use super::contestant::Kind;
use super::report::{Part, Report};
use super::table::{self, SHEETS};
use crate::error::TaskError;
use crate::workspace::Workspace;

const DOCUMENT: &str = "docs/performance.md";
/// The folder of the plots and of the JSON.
const FOLDER: &str = "docs/performance";
const BEGIN: &str = "<!-- written by `cargo xtask bench compare --write`: begin -->\n";
const END: &str = "<!-- end of what is written -->\n";

/// Writes the document's part anew, the plots and the JSON.
pub(super) fn write(workspace: &Workspace, report: &Report, verdicts: &[Verdict]) -> Result<(), TaskError> {
    let folder = workspace.path(FOLDER);
    std::fs::create_dir_all(&folder).map_err(|error| TaskError::failed(FOLDER, error))?;
    let charts = charts(report);
    for (name, chart) in &charts {
        put(&folder.join(format!("{name}.svg")), &chart.to_svg())?;
    }
    put(&folder.join("compare.json"), &json(report))?;
    let section = section(report, verdicts, &charts);
    let written = replaced(&workspace.read(DOCUMENT)?, &section);
    let written = written.ok_or_else(|| TaskError::Failed(format!("{DOCUMENT} lacks the markers {BEGIN}{END}")))?;
    put(&workspace.path(DOCUMENT), &written)
}

/// The measurement as a file, one figure a line.
pub(super) fn json(report: &Report) -> String {
    report.to_json().to_string().replace("{\"measure\"", "\n{\"measure\"") + "\n"
}

/// Writes a file.
pub(super) fn put(path: &Path, text: &str) -> Result<(), TaskError> {
    std::fs::write(path, text).map_err(|source| TaskError::File { path: path.display().to_string(), source })
}

/// What is shown as plots, by the names of their files; what was not measured is not.
fn charts(report: &Report) -> Vec<(&'static str, Chart)> {
    let nginx = Kind::Nginx.name();
    let beside_nginx = |part, measure, times: f64| {
        report.median(part, nginx, measure).map(|nginx| (format!("{times} times nginx"), nginx * times))
    };
    let charts = [
        (
            "processor",
            Part::Throughput,
            "cpu_us",
            "Processor time of a request, µs",
            1,
            beside_nginx(Part::Throughput, "cpu_us", bounds::PROCESSOR),
        ),
        ("throughput", Part::Throughput, "per_second", "Requests a second on one processor", 0, None),
        (
            "latency",
            Part::Latency,
            "p99_us",
            "p99 at a fixed rate, µs",
            0,
            beside_nginx(Part::Latency, "p99_us", bounds::LATENCY),
        ),
        (
            "streams",
            Part::Streams,
            "stream_kib",
            "Memory of an open stream, KiB",
            1,
            Some((format!("{} KiB", bounds::OPEN_STREAM), bounds::OPEN_STREAM)),
        ),
    ];
    let drawn = charts.into_iter().map(|(name, part, measure, title, digits, bound)| {
        let bars = report.who(part).into_iter().filter_map(|who| {
            let value = report.median(part, who, measure)?;
            Some(Bar { label: who.to_owned(), value, is_own: who.starts_with(Kind::Server.name()) })
        });
        (name, Chart { title: title.to_owned(), bars: bars.collect(), bound, digits })
    });
    drawn.filter(|(_, chart)| !chart.bars.is_empty()).collect()
}

/// What stands between the markers.
fn section(report: &Report, verdicts: &[Verdict], charts: &[(&'static str, Chart)]) -> String {
    let about: Vec<String> = report.about.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let mut text = format!("{}.\n\n{}", about.join("; "), table::of_verdicts(verdicts));
    for sheet in &SHEETS {
        if let Some(table) = sheet.table(report) {
            text += &format!("\n**{}**\n\n{table}", sheet.title);
        }
    }
    for (name, chart) in charts {
        text += &format!("\n![{}](performance/{name}.svg)\n", chart.title);
    }
    for line in &report.left_out {
        text += &format!("\nLeft out: {line}.\n");
    }
    text
}

/// The document with a new part between the markers; nothing where they are not there.
fn replaced(document: &str, section: &str) -> Option<String> {
    let (before, rest) = document.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}{section}{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_markers_changes() {
        let document = format!("# Title\n\n{BEGIN}old\n{END}\nThe rest.\n");
        let written = replaced(&document, "new\n").unwrap();
        assert_eq!(written, format!("# Title\n\n{BEGIN}new\n{END}\nThe rest.\n"));
        assert_eq!(replaced(&written, "new\n").unwrap(), written);
        assert!(replaced("# Title\n", "new\n").is_none());
        assert!(replaced(&format!("{END}{BEGIN}"), "new\n").is_none());
    }

    #[test]
    fn a_section_tells_figures_bounds_plots_and_what_is_missing() {
        let mut report = Report::default();
        report.about.push(("rounds".to_owned(), "3".to_owned()));
        for (who, value) in [("nginx", 10.0), ("rotator", 20.0)] {
            report.add(Part::Throughput, who, "cpu_us", value);
        }
        report.left_out.push("haproxy is missing".to_owned());
        let charts = charts(&report);
        assert_eq!(charts.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["processor"]);
        assert_eq!(charts[0].1.bound, Some(("1.5 times nginx".to_owned(), 15.0)));
        let text = section(&report, &bounds::judge(&report), &charts);
        for part in [
            "rounds: 3.\n",
            "2.00 times |",
            "| nginx   |",
            "(performance/processor.svg)",
            "Left out: haproxy is missing.",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert_eq!(Report::from_json(&json(&report)).unwrap(), report);
    }
}
