//! One line makes a named test of each check.

/// A test of each check of [`token_store`](mod@crate::token_store): `token_store!(fixture);` where `fixture` is an
/// `async fn() -> impl Fixture`, by a name in reach or a path from `crate`. Attributes before it go to each test.
#[macro_export]
macro_rules! token_store {
    ($(#[$($attribute:tt)*])* $fixture:path $(,)?) => {
        $crate::__tests! { token_store [$(#[$($attribute)*])*] $fixture =>
            of_24_claims_at_once_exactly_one_is_first
            a_claim_is_spent_for_every_handle
            claims_are_kept_apart_by_namespace_owner_and_jti
            ids_of_proofs_differ_by_every_bit
            a_proof_and_a_token_of_the_same_bytes_are_apart
            a_claim_whose_until_has_passed_is_still_spent
            a_replay_does_not_move_until
            big_and_hostile_tokens_come_back_whole
            unknown_members_of_a_token_survive
            a_token_of_an_unknown_version_is_corrupt
            a_damaged_token_is_corrupt
            no_claim_is_forgotten_in_a_flood
            no_token_or_revocation_is_forgotten_in_a_flood
            an_outage_is_an_error
            prune_removes_only_what_ended_before
            prune_is_bounded_by_its_limit_and_counts_what_went
            several_may_prune_at_once_and_each_entry_counts_once
            prune_spares_what_was_just_revoked_for_longer
            nothing_is_forgotten_before_its_until_while_others_prune
            revoke_is_seen_at_once_by_every_handle
            revoke_is_idempotent_and_leaves_a_tombstone
            revoke_is_monotone
            revoke_keeps_the_until_of_the_record
            of_24_revocations_at_once_the_latest_until_counts
            an_insert_beside_a_revocation_ends_revoked
            a_revocation_whose_until_has_passed_is_still_seen
            of_24_inserts_at_once_exactly_one_is_done
            insert_never_overwrites_a_token
            insert_never_overwrites_a_revocation
            an_insert_is_seen_at_once_by_every_handle
            ids_of_tokens_differ_by_every_bit
            a_token_that_has_expired_is_still_found
        }
    };
}

/// A test of each check of [`key_store`](mod@crate::key_store), as [`token_store!`](crate::token_store!) makes them.
#[macro_export]
macro_rules! key_store {
    ($(#[$($attribute:tt)*])* $fixture:path $(,)?) => {
        $crate::__tests! { key_store [$(#[$($attribute)*])*] $fixture =>
            big_and_hostile_key_sets_come_back_whole
            unknown_members_of_a_key_set_survive
            a_key_set_of_an_unknown_version_is_corrupt
            a_damaged_key_set_is_corrupt
            an_outage_is_an_error
            nothing_stored_yet_is_an_empty_set_at_revision_absent
            of_24_first_replacements_at_once_exactly_one_wins * 8
            of_24_replacements_at_once_exactly_one_wins
            a_writer_that_lost_has_changed_nothing
            a_replacement_is_seen_at_once_by_every_handle
            keys_and_revision_are_one_snapshot
        }
    };
}

/// A test of each check of [`credential_usage`](mod@crate::credential_usage), as
/// [`token_store!`](crate::token_store!) makes them.
#[macro_export]
macro_rules! credential_usage {
    ($(#[$($attribute:tt)*])* $fixture:path $(,)?) => {
        $crate::__tests! { credential_usage [$(#[$($attribute)*])*] $fixture =>
            the_later_of_two_uses_counts_in_any_order
            a_use_comes_back_to_the_second
            a_use_is_seen_at_once_by_every_handle
            a_batch_of_1000_is_remembered_whole
            nothing_is_known_of_a_client_without_a_use
            clients_do_not_see_each_others_uses
            credentials_of_a_client_are_told_apart
            of_24_touches_at_once_the_latest_use_counts
            of_24_touches_at_once_none_is_lost
            batches_that_cross_are_all_remembered
            no_use_is_forgotten_in_a_flood
            an_outage_is_an_error
        }
    };
}

/// A test of each check of [`initial_access_store`](mod@crate::initial_access_store), as
/// [`token_store!`](crate::token_store!) makes them.
#[macro_export]
macro_rules! initial_access_store {
    ($(#[$($attribute:tt)*])* $fixture:path $(,)?) => {
        $crate::__tests! { initial_access_store [$(#[$($attribute)*])*] $fixture =>
            insert_never_overwrites
            uses_are_counted_up_to_the_most
            a_use_is_seen_at_once_by_every_handle
            delete_is_final
            a_use_or_a_delete_touches_no_other
            of_24_consumes_at_once_as_many_are_done_as_were_left
            a_consume_beside_a_delete_brings_nothing_back
            of_24_inserts_at_once_exactly_one_is_done
            a_record_and_its_count_are_one_snapshot
            big_and_hostile_records_come_back_whole
            unknown_members_of_a_record_survive
            a_record_of_an_unknown_version_is_corrupt
            a_damaged_record_is_corrupt
            ids_compare_byte_for_byte
            pages_come_in_byte_order_and_none_is_left_out
            pages_of_1_and_of_1000_are_whole
            paging_neither_skips_nor_repeats_while_others_insert_and_delete
            an_outage_is_an_error
        }
    };
}

/// A test of each check of [`client_registry`](mod@crate::client_registry), as
/// [`token_store!`](crate::token_store!) makes them.
#[macro_export]
macro_rules! client_registry {
    ($(#[$($attribute:tt)*])* $fixture:path $(,)?) => {
        $crate::__tests! { client_registry [$(#[$($attribute)*])*] $fixture =>
            insert_never_overwrites
            update_needs_the_current_revision_and_leaves_the_next
            delete_is_final
            what_is_written_is_seen_at_once_by_every_handle
            big_and_hostile_clients_come_back_whole
            unknown_members_of_a_client_survive
            a_client_of_an_unknown_version_is_corrupt
            a_damaged_client_is_corrupt
            ids_compare_byte_for_byte_over_all_of_vschar
            a_change_of_one_client_touches_no_other
            pages_come_in_byte_order_and_none_is_left_out
            a_name_prefix_selects_byte_for_byte
            pages_of_1_and_of_1000_are_whole
            an_outage_is_an_error
            paging_neither_skips_nor_repeats_while_others_insert_and_delete
            of_24_inserts_at_once_exactly_one_is_done
            of_24_updates_at_one_revision_exactly_one_is_done
            an_update_beside_a_delete_brings_nothing_back
            a_client_is_read_as_one_snapshot
        }
    };
}

/// A test of each check of [`trust_registry`](mod@crate::trust_registry), as
/// [`token_store!`](crate::token_store!) makes them.
#[macro_export]
macro_rules! trust_registry {
    ($(#[$($attribute:tt)*])* $fixture:path $(,)?) => {
        $crate::__tests! { trust_registry [$(#[$($attribute)*])*] $fixture =>
            insert_never_overwrites
            update_needs_the_current_revision_and_leaves_the_next
            delete_is_final
            what_is_written_is_seen_at_once_by_every_handle
            big_and_hostile_issuers_come_back_whole
            unknown_members_of_an_issuer_survive
            an_issuer_of_an_unknown_version_is_corrupt
            a_damaged_issuer_is_corrupt
            names_compare_byte_for_byte_over_all_of_visible_ascii
            a_change_of_one_issuer_touches_no_other
            pages_come_in_byte_order_and_none_is_left_out
            pages_of_1_and_of_1000_are_whole
            an_outage_is_an_error
            paging_neither_skips_nor_repeats_while_others_insert_and_delete
            of_24_inserts_at_once_exactly_one_is_done
            of_24_updates_at_one_revision_exactly_one_is_done
            an_update_beside_a_delete_brings_nothing_back
            an_issuer_is_read_as_one_snapshot
        }
    };
}

/// A test of each check of [`client_store`](mod@crate::client_store): `client_store!(shown);` where `shown` is an
/// `async fn() -> (impl ClientStore, Vec<Client>)`. Attributes before it go to each test.
#[macro_export]
macro_rules! client_store {
    ($(#[$($attribute:tt)*])* $shown:path $(,)?) => {
        $crate::__tests! { client_store [$(#[$($attribute)*])*] $shown =>
            each_client_is_found_as_it_is
            no_other_id_finds_a_client
            revisions_are_stored_ones
            caveats_stay_the_same
        }
    };
}

/// A test of each check of [`trust_store`](mod@crate::trust_store): `trust_store!(shown);` where `shown` is an
/// `async fn() -> (impl TrustStore, Vec<TrustedIssuer>)`. Attributes before it go to each test.
#[macro_export]
macro_rules! trust_store {
    ($(#[$($attribute:tt)*])* $shown:path $(,)?) => {
        $crate::__tests! { trust_store [$(#[$($attribute)*])*] $shown =>
            each_issuer_is_found_as_it_is
            no_other_name_finds_an_issuer
            revisions_are_stored_ones
            caveats_stay_the_same
        }
    };
}

/// A test of each check of [`rate_limiter`](mod@crate::rate_limiter): `rate_limiter!(fixture);` where `fixture` is an
/// `async fn(RateLimits) -> impl Fixture` whose `Store` is the limiter. Attributes before it go to each test.
#[macro_export]
macro_rules! rate_limiter {
    ($(#[$($attribute:tt)*])* $fixture:path $(,)?) => {
        $crate::__tests! { rate_limiter [$(#[$($attribute)*])*] $fixture =>
            after_the_burst_of_failures_a_source_is_limited
            an_attempt_that_does_not_fail_costs_no_failure
            there_is_no_debt
            failures_are_seen_at_once_by_every_handle
            after_the_burst_of_attempts_a_source_is_limited
            what_is_refused_costs_nothing
            what_is_not_limited_is_admitted
            sources_are_kept_apart
            whoever_cannot_be_told_apart_is_not_limited
            of_24_failures_at_once_each_counts
            of_24_attempts_at_once_the_burst_is_admitted
            no_failure_is_forgotten_in_a_flood
            one_more_comes_with_time
            what_is_refused_for_its_failures_takes_no_attempt
            an_outage_is_an_error
        }
    };
}

/// In a module named for the port, so that those of several ports stand side by side.
#[doc(hidden)]
#[macro_export]
macro_rules! __tests {
    ($port:ident $attributes:tt $given:path => $($check:ident $(* $times:literal)?)*) => {
        mod $port {
            #[allow(unused_imports, clippy::wildcard_imports)]
            use super::*;
            $($crate::__test! { $port $attributes $given => $check $($times)? })*
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __test {
    ($port:ident $attributes:tt $given:path => $check:ident) => {
        $crate::__test! { $port $attributes $given => $check 1 }
    };
    (client_store $attributes:tt $shown:path => $check:ident $times:literal) => {
        $crate::__shown! { client_store $attributes $shown => $check $times }
    };
    (trust_store $attributes:tt $shown:path => $check:ident $times:literal) => {
        $crate::__shown! { trust_store $attributes $shown => $check $times }
    };
    (rate_limiter [$($attribute:tt)*] $fixture:path => $check:ident $times:literal) => {
        #[test]
        $($attribute)*
        fn $check() -> ::core::result::Result<(), $crate::Broken> {
            $crate::run($times, || async { $crate::rate_limiter::$check($fixture).await })
        }
    };
    ($port:ident [$($attribute:tt)*] $fixture:path => $check:ident $times:literal) => {
        #[test]
        $($attribute)*
        fn $check() -> ::core::result::Result<(), $crate::Broken> {
            $crate::run($times, || async {
                let fixture = $fixture().await;
                $crate::$port::$check(&fixture).await
            })
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __shown {
    ($port:ident [$($attribute:tt)*] $shown:path => $check:ident $times:literal) => {
        #[test]
        $($attribute)*
        fn $check() -> ::core::result::Result<(), $crate::Broken> {
            $crate::run($times, || async {
                let (store, shown) = $shown().await;
                $crate::$port::$check(&store, &shown).await
            })
        }
    };
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    /// The names of the checks in the source of a group.
    fn written(path: &Path) -> Vec<String> {
        if path.is_dir() {
            return fs::read_dir(path)
                .expect("folder")
                .flat_map(|file| written(&file.expect("file").path()))
                .collect();
        }
        let source = fs::read_to_string(path).expect("source");
        let names = source.lines().filter_map(|line| line.strip_prefix("pub async fn "));
        names.map(|line| line.split(['<', '(']).next().unwrap_or_default().to_owned()).collect()
    }

    /// A check that is in no macro would run nowhere, and one that no bad store fails would prove nothing.
    #[test]
    fn each_check_is_in_the_macro_of_its_group_and_has_a_store_that_fails_it() {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let macros = fs::read_to_string(source.join("tests_of.rs")).expect("source");
        let rejected = source.join("../tests/bad_stores/rejected.rs");
        let rejected = fs::read_to_string(rejected).expect("source");
        for group in [
            "client_registry",
            "client_store.rs",
            "credential_usage",
            "initial_access_store",
            "key_store",
            "rate_limiter",
            "token_store",
            "trust_registry.rs",
            "trust_store.rs",
        ] {
            let name = group.trim_end_matches(".rs");
            let start = macros.find(&format!("$crate::__tests! {{ {name} [")).expect("its macro");
            let list = macros[start..].split('}').next().unwrap_or_default();
            let listed: Vec<&str> = list.split_whitespace().collect();
            let mut checks = written(&source.join(group));
            assert!(checks.len() > 4, "{group}: {checks:?}");
            checks.retain(|check| {
                !(matches!(name, "client_store" | "trust_store") && check == "an_outage_is_an_error")
            });
            for check in checks {
                let fails = [format!("    {check} {{"), format!("{group}::{check} as check")];
                assert!(fails.iter().any(|text| rejected.contains(text)), "{check} rejects nothing");
                assert!(listed.contains(&check.as_str()), "{check} is not in the macro of {group}");
            }
        }
    }
}
