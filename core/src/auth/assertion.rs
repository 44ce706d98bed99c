//! `client_secret_jwt` and `private_key_jwt` (RFC 7521 §4.2, RFC 7523 §2.2 and §3, draft rfc7523bis).
//!
//! The client comes first, from `sub`; then only its own keys are looked at, by the algorithm that each was
//! registered for. The header chooses among them and selects nothing else (T12 to T19).

use std::sync::Arc;
use std::time::Duration;

use super::presented::invalid_client;
use super::{Authenticated, ClientAuthentication};
use crate::assertion::{SelfIssued, is_client_assertion_type};
use crate::claim::Proof;
use crate::error::{ErrorCode, Fault, Reason, Step};
use crate::event::RequestTrail;
use crate::jose::{AssertionAlgorithm, ReceivedClaims, ReceivedJws};
use crate::store::{Client, CompatibilitySwitch, Credential, CredentialKind, find_client};
use crate::types::{ClientId, ProofId, ProofNamespace, Timestamp};

/// RFC 7523 §2.2, in exact case.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Under `assertion_reuse` a longer life than this, from `iat` to `exp`, is spent once all the same.
const REUSABLE_FOR: Duration = Duration::from_secs(600);

/// An assertion in the right form. Its claims have not been judged, nor its signature looked at.
#[derive(Debug)]
pub(crate) struct PresentedAssertion<'a> {
    /// Who its `sub` claims to be.
    pub(crate) client_id: ClientId,
    claims: ReceivedClaims,
    pub(super) algorithm: AssertionAlgorithm,
    pub(super) jws: ReceivedJws<'a>,
}

impl<'a> PresentedAssertion<'a> {
    /// Everything that has to be right before anybody can be said to have sent it.
    pub(super) fn read(text: &'a str, kind: &str) -> Step<Self> {
        Ok(Self::parse(text, kind).map_err(invalid_client)?)
    }

    fn parse(text: &'a str, kind: &str) -> Result<Self, Reason> {
        if kind != ASSERTION_TYPE {
            return Err(Reason::AssertionTypeUnknown);
        }
        let jws = ReceivedJws::parse(text)?;
        if !is_client_assertion_type(jws.header.typ.as_deref()) {
            return Err(Reason::JwtType);
        }
        let algorithm = jws.header.alg.ok_or(Reason::JwtAlgorithm)?;
        let claims = ReceivedClaims::parse(&jws.payload)?;
        let subject = claims.sub.as_deref().ok_or(Reason::JwtSubject)?;
        let client_id = ClientId::new(subject).map_err(|_| Reason::JwtSubject)?;
        Ok(Self { client_id, claims, algorithm, jws })
    }

    /// The method's name in RFC 7591 §2.
    pub(super) const fn method(&self) -> &'static str {
        if self.algorithm.is_symmetric() { "client_secret_jwt" } else { "private_key_jwt" }
    }
}

