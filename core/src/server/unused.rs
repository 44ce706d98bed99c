//! Clients that registered themselves and are never used go again, so that nobody fills the store with them (RFC 7591 §5, T86).

use std::collections::BTreeSet;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Inner;
use crate::event::{ChangedBy, ClientChange, ClientChanged, Event};
use crate::keys::is_time;
use crate::store::{
    Client, ClientQuery, ClientRegistration, ClientRegistry, Delete, StoreError, Update, Versioned,
    latest_client,
};
use crate::types::{ClientId, Timestamp};

/// How often the clients are gone through.
const EVERY: Duration = Duration::from_secs(3600);
/// How many are looked at in one turn of maintenance, so that it is short.
const PAGE: usize = 200;
/// How many first uses wait to be written down at most. More wait for their next.
const MOST_USED: usize = 10_000;
/// How often a first use is written anew because somebody else changed the client meanwhile.
const ATTEMPTS: usize = 8;

/// How far a search has got.
#[derive(Debug)]
pub(crate) struct UnusedSearch {
    begun_at: AtomicI64,
    /// Where to go on; `None` where none is under way.
    next: Mutex<Option<ClientQuery>>,
    /// Who was used for the first time, and whose record does not say so yet.
    used: Mutex<BTreeSet<ClientId>>,
}

impl Default for UnusedSearch {
    fn default() -> Self {
        Self { begun_at: AtomicI64::new(i64::MIN), next: Mutex::new(None), used: Mutex::default() }
    }
}

impl UnusedSearch {
    fn take(&self, now: Timestamp) -> Option<ClientQuery> {
        let under_way = lock(&self.next).take();
        under_way.or_else(|| is_time(&self.begun_at, now, EVERY).then(|| ClientQuery::first(PAGE)))
    }

    /// Whether this is news.
    fn note(&self, client: &ClientId) -> bool {
        let mut used = lock(&self.used);
        used.len() < MOST_USED && used.insert(client.clone())
    }

    fn go_on(&self, query: ClientQuery) {
        *lock(&self.next) = Some(query);
    }
}

impl Inner {
    /// A client that registered itself is used. That is written into its record, once and behind the request, so that it is known
    /// wherever the search runs and for as long as the client lives.
    pub(super) fn note_first_use(self: &Arc<Self>, client: &Client) {
        let can_be_told = self.stores.registry.is_some();
        let is_first = can_be_told && client.registration().is_some_and(ClientRegistration::is_unused);
        let is_news = is_first && self.unused.note(client.id());
        if let (true, Some(executor)) = (is_news, &self.executor) {
            let server = Arc::clone(self);
            executor.spawn(Box::pin(async move { server.keep_used().await }));
        }
    }

    /// Writes down who was used for the first time.
    pub(super) async fn keep_used(&self) {
        let Some(registry) = &self.stores.registry else { return };
        let used = lock(&self.unused.used).clone();
        for id in used {
            match keep(&**registry, &id).await {
                Ok(()) => drop(lock(&self.unused.used).remove(&id)),
                Err(error) => self.failed(&error, self.clock.now()),
            }
        }
    }

    /// One page of clients. A failure is told, and the search begins anew in its time.
    pub(super) async fn remove_unused(&self, now: Timestamp) {
        let unused_for = self.registration.as_ref().and_then(|rules| rules.unused_for);
        let (Some(span), Some(registry)) = (unused_for, &self.stores.registry) else { return };
        let Some(query) = self.unused.take(now) else { return };
        match self.remove_due(&**registry, &query, |client| is_due(client, span, now)).await {
            Ok(Some(next)) => self.unused.go_on(query.starting_after(next)),
            Ok(None) => {}
            Err(error) => self.failed(&error, now),
        }
    }

    async fn remove_due(
        &self,
        registry: &dyn ClientRegistry,
        query: &ClientQuery,
        is_due: impl Fn(&Client) -> bool,
    ) -> Result<Option<ClientId>, StoreError> {
        let page = registry.list(query).await?;
        for client in page.clients.iter().map(Versioned::record).filter(|client| is_due(client)) {
            let id = client.id();
            // Meanwhile it may have been used, here or elsewhere.
            let latest = latest_client(registry, id).await?;
            let is_still_due = latest.is_some_and(|latest| is_due(latest.record()));
            if !is_still_due || lock(&self.unused.used).contains(id) || self.was_used(id).await? {
                continue;
            }
            if registry.delete(id).await? == Delete::Done {
                let (change, by) = (ClientChange::Deleted, ChangedBy::Maintenance);
                self.report(&Event::ClientChanged(ClientChanged { client_id: id, change, by }));
            }
        }
        Ok(page.next)
    }

    /// By what is remembered of uses, as far as that is: of servers that could not write the first one down.
    async fn was_used(&self, id: &ClientId) -> Result<bool, StoreError> {
        match &self.stores.usage {
            Some(usage) => Ok(!usage.last_used(id).await?.is_empty()),
            None => Ok(false),
        }
    }
}

/// Whether nobody would miss it: it registered itself that long ago, was never used, and no operator has looked after it.
fn is_due(client: &Client, span: Duration, now: Timestamp) -> bool {
    let is_unused = client.registration().is_some_and(ClientRegistration::is_unused);
    let is_the_operators = client.is_introspector() || !client.serves().is_empty();
    is_unused && !is_the_operators && client.created_at().is_some_and(|at| at.plus(span) <= now)
}

async fn keep(registry: &dyn ClientRegistry, id: &ClientId) -> Result<(), StoreError> {
    for _ in 0..ATTEMPTS {
        let Some(found) = latest_client(registry, id).await? else { return Ok(()) };
        if !found.record().registration().is_some_and(ClientRegistration::is_unused) {
            return Ok(());
        }
        let kept = found.record().to_builder().kept().build().map_err(StoreError::corrupt)?;
        if registry.update(found.revision(), &kept).await? != Update::Conflict {
            return Ok(());
        }
    }
    Err(StoreError::unavailable("somebody else changes the client all the time"))
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
