//! When each credential was last used, coarsely, so that an operator knows when an old one is not in use any more.

use std::fmt::Debug;

use async_trait::async_trait;

use super::StoreError;
use crate::types::{ClientId, CredentialId, Timestamp};

/// Remembers the last use of each credential, apart from the client's record: no use of a secret may make an
/// administrator's update conflict, and none may wait for this.
#[async_trait]
pub trait CredentialUsage: Debug + Send + Sync + 'static {
    /// Remembers that these credentials were used, each at its time. Of two times of one credential the later one stays.
    ///
    /// `uses` is 1 to 1000 of them, no credential twice, and of clients that have just proved themselves. A process tells
    /// of each credential at most once an hour, so the answer is as coarse as that. Not on the path of a request.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the store failed. Core tells of the same uses again later.
    async fn touch(&self, uses: &[CredentialUse]) -> Result<(), StoreError>;

    /// When each credential of this client was last used, as far as it was and is remembered, in no order. Of a client
    /// that does not exist there is nothing, and that is no error.
    ///
    /// A use is remembered for 400 days at least, unless the client is deleted.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the store failed.
    async fn last_used(&self, client: &ClientId) -> Result<Vec<(CredentialId, Timestamp)>, StoreError>;

    /// What this store does not keep of its promises, in words for the operator. Constant, and asks nobody.
    fn caveats(&self) -> Vec<String>;
}

/// A use of a credential, for [`CredentialUsage::touch`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CredentialUse {
    /// Whose.
    pub client: ClientId,
    /// Which.
    pub credential: CredentialId,
    /// When, to the second. Times of several processes may come in any order.
    pub at: Timestamp,
}

impl CredentialUse {
    /// A use.
    #[must_use]
    pub const fn new(client: ClientId, credential: CredentialId, at: Timestamp) -> Self {
        Self { client, credential, at }
    }
}
