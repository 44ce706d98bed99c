//! Signatures by keys that somebody publishes (RFC 7517 §5): a client at its `jwks_uri` (RFC 7591 §2), another issuer in its
//! metadata.
//!
//! Reached once everything that can be judged without a key is right, and only for what is registered so: nothing in a request
//! names what is fetched (T16).

use std::sync::Arc;

use super::ReceivedAssertion;
use crate::error::Reason;
use crate::event::{Event, EventSink};
use crate::fetch::{KeySetFetcher, KeySource};
use crate::jose::PublicKeySet;
use crate::types::ClientId;

/// Published keys, and who is told where they cannot be had.
#[derive(Clone, Copy)]
pub(crate) struct PublishedKeys<'a> {
    pub(crate) fetcher: Option<&'a dyn KeySetFetcher>,
    pub(crate) events: &'a dyn EventSink,
}

impl PublishedKeys<'_> {
    /// Whether one of the keys at `source` made the signature. Where none did a newer set is asked for, once: there may be a new
    /// key. `client_id` is who the request claims to come from.
    pub(crate) async fn check(
        &self,
        source: &KeySource,
        client_id: Option<&ClientId>,
        assertion: &ReceivedAssertion<'_>,
    ) -> Result<(), Reason> {
        let seen = self.key_set(source, client_id, None).await?;
        let Err(reason) = check_signature(&seen, assertion) else { return Ok(()) };
        let newer = self.key_set(source, client_id, Some(&seen)).await?;
        // It was asked for a moment ago: trying the same keys again would double the price of a made-up signature.
        if Arc::ptr_eq(&seen, &newer) {
            return Err(reason);
        }
        check_signature(&newer, assertion)
    }

    /// A source that is away is no fault of ours, and who is away is not told: it is refused as a wrong key is (T63).
    async fn key_set(
        &self,
        source: &KeySource,
        client_id: Option<&ClientId>,
        seen: Option<&Arc<PublicKeySet>>,
    ) -> Result<Arc<PublicKeySet>, Reason> {
        let fetcher = self.fetcher.ok_or(Reason::KeySetsOff)?;
        let fetched = fetcher.key_set(source, seen).await;
        fetched.map_err(|error| {
            self.events.record(&Event::KeySetFetchFailed { client_id, source, error: &error });
            Reason::KeySetUnavailable
        })
    }
}

/// Whether one of `keys` made the signature. The header chooses among them and selects nothing else (T12 to T19).
pub(crate) fn check_signature(keys: &PublicKeySet, assertion: &ReceivedAssertion<'_>) -> Result<(), Reason> {
    let (header, jws) = (&assertion.jws.header, &assertion.jws);
    let named = keys.candidates(assertion.algorithm, header.kid.as_deref(), header.certificate.as_deref());
    let mut named = named.peekable();
    if named.peek().is_none() {
        return Err(Reason::JwtKeyUnknown);
    }
    let signed = named.any(|key| key.verifies(jws.signing_input, &jws.signature));
    if signed { Ok(()) } else { Err(Reason::JwtSignature) }
}
