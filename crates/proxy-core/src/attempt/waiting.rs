//! Requests that wait for a key, first come first served.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use foldhash::HashMap;
use rotator_domain::ServiceId;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, TryAcquireError};
use tokio::time::Instant;

/// The lines of all services.
#[derive(Default)]
pub(crate) struct WaitingRoom(Mutex<HashMap<ServiceId, Arc<Lines>>>);

/// The lines of one service: one for each model, since a key for one may be none for another.
#[derive(Default)]
pub(crate) struct Lines {
    waiting: AtomicU32,
    released: Notify,
    /// One permit each: who holds it is first in line.
    turns: Mutex<HashMap<Option<String>, Arc<Semaphore>>>,
}

/// A place in a line; dropped, it is free for another.
pub(crate) struct Place {
    lines: Arc<Lines>,
    model: Option<String>,
    turn: Arc<Semaphore>,
    /// There once it is first.
    first: Option<OwnedSemaphorePermit>,
}

/// How many models' lines are kept while nobody waits in them.
const KEPT: usize = 64;

// === impl WaitingRoom ===

impl WaitingRoom {
    /// A service's lines.
    pub(crate) fn of(&self, service_id: ServiceId) -> Arc<Lines> {
        Arc::clone(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(service_id).or_default())
    }
}

// === impl Lines ===

impl Lines {
    /// Takes a place in the line for a model, if fewer than `most` requests of the service wait.
    pub(crate) fn join(self: &Arc<Self>, model: Option<&str>, most: u32) -> Option<Place> {
        let counted = self
            .waiting
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |waiting| (waiting < most).then_some(waiting + 1));
        counted.ok()?;
        let turn = self.turn(model);
        Some(Place { lines: Arc::clone(self), model: model.map(str::to_owned), turn, first: None })
    }

    /// Whether somebody waits for a model already: who comes now waits behind them.
    pub(crate) fn is_queued(&self, model: Option<&str>) -> bool {
        if self.waiting.load(Ordering::Acquire) == 0 {
            return false;
        }
        let turn = self.turn(model);
        matches!(turn.try_acquire(), Err(TryAcquireError::NoPermits))
    }

    /// A request has ended, or a key has come back: whoever is first looks again.
    pub(crate) fn wake(&self) {
        self.released.notify_waiters();
    }

    /// How many wait.
    #[cfg(test)]
    fn waiting(&self) -> u32 {
        self.waiting.load(Ordering::Acquire)
    }

    fn turn(&self, model: Option<&str>) -> Arc<Semaphore> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        let model = model.map(str::to_owned);
        if turns.len() >= KEPT && !turns.contains_key(&model) {
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        }
        Arc::clone(turns.entry(model).or_insert_with(|| Arc::new(Semaphore::new(1))))
    }
}

// === impl Place ===

impl Place {
    /// Waits until it is first in line. False when the time is over before.
    pub(crate) async fn come_first(&mut self, deadline: Instant) -> bool {
        if self.first.is_some() {
            return true;
        }
        let acquire = Arc::clone(&self.turn).acquire_owned();
        self.first = tokio::time::timeout_at(deadline, acquire).await.ok().and_then(Result::ok);
        self.first.is_some()
    }

    /// Waits until a request ends, `pause` is over or the deadline comes. `look` is asked once after this one listens, so that
    /// nothing that is released in between is missed; it says how long the pause is, or that there is no need to wait.
    pub(crate) async fn rest<T>(
        &self,
        deadline: Instant,
        look: impl AsyncFnOnce() -> Result<T, Option<Duration>>,
    ) -> Option<T> {
        let mut released = std::pin::pin!(self.lines.released.notified());
        released.as_mut().enable();
        let pause = match look().await {
            Ok(found) => return Some(found),
            Err(pause) => pause,
        };
        let until = pause.map_or(deadline, |pause| deadline.min(Instant::now() + pause));
        tokio::select! {
            () = released => {}
            () = tokio::time::sleep_until(until) => {}
        }
        None
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.lines.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Place").field("model", &self.model).field("is_first", &self.first.is_some()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines() -> Arc<Lines> {
        WaitingRoom::default().of(ServiceId(1))
    }

    #[tokio::test(start_paused = true)]
    async fn places_are_bounded_and_freed_by_who_leaves() {
        let lines = lines();
        let (one, two) = (lines.join(None, 2), lines.join(Some("m"), 2));
        assert!(one.is_some() && two.is_some() && lines.join(None, 2).is_none());
        drop(one);
        assert!(lines.join(None, 2).is_some());
        assert_eq!(lines.waiting(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn the_line_is_first_come_first_served_for_each_model() {
        let lines = lines();
        let deadline = Instant::now() + Duration::from_secs(10);
        let (mut one, mut two) = (lines.join(None, 9).unwrap(), lines.join(None, 9).unwrap());
        let mut other = lines.join(Some("m"), 9).unwrap();
        assert!(one.come_first(deadline).await && other.come_first(deadline).await);
        assert!(lines.is_queued(None) && !lines.is_queued(Some("n")));
        let second = tokio::spawn(async move {
            let came = two.come_first(deadline).await;
            (came, Instant::now())
        });
        tokio::time::advance(Duration::from_secs(3)).await;
        drop(one);
        let (came, when) = second.await.unwrap();
        assert!(came && when < deadline);
        let mut late = lines.join(Some("m"), 9).unwrap();
        assert!(!late.come_first(deadline).await, "the time is over");
    }

    #[tokio::test(start_paused = true)]
    async fn who_rests_wakes_at_a_release_a_pause_or_the_deadline() {
        let lines = lines();
        let place = lines.join(None, 9).unwrap();
        let begun = Instant::now();
        let deadline = begun + Duration::from_secs(10);
        let rest =
            |pause: Option<u64>| place.rest(deadline, async move || Err::<(), _>(pause.map(Duration::from_secs)));
        rest(Some(2)).await;
        assert_eq!(begun.elapsed().as_secs(), 2);
        rest(None).await;
        assert_eq!(begun.elapsed().as_secs(), 10);
        // A release between the look and the rest is not missed.
        let waker = Arc::clone(&lines);
        let far = Instant::now() + Duration::from_secs(1000);
        place
            .rest(far, async move || {
                waker.wake();
                Err::<(), _>(None)
            })
            .await;
        assert_eq!(begun.elapsed().as_secs(), 10);
        assert_eq!(place.rest(far, async || Ok(1)).await, Some(1));
    }
}
