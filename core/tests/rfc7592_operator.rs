//! RFC 7592 §2.2: what an operator has said of a client holds against what the client says of itself (T85).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use grantor::PublicKey;
use grantor::store::{AuthMethod, ClientBuilder, Credential, GrantType};
use serde_json::{Value, json};
use support::*;

/// An operator's word on method and grants holds, and what was answered can be sent back all the same.
#[tokio::test]
async fn s2_2_t85_an_operators_method_and_grants_hold() {
    let world = World::new();
    let both = registration().grant_types([GrantType::CLIENT_CREDENTIALS, GrantType::JWT_BEARER]);
    let server = world.builder().registration(both).build().await.unwrap();
    let client = registered(&server, &metadata()).await;
    let (id, key) = (client_id(&client.id), Signing::es256());
    let credential = Credential::key(PublicKey::from_jwk(&key.jwk.to_string()).unwrap()).unwrap();
    let set = |client: ClientBuilder| {
        client
            .auth_method(AuthMethod::PRIVATE_KEY_JWT)
            .credentials([credential.clone()])
            .grant_types([GrantType::CLIENT_CREDENTIALS])
    };
    world.clients().update(&id, set).await.unwrap();
    for wish in [
        json!({}),
        json!({ "token_endpoint_auth_method": "client_secret_post" }),
        json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [key.jwk] },
                "grant_types": [GrantType::JWT_BEARER.as_str()] }),
    ] {
        bad_metadata(&client.put(&server, &wish).await, &wish);
    }
    let said = client.read(&server).await.json();
    let client = client.updated(&server, &said_again(&said)).await;
    assert_eq!(client.asks_by(&server, &key).await.status, 200);
    // One that the server is not open to at all.
    world.clients().update(&id, |client| client.auth_method(AuthMethod::WORKLOAD_JWT)).await.unwrap();
    let said = client.read(&server).await.json();
    assert_eq!(
        client.put(&server, &said_again(&said)).await.json()["token_endpoint_auth_method"],
        "workload_jwt"
    );
}

/// What was answered, without what only the server says.
fn said_again(said: &Value) -> Value {
    let mut said = said.as_object().unwrap().clone();
    for ours in ["registration_access_token", "registration_client_uri", "client_id_issued_at"] {
        said.remove(ours);
    }
    Value::Object(said)
}

/// A key whose end an operator has set does not begin anew under another name.
#[tokio::test]
async fn s2_2_a_key_that_an_operator_ended_stays_ended() {
    let world = World::new();
    let server = world.registering().await;
    let key = Signing::es256();
    let named = |kid: &str| {
        let jwk = merged(&key.jwk, &json!({ "kid": kid }));
        json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [jwk] } })
    };
    let client = registered(&server, &named("one")).await;
    let end = |client: ClientBuilder| {
        let ended: Vec<_> = client
            .clone()
            .build()
            .unwrap()
            .credentials()
            .iter()
            .cloned()
            .map(|held| held.valid_until(at(NOW)))
            .collect();
        client.credentials(ended)
    };
    world.clients().update(&client_id(&client.id), end).await.unwrap();
    for kid in ["one", "two"] {
        let client = Registered { ..client.clone() };
        let token = world.clients().rotate_registration_token(&client_id(&client.id)).await.unwrap();
        let client = Registered { token: token.expose().to_owned(), ..client };
        let client = client.updated(&server, &named(kid)).await;
        refused(&client.asks_by(&server, &key).await, 401, "invalid_client");
    }
}

/// An `alg` goes with its method.
#[tokio::test]
async fn s2_2_another_method_by_the_operator_is_not_held_to_the_alg_of_the_one_before() {
    let world = World::new();
    let server = world.registering().await;
    let client = registered(&server, &json!({ "token_endpoint_auth_method": "client_secret_jwt" })).await;
    let key = Signing::es256();
    let credential = Credential::key(PublicKey::from_jwk(&key.jwk.to_string()).unwrap()).unwrap();
    let set = |client: ClientBuilder| {
        client.auth_method(AuthMethod::PRIVATE_KEY_JWT).credentials([credential.clone()])
    };
    world.clients().update(&client_id(&client.id), set).await.unwrap();
    assert_eq!(client.asks_by(&server, &key).await.status, 200);
}
