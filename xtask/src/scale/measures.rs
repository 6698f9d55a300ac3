//! What is measured, and what it must not exceed.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::error::TaskError;
use crate::server::{Admin, memory, processor_time};

/// How often each thing is asked for; the first time warms the database's cache.
const TIMES: usize = 7;

/// What was measured.
#[derive(Default)]
pub(super) struct Sheet {
    rows: Vec<(String, String, String)>,
    broken: Vec<String>,
}

/// Asks the admin API.
pub(super) struct Asking(pub(super) Admin);

// === impl Sheet ===

impl Sheet {
    /// Something that may take so long.
    pub(super) fn bounded(&mut self, name: &str, took: Duration, bound: Duration) {
        if took >= bound {
            self.broken.push(name.to_owned());
        }
        let milliseconds = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1000.0);
        self.rows.push((name.to_owned(), milliseconds(took), format!("under {}", milliseconds(bound))));
    }

    /// The memory of a process, now and at its most.
    pub(super) fn memory(&mut self, name: &str, process: u32) -> Result<(), TaskError> {
        let (now, most) = (memory(process, "VmRSS:")? / 1024.0, memory(process, "VmHWM:")? / 1024.0);
        self.rows.push((name.to_owned(), format!("{now:.0} MB"), format!("{most:.0} MB at its most")));
        Ok(())
    }

    /// How much of a processor a process takes while nobody asks anything of it.
    pub(super) async fn idle(&mut self, name: &str, process: u32, rest: Duration) -> Result<(), TaskError> {
        let before = processor_time(process)?;
        tokio::time::sleep(rest).await;
        let share = (processor_time(process)? - before) / rest.as_secs_f64() * 100.0;
        if share >= 2.0 {
            self.broken.push(name.to_owned());
        }
        self.rows.push((name.to_owned(), format!("{share:.1} %"), "under 2 % of one".to_owned()));
        Ok(())
    }

    pub(super) fn print(&self) {
        for (name, value, bound) in &self.rows {
            println!("  {name:<48} {value:>12}   {bound}");
        }
    }

    /// An error where something exceeds its bound.
    pub(super) fn verdict(&self) -> Result<(), TaskError> {
        match self.broken.as_slice() {
            [] => Ok(()),
            broken => Err(TaskError::Failed(format!("over the bound: {}", broken.join(", ")))),
        }
    }
}

// === impl Asking ===

impl Asking {
    /// How long an answer takes, read to its end: the median.
    pub(super) async fn get(&self, path: &str) -> Result<Duration, TaskError> {
        let mut times = Vec::new();
        for _ in 0..TIMES {
            let begun = Instant::now();
            self.0.get(path).await?;
            times.push(begun.elapsed());
        }
        Ok(median(times))
    }

    /// The id of the first entry of a list.
    pub(super) async fn first_id(&self, path: &str) -> Result<i64, TaskError> {
        let list = self.json(&format!("{path}?limit=1")).await?;
        list[0]["id"].as_i64().ok_or_else(|| TaskError::Failed(format!("{path} is empty")))
    }

    /// The id of the last config.
    pub(super) async fn last_config(&self, count: u32) -> Result<i64, TaskError> {
        Ok(self.first_id("proxy-configs").await? + i64::from(count) - 1)
    }

    /// How long it takes to add a key, until it is in use: the median.
    pub(super) async fn add_keys(&self, config: i64) -> Result<Duration, TaskError> {
        let mut times = Vec::new();
        let path = format!("proxy-configs/{config}/keys");
        for number in 0..TIMES {
            let key = json!({"key_value": format!("sk-added-{number:016}")});
            let begun = Instant::now();
            self.0.post(&path, &key).await?;
            times.push(begun.elapsed());
        }
        Ok(median(times))
    }

    async fn json(&self, path: &str) -> Result<Value, TaskError> {
        serde_json::from_slice(&self.0.get(path).await?).map_err(|error| TaskError::failed(path, error))
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
