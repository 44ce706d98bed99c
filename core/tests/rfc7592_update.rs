//! RFC 7592 §2.2: a client changes its registration.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use std::collections::BTreeSet;
use std::time::Duration;

use data_encoding::BASE32_DNSSEC;
use grantor::event::Reason;
use grantor::store::{AuthMethod, Client};
use grantor::{AuthorizationServer, Entropy, EntropyError, Registration, Resource, SystemEntropy};
use serde_json::{Map, Value, json};
use support::*;

fn words(scope: &Value) -> BTreeSet<&str> {
    scope.as_str().unwrap().split(' ').collect()
}

/// Row 168: what is sent replaces, what is left out is deleted.
#[tokio::test]
async fn s2_2_an_update_replaces_all() {
    let world = World::new();
    let server = world.registering().await;
    let first = json!({
        "client_name": "Billing", "client_name#fr": "Factures", "client_uri": "https://x.example", "scope": "read",
        "contacts": ["a@x.example", "b@x.example"], "software_id": "7", "grant_types": ["client_credentials", JWT_BEARER],
    });
    let client = registered(&server, &first).await;
    let second =
        json!({ "client_name": "Ledger", "contacts": ["c@x.example"], "tos_uri": "https://x.example/tos" });
    let changed = client.updated(&server, &second).await;
    assert_eq!(world.events.last().kind, Kind::Changed("updated", "client"));
    for (name, value) in second.as_object().unwrap() {
        assert_eq!(changed.said[name], *value, "{name}: replaced, not added to");
    }
    for gone in ["client_name#fr", "client_uri", "software_id"] {
        assert!(changed.said.get(gone).is_none(), "{gone}: {}", changed.said);
    }
    assert_eq!(changed.said["grant_types"], json!(["client_credentials"]), "left out: the default");
    assert_eq!(words(&changed.said["scope"]), BTreeSet::from(["read", "write"]), "left out: the bound again");
    assert_eq!(changed.id, client.id);
    assert_eq!(changed.said["client_id_issued_at"], client.said["client_id_issued_at"]);
    let read = Registered::of(&changed.read(&server).await, 200);
    for (name, value) in changed.said.as_object().unwrap() {
        assert_eq!(read.said[name], *value, "{name}: read back");
    }
    assert_eq!(client.asks(&server).await.status, 200, "its secret goes on");
    let nulls = json!({ "client_name": null, "contacts": null, "scope": null, "tos_uri": null });
    let none = changed.updated(&server, &nulls).await;
    for gone in ["client_name", "contacts", "tos_uri"] {
        assert!(none.said.get(gone).is_none(), "{gone}");
    }
}

/// §2.2: a client sends back all that it was told, but for four members; that must do.
#[tokio::test]
async fn s2_2_what_was_answered_can_be_sent_back() {
    let world = World::new();
    let key = Signing::es256();
    let server = world.open().key_sets(FakeKeySets::of(&[published(&key, "a")])).build().await.unwrap();
    for metadata in [
        json!({ "client_name": "A", "client_name#fr": "B", "scope": "read", "contacts": ["x"] }),
        json!({ "token_endpoint_auth_method": "client_secret_jwt", "token_endpoint_auth_signing_alg": "HS384" }),
        json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [key.jwk] } }),
        json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": JWKS_URI }),
    ] {
        let client = registered(&server, &metadata).await;
        let changed = client.updated(&server, &echo(&client)).await;
        assert_eq!(changed.secret, client.secret, "sent, so it is in the answer");
        for (name, value) in client.said.as_object().unwrap() {
            if name != "registration_access_token" {
                assert_eq!(changed.said[name], *value, "{name}");
            }
        }
    }
}

/// What was answered, without what may not be sent.
fn echo(client: &Registered) -> Value {
    let own = FOREIGN.map(|(name, _)| name);
    let kept = client.said.as_object().unwrap().iter().filter(|(name, _)| !own.contains(&name.as_str()));
    Value::Object(kept.map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>())
}

const FOREIGN: [(&str, &str); 4] = [
    ("registration_access_token", "\"grantor_rat_chosen\""),
    ("registration_client_uri", "\"https://evil.example\""),
    ("client_secret_expires_at", "0"),
    ("client_id_issued_at", "1"),
];

/// Row 170 (T80).
#[tokio::test]
async fn s2_2_what_the_server_alone_says_is_refused() {
    let world = World::new();
    let server = world.registering().await;
    let client = registered(&server, &metadata()).await;
    for (name, chosen) in FOREIGN {
        let chosen: Value = serde_json::from_str(chosen).unwrap();
        for value in [chosen, client.said[name].clone(), json!({})] {
            let mut metadata = metadata();
            metadata[name] = value;
            bad_metadata(&client.put(&server, &metadata).await, name);
        }
    }
    assert_eq!(client.read(&server).await.status, 200, "and the token was not rotated");
}

