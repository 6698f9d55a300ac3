//! Cases for [`Counters`].

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::Counters;

const WINDOW: Duration = Duration::from_secs(60);

pub async fn events_are_counted_by_name(counters: Arc<dyn Counters>) {
    assert_eq!(counters.counted("a").await.unwrap(), 0);
    assert_eq!(counters.count("a", WINDOW).await.unwrap(), 1);
    assert_eq!(counters.count("a", WINDOW).await.unwrap(), 2);
    assert_eq!(counters.count("b", WINDOW).await.unwrap(), 1);
    assert_eq!(counters.counted("a").await.unwrap(), 2);
}

pub async fn concurrent_events_are_all_counted(counters: Arc<dyn Counters>) {
    let mut tasks = JoinSet::new();
    for _ in 0..500 {
        let counters = Arc::clone(&counters);
        tasks.spawn(async move { counters.count("a", WINDOW).await.unwrap() });
    }
    let mut counts = tasks.join_all().await;
    counts.sort_unstable();
    assert_eq!(counts, (1..=500).collect::<Vec<_>>(), "every event has a number of its own");
    assert_eq!(counters.counted("a").await.unwrap(), 500);
}

pub async fn a_forgotten_count_begins_anew(counters: Arc<dyn Counters>) {
    counters.count("a", WINDOW).await.unwrap();
    counters.forget("a").await.unwrap();
    counters.forget("never counted").await.unwrap();
    assert_eq!(counters.counted("a").await.unwrap(), 0);
    assert_eq!(counters.count("a", WINDOW).await.unwrap(), 1);
}

pub async fn a_count_is_forgotten_after_its_window(counters: Arc<dyn Counters>) {
    counters.count("long", WINDOW).await.unwrap();
    counters.count("short", WINDOW).await.unwrap();
    // The window of the last event holds.
    counters.count("short", Duration::from_millis(20)).await.unwrap();
    let forgotten = async {
        while counters.counted("short").await.unwrap() != 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), forgotten).await.unwrap();
    assert_eq!(counters.count("short", WINDOW).await.unwrap(), 1);
    assert_eq!(counters.counted("long").await.unwrap(), 1);
}
