//! How what the server depends on is.

use std::time::{Duration, Instant};

use rotator_domain::{Clock, SystemClock};
use rotator_storage_trait::Storage;
use rotator_usage::UsageStanding;
use serde::Serialize;

use crate::backends::Standing;

/// How long the database may take before it counts as one that does not answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// How old usage figures may be before the database counts as behind: they are sent every second.
const USUAL_AGE: Duration = Duration::from_secs(30);

/// Everything that the server depends on.
#[derive(Debug, Serialize)]
pub(crate) struct Dependencies {
    pub(crate) database: Dependency,
    pub(crate) cache: Dependency,
    pub(crate) usage: Dependency,
}

/// One of them.
#[derive(Debug, Serialize)]
pub(crate) struct Dependency {
    /// In a word or two.
    pub(crate) state: &'static str,
    /// Why it is not as it should be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

// === impl Dependency ===

impl Dependency {
    pub(crate) const OK: &str = "ok";
    pub(crate) const NO_ANSWER: &str = "does not answer";

    const fn good(state: &'static str) -> Self {
        Self { state, reason: None }
    }

    fn bad(state: &'static str, reason: impl Into<String>) -> Self {
        Self { state, reason: Some(reason.into()) }
    }

    /// The database, of which this was heard.
    pub(crate) fn database(answer: Result<Duration, String>) -> Self {
        answer.map_or_else(|reason| Self::bad(Self::NO_ANSWER, reason), |_| Self::good(Self::OK))
    }

    /// The cache: `own`, `shared`, or `alone` while the shared one does not answer.
    pub(crate) fn cache(standing: Option<Standing>) -> Self {
        match standing.map(|standing| standing.alone_since) {
            None => Self::good("own"),
            Some(None) => Self::good("shared"),
            Some(Some(since)) => {
                let seconds = SystemClock.now().saturating_since(since).as_secs();
                Self::bad("alone", format!("the shared cache has not answered for {seconds} s"))
            }
        }
    }

    /// Where usage figures go: `behind` while the database does not take them, `in memory` while the journal does not.
    pub(crate) fn usage(standing: Option<UsageStanding>) -> Self {
        let Some(UsageStanding { behind, is_refused, is_journaled, .. }) = standing else {
            return Self::bad("off", "usage is not counted");
        };
        let kept = if is_journaled { "the journal keeps them" } else { "the journal cannot be written either" };
        if is_refused || behind > USUAL_AGE {
            let seconds = behind.as_secs();
            Self::bad("behind", format!("the database has taken no usage figures for {seconds} s; {kept}"))
        } else if is_journaled {
            Self::good(Self::OK)
        } else {
            Self::bad("in memory", "the journal of usage figures cannot be written")
        }
    }
}

// === impl Dependencies ===

impl Dependencies {
    /// Before anything is known of them.
    pub(crate) fn before_start(shares_cache: bool) -> Self {
        let reason = "the server waits for it";
        let cache = if shares_cache { Dependency::bad("alone", reason) } else { Dependency::good("own") };
        let usage = Dependency::bad("off", "the server has not started");
        Self { database: Dependency::bad(Dependency::NO_ANSWER, reason), cache, usage }
    }
}

/// How long the database takes to answer.
///
/// # Errors
/// Why it does not, without a word about where it is.
pub(crate) async fn database(storage: &dyn Storage) -> Result<Duration, String> {
    let begun = Instant::now();
    match tokio::time::timeout(PATIENCE, storage.ping()).await {
        Ok(Ok(())) => Ok(begun.elapsed()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("the database did not answer in {} s", PATIENCE.as_secs())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_behind_or_alone_says_since_when() {
        let told = |dependency: Dependency| serde_json::to_value(dependency).unwrap();
        let standing = |seconds, is_refused, is_journaled| {
            let behind = Duration::from_secs(seconds);
            Dependency::usage(Some(UsageStanding { batches_waiting: 1, behind, is_refused, is_journaled }))
        };
        assert_eq!(told(standing(2, false, true)), serde_json::json!({"state": "ok"}));
        for (seconds, is_refused, is_journaled, state, reason) in [
            (90, false, true, "behind", "90 s; the journal keeps"),
            (1, true, true, "behind", "1 s; the journal keeps"),
            (1, true, false, "behind", "1 s; the journal cannot"),
            (2, false, false, "in memory", "the journal of usage figures cannot be written"),
        ] {
            let told = told(standing(seconds, is_refused, is_journaled));
            assert!(told["state"] == state && told["reason"].as_str().unwrap().contains(reason), "{told}");
        }
        let since = SystemClock.now().saturating_add(Duration::ZERO);
        let alone = told(Dependency::cache(Some(Standing { alone_since: Some(since), nodes: 2, losses: 1 })));
        assert!(alone["state"] == "alone" && alone["reason"].as_str().unwrap().contains("0 s"), "{alone}");
    }
}
