//! Federated workloads: a token that the platform of a workload made, as `client_assertion` (RFC 7521 §4.2).
//!
//! `client_id` says which client it is, and the client's record which workload that may be: a stated deviation from RFC 7523 §3
//! (1) and (2)(B), where `iss` and `sub` are the client. Size, form, times, audience, algorithm and single use are judged as for a
//! client's own assertion. The client learns `invalid_client`; the operator which claim of the nearest candidate differed.

use super::assertion::PresentedAssertion;
use super::presented::invalid_client;
use super::{Authenticated, ClientAuthentication};
use crate::assertion::{ReceivedAssertion, Use, sole_audience};
use crate::claim::Proof;
use crate::error::{ErrorCode, Reason, Refusal, Step};
use crate::event::{Event, RequestTrail, WorkloadMismatch};
use crate::jose::FurtherClaims;
use crate::store::{Client, Credential, CredentialKind, WorkloadIdentity, find_client};

/// A workload that the client is registered with, and how a token compares with it.
struct Candidate<'a> {
    credential: &'a Credential,
    identity: &'a WorkloadIdentity,
    /// How many claims fit.
    fit: usize,
    /// The first one that does not.
    differs: Option<&'a str>,
}

/// The token as it is compared.
struct WorkloadToken<'a> {
    assertion: &'a ReceivedAssertion<'a>,
    further: FurtherClaims<'a>,
}

impl ClientAuthentication<'_> {
    pub(super) async fn check_workload(
        &self,
        presented: &PresentedAssertion<'_>,
        trail: &mut RequestTrail,
    ) -> Step<Authenticated> {
        let assertion = &presented.assertion;
        // What no workload's token may be, before anything is looked up.
        let life = self.rules.life(&assertion.claims, WorkloadIdentity::LONGEST_LIFE, Use::UntilExpiry);
        life.map_err(invalid_client)?;
        let further = FurtherClaims::parse(assertion.jws.payload()).map_err(invalid_client)?;
        let found = find_client(self.clients, &presented.client_id).await?;
        let client = found.ok_or(invalid_client(Reason::ClientUnknown))?;
        self.usable(&client, presented.method())?;
        let token = WorkloadToken { assertion, further };
        let candidates = self.compared(&client, &token);
        let mut refused = None;
        for fitting in candidates.iter().filter(|candidate| candidate.differs.is_none()) {
            match self.vouched_for(&client, fitting, assertion).await {
                Ok(proof) => {
                    trail.credential = Some(fitting.credential.id().clone());
                    return Ok(Authenticated { proofs: proof.into_iter().collect(), client: client.clone() });
                }
                // What failed by our fault could have been the right one.
                Err(Refusal::Failed(fault)) => return Err(fault.into()),
                Err(refusal) => refused = Some(refusal),
            }
        }
        match refused {
            Some(refusal) => Err(refusal),
            None => Err(self.mismatch(&client, &candidates, &token).await),
        }
    }

    /// The workloads that are valid now. What is taken once comes first: where two fit the stricter one decides.
    fn compared<'c>(&self, client: &'c Client, token: &WorkloadToken<'_>) -> Vec<Candidate<'c>> {
        let held = client.credentials().iter().filter(|held| held.is_valid_at(self.rules.now));
        let workloads = held.filter_map(|credential| match credential.kind() {
            CredentialKind::Workload(identity) => Some((credential, &**identity)),
            CredentialKind::Digest(_)
            | CredentialKind::Imported(_)
            | CredentialKind::Key(_)
            | CredentialKind::KeySet(_)
            | CredentialKind::SealedSecret(_)
            | CredentialKind::Unknown(_) => None,
        });
        let mut candidates: Vec<_> = workloads
            .map(|(credential, identity)| {
                let (fit, differs) = token.compare(identity, self.rules.issuer);
                Candidate { credential, identity, fit, differs }
            })
            .collect();
        candidates.sort_by_key(|candidate| candidate.identity.is_reusable());
        candidates
    }

    /// Whether the issuer of this workload signed the token, and what has to be spent for it.
    async fn vouched_for(
        &self,
        client: &Client,
        candidate: &Candidate<'_>,
        assertion: &ReceivedAssertion<'_>,
    ) -> Step<Option<Proof>> {
        let identity = candidate.identity;
        let taken = if identity.is_reusable() { Use::UntilExpiry } else { Use::Once };
        let life =
            self.rules.life(&assertion.claims, identity.longest_life(), taken).map_err(invalid_client)?;
        let keys = (identity.keys(), identity.issuer());
        let key = self.published.check_issuer(keys, Some(client.id()), assertion, invalid_client).await?;
        Ok(match taken {
            Use::UntilExpiry => None,
            Use::Once => {
                let jti = life.jti.ok_or(invalid_client(Reason::JwtJti))?;
                let spent = (jti, life.expires_at, ErrorCode::InvalidClient);
                Some(self.rules.issuers_proof(assertion.claims.iss.as_deref(), &key, spent))
            }
        })
    }

    /// None fits. The operator is told of the nearest one, if its issuer signed the token: what others write says nothing.
    async fn mismatch(
        &self,
        client: &Client,
        candidates: &[Candidate<'_>],
        token: &WorkloadToken<'_>,
    ) -> Refusal {
        // Of equally near ones the first.
        let Some(nearest) = candidates.iter().rev().max_by_key(|candidate| candidate.fit) else {
            return invalid_client(Reason::JwtKeyUnknown).into();
        };
        let claim = nearest.differs.unwrap_or("iss");
        let said = if claim == "iss" {
            None
        } else {
            match self.vouched_for(client, nearest, token.assertion).await {
                Ok(_) => token.said(claim),
                // It fits nobody, whoever signed it: no outage is to blame for that, and nothing of it is worth telling.
                Err(Refusal::Failed(_)) => return invalid_client(Reason::WorkloadMismatch).into(),
                Err(refusal) => return refusal,
            }
        };
        let credential = nearest.credential.id();
        let mismatch = WorkloadMismatch::new(client.id(), credential, claim, said.as_deref());
        self.events.record(&Event::WorkloadMismatch(mismatch));
        invalid_client(Reason::WorkloadMismatch).into()
    }
}

