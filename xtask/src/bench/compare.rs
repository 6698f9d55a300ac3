//! `bench compare`: this server beside the upstream alone, nginx, HAProxy and others, in one run on one machine.

mod bounds;
mod chart;
mod contestant;
mod document;
mod generator;
mod parts;
mod place;
mod proxies;
mod report;
mod table;

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;

use self::contestant::{Contestant, Ground, Peer};
use self::generator::Generator;
use self::parts::Bench;
use self::place::Place;
use self::report::{Part, Report};
use self::table::SHEETS;
use crate::error::TaskError;
use crate::process::{self, cargo};
use crate::server::Server;
use crate::workspace::Workspace;

/// Where the figures are kept, below cargo's folder.
const KEPT: &str = "bench-compare.json";

/// What is compared, and how.
#[derive(Args)]
pub(crate) struct Comparison {
    /// Only these parts; all when absent.
    #[arg(long, value_delimiter = ',')]
    only: Vec<Part>,
    /// Rounds of each load, in turn.
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Seconds of each load.
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// Connections that ask, each with one request at a time.
    #[arg(long, default_value_t = 64)]
    connections: u32,
    /// Requests a second where the rate is fixed.
    #[arg(long, default_value_t = 5000.0)]
    rate: f64,
    /// Connections that do nothing.
    #[arg(long, default_value_t = 1000)]
    idle: u32,
    /// Streams that stay open.
    #[arg(long, default_value_t = 5000)]
    streams: u32,
    /// Measure this `rotator-server`, with the backends of the enterprise edition, instead of building one.
    #[arg(long, value_name = "PATH")]
    server: Option<PathBuf>,
    /// The lightweight edition instead of building it.
    #[arg(long, value_name = "PATH")]
    lightweight: Option<PathBuf>,
    /// A proxy that runs already, by the URL that small `POST`s go to.
    #[arg(long, value_name = "NAME=URL")]
    peer: Vec<Peer>,
    /// A header for peers, as in `Authorization: Bearer sk-1`.
    #[arg(long, value_name = "HEADER")]
    peer_header: Vec<String>,
    /// The id of a peer's first process, in the order of the peers; their processor time is measured then.
    #[arg(long, value_name = "PID")]
    peer_process: Vec<u32>,
    /// The upstream's port, for peers that are to ask it; a free one when absent.
    #[arg(long, default_value_t = 0)]
    upstream_port: u16,
    /// Where to write the figures.
    #[arg(long, value_name = "PATH")]
    json: Option<PathBuf>,
    /// Judge and write figures that were kept, and measure nothing.
    #[arg(long, value_name = "PATH")]
    from: Option<PathBuf>,
    /// Write the figures into docs/performance.md, with plots.
    #[arg(long)]
    write: bool,
}

/// Measures, prints and judges; an error where a bound is broken.
pub(super) async fn measure(workspace: &Workspace, comparison: &Comparison) -> Result<(), TaskError> {
    let report = match &comparison.from {
        Some(kept) => Report::from_json(&crate::workspace::read(kept)?)?,
        None => {
            let report = measured(workspace, comparison).await?;
            let kept = comparison.json.clone().unwrap_or_else(|| workspace.target().join(KEPT));
            document::put(&kept, &document::json(&report))?;
            println!("\nkept in {}", kept.display());
            report
        }
    };
    for sheet in &SHEETS {
        if let Some(table) = sheet.table(&report) {
            println!("\n{}\n\n{table}", sheet.title);
        }
    }
    report.left_out.iter().for_each(|line| println!("left out: {line}"));
    let verdicts = bounds::judge(&report);
    println!("\n{}", table::of_verdicts(&verdicts));
    if comparison.write {
        document::write(workspace, &report, &verdicts)?;
    }
    let broken: Vec<&str> = verdicts.iter().filter(|one| one.is_broken()).map(|one| one.what.as_str()).collect();
    if broken.is_empty() { Ok(()) } else { Err(TaskError::Failed(format!("over the bound: {}", broken.join("; ")))) }
}

async fn measured(workspace: &Workspace, comparison: &Comparison) -> Result<Report, TaskError> {
    let ground = comparison.ground(workspace)?;
    let mut report = Report { about: comparison.about(&ground)?, ..Report::default() };
    println!("the upstream is {}", ground.upstream.base);
    Bench { ground: &ground, comparison, report: &mut report }.run().await?;
    Ok(report)
}

