//! Secrets for clients of the methods that go by one.

use super::ClientsError;
use crate::entropy::Entropy;
use crate::host_keys::HostKeys;
use crate::jose::AssertionAlgorithm;
use crate::store::{AuthMethod, Client, Credential, CredentialKind};
use crate::types::ClientSecret;

/// A secret, and the credential for the record.
pub(crate) struct NewSecret {
    pub(crate) secret: ClientSecret,
    pub(crate) credential: Credential,
}

impl NewSecret {
    /// For what `client` is: the secret's digest, or itself sealed where it is the key of assertions (RFC 7523 §2.2), HS256
    /// unless the client says otherwise.
    pub(crate) fn make(
        client: &Client,
        host_keys: &HostKeys,
        entropy: &dyn Entropy,
    ) -> Result<Self, ClientsError> {
        let (secret, credential) = host_keys.new_secret(client.id(), entropy)?;
        if *client.auth_method() != AuthMethod::CLIENT_SECRET_JWT {
            return Ok(Self { secret, credential });
        }
        let algorithm = client.auth_signing_alg().and_then(AssertionAlgorithm::from_name);
        let algorithm = algorithm.or_else(|| client.credentials().iter().rev().find_map(sealed_for));
        let algorithm = algorithm.unwrap_or(AssertionAlgorithm::Hs256);
        let id = credential.id().clone();
        let credential = host_keys.sealed_credential(client.id(), id, secret.expose(), algorithm, entropy)?;
        Ok(Self { secret, credential })
    }
}

fn sealed_for(credential: &Credential) -> Option<AssertionAlgorithm> {
    if let CredentialKind::SealedSecret(secret) = credential.kind() { Some(secret.algorithm()) } else { None }
}

/// Whether a client of this method proves itself by a secret.
pub(crate) fn takes_secret(method: &AuthMethod) -> bool {
    [AuthMethod::CLIENT_SECRET_BASIC, AuthMethod::CLIENT_SECRET_POST, AuthMethod::CLIENT_SECRET_JWT]
        .contains(method)
}

/// Whether a credential is one.
pub(crate) const fn is_secret(credential: &Credential) -> bool {
    match credential.kind() {
        CredentialKind::Digest(_) | CredentialKind::SealedSecret(_) | CredentialKind::Imported(_) => true,
        CredentialKind::Key(_)
        | CredentialKind::KeySet(_)
        | CredentialKind::Workload(_)
        | CredentialKind::Unknown(_) => false,
    }
}
