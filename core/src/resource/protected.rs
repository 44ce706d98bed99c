//! The resource that a verifier stands before.

use std::sync::Arc;

use super::Refused;
use crate::types::ResourceUri;

/// What every refusal for one resource has in common. A token that was checked for it keeps it, so that what is asked of
/// the token afterwards is refused in the same way.
#[derive(Debug)]
pub(crate) struct ProtectedResource {
    pub(super) uri: ResourceUri,
    /// Where its metadata is (RFC 9728 §5.1), if it is published.
    pub(super) metadata: Option<Arc<str>>,
}

impl ProtectedResource {
    /// Says why to the operator, and where the metadata is to the caller.
    pub(crate) fn refuse(&self, refused: Refused) -> Refused {
        if let Some(reason) = refused.reason() {
            tracing::info!(resource = self.uri.as_str(), reason = reason.as_str(), "access token refused");
        }
        refused.with_metadata(self.metadata.clone())
    }
}
