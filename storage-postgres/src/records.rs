//! Rows with id, a number and document, as clients, trusted issuers and initial access tokens have them: what the answers
//! say. The number is the revision, or how often the token was used.

use grantor::store::{Client, InitialAccess, Revision, StoreError, TrustedIssuer, Update, Versioned};
use sqlx::postgres::PgRow;

use crate::PostgresStore;
use crate::columns::{column, from_primary, to_revision};
use crate::connection::Statement;
use crate::failure::Failure;

/// What has an id of its own in its document.
pub(crate) trait Record: Sized {
    fn id_text(&self) -> &str;
    fn from_document(text: &str) -> Result<Self, StoreError>;
}

impl Record for Client {
    fn id_text(&self) -> &str {
        self.id().as_str()
    }

    fn from_document(text: &str) -> Result<Self, StoreError> {
        Self::from_document(text)
    }
}

impl Record for TrustedIssuer {
    fn id_text(&self) -> &str {
        self.issuer().as_str()
    }

    fn from_document(text: &str) -> Result<Self, StoreError> {
        Self::from_document(text)
    }
}

impl Record for InitialAccess {
    fn id_text(&self) -> &str {
        self.id().as_str()
    }

    fn from_document(text: &str) -> Result<Self, StoreError> {
        Self::from_document(text)
    }
}

impl PostgresStore {
    pub(crate) async fn find_record<R: Record>(
        &self,
        find: Statement,
    ) -> Result<Option<Versioned<R>>, StoreError> {
        let row = from_primary(self.one_row(find).await?)?;
        match column::<Option<&str>>(&row, 1)? {
            None => Ok(None),
            Some(id) => read(&row, id).map(Some),
        }
    }

    /// Whether it was done, and if not whether the row is there.
    pub(crate) async fn update_record(&self, update: Statement) -> Result<Update, StoreError> {
        let row = self.one_row(update).await?;
        Ok(match (column(&row, 0)?, column(&row, 1)?) {
            (true, _) => Update::Done,
            (false, true) => Update::Conflict,
            (false, false) => Update::Missing,
        })
    }

    /// Up to `limit` records of a statement that was asked for [`one_more`], and whether there was that one.
    pub(crate) async fn page<R: Record>(
        &self,
        list: Statement,
        limit: usize,
    ) -> Result<(Vec<Versioned<R>>, bool), StoreError> {
        let mut page = Vec::new();
        for row in self.rows(list).await? {
            let row = from_primary(row)?;
            // The one row of an empty page has none.
            let Some(id) = column::<Option<&str>>(&row, 1)? else { break };
            if page.len() == limit {
                return Ok((page, true));
            }
            page.push(read(&row, id)?);
        }
        Ok((page, false))
    }
}

/// One more than is asked for tells whether there is a next page.
pub(crate) fn one_more(limit: usize) -> i64 {
    i64::try_from(limit).map_or(i64::MAX, |limit| limit.saturating_add(1))
}

/// The record in a row of `id`, with number and document in the columns after it.
fn read<R: Record>(row: &PgRow, id: &str) -> Result<Versioned<R>, StoreError> {
    let record = R::from_document(column(row, 3)?)?;
    if record.id_text() != id {
        return Err(StoreError::corrupt(Failure::AnotherRecord));
    }
    let revision: Revision = to_revision(column(row, 2)?)?;
    Ok(Versioned::new(record, revision))
}
