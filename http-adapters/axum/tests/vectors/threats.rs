//! Attacks by client assertions over a socket, by the number of the threat record. Shared with `grantor-actix`.

use grantor_conformance::vectors::check_named;
use grantor_storage_memory::MemoryStore;

use super::exchange;

/// A test for each threat: the vectors that begin with its number, of which there must be one.
macro_rules! threats {
    ($($threat:ident)*) => {$(
        #[tokio::test]
        async fn $threat() {
            let number = stringify!($threat)[..3].to_uppercase();
            check_named(&number, MemoryStore::new, exchange).await.unwrap();
        }
    )*};
}

threats! {
    t01_audience_injection
    t02_the_issuer_among_others
    t03_typ
    t04_replay
    t07_a_jti_that_is_none
    t08_other_spellings
    t10_two_clients_may_use_one_jti
    t11_far_exp_and_huge_jti
    t12_hmac_keyed_with_a_public_key
    t13_none_in_any_spelling
    t14_the_header_names_another_algorithm_than_the_key
    t15_a_key_in_the_header
    t16_jku_and_x5u
    t17_a_certificate_in_the_header
    t18_a_hostile_kid
    t19_a_foreign_kid
    t20_psychic_signatures
    t21_der_and_wrong_lengths
    t22_crit
    t23_b64
    t24_json_serialization
    t25_a_member_twice
    t26_numeric_date_overflow
    t27_a_claim_of_a_wrong_type
    t28_missing_claims
    t29_cross_jwt_confusion
    t30_a_jwe_is_never_opened
    t31_nor_counted_for
    t32_nor_inflated
    t33_oversized_and_deeply_nested
    t38_an_assertion_beside_a_secret
}

/// All 64 that were made for this project, with their verdicts.
#[tokio::test]
async fn s6_every_assertion_of_the_projects_own_gets_its_verdict() {
    check_named("S0", MemoryStore::new, exchange).await.unwrap();
}