/// Row 169.
#[tokio::test]
async fn s2_2_client_id_is_needed_and_cannot_be_changed() {
    let world = World::new();
    let server = world.registering().await;
    let client = registered(&server, &metadata()).await;
    let upper = client.id.to_uppercase();
    for id in [Value::Null, json!(""), json!(7), json!([client.id]), json!("other"), json!(upper)] {
        let body = json!({ "client_id": id, "client_name": "Changed" }).to_string();
        bad_metadata(&manage(&server, "PUT", &client.path(), &client.token, body).await, &id);
    }
    bad_metadata(&manage(&server, "PUT", &client.path(), &client.token, "{}").await, "left out");
    let twice = format!(r#"{{"client_id":"{}","client_id":"{}"}}"#, client.id, client.id);
    bad_metadata(&manage(&server, "PUT", &client.path(), &client.token, twice).await, "twice");
    assert_eq!(client.read(&server).await.json()["client_name"], "Billing");
}

/// Randomness that makes a secret for the credential of these bytes.
#[derive(Debug)]
struct Named(Vec<u8>);

impl Entropy for Named {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        if bytes.len() == self.0.len() {
            bytes.copy_from_slice(&self.0);
            return Ok(());
        }
        SystemEntropy::new().fill(bytes)
    }
}

/// Row 169: a secret that is sent is the current one, and never becomes another.
#[tokio::test]
async fn s2_2_client_secret_is_the_current_one_and_never_overwritten() {
    let world = World::new();
    let server = world.registering().await;
    for method in ["client_secret_basic", "client_secret_jwt"] {
        let asked = json!({ "token_endpoint_auth_method": method });
        let client = registered(&server, &asked).await;
        let other = registered(&server, &asked).await;
        let altered = format!("{}x", client.secret());
        // The same in all but what is secret of it, checksum included.
        let record = world.record(&client.id).await.unwrap();
        let named = Named(BASE32_DNSSEC.decode(record.credentials()[0].id().as_str().as_bytes()).unwrap());
        let (guessed, _) = world.host_keys.new_secret(&client_id(&client.id), &named).unwrap();
        assert_eq!(guessed.credential_id(), record.credentials()[0].id());
        for chosen in [
            json!("chosen-by-the-client"),
            json!(other.secret()),
            json!(altered),
            json!(guessed.expose()),
            json!(""),
            json!(7),
            json!([]),
        ] {
            let answer = client.put(&server, &merged(&asked, &json!({ "client_secret": chosen }))).await;
            bad_metadata(&answer, &chosen);
        }
        let sent = json!({ "client_secret": client.secret() });
        let changed = client.updated(&server, &merged(&asked, &sent)).await;
        assert_eq!(changed.secret, client.secret, "echoed");
        assert_eq!(changed.said["client_secret_expires_at"], 0);
        let silent = changed.updated(&server, &asked).await;
        assert_eq!(silent.secret, None);
        assert_eq!(client.asks(&server).await.status, 200);
        refused(&client.asks_with(&server, "chosen-by-the-client").await, 401, "invalid_client");
    }
    let key = Signing::es256();
    let keys = json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [key.jwk] } });
    let client = registered(&server, &keys).await;
    let answer = client.put(&server, &merged(&keys, &json!({ "client_secret": "x" }))).await;
    bad_metadata(&answer, "it has none");
}

/// Row 169: one that has ended is not current.
#[tokio::test]
async fn s2_2_an_expired_client_secret_is_not_the_current_one() {
    let world = World::new();
    let hour = registration().secret_lifetime(Duration::from_secs(3600));
    let server = world.builder().registration(hour).build().await.unwrap();
    let client = registered(&server, &metadata()).await;
    world.clock.advance(3600);
    let sent = json!({ "client_secret": client.secret() });
    bad_metadata(&client.put(&server, &sent).await, "ended");
}

/// Appendix A.1: an update gives another registration access token, and the one before is dead at once.
#[tokio::test]
async fn a_1_an_update_rotates_the_registration_access_token() {
    let world = World::new();
    let server = world.registering().await;
    let client = registered(&server, &metadata()).await;
    let changed = client.updated(&server, &json!({ "client_name": "One" })).await;
    assert_ne!(changed.token, client.token);
    for answer in
        [client.read(&server).await, client.put(&server, &metadata()).await, client.delete(&server).await]
    {
        bad_token(&answer, "the one before");
    }
    let refused = changed.put(&server, &json!({ "client_name": 7 })).await;
    bad_metadata(&refused, "refused");
    assert_eq!(changed.read(&server).await.status, 200, "what is refused rotates nothing");
}

