//! Key sets of clients and issuers, each kept for a while.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use grantor::{FetchError, Issuer, KeySetFetcher, KeySource, PublicKeySet};

use crate::failure::Failure;
use crate::fetcher::{Fetched, Fetcher};
use crate::kept::Kept;
use crate::metadata::Metadata;

/// More sources than this at a time are not kept: the one that was used longest ago goes.
const MOST_SOURCES: usize = 1000;

/// The key sets of clients and issuers, fetched through a [`Fetcher`] and kept.
///
/// | | |
/// |---|---|
/// | kept | for what `Cache-Control: max-age` or `Expires` says, between 30 seconds and 4 minutes; then fetched again behind the request that finds it stale |
/// | never older than | 5 minutes without asking: a key that was taken back ends by then (T61) |
/// | asked | every 30 seconds at most for one source, whatever it answered (T60), and by one caller at a time |
/// | while the source is away | the old set is used, for an hour; its failures keep nobody waiting for more than the deadline in 30 seconds |
/// | taken back | where the source publishes a set that is refused, such as one with a private key, or says that it is gone for good (410) |
/// | at most | 1000 sources |
///
/// Has to be used inside of a tokio runtime. Cheap to clone: all clones are one cache.
#[derive(Clone, Debug)]
pub struct KeySets(Arc<Sources>);

#[derive(Debug)]
struct Sources {
    fetcher: Fetcher,
    kept: RwLock<HashMap<KeySource, Arc<Source>>>,
    uses: AtomicU64,
}

#[derive(Debug)]
struct Source {
    keys: Kept<PublicKeySet>,
    /// Of an issuer.
    metadata: Kept<Metadata>,
    last_use: AtomicU64,
}

impl KeySets {
    /// An empty cache.
    #[must_use]
    pub fn new(fetcher: Fetcher) -> Self {
        Self(Arc::new(Sources { fetcher, kept: RwLock::default(), uses: AtomicU64::new(0) }))
    }

    fn source(&self, of: &KeySource) -> Arc<Source> {
        let found = self.0.kept.read().unwrap_or_else(PoisonError::into_inner).get(of).map(Arc::clone);
        let source = found.unwrap_or_else(|| self.new_source(of));
        source.last_use.store(self.0.uses.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        source
    }

    fn new_source(&self, of: &KeySource) -> Arc<Source> {
        let mut kept = self.0.kept.write().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST_SOURCES && !kept.contains_key(of) {
            let oldest = kept.iter().min_by_key(|(_, source)| source.last_use.load(Ordering::Relaxed));
            if let Some(oldest) = oldest.map(|(of, _)| of.clone()) {
                kept.remove(&oldest);
            }
        }
        let now = self.0.uses.load(Ordering::Relaxed);
        let new = || Source { keys: Kept::new(), metadata: Kept::new(), last_use: AtomicU64::new(now) };
        Arc::clone(kept.entry(of.clone()).or_insert_with(|| Arc::new(new())))
    }
}

#[async_trait]
impl KeySetFetcher for KeySets {
    async fn key_set(
        &self,
        source: &KeySource,
        seen: Option<&Arc<PublicKeySet>>,
    ) -> Result<Arc<PublicKeySet>, FetchError> {
        let (kept, fetcher) = (self.source(source), self.0.fetcher.clone());
        let (metadata, of) = (kept.metadata.clone(), source.clone());
        let fetch = || async move {
            match of {
                KeySource::Url(url) => key_set(&fetcher, url.as_str()).await,
                KeySource::Issuer(issuer) => key_set_of(fetcher, issuer, metadata).await,
                _ => Err(Failure::Url("of a kind that is not known here")),
            }
        };
        Ok(kept.keys.get(&self.0.fetcher, seen, fetch).await?)
    }
}

async fn key_set(fetcher: &Fetcher, url: &str) -> Result<Fetched<PublicKeySet>, Failure> {
    fetcher.get(url).await?.map(|body| PublicKeySet::from_published(&body).map_err(Failure::KeySet))
}

async fn key_set_of(
    fetcher: Fetcher,
    issuer: Issuer,
    kept: Kept<Metadata>,
) -> Result<Fetched<PublicKeySet>, Failure> {
    let metadata = kept.get(&fetcher, None, || Metadata::fetch(fetcher.clone(), issuer)).await?;
    let url = metadata.jwks_uri.as_ref().ok_or(Failure::Lacks("jwks_uri"))?;
    key_set(&fetcher, url.as_str()).await
}
