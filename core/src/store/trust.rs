//! Issuers whose assertions are grants: one trait to read them, one to administer them.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;

use super::{Delete, Insert, Revision, StoreError, TrustedIssuer, Update, Versioned};
use crate::types::IssuerName;

/// Finds issuers whose assertions are accepted as grants (RFC 7523 §2.1). A view that can only be read is enough.
#[async_trait]
pub trait TrustStore: Debug + Send + Sync + 'static {
    /// The record of `issuer`, or `None` where it is not trusted.
    ///
    /// `issuer` is **untrusted**: any 1 to 512 bytes of visible ASCII, so bind it as a parameter, never build a query or a
    /// key pattern from it. It must match byte for byte, as with `C` collation; core refuses as corrupt what is not the
    /// issuer that it asked for. The answer is one snapshot.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the store failed. An issuer that is not there is `Ok(None)`, never an error.
    async fn find(&self, issuer: &IssuerName) -> Result<Option<Versioned<TrustedIssuer>>, StoreError>;

    /// What this store does not keep of its promises, in words for the operator. Constant, and asks nobody.
    fn caveats(&self) -> Vec<String>;
}

/// The issuer of this name, byte for byte.
pub(crate) async fn find_issuer(
    trust: &dyn TrustStore,
    name: &IssuerName,
) -> Result<Option<Arc<TrustedIssuer>>, StoreError> {
    let found = trust.find(name).await?.map(|found| found.shared());
    if found.as_deref().is_some_and(|issuer| issuer.issuer() != name) {
        return Err(StoreError::corrupt("the trust store gave another issuer than the one it was asked for"));
    }
    Ok(found)
}

/// Administers trusted issuers: the administrator's commands and host code. Never used by a token request.
#[async_trait]
pub trait TrustRegistry: TrustStore {
    /// Stores a new issuer at revision `first` if its name is free.
    ///
    /// Must not overwrite: of any number of inserts of one name exactly one is [`Insert::Done`]. `first` is
    /// [`Revision::first`].
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the store failed or may have failed.
    async fn insert(&self, first: Revision, issuer: &TrustedIssuer) -> Result<Insert, StoreError>;

    /// Replaces the issuer of that name if it still is at `expected`; it then is at `expected.next()`.
    ///
    /// Compare and swap in one step: of any number of updates at one revision exactly one is [`Update::Done`].
    /// A deleted issuer is [`Update::Missing`] and stays deleted.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the store failed or may have failed.
    async fn update(&self, expected: Revision, issuer: &TrustedIssuer) -> Result<Update, StoreError>;

    /// Deletes the issuer of that name, at whatever revision it is and also where its record cannot be understood. On
    /// return no [`TrustStore::find`] finds it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the store failed or may have failed.
    async fn delete(&self, issuer: &IssuerName) -> Result<Delete, StoreError>;

    /// One page of issuers in ascending byte order of their names, beginning after [`TrustQuery::after`].
    ///
    /// An issuer that exists during the whole listing is shown exactly once, whatever is inserted or deleted
    /// meanwhile. One whose record cannot be understood is [`StoreError::corrupt`] and never left out: an administrator
    /// would overlook it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the store failed.
    async fn list(&self, query: &TrustQuery) -> Result<TrustPage, StoreError>;
}

/// Which issuers to list.
#[derive(Clone, Debug)]
pub struct TrustQuery {
    after: Option<IssuerName>,
    limit: usize,
}

impl TrustQuery {
    /// The first `limit` issuers (at least 1, at most 1000).
    #[must_use]
    pub fn first(limit: usize) -> Self {
        Self { after: None, limit: limit.clamp(1, 1000) }
    }

    /// The page that begins where another one ended: its [`TrustPage::next`].
    #[must_use]
    pub fn starting_after(mut self, last: IssuerName) -> Self {
        self.after = Some(last);
        self
    }

    /// Only issuers whose name comes after this one in byte order.
    #[must_use]
    pub const fn after(&self) -> Option<&IssuerName> {
        self.after.as_ref()
    }

    /// How many at the most, 1 to 1000.
    #[must_use]
    pub const fn limit(&self) -> usize {
        self.limit
    }
}

/// One page of a listing.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TrustPage {
    /// The issuers, in ascending byte order of their names.
    pub issuers: Vec<Versioned<TrustedIssuer>>,
    /// Up to where the listing has got, to go on from; `None` at its end. A page may be short, even empty, and
    /// still have one.
    pub next: Option<IssuerName>,
}

impl TrustPage {
    /// A page for a store to return.
    #[must_use]
    pub const fn new(issuers: Vec<Versioned<TrustedIssuer>>, next: Option<IssuerName>) -> Self {
        Self { issuers, next }
    }
}
