//! What [`CredentialUsage`] promises: the latest use of each credential, apart from the client's record.
//!
//! Nothing here decides about a token. It is what an operator goes by before taking an old secret away: a use that
//! was forgotten breaks a machine that still needs it, one that was made up keeps a secret alive that nobody needs.
//!
//! # Errors
//!
//! Each function gives [`Broken`](crate::Broken) where the store does not keep the promise that it is named for.
#![allow(clippy::missing_errors_doc)] // said once, above

mod apart;
mod outage;
mod races;
mod touching;

pub use apart::{
    clients_do_not_see_each_others_uses, credentials_of_a_client_are_told_apart,
    nothing_is_known_of_a_client_without_a_use,
};
pub use outage::an_outage_is_an_error;
pub use races::{
    batches_that_cross_are_all_remembered, no_use_is_forgotten_in_a_flood,
    of_24_touches_at_once_none_is_lost, of_24_touches_at_once_the_latest_use_counts,
};
pub use touching::{
    a_batch_of_1000_is_remembered_whole, a_use_comes_back_to_the_second,
    a_use_is_seen_at_once_by_every_handle, the_later_of_two_uses_counts_in_any_order,
};

use grantor::store::{CredentialUsage, CredentialUse};
use grantor::{CredentialId, Timestamp};

use crate::broken::{Checked, Promise};
use crate::ids::client_id;

fn used(promise: Promise, client: &str, credential: &str, at: Timestamp) -> Checked<CredentialUse> {
    let credential = promise.made(CredentialId::new(credential))?;
    Ok(CredentialUse::new(client_id(promise, client)?, credential, at))
}

/// Exactly these uses are remembered of the client, in whatever order.
async fn expect(
    promise: Promise,
    store: &impl CredentialUsage,
    client: &str,
    expected: &[(&str, Timestamp)],
) -> Checked {
    let mut found = promise.of(store.last_used(&client_id(promise, client)?)).await?;
    found.sort_unstable();
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    let found: Vec<_> = found.iter().map(|(credential, at)| (credential.as_str(), *at)).collect();
    promise.holds(found == expected, || {
        let missing: Vec<_> = expected.iter().filter(|told| !found.contains(told)).take(3).collect();
        let wrong: Vec<_> = found.iter().filter(|seen| !expected.contains(seen)).take(3).collect();
        let counts = format!("{} uses where {} were told", found.len(), expected.len());
        format!("client {client:.40?} has {counts}; not among them {missing:?}, and instead {wrong:?}")
    })
}
