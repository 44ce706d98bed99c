//! `private_key_jwt` with keys that the client publishes (RFC 7591 §2, `jwks_uri`).
//!
//! Reached once everything that can be judged without a key is right, and only for a client that is registered so:
//! nothing in a request names what is fetched (T16).

use std::sync::Arc;

use super::ClientAuthentication;
use super::assertion::PresentedAssertion;
use super::presented::invalid_client;
use crate::error::{Reason, Step};
use crate::event::Event;
use crate::fetch::KeySource;
use crate::jose::PublicKeySet;
use crate::types::{ClientId, KeySetUrl};

impl ClientAuthentication<'_> {
    /// Whether one of the keys at `url` made the signature. Where none did a newer set is asked for, once: the client
    /// may have a new key.
    pub(super) async fn check_published(
        &self,
        client_id: &ClientId,
        url: &KeySetUrl,
        presented: &PresentedAssertion<'_>,
    ) -> Step<()> {
        let seen = self.published(client_id, url, None).await?;
        let Err(reason) = presented.is_signed_with_one_of(&seen) else { return Ok(()) };
        let newer = self.published(client_id, url, Some(&seen)).await?;
        // It was asked for a moment ago: trying the same keys again would double the price of a made-up signature.
        if Arc::ptr_eq(&seen, &newer) {
            return Err(invalid_client(reason).into());
        }
        Ok(presented.is_signed_with_one_of(&newer).map_err(invalid_client)?)
    }

    /// A source that is away is no fault of ours, and who is away is not told: `invalid_client`, as for a wrong key (T63).
    async fn published(
        &self,
        client_id: &ClientId,
        url: &KeySetUrl,
        seen: Option<&Arc<PublicKeySet>>,
    ) -> Step<Arc<PublicKeySet>> {
        let fetcher = self.key_sets.ok_or(invalid_client(Reason::KeySetsOff))?;
        let fetched = fetcher.key_set(&KeySource::Url(url.clone()), seen).await;
        fetched.map_err(|error| {
            self.events.record(&Event::KeySetFetchFailed { client_id, url, error: &error });
            invalid_client(Reason::KeySetUnavailable).into()
        })
    }
}

impl PresentedAssertion<'_> {
    fn is_signed_with_one_of(&self, keys: &PublicKeySet) -> Result<(), Reason> {
        let header = &self.jws.header;
        let named = keys.candidates(self.algorithm, header.kid.as_deref(), header.certificate.as_deref());
        let mut named = named.peekable();
        if named.peek().is_none() {
            return Err(Reason::JwtKeyUnknown);
        }
        let signed = named.any(|key| key.verifies(self.jws.signing_input, &self.jws.signature));
        if signed { Ok(()) } else { Err(Reason::JwtSignature) }
    }
}
