//! The process itself, as the system tells of it under `/proc` (Linux; elsewhere only its start is known).

use std::fmt::Error;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;
use rotator_domain::Timestamp;

/// How many ticks a second the times in `/proc` have (`USER_HZ`, the same on every platform that Rust's Linux targets name).
const TICKS: f64 = 100.0;

/// Tells of the process, by the names that Prometheus' own libraries use.
#[derive(Debug)]
pub(super) struct ProcessMetrics {
    pub(super) started: Timestamp,
}

// === impl ProcessMetrics ===

impl Collector for ProcessMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), Error> {
        let started = self.started.as_millis() as f64 / 1e3;
        let help = "When the process began to serve, since 1970.";
        gauge(&mut encoder, "process_start_time", help, Some(&Unit::Seconds), started)?;
        if let Some(resident) = resident_bytes() {
            let help = "How much memory is resident.";
            gauge(&mut encoder, "process_resident_memory", help, Some(&Unit::Bytes), resident as f64)?;
        }
        if let Some(open) = open_files() {
            gauge(&mut encoder, "process_open_fds", "How many file descriptors are open.", None, open as f64)?;
        }
        if let Some(most) = most_files() {
            gauge(&mut encoder, "process_max_fds", "How many file descriptors may be open.", None, most as f64)?;
        }
        if let Some(seconds) = cpu_seconds() {
            let counter = ConstCounter::new(seconds);
            let help = "How much time the processors have worked for it.";
            let unit = Some(&Unit::Seconds);
            counter.encode(encoder.encode_descriptor("process_cpu", help, unit, counter.metric_type())?)?;
        }
        Ok(())
    }
}

fn gauge(
    encoder: &mut DescriptorEncoder,
    name: &str,
    help: &str,
    unit: Option<&Unit>,
    value: f64,
) -> Result<(), Error> {
    let gauge = ConstGauge::new(value);
    gauge.encode(encoder.encode_descriptor(name, help, unit, gauge.metric_type())?)
}

fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kibibytes = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(kibibytes.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}

fn open_files() -> Option<usize> {
    std::fs::read_dir("/proc/self/fd").ok().map(Iterator::count)
}

fn most_files() -> Option<u64> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let files = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    files.split_whitespace().next()?.parse().ok()
}

/// Of this process, in user and in system mode: the fields 14 and 15, counted from behind the name, which may hold anything.
fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let (_, behind_name) = stat.rsplit_once(')')?;
    let mut fields = behind_name.split_whitespace().skip(11);
    let (user, system): (f64, f64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some((user + system) / TICKS)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_system_tells_of_this_process() {
        assert!(resident_bytes().unwrap() > 1024 * 1024);
        let open = open_files().unwrap();
        assert!(open >= 3 && most_files().unwrap() >= open as u64);
        assert!(cpu_seconds().unwrap() >= 0.0);
    }
}
