//! Key sets that others publish (RFC 7517 §5), as a port: core brings no HTTP client.

use std::error::Error;
use std::fmt;
use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Map, Value};

use crate::jose::PublicKeySet;
use crate::types::{Issuer, KeySetUrl};

/// Where a key set is published.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeySource {
    /// At this URL, the `jwks_uri` of a client (RFC 7591 §2) or of an issuer.
    Url(KeySetUrl),
    /// At the `jwks_uri` of this issuer's metadata (RFC 8414 §3), which must name the same issuer (§3.3).
    Issuer(Issuer),
}

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => write!(f, "{url}"),
            Self::Issuer(issuer) => write!(f, "the metadata of {issuer}"),
        }
    }
}

/// Gets the key sets of clients and of other issuers. The crate `grantor-fetch` brings one.
///
/// Sources are **untrusted**: a client may register any URL. An implementation fetches over https alone, follows no
/// redirect, connects to no address inside its own network, gives up after a few seconds and some hundred kilobytes,
/// and keeps what it got, so that most calls ask nobody (T58 to T63).
#[async_trait]
pub trait KeySetFetcher: Debug + Send + Sync + 'static {
    /// The key set of `source` as it is now, within what its own headers and the fetcher's bounds let it be kept.
    ///
    /// `seen` is a set of this source in which the caller did not find the key that it needs: then a newer one is wanted.
    /// A fetcher asks again no more than its cooldown allows, and otherwise gives `seen` back, the same `Arc` (T60), unless the source
    /// was away when it was last asked: then nobody knows what a newer set holds, and that is an error.
    /// A set replaces the one before and is never merged with it (T61); while its source is away the old one stays for whoever has
    /// not `seen` it.
    ///
    /// # Errors
    ///
    /// [`FetchError`] where there is no set to be had.
    async fn key_set(
        &self,
        source: &KeySource,
        seen: Option<&Arc<PublicKeySet>>,
    ) -> Result<Arc<PublicKeySet>, FetchError>;
}

/// Asks an authorization server about a token (RFC 7662), for an API that cannot judge it by itself. The crate `grantor-fetch`
/// brings one.
#[async_trait]
pub trait TokenIntrospector: Debug + Send + Sync + 'static {
    /// What the introspection endpoint says of `token`, which is **untrusted** and a secret: all members of its answer, as they
    /// came. Whether it is `active` is judged by core.
    ///
    /// # Errors
    ///
    /// [`FetchError`] where it gave no answer, or one that is no JSON object: a token is not refused because of an outage.
    async fn introspect(&self, token: &str) -> Result<Map<String, Value>, FetchError>;
}

/// A document could not be had, for whatever reason: it is for the operator and never for the wire (T63).
pub struct FetchError(Box<dyn Error + Send + Sync>);

impl FetchError {
    /// An error because of `source`.
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a document could not be fetched: {}", self.0)
    }
}

impl Debug for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for FetchError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.0.as_ref())
    }
}
