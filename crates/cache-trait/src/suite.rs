//! The tests that every backend runs.
//!
//! A backend's test file names a function that gives an empty cache, and [`cache_suite!`](crate::cache_suite) makes a test
//! of every case.
#![expect(clippy::missing_panics_doc, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(missing_docs, reason = "the name of a case says what it holds")]

pub mod conversations;
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
            rotation::what_the_end_of_a_request_tells_is_learned,
            rotation::a_dead_key_comes_back_when_a_test_finds_it_good,
            rotation::a_restart_keeps_what_was_known,
            rotation::an_unknown_service_has_no_keys,
            rotation::services_do_not_touch_each_other,
            rotation::only_the_keys_that_are_named_are_reported_in_their_order,
            rotation::many_pools_are_published_at_once,
            rotation::services_that_were_used_are_to_be_looked_at_once,
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

/// Makes a `#[tokio::test]` of every case of the suite for a [`ConversationStore`](crate::ConversationStore). `$open` is an
/// async function of the [`ConversationLimits`](crate::ConversationLimits) to keep; it gives a pair: an
/// `Arc<dyn ConversationStore>`, and whatever must live as long as it.
#[macro_export]
macro_rules! conversation_suite {
    ($open:path) => {
        $crate::conversation_suite! { $open, LIMITS:
            what_was_remembered_is_recalled_as_it_was,
            nobody_recalls_what_another_one_left,
            what_is_forgotten_is_gone,
            no_more_entries_are_kept_than_allowed_and_the_last_ones_stay,
            no_more_bytes_are_kept_than_allowed,
        }
        $crate::conversation_suite! { $open, SHORT_LIVED: what_is_old_is_gone, }
    };
    ($open:path, $limits:ident: $($case:ident,)+) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let opened = $open($crate::suite::conversations::$limits).await;
                $crate::suite::conversations::$case(std::sync::Arc::clone(&opened.0)).await;
            }
        )+
    };
}
