//! RFC 7523 §2.2 and RFC 7518: by which key a client assertion is signed, and which method it is for.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use data_encoding::{BASE64, BASE64URL, BASE64URL_NOPAD};
use grantor::event::{FaultKind, Reason};
use grantor::store::{AuthMethod, Client, Credential, CredentialKind, Revision};
use grantor::{AssertionAlgorithm, AuthorizationServer, CredentialId, Resource, SystemEntropy};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use serde_json::json;
use support::*;

/// Every algorithm that this build verifies, and RFC 9864's name for one of them.
fn algorithms() -> Vec<&'static str> {
    let mut all = vec!["ES256", "ES384", "EdDSA", "Ed25519", "HS256", "HS384", "HS512"];
    if cfg!(feature = "josekit") {
        all.extend(["ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]);
    }
    all
}

async fn client_of(world: &World, key: &Signing, id: &str) {
    if key.alg.starts_with("HS") {
        world.mac_client(id, key.alg).await;
    } else {
        world.key_client(id, &[key]).await;
    }
}

/// Rows 64, 111 and 113: each algorithm by its client, and by no other key of its kind.
#[tokio::test]
async fn s3_9_every_algorithm() {
    let world = World::new();
    let server = world.server().await;
    for alg in algorithms() {
        let key = Signing::new(alg);
        client_of(&world, &key, alg).await;
        let good = Assertion::of(alg).sign(&key);
        let (message, signature) = good.rsplit_once('.').unwrap();
        let mut flipped = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
        flipped[10] ^= 1;
        let flipped = format!("{message}.{}", BASE64URL_NOPAD.encode(&flipped));
        assert_eq!(rejected(&world, &server, &flipped).await, Reason::JwtSignature, "{alg}");
        let empty = format!("{message}.");
        assert_eq!(rejected(&world, &server, &empty).await, Reason::JwtSignature, "{alg}");
        let other = Assertion::of(alg).payload();
        let moved = format!(
            "{}.{}.{signature}",
            message.split_once('.').unwrap().0,
            BASE64URL_NOPAD.encode(other.as_bytes())
        );
        assert_eq!(rejected(&world, &server, &moved).await, Reason::JwtSignature, "{alg}: other claims");
        let answer = present(&server, &good).await;
        assert_eq!(answer.status, 200, "{alg} {}", answer.text());
        assert_eq!(verified(&server, &answer.access_token()).await.text("sub"), alg);
    }
    assert_eq!(world.events.count(&Kind::Issued), algorithms().len());
}

/// clients.md, RFC 9864: `EdDSA` and `Ed25519` are two names of one algorithm.
#[tokio::test]
async fn rfc9864_s2_ed25519_is_another_name_of_eddsa() {
    let world = World::new();
    let server = world.server().await;
    for registered in ["EdDSA", "Ed25519"] {
        let key = Signing::new(registered);
        world.key_client(registered, &[&key]).await;
        for header in ["EdDSA", "Ed25519"] {
            let assertion = Assertion::of(registered).header("alg", header).sign(&key);
            accepted(&server, &assertion, format!("{registered} {header}")).await;
        }
        for header in ["eddsa", "ed25519", "Ed448", "EDDSA"] {
            let assertion = Assertion::of(registered).header("alg", header).sign(&key);
            assert_eq!(rejected(&world, &server, &assertion).await, Reason::JwtAlgorithm, "{header}");
        }
    }
}

/// The whole table of `alg` names is what this build verifies.
#[test]
fn rfc7518_s3_1_names() {
    let names: Vec<_> = AssertionAlgorithm::all().map(AssertionAlgorithm::as_str).collect();
    assert_eq!(names.len(), if cfg!(feature = "josekit") { 13 } else { 12 });
    for name in algorithms() {
        assert!(AssertionAlgorithm::from_name(name).is_some(), "{name}");
    }
    for name in ["none", "ES256K", "RS1", "HS1", "A128KW", "dir", "ES256 ", "es256", "RSA-OAEP", ""] {
        assert!(AssertionAlgorithm::from_name(name).is_none(), "{name}");
    }
    assert_eq!(AssertionAlgorithm::from_name("ES512").is_some(), cfg!(feature = "josekit"));
}

fn named(key: &Signing, kid: &str) -> Credential {
    Credential::key(key.public_with(&json!({ "kid": kid }))).unwrap()
}

#[tokio::test]
async fn several_keys_at_once_with_and_without_kid() {
    let world = World::new();
    let server = world.server().await;
    let (a, b, nameless) = (Signing::es256(), Signing::es256(), Signing::es256());
    let ed = Signing::new("EdDSA");
    let held = [named(&a, "a"), named(&b, "b"), nameless.credential(), named(&ed, "a")];
    world.jwt_client("demo", |client| client.credentials(held)).await;
    let good = || Assertion::of("demo");
    for (key, kid) in [
        (&a, Some("a")),
        (&b, Some("b")),
        (&a, None),
        (&b, None),
        (&nameless, None),
        (&ed, None),
        (&ed, Some("a")),
    ] {
        let assertion = kid.map_or_else(good, |kid| good().header("kid", kid)).sign(key);
        accepted(&server, &assertion, format!("{} {kid:?}", key.alg)).await;
        let id = format!("{}.{}", key.public().thumbprint(), key.alg);
        assert_eq!(world.events.credential(), id, "the event names the key");
    }
    accepted(&server, &good().header("kid", "whatever").sign(&nameless), "a key without a name has any")
        .await;
    for (key, kid) in [(&a, "b"), (&b, "a"), (&a, "A"), (&a, ""), (&a, "a ")] {
        let assertion = good().header("kid", kid).sign(key);
        assert_eq!(rejected(&world, &server, &assertion).await, Reason::JwtSignature, "{kid}");
    }
    let assertion = good().header("kid", "b").sign(&ed);
    assert_eq!(rejected(&world, &server, &assertion).await, Reason::JwtKeyUnknown, "b is an ES256 key");
}

#[tokio::test]
async fn a_key_opens_within_its_life_by_the_clock() {
    let world = World::new();
    let server = world.server().await;
    let (old, new) = (Signing::es256(), Signing::es256());
    let held = [
        old.credential().valid_until(at(NOW + 200)),
        new.credential().valid_from(at(NOW + 100)).labelled("new"),
    ];
    world.jwt_client("demo", |client| client.credentials(held)).await;
    let made_at = |now: i64| Assertion::of("demo").claim("iat", now).claim("exp", now + 60);
    accepted(&server, &made_at(NOW).sign(&old), "old").await;
    assert_eq!(rejected(&world, &server, &made_at(NOW).sign(&new)).await, Reason::JwtSignature, "too early");
    world.clock.advance(100);
    accepted(&server, &made_at(NOW + 100).sign(&old), "both").await;
    accepted(&server, &made_at(NOW + 100).sign(&new), "both").await;
    world.clock.advance(100);
    let late = made_at(NOW + 200).sign(&old);
    assert_eq!(
        rejected(&world, &server, &late).await,
        Reason::JwtSignature,
        "its end is the first moment without"
    );
    accepted(&server, &made_at(NOW + 200).sign(&new), "new").await;
}

#[tokio::test]
async fn without_a_key_that_is_valid_there_is_none() {
    let world = World::new();
    let server = world.server().await;
    let key = Signing::es256();
    world.jwt_client("ended", |client| client.credential(key.credential().valid_until(at(NOW)))).await;
    world.jwt_client("empty", |client| client).await;
    for id in ["ended", "empty"] {
        let assertion = Assertion::of(id).sign(&key);
        assert_eq!(rejected(&world, &server, &assertion).await, Reason::JwtKeyUnknown, "{id}");
    }
}

/// RFC 7515 §4.1.7 and §4.1.8, clients.md (MSAL): thumbprints select among registered certificates.
#[tokio::test]
async fn rfc7515_s4_1_7_x5t_selects_padded_or_not() {
    let world = World::new();
    let server = world.server().await;
    let (with, other) = (Signing::es256(), Signing::es256());
    let (certificate, others) = (with.certificate(), other.certificate());
    let sha1 = digest(&SHA1_FOR_LEGACY_USE_ONLY, &certificate);
    let sha256 = digest(&SHA256, &certificate);
    let members = [
        ("by-x5c", json!({"x5c": [BASE64.encode(&certificate)]})),
        ("by-x5t", json!({"x5t": BASE64URL_NOPAD.encode(sha1.as_ref())})),
        ("by-x5t-padded", json!({"x5t": BASE64URL.encode(sha1.as_ref())})),
        ("by-sha256", json!({"x5t#S256": BASE64URL_NOPAD.encode(sha256.as_ref())})),
        ("by-sha256-padded", json!({"x5t#S256": BASE64URL.encode(sha256.as_ref())})),
    ];
    let another = json!({"x5c": [BASE64.encode(&others)]});
    for (id, more) in &members {
        let held = [
            Credential::key(with.public_with(more)).unwrap(),
            Credential::key(other.public_with(&another)).unwrap(),
        ];
        world.jwt_client(id, |client| client.credentials(held)).await;
        for (name, value) in [
            ("x5t", BASE64URL.encode(sha1.as_ref())),
            ("x5t", BASE64URL_NOPAD.encode(sha1.as_ref())),
            ("x5t#S256", BASE64URL.encode(sha256.as_ref())),
            ("x5t#S256", BASE64URL_NOPAD.encode(sha256.as_ref())),
        ] {
            let fits = *id == "by-x5c" || id.starts_with("by-x5t") == (name == "x5t");
            let assertion = Assertion::of(id).header(name, value.clone()).sign(&with);
            if fits {
                accepted(&server, &assertion, format!("{id} {name} {value}")).await;
            } else {
                rejected(&world, &server, &assertion).await;
            }
            let stolen = Assertion::of(id).header(name, value).sign(&other);
            rejected(&world, &server, &stolen).await;
        }
        // Both, as some send them: each that the key has is looked at.
        let (x5t, x5t_s256) =
            (BASE64URL_NOPAD.encode(sha1.as_ref()), BASE64URL_NOPAD.encode(sha256.as_ref()));
        let both = |x5t: &str, x5t_s256: &str| {
            Assertion::of(id).header("x5t", x5t).header("x5t#S256", x5t_s256).sign(&with)
        };
        accepted(&server, &both(&x5t, &x5t_s256), format!("{id} both")).await;
        let (no_x5t, no_x5t_s256) = (BASE64URL_NOPAD.encode(&[7; 20]), BASE64URL_NOPAD.encode(&[7; 32]));
        rejected(&world, &server, &both(&no_x5t, &no_x5t_s256)).await;
        for (one, other, known) in [(&no_x5t, &x5t_s256, "x5t"), (&x5t, &no_x5t_s256, "sha256")] {
            let assertion = both(one, other);
            if *id == "by-x5c" || id.contains(known) {
                rejected(&world, &server, &assertion).await;
            } else {
                accepted(&server, &assertion, format!("{id}: {known} is not its")).await;
            }
        }
        let unknown = Assertion::of(id).header("x5t", BASE64URL.encode(&[7; 20])).sign(&with);
        assert_eq!(rejected(&world, &server, &unknown).await, Reason::JwtKeyUnknown, "{id}");
    }
}

/// T49, RFC 7591 §2: the registered method and no other.
#[tokio::test]
async fn s2_2_the_registered_method_and_no_other() {
    let world = World::new();
    let server = world.server().await;
    let (es256, hs256) = (Signing::es256(), Signing::new("HS256"));
    let methods = [
        AuthMethod::CLIENT_SECRET_BASIC,
        AuthMethod::CLIENT_SECRET_POST,
        AuthMethod::CLIENT_SECRET_JWT,
        AuthMethod::PRIVATE_KEY_JWT,
    ];
    for (own, method) in methods.iter().enumerate() {
        let id = method.as_str();
        // One client that holds everything, and may use one thing.
        let (secret, digest) = world.secret(id);
        let sealed = world.sealed(id, "sealed", SECRET, "HS256");
        let held = [digest, sealed, es256.credential()];
        world.jwt_client(id, |client| client.auth_method(method.clone()).credentials(held)).await;
        let requests = [
            grant(id, secret.expose(), &[]),
            grant_post(id, secret.expose(), &[]),
            assert_with(&Assertion::of(id).sign(&hs256), &[]),
            assert_with(&Assertion::of(id).sign(&es256), &[]),
        ];
        for (at, request) in requests.into_iter().enumerate() {
            let answer = send(&server, request).await;
            if at == own {
                assert_eq!(answer.status, 200, "{id} {at}");
            } else {
                refused(&answer, 401, "invalid_client");
                assert_eq!(world.events.reason(), Reason::MethodNotRegistered, "{id} {at}");
            }
        }
    }
    assert_eq!(world.events.count(&Kind::Issued), 4);
}

#[tokio::test]
async fn a_disabled_or_deleted_client_gets_nothing() {
    let world = World::new();
    let server = world.server().await;
    let key = Signing::es256();
    world.jwt_client("demo", |client| client.credential(key.credential()).enabled(false)).await;
    let assertion = Assertion::of("demo").sign(&key);
    assert_eq!(rejected(&world, &server, &assertion).await, Reason::ClientDisabled);
    let found = grantor::store::ClientStore::find(&world.store, &client_id("demo")).await.unwrap().unwrap();
    let enabled = found.record().to_builder().enabled(true).build().unwrap();
    let update = grantor::store::ClientRegistry::update(&world.store, Revision::new(1), &enabled).await;
    assert_eq!(update.unwrap(), grantor::store::Update::Done);
    accepted(&server, &assertion, "being disabled has not spent it").await;
    let deleted = grantor::store::ClientRegistry::delete(&world.store, &client_id("demo")).await.unwrap();
    assert_eq!(deleted, grantor::store::Delete::Done);
    let assertion = Assertion::of("demo").sign(&key);
    assert_eq!(rejected(&world, &server, &assertion).await, Reason::ClientUnknown);
}

/// Rows 116 and 128, RFC 7518 §3.2: a secret is as long as its hash, and one for an algorithm of HMAC.
#[test]
fn rfc7518_s3_2_a_short_secret_is_refused_when_it_is_sealed() {
    let world = World::new();
    let seal = |secret: &str, alg: &str| {
        let (id, name) = (client_id("demo"), CredentialId::new("s").unwrap());
        let alg = AssertionAlgorithm::from_name(alg).unwrap();
        world.host_keys.sealed_credential(&id, name, secret, alg, &SystemEntropy::new())
    };
    let long: String = ('0'..='z').chain('0'..='z').filter(char::is_ascii_alphanumeric).collect();
    for (alg, least) in [("HS256", 32), ("HS384", 48), ("HS512", 64)] {
        assert!(seal(&long[..least - 1], alg).is_err(), "{alg}");
        assert!(seal(&long[..least], alg).is_ok(), "{alg}");
        assert!(seal(&"s".repeat(least), alg).is_err(), "T34: {alg} under one letter");
        assert!(seal("", alg).is_err(), "{alg}");
        let generated = world.secret("demo").0;
        assert!(seal(generated.expose(), alg).is_ok(), "{alg}: what Grantor makes is long enough");
    }
    for alg in ["ES256", "EdDSA", "RS256"] {
        assert!(seal(SECRET, alg).is_err(), "{alg} takes no secret");
    }
}

#[tokio::test]
async fn two_secrets_at_once_and_the_event_tells_which() {
    let world = World::new();
    let server = world.server().await;
    let other = "another secret of sixty-four bytes, long enough for HS512 as well";
    let held = [world.sealed("demo", "one", SECRET, "HS256"), world.sealed("demo", "two", other, "HS256")];
    let change = |client: grantor::store::ClientBuilder| {
        client.auth_method(AuthMethod::CLIENT_SECRET_JWT).credentials(held)
    };
    world.jwt_client("demo", change).await;
    for (secret, name) in [(SECRET, "one"), (other, "two")] {
        let key = Signing::secret("HS256", secret.as_bytes());
        accepted(&server, &Assertion::of("demo").sign(&key), name).await;
        assert_eq!(world.events.credential(), name);
        let kid = Assertion::of("demo").header("kid", "anything").sign(&key);
        accepted(&server, &kid, "a secret has no kid").await;
    }
}

/// The operator's mistake is 500, and never the client's.
#[tokio::test]
async fn a_missing_or_changed_host_key_is_500_and_never_401() {
    let world = World::new();
    world.mac_client("demo", "HS256").await;
    let key = Signing::new("HS256");
    for keys in [host_keys(&[("b", 2)]), host_keys(&[("a", 9)])] {
        let stores =
            grantor::Stores::from(world.store.clone()).with_keys(grantor_storage_memory::MemoryStore::new());
        let server = AuthorizationServer::builder(ISSUER, stores, keys)
            .clock(world.clock.clone())
            .events(world.events.clone())
            .resource(Resource::new(API).scopes(["read", "write"]))
            .build()
            .await
            .unwrap();
        for signed in [&key, &Signing::secret("HS256", b"wrong")] {
            let answer = present(&server, &Assertion::of("demo").sign(signed)).await;
            refused(&answer, 500, "server_error");
            let last = world.events.last();
            assert_eq!(last.kind, Kind::Failed(FaultKind::Internal));
            assert!(
                last.source.contains("client `demo`") && last.source.contains("host key"),
                "{}",
                last.source
            );
            assert!(!last.source.contains(SECRET));
        }
    }
    accepted(&world.server().await, &Assertion::of("demo").sign(&key), "with its host key").await;
}

/// What is sealed for one client or credential opens for no other.
#[tokio::test]
async fn a_sealed_secret_is_bound_to_client_and_credential() {
    let world = World::new();
    let server = world.server().await;
    let sealed = world.sealed("demo", "one", SECRET, "HS256");
    let CredentialKind::SealedSecret(secret) = sealed.kind() else { panic!("sealed") };
    let renamed =
        Credential::new(CredentialId::new("two").unwrap(), CredentialKind::SealedSecret(secret.clone()));
    for (id, credential) in [("demo", renamed), ("other", sealed)] {
        let client = Client::builder(client_id(id), AuthMethod::CLIENT_SECRET_JWT)
            .credential(credential)
            .scope(scope("read"));
        world.insert(&client.build().unwrap()).await;
        let answer = present(&server, &Assertion::of(id).sign(&Signing::new("HS256"))).await;
        refused(&answer, 500, "server_error");
    }
}

/// RSA keys say their algorithm, in the JWK or beside it.
#[cfg(feature = "josekit")]
#[tokio::test]
async fn rfc7517_s4_4_an_rsa_key_is_for_one_algorithm() {
    let world = World::new();
    let server = world.server().await;
    let mut jwk = Signing::new("RS256").jwk;
    jwk.as_object_mut().unwrap().remove("alg");
    assert!(grantor::PublicKey::from_jwk(&jwk.to_string()).is_err(), "which one?");
    let key = grantor::PublicKey::from_jwk_for(&jwk.to_string(), AssertionAlgorithm::Ps384).unwrap();
    world.jwt_client("demo", |client| client.credential(Credential::key(key).unwrap())).await;
    accepted(&server, &Assertion::of("demo").sign(&Signing::new("PS384")), "PS384").await;
    for alg in ["PS256", "PS512", "RS256", "RS384", "RS512"] {
        let assertion = Assertion::of("demo").sign(&Signing::new(alg));
        assert_eq!(rejected(&world, &server, &assertion).await, Reason::JwtKeyUnknown, "{alg}");
    }
}

/// RFC 7517 §4.7: the first certificate is that of the key.
#[test]
fn rfc7517_s4_7_a_certificate_of_another_key_is_refused() {
    let (own, other) = (Signing::es256(), Signing::es256());
    for (certificate, fits) in [(own.certificate(), true), (other.certificate(), false), (vec![], false)] {
        let jwk = merged(&own.jwk, &json!({"x5c": [BASE64.encode(&certificate)]}));
        assert_eq!(grantor::PublicKey::from_jwk(&jwk.to_string()).is_ok(), fits);
    }
}
