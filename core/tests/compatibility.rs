//! The compatibility switches: off by default, named, told of, and no wider than they say.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use grantor::event::{ErrorCode, Reason};
use grantor::http::Request;
use grantor::store::CompatibilitySwitch;
use grantor::{AuthorizationServer, ConfigError, Endpoint, Reach};
use serde_json::{Value, json};
use support::*;

const AUDIENCE: CompatibilitySwitch = CompatibilitySwitch::TOKEN_ENDPOINT_AUDIENCE;
const REUSE: CompatibilitySwitch = CompatibilitySwitch::ASSERTION_REUSE;

async fn with(world: &World, switch: CompatibilitySwitch, reach: Reach) -> AuthorizationServer {
    world.builder().dangerous().compatibility(switch, reach).build().await.unwrap()
}

/// The clients `demo`, which names `switch`, and `other`, which does not.
async fn two_clients(world: &World, switch: CompatibilitySwitch) -> Signing {
    let key = Signing::es256();
    let listed =
        |client: grantor::store::ClientBuilder| client.credential(key.credential()).compatibility([switch]);
    world.jwt_client("demo", listed).await;
    world.key_client("other", &[&key]).await;
    key
}

fn used(switch: &CompatibilitySwitch) -> Kind {
    Kind::Compatibility(switch.as_str().to_owned())
}

#[tokio::test]
async fn everything_is_off_by_default() {
    let world = World::new();
    let key = Signing::es256();
    let all = CompatibilitySwitch::ALL;
    world.jwt_client("demo", |client| client.credential(key.credential()).compatibility(all.clone())).await;
    let server = world.server().await;
    let assertion = Assertion::of("demo").claim("aud", TOKEN_ENDPOINT).sign(&key);
    assert_eq!(
        rejected(&world, &server, &assertion).await,
        Reason::JwtAudience,
        "a record alone switches nothing"
    );
    let assertion = Assertion::of("demo").sign(&key);
    accepted(&server, &assertion, "first").await;
    assert_eq!(rejected(&world, &server, &assertion).await, Reason::ProofReplayed);
    assert!(server.summary().warnings().iter().all(|warning| !warning.contains("compatibility")));
    assert!(server.routes().all(|(_, endpoint)| {
        !matches!(endpoint, Endpoint::Authorization | Endpoint::OpenIdConfiguration)
    }));
    for switch in &all {
        assert_eq!(world.events.count(&used(switch)), 0);
    }
}

#[tokio::test]
async fn token_endpoint_audience_for_every_client() {
    let world = World::new();
    let key = two_clients(&world, AUDIENCE).await;
    let server = with(&world, AUDIENCE, Reach::EveryClient).await;
    for id in ["demo", "other"] {
        for aud in [json!(TOKEN_ENDPOINT), json!([TOKEN_ENDPOINT])] {
            world.events.clear();
            accepted(&server, &Assertion::of(id).claim("aud", aud).sign(&key), id).await;
            assert_eq!(world.events.count(&used(&AUDIENCE)), 1);
            assert_eq!(world.events.all()[0].client_id.as_deref(), Some(id));
        }
    }
    world.events.clear();
    accepted(&server, &Assertion::of("demo").sign(&key), "the issuer stays right").await;
    assert_eq!(world.events.count(&used(&AUDIENCE)), 0, "it was not needed");
    for aud in [
        json!(format!("{TOKEN_ENDPOINT}/")),
        json!("https://auth.example.com/oauth2/introspect"),
        json!("https://evil.example/oauth2/token"),
        json!("HTTPS://auth.example.com/oauth2/token"),
        json!([TOKEN_ENDPOINT, ISSUER]),
        json!([ISSUER, TOKEN_ENDPOINT]),
        json!([TOKEN_ENDPOINT, "https://evil.example"]),
    ] {
        let assertion = Assertion::of("demo").claim("aud", aud.clone()).sign(&key);
        assert_eq!(rejected(&world, &server, &assertion).await, Reason::JwtAudience, "{aud}");
    }
    assert_eq!(world.events.count(&used(&AUDIENCE)), 0);
}

