//! Trusted issuers: a store of them for one test, and grants that they make.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use grantor::http::RequestBuilder;
use grantor::store::{ClaimMatch, IssuerKeys, Revision, StoreError, TrustStore, TrustedIssuer, Versioned};
use grantor::store::{ClientBuilder, GrantType, TrustedIssuerBuilder};
use grantor::{AuthorizationServer, Builder, IssuerName, Stores, async_trait};
use serde_json::json;

use super::{Answer, Assertion, ISSUER, NOW, Signing, World, fresh_jti, post, refused, scope, send};

pub const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// Of the issuer that the tests are.
pub const TOKEN_ENDPOINT: &str = "https://auth.example.com/oauth2/token";
/// A trusted issuer, and somebody that it speaks about.
pub const PARTNER: &str = "https://partner.example";
pub const SUBJECT: &str = "robot-7";

/// The trusted issuers of one test.
#[derive(Clone, Debug, Default)]
pub struct FakeTrust(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    issuers: BTreeMap<String, TrustedIssuer>,
    /// Given instead of an answer, once.
    error: Option<StoreError>,
    asked: Vec<String>,
}

impl FakeTrust {
    pub fn of(issuers: impl IntoIterator<Item = TrustedIssuer>) -> Self {
        let fake = Self::default();
        for issuer in issuers {
            fake.put(issuer);
        }
        fake
    }

    /// Adds an issuer, or puts it in the place of the one of that name.
    pub fn put(&self, issuer: TrustedIssuer) {
        self.0.lock().unwrap().issuers.insert(issuer.issuer().as_str().to_owned(), issuer);
    }

    /// Answers with this issuer when it is asked for `name`.
    pub fn put_as(&self, name: &str, issuer: TrustedIssuer) {
        self.0.lock().unwrap().issuers.insert(name.to_owned(), issuer);
    }

    pub fn fail_next(&self, error: StoreError) {
        self.0.lock().unwrap().error = Some(error);
    }

    /// Who was asked for since the last call.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().asked)
    }
}

#[async_trait]
impl TrustStore for FakeTrust {
    async fn find(&self, issuer: &IssuerName) -> Result<Option<Versioned<TrustedIssuer>>, StoreError> {
        let mut state = self.0.lock().unwrap();
        state.asked.push(issuer.as_str().to_owned());
        if let Some(error) = state.error.take() {
            return Err(error);
        }
        let found = state.issuers.get(issuer.as_str()).cloned();
        Ok(found.map(|issuer| Versioned::new(issuer, Revision::new(1))))
    }

    fn caveats(&self) -> Vec<String> {
        Vec::new()
    }
}

pub fn issuer_name(text: &str) -> IssuerName {
    IssuerName::new(text).unwrap()
}

/// A JWK Set of these keys, held in a record.
pub fn inline(keys: &[&Signing]) -> IssuerKeys {
    let keys: Vec<_> = keys.iter().map(|key| key.jwk.clone()).collect();
    IssuerKeys::inline(&json!({ "keys": keys }).to_string()).unwrap()
}

/// [`PARTNER`] with this key, trusted for any subject and the scope `read`.
pub fn partner(key: &Signing) -> TrustedIssuerBuilder {
    TrustedIssuer::builder(issuer_name(PARTNER), inline(&[key]), ClaimMatch::Any).scope(scope("read"))
}

/// What [`PARTNER`] says about [`SUBJECT`], for a minute, once.
pub fn vouched() -> Assertion {
    let claims = json!({
        "iss": PARTNER, "sub": SUBJECT, "aud": ISSUER, "jti": fresh_jti(), "iat": NOW, "exp": NOW + 60,
    });
    Assertion { header: serde_json::Map::new(), claims: claims.as_object().unwrap().clone() }
}

/// A token request with this assertion as grant, and these parameters besides.
pub fn bearer(assertion: &str, more: &[(&str, &str)]) -> RequestBuilder {
    let mut pairs = vec![("grant_type", JWT_BEARER), ("assertion", assertion)];
    pairs.extend_from_slice(more);
    post(&pairs)
}

/// Presents a grant alone.
pub async fn bring(server: &AuthorizationServer, assertion: &str) -> Answer {
    send(server, bearer(assertion, &[])).await
}

/// Presents a grant that must get a token.
pub async fn granted(server: &AuthorizationServer, assertion: &str, name: impl std::fmt::Display) -> Answer {
    let answer = bring(server, assertion).await;
    assert_eq!(answer.status, 200, "{name}: {assertion} {}", answer.text());
    answer
}

/// Presents a grant that must be `invalid_grant`, and gives the private reason.
pub async fn denied(world: &World, server: &AuthorizationServer, assertion: &str) -> grantor::event::Reason {
    refused(&bring(server, assertion).await, 400, "invalid_grant");
    world.events.reason()
}

impl World {
    /// A builder over the world's store and these trusted issuers.
    pub fn trusting(&self, trust: &FakeTrust) -> Builder {
        self.over(Stores::from(self.store.clone()).with_trust(trust.clone()))
    }

    /// Registers a service account: a client for the JWT grant that is its own issuer.
    pub async fn service_account(
        &self,
        id: &str,
        key: &Signing,
        change: impl FnOnce(ClientBuilder) -> ClientBuilder,
    ) {
        let grants = [GrantType::JWT_BEARER];
        self.jwt_client(id, |client| change(client.credential(key.credential()).grant_types(grants))).await;
    }

    /// A server that trusts [`PARTNER`] without client authentication; its tokens are for the client `partner`.
    pub async fn partnered(&self, key: &Signing) -> (AuthorizationServer, FakeTrust) {
        let stand_in = super::client_id("partner");
        self.jwt_client("partner", |client| client.grant_types([GrantType::JWT_BEARER])).await;
        let trusted = partner(key).without_client_authentication(stand_in).build().unwrap();
        let trust = FakeTrust::of([trusted]);
        (self.trusting(&trust).build().await.unwrap(), trust)
    }
}
