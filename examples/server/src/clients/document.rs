//! A client as JSON, and what its parts are called.

use std::collections::BTreeSet;

use grantor::store::{
    AuthMethod, Client, ClientRegistration, CompatibilitySwitch, Credential, CredentialKind, GrantType,
};
use grantor::{InitialAccessId, PublicKey, ResourceUri, Timestamp};
use serde_json::{Value, json};

use super::workload_table::{document as workload_document, workload};

/// One client, as scripts see it.
pub(super) fn document(client: &Client) -> Value {
    let moment = |moment: Option<Timestamp>| moment.map(|moment| moment.to_string());
    let uris = |uris: &[ResourceUri]| uris.iter().map(|uri| uri.as_str().to_owned()).collect::<Vec<_>>();
    let credential = |held: &Credential| {
        let (kind, alg, key) = about(held);
        json!({
            "id": held.id().as_str(),
            "kind": kind,
            "alg": alg,
            "kid": key.and_then(PublicKey::kid),
            "thumbprint": key.map(PublicKey::thumbprint),
            "jwks_uri": jwks_uri(held),
            "workload": workload(held).map(workload_document),
            "label": held.label(),
            "not_before": moment(held.not_before()),
            "expires_at": moment(held.expires_at()),
        })
    };
    json!({
        "id": client.id().as_str(),
        "name": client.name(),
        "auth": client.auth_method().as_str(),
        "enabled": client.is_enabled(),
        "created_at": moment(client.created_at()),
        "grant_types": client.grant_types().map(GrantType::as_str).collect::<Vec<_>>(),
        "scope": client.scope().as_str(),
        "default_scope": client.default_scope().as_str(),
        "resources": client.resources().map(uris),
        "serves": uris(client.serves()),
        "introspector": client.is_introspector(),
        "introspection_signed_response_alg": client.introspection_signed_response_alg(),
        "token_epoch": client.token_epoch(),
        "compatibility": switches(client),
        "registration": client.registration().map(registration),
        "credentials": client.credentials().iter().map(credential).collect::<Vec<_>>(),
    })
}

/// How it came to be registered. What it says about itself nobody has checked.
fn registration(own: &ClientRegistration) -> Value {
    json!({
        "initial_access": own.initial_access().map(InitialAccessId::as_str),
        "scope": own.scope().as_str(),
        "auth_methods": own.auth_methods().map(methods_of),
        "metadata": own.metadata(),
    })
}

pub(crate) fn methods_of(methods: &BTreeSet<AuthMethod>) -> Vec<&str> {
    methods.iter().map(AuthMethod::as_str).collect()
}

/// What a credential is, with its algorithm where it is for one, and its key where it has a public one.
pub(super) type About<'a> = (&'static str, Option<&'static str>, Option<&'a PublicKey>);

pub(super) fn about(credential: &Credential) -> About<'_> {
    match credential.kind() {
        CredentialKind::Digest(_) => ("secret", None, None),
        CredentialKind::SealedSecret(secret) => ("secret", Some(secret.algorithm().as_str()), None),
        CredentialKind::Key(key) => ("key", Some(key.algorithm().as_str()), Some(key)),
        CredentialKind::KeySet(_) => ("jwks_uri", None, None),
        CredentialKind::Imported(_) => ("argon2id", None, None),
        CredentialKind::Workload(_) => ("workload", None, None),
        CredentialKind::Unknown(_) | _ => ("unknown", None, None),
    }
}

/// Where its keys are, if it is a place of keys.
pub(super) fn jwks_uri(credential: &Credential) -> Option<&str> {
    if let CredentialKind::KeySet(url) = credential.kind() { Some(url.as_str()) } else { None }
}

pub(super) fn switches(client: &Client) -> Vec<&str> {
    client.compatibility().map(CompatibilitySwitch::as_str).collect()
}
