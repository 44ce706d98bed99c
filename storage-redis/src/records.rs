//! Records by id, and their ids in byte order: clients, trusted issuers, initial access tokens. Before each stands a number:
//! its revision, or how often the token was used.

use grantor::store::{
    Client, Delete, InitialAccess, Insert, Revision, StoreError, TrustedIssuer, Update, Versioned,
};

use crate::layout::Table;
use crate::problem::Problem;
use crate::scripts::{DELETE_RECORD, INSERT_RECORD, LIST_RECORDS, UPDATE_RECORD};
use crate::store::RedisStore;
use crate::stored;

/// How many records a listing reads at once: while it does, Redis does nothing else.
pub(crate) const STRIDE: usize = 128;

/// What has an id of its own in its document.
pub(crate) trait Record: Sized {
    fn id_text(&self) -> &str;
    fn to_document(&self) -> Result<String, StoreError>;
    fn from_document(text: &str) -> Result<Self, StoreError>;
}

impl Record for Client {
    fn id_text(&self) -> &str {
        self.id().as_str()
    }

    fn to_document(&self) -> Result<String, StoreError> {
        self.to_document()
    }

    fn from_document(text: &str) -> Result<Self, StoreError> {
        Self::from_document(text)
    }
}

impl Record for TrustedIssuer {
    fn id_text(&self) -> &str {
        self.issuer().as_str()
    }

    fn to_document(&self) -> Result<String, StoreError> {
        self.to_document()
    }

    fn from_document(text: &str) -> Result<Self, StoreError> {
        Self::from_document(text)
    }
}

impl Record for InitialAccess {
    fn id_text(&self) -> &str {
        self.id().as_str()
    }

    fn to_document(&self) -> Result<String, StoreError> {
        self.to_document()
    }

    fn from_document(text: &str) -> Result<Self, StoreError> {
        Self::from_document(text)
    }
}

impl RedisStore {
    pub(crate) async fn find_record<R: Record>(
        &self,
        table: &Table,
        id: &str,
    ) -> Result<Option<Versioned<R>>, StoreError> {
        let key = &table.records;
        let command = redis::cmd("HGET").arg(&key.name).arg(id).clone();
        let held = self.parts().access.read(key, &command).await?;
        held.map(|held| read(id.as_bytes(), &held)).transpose()
    }

    pub(crate) async fn insert_record(
        &self,
        table: &Table,
        first: Revision,
        record: &impl Record,
    ) -> Result<Insert, StoreError> {
        let held = stored::write(first, &record.to_document()?);
        let args: [&[u8]; 2] = [record.id_text().as_bytes(), &held];
        match self.parts().access.write(&INSERT_RECORD, &table.keys(), &args).await? {
            1 => Ok(Insert::Done),
            _ => Ok(Insert::Exists),
        }
    }

    pub(crate) async fn update_record(
        &self,
        table: &Table,
        expected: Revision,
        record: &impl Record,
    ) -> Result<Update, StoreError> {
        let next = stored::write(expected.next(), &record.to_document()?);
        let expected = expected.get().to_string();
        let args: [&[u8]; 3] = [record.id_text().as_bytes(), expected.as_bytes(), &next];
        match self.parts().access.write(&UPDATE_RECORD, &[&table.records], &args).await? {
            1 => Ok(Update::Done),
            0 => Ok(Update::Conflict),
            _ => Ok(Update::Missing),
        }
    }

    pub(crate) async fn delete_record(&self, table: &Table, id: &str) -> Result<Delete, StoreError> {
        match self.parts().access.write(&DELETE_RECORD, &table.keys(), &[id.as_bytes()]).await? {
            1 => Ok(Delete::Done),
            _ => Ok(Delete::Missing),
        }
    }

    /// Up to `most` records after `last`, read in one step.
    pub(crate) async fn stride<R: Record>(
        &self,
        table: &Table,
        last: Option<&str>,
        most: usize,
    ) -> Result<Vec<Versioned<R>>, StoreError> {
        let start = last.map_or_else(|| "-".to_owned(), |last| format!("({last}"));
        let most = most.to_string();
        let args: [&[u8]; 2] = [start.as_bytes(), most.as_bytes()];
        let answer = self.parts().access.read_all(&LIST_RECORDS, &table.keys(), &args).await?;
        let (ids, records): (Vec<Vec<u8>>, Vec<Option<Vec<u8>>>) =
            redis::from_redis_value(answer).map_err(|_| Problem::Shape("a script"))?;
        let missing = Problem::Stored("an id that is listed and whose record is not there");
        let listed = ids.into_iter().zip(records);
        listed.map(|(id, held)| read(&id, &held.ok_or_else(|| missing.clone())?)).collect()
    }
}

/// What is held under an id, which must be a record of this id: a caller who pages or updates goes by the record's own.
fn read<R: Record>(id: &[u8], held: &[u8]) -> Result<Versioned<R>, StoreError> {
    let (revision, document) = stored::read(held)?;
    let record = R::from_document(document)?;
    if record.id_text().as_bytes() != id {
        return Err(Problem::Stored("a record under the id of another").into());
    }
    Ok(Versioned::new(record, revision))
}
