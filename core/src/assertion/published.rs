//! Signatures by keys that others publish (RFC 7517 §5): a client at its `jwks_uri` (RFC 7591 §2), another issuer in its
//! metadata or in the record that the operator made of it.
//!
//! Reached once everything that can be judged without a key is right, and only for what is registered so: nothing in a request
//! names what is fetched (T16).

use std::sync::Arc;

use super::ReceivedAssertion;
use crate::error::{Fault, Reason, Rejection, Step};
use crate::event::{Event, EventSink};
use crate::fetch::{FetchError, KeySetFetcher, KeySource};
use crate::jose::{PublicKey, PublicKeySet};
use crate::store::IssuerKeys;
use crate::types::{ClientId, IssuerName, KeySetUrl};

/// Published keys, and who is told where they cannot be had.
#[derive(Clone, Copy)]
pub(crate) struct PublishedKeys<'a> {
    pub(crate) fetcher: Option<&'a dyn KeySetFetcher>,
    pub(crate) events: &'a dyn EventSink,
}

/// Why a signature is not taken for one of a key at some place.
enum Unsigned {
    Refused(Reason),
    Away(FetchError),
    /// There is nothing that fetches.
    Off,
    /// They are of a kind, or at a place, that this release or build does not know.
    Nowhere,
}

impl PublishedKeys<'_> {
    /// Whether one of the keys that a client publishes made the signature. A place that is away is no fault of ours, since the
    /// client chose it, and who is away is not told: it is refused as a wrong key is (T63).
    pub(crate) async fn check_client(
        &self,
        url: &KeySetUrl,
        client_id: &ClientId,
        assertion: &ReceivedAssertion<'_>,
    ) -> Result<(), Reason> {
        let source = KeySource::Url(url.clone());
        let checked = self.check(&source, Some(client_id), assertion, |_| ()).await;
        checked.map_err(|unsigned| match unsigned {
            Unsigned::Refused(reason) => reason,
            Unsigned::Away(_) => Reason::KeySetUnavailable,
            Unsigned::Off | Unsigned::Nowhere => Reason::KeySetsOff,
        })
    }

    /// The key of another issuer that made the signature, by its thumbprint. The operator chose where its keys are: that they are
    /// away is an outage and never a rejection.
    pub(crate) async fn check_issuer(
        &self,
        (keys, issuer): (&IssuerKeys, Option<&IssuerName>),
        client_id: Option<&ClientId>,
        assertion: &ReceivedAssertion<'_>,
        refuse: fn(Reason) -> Rejection,
    ) -> Step<String> {
        let checked = match (keys.held(), keys.source(issuer)) {
            (Some(held), _) if !held.is_empty() => {
                signed_by(held, assertion, PublicKey::thumbprint).map_err(Unsigned::Refused)
            }
            (None, Some(source)) => self.check(&source, client_id, assertion, PublicKey::thumbprint).await,
            (Some(_) | None, _) => Err(Unsigned::Nowhere),
        };
        checked.map_err(|unsigned| match unsigned {
            Unsigned::Refused(reason) => refuse(reason).into(),
            Unsigned::Away(error) => Fault::unavailable(error).into(),
            Unsigned::Off => Fault::internal(
                "an issuer publishes its keys, and nothing fetches them: give the builder `key_sets`",
            )
            .into(),
            Unsigned::Nowhere => Fault::internal(
                "this release or build can use none of the keys that an issuer's record names",
            )
            .into(),
        })
    }

    /// Where no key fits a newer set is asked for, once: there may be a new key.
    async fn check<T>(
        &self,
        source: &KeySource,
        client_id: Option<&ClientId>,
        assertion: &ReceivedAssertion<'_>,
        wanted: fn(&PublicKey) -> T,
    ) -> Result<T, Unsigned> {
        let seen = self.key_set(source, client_id, None).await?;
        let reason = match signed_by(&seen, assertion, wanted) {
            Ok(key) => return Ok(key),
            Err(reason) => reason,
        };
        let newer = match self.key_set(source, client_id, Some(&seen)).await {
            // A key that is there and did not sign this will not have done so by the newer set.
            Err(Unsigned::Away(_)) if reason == Reason::JwtSignature => {
                return Err(Unsigned::Refused(reason));
            }
            newer => newer?,
        };
        // It was asked for a moment ago: trying the same keys again would double the price of a made-up signature.
        if Arc::ptr_eq(&seen, &newer) {
            return Err(Unsigned::Refused(reason));
        }
        signed_by(&newer, assertion, wanted).map_err(Unsigned::Refused)
    }

    async fn key_set(
        &self,
        source: &KeySource,
        client_id: Option<&ClientId>,
        seen: Option<&Arc<PublicKeySet>>,
    ) -> Result<Arc<PublicKeySet>, Unsigned> {
        let fetcher = self.fetcher.ok_or(Unsigned::Off)?;
        let fetched = fetcher.key_set(source, seen).await;
        fetched.map_err(|error| {
            self.events.record(&Event::KeySetFetchFailed { client_id, source, error: &error });
            Unsigned::Away(error)
        })
    }
}

/// What is wanted of the key that made the signature. The header chooses among them and selects nothing else (T12 to T19).
fn signed_by<T>(
    keys: &PublicKeySet,
    assertion: &ReceivedAssertion<'_>,
    wanted: fn(&PublicKey) -> T,
) -> Result<T, Reason> {
    let (header, jws) = (&assertion.jws.header, &assertion.jws);
    let named = keys.candidates(assertion.algorithm, header.kid.as_deref(), &header.certificate);
    let mut named = named.peekable();
    if named.peek().is_none() {
        return Err(Reason::JwtKeyUnknown);
    }
    let signer = named.find(|key| key.verifies(jws.signing_input, jws.signature()));
    signer.map(wanted).ok_or(Reason::JwtSignature)
}
