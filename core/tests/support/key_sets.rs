//! A fetcher of key sets that says what it was told to, and keeps who asked for what.

use std::sync::{Arc, Mutex};

use grantor::{FetchError, KeySetFetcher, KeySetUrl, KeySource, PublicKeySet, async_trait};
use serde_json::{Value, json};

use super::Signing;

#[derive(Clone, Debug, Default)]
pub struct FakeKeySets {
    /// What is published now; `None` while the source is away.
    published: Arc<Mutex<Option<Arc<PublicKeySet>>>>,
    /// What those get who saw what is published.
    newer: Arc<Mutex<Option<Arc<PublicKeySet>>>>,
    asked: Arc<Mutex<Vec<(KeySource, bool)>>>,
}

impl FakeKeySets {
    pub fn of(keys: &[Value]) -> Self {
        let fake = Self::default();
        fake.publish(keys);
        fake
    }

    pub fn publish(&self, keys: &[Value]) {
        *self.published.lock().unwrap() = Some(set(keys));
    }

    pub fn publish_newer(&self, keys: &[Value]) {
        *self.newer.lock().unwrap() = Some(set(keys));
    }

    pub fn go_away(&self) {
        *self.published.lock().unwrap() = None;
    }

    /// What was asked for since the last call, and whether with a set that would not do.
    pub fn asked(&self) -> Vec<(KeySource, bool)> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

#[async_trait]
impl KeySetFetcher for FakeKeySets {
    async fn key_set(
        &self,
        source: &KeySource,
        seen: Option<&Arc<PublicKeySet>>,
    ) -> Result<Arc<PublicKeySet>, FetchError> {
        self.asked.lock().unwrap().push((source.clone(), seen.is_some()));
        let newer = seen.and_then(|_| self.newer.lock().unwrap().take());
        if let Some(newer) = newer {
            *self.published.lock().unwrap() = Some(newer);
        }
        self.published.lock().unwrap().clone().ok_or_else(|| FetchError::new("key-set-away-7f3"))
    }
}

fn set(keys: &[Value]) -> Arc<PublicKeySet> {
    Arc::new(PublicKeySet::from_published(json!({ "keys": keys }).to_string().as_bytes()).unwrap())
}

pub const JWKS_URI: &str = "https://demo.example/jwks.json";

pub fn jwks_uri() -> KeySetUrl {
    KeySetUrl::new(JWKS_URI).unwrap()
}

/// The public half as it is published.
pub fn published(key: &Signing, kid: &str) -> Value {
    super::merged(&key.jwk, &json!({ "kid": kid }))
}
