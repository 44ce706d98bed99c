//! Federated workloads: a token that the platform of a workload made, as `client_assertion` (RFC 7521 §4.2).
//!
//! `client_id` says which client it is, and the client's record which workload that may be: a stated deviation from RFC 7523 §3
//! (1) and (2)(B), where `iss` and `sub` are the client. Size, form, times, audience, algorithm and single use are judged as for a
//! client's own assertion. The client learns `invalid_client`; the operator which claim of the nearest candidate differed.

use super::assertion::PresentedAssertion;
use super::presented::invalid_client;
use super::{Authenticated, ClientAuthentication};
use crate::assertion::{ReceivedAssertion, Use, check_signature, sole_audience};
use crate::claim::Proof;
use crate::error::{ErrorCode, Reason, Step};
use crate::event::{Event, RequestTrail, WorkloadMismatch};
use crate::jose::FurtherClaims;
use crate::store::{Client, Credential, CredentialKind, WorkloadIdentity, find_client};
use crate::types::ProofNamespace;

/// A workload that the client is registered with.
#[derive(Clone, Copy)]
struct Candidate<'a> {
    credential: &'a Credential,
    identity: &'a WorkloadIdentity,
}

impl ClientAuthentication<'_> {
    pub(super) async fn check_workload(
        &self,
        presented: &PresentedAssertion<'_>,
        trail: &mut RequestTrail,
    ) -> Step<Authenticated> {
        // What no workload's token may be, before anything is looked up.
        let claims = &presented.assertion.claims;
        self.rules.life(claims, WorkloadIdentity::LONGEST_LIFE, Use::UntilExpiry).map_err(invalid_client)?;
        let found = find_client(self.clients, &presented.client_id).await?;
        let client = found.ok_or(invalid_client(Reason::ClientUnknown))?;
        self.usable(&client, presented.method())?;
        let candidates = self.signed_for(&client, &presented.assertion).await?;
        let (credential, proof) = self.fitting(&client, &candidates, &presented.assertion)?;
        trail.credential = Some(credential.id().clone());
        Ok(Authenticated { proofs: proof.into_iter().collect(), client: client.clone() })
    }

    /// The workloads whose issuer made the token, by its signature.
    async fn signed_for<'c>(
        &self,
        client: &'c Client,
        assertion: &ReceivedAssertion<'_>,
    ) -> Step<Vec<Candidate<'c>>> {
        let held = client.credentials().iter().filter(|held| held.is_valid_at(self.rules.now));
        let workloads = held.filter_map(|credential| match credential.kind() {
            CredentialKind::Workload(identity) => Some(Candidate { credential, identity }),
            CredentialKind::Digest(_)
            | CredentialKind::Imported(_)
            | CredentialKind::Key(_)
            | CredentialKind::KeySet(_)
            | CredentialKind::SealedSecret(_)
            | CredentialKind::Unknown(_) => None,
        });
        let workloads: Vec<_> = workloads.collect();
        let iss = assertion.claims.iss.as_deref();
        let named =
            |identity: &WorkloadIdentity| identity.issuer().is_none_or(|own| Some(own.as_str()) == iss);
        let mut refused = match workloads.first() {
            None => Reason::JwtKeyUnknown,
            Some(nearest) => {
                if !workloads.iter().any(|candidate| named(candidate.identity)) {
                    self.mismatch(client, nearest, "iss", None);
                }
                Reason::WorkloadMismatch
            }
        };
        let mut judged: Vec<(Candidate<'c>, bool)> = Vec::new();
        for candidate in workloads.into_iter().filter(|candidate| named(candidate.identity)) {
            let identity = candidate.identity;
            let is_same = |other: &Candidate<'_>| {
                (other.identity.keys(), other.identity.issuer()) == (identity.keys(), identity.issuer())
            };
            // Several workloads of one platform share its keys, and a signature is checked once.
            let known = judged.iter().find(|(other, _)| is_same(other)).map(|(_, signed)| *signed);
            let signed = match known {
                Some(signed) => signed,
                None => match self.is_signed_by_issuer(client, identity, assertion).await {
                    Ok(()) => true,
                    Err(reason) => {
                        refused = reason;
                        false
                    }
                },
            };
            judged.push((candidate, signed));
        }
        judged.retain(|(_, signed)| *signed);
        if judged.is_empty() {
            return Err(invalid_client(refused).into());
        }
        Ok(judged.into_iter().map(|(candidate, _)| candidate).collect())
    }

    async fn is_signed_by_issuer(
        &self,
        client: &Client,
        identity: &WorkloadIdentity,
        assertion: &ReceivedAssertion<'_>,
    ) -> Result<(), Reason> {
        match (identity.keys().held(), identity.keys().source(identity.issuer())) {
            (Some(keys), _) => check_signature(keys, assertion),
            (None, Some(source)) => self.published.check(&source, Some(client.id()), assertion).await,
            (None, None) => Err(Reason::JwtKeyUnknown),
        }
    }

    /// The workload that the token is about, and what has to be spent for it.
    fn fitting<'c>(
        &self,
        client: &Client,
        candidates: &[Candidate<'c>],
        assertion: &ReceivedAssertion<'_>,
    ) -> Step<(&'c Credential, Option<Proof>)> {
        let further = FurtherClaims::parse(&assertion.jws.payload).map_err(invalid_client)?;
        let mut nearest: Option<(usize, &Candidate<'c>, String)> = None;
        let mut refused = Reason::WorkloadMismatch;
        for candidate in candidates {
            let (fit, differs) = self.compare(candidate.identity, assertion, &further);
            match differs {
                None => match self.life(candidate.identity, assertion) {
                    Ok(proof) => return Ok((candidate.credential, proof)),
                    Err(reason) => refused = reason,
                },
                Some(claim) if nearest.as_ref().is_none_or(|(most, ..)| fit > *most) => {
                    nearest = Some((fit, candidate, claim));
                }
                Some(_) => {}
            }
        }
        if let (Reason::WorkloadMismatch, Some((_, candidate, claim))) = (refused, nearest) {
            let said = match claim.as_str() {
                "aud" => Some(assertion.claims.aud.join(" ")),
                name => further.said(name).map(std::borrow::Cow::into_owned),
            };
            self.mismatch(client, candidate, &claim, said.as_deref());
        }
        Err(invalid_client(refused).into())
    }

    /// How many claims fit, and the first one that does not.
    fn compare(
        &self,
        identity: &WorkloadIdentity,
        assertion: &ReceivedAssertion<'_>,
        further: &FurtherClaims<'_>,
    ) -> (usize, Option<String>) {
        let audience = identity.audience().unwrap_or(self.rules.issuer);
        let is_for_us = match identity.takes_several_audiences() {
            true => assertion.claims.aud.iter().any(|own| own == audience),
            false => sole_audience(&assertion.claims) == Ok(audience),
        };
        let subject = assertion.subject().ok().flatten();
        let rules =
            [("sub", subject.is_some_and(|subject| identity.subject().fits(subject))), ("aud", is_for_us)];
        let claims = identity
            .claims()
            .map(|(name, rule)| (name, further.said(name).is_some_and(|said| rule.fits(&said))));
        let mut fit = 0;
        let mut differs = None;
        for (name, fits) in rules.into_iter().chain(claims) {
            if fits {
                fit += 1;
            } else if differs.is_none() {
                differs = Some(name.to_owned());
            }
        }
        (fit, differs)
    }

    fn life(
        &self,
        identity: &WorkloadIdentity,
        assertion: &ReceivedAssertion<'_>,
    ) -> Result<Option<Proof>, Reason> {
        let claims = &assertion.claims;
        let taken = if identity.is_reusable() { Use::UntilExpiry } else { Use::Once };
        let life = self.rules.life(claims, identity.longest_life(), taken)?;
        if identity.is_reusable() {
            return Ok(None);
        }
        let jti = life.jti.ok_or(Reason::JwtJti)?;
        // Where the platform has no name of its own the subject stands for it.
        let owner = identity.issuer().map_or(claims.sub.as_deref(), |issuer| Some(issuer.as_str()));
        let owner = (ProofNamespace::Issuer, owner.ok_or(Reason::JwtSubject)?);
        Ok(Some(self.rules.proof(owner, jti, life.expires_at, ErrorCode::InvalidClient)))
    }

    fn mismatch(&self, client: &Client, candidate: &Candidate<'_>, claim: &str, said: Option<&str>) {
        let credential = candidate.credential.id();
        self.events.record(&Event::WorkloadMismatch(WorkloadMismatch::new(
            client.id(),
            credential,
            claim,
            said,
        )));
    }
}
