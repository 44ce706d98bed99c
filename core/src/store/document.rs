//! Records as text: JSON with a version inside.
//!
//! Stores keep the text and hand it back. Unknown members of a known version are kept and written again, so that
//! a node of an older release cannot drop what a newer one added. What an older node must not overlook, a newer
//! one names in `crit`: to whoever does not know such a name the record is corrupt, as one of another version is.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::StoreError;

/// Members of a document that this release does not know.
pub(super) type Unknown = serde_json::Map<String, serde_json::Value>;

/// The version that this release writes.
pub(super) const VERSION: u32 = 1;

#[derive(Deserialize)]
struct Head {
    v: u32,
    #[serde(default)]
    crit: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
enum Unreadable {
    #[error("the {kind} document has version {found}; this release reads version {VERSION}")]
    Version { kind: &'static str, found: u32 },
    #[error("the {kind} document has a critical member that this release does not know")]
    Critical { kind: &'static str },
    /// Without serde's own text, which quotes values.
    #[error("the {kind} document cannot be read: {category:?} at line {line}, column {column}")]
    Json { kind: &'static str, category: serde_json::error::Category, line: usize, column: usize },
}

pub(super) fn write(document: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(document).map_err(StoreError::corrupt)
}

pub(super) fn read<T: DeserializeOwned>(kind: &'static str, text: &str) -> Result<T, StoreError> {
    let unreadable = |error: serde_json::Error| {
        let (line, column) = (error.line(), error.column());
        StoreError::corrupt(Unreadable::Json { kind, category: error.classify(), line, column })
    };
    let head: Head = serde_json::from_str(text).map_err(unreadable)?;
    if head.v != VERSION {
        return Err(StoreError::corrupt(Unreadable::Version { kind, found: head.v }));
    }
    if !head.crit.is_empty() {
        return Err(StoreError::corrupt(Unreadable::Critical { kind }));
    }
    serde_json::from_str(text).map_err(unreadable)
}

/// The value of `{ name: value }`, if that is all there is and it has no member but `known`. Anything more was written
/// by a newer release, and the whole is kept instead of read in part. What is left and cannot be read is damaged.
pub(super) fn only<T: DeserializeOwned, E: serde::de::Error>(
    members: &Unknown,
    name: &str,
    known: &[&str],
) -> Result<Option<T>, E> {
    let Some(value) = members.get(name).filter(|_| members.len() == 1) else { return Ok(None) };
    if value.as_object().is_some_and(|inner| inner.keys().any(|member| !known.contains(&member.as_str()))) {
        return Ok(None);
    }
    // Without serde's own text, which quotes values.
    T::deserialize(value).map(Some).map_err(|_| E::custom("a damaged member"))
}

/// Bytes as unpadded base64url in a document.
pub(super) mod base64 {
    use data_encoding::BASE64URL_NOPAD;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(in crate::store) fn serialize<S: Serializer>(bytes: &[u8], out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&BASE64URL_NOPAD.encode(bytes))
    }

    pub(in crate::store) fn deserialize<'de, D: Deserializer<'de>, T: TryFrom<Vec<u8>>>(
        input: D,
    ) -> Result<T, D::Error> {
        let text = String::deserialize(input)?;
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| D::Error::custom("not base64url"))?;
        T::try_from(bytes).map_err(|_| D::Error::custom("not the right number of bytes"))
    }
}

// serde hands these their field by reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
pub(super) const fn is_false(value: &bool) -> bool {
    !*value
}

#[allow(clippy::trivially_copy_pass_by_ref)]
pub(super) const fn is_zero(value: &u64) -> bool {
    *value == 0
}
