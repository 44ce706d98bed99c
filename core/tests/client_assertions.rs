//! The project's own vectors of client assertions, each judged alone over the token endpoint.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use grantor::store::{AuthMethod, Client, Credential};
use grantor::{AssertionAlgorithm, AuthorizationServer, CredentialId, PublicKey, Resource, SystemEntropy};
use serde_json::Value;
use support::{API, ManualClock, World, client_id, scope};

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What this server answers where a vector leaves it open.
const EITHER: [(&str, u16); 4] = [
    ("S011", 200), // `aud` is an array of the issuer alone: RFC 7519 §4.1.3 knows no difference from the text.
    ("S036", 401), // `iat` 1e308 is no time: 1970 to 9999 (T26).
    ("S037", 401), // `iat` -1e308: the same.
    ("S076", 401), // `crit` must not be empty (RFC 7515 §4.1.11), and is refused whatever it names (T22).
];

fn vectors() -> Value {
    serde_json::from_str(include_str!("../conformance/vectors/client-assertions.json")).unwrap()
}

/// One server at the time of the vectors, with their clients.
async fn server(vectors: &Value) -> AuthorizationServer {
    let world = World::new();
    let clock = ManualClock::new();
    clock.advance(vectors["now"].as_i64().unwrap() - support::NOW);
    for (id, client) in vectors["clients"].as_object().unwrap() {
        let id = client_id(id);
        let (method, credentials) = match client["secret"].as_str() {
            Some(secret) => {
                let algorithm = AssertionAlgorithm::from_name(client["alg"].as_str().unwrap()).unwrap();
                let name = CredentialId::new("secret").unwrap();
                let sealed =
                    world.host_keys.sealed_credential(&id, name, secret, algorithm, &SystemEntropy::new());
                (AuthMethod::CLIENT_SECRET_JWT, vec![sealed.unwrap()])
            }
            None => {
                let keys = PublicKey::from_jwks(&client["jwks"].to_string()).unwrap();
                let credentials = keys.into_iter().map(|key| Credential::key(key).unwrap()).collect();
                (AuthMethod::PRIVATE_KEY_JWT, credentials)
            }
        };
        let client = Client::builder(id, method).credentials(credentials).scope(scope("read"));
        world.insert(&client.build().unwrap()).await;
    }
    let issuer = vectors["issuer"].as_str().unwrap();
    AuthorizationServer::builder(issuer, world.store.clone(), world.host_keys.clone())
        .clock(clock)
        .resource(Resource::new(API).scopes(["read"]))
        .build()
        .await
        .unwrap()
}

#[tokio::test]
async fn every_assertion_gets_its_verdict() {
    let vectors = vectors();
    let (mut accepted, mut rejected, mut either) = (0, 0, 0);
    for test in vectors["tests"].as_array().unwrap() {
        let server = server(&vectors).await;
        let request = support::post(&[
            ("grant_type", "client_credentials"),
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", test["assertion"].as_str().unwrap()),
        ]);
        let status = support::send(&server, request).await.status;
        let name = format!("{}: {}", test["id"], test["why"]);
        match test["expect"].as_str().unwrap() {
            "accept" => {
                accepted += 1;
                assert_eq!(status, 200, "{name}");
            }
            "reject" => {
                rejected += 1;
                // S088 is larger than any request may be, and is not looked at.
                let too_large = test["assertion"].as_str().unwrap().len() > 64 * 1024;
                assert_eq!(status, if too_large { 413 } else { 401 }, "{name}");
            }
            "either" => {
                either += 1;
                let ours = EITHER.iter().find(|(id, _)| test["id"] == **id);
                assert_eq!(Some(status), ours.map(|(_, status)| *status), "{name}");
            }
            other => panic!("{name}: {other}"),
        }
    }
    assert_eq!((accepted, rejected, either), (10, 50, 4));
}