impl ClientAuthentication<'_> {
    pub(super) async fn check_assertion(
        &self,
        presented: &PresentedAssertion<'_>,
        trail: &mut RequestTrail,
    ) -> Step<Authenticated> {
        let claims = self.rules.self_issued(&presented.claims).map_err(invalid_client)?;
        let found = find_client(self.clients, &presented.client_id).await?;
        let client = found.ok_or(invalid_client(Reason::ClientUnknown))?;
        self.usable(&client, presented.method())?;
        let by_switch = self.check_audience(&client, claims.audience)?;
        let credential = self.signed_by(&client, presented).await?;
        trail.credential = Some(credential.id().clone());
        if let Some(switch) = by_switch {
            self.compatibility_used(&client, &switch);
        }
        let proof = self.proof(&client, &claims);
        Ok(Authenticated { client: Arc::clone(&client), proofs: vec![proof] })
    }

    /// The issuer identifier alone, byte for byte (rfc7523bis §4; CVE-2025-27370). Gives the switch that was needed,
    /// to be told of once the client has proved itself: anybody can write an audience.
    fn check_audience(&self, client: &Client, audience: &str) -> Step<Option<CompatibilitySwitch>> {
        if audience == self.rules.issuer {
            return Ok(None);
        }
        let switch = CompatibilitySwitch::TOKEN_ENDPOINT_AUDIENCE;
        if audience == self.token_endpoint && self.compatibility.is_on(&switch, client) {
            return Ok(Some(switch));
        }
        Err(invalid_client(Reason::JwtAudience).into())
    }

    /// The credential of the client whose key made the signature: among those of its record, or at its `jwks_uri`.
    async fn signed_by<'c>(
        &self,
        client: &'c Client,
        presented: &PresentedAssertion<'_>,
    ) -> Step<&'c Credential> {
        let mut held = client.credentials().iter().filter(|held| held.is_valid_at(self.rules.now));
        let published = held.find_map(|held| match held.kind() {
            CredentialKind::KeySet(url) if !presented.algorithm.is_symmetric() => Some((held, url)),
            CredentialKind::KeySet(_)
            | CredentialKind::Digest(_)
            | CredentialKind::Imported(_)
            | CredentialKind::Key(_)
            | CredentialKind::SealedSecret(_)
            | CredentialKind::Workload(_)
            | CredentialKind::Unknown(_) => None,
        });
        match published {
            Some((credential, url)) => {
                self.check_published(client.id(), url, presented).await?;
                Ok(credential)
            }
            None => self.signed_by_held(client, presented),
        }
    }

    fn signed_by_held<'c>(
        &self,
        client: &'c Client,
        presented: &PresentedAssertion<'_>,
    ) -> Step<&'c Credential> {
        let mut candidates = 0;
        let mut fault = None;
        for credential in client.credentials().iter().filter(|held| held.is_valid_at(self.rules.now)) {
            let fits = match credential.kind() {
                CredentialKind::Key(key) => {
                    let header = &presented.jws.header;
                    key.algorithm() == presented.algorithm
                        && key.is_named(header.kid.as_deref(), header.certificate.as_deref())
                }
                CredentialKind::SealedSecret(secret) => secret.algorithm() == presented.algorithm,
                CredentialKind::Digest(_)
                | CredentialKind::Imported(_)
                | CredentialKind::KeySet(_)
                | CredentialKind::Workload(_)
                | CredentialKind::Unknown(_) => false,
            };
            if fits {
                candidates += 1;
                match self.is_signed_with(client, credential, presented) {
                    Ok(true) => return Ok(credential),
                    Ok(false) => {}
                    // Another one may fit; if none does it is our fault and not the client's.
                    Err(unusable) => fault = Some(unusable),
                }
            }
        }
        match (fault, candidates) {
            (Some(fault), _) => Err(fault),
            (None, 0) => Err(invalid_client(Reason::JwtKeyUnknown).into()),
            (None, _) => Err(invalid_client(Reason::JwtSignature).into()),
        }
    }

    fn is_signed_with(
        &self,
        client: &Client,
        credential: &Credential,
        presented: &PresentedAssertion<'_>,
    ) -> Step<bool> {
        let jws = &presented.jws;
        match credential.kind() {
            CredentialKind::Key(key) => Ok(key.verifies(jws.signing_input, &jws.signature)),
            CredentialKind::SealedSecret(secret) => {
                let opened = self.host_keys.open_secret(client.id(), credential.id(), secret);
                let secret = opened
                    .map_err(|error| Fault::internal(SealedSecretUnusable(client.id().to_string(), error)))?;
                Ok(presented.algorithm.mac_verifies(&secret, jws.signing_input, &jws.signature))
            }
            CredentialKind::Digest(_)
            | CredentialKind::Imported(_)
            | CredentialKind::KeySet(_)
            | CredentialKind::Workload(_)
            | CredentialKind::Unknown(_) => Ok(false),
        }
    }

    /// Single use, remembered for the whole validity (RFC 7523 §3 (7), OIDC Core §9).
    fn proof(&self, client: &Client, claims: &SelfIssued<'_>) -> Proof {
        // By its whole life: the last ten minutes of a longer one are no reason to take it twice.
        let soon = |from: Timestamp| claims.expires_at <= from.plus(REUSABLE_FOR).plus(self.rules.skew);
        let short = claims.issued_at.is_some_and(soon) && soon(self.rules.now);
        let reusable = short && self.compatibility.is_on(&CompatibilitySwitch::ASSERTION_REUSE, client);
        Proof {
            id: ProofId::new(ProofNamespace::Client, client.id().as_str(), claims.jti),
            until: self.rules.remembered_until(claims.expires_at),
            replayed: ErrorCode::InvalidClient,
            reusable,
        }
    }
}

/// The operator's mistake, and no reason to call a client's signature wrong.
#[derive(Debug, thiserror::Error)]
#[error("a secret of client `{0}` cannot be unsealed")]
struct SealedSecretUnusable(String, #[source] crate::host_keys::UnsealError);
