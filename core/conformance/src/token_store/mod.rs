//! What [`TokenStore`] promises: claims, opaque tokens, revocations and pruning.
//!
//! # Errors
//!
//! Each function gives [`Broken`](crate::Broken) where the store does not keep the promise that it is named for.
#![allow(clippy::missing_errors_doc)] // said once, above

mod claims;
mod documents;
mod flood;
mod outage;
mod pruning;
mod revocations;
mod tokens;

pub use claims::{
    a_claim_is_spent_for_every_handle, a_claim_whose_until_has_passed_is_still_spent,
    a_proof_and_a_token_of_the_same_bytes_are_apart, a_replay_does_not_move_until,
    claims_are_kept_apart_by_namespace_owner_and_jti, ids_of_proofs_differ_by_every_bit,
    of_24_claims_at_once_exactly_one_is_first,
};
pub use documents::{
    a_damaged_token_is_corrupt, a_token_of_an_unknown_version_is_corrupt,
    big_and_hostile_tokens_come_back_whole, unknown_members_of_a_token_survive,
};
pub use flood::{no_claim_is_forgotten_in_a_flood, no_token_or_revocation_is_forgotten_in_a_flood};
pub use outage::an_outage_is_an_error;
pub use pruning::{
    nothing_is_forgotten_before_its_until_while_others_prune,
    prune_is_bounded_by_its_limit_and_counts_what_went, prune_removes_only_what_ended_before,
    prune_spares_what_was_just_revoked_for_longer, several_may_prune_at_once_and_each_entry_counts_once,
};
pub use revocations::{
    a_revocation_whose_until_has_passed_is_still_seen, an_insert_beside_a_revocation_ends_revoked,
    of_24_revocations_at_once_the_latest_until_counts, revoke_is_idempotent_and_leaves_a_tombstone,
    revoke_is_monotone, revoke_is_seen_at_once_by_every_handle, revoke_keeps_the_until_of_the_record,
};
pub use tokens::{
    a_token_that_has_expired_is_still_found, an_insert_is_seen_at_once_by_every_handle,
    ids_of_tokens_differ_by_every_bit, insert_never_overwrites_a_revocation, insert_never_overwrites_a_token,
    of_24_inserts_at_once_exactly_one_is_done,
};

use grantor::Timestamp;
use grantor::store::{TokenState, TokenStore};

use crate::broken::{Checked, Promise};

/// Prunes as core does: again while it removes as many as it may. How many went.
async fn prune_all(promise: Promise, store: &impl TokenStore, before: Timestamp) -> Checked<u32> {
    const LIMIT: u32 = 100;
    let mut removed = 0;
    loop {
        let went = promise.of(store.prune(before, LIMIT)).await?;
        promise.holds(went <= LIMIT, || format!("of at most {LIMIT} it says that {went} went"))?;
        removed += went;
        // A store that never stops to find something must not keep the check from its end.
        if went < LIMIT || removed > 100 * LIMIT {
            return Ok(removed);
        }
    }
}

/// In a word, without the record.
const fn word(state: &TokenState) -> &'static str {
    match state {
        TokenState::Absent => "Absent",
        TokenState::Live(_) => "Live",
        TokenState::Revoked => "Revoked",
    }
}
