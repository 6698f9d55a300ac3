//! The tests that every backend runs.
//!
//! A backend's test file names a function that gives an empty cache, and [`cache_suite!`](crate::cache_suite) makes a test
//! of every case.
#![expect(clippy::missing_panics_doc, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(missing_docs, reason = "the name of a case says what it holds")]

pub mod counters;
pub mod rotation;

/// Makes a `#[tokio::test]` of every case of the suite. `$open` is an async function without arguments; it gives a triple: an
/// `Arc<dyn RotationState>`, an `Arc<dyn Counters>`, and whatever must live as long as they.
#[macro_export]
macro_rules! cache_suite {
    ($open:path) => {
        $crate::cache_suite! { $open, 0:
            rotation::every_key_is_used_alike_under_concurrency,
            rotation::publishing_the_same_pool_again_does_not_disturb_the_round,
            rotation::a_tried_key_is_passed_over_and_keeps_its_place,
            rotation::a_limited_key_is_left_alone_until_its_time,
            rotation::the_first_limited_key_says_when_to_retry,
            rotation::a_dead_key_comes_back_when_a_test_finds_it_good,
            rotation::a_restart_keeps_what_was_known,
            rotation::an_unknown_service_has_no_keys,
            rotation::services_do_not_touch_each_other,
        }
        $crate::cache_suite! { $open, 1:
            counters::events_are_counted_by_name,
            counters::concurrent_events_are_all_counted,
            counters::a_forgotten_count_begins_anew,
            counters::a_count_is_forgotten_after_its_window,
        }
    };
    ($open:path, $subject:tt: $($group:ident::$case:ident,)+) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let opened = $open().await;
                $crate::suite::$group::$case(std::sync::Arc::clone(&opened.$subject)).await;
            }
        )+
    };
}
