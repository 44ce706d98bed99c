//! Clients, with their flaws.

use std::collections::BTreeMap;

use grantor::store::{
    Client, ClientPage, ClientQuery, ClientRegistry, ClientStore, Delete, Insert, Revision, StoreError,
    Update, Versioned,
};
use grantor::{ClientId, Scope, async_trait};

use crate::documents::{kept, read};
use crate::flaw::Flaw;
use crate::store::{Store, lock};

impl Store {
    pub(crate) fn key(&self, id: &ClientId) -> String {
        let id = id.as_str();
        match self.flaw {
            Flaw::FoldsCaseOfIds => id.to_lowercase(),
            Flaw::TrimsIds => id.trim_end().to_owned(),
            Flaw::CutsLongIds => id[..id.len().min(254)].to_owned(),
            _ => id.to_owned(),
        }
    }

    fn record(&self, document: &str, revision: u64) -> Result<Option<Versioned<Client>>, StoreError> {
        let client = read(self, document, Client::from_document)?;
        let client = match client {
            Some(client) if self.has(Flaw::LosesScope) => {
                Some(client.to_builder().default_scope(None).scope(Scope::empty()).build().unwrap())
            }
            client => client,
        };
        let revision = match self.flaw {
            Flaw::RevisionZero => 0,
            // As a column or a script that holds numbers as floats of 32 bits.
            Flaw::RevisionsAsFloat => revision as f32 as u64,
            _ => revision,
        };
        Ok(client.map(|client| Versioned::new(client, Revision::new(revision))))
    }
}

impl Store {
    /// The next two clients, or those of them that the query asks for.
    fn short_page(
        &self,
        clients: &BTreeMap<String, (String, u64)>,
        query: &ClientQuery,
    ) -> Result<ClientPage, StoreError> {
        let looked_at: Vec<&String> = rest(self, clients, query.after()).into_iter().take(2).collect();
        let looked_at = &looked_at[..looked_at.len().min(query.limit())];
        let next = looked_at.last().map(|id| ClientId::new(id.as_str()).unwrap());
        let mut listed = Vec::new();
        for id in looked_at {
            let (document, revision) = &clients[*id];
            let client = self.record(document, *revision)?;
            listed.extend(client.filter(|client| matches_name(self.flaw, client.record(), query)));
        }
        Ok(ClientPage::new(listed, next))
    }
}

#[async_trait]
impl ClientStore for Store {
    async fn find(&self, id: &ClientId) -> Result<Option<Versioned<Client>>, StoreError> {
        if let Some(wrong) = self.reach(&[(Flaw::NoneWhenDown, (|| None) as fn() -> _)]).await? {
            return Ok(wrong);
        }
        let key = self.key(id);
        let held = match lock(&self.read_clients).get(&key).cloned() {
            Some(read) => read,
            None => lock(&self.data.clients).get(&key).cloned(),
        };
        if matches!(self.flaw, Flaw::RemembersClients | Flaw::ChangingCaveats) {
            lock(&self.read_clients).insert(key.clone(), held.clone());
        }
        let Some((mut document, revision)) = held else { return Ok(None) };
        if self.has(Flaw::TornClients) {
            std::thread::yield_now();
            document = lock(&self.data.clients).get(&key).cloned().map_or(document, |(document, _)| document);
        }
        self.record(&document, revision)
    }

    fn caveats(&self) -> Vec<String> {
        if self.has(Flaw::ChangingCaveats) {
            vec![format!("{} were read", lock(&self.read_clients).len())]
        } else {
            Vec::new()
        }
    }
}

#[async_trait]
impl ClientRegistry for Store {
    async fn insert(&self, first: Revision, client: &Client) -> Result<Insert, StoreError> {
        if let Some(wrong) = self.reach(&[(Flaw::InsertedWhenDown, || Insert::Done)]).await? {
            return Ok(wrong);
        }
        let (key, document) = (self.key(client.id()), kept(self, client.to_document()?));
        let looked = lock(&self.data.clients).contains_key(&key);
        self.pause_if(Flaw::LooksThenInserts);
        let mut clients = lock(&self.data.clients);
        let held = if self.has(Flaw::LooksThenInserts) { looked } else { clients.contains_key(&key) };
        let unreadable = clients.get(&key).is_some_and(|(held, _)| Client::from_document(held).is_err());
        let overwrites =
            self.has(Flaw::OverwritesClients) || self.has(Flaw::OverwritesTheUnreadable) && unreadable;
        if held && !overwrites {
            return Ok(Insert::Exists);
        }
        clients.insert(key, (document, first.get()));
        Ok(Insert::Done)
    }