// === impl Comparison ===

impl Comparison {
    fn asks(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }

    /// Those that somebody else has started.
    fn peers(&self) -> impl Iterator<Item = Contestant> {
        let processes = self.peer_process.iter().copied().map(Some).chain(std::iter::repeat(None));
        self.peer.iter().zip(processes).map(|(peer, process)| Contestant::peer(peer, process, &self.peer_header))
    }

    /// Builds what is not there, and starts the upstream.
    fn ground(&self, workspace: &Workspace) -> Result<Ground, TaskError> {
        let build = |package: &str, features: &[&str]| {
            process::run(cargo(workspace).args(["build", "--release", "--package", package]).args(features))
        };
        build("rotator-bench-load", &[])?;
        let release = workspace.target().join("release");
        let (server, lightweight) = match &self.server {
            Some(server) => (absolute(server)?, self.lightweight.as_deref().map(absolute).transpose()?),
            None => {
                let built = release.join("rotator-server");
                let lightweight = match &self.lightweight {
                    Some(lightweight) => absolute(lightweight)?,
                    None => {
                        build("rotator-server", &[])?;
                        let apart = release.join("rotator-server-lightweight");
                        // The next build puts the other edition in its place.
                        std::fs::copy(&built, &apart).map_err(|error| TaskError::failed("keep an edition", error))?;
                        apart
                    }
                };
                build("rotator-server", &["--features", "enterprise"])?;
                (built, Some(lightweight))
            }
        };
        let (place, program) = (Place::take()?, release.join("rotator-bench-load"));
        let mut upstream = place::beside(&program);
        let upstream = Server::listening(upstream.args(["upstream", "--port", &self.upstream_port.to_string()]))?;
        let [nginx, haproxy] = ["nginx", "haproxy"].map(place::find);
        Ok(Ground { place, generator: Generator { program }, upstream, nginx, haproxy, lightweight, server })
    }

    /// The machine, the programs and the plan.
    fn about(&self, ground: &Ground) -> Result<Vec<(String, String)>, TaskError> {
        let kernel = crate::workspace::read("/proc/sys/kernel/osrelease".as_ref())?;
        let mut about = vec![
            ("processors", format!("{}, {}", ground.place.processors, ground.place.told())),
            ("kernel", kernel.trim().to_owned()),
            ("server", version(&ground.server, "--version")),
        ];
        about.extend(ground.nginx.as_deref().map(|program| ("nginx", version(program, "-v"))));
        about.extend(ground.haproxy.as_deref().map(|program| ("HAProxy", version(program, "-v"))));
        let Self { rounds, seconds, connections, rate, .. } = self;
        about.push((
            "loads",
            format!("medians of {rounds} rounds of {seconds} s in turn with {connections} connections"),
        ));
        about.push(("fixed rate", format!("{rate} requests a second")));
        Ok(about.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }
}

/// The version that a program tells: the first word that is one.
fn version(program: &Path, flag: &str) -> String {
    let output = Command::new(program).arg(flag).output();
    let told = output.map(|output| [output.stdout, output.stderr].concat()).unwrap_or_default();
    version_in(&String::from_utf8_lossy(&told)).unwrap_or_else(|| "unknown".to_owned())
}

fn version_in(told: &str) -> Option<String> {
    let mut words = told.split(|character: char| character.is_whitespace() || character == '/');
    words.find(|word| word.starts_with(|first: char| first.is_ascii_digit())).map(str::to_owned)
}

/// A path that means the same in every folder: servers run in folders of their own.
fn absolute(path: &Path) -> Result<PathBuf, TaskError> {
    path.canonicalize().map_err(|source| TaskError::File { path: path.display().to_string(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_programs_tell() {
        for (told, expected) in [
            ("nginx version: nginx/1.22.1\n", Some("1.22.1")),
            ("HAProxy version 2.6.12-1+deb12u4 2026/10/17 - https://haproxy.org/", Some("2.6.12-1+deb12u4")),
            ("rotator-server 0.1.0\n", Some("0.1.0")),
            ("", None),
        ] {
            assert_eq!(version_in(told).as_deref(), expected);
        }
    }
}
