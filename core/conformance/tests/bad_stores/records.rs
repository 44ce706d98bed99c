//! Records by id, clients, trusted issuers and initial access tokens alike, with their flaws.

use std::sync::Mutex;

use grantor::store::{Delete, Insert, Revision, StoreError, Update, Versioned};

use crate::documents::{kept, read};
use crate::flaw::Flaw;
use crate::store::{Data, Remembered, Store, Table, lock};

/// One kind of them.
pub(crate) trait Record: Clone + Send + Sync + 'static {
    type Id: Clone + Send + Sync;

    fn id(&self) -> &Self::Id;
    fn text(id: &Self::Id) -> &str;
    fn id_of(text: &str) -> Self::Id;
    fn without_scope(&self) -> Self;
    fn from_document(text: &str) -> Result<Self, StoreError>;
    fn to_document(&self) -> Result<String, StoreError>;
    /// Where they are.
    fn held(data: &Data) -> &Mutex<Table>;
    /// What a handle with a flaw remembers of them.
    fn remembered(store: &Store) -> &Mutex<Remembered>;
}

/// What a page shows, and from where to go on.
type Page<R> = (Vec<Versioned<R>>, Option<<R as Record>::Id>);

impl Store {
    pub(crate) fn key(&self, id: &str) -> String {
        match self.flaw {
            Flaw::FoldsCaseOfIds => id.to_lowercase(),
            Flaw::TrimsIds => id.trim_end_matches([' ', '/']).to_owned(),
            Flaw::CutsIdsAt63 => id[..id.len().min(63)].to_owned(),
            Flaw::CutsLongIds => id[..id.len().min(254)].to_owned(),
            _ => id.to_owned(),
        }
    }

    fn record<R: Record>(&self, document: &str, revision: u64) -> Result<Option<Versioned<R>>, StoreError> {
        let record = read(self, document, R::from_document)?;
        let record = match record {
            Some(record) if self.has(Flaw::LosesScope) => Some(record.without_scope()),
            record => record,
        };
        let revision = match self.flaw {
            Flaw::RevisionZero => 0,
            // As a column or a script that holds numbers as floats of 32 bits.
            Flaw::RevisionsAsFloat => revision as f32 as u64,
            _ => revision,
        };
        Ok(record.map(|record| Versioned::new(record, Revision::new(revision))))
    }
}

impl Store {
    /// The next two records, or those of them that are asked for.
    fn short_page<R: Record>(
        &self,
        held: &Table,
        after: Option<&R::Id>,
        limit: usize,
        is_asked_for: impl Fn(&R) -> bool,
    ) -> Result<Page<R>, StoreError> {
        let looked_at: Vec<&String> = rest(self, held, after.map(R::text)).into_iter().take(2).collect();
        let looked_at = &looked_at[..looked_at.len().min(limit)];
        let next = looked_at.last().map(|id| R::id_of(id));
        let mut listed = Vec::new();
        for id in looked_at {
            let (document, revision) = &held[*id];
            let record = self.record(document, *revision)?;
            listed.extend(record.filter(|record| is_asked_for(record.record())));
        }
        Ok((listed, next))
    }

    pub(crate) async fn find_record<R: Record>(
        &self,
        id: &R::Id,
    ) -> Result<Option<Versioned<R>>, StoreError> {
        if let Some(wrong) = self.reach(&[(Flaw::NoneWhenDown, (|| None) as fn() -> _)]).await? {
            return Ok(wrong);
        }
        let (table, key) = (R::held(&self.data), self.key(R::text(id)));
        let held = match lock(R::remembered(self)).get(&key).cloned() {
            Some(read) => read,
            None => lock(table).get(&key).cloned(),
        };
        if matches!(self.flaw, Flaw::RemembersRecords | Flaw::ChangingCaveats) {
            lock(R::remembered(self)).insert(key.clone(), held.clone());
        }
        let Some((mut document, revision)) = held else { return Ok(None) };
        if self.has(Flaw::TornRecords) {
            // As long as a round trip, in which others get more than one thing done.
            (0..8).for_each(|_| std::thread::yield_now());
            document = lock(table).get(&key).cloned().map_or(document, |(document, _)| document);
        }
        self.record(&document, revision)
    }

    pub(crate) fn said<R: Record>(&self) -> Vec<String> {
        if self.has(Flaw::ChangingCaveats) {
            vec![format!("{} were read", lock(R::remembered(self)).len())]
        } else {
            Vec::new()
        }
    }

