//! The store's contract: every test of [`contract`] runs on a SQLite file, on SQLite in memory and
//! on a real PostgreSQL.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests, which clippy does not recognise outside of #[test] functions"
)]

mod agreement;
mod contract;
mod damage;
mod history;
mod journal;
mod observe;
#[path = "../support/postgres.rs"]
mod postgres;
mod samples;
mod secrets;
mod world;

/// One list of tests, one run of each on each database.
macro_rules! on_every_database {
    ($($module:ident: $($test:ident),+ $(,)?;)+) => {
        mod sqlite_file {
            $($(#[test] fn $test() { crate::world::run(crate::world::Kind::File, crate::$module::$test); })+)+
        }
        mod sqlite_memory {
            $($(#[test] fn $test() { crate::world::run(crate::world::Kind::Memory, crate::$module::$test); })+)+
        }
        mod postgresql {
            $($(#[test] fn $test() { crate::world::run(crate::world::Kind::Postgres, crate::$module::$test); })+)+
        }
    };
}

on_every_database! {
    agreement:
        every_table_is_listed_with_how_it_is_held_against_the_journal,
        whatever_is_changed_in_any_table_is_named,
        what_is_foreign_missing_or_altered_in_the_database_itself_is_named,
        an_account_whose_row_claims_to_be_of_the_future_stops_a_read,
        what_others_put_among_what_a_read_staged_is_refused,
        the_list_of_what_postgresql_holds_is_what_the_migrations_make;
    contract:
        what_is_written_is_read_back,
        orders_are_kept_until_they_are_taken_back,
        every_kind_of_order_is_read_back,
        groups_members_and_grants_are_kept_apart_by_kind,
        what_a_trail_told_and_what_was_noticed_is_kept,
        later_writes_replace_earlier_ones,
        runs_are_found_by_every_filter,
        lapsed_approvals_are_not_shown,
        a_dropped_transaction_leaves_nothing,
        a_failed_commit_leaves_nothing,
        a_change_without_an_entry_is_refused,
        a_second_organisation_sees_nothing,
        what_must_not_meet_a_lease_is_refused_once_somebody_had_it,
        a_lease_that_ran_out_is_taken_away_for_good,
        two_policies_cannot_have_one_number,
        odd_texts_survive,
        a_lease_belongs_to_one_owner_at_a_time,
        a_lost_lease_fences_off_late_writes,
        migrating_again_keeps_the_data,
        an_older_layout_is_migrated_with_its_data,
        many_may_open_a_new_database_at_once,
        a_newer_layout_is_refused,
        a_changed_migration_is_refused;
    journal:
        entries_are_found_by_every_filter,
        concurrent_writers_make_one_chain,
        every_edited_column_is_found,
        every_missing_entry_is_found,
        swapped_entries_are_found,
        entries_beyond_the_head_are_found,
        the_database_itself_refuses_changes,
        an_entry_without_its_data_is_found_unless_a_redaction_tells_of_it,
        what_is_taken_out_is_gone_and_everything_else_stays,
        fractions_do_not_look_like_edits,
        any_flipped_bit_of_any_column_is_found_and_the_entry_named,
        any_entry_that_is_dropped_or_swapped_is_found_and_named;
    history:
        the_folded_journal_is_the_state,
        what_is_taken_back_is_gone_from_the_fold,
        a_fold_may_stop_at_any_entry,
        an_image_stands_in_the_entry_about_the_same_person,
        state_needs_an_entry_that_can_hold_it;
    observe:
        an_observation_tells_what_changed,
        observing_the_same_again_writes_only_the_observation,
        an_unproven_read_removes_nobody,
        a_direct_look_up_beats_a_read_in_progress,
        a_dead_read_leaves_no_trace,
        a_later_page_counts,
        a_removed_account_may_come_back,
        the_journal_names_every_account_that_changed;
    secrets:
        credentials_come_back,
        another_key_opens_nothing_and_says_so,
        a_file_whose_bytes_were_changed_is_not_handed_out,
        a_former_key_still_opens,
        swapped_credentials_do_not_open,
        altered_credentials_do_not_open,
        resealing_makes_the_former_key_needless,
        there_is_one_signing_key_and_it_is_resealed_too;
}
