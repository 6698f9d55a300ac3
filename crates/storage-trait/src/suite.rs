//! The tests that every backend runs.
//!
//! A backend's test file names a function that opens an empty storage, and [`storage_suite!`](crate::storage_suite) makes
//! a test of every case:
//!
//! ```ignore
//! /// The storage, and whatever must live as long as it.
//! async fn open() -> (Arc<dyn Storage>, TempDir) { /* ... */ }
//!
//! rotator_storage_trait::storage_suite!(open);
//! ```

#![expect(clippy::missing_panics_doc, clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(missing_docs, reason = "the name of a case says what it holds")]

pub mod admin;
pub mod audit;
pub mod changes;
pub mod client_keys;
pub mod ids;
pub mod key_changes;
pub mod keys;
pub mod moving;
pub mod nodes;
pub mod prices;
pub mod request_log;
mod sample;
pub mod secrets;
pub mod services;
pub mod states;
pub mod usage;
pub mod webhooks;
pub mod whole;

/// Makes a `#[tokio::test]` of every case of the suite. `$open` is an async function without arguments; it gives a pair: an
/// empty `Arc<dyn Storage>`, and whatever must live as long as it.
#[macro_export]
macro_rules! storage_suite {
    ($open:path) => {
        $crate::storage_suite! { $open:
            ids::ids_begin_at_one_and_follow_each_other,
            ids::concurrent_reservations_never_overlap,
            services::a_service_reads_back_whole,
            services::a_taken_name_or_slug_is_named,
            services::names_and_slugs_compare_exactly,
            services::an_update_replaces_everything,
            services::a_refused_update_changes_nothing,
            services::a_service_that_was_changed_meanwhile_stays,
            services::a_service_is_found_by_its_exact_slug,
            services::what_is_not_there_is_not_found,
            services::services_come_in_pages,
            services::deleting_a_service_takes_its_keys_alone,
            services::concurrent_services_all_arrive,
            services::of_concurrent_services_with_one_slug_one_wins,
            keys::a_key_reads_back_whole,
            keys::an_empty_batch_is_fine,
            keys::duplicates_are_skipped_in_order,
            keys::the_same_value_fits_into_two_services,
            keys::a_failing_batch_leaves_nothing,
            keys::a_large_batch_arrives_whole,
            keys::keys_come_in_pages,
            keys::a_large_pool_is_read_page_by_page,
            keys::a_place_far_down_is_reached_by_its_number,
            keys::ids_are_told_by_state_and_keys_by_id,
            keys::a_batch_of_long_keys_arrives_whole,
            keys::concurrent_batches_store_each_value_once,
            keys::keys_are_counted_in_the_order_asked,
            keys::counts_of_a_large_pool_follow_its_changes,
            keys::pools_are_read_one_after_the_other_in_pages,
            keys::the_first_keys_of_many_services_come_at_once,
            key_changes::a_change_touches_only_what_is_named,
            key_changes::a_change_of_a_policy_touches_only_what_is_named,
            key_changes::concurrent_changes_of_one_key_all_hold,
            key_changes::of_changes_of_the_same_known_key_one_holds,
            key_changes::changing_or_deleting_no_key_is_not_found,
            key_changes::a_deleted_key_names_its_service,
            key_changes::all_keys_of_a_service_go_at_once,
            key_changes::a_pool_changes_as_one,
            key_changes::many_keys_change_alike,
            key_changes::some_keys_of_a_service_go_at_once,
            key_changes::changes_that_get_in_each_others_way_all_hold,
            key_changes::a_failing_pool_change_changes_nothing,
            states::states_read_back_and_are_replaced,
            states::states_may_be_saved_while_keys_come_and_go,
            states::states_go_with_their_keys,
            states::states_that_cannot_be_kept_are_left_out,
            states::many_states_are_saved_at_once,
            states::the_states_of_many_services_come_at_once,
            client_keys::client_keys_read_back_in_order,
            client_keys::client_keys_come_in_pages,
            client_keys::a_taken_client_key_is_a_conflict,
            client_keys::a_client_key_is_replaced_and_deleted,
            client_keys::a_client_key_that_was_changed_meanwhile_stays,
            changes::every_change_of_what_is_served_counts,
            changes::what_is_refused_or_not_served_counts_nothing,
            changes::a_thing_that_changes_often_is_told_once,
            changes::who_reads_while_others_write_misses_nothing,
            admin::an_administrator_is_stored_and_replaced,
            admin::user_names_compare_exactly,
            admin::administrators_are_listed_and_a_new_one_takes_no_name,
            admin::a_change_of_an_administrator_touches_only_what_is_named,
            admin::the_last_enabled_admin_stays,
            admin::of_admins_that_leave_at_once_one_stays,
            admin::tokens_go_with_their_owner,
            admin::the_latest_use_of_a_token_is_kept,
            admin::what_no_database_can_hold_is_not_found,
            admin::tokens_read_back_in_order_and_by_digest,
            admin::a_taken_token_is_a_conflict,
            admin::a_deleted_token_is_gone,
            admin::an_ended_session_stays_ended_until_it_expires,
            audit::the_log_reads_newest_first,
            audit::nothing_typed_keeps_an_entry_out,
            audit::the_log_comes_in_pages,
            audit::every_filter_picks_out_its_own_entries,
            audit::old_entries_are_forgotten_bit_by_bit,
            secrets::a_setting_is_stored_once,
            secrets::of_concurrent_settings_one_holds_for_all,
            secrets::everything_sealed_is_exchanged,
            secrets::a_failing_exchange_changes_nothing,
            usage::figures_add_up_by_minute_hour_and_day,
            usage::a_batch_counts_once,
            usage::figures_are_kept_apart_and_picked_out,
            usage::models_that_no_column_holds_are_shortened,
            usage::sources_that_add_at_once_lose_nothing,
            usage::many_rows_arrive_whole,
            usage::old_figures_are_forgotten_bit_by_bit,
            request_log::a_logged_request_reads_back,
            request_log::every_filter_picks_out_its_own,
            request_log::the_log_comes_in_pages_and_is_followed,
            request_log::what_appears_never_comes_before_what_is_seen,
            request_log::texts_that_no_column_holds_are_shortened,
            request_log::old_requests_are_forgotten_by_age_and_size,
            moving::an_empty_database_holds_the_next_id_alone,
            moving::everything_that_is_stored_is_read,
            moving::an_empty_database_is_filled,
            moving::ids_go_on_above_those_that_moved,
            moving::a_filling_that_is_given_up_leaves_nothing,
            moving::only_an_empty_database_is_filled,
            moving::a_large_database_moves_page_by_page,
            prices::prices_are_stored_replaced_and_deleted,
            prices::prices_that_are_set_at_once_all_hold,
            prices::every_change_of_prices_counts,
            whole::it_answers_until_it_is_closed,
            webhooks::webhooks_read_back_in_order,
            webhooks::a_webhook_is_replaced_disabled_and_deleted,
            webhooks::an_alarm_changes_once,
            webhooks::of_nodes_that_find_the_same_one_tells_it,
            webhooks::old_alarms_are_forgotten,
            webhooks::a_message_is_claimed_once_until_its_time_comes_again,
            webhooks::what_became_of_a_message_is_recorded,
            webhooks::messages_come_in_pages_and_are_forgotten,
            webhooks::everything_goes_with_its_webhook,
        }
    };
    ($open:path: $($group:ident::$case:ident,)+) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let (storage, _guard) = $open().await;
                $crate::suite::$group::$case(&*storage).await;
                storage.close().await;
            }
        )+
    };
}