impl WorkloadToken<'_> {
    /// How many claims are those of the workload, and the first one that is not. Another issuer is another platform, of which
    /// nothing fits.
    fn compare<'i>(&self, identity: &'i WorkloadIdentity, own_issuer: &str) -> (usize, Option<&'i str>) {
        let claims = &self.assertion.claims;
        if identity.issuer().is_some_and(|issuer| claims.iss.as_deref() != Some(issuer.as_str())) {
            return (0, Some("iss"));
        }
        let audience = identity.audience().unwrap_or(own_issuer);
        let is_for_us = match identity.takes_several_audiences() {
            true => claims.aud.iter().any(|own| own == audience),
            false => sole_audience(claims) == Ok(audience),
        };
        let subject = self.assertion.subject().ok().flatten();
        let is_subject = subject.is_some_and(|subject| identity.subject().fits(subject));
        let further = identity.claims().map(|(name, rule)| {
            let fits = self.further.said(name).is_some_and(|said| rule.fits(&said));
            (name, fits)
        });
        let all = [("sub", is_subject), ("aud", is_for_us)].into_iter().chain(further);
        all.fold((1, None), |(fit, differs), (name, fits)| match fits {
            true => (fit + 1, differs),
            false => (fit, differs.or(Some(name))),
        })
    }

    /// What the token says there, as much as an operator reads.
    fn said(&self, claim: &str) -> Option<String> {
        const SAID_CHARS: usize = 256;
        let said = match claim {
            "aud" => self.assertion.claims.aud.join(" "),
            name => self.further.said(name)?.into_owned(),
        };
        Some(said.chars().take(SAID_CHARS).collect())
    }
}
