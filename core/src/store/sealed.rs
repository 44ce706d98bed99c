//! What is encrypted before it reaches a store.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::document::base64;
use crate::types::HostKeyId;

/// Bytes under AES-256-GCM, bound to what they are for. Only the [`HostKeys`](crate::HostKeys) that sealed them
/// open them.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    pub(crate) host_key: HostKeyId,
    pub(crate) nonce: [u8; 12],
    pub(crate) ciphertext: Vec<u8>,
}

impl Sealed {
    /// The host key from which the sealing key was derived.
    #[must_use]
    pub const fn host_key(&self) -> &HostKeyId {
        &self.host_key
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealed").field("host_key", &self.host_key).finish_non_exhaustive()
    }
}

/// How it stands in a document.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SealedDocument {
    host_key: HostKeyId,
    #[serde(with = "base64")]
    nonce: [u8; 12],
    #[serde(with = "base64")]
    ciphertext: Vec<u8>,
}

impl SealedDocument {
    pub(super) const MEMBERS: [&'static str; 3] = ["host_key", "nonce", "ciphertext"];
}

impl From<&Sealed> for SealedDocument {
    fn from(sealed: &Sealed) -> Self {
        let Sealed { host_key, nonce, ciphertext } = sealed.clone();
        Self { host_key, nonce, ciphertext }
    }
}

impl From<SealedDocument> for Sealed {
    fn from(document: SealedDocument) -> Self {
        let SealedDocument { host_key, nonce, ciphertext } = document;
        Self { host_key, nonce, ciphertext }
    }
}
