//! Waiting for a database that does not answer: again and again, each time after a longer pause.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::time::Duration;

use crate::error::AppError;

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// Does what needs the database until that answers. What it says other than that ends the waiting, good or bad.
pub(crate) async fn until_it_answers<T>(mut attempt: impl AsyncFnMut() -> Result<T, AppError>) -> Result<T, AppError> {
    let mut told: Option<String> = None;
    let mut pause = FIRST_PAUSE;
    loop {
        let cause = match attempt().await {
            Err(error) if error.is_passing() => error.line(),
            done => {
                if done.is_ok() && told.is_some() {
                    tracing::info!("the database answers");
                }
                return done;
            }
        };
        if told.is_none() {
            tracing::warn!(cause, "the database does not answer, and is tried again until it does");
        } else if told.as_ref() != Some(&cause) {
            tracing::info!(cause, "the database still does not answer");
        }
        told = Some(cause);
        tokio::time::sleep(jittered(pause, RandomState::new().hash_one(pause))).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Between a half and the whole of a pause, so that nodes that wait together do not come together.
fn jittered(pause: Duration, random: u64) -> Duration {
    let share = u32::try_from(random % 1000).unwrap_or_default();
    pause / 2 + pause / 2 * share / 1000
}

#[cfg(test)]
mod tests {
    use rotator_storage_trait::{StorageError, StorageErrorKind};

    use super::*;

    fn error(kind: StorageErrorKind) -> AppError {
        AppError::storage("could not open the database", StorageError::new(kind, "try"))
    }

    #[tokio::test]
    async fn what_does_not_answer_is_tried_again_and_nothing_else() {
        let mut attempts = 0;
        let answered = until_it_answers(async || {
            attempts += 1;
            if attempts < 2 { Err(error(StorageErrorKind::Unavailable)) } else { Ok(attempts) }
        });
        assert_eq!(answered.await.unwrap(), 2);
        for kind in [StorageErrorKind::Denied, StorageErrorKind::ReadOnly, StorageErrorKind::SchemaTooNew] {
            let mut attempts = 0;
            let refused = until_it_answers::<()>(async || {
                attempts += 1;
                Err(error(kind.clone()))
            });
            assert!(refused.await.is_err());
            assert_eq!(attempts, 1);
        }
    }

    #[test]
    fn pauses_differ_and_are_never_longer_than_they_may_be() {
        assert_eq!(jittered(LONGEST_PAUSE, 0), LONGEST_PAUSE / 2);
        assert!(jittered(LONGEST_PAUSE, u64::MAX) < LONGEST_PAUSE);
        assert!(jittered(LONGEST_PAUSE, 999) > LONGEST_PAUSE * 9 / 10);
    }
}
