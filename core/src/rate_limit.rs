//! Brakes on guessing (RFC 6749 §2.3.1, RFC 7009 §5).

use std::fmt::Debug;
use std::net::IpAddr;
use std::time::Duration;

use async_trait::async_trait;

use crate::store::StoreError;
use crate::types::ClientId;

/// Decides whether an authentication attempt may be made. Asked before any hashing.
///
/// Count by source, and never lock a client for good: else anybody who knows its id could shut it out.
#[async_trait]
pub trait RateLimiter: Debug + Send + Sync + 'static {
    /// Whether this attempt may go on.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot tell. The attempt is then admitted, and an event says so.
    async fn admit(&self, attempt: &Attempt<'_>) -> Result<Admission, StoreError>;

    /// An admitted attempt failed.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it could not be counted; an event says so.
    async fn penalise(&self, attempt: &Attempt<'_>) -> Result<(), StoreError>;
}

/// One attempt of a client to authenticate.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    client_id: Option<&'a ClientId>,
    peer: Option<IpAddr>,
}

impl<'a> Attempt<'a> {
    /// An attempt of whoever claims to be `client_id`, if it says so, from `peer`, if the adapter knows it.
    #[must_use]
    pub const fn new(client_id: Option<&'a ClientId>, peer: Option<IpAddr>) -> Self {
        Self { client_id, peer }
    }

    /// Who it claims to be. **Untrusted.**
    #[must_use]
    pub const fn client_id(&self) -> Option<&'a ClientId> {
        self.client_id
    }

    /// Where the connection comes from, as the adapter sees it; the proxy's address behind one.
    #[must_use]
    pub const fn peer(&self) -> Option<IpAddr> {
        self.peer
    }
}

/// Whether an attempt may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "an attempt that is not admitted must be answered 429"]
pub enum Admission {
    /// It may.
    Admitted,
    /// Not before this time has passed: 429 with Retry-After in whole seconds, at least one.
    Limited(Duration),
}
