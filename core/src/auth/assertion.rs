//! `client_secret_jwt` and `private_key_jwt` (RFC 7521 §4.2, RFC 7523 §2.2 and §3, draft rfc7523bis).
//!
//! The client comes first, from `sub`; then only its own keys are looked at, by the algorithm that each was
//! registered for. The header chooses among them and selects nothing else (T12 to T19).

use std::sync::Arc;
use std::time::Duration;

use super::presented::invalid_client;
use super::{Authenticated, ClientAuthentication};
use crate::assertion::{Life, ReceivedAssertion, is_client_assertion_type, is_workload_type};
use crate::claim::Proof;
use crate::error::{ErrorCode, Fault, Reason, Step};
use crate::event::RequestTrail;
use crate::store::{Client, CompatibilitySwitch, Credential, CredentialKind, find_client};
use crate::types::{ClientId, Timestamp};

/// RFC 7523 §2.2, in exact case.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Under `assertion_reuse` a longer life than this, from `iat` to `exp`, is spent once all the same.
const REUSABLE_FOR: Duration = Duration::from_secs(600);

/// An assertion in the right form. Nothing of it has been judged.
#[derive(Debug)]
pub(crate) struct PresentedAssertion<'a> {
    /// Who its `sub` claims to be; for a workload's token who the request claims to come from.
    pub(crate) client_id: ClientId,
    /// Whether it is a token of the client's workload, not one that the client made.
    pub(super) is_of_workload: bool,
    pub(super) assertion: ReceivedAssertion<'a>,
}

impl<'a> PresentedAssertion<'a> {
    /// Everything that has to be right before anybody can be said to have sent it. `client_id` is the one beside it.
    pub(super) fn read(text: &'a str, kind: &str, client_id: Option<&str>) -> Step<Self> {
        Ok(Self::parse(text, kind, client_id).map_err(invalid_client)?)
    }

    fn parse(text: &'a str, kind: &str, client_id: Option<&str>) -> Result<Self, Reason> {
        if kind != ASSERTION_TYPE {
            return Err(Reason::AssertionTypeUnknown);
        }
        let is_type = |typ: Option<&str>| is_client_assertion_type(typ) || is_workload_type(typ);
        let assertion = ReceivedAssertion::parse(text, is_type)?;
        let typ = assertion.jws.header.typ.as_deref();
        if let Some(client_id) = client_id.filter(|client_id| is_of_workload(&assertion, client_id)) {
            let is_right = is_workload_type(typ) && !assertion.algorithm.is_symmetric();
            let client_id = ClientId::new(client_id).map_err(|_| Reason::ClientIdMalformed)?;
            return match is_right {
                true => Ok(Self { client_id, is_of_workload: true, assertion }),
                false if is_workload_type(typ) => Err(Reason::JwtAlgorithm),
                false => Err(Reason::JwtType),
            };
        }
        if !is_client_assertion_type(typ) {
            return Err(Reason::JwtType);
        }
        let subject = assertion.claims.sub.as_deref().ok_or(Reason::JwtSubject)?;
        let client_id = ClientId::new(subject).map_err(|_| Reason::JwtSubject)?;
        Ok(Self { client_id, is_of_workload: false, assertion })
    }

    /// The method's name in RFC 7591 §2, or ours.
    pub(super) const fn method(&self) -> &'static str {
        if self.is_of_workload { "workload_jwt" } else { self.assertion.method() }
    }
}

/// Whether somebody else speaks: then the client is who the request says. What a client makes about itself has equal `iss` and
/// `sub`, and its own `iss` in all that is merely wrong.
fn is_of_workload(assertion: &ReceivedAssertion<'_>, client_id: &str) -> bool {
    let (iss, sub) = (assertion.claims.iss.as_deref(), assertion.claims.sub.as_deref());
    iss != sub && iss != Some(client_id)
}

