//! What a client that registered itself is told about itself (RFC 7591 §3.2.1, RFC 7592 §3).

use serde::Serialize;
use serde_json::{Map, Value};

use crate::error::{Fault, Step, uncached};
use crate::http::Response;
use crate::store::{Client, ClientRegistration, CredentialKind, GrantType};
use crate::types::{RegistrationAccessToken, Timestamp};

/// A secret that may be shown: it was made for this answer, or the client has just shown it itself.
pub(crate) struct ShownSecret<'a> {
    pub(crate) text: &'a str,
    pub(crate) expires_at: Option<Timestamp>,
}

#[derive(Serialize)]
struct ClientInformation<'a> {
    client_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id_issued_at: Option<i64>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    secret: Option<Secret<'a>>,
    registration_access_token: &'a str,
    registration_client_uri: &'a str,
    token_endpoint_auth_method: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_endpoint_auth_signing_alg: Option<&'a str>,
    grant_types: Vec<&'a str>,
    /// There is no endpoint that would respond.
    response_types: [&'a str; 0],
    /// Also where it is empty: left out of an update it would mean all that is open.
    scope: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jwks: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jwks_uri: Option<&'a str>,
    #[serde(flatten)]
    further: &'a Map<String, Value>,
}

#[derive(Serialize)]
struct Secret<'a> {
    client_secret: &'a str,
    /// Always beside it, and 0 for one that does not end.
    client_secret_expires_at: i64,
}

/// The client information response, with this status. Built from the record: what it says is what is kept.
pub(crate) fn client_information(
    status: u16,
    client: &Client,
    (token, url): (&RegistrationAccessToken, &str),
    secret: Option<ShownSecret<'_>>,
) -> Step<Response> {
    let nothing = Map::new();
    let keys = client.credentials().iter().filter_map(|held| match held.kind() {
        CredentialKind::Key(key) => Some(Value::Object(key.to_json())),
        CredentialKind::Digest(_)
        | CredentialKind::Imported(_)
        | CredentialKind::KeySet(_)
        | CredentialKind::SealedSecret(_)
        | CredentialKind::Workload(_)
        | CredentialKind::Unknown(_) => None,
    });
    let keys: Vec<_> = keys.collect();
    let information = ClientInformation {
        client_id: client.id().as_str(),
        client_id_issued_at: client.created_at().map(Timestamp::as_unix),
        secret: secret.map(|secret| Secret {
            client_secret: secret.text,
            client_secret_expires_at: secret.expires_at.map_or(0, Timestamp::as_unix),
        }),
        registration_access_token: token.expose(),
        registration_client_uri: url,
        token_endpoint_auth_method: client.auth_method().as_str(),
        token_endpoint_auth_signing_alg: client.auth_signing_alg(),
        grant_types: client.grant_types().map(GrantType::as_str).collect(),
        response_types: [],
        scope: client.scope().as_str(),
        client_name: client.name(),
        jwks: (!keys.is_empty()).then(|| serde_json::json!({ "keys": keys })),
        jwks_uri: client.credentials().iter().find_map(|held| match held.kind() {
            CredentialKind::KeySet(url) => Some(url.as_str()),
            CredentialKind::Digest(_)
            | CredentialKind::Imported(_)
            | CredentialKind::Key(_)
            | CredentialKind::SealedSecret(_)
            | CredentialKind::Workload(_)
            | CredentialKind::Unknown(_) => None,
        }),
        further: client.registration().map_or(&nothing, ClientRegistration::metadata),
    };
    let body = serde_json::to_vec(&information).map_err(Fault::internal)?;
    Ok(uncached(Response::new(status, body)))
}
