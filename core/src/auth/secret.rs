//! Checking a client secret. The work follows from the presented bytes alone: our prefix with a wrong form, none;
//! our form, one HMAC; anything else, one check of an imported secret where those are on.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use zeroize::Zeroizing;

use super::presented::{PresentedCredentials, invalid_client};
use super::{Authenticated, ClientAuthentication};
use crate::error::{Fault, Reason, Step};
use crate::event::RequestTrail;
use crate::executor::{Executor, run_blocking};
use crate::secret_verifier::{SecretMatch, SecretVerifier};
use crate::store::{Client, CompatibilitySwitch, Credential, CredentialKind, SecretDigest, find_client};
use crate::types::{ClientId, CredentialId, PresentedSecret, Timestamp};

/// How a check ended. A reason instead of a client is for the operator alone.
pub(super) struct SecretCheck {
    pub(super) outcome: Result<Arc<Client>, Reason>,
    /// The credential that matched.
    pub(super) credential: Option<CredentialId>,
    /// Whether it was the secret as it came, under `raw_basic`.
    pub(super) is_raw: bool,
}

impl SecretCheck {
    const fn refused(reason: Reason) -> Self {
        Self { outcome: Err(reason), credential: None, is_raw: false }
    }

    /// What was found, and whether the secret fits it. Whether it may be used now is asked last.
    fn judged(client: Option<&Arc<Client>>, held: Option<&Credential>, fits: bool, now: Timestamp) -> Self {
        let Some(client) = client else { return Self::refused(Reason::ClientUnknown) };
        let Some(credential) = held else { return Self::refused(Reason::SecretUnknown) };
        if !fits {
            return Self::refused(Reason::SecretWrong);
        }
        if credential.not_before().is_some_and(|start| now < start) {
            return Self::refused(Reason::SecretNotYetValid);
        }
        if !credential.is_valid_at(now) {
            return Self::refused(Reason::SecretExpired);
        }
        let credential = Some(credential.id().clone());
        Self { outcome: Ok(Arc::clone(client)), credential, is_raw: false }
    }
}

impl ClientAuthentication<'_> {
    pub(super) async fn check_secret(
        &self,
        presented: &PresentedCredentials,
        trail: &mut RequestTrail,
    ) -> Step<Authenticated> {
        let check = self.check(presented).await?;
        let client = check.outcome.map_err(invalid_client)?;
        trail.credential = check.credential;
        self.usable(&client, presented.method)?;
        if check.is_raw {
            self.compatibility_used(&client, &CompatibilitySwitch::RAW_BASIC);
        }
        Ok(Authenticated { client, proofs: Vec::new() })
    }

    async fn check(&self, presented: &PresentedCredentials) -> Step<SecretCheck> {
        if !presented.is_decoded && !self.compatibility.permits(&CompatibilitySwitch::RAW_BASIC) {
            return Ok(SecretCheck::refused(Reason::AuthorizationMalformed));
        }
        match PresentedSecret::classify(&presented.secret) {
            PresentedSecret::Malformed => Ok(SecretCheck::refused(Reason::SecretMalformed)),
            PresentedSecret::Generated(id) => {
                let client = find_client(self.clients, &presented.client_id).await?;
                self.check_generated(client.as_ref(), id, presented)
            }
            PresentedSecret::Foreign => match self.imported {
                Some(imported) => {
                    let client = find_client(self.clients, &presented.client_id).await?;
                    let raw = self.raw_secret(client.as_deref(), presented);
                    let secret = raw.unwrap_or(&presented.secret);
                    let check = self.check_imported(client.as_ref(), imported, secret).await?;
                    Ok(match raw {
                        Some(_) => SecretCheck { is_raw: true, ..check },
                        None if presented.is_decoded => check,
                        None => SecretCheck::refused(Reason::AuthorizationMalformed),
                    })
                }
                None => Ok(SecretCheck::refused(Reason::ImportedSecretsOff)),
            },
        }
    }

    /// The secret as it came, for a client that does not encode (`raw_basic`). Raw or decoded, one is checked.
    fn raw_secret<'p>(
        &self,
        client: Option<&Client>,
        presented: &'p PresentedCredentials,
    ) -> Option<&'p Zeroizing<String>> {
        let is_on =
            client.is_some_and(|client| self.compatibility.is_on(&CompatibilitySwitch::RAW_BASIC, client));
        presented.raw_secret.as_ref().filter(|_| is_on)
    }

    /// One HMAC, whether or not there is such a client and credential.
    fn check_generated(
        &self,
        client: Option<&Arc<Client>>,
        id: &str,
        presented: &PresentedCredentials,
    ) -> Step<SecretCheck> {
        let held =
            client.and_then(|client| client.credentials().iter().find(|held| held.id().as_str() == id));
        let stored = held.and_then(|held| match held.kind() {
            CredentialKind::Digest(digest) => Some(digest),
            CredentialKind::Imported(_)
            | CredentialKind::Key(_)
            | CredentialKind::KeySet(_)
            | CredentialKind::SealedSecret(_)
            | CredentialKind::Workload(_)
            | CredentialKind::Unknown(_) => None,
        });
        let fits = self.host_keys.fits(stored, &presented.client_id, id, &presented.secret);
        let fits = fits.ok_or_else(|| pepper_missing(&presented.client_id, stored))?;
        Ok(SecretCheck::judged(client, held, fits, self.rules.now))
    }

    /// One slow hash, whether or not there is such a client: a decoy's where there is none.
    async fn check_imported(
        &self,
        client: Option<&Arc<Client>>,
        imported: &ImportedSecrets,
        secret: &Zeroizing<String>,
    ) -> Step<SecretCheck> {
        let held = client.and_then(|client| {
            let imported = client.credentials().iter().filter_map(|held| match held.kind() {
                CredentialKind::Imported(encoded) => Some((held, encoded.as_str())),
                CredentialKind::Digest(_)
                | CredentialKind::Key(_)
                | CredentialKind::KeySet(_)
                | CredentialKind::SealedSecret(_)
                | CredentialKind::Workload(_)
                | CredentialKind::Unknown(_) => None,
            });
            // At most one is valid at a time; where none is, the one that ended last tells the operator why.
            imported.max_by_key(|(held, _)| (held.is_valid_at(self.rules.now), held.expires_at()))
        });
        let encoded = held.map(|(_, encoded)| encoded);
        let fits = imported.verify(secret.clone(), encoded).await? && held.is_some();
        Ok(SecretCheck::judged(client, held.map(|(held, _)| held), fits, self.rules.now))
    }
}

