//! Clients that registered themselves and are never used go again, so that nobody fills the store with them (RFC 7591 §5, T86).

use std::sync::atomic::AtomicI64;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::Inner;
use crate::event::{ChangedBy, ClientChange, ClientChanged, Event};
use crate::keys::is_time;
use crate::store::{Client, ClientQuery, ClientRegistry, CredentialUsage, Delete, StoreError, Versioned};
use crate::types::{ClientId, Timestamp};

/// How often the clients are gone through.
const EVERY: Duration = Duration::from_secs(3600);
/// How many are looked at in one turn of maintenance, so that it is short.
const PAGE: usize = 200;
/// Uses are remembered for 400 days. Whoever is older may have been used before that.
const OLDEST: Duration = Duration::from_secs(400 * 24 * 3600);

/// How far a search has got.
#[derive(Debug)]
pub(crate) struct UnusedSearch {
    begun_at: AtomicI64,
    /// Where to go on; `None` where none is under way.
    next: Mutex<Option<ClientQuery>>,
}

impl Default for UnusedSearch {
    fn default() -> Self {
        Self { begun_at: AtomicI64::new(i64::MIN), next: Mutex::new(None) }
    }
}

impl UnusedSearch {
    fn take(&self, now: Timestamp) -> Option<ClientQuery> {
        let under_way = self.next.lock().unwrap_or_else(PoisonError::into_inner).take();
        under_way.or_else(|| is_time(&self.begun_at, now, EVERY).then(|| ClientQuery::first(PAGE)))
    }

    fn go_on(&self, query: ClientQuery) {
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = Some(query);
    }
}

impl Inner {
    /// One page of clients. A failure is told, and the search begins anew in its time.
    pub(super) async fn remove_unused(&self, now: Timestamp) {
        let unused_for = self.registration.as_ref().and_then(|rules| rules.unused_for);
        let (Some(span), Some(registry), Some(usage)) =
            (unused_for, &self.stores.registry, &self.stores.usage)
        else {
            return;
        };
        let Some(query) = self.unused.take(now) else { return };
        let is_due = |client: &Client| {
            let created_at = client.created_at().filter(|_| client.registration().is_some());
            created_at.is_some_and(|at| at.plus(span) <= now && now < at.plus(OLDEST))
        };
        match self.remove_due(&**registry, &**usage, &query, is_due).await {
            Ok(Some(next)) => self.unused.go_on(query.starting_after(next)),
            Ok(None) => {}
            Err(error) => self.failed(&error, now),
        }
    }

    async fn remove_due(
        &self,
        registry: &dyn ClientRegistry,
        usage: &dyn CredentialUsage,
        query: &ClientQuery,
        is_due: impl Fn(&Client) -> bool,
    ) -> Result<Option<ClientId>, StoreError> {
        let page = registry.list(query).await?;
        for client in page.clients.iter().map(Versioned::record).filter(|client| is_due(client)) {
            let id = client.id();
            if self.usage.knows(id) || !usage.last_used(id).await?.is_empty() {
                continue;
            }
            if registry.delete(id).await? == Delete::Done {
                let (change, by) = (ClientChange::Deleted, ChangedBy::Maintenance);
                self.report(&Event::ClientChanged(ClientChanged { client_id: id, change, by }));
            }
        }
        Ok(page.next)
    }
}
