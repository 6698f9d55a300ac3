//! What a benchmark of proxies needs beside them: a light upstream, and loads that print what they saw as JSON.
//!
//! Owns how load is made and timed. Never judges a figure, and is never a dependency of anything that is shipped.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program whose output is read by whoever starts it")]

mod closed;
mod events;
mod hold;
mod latencies;
mod link;
mod steady;
mod target;
mod upstream;

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser};
use tokio::runtime::Builder;

use crate::target::Target;

/// A light upstream and loads for benchmarks of proxies.
#[derive(Parser)]
enum Role {
    /// Be an upstream until ended; prints its address.
    Upstream {
        /// A free one where it is 0.
        #[arg(long, default_value_t = 0)]
        port: u16,
    },
    /// Ask again as soon as an answer has come, by each connection.
    Closed {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        times: Times,
    },
    /// Ask at a fixed rate whatever comes back; the latency counts from when a request was due.
    Steady {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        times: Times,
        /// Requests a second.
        #[arg(long)]
        rate: f64,
    },
    /// Open a stream by each connection and read its events, until the standard input ends. Prints a line when all are open.
    Hold {
        #[command(flatten)]
        target: Target,
        /// Ask once, take the whole answer, and leave the connection open.
        #[arg(long)]
        idle: bool,
    },
}

/// For how long.
#[derive(Args, Clone, Copy)]
struct Times {
    /// Seconds that count.
    #[arg(long, value_parser = seconds)]
    seconds: Duration,
    /// Seconds before those, which do not.
    #[arg(long, default_value = "0.5", value_parser = seconds)]
    warm_up: Duration,
}

fn main() -> ExitCode {
    // What waits for a time is woken up 50 µs late otherwise, which would be seen in every latency. Threads inherit it; where it
    // cannot be had, it is told as waiting.
    let _ = std::fs::write("/proc/self/timerslack_ns", "1");
    match run(Role::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(role: Role) -> io::Result<()> {
    // One thread makes the load: what it measures is not moved between processors.
    let loading = || Builder::new_current_thread().enable_all().build();
    match role {
        Role::Upstream { port } => Builder::new_multi_thread().enable_all().build()?.block_on(upstream::serve(port)),
        Role::Closed { target, times } => {
            println!("{}", loading()?.block_on(closed::run(&target.read()?, times))?);
            Ok(())
        }
        Role::Steady { target, times, rate } => {
            println!("{}", loading()?.block_on(steady::run(&target.read()?, times, rate))?);
            Ok(())
        }
        Role::Hold { target, idle } => loading()?.block_on(hold::run(&target.read()?, idle)),
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let number: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    Duration::try_from_secs_f64(number).map_err(|error| error.to_string())
}