/// Appendix A.1: a secret is renewed once less than half of its life is left; the older ones keep their end.
#[tokio::test]
async fn a_1_an_update_renews_a_secret_that_ends_soon() {
    let world = World::new();
    let hours = registration().secret_lifetime(Duration::from_secs(4 * 3600));
    let server = world.builder().registration(hours).build().await.unwrap();
    let client = registered(&server, &metadata()).await;
    world.clock.advance(2 * 3600 - 1);
    let early = client.updated(&server, &metadata()).await;
    assert_eq!(early.secret, None, "half of its life is left");
    world.clock.advance(2);
    let renewed = early.updated(&server, &metadata()).await;
    assert_ne!(renewed.secret(), client.secret());
    assert_eq!(renewed.said["client_secret_expires_at"], NOW + 2 * 3600 + 1 + 4 * 3600);
    assert_eq!(client.asks(&server).await.status, 200, "the older one works on");
    assert_eq!(renewed.asks(&server).await.status, 200);
    world.clock.advance(2 * 3600);
    refused(&client.asks(&server).await, 401, "invalid_client");
    assert_eq!(world.events.reason(), Reason::SecretExpired, "until its own end");
    assert_eq!(renewed.asks(&server).await.status, 200);
}

/// Another method: the secret that it needs is made, and what it does not need goes.
#[tokio::test]
async fn s2_2_another_method_brings_its_own_credentials() {
    let world = World::new();
    let server = world.registering().await;
    let key = Signing::es256();
    let by_key = json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [key.jwk] } });
    let client = registered(&server, &metadata()).await;
    let keyed = client.updated(&server, &by_key).await;
    assert_eq!(keyed.secret, None);
    assert_eq!(keyed.asks_by(&server, &key).await.status, 200);
    refused(&client.asks(&server).await, 401, "invalid_client");
    let record = world.record(&client.id).await.unwrap();
    assert_eq!(record.credentials().len(), 1, "the secret is gone: {record:?}");
    let mut last = keyed;
    for method in ["client_secret_jwt", "client_secret_post", "client_secret_basic"] {
        let back = last.updated(&server, &json!({ "token_endpoint_auth_method": method })).await;
        if let Some(secret) = &back.secret {
            assert_ne!(Some(secret), last.secret.as_ref(), "another one");
        }
        assert!(back.secret.is_some() || method != "client_secret_jwt", "one is needed where there is none");
        let secret = back.secret.clone().or_else(|| last.secret.clone()).unwrap();
        let answer = back.asks_with(&server, &secret).await;
        assert_eq!(answer.status, 200, "{method}: {}", answer.text());
        refused(&back.asks_with(&server, client.secret()).await, 401, "invalid_client");
        refused(&back.asks_by(&server, &key).await, 401, "invalid_client");
        last = Registered { secret: Some(secret), ..back };
    }
}

/// Keys are replaced like all else: a removed one is dead at once (T61).
#[tokio::test]
async fn s2_2_keys_are_replaced() {
    let world = World::new();
    let server = world.registering().await;
    let (old, new) = (Signing::es256(), Signing::es256());
    let by = |key: &Signing| json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [key.jwk] } });
    let client = registered(&server, &by(&old)).await;
    assert_eq!(client.asks_by(&server, &old).await.status, 200);
    let client = client.updated(&server, &by(&new)).await;
    refused(&client.asks_by(&server, &old).await, 401, "invalid_client");
    assert_eq!(client.asks_by(&server, &new).await.status, 200);
    let none = json!({ "token_endpoint_auth_method": "private_key_jwt" });
    bad_metadata(&client.put(&server, &none).await, "left out is deleted, and a key is needed");
}

