//! Where processes run: one processor for what is measured, the others for the load and the upstream.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::TaskError;
use crate::server::{memory, processor_time};
use crate::{process, workspace};

/// Raises the limit of open files as far as it may be, and becomes the program.
const RAISE: &str = r#"ulimit -n "$(ulimit -H -n)"; exec "$@""#;

/// Which processor is for whom; the same for all where there is one alone, or no `taskset`.
pub(super) struct Place {
    /// Of each server, one after the other.
    measured: Option<u32>,
    pub(super) processors: usize,
}

// === impl Place ===

impl Place {
    /// Takes the last processor for what is measured, and moves this process, and so all that it starts, to the others.
    pub(super) fn take() -> Result<Self, TaskError> {
        let status = workspace::read("/proc/self/status".as_ref())?;
        let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).unwrap_or_default();
        let all = processors(list);
        let measured = match all.split_last() {
            Some((last, others)) if !others.is_empty() && moves_to(others) => Some(*last),
            _ => None,
        };
        Ok(Self { measured, processors: all.len() })
    }

    /// In words.
    pub(super) const fn told(&self) -> &'static str {
        match self.measured {
            Some(_) => "each server on one of its own, the upstream and the load on the others",
            None => "all on the same",
        }
    }

    /// A program that is measured. This project's server starts as many threads as it sees processors: one.
    pub(super) fn measured(&self, program: &Path) -> Command {
        let Some(processor) = self.measured else { return beside(program) };
        let mut command = beside("taskset".as_ref());
        command.args(["--cpu-list", &processor.to_string()]).arg(program);
        command
    }
}

/// A program that is there for what is measured. Like those it may have as many files open as anything here.
pub(super) fn beside(program: &Path) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", RAISE, "sh"]).arg(program);
    command
}

/// Moves this process to some processors, if that can be.
fn moves_to(processors: &[u32]) -> bool {
    let list: Vec<String> = processors.iter().map(u32::to_string).collect();
    let own = std::process::id().to_string();
    process::works(Command::new("taskset").args(["--all-tasks", "--cpu-list", "--pid", &list.join(","), &own]))
}

/// Where a program is, whether or not this user usually runs it.
pub(super) fn find(program: &'static str) -> Option<PathBuf> {
    rotator_test_services::find(program, program, &[]).ok()
}

/// The most files that a program may have open here.
pub(super) fn most_open_files() -> u64 {
    let limits = workspace::read("/proc/self/limits".as_ref()).unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let hard = line.and_then(|rest| rest.split_whitespace().nth(1));
    // `unlimited` is no number.
    hard.and_then(|hard| hard.parse().ok()).unwrap_or(u64::MAX)
}

/// How much of a processor a process and those below it have used, in seconds.
pub(super) fn processor_time_of_all(first: u32) -> Result<f64, TaskError> {
    family(first)?.into_iter().map(processor_time).sum()
}

/// The memory of a process and of those below it, in KiB.
pub(super) fn memory_of_all(first: u32) -> Result<f64, TaskError> {
    family(first)?.into_iter().map(|id| memory(id, "VmRSS:")).sum()
}

/// A process and all below it.
fn family(first: u32) -> Result<Vec<u32>, TaskError> {
    let listed = |source| TaskError::File { path: "/proc".to_owned(), source };
    let mut parents = Vec::new();
    for entry in std::fs::read_dir("/proc").map_err(listed)? {
        let name = entry.map_err(listed)?.file_name();
        let Some(id) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        // One that has ended meanwhile is none of them.
        let stat = workspace::read(format!("/proc/{id}/stat").as_ref()).unwrap_or_default();
        parents.extend(parent(&stat).map(|parent| (id, parent)));
    }
    Ok(below(first, &parents))
}

/// The parent, from a line of `/proc/PID/stat`.
fn parent(stat: &str) -> Option<u32> {
    // The name of the program, in parentheses, may hold anything; then come the state and the parent.
    stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
}

/// The first, its children and theirs, from each process with its parent.
fn below(first: u32, parents: &[(u32, u32)]) -> Vec<u32> {
    let mut all = vec![first];
    let mut next = 0;
    while let Some(&of) = all.get(next) {
        all.extend(parents.iter().filter(|(_, parent)| *parent == of).map(|(id, _)| *id));
        next += 1;
    }
    all
}

/// The processors of a list such as `0-2,5`.
fn processors(list: &str) -> Vec<u32> {
    let ranges = list.trim().split(',').filter_map(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        Some(first.parse().ok()?..=last.parse().ok()?)
    });
    ranges.flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_processors_are_read() {
        assert_eq!(processors("\t0-2,5\n"), [0, 1, 2, 5]);
        assert_eq!(processors("3"), [3]);
        assert!(processors("").is_empty());
    }

    #[test]
    fn children_and_their_children_belong_to_a_process() {
        assert_eq!(parent("12 (a ) b) S 7 12 12 0"), Some(7));
        assert_eq!(parent(""), None);
        assert_eq!(below(1, &[(2, 1), (3, 2), (4, 9), (5, 1)]), [1, 2, 5, 3]);
    }

    #[test]
    fn this_process_has_used_memory_and_may_open_files() {
        assert!(memory_of_all(std::process::id()).unwrap() > 100.0);
        assert!(most_open_files() > 10);
    }
}
