//! What commands come to, and what comes after a while.

use std::process::Output;
use std::time::{Duration, Instant};

/// What a command has written.
pub(crate) fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// With what a command has ended.
pub(crate) fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

/// Waits until something holds, and gives how long that took.
pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) -> Duration {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    begun.elapsed()
}