impl ClientAuthentication<'_> {
    pub(super) async fn check_assertion(
        &self,
        presented: &PresentedAssertion<'_>,
        trail: &mut RequestTrail,
    ) -> Step<Authenticated> {
        let (life, audience) = self.rules.self_issued(&presented.assertion.claims).map_err(invalid_client)?;
        let found = find_client(self.clients, &presented.client_id).await?;
        let client = found.ok_or(invalid_client(Reason::ClientUnknown))?;
        self.usable(&client, presented.method())?;
        let by_switch = self.check_audience(&client, audience)?;
        let credential = self.signed_by(&client, &presented.assertion).await?;
        trail.credential = Some(credential.id().clone());
        if let Some(switch) = by_switch {
            self.compatibility_used(&client, &switch);
        }
        let proof = self.proof(&client, life).ok_or(invalid_client(Reason::JwtJti))?;
        Ok(Authenticated { client: Arc::clone(&client), proofs: vec![proof] })
    }

    /// The issuer identifier alone, byte for byte (rfc7523bis §4; CVE-2025-27370). Gives the switch that was needed,
    /// to be told of once the client has proved itself: anybody can write an audience.
    pub(crate) fn check_audience(
        &self,
        client: &Client,
        audience: &str,
    ) -> Step<Option<CompatibilitySwitch>> {
        if audience == self.rules.issuer {
            return Ok(None);
        }
        let switch = CompatibilitySwitch::TOKEN_ENDPOINT_AUDIENCE;
        if audience == self.rules.token_endpoint && self.compatibility.is_on(&switch, client) {
            return Ok(Some(switch));
        }
        Err(invalid_client(Reason::JwtAudience).into())
    }

    /// The credential of the client whose key made the signature: among those of its record, or at its `jwks_uri`.
    pub(crate) async fn signed_by<'c>(
        &self,
        client: &'c Client,
        assertion: &ReceivedAssertion<'_>,
    ) -> Step<&'c Credential> {
        if client.auth_signing_alg().is_some_and(|only| only != assertion.algorithm.as_str()) {
            return Err(invalid_client(Reason::JwtAlgorithm).into());
        }
        let mut held = client.credentials().iter().filter(|held| held.is_valid_at(self.rules.now));
        let published = held.find_map(|held| match held.kind() {
            CredentialKind::KeySet(url) if !assertion.algorithm.is_symmetric() => Some((held, url)),
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
                let signed = self.published.check_client(url, client.id(), assertion).await;
                signed.map_err(invalid_client)?;
                Ok(credential)
            }
            None => self.signed_by_held(client, assertion),
        }
    }

    fn signed_by_held<'c>(
        &self,
        client: &'c Client,
        assertion: &ReceivedAssertion<'_>,
    ) -> Step<&'c Credential> {
        let mut candidates = 0;
        let mut fault = None;
        for credential in client.credentials().iter().filter(|held| held.is_valid_at(self.rules.now)) {
            let fits = match credential.kind() {
                CredentialKind::Key(key) => {
                    let header = &assertion.jws.header;
                    key.algorithm() == assertion.algorithm
                        && key.is_named(header.kid.as_deref(), &header.certificate)
                }
                CredentialKind::SealedSecret(secret) => secret.algorithm() == assertion.algorithm,
                CredentialKind::Digest(_)
                | CredentialKind::Imported(_)
                | CredentialKind::KeySet(_)
                | CredentialKind::Workload(_)
                | CredentialKind::Unknown(_) => false,
            };
            if fits {
                candidates += 1;
                match self.is_signed_with(client, credential, assertion) {
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
        assertion: &ReceivedAssertion<'_>,
    ) -> Step<bool> {
        let jws = &assertion.jws;
        match credential.kind() {
            CredentialKind::Key(key) => Ok(key.verifies(jws.signing_input, jws.signature())),
            CredentialKind::SealedSecret(secret) => {
                let opened = self.host_keys.open_secret(client.id(), credential.id(), secret);
                let secret = opened
                    .map_err(|error| Fault::internal(SealedSecretUnusable(client.id().to_string(), error)))?;
                Ok(assertion.algorithm.mac_verifies(&secret, jws.signing_input, jws.signature()))
            }
            CredentialKind::Digest(_)
            | CredentialKind::Imported(_)
            | CredentialKind::KeySet(_)
            | CredentialKind::Workload(_)
            | CredentialKind::Unknown(_) => Ok(false),
        }
    }

    /// Single use, remembered for the whole validity (RFC 7523 §3 (7), OIDC Core §9).
    fn proof(&self, client: &Client, life: Life<'_>) -> Option<Proof> {
        // By its whole life: the last ten minutes of a longer one are no reason to take it twice.
        let soon = |from: Timestamp| life.expires_at <= from.plus(REUSABLE_FOR).plus(self.rules.skew);
        let short = life.issued_at.is_some_and(soon) && soon(self.rules.now);
        let reusable = short && self.compatibility.is_on(&CompatibilitySwitch::ASSERTION_REUSE, client);
        let spent = (life.jti?, life.expires_at, ErrorCode::InvalidClient);
        Some(Proof { reusable, ..self.rules.clients_proof(client.id(), spent) })
    }
}

/// The operator's mistake, and no reason to call a client's signature wrong.
#[derive(Debug, thiserror::Error)]
#[error("a secret of client `{0}` cannot be unsealed")]
struct SealedSecretUnusable(String, #[source] crate::host_keys::UnsealError);
