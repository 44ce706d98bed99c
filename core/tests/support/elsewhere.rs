//! An issuer elsewhere, as an API sees it: its key set and its introspection endpoint, without HTTP.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use grantor::resource::{AccessTokenVerifier, AccessTokenVerifierBuilder, RemoteIssuer};
use grantor::{FetchError, KeySetFetcher, KeySource, PublicKeySet, TokenIntrospector, async_trait};
use serde_json::{Map, Value, json};

use super::{API, ManualClock, NOW, Signing, fresh_jti};

pub const ELSEWHERE: &str = "https://issuer.example.net";

/// Gives the set that it was told to, and counts.
#[derive(Clone, Debug, Default)]
pub struct IssuerKeySets {
    set: Arc<Mutex<Arc<PublicKeySet>>>,
    /// What a caller gets that says it has seen the set.
    newer: Arc<Mutex<Option<Arc<PublicKeySet>>>>,
    /// For each call the source, and whether a newer set was wanted.
    pub calls: Arc<Mutex<Vec<(KeySource, bool)>>>,
    pub away: Arc<AtomicBool>,
}

impl IssuerKeySets {
    pub fn of(keys: &[&Signing]) -> Self {
        let sets = Self::default();
        *sets.set.lock().unwrap() = issuer_keys(keys);
        sets
    }

    pub fn holding(set: PublicKeySet) -> Self {
        let sets = Self::default();
        *sets.set.lock().unwrap() = Arc::new(set);
        sets
    }

    /// The next that asks for a newer set gets this one, and so do all after it.
    pub fn rotate(&self, keys: &[&Signing]) {
        *self.newer.lock().unwrap() = Some(issuer_keys(keys));
    }

    /// The number of calls since the last look.
    pub fn take(&self) -> usize {
        std::mem::take(&mut *self.calls.lock().unwrap()).len()
    }
}

/// A key set as it is published: each key under its `alg` as `kid`.
pub fn issuer_keys(keys: &[&Signing]) -> Arc<PublicKeySet> {
    let keys: Vec<_> = keys.iter().map(|key| super::merged(&key.jwk, &json!({ "kid": key.alg }))).collect();
    Arc::new(PublicKeySet::from_published(json!({ "keys": keys }).to_string().as_bytes()).unwrap())
}

#[async_trait]
impl KeySetFetcher for IssuerKeySets {
    async fn key_set(
        &self,
        source: &KeySource,
        seen: Option<&Arc<PublicKeySet>>,
    ) -> Result<Arc<PublicKeySet>, FetchError> {
        self.calls.lock().unwrap().push((source.clone(), seen.is_some()));
        if self.away.load(Ordering::SeqCst) {
            return Err(FetchError::new("issuer-away-7f3"));
        }
        if seen.is_some()
            && let Some(newer) = self.newer.lock().unwrap().take()
        {
            *self.set.lock().unwrap() = newer;
        }
        Ok(Arc::clone(&*self.set.lock().unwrap()))
    }
}

/// Says of every token what it was told to, and counts.
#[derive(Clone, Debug, Default)]
pub struct FakeIntrospector {
    /// `None`: not active.
    pub answer: Arc<Mutex<Option<Map<String, Value>>>>,
    pub calls: Arc<AtomicUsize>,
    pub away: Arc<AtomicBool>,
}

impl FakeIntrospector {
    pub fn say(&self, answer: Option<Value>) {
        *self.answer.lock().unwrap() = answer.map(|said| said.as_object().unwrap().clone());
    }

    pub fn take(&self) -> usize {
        self.calls.swap(0, Ordering::SeqCst)
    }
}

#[async_trait]
impl TokenIntrospector for FakeIntrospector {
    async fn introspect(&self, _token: &str) -> Result<Map<String, Value>, FetchError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        if self.away.load(Ordering::SeqCst) {
            return Err(FetchError::new("introspection-away-7f3"));
        }
        let inactive = || Map::from_iter([("active".to_owned(), false.into())]);
        Ok(self.answer.lock().unwrap().clone().unwrap_or_else(inactive))
    }
}

/// The issuer [`ELSEWHERE`] with these key sets, by a clock that stands still.
pub fn remote(sets: &IssuerKeySets) -> RemoteIssuer {
    RemoteIssuer::new(ELSEWHERE, sets.clone()).clock(ManualClock::new())
}

/// A verifier of tokens from there for [`API`].
pub fn there(issuer: RemoteIssuer) -> AccessTokenVerifierBuilder {
    AccessTokenVerifier::of_issuer(issuer, API)
}

/// A good access token of [`ELSEWHERE`], to be changed at will.
#[derive(Clone, Debug)]
pub struct Foreign {
    pub header: Map<String, Value>,
    pub claims: Map<String, Value>,
}

impl Foreign {
    pub fn token() -> Self {
        let claims = json!({
            "iss": ELSEWHERE, "sub": "demo", "client_id": "demo", "aud": API, "scope": "read write",
            "jti": fresh_jti(), "iat": NOW, "exp": NOW + 600,
        });
        let header = json!({ "typ": "at+jwt" });
        Self { header: header.as_object().unwrap().clone(), claims: claims.as_object().unwrap().clone() }
    }

    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.claims.remove(name).unwrap();
        self
    }

    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.insert(name.to_owned(), value.into());
        self
    }

    pub fn without_header(mut self, name: &str) -> Self {
        self.header.remove(name).unwrap();
        self
    }

    /// With `alg`, and `kid` as [`issuer_keys`] has it, of the key unless the header has its own.
    pub fn sign(&self, key: &Signing) -> String {
        let mut header = self.header.clone();
        header.entry("alg").or_insert_with(|| key.alg.into());
        header.entry("kid").or_insert_with(|| key.alg.into());
        key.sign_raw(Value::Object(header).to_string(), Value::Object(self.claims.clone()).to_string())
    }
}
