//! Records as text: JSON with a version inside.
//!
//! Stores keep the text and hand it back. An unknown version is corrupt; unknown members of a known one are kept
//! and written again, so that a node of an older release cannot drop what a newer one added.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StoreError;

/// Members of a document that this release does not know.
pub(super) type Unknown = serde_json::Map<String, serde_json::Value>;

/// The version that this release writes.
pub(super) const VERSION: u32 = 1;

#[derive(serde::Deserialize)]
struct Head {
    v: u32,
}

#[derive(Debug, thiserror::Error)]
#[error("the {kind} document has version {found}; this release reads version {VERSION}")]
struct UnknownVersion {
    kind: &'static str,
    found: u32,
}

pub(super) fn write(document: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(document).map_err(StoreError::corrupt)
}

pub(super) fn read<T: DeserializeOwned>(kind: &'static str, text: &str) -> Result<T, StoreError> {
    let head: Head = serde_json::from_str(text).map_err(StoreError::corrupt)?;
    if head.v != VERSION {
        return Err(StoreError::corrupt(UnknownVersion { kind, found: head.v }));
    }
    serde_json::from_str(text).map_err(StoreError::corrupt)
}

/// 32 bytes as unpadded base64url in a document.
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