    pub(crate) async fn insert_record<R: Record>(
        &self,
        first: Revision,
        record: &R,
    ) -> Result<Insert, StoreError> {
        if let Some(wrong) = self.reach(&[(Flaw::InsertedWhenDown, || Insert::Done)]).await? {
            return Ok(wrong);
        }
        let (table, key) = (R::held(&self.data), self.key(R::text(record.id())));
        let document = kept(self, record.to_document()?);
        let looked = lock(table).contains_key(&key);
        self.pause_if(Flaw::LooksThenInserts);
        let mut records = lock(table);
        let held = if self.has(Flaw::LooksThenInserts) { looked } else { records.contains_key(&key) };
        let unreadable = records.get(&key).is_some_and(|(held, _)| R::from_document(held).is_err());
        let overwrites =
            self.has(Flaw::OverwritesRecords) || self.has(Flaw::OverwritesTheUnreadable) && unreadable;
        if held && !overwrites {
            return Ok(Insert::Exists);
        }
        records.insert(key, (document, first.get()));
        Ok(Insert::Done)
    }

    pub(crate) async fn update_record<R: Record>(
        &self,
        expected: Revision,
        record: &R,
    ) -> Result<Update, StoreError> {
        if let Some(wrong) = self.reach(&[(Flaw::UpdatedWhenDown, || Update::Done)]).await? {
            return Ok(wrong);
        }
        let (table, key) = (R::held(&self.data), self.key(R::text(record.id())));
        let document = kept(self, record.to_document()?);
        let looked = lock(table).get(&key).map(|(_, revision)| *revision);
        let looks = matches!(self.flaw, Flaw::LooksThenUpdates | Flaw::UpdateUndoesDelete);
        if looks {
            std::thread::yield_now();
        }
        let mut records = lock(table);
        let held = records.get(&key).map(|(_, revision)| *revision);
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
        records.insert(key, (document, expected.next().get()));
        Ok(Update::Done)
    }

    pub(crate) async fn delete_record<R: Record>(&self, id: &R::Id) -> Result<Delete, StoreError> {
        if let Some(wrong) = self.reach(&[(Flaw::DeletedWhenDown, || Delete::Missing)]).await? {
            return Ok(wrong);
        }
        let key = self.key(R::text(id));
        let mut records = lock(R::held(&self.data));
        match self.flaw {
            Flaw::DeletesNothing if records.contains_key(&key) => return Ok(Delete::Done),
            Flaw::DeletesByPattern if records.contains_key(&key) => {
                records.retain(|id, _| *id != key && !is_like(id, &key));
                return Ok(Delete::Done);
            }
            _ => {}
        }
        Ok(if records.remove(&key).is_some() { Delete::Done } else { Delete::Missing })
    }

    pub(crate) async fn list_records<R: Record>(
        &self,
        after: Option<&R::Id>,
        limit: usize,
        is_asked_for: impl Fn(&R) -> bool + Send + Sync,
    ) -> Result<Page<R>, StoreError> {
        let empty = || (Vec::new(), None);
        if let Some(wrong) = self.reach(&[(Flaw::EmptyListWhenDown, empty as fn() -> _)]).await? {
            return Ok(wrong);
        }
        let looked = lock(R::held(&self.data)).clone();
        self.pause_if(Flaw::PagesByOffset);
        let records = lock(R::held(&self.data)).clone();
        let mut listed = Vec::new();
        let ids: Vec<&String> = match after.map(R::text) {
            // As one that counts how far it got, and skips as many.
            Some(after) if self.has(Flaw::PagesByOffset) => {
                let passed = looked.keys().filter(|id| id.as_str() <= after).count();
                records.keys().skip(passed).collect()
            }
            after => rest(self, &records, after),
        };
        let most = if self.has(Flaw::ListCapsPages) { limit.min(500) } else { limit };
        let mut more = false;
        for id in ids {
            let (document, revision) = &records[id];
            let record = match self.record(document, *revision) {
                Err(_) if self.has(Flaw::ListHidesTheUnreadable) => continue,
                record => record?,
            };
            let Some(record) = record.filter(|record| is_asked_for(record.record())) else { continue };
            if listed.len() == most {
                more = true;
                break;
            }
            listed.push(record);
        }
        if self.has(Flaw::GivesShortPages) {
            return self.short_page(&records, after, limit, is_asked_for);
        }
        let goes_on = more && (!self.has(Flaw::ListCapsPages) || most == limit);
        let next = listed.last().filter(|_| goes_on).map(|last: &Versioned<R>| last.record().id().clone());
        Ok((listed, next))
    }
}

/// The ids that come after this one.
fn rest<'a>(store: &Store, records: &'a Table, after: Option<&str>) -> Vec<&'a String> {
    let mut ids: Vec<&String> = records.keys().collect();
    if store.has(Flaw::ListsWithoutCase) {
        ids.sort_by_key(|id| id.to_lowercase());
    }
    let Some(after) = after else { return ids };
    match store.flaw {
        Flaw::ListsWithoutCase => ids.retain(|id| id.to_lowercase() > after.to_lowercase()),
        Flaw::ListRepeats => ids.retain(|id| id.as_str() >= after),
        Flaw::ListSkips => ids = ids.into_iter().filter(|id| id.as_str() > after).skip(1).collect(),
        _ => ids.retain(|id| id.as_str() > after),
    }
    ids
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