/// Makes a `#[tokio::test]` of every case for databases that many nodes share. `$factory` is the factory; `$empty` is a
/// function without arguments that gives a pair: the [`DatabaseUrl`](crate::DatabaseUrl) of an empty database, and
/// whatever must live as long as it.
#[macro_export]
macro_rules! nodes_suite {
    ($factory:expr, $empty:path) => {
        $crate::nodes_suite! { $factory, $empty:
            nodes_that_start_at_once_make_one_schema,
            nodes_that_add_the_same_keys_store_each_once,
            nodes_count_a_large_pool_as_the_other_changes_it,
            everything_is_there_after_reopening,
            a_reset_leaves_an_empty_schema,
            a_snapshot_sees_one_moment,
            a_filling_appears_at_once,
            a_call_that_is_given_up_leaves_all_or_nothing,
            an_opening_that_is_given_up_can_be_repeated,
            a_wrong_password_is_denied_and_not_told,
            a_database_that_is_not_there_is_named,
            a_server_that_is_not_there_does_not_answer,
            a_url_that_cannot_be_read_is_not_told,
        }
    };
    ($factory:expr, $empty:path: $($case:ident,)+) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let (url, _guard) = $empty();
                $crate::suite::nodes::$case(&$factory, &url).await;
            }
        )+
    };
}