    async fn update(&self, expected: Revision, client: &Client) -> Result<Update, StoreError> {
        if let Some(wrong) = self.reach(&[(Flaw::UpdatedWhenDown, || Update::Done)]).await? {
            return Ok(wrong);
        }
        let (key, document) = (self.key(client.id()), kept(self, client.to_document()?));
        let looked = lock(&self.data.clients).get(&key).map(|(_, revision)| *revision);
        let looks = matches!(self.flaw, Flaw::LooksThenUpdates | Flaw::UpdateUndoesDelete);
        if looks {
            std::thread::yield_now();
        }
        let mut clients = lock(&self.data.clients);
        let held = clients.get(&key).map(|(_, revision)| *revision);
        let current = match self.flaw {
            Flaw::LooksThenUpdates => held.and(looked),
            Flaw::UpdateUndoesDelete if held.is_none() => looked,
            Flaw::UpdateInserts => Some(held.unwrap_or(expected.get())),
            _ => held,
        };
        match current {
            None => return Ok(Update::Missing),
            Some(at) if at != expected.get() && !self.has(Flaw::IgnoresTheRevision) => {
                return Ok(Update::Conflict);
            }
            Some(_) => {}
        }
        clients.insert(key, (document, expected.next().get()));
        Ok(Update::Done)
    }

    async fn delete(&self, id: &ClientId) -> Result<Delete, StoreError> {
        if let Some(wrong) = self.reach(&[(Flaw::DeletedWhenDown, || Delete::Missing)]).await? {
            return Ok(wrong);
        }
        let key = self.key(id);
        let mut clients = lock(&self.data.clients);
        match self.flaw {
            Flaw::DeletesNothing if clients.contains_key(&key) => return Ok(Delete::Done),
            Flaw::DeletesByPattern if clients.contains_key(&key) => {
                clients.retain(|id, _| *id != key && !is_like(id, &key));
                return Ok(Delete::Done);
            }
            _ => {}
        }
        Ok(if clients.remove(&key).is_some() { Delete::Done } else { Delete::Missing })
    }

    async fn list(&self, query: &ClientQuery) -> Result<ClientPage, StoreError> {
        let empty = || ClientPage::new(Vec::new(), None);
        if let Some(wrong) = self.reach(&[(Flaw::EmptyListWhenDown, empty as fn() -> _)]).await? {
            return Ok(wrong);
        }
        let looked = lock(&self.data.clients).clone();
        self.pause_if(Flaw::PagesByOffset);
        let clients = lock(&self.data.clients).clone();
        let mut listed = Vec::new();
        let mut after: Vec<&String> = match query.after() {
            // As one that counts how far it got, and skips as many.
            Some(after) if self.has(Flaw::PagesByOffset) => {
                let passed = looked.keys().filter(|id| id.as_str() <= after.as_str()).count();
                clients.keys().skip(passed).collect()
            }
            after => rest(self, &clients, after),
        };
        let limit = if self.has(Flaw::ListCapsPages) { query.limit().min(500) } else { query.limit() };
        let mut more = false;
        for id in after.drain(..) {
            let (document, revision) = &clients[id];
            let client = match self.record(document, *revision) {
                Err(_) if self.has(Flaw::ListHidesTheUnreadable) => continue,
                client => client?,
            };
            let Some(client) = client.filter(|client| matches_name(self.flaw, client.record(), query)) else {
                continue;
            };
            if listed.len() == limit {
                more = true;
                break;
            }
            listed.push(client);
        }
        if self.has(Flaw::GivesShortPages) {
            return self.short_page(&clients, query);
        }
        let goes_on = more && (!self.has(Flaw::ListCapsPages) || limit == query.limit());
        let next = listed.last().filter(|_| goes_on).map(|client| client.record().id().clone());
        Ok(ClientPage::new(listed, next))
    }
}

/// The ids that come after this one.
fn rest<'a>(
    store: &Store,
    clients: &'a BTreeMap<String, (String, u64)>,
    after: Option<&ClientId>,
) -> Vec<&'a String> {
    let mut ids: Vec<&String> = clients.keys().collect();
    if store.has(Flaw::ListsWithoutCase) {
        ids.sort_by_key(|id| id.to_lowercase());
    }
    let Some(after) = after.map(ClientId::as_str) else { return ids };
    match store.flaw {
        Flaw::ListsWithoutCase => ids.retain(|id| id.to_lowercase() > after.to_lowercase()),
        Flaw::ListRepeats => ids.retain(|id| id.as_str() >= after),
        Flaw::ListSkips => ids = ids.into_iter().filter(|id| id.as_str() > after).skip(1).collect(),
        _ => ids.retain(|id| id.as_str() > after),
    }
    ids
}

fn matches_name(flaw: Flaw, client: &Client, query: &ClientQuery) -> bool {
    let (name, Some(prefix)) = (client.name().unwrap_or_default(), query.name_prefix()) else { return true };
    match flaw {
        Flaw::NamesByPattern => is_like(name, &format!("{prefix}%")),
        Flaw::NamesWithoutCase => name.to_lowercase().starts_with(&prefix.to_lowercase()),
        _ => name.starts_with(prefix),
    }
}

/// `LIKE` of SQL.
pub(crate) fn is_like(text: &str, pattern: &str) -> bool {
    match pattern.chars().next() {
        None => text.is_empty(),
        Some('%') => (0..=text.len())
            .filter(|at| text.is_char_boundary(*at))
            .any(|at| is_like(&text[at..], &pattern[1..])),
        Some(first) => text.chars().next().is_some_and(|found| {
            (first == '_' || first == found)
                && is_like(&text[found.len_utf8()..], &pattern[first.len_utf8()..])
        }),
    }
}