#[tokio::test]
async fn token_endpoint_audience_for_listed_clients() {
    let world = World::new();
    let key = two_clients(&world, AUDIENCE).await;
    let server = with(&world, AUDIENCE, Reach::ListedClients).await;
    let assertion = Assertion::of("demo").claim("aud", TOKEN_ENDPOINT).sign(&key);
    accepted(&server, &assertion, "it names the switch").await;
    let assertion = Assertion::of("other").claim("aud", TOKEN_ENDPOINT).sign(&key);
    assert_eq!(rejected(&world, &server, &assertion).await, Reason::JwtAudience);
    assert_eq!(world.events.count(&used(&AUDIENCE)), 1);
}

/// Another switch of the client's is not this one.
#[tokio::test]
async fn a_switch_is_for_what_it_names() {
    let world = World::new();
    let key = two_clients(&world, REUSE).await;
    let server = with(&world, AUDIENCE, Reach::ListedClients).await;
    let assertion = Assertion::of("demo").claim("aud", TOKEN_ENDPOINT).sign(&key);
    assert_eq!(rejected(&world, &server, &assertion).await, Reason::JwtAudience);
    let assertion = Assertion::of("demo").sign(&key);
    accepted(&server, &assertion, "first").await;
    assert_eq!(rejected(&world, &server, &assertion).await, Reason::ProofReplayed);
}

/// The event says that a client needs the switch, so nobody but the client can bring it about.
#[tokio::test]
async fn token_endpoint_audience_a_forged_assertion_raises_no_event() {
    let world = World::new();
    let key = two_clients(&world, AUDIENCE).await;
    let server = with(&world, AUDIENCE, Reach::EveryClient).await;
    let forged = Assertion::of("demo").claim("aud", TOKEN_ENDPOINT);
    assert_eq!(rejected(&world, &server, &forged.sign(&Signing::es256())).await, Reason::JwtSignature);
    assert_eq!(rejected(&world, &server, &forged.header("kid", 7).sign(&key)).await, Reason::JwtMalformed);
    assert_eq!(world.events.count(&used(&AUDIENCE)), 0);
}

#[tokio::test]
async fn assertion_reuse_until_exp() {
    let world = World::new();
    let key = two_clients(&world, REUSE).await;
    let server = with(&world, REUSE, Reach::ListedClients).await;
    let assertion = Assertion::of("demo").claim("exp", NOW + 600).sign(&key);
    world.events.clear();
    accepted(&server, &assertion, "first").await;
    assert_eq!(world.events.count(&used(&REUSE)), 0, "the first use needs no switch");
    for step in [1, 298, 300, 10] {
        world.clock.advance(step);
        accepted(&server, &assertion, format!("again after {step} s")).await;
    }
    assert_eq!(world.events.count(&used(&REUSE)), 4);
    world.clock.advance(1);
    assert_eq!(rejected(&world, &server, &assertion).await, Reason::JwtExpired);
    let other = Assertion::of("other").claim("exp", NOW + 650).sign(&key);
    accepted(&server, &other, "first").await;
    assert_eq!(
        rejected(&world, &server, &other).await,
        Reason::ProofReplayed,
        "a client that does not name it"
    );
}

#[tokio::test]
async fn assertion_reuse_only_within_ten_minutes_of_exp() {
    let world = World::new();
    let key = two_clients(&world, REUSE).await;
    let server = with(&world, REUSE, Reach::EveryClient).await;
    for (ahead, reusable) in [(60, true), (600, true), (610, true), (611, false), (3600, false)] {
        let assertion = Assertion::of("demo").claim("exp", NOW + ahead).sign(&key);
        accepted(&server, &assertion, "first").await;
        if reusable {
            accepted(&server, &assertion, ahead).await;
        } else {
            assert_eq!(rejected(&world, &server, &assertion).await, Reason::ProofReplayed, "{ahead}");
        }
    }
    // Without `iat` nobody can say how long its whole life is.
    let undated = Assertion::of("demo").without("iat").sign(&key);
    accepted(&server, &undated, "first").await;
    assert_eq!(rejected(&world, &server, &undated).await, Reason::ProofReplayed, "no iat");
    let other = Assertion::of("other").sign(&key);
    accepted(&server, &other, "every client").await;
    accepted(&server, &other, "every client").await;
    let long = Assertion::of("demo").claim("exp", NOW + 3600).sign(&key);
    accepted(&server, &long, "first").await;
    world.clock.advance(3300);
    assert_eq!(
        rejected(&world, &server, &long).await,
        Reason::ProofReplayed,
        "in the last ten minutes of an hour"
    );
}