/// T85: the bound of the registration holds for every update, also where the server has opened up since; where it has closed,
/// that counts.
#[tokio::test]
async fn s2_2_t85_an_update_stays_within_what_was_granted_at_registration() {
    let world = World::new();
    let access = FakeAccess::default();
    let narrow =
        access.issue(|token| token.scope(scope("read")).auth_methods([AuthMethod::CLIENT_SECRET_BASIC]));
    let open = async |registration: Registration, books: bool| -> AuthorizationServer {
        let stores = grantor::Stores::from(world.store.clone()).with_initial_access(access.clone());
        let builder = world.over(stores).registration(registration);
        let builder = if books {
            builder.resource(Resource::new("https://books.example.com").scopes(["borrow"]))
        } else {
            builder
        };
        builder.build().await.unwrap()
    };
    let server = open(registration(), false).await;
    let bounded = Registered::of(&register_by(&server, narrow.expose(), &metadata()).await, 201);
    for wide in
        [json!({ "scope": "read write" }), json!({ "token_endpoint_auth_method": "client_secret_post" })]
    {
        bad_metadata(&bounded.put(&server, &wide).await, &wide);
    }
    let bounded = bounded.updated(&server, &json!({})).await;
    assert_eq!(bounded.said["scope"], "read", "left out is the bound, not all");
    // The server opens up: what was granted stays what it was.
    let free = registered(&server, &metadata()).await;
    let opened = open(registration(), true).await;
    bad_metadata(&free.put(&opened, &json!({ "scope": "read borrow" })).await, "declared since");
    let free = free.updated(&opened, &json!({})).await;
    assert_eq!(words(&free.said["scope"]), BTreeSet::from(["read", "write"]));
    // It closes: what was granted is no longer to be had.
    let closed =
        open(registration().scope(["write"]).auth_methods([AuthMethod::CLIENT_SECRET_POST]), false).await;
    bad_metadata(
        &free
            .put(&closed, &json!({ "scope": "read", "token_endpoint_auth_method": "client_secret_post" }))
            .await,
        "closed",
    );
    bad_metadata(&free.put(&closed, &json!({ "scope": "write" })).await, "the default method is closed");
    let post = free.updated(&closed, &json!({ "token_endpoint_auth_method": "client_secret_post" })).await;
    assert_eq!(post.said["scope"], "write");
    let by_post = json!({ "token_endpoint_auth_method": "client_secret_post" });
    let post = post.updated(&server, &by_post).await;
    assert_eq!(words(&post.said["scope"]), BTreeSet::from(["read", "write"]), "open again");
    let id = client_id(&post.id);
    let narrowed = world.clients().update(&id, |client| client.scope(scope("write"))).await.unwrap();
    assert_eq!(narrowed.record().scope(), &scope("write"));
    let wide = merged(&by_post, &json!({ "scope": "read write" }));
    bad_metadata(&post.put(&server, &wide).await, "an operator narrowed it");
    assert_eq!(post.updated(&server, &by_post).await.said["scope"], "write", "left out too");
}

/// Above each that a client begins with.
const EPOCH: u64 = (1 << 52) + 7;

/// What the operator has set stays, whatever the client says.
#[tokio::test]
async fn s2_2_what_the_operator_has_set_stays() {
    let world = World::new();
    let server = world.registering().await;
    let client = registered(&server, &metadata()).await;
    let id = client_id(&client.id);
    let tenant = json!({ "tenant": "t-1" }).as_object().unwrap().clone();
    let clients = world.clients();
    let set = clients.update(&id, |client| {
        client
            .introspector(true)
            .serves([uri(API)])
            .resources(vec![uri(API)])
            .default_scope(scope("read write"))
            .metadata(tenant.clone())
            .token_epoch(EPOCH)
    });
    set.await.unwrap();
    let changed =
        client.updated(&server, &json!({ "scope": "read", "introspector": false, "serves": [] })).await;
    let record: Client = world.record(&client.id).await.unwrap();
    assert!(record.is_introspector());
    assert_eq!((record.serves(), record.resources()), ([uri(API)].as_slice(), Some([uri(API)].as_slice())));
    assert_eq!((record.metadata(), record.token_epoch()), (&tenant, EPOCH));
    assert_eq!(record.default_scope(), &scope("read"), "cut to the scope");
    assert_eq!(record.created_at(), Some(at(NOW)));
    assert_eq!(changed.said["scope"], "read");
    assert_eq!(client.asks(&server).await.status, 200);
}

/// The body of an update is held to the same rules as that of a registration.
#[tokio::test]
async fn s2_2_the_body_is_json_like_that_of_a_registration() {
    let world = World::new();
    let server = world.registering().await;
    let client = registered(&server, &metadata()).await;
    let whole = json!({ "client_id": client.id, "client_name": "Changed" }).to_string();
    let put = |body: &str| management("PUT", &client.path(), &client.token, body);
    let to = async |request: grantor::http::RequestBuilder| {
        Answer::of(server.client_configuration(request.build()).await)
    };
    refused(&to(put(&whole).incomplete_body()).await, 400, "invalid_request");
    let large = json!({ "client_id": client.id, "x": "x".repeat(64 * 1024) }).to_string();
    refused(&to(put(&large)).await, 413, "invalid_request");
    for bad in ["", "[]", "{", "null", "client_name=x"] {
        bad_metadata(&to(put(bad)).await, bad);
    }
    let form = grantor::http::Request::builder("PUT", &client.path())
        .header("authorization", format!("Bearer {}", client.token))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(whole.clone());
    refused(&to(form).await, 400, "invalid_request");
    assert_eq!(client.read(&server).await.json()["client_name"], "Billing");
    assert_eq!(to(put(&whole)).await.status, 200);
}
