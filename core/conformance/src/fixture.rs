//! What the kit asks of whoever brings a store.

use grantor::{ClientId, InitialAccessId, IssuerName, Timestamp, TokenId, async_trait};

/// One set of data, fresh and empty, and any number of handles on it.
///
/// Each test makes one of its own, so give it a schema, key prefix or file of its own too: tests run at the same
/// time. What it holds may go when it is dropped.
#[async_trait]
pub trait Fixture: Send + Sync + 'static {
    /// The store that is tested.
    type Store: Send + Sync + 'static;

    /// A further handle on the same data, as another process would have it: with a pool or connection of its own.
    /// Called on the runtime that will use the handle. Up to 30 are open at a time, each with one call at a time.
    async fn open(&self) -> Self::Store;

    /// A handle whose data cannot be reached: a closed pool, a port where nobody listens. `None` only for a store
    /// that has nothing to lose, such as one in memory.
    async fn cut_off(&self) -> Option<Self::Store>;

    /// Puts a raw document where the store keeps those of that kind, as another version of Grantor would have
    /// written it, over what is there. False where the store keeps no documents, such as one in memory or a table of
    /// one's own, or could never hold this text.
    async fn plant(&self, document: Planted<'_>) -> bool;
}

/// A document to be found by the store as it stands, whatever is in it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Planted<'a> {
    /// The record of a client, at any revision but 0.
    Client {
        /// Its id.
        id: &'a ClientId,
        /// The text.
        document: &'a str,
    },
    /// The record of a trusted issuer, at any revision but 0.
    TrustedIssuer {
        /// Its name.
        issuer: &'a IssuerName,
        /// The text.
        document: &'a str,
    },
    /// The record of an initial access token, with any count of uses.
    InitialAccess {
        /// Its id.
        id: &'a InitialAccessId,
        /// The text.
        document: &'a str,
    },
    /// The key set, at any revision but 0.
    Keys {
        /// The text.
        document: &'a str,
    },
    /// The record of an opaque token.
    Token {
        /// Its id.
        id: &'a TokenId,
        /// The text.
        document: &'a str,
        /// Until when it has to be kept.
        until: Timestamp,
    },
}