/// The operator's mistake, and no reason to call a client's secret wrong.
pub(crate) fn pepper_missing(client: &ClientId, stored: Option<&SecretDigest>) -> Fault {
    Fault::internal(match stored.map(SecretDigest::pepper) {
        Some(pepper) => {
            format!(
                "client `{client}`: the host key `{pepper}` of its secret was not supplied with the value it had"
            )
        }
        None => "there is no host key".to_owned(),
    })
}

/// Checking secrets of other systems: a verifier, where it runs, and how many at a time.
#[derive(Debug)]
pub(crate) struct ImportedSecrets {
    pub(crate) verifier: Arc<dyn SecretVerifier>,
    pub(crate) executor: Arc<dyn Executor>,
    pub(crate) at_once: usize,
    pub(crate) running: Arc<AtomicUsize>,
}

impl ImportedSecrets {
    /// Whether `presented` fits `encoded`, or the decoy where there is none, off the async threads.
    async fn verify(&self, presented: Zeroizing<String>, encoded: Option<&str>) -> Step<bool> {
        let Some(place) = Place::take(&self.running, self.at_once) else {
            return Err(Fault::unavailable("as many imported secrets as allowed are being checked").into());
        };
        let verifier = Arc::clone(&self.verifier);
        let encoded = encoded.map(str::to_owned);
        let work = move || {
            // Held by the work, not by the request: a client that hangs up frees no place.
            let _place = place;
            verifier.verify(presented.as_bytes(), encoded.as_deref().unwrap_or(verifier.decoy()))
        };
        match run_blocking(&*self.executor, work).await {
            Ok(Ok(SecretMatch::Yes)) => Ok(true),
            Ok(Ok(SecretMatch::No)) => Ok(false),
            Ok(Err(error)) => Err(Fault::internal(error).into()),
            Err(error) => Err(Fault::unavailable(error).into()),
        }
    }
}

/// One of the places for slow work, given back when dropped.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(running: &Arc<AtomicUsize>, most: usize) -> Option<Self> {
        let more = |n: usize| (n < most).then_some(n + 1);
        running.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).ok()?;
        Some(Self(Arc::clone(running)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}
