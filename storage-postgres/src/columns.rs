//! What stands in a row. What cannot be read there is corrupt.

use grantor::store::{Revision, StoreError};
use sqlx::Row;
use sqlx::decode::Decode;
use sqlx::postgres::{PgRow, Postgres};
use sqlx::types::Type;

use crate::failure::Failure;

pub(crate) fn column<'r, T>(row: &'r PgRow, index: usize) -> Result<T, StoreError>
where
    T: Decode<'r, Postgres> + Type<Postgres>,
{
    row.try_get(index).map_err(StoreError::corrupt)
}

/// Refuses the answer of a standby: the first column of a read.
pub(crate) fn from_primary(row: PgRow) -> Result<PgRow, StoreError> {
    if column::<bool>(&row, 0)? { Err(StoreError::unavailable(Failure::Standby)) } else { Ok(row) }
}

pub(crate) fn to_number(revision: Revision) -> Result<i64, StoreError> {
    i64::try_from(revision.get()).map_err(|_| StoreError::corrupt(Failure::Revision))
}

pub(crate) fn to_revision(number: i64) -> Result<Revision, StoreError> {
    u64::try_from(number).map(Revision::new).map_err(|_| StoreError::corrupt(Failure::Revision))
}
