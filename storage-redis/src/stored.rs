//! A document with its revision: the decimal number, a space, the text as core gave it.

use grantor::store::Revision;

use crate::problem::Problem;

pub(crate) fn write(revision: Revision, document: &str) -> Vec<u8> {
    format!("{} {document}", revision.get()).into_bytes()
}

pub(crate) fn read(stored: &[u8]) -> Result<(Revision, &str), Problem> {
    let text = str::from_utf8(stored).map_err(|_| Problem::Stored("a record that is not UTF-8"))?;
    let (revision, document) = text.split_once(' ').ok_or(Problem::Stored("a record without a revision"))?;
    let revision = revision.parse().map_err(|_| Problem::Stored("a record without a revision"))?;
    Ok((Revision::new(revision), document))
}
