//! One function for each part of the configuration that can be wrong.

use std::sync::Arc;

use crate::auth::ImportedSecrets;
use crate::compatibility::{Compatibility, Reach};
use crate::config::{ConfigError, Limits};
use crate::executor::{Executor, run_blocking};
use crate::jose::SigningAlgorithm;
use crate::resource::declared::{DeclaredResource, Resource, Resources};
use crate::secret_verifier::{SecretMatch, SecretVerifier};
use crate::signer::Signer;
use crate::store::CompatibilitySwitch;
use crate::types::Issuer;

pub(super) fn issuer(text: &str, http_on_loopback: bool) -> Result<Issuer, ConfigError> {
    let issuer =
        Issuer::new(text).map_err(|source| ConfigError::Issuer { issuer: text.to_owned(), source })?;
    if issuer.is_plain_http() && !http_on_loopback {
        return Err(ConfigError::PlainHttp { issuer: text.to_owned() });
    }
    Ok(issuer)
}

pub(super) fn resources(
    declared: &[Resource],
    algorithm: SigningAlgorithm,
    default: Option<&str>,
) -> Result<Resources, ConfigError> {
    let checked: Vec<DeclaredResource> = declared
        .iter()
        .map(|resource| DeclaredResource::check(resource, algorithm))
        .collect::<Result<_, _>>()?;
    if checked.is_empty() {
        return Err(ConfigError::NoResource);
    }
    for (at, resource) in checked.iter().enumerate() {
        if checked.iter().take(at).any(|other| other.uri() == resource.uri()) {
            return Err(ConfigError::ResourceTwice { uri: resource.uri().as_str().to_owned() });
        }
    }
    let named = default.map(|text| {
        let found = checked.iter().map(DeclaredResource::uri).find(|uri| uri.as_str() == text);
        found.cloned().ok_or_else(|| ConfigError::DefaultResource { uri: text.to_owned() })
    });
    let default = named.transpose()?;
    Ok(Resources::new(checked, default))
}

/// Names that stored records tell keys by.
pub(super) fn signers(signers: &[Arc<dyn Signer>]) -> Result<(), ConfigError> {
    for (at, signer) in signers.iter().enumerate() {
        let name = signer.name();
        let is_taken = signers.iter().take(at).any(|other| other.name() == name);
        if is_taken || !(1..=64).contains(&name.len()) {
            return Err(ConfigError::Signer { name: name.to_owned() });
        }
    }
    Ok(())
}

/// Every algorithm that a token may be signed with, once.
pub(super) fn algorithms(resources: &Resources) -> Result<Vec<SigningAlgorithm>, ConfigError> {
    let mut algorithms: Vec<_> = resources.iter().map(DeclaredResource::signing_algorithm).collect();
    algorithms.sort_unstable();
    algorithms.dedup();
    match algorithms.iter().find(|algorithm| algorithm.is_rsa() && !cfg!(feature = "josekit")) {
        Some(algorithm) => Err(ConfigError::Algorithm { algorithm: algorithm.as_str() }),
        None => Ok(algorithms),
    }
}

/// What introspection answers are signed with where their caller has registered nothing (RFC 9701 §6): RS256 where there is
/// a key for it, else the server's own algorithm, else the first that there is.
pub(super) fn introspection_algorithm(held: &[SigningAlgorithm], own: SigningAlgorithm) -> SigningAlgorithm {
    let wanted = [SigningAlgorithm::Rs256, own].into_iter().find(|algorithm| held.contains(algorithm));
    wanted.or(held.first().copied()).unwrap_or(own)
}

/// Bounds under which no request could be answered, or that bound nothing.
pub(super) fn limits(limits: Limits) -> Result<(), ConfigError> {
    let rules = [
        ((1024..=16 * 1024 * 1024).contains(&limits.body()), "body: 1 KiB to 16 MiB"),
        ((1024..=1024 * 1024).contains(&limits.headers()), "headers: 1 KiB to 1 MiB"),
        ((8..=1024).contains(&limits.parameters()), "parameters: 8 to 1024"),
        (!limits.deadline().is_zero(), "deadline: more than nothing"),
    ];
    match rules.into_iter().find(|(holds, _)| !holds) {
        Some((_, rule)) => Err(ConfigError::Limits { rule }),
        None => Ok(()),
    }
}

/// A switch that nobody has heard of, or one that cannot be had by client.
pub(super) fn compatibility(permitted: &Compatibility) -> Result<(), ConfigError> {
    for (switch, reach) in permitted.iter() {
        if !CompatibilitySwitch::ALL.contains(switch) {
            return Err(ConfigError::Compatibility {
                switch: switch.as_str().to_owned(),
                rule: "there is no such switch",
            });
        }
        if *switch == CompatibilitySwitch::OPENID_DISCOVERY && *reach == Reach::ListedClients {
            let rule = "one document serves all clients, so it is for `Reach::EveryClient` or for none";
            return Err(ConfigError::Compatibility { switch: switch.as_str().to_owned(), rule });
        }
    }
    Ok(())
}

/// A decoy that cannot be read, or that a secret matches, would tell who is registered.
pub(super) async fn imported(
    imported: Option<Arc<dyn SecretVerifier>>,
    executor: Option<&Arc<dyn Executor>>,
    at_once: usize,
) -> Result<Option<ImportedSecrets>, ConfigError> {
    let Some(verifier) = imported else { return Ok(None) };
    let Some(executor) = executor else { return Err(ConfigError::ImportedSecretsNeedExecutor) };
    let probe = Arc::clone(&verifier);
    let decoy = run_blocking(&**executor, move || probe.verify(b"no secret", probe.decoy())).await;
    match decoy {
        Ok(Ok(SecretMatch::No)) => Ok(Some(ImportedSecrets::new(verifier, Arc::clone(executor), at_once))),
        Ok(Ok(SecretMatch::Yes)) => Err(ConfigError::Decoy("a secret matches it".into())),
        Ok(Err(unreadable)) => Err(ConfigError::Decoy(unreadable.into())),
        Err(not_run) => Err(ConfigError::Decoy(not_run.into())),
    }
}
