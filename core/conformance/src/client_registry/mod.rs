//! What [`ClientRegistry`] promises, and [`ClientStore`]
//! with it: inserting, changing, deleting, finding and listing clients.
//!
//! Run it on the store itself: one behind a cache answers with what was true a moment ago, as it may.
//!
//! # Errors
//!
//! Each function gives [`Broken`](crate::Broken) where the store does not keep the promise that it is named for.
#![allow(clippy::missing_errors_doc)] // said once, above

mod changing;
mod documents;
mod ids;
mod listing;
mod outage;
mod paging;
mod races;

pub use changing::{
    delete_is_final, insert_never_overwrites, update_needs_the_current_revision_and_leaves_the_next,
    what_is_written_is_seen_at_once_by_every_handle,
};
pub use documents::{
    a_client_of_an_unknown_version_is_corrupt, a_damaged_client_is_corrupt,
    big_and_hostile_clients_come_back_whole, unknown_members_of_a_client_survive,
};
pub use ids::{a_change_of_one_client_touches_no_other, ids_compare_byte_for_byte_over_all_of_vschar};
pub use listing::{
    a_name_prefix_selects_byte_for_byte, pages_come_in_byte_order_and_none_is_left_out,
    pages_of_1_and_of_1000_are_whole,
};
pub use outage::an_outage_is_an_error;
pub use paging::paging_neither_skips_nor_repeats_while_others_insert_and_delete;
pub use races::{
    a_client_is_read_as_one_snapshot, an_update_beside_a_delete_brings_nothing_back,
    of_24_inserts_at_once_exactly_one_is_done, of_24_updates_at_one_revision_exactly_one_is_done,
};

use grantor::ClientId;
use grantor::store::{Client, ClientQuery, ClientRegistry, ClientStore, Insert, Revision, Update, Versioned};

use crate::broken::{Checked, Promise};

/// Where records begin, unless a check says otherwise.
const FIRST: Revision = Revision::new(41);

async fn insert(promise: Promise, store: &impl ClientRegistry, client: &Client) -> Checked {
    let insert = promise.of(store.insert(FIRST, client)).await?;
    promise.holds(insert == Insert::Done, || format!("the first insert of {:?} was {insert:?}", client.id()))
}

async fn update(
    promise: Promise,
    store: &impl ClientRegistry,
    expected: Revision,
    client: &Client,
    outcome: Update,
) -> Checked {
    let found = promise.of(store.update(expected, client)).await?;
    promise.holds(found == outcome, || format!("an update at {expected:?} was {found:?}, not {outcome:?}"))
}

/// Exactly this record, at this revision.
async fn expect(promise: Promise, store: &impl ClientStore, client: &Client, revision: Revision) -> Checked {
    let found = promise.of(store.find(client.id())).await?;
    let Some(found) = found else {
        return Err(promise.broken(format!("{:?} was not found", client.id())));
    };
    let (other, at) = (found.record(), found.revision());
    promise.holds(other.id() == client.id(), || format!("{:?} found {:?}", client.id(), other.id()))?;
    promise.holds(other == client, || {
        let bytes = |client: &Client| client.to_document().unwrap_or_default().len();
        let (name, expected) = (other.name(), client.name());
        let (length, whole) = (bytes(other), bytes(client));
        format!("found {name:?} of {length} bytes, not {expected:?} of {whole} bytes as it was stored")
    })?;
    promise.holds(at == revision, || format!("{:?} is at {at:?}, not {revision:?}", client.id()))
}

async fn expect_none(promise: Promise, store: &impl ClientStore, id: &ClientId) -> Checked {
    let found = promise.of(store.find(id)).await?;
    let other = found.as_ref().map(|found| found.record().id());
    promise.holds(other.is_none(), || format!("{id:?} found {other:?}, and there was none to find"))
}

/// Every page until there is no more, each looked at for order and progress.
async fn walk(
    promise: Promise,
    store: &impl ClientRegistry,
    query: &ClientQuery,
) -> Checked<Vec<Versioned<Client>>> {
    let mut listed: Vec<Versioned<Client>> = Vec::new();
    let mut query = query.clone();
    loop {
        let page = promise.of(store.list(&query)).await?;
        let (count, limit) = (page.clients.len(), query.limit());
        promise.holds(count <= limit, || format!("a page of at most {limit} had {count}"))?;
        let mut last = query.after();
        for client in &page.clients {
            let id = client.record().id();
            let ascends = last.is_none_or(|last| last < id);
            promise.holds(ascends, || format!("{id:?} was listed after {last:?}"))?;
            last = Some(id);
        }
        if let Some(next) = &page.next {
            let goes_on =
                query.after().is_none_or(|after| after < next) && last.is_none_or(|last| last <= next);
            promise.holds(goes_on, || {
                format!("from {:?} by {last:?} it went on after {next:?}", query.after())
            })?;
        }
        listed.extend(page.clients);
        match page.next {
            Some(next) => query = query.starting_after(next),
            None => return Ok(listed),
        }
    }
}

/// What was listed, as texts to compare.
fn ids_of(listed: &[Versioned<Client>]) -> Vec<&str> {
    listed.iter().map(|client| client.record().id().as_str()).collect()
}
