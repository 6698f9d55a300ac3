//! Development tasks: parses, delegates, exits.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

mod bench;
mod demo;
mod dist;
mod error;
mod fuzz;
mod million;
mod packages;
mod process;
mod python;
mod reference;
mod run;
mod scale;
mod server;
mod services;
mod simulate;
mod test;
mod tidy;
mod ui;
mod workspace;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::workspace::Workspace;

/// Development tasks of API Key Rotator.
#[derive(Parser)]
#[command(name = "cargo xtask", disable_help_subcommand = true)]
struct Args {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build the server and start it with SQLite and memory in ./data.
    Run {
        /// Arguments of rotator-server.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Run every test. Needs Python 3 for the official SDKs and Node.js for the web UI; and MariaDB, PostgreSQL, Redis and
    /// Chromium, which it installs where it may.
    Test {
        /// Run these instead: arguments of the test runner, such as --package rotator-storage-mysql.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Ask for every recording of a corpus through the server with the official SDKs of all formats.
    Conformance {
        /// The folder with the recordings and their manifest.jsonl; the project's own when absent.
        #[arg(long)]
        corpus: Option<PathBuf>,
        /// Write streams in pieces of so many bytes, or `whole`; event by event when absent.
        #[arg(long, value_parser = test::pieces)]
        chunk: Option<String>,
    },
    /// Check the layers, the names and sizes of files, and that the documents name every crate.
    Tidy,
    /// Write the pages of docs/reference and the listings of public items anew, from the code.
    Reference,
    /// Run the fuzz targets of the wire formats. Needs cargo-fuzz.
    Fuzz {
        /// One target; all when absent.
        target: Option<String>,
        /// How many inputs each is run with.
        #[arg(long, default_value_t = 1_000_000)]
        runs: u64,
    },
    /// Measure how fast each format becomes each other one, and what one event of a stream costs; or something else.
    #[command(args_conflicts_with_subcommands = true)]
    Bench {
        /// Only the benchmarks whose names hold this text.
        filter: Option<String>,
        #[command(subcommand)]
        other: Option<bench::Other>,
    },
    /// Drive the rotation's policy against modelled upstreams with hidden limits, and print what came of it.
    Simulate {
        /// Where all that looks random comes from.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// One scenario, or those whose names begin so; all when absent.
        #[arg(long)]
        scenario: Option<String>,
    },
    /// Build the web UI, which the next build of the server carries, or run its tests. Needs Node.js.
    Ui(ui::UiArguments),
    /// Fill a database with very many services and keys, start the server, and measure the start, the memory, pages of lists, a
    /// change, and what it does while idle.
    Scale(scale::ScaleArguments),
    /// Send very many requests of all sorts through the server, and compare what is stored of them with what their clients and
    /// the upstream have counted.
    Million(million::MillionArguments),
    /// Build what is released: static programs, an image of each edition for containers, lists of what they hold, and sums.
    Dist(dist::DistArguments),
    /// Show the rotation: the server before a mock upstream with a good, a limited and a revoked key.
    Demo {
        /// Keep both running until Ctrl-C, to try the curl lines.
        #[arg(long)]
        hold: bool,
    },
}

fn main() -> ExitCode {
    let workspace = Workspace::new();
    let done = match Args::parse().task {
        Task::Run { arguments } => run::run(&workspace, &arguments),
        Task::Test { arguments } => test::run(&workspace, &arguments),
        Task::Conformance { corpus, chunk } => test::conformance(&workspace, corpus, chunk.as_deref()),
        Task::Tidy => tidy::run(&workspace),
        Task::Reference => reference::write(&workspace),
        Task::Fuzz { target, runs } => fuzz::run(&workspace, target.as_deref(), runs),
        Task::Bench { filter, other } => bench::run(&workspace, filter.as_deref(), other),
        Task::Simulate { seed, scenario } => simulate::run(seed, scenario.as_deref()),
        Task::Scale(arguments) => scale::run(&workspace, &arguments),
        Task::Ui(arguments) => ui::run(&workspace, &arguments),
        Task::Million(arguments) => million::run(&workspace, &arguments),
        Task::Dist(arguments) => dist::run(&workspace, &arguments),
        Task::Demo { hold } => demo::run(&workspace, hold),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}