/// What is reusable is checked as any other: an event alone does not let it in.
#[tokio::test]
async fn assertion_reuse_weakens_nothing_else() {
    let world = World::new();
    let key = two_clients(&world, REUSE).await;
    let server = with(&world, REUSE, Reach::EveryClient).await;
    let assertion = Assertion::of("demo");
    accepted(&server, &assertion.sign(&key), "first").await;
    world.events.clear();
    assert_eq!(rejected(&world, &server, &assertion.sign(&Signing::es256())).await, Reason::JwtSignature);
    let scope = assert_with(&assertion.sign(&key), &[("scope", "unknown")]);
    refused(&send(&server, scope).await, 400, "invalid_scope");
    let elsewhere = assertion.clone().claim("aud", TOKEN_ENDPOINT).sign(&key);
    assert_eq!(rejected(&world, &server, &elsewhere).await, Reason::JwtAudience);
    assert_eq!(world.events.count(&used(&REUSE)), 0);
}

async fn get(server: &AuthorizationServer, path: &str) -> Answer {
    let (_, endpoint) = server.routes().find(|(own, _)| *own == path).unwrap_or_else(|| panic!("{path}"));
    Answer::of(server.handle(endpoint, Request::builder("GET", path).build()).await)
}

#[tokio::test]
async fn openid_discovery_at_both_places() {
    let world = World::new();
    let builder = AuthorizationServer::builder(
        "https://auth.example.com/tenant",
        world.store.clone(),
        world.host_keys.clone(),
    );
    let server = builder
        .clock(world.clock.clone())
        .events(world.events.clone())
        .resource(grantor::Resource::new(API).scopes(["read", "write"]))
        .dangerous()
        .compatibility(CompatibilitySwitch::OPENID_DISCOVERY, Reach::EveryClient)
        .build()
        .await
        .unwrap();
    let plain = get(&server, "/.well-known/oauth-authorization-server/tenant").await;
    assert!(plain.json().get("authorization_endpoint").is_none(), "RFC 8414's own place stays as it was");
    let expected = merged(
        &plain.json(),
        &json!({
            "authorization_endpoint": "https://auth.example.com/tenant/oauth2/authorize",
            "response_types_supported": ["none"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
        }),
    );
    for place in ["/.well-known/openid-configuration/tenant", "/tenant/.well-known/openid-configuration"] {
        let answer = get(&server, place).await;
        assert_eq!(answer.status, 200, "{place}");
        assert_eq!(answer.json(), expected, "{place}");
        assert_eq!(world.events.last().kind, used(&CompatibilitySwitch::OPENID_DISCOVERY));
    }
    assert_eq!(world.events.count(&used(&CompatibilitySwitch::OPENID_DISCOVERY)), 2);
    for method in ["GET", "POST"] {
        let query =
            "/tenant/oauth2/authorize?response_type=code&client_id=x&redirect_uri=https%3A%2F%2Fevil.example";
        let answer = Answer::of(server.authorization(Request::builder(method, query).build()).await);
        refused(&answer, 400, "unsupported_response_type");
        assert!(answer.header("location").is_none(), "nobody is sent anywhere");
        assert!(!answer.text().contains("evil"));
        let rejected = Kind::Rejected(ErrorCode::UnsupportedResponseType, Reason::NoAuthorizationEndpoint);
        assert_eq!(world.events.last().kind, rejected);
    }
    refused(&get(&server, "/tenant/oauth2/authorize").await, 400, "unsupported_response_type");
}

#[tokio::test]
async fn openid_discovery_off_is_the_same_document_and_no_route() {
    let world = World::new();
    let server = world.server().await;
    let plain = get(&server, "/.well-known/oauth-authorization-server").await;
    assert_eq!(get(&server, "/.well-known/openid-configuration").await, plain);
    let direct = server.openid_configuration(Request::builder("GET", "/x").build()).await;
    assert_eq!(Answer::of(direct), plain);
    assert!(server.routes().all(|(path, _)| !path.contains("authorize")));
}

#[tokio::test]
async fn what_cannot_be_switched_is_a_configuration_error() {
    let world = World::new();
    let openid = CompatibilitySwitch::OPENID_DISCOVERY;
    for (switch, reach, word) in [
        (openid.clone(), Reach::ListedClients, "EveryClient"),
        (CompatibilitySwitch::new("no_signatures"), Reach::EveryClient, "no such switch"),
        (CompatibilitySwitch::new("Assertion_Reuse"), Reach::ListedClients, "no such switch"),
        (CompatibilitySwitch::new(""), Reach::EveryClient, "no such switch"),
    ] {
        let name = switch.as_str().to_owned();
        let error = world.builder().dangerous().compatibility(switch, reach).build().await.unwrap_err();
        assert!(matches!(&error, ConfigError::Compatibility { switch, .. } if *switch == name), "{error}");
        assert!(error.to_string().contains(&name) && error.to_string().contains(word), "{error}");
    }
    // By its name, from a configuration file.
    let named = CompatibilitySwitch::new("assertion_reuse");
    assert_eq!(named, REUSE);
    with(&world, named, Reach::ListedClients).await;
    // The last word counts.
    let builder = world.builder().dangerous().compatibility(openid.clone(), Reach::ListedClients);
    assert!(builder.dangerous().compatibility(openid, Reach::EveryClient).build().await.is_ok());
}

#[tokio::test]
async fn the_summary_lists_what_is_on() {
    let world = World::new();
    let server = world
        .builder()
        .dangerous()
        .compatibility(AUDIENCE, Reach::EveryClient)
        .dangerous()
        .compatibility(REUSE, Reach::ListedClients)
        .build()
        .await
        .unwrap();
    let summary = server.summary();
    let warnings: Vec<_> = summary.warnings().iter().filter(|warning| warning.contains("switch")).collect();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].contains("token_endpoint_audience") && warnings[0].contains("every client"));
    assert!(warnings[1].contains("assertion_reuse") && warnings[1].contains("name it"));
    for warning in warnings {
        assert!(summary.to_string().contains(warning.as_str()));
    }
}

