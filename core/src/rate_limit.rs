//! Brakes on guessing (RFC 6749 §2.3.1, RFC 7009 §5).

use std::fmt::Debug;
use std::net::IpAddr;
use std::time::Duration;

use async_trait::async_trait;

use ring::digest::{Context, SHA256};

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

    /// Names its source to a limiter: 32 bytes, a digest over the claimed client id and the network that it comes from, an
    /// IPv4 address or the first 64 bits of an IPv6 one. `None` where the adapter does not know the peer: then nobody can be
    /// told from anybody else, and limiting one would keep out another.
    #[must_use]
    pub fn source(&self) -> Option<[u8; 32]> {
        let mut context = Context::new(&SHA256);
        match self.peer?.to_canonical() {
            IpAddr::V4(address) => {
                context.update(b"4");
                context.update(&address.octets());
            }
            IpAddr::V6(address) => {
                context.update(b"6");
                context.update(address.octets().first_chunk::<8>()?);
            }
        }
        context.update(&[u8::from(self.client_id.is_some())]);
        context.update(self.client_id.map(ClientId::as_str).unwrap_or_default().as_bytes());
        let mut source = [0; 32];
        source.copy_from_slice(context.finish().as_ref());
        Some(source)
    }

    /// Where the connection comes from, as the adapter sees it; the proxy's address behind one.
    #[must_use]
    pub const fn peer(&self) -> Option<IpAddr> {
        self.peer
    }
}

/// What the limiters of the backends allow one source: a client id as it is claimed, from one network.
///
/// By default failures are limited and successes are not: after 20 failed attempts one more is taken each second. What one
/// source fails at keeps nobody else out, and it is never locked for good.
#[derive(Clone, Copy, Debug)]
pub struct RateLimits {
    failures: Option<Budget>,
    attempts: Option<Budget>,
}

/// A token bucket: so many at once, and one more each time that this span has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    burst: u32,
    every: Duration,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self { failures: Some(Budget::new(20, Duration::from_secs(1))), attempts: None }
    }
}

impl RateLimits {
    /// How often a source may fail; `None` for any number.
    #[must_use]
    pub fn with_failures(mut self, budget: impl Into<Option<Budget>>) -> Self {
        self.failures = budget.into();
        self
    }

    /// How often a source may try, whatever comes of it; `None`, as by default, for any number.
    #[must_use]
    pub fn with_attempts(mut self, budget: impl Into<Option<Budget>>) -> Self {
        self.attempts = budget.into();
        self
    }

    /// How often a source may fail.
    #[must_use]
    pub const fn failures(&self) -> Option<Budget> {
        self.failures
    }

    /// How often a source may try.
    #[must_use]
    pub const fn attempts(&self) -> Option<Budget> {
        self.attempts
    }
}

impl Budget {
    /// `burst` at once (at least 1), and one more each `every`, in whole milliseconds (one to those of a day; what is outside
    /// becomes the nearer of the two).
    #[must_use]
    pub fn new(burst: u32, every: Duration) -> Self {
        let every = every.clamp(Duration::from_millis(1), Duration::from_secs(24 * 3600));
        let part = Duration::from_nanos(u64::from(every.subsec_nanos() % 1_000_000));
        Self { burst: burst.max(1), every: every.saturating_sub(part) }
    }

    /// How many at once.
    #[must_use]
    pub const fn burst(&self) -> u32 {
        self.burst
    }

    /// After how long there is one more.
    #[must_use]
    pub const fn every(&self) -> Duration {
        self.every
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
