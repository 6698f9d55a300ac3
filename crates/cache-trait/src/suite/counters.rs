//! Cases for [`Counters`].

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;

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
    join_all((0..500).map(|_| counters.count("a", WINDOW))).await;
    assert_eq!(counters.counted("a").await.unwrap(), 500);
}

pub async fn a_forgotten_count_begins_anew(counters: Arc<dyn Counters>) {
    counters.count("a", WINDOW).await.unwrap();
    counters.forget("a").await.unwrap();
    counters.forget("never counted").await.unwrap();
    assert_eq!(counters.counted("a").await.unwrap(), 0);
    assert_eq!(counters.count("a", WINDOW).await.unwrap(), 1);
}