/// A record keeps a switch that this release does not know; it switches nothing.
#[tokio::test]
async fn an_unknown_switch_of_a_record_is_kept() {
    let world = World::new();
    let key = Signing::es256();
    let future = CompatibilitySwitch::new("from_the_future");
    let change = |client: grantor::store::ClientBuilder| {
        client.credential(key.credential()).compatibility([future.clone(), AUDIENCE])
    };
    world.jwt_client("demo", change).await;
    let found = grantor::store::ClientStore::find(&world.store, &client_id("demo")).await.unwrap().unwrap();
    let text = found.record().to_document().unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["compatibility"], json!(["from_the_future", "token_endpoint_audience"]));
    let again = grantor::store::Client::from_document(&text).unwrap();
    assert_eq!(again.compatibility().collect::<Vec<_>>(), [&future, &AUDIENCE]);
    accepted(&with(&world, AUDIENCE, Reach::ListedClients).await, &Assertion::of("demo").sign(&key), "ok")
        .await;
}

/// `raw_basic`, by any verifier of imported secrets.
mod raw_basic {
    use super::*;
    use grantor::store::{AuthMethod, Client, Credential};
    use grantor::{CredentialId, SecretVerifier};

    const RAW: &str = "p%41ss+word%zz";
    const SWITCH: CompatibilitySwitch = CompatibilitySwitch::RAW_BASIC;

    async fn server(
        world: &World,
        reach: Option<Reach>,
        verifier: impl SecretVerifier,
    ) -> AuthorizationServer {
        let builder = world.builder().executor(TestExecutor::default()).imported_secrets(verifier);
        let builder = match reach {
            Some(reach) => builder.dangerous().compatibility(SWITCH, reach),
            None => builder,
        };
        builder.build().await.unwrap()
    }

    async fn client(world: &World, id: &str, secret: &str, switches: &[CompatibilitySwitch]) {
        let imported = Credential::imported(CredentialId::new("old").unwrap(), secret);
        let client = Client::builder(client_id(id), AuthMethod::CLIENT_SECRET_BASIC)
            .credential(imported)
            .scope(scope("read"))
            .compatibility(switches.iter().cloned());
        world.insert(&client.build().unwrap()).await;
    }

