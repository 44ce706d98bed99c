//! Documents, as stores with a flaw keep and read them.

use grantor::store::StoreError;

use crate::flaw::Flaw;
use crate::store::Store;

/// What is kept of a document.
pub(crate) fn kept(store: &Store, document: String) -> String {
    match store.flaw {
        Flaw::StripsNul => document.replace("\\u0000", ""),
        Flaw::FoldsCaseOfText => document.replace('ß', "ss"),
        Flaw::CutsLongDocuments => document.replace(&"long and hostile ".repeat(100), ""),
        // As one that keeps columns for what it knows, and the document from them.
        Flaw::DropsUnknownMembers => match (document.find(",\"newer\":{"), document.find(",\"newer_still\""))
        {
            (Some(start), Some(end)) => format!("{}{}", &document[..start], &document[end..]),
            _ => document,
        },
        _ => document,
    }
}

/// A record from what was kept; none where the flaw takes what cannot be read for nothing.
pub(crate) fn read<T>(
    store: &Store,
    document: &str,
    from_document: impl Fn(&str) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    let another_version = document.contains("\"newer\"") || document.contains("\"v\":");
    match from_document(document) {
        Err(_) if store.has(Flaw::UnknownVersionIsNothing) && another_version => Ok(None),
        Err(_) if store.has(Flaw::DamageIsNothing) && !document.contains("\"v\":") => Ok(None),
        read => read.map(Some),
    }
}