    fn raw(id: &str, secret: &str) -> grantor::http::RequestBuilder {
        post(&[("grant_type", "client_credentials")])
            .header("authorization", basic_raw(format!("{id}:{secret}")))
    }

    #[tokio::test]
    async fn off_it_is_decoded() {
        let world = World::new();
        client(&world, "demo", "plain:pAss word", &[SWITCH]).await;
        let server = server(&world, None, CountingVerifier::default()).await;
        assert_eq!(send(&server, raw("demo", "p%41ss+word")).await.status, 200, "decoded, as RFC 6749 says");
        client(&world, "raw", "plain:p%41ss+word", &[SWITCH]).await;
        refused(&send(&server, raw("raw", "p%41ss+word")).await, 401, "invalid_client");
        assert_eq!(send(&server, grant("raw", "p%41ss+word", &[])).await.status, 200, "encoded");
    }

    #[tokio::test]
    async fn on_it_is_taken_as_it_came() {
        let world = World::new();
        client(&world, "demo", "plain:p%41ss+word", &[SWITCH]).await;
        client(&world, "other", "plain:p%41ss+word", &[]).await;
        for (reach, other) in [(Reach::ListedClients, 401), (Reach::EveryClient, 200)] {
            let verifier = CountingVerifier::default();
            let server = server(&world, Some(reach), verifier.clone()).await;
            world.events.clear();
            verifier.take();
            assert_eq!(send(&server, raw("demo", "p%41ss+word")).await.status, 200);
            assert_eq!(verifier.take(), 1, "one check, as always");
            assert_eq!(world.events.count(&used(&SWITCH)), 1);
            assert_eq!(send(&server, raw("other", "p%41ss+word")).await.status, other);
        }
    }

    #[tokio::test]
    async fn on_a_wrong_secret_is_wrong_and_raises_no_event() {
        let world = World::new();
        client(&world, "demo", "plain:p%41ss+word", &[SWITCH]).await;
        let server = server(&world, Some(Reach::EveryClient), CountingVerifier::default()).await;
        world.events.clear();
        for wrong in ["p%41ss word", "pAss+word", "p%41ss+wor", "%", "+"] {
            refused(&send(&server, raw("demo", wrong)).await, 401, "invalid_client");
        }
        assert_eq!(world.events.count(&used(&SWITCH)), 0, "whoever knows no secret needs no switch");
    }

    #[tokio::test]
    async fn on_a_secret_that_no_encoding_changes_raises_no_event() {
        let world = World::new();
        client(&world, "demo", "plain:hunter2", &[SWITCH]).await;
        let generated = world.client("generated").await;
        let server = server(&world, Some(Reach::EveryClient), CountingVerifier::default()).await;
        assert_eq!(send(&server, raw("demo", "hunter2")).await.status, 200);
        assert_eq!(send(&server, raw("generated", &generated)).await.status, 200);
        assert_eq!(
            send(&server, grant("generated", &generated, &[])).await.status,
            200,
            "encoded all the same"
        );
        assert_eq!(world.events.count(&used(&SWITCH)), 0);
    }

    /// The secret that this is for: it cannot even be decoded.
    #[tokio::test]
    async fn on_a_secret_that_cannot_be_decoded() {
        let world = World::new();
        client(&world, "demo", &format!("plain:{RAW}"), &[SWITCH]).await;
        let server = server(&world, Some(Reach::ListedClients), CountingVerifier::default()).await;
        let answer = send(&server, raw("demo", RAW)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    #[cfg(feature = "imported-secrets")]
    #[tokio::test]
    async fn with_argon2id() {
        use argon2::password_hash::PasswordHasher;
        let world = World::new();
        let secret = "p%41ss+word";
        let hash = argon2::Argon2::default()
            .hash_password_with_salt(secret.as_bytes(), b"a salt of 16 byte")
            .unwrap();
        client(&world, "demo", &hash.to_string(), &[SWITCH]).await;
        let server = server(&world, Some(Reach::ListedClients), grantor::Argon2id::new()).await;
        assert_eq!(send(&server, raw("demo", secret)).await.status, 200);
        assert_eq!(world.events.count(&used(&SWITCH)), 1);
        refused(&send(&server, raw("demo", "p%41ss word")).await, 401, "invalid_client");
    }
}
