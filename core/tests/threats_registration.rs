//! Attacks on registration and its management, by their number in the threat record. Races are in `registration_races.rs`, secrets in
//! `redaction_registration.rs`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use std::collections::BTreeSet;
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use grantor::event::ErrorCode;
use grantor::http::{Request, RequestBuilder};
use grantor::{Registration, Stores};
use serde_json::{Value, json};
use support::*;

fn forged(request: RequestBuilder) -> RequestBuilder {
    let names = [
        "Host",
        "X-Forwarded-Host",
        "X-Forwarded-Proto",
        "X-Forwarded-Prefix",
        "X-Forwarded-For",
        "Forwarded",
        "X-Original-URL",
        "X-Rewrite-URL",
        "X-Original-Host",
        "X-HTTP-Method-Override",
        "X-Real-IP",
    ];
    names
        .into_iter()
        .fold(request, |request, name| request.header(name, "evil.example"))
        .header("Origin", "https://evil.example")
}

/// Every URL is built from the issuer alone.
#[tokio::test]
async fn t64_forged_proxy_headers_change_no_uri_of_a_registration() {
    let world = World::new();
    let server = world.registering().await;
    let answer = ask(&server, forged(registration_of(INITIAL, "{}"))).await;
    let client = Registered::of(&answer, 201);
    let raw = Request::builder("POST", &format!("//evil.example{REGISTER}?host=evil.example"))
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {INITIAL}"))
        .body("{}");
    for answer in [answer, ask(&server, forged(raw)).await] {
        assert!(!answer.text().contains("evil"), "{}", answer.text());
        assert!(
            answer
                .headers
                .iter()
                .all(|(name, value)| !value.contains("evil") && !name.starts_with("access-control"))
        );
    }
    let body = json!({ "client_id": client.id }).to_string();
    for method in ["GET", "PUT"] {
        let request = forged(management(method, &client.path(), &client.token, body.clone()));
        let answer = Answer::of(server.client_configuration(request.build()).await);
        assert!(answer.status == 200 && !answer.text().contains("evil"), "{}", answer.text());
    }
    let document = Answer::of(server.metadata(forged(Request::builder("GET", "/x")).build()).await);
    assert_eq!(document.json()["registration_endpoint"], format!("{ISSUER}{REGISTER}"));
}

/// Row 140: a space of their own, and nobody chooses.
#[tokio::test]
async fn t70_t80_a_client_does_not_choose_its_id_secret_tokens_or_times() {
    let world = World::new();
    let server = world.registering().await;
    let victim = registered(&server, &metadata()).await;
    let greedy = json!({
        "client_id": victim.id, "client_secret": "chosen-secret", "client_id_issued_at": 1, "client_secret_expires_at": 2,
        "registration_access_token": "grantor_rat_chosen", "registration_client_uri": "https://evil.example/x",
        "id": "root", "sub": "root", "clientId": "root", "credentials": [{ "secret": "chosen-secret" }],
    });
    for metadata in [greedy.clone(), merged(&greedy, &json!({ "client_id": 7, "client_secret": [] }))] {
        let client = registered(&server, &metadata).await;
        assert_ne!(client.id, victim.id);
        assert!(client.id.starts_with("client-"));
        assert!(!client.said.to_string().contains("chosen") && !client.said.to_string().contains("evil"));
        assert_eq!(
            (client.said["client_id_issued_at"].clone(), client.said["client_secret_expires_at"].clone()),
            (json!(NOW), json!(0))
        );
        refused(&client.asks_with(&server, "chosen-secret").await, 401, "invalid_client");
        let token = client.asks(&server).await.access_token();
        assert_eq!(verified(&server, &token).await.text("sub"), client.id);
    }
    assert_eq!(victim.asks(&server).await.status, 200, "the other is what it was");
    assert_eq!(victim.read(&server).await.json()["client_name"], "Billing");
}

/// None, wrong, an access token, a registration access token, a client's secret, one of another server: 401, and nothing is stored.
#[tokio::test]
async fn t79_nobody_registers_without_an_initial_access_token() {
    let world = World::new();
    let access = FakeAccess::default();
    let server = world.registering_with(registration(), &access).await;
    let stored = access.issue(|token| token);
    let elsewhere = FakeAccess::default().issue(|token| token);
    let client = registered(&server, &metadata()).await;
    let usage = world.store.usage();
    let access_token = client.asks(&server).await.access_token();
    let guessed = format!("grantor_iat_{}_{}", stored.id(), "0".repeat(59));
    let upper = stored.expose().to_uppercase();
    let cut = &stored.expose()[..87];
    for token in [
        "x",
        &access_token,
        &client.token,
        client.secret(),
        &client.id,
        elsewhere.expose(),
        &guessed,
        &upper,
        cut,
        stored.id().as_str(),
        "null",
        "undefined",
        "Bearer",
        INITIAL.get(1..).unwrap(),
    ] {
        bad_token(&register_by(&server, token, &metadata()).await, token);
    }
    for header in
        [None, Some(basic(&client.id, client.secret())), Some(basic("", INITIAL)), Some(INITIAL.to_owned())]
    {
        let request =
            Request::builder("POST", REGISTER).header("content-type", "application/json").body("{}");
        let request = header.iter().fold(request, |request, value| request.header("authorization", value));
        assert_eq!(ask(&server, request).await.status, 401, "{header:?}");
    }
    assert_eq!(world.store.usage(), usage);
    assert_eq!(access.uses(&stored), 0);
    for token in [INITIAL, stored.expose()] {
        Registered::of(&register_by(&server, token, &metadata()).await, 201);
    }
    // Nor is it good for anything else.
    for token in [INITIAL, stored.expose()] {
        bad_token(
            &manage(&server, "GET", &client.path(), token, "").await,
            "an initial access token manages nobody",
        );
        let verifier = server.access_token_verifier(API).build().unwrap();
        assert!(verifier.authorize([format!("Bearer {token}").as_bytes()]).await.is_err());
        inactive(&introspect(&server, &client.id, client.secret(), token).await, "it is no access token");
    }
}

/// What has not the form of a stored token, or a wrong checksum, costs no look into a store.
#[tokio::test]
async fn t79_garbage_asks_no_store() {
    let world = World::new();
    let access = FakeAccess::default();
    let fake = FakeRegistry::new(&world.store);
    let stores = Stores::from(world.store.clone()).with_clients(fake.clone()).with_registry(fake.clone());
    let stores = stores.with_initial_access(access.clone());
    let server = world.over(stores).registration(registration()).build().await.unwrap();
    let stored = access.issue(|token| token);
    let client = registered(&server, &metadata()).await;
    fake.calls.take();
    let changed = |token: &str| {
        let at = token.len() - 20;
        let other = if token.as_bytes()[at] == b'0' { "1" } else { "0" };
        format!("{}{other}{}", &token[..at], &token[at + 1..])
    };
    for token in [
        "x".repeat(88),
        changed(stored.expose()),
        changed(INITIAL),
        client.token.clone(),
        "'; --".into(),
        "*".into(),
    ] {
        assert_eq!(register_by(&server, &token, &metadata()).await.status / 100, 4);
    }
    for token in ["x".repeat(71), changed(&client.token), stored.expose().to_owned(), "*".to_owned()] {
        assert_eq!(manage(&server, "GET", &client.path(), &token, "").await.status / 100, 4, "{token}");
    }
    assert_eq!((access.calls.take(), fake.calls.take()), (vec![], vec![]));
}

/// A path that means another to somebody else is nobody's: never the record of another, never the collection.
#[tokio::test]
async fn t81_tricks_with_the_path_open_nothing() {
    let world = World::new();
    let server = world.registering().await;
    let (own, other) = (registered(&server, &metadata()).await, registered(&server, &metadata()).await);
    let (a, b) = (&own.id, &other.id);
    let encoded: String = b.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let tricks = [
        format!("{REGISTER}/{a}/../{b}"),
        format!("{REGISTER}/{a}/%2e%2e/{b}"),
        format!("{REGISTER}/{a}/%2E%2E%2F{b}"),
        format!("{REGISTER}/{a}%2F..%2F{b}"),
        format!("{REGISTER}//{b}"),
        format!("{REGISTER}/{b}/"),
        format!("{REGISTER}/{b}//"),
        format!("{REGISTER}/{b}/."),
        format!("{REGISTER}/{b}%00"),
        format!("{REGISTER}/{b}%20"),
        format!("{REGISTER}/{b};x={a}"),
        format!("{REGISTER}/{b}?client_id={a}"),
        format!("{REGISTER}/{encoded}"),
        format!("{REGISTER}/{b}\\..\\{a}"),
        format!("{REGISTER}/{}", b.to_uppercase()),
        format!("{REGISTER}/%63lient-{}", &b["client-".len()..]),
        format!("{REGISTER}/{{client_id}}"),
        format!("{REGISTER}/*"),
        format!("{REGISTER}/"),
        REGISTER.to_owned(),
        "/".to_owned(),
        String::new(),
        format!("{REGISTER}/."),
        format!("{REGISTER}/.."),
        format!("{REGISTER}/{}", "a".repeat(10_000)),
    ];
    let body = json!({ "client_id": b, "client_name": "Taken over" }).to_string();
    for path in &tricks {
        for method in ["GET", "PUT", "DELETE"] {
            let answer = manage(&server, method, path, &own.token, body.clone()).await;
            assert!(
                [401, 404].contains(&answer.status),
                "{method} {path}: {} {}",
                answer.status,
                answer.text()
            );
        }
    }
    for client in [&own, &other] {
        assert_eq!(client.read(&server).await.json()["client_name"], "Billing");
    }
    // An escaped path is not the one that was told, whoever asks; what follows a question mark is not looked at.
    let answer = manage(&server, "GET", &format!("{REGISTER}/{encoded}"), &other.token, "").await;
    bad_token(&answer, "RFC 7592 B: the URL as it was given");
    let answer = manage(&server, "GET", &format!("{}?client_id={a}", other.path()), &other.token, "").await;
    assert_eq!(answer.json()["client_id"], *b);
}

/// `alg: none`, one's own key, a trusted issuer's name: nothing of what it says is taken over.
#[tokio::test]
async fn t83_a_self_made_software_statement_is_not_believed() {
    let world = World::new();
    let (key, own) = (Signing::es256(), Signing::es256());
    let publisher = "https://publisher.example";
    let trusting = registration().software_issuer(issuer_name(publisher), inline(&[&key]));
    for (server, error) in [
        (world.builder().registration(trusting).build().await.unwrap(), "invalid_software_statement"),
        (world.registering().await, "unapproved_software_statement"),
    ] {
        let claims =
            json!({ "iss": publisher, "client_name": "Vouched for", "scope": "read write" }).to_string();
        let header = BASE64URL_NOPAD.encode(br#"{"alg":"none"}"#);
        let unsigned = format!("{header}.{}.", BASE64URL_NOPAD.encode(claims.as_bytes()));
        for statement in [own.sign_raw(r#"{"alg":"ES256"}"#, &claims), unsigned] {
            let answer = register(&server, &json!({ "software_statement": statement })).await;
            assert_eq!(answer.status, 400, "{}", answer.text());
            let said = answer.json()["error"].clone();
            assert!(said == error || said == "invalid_software_statement", "{said}");
        }
    }
    assert_eq!(world.events.count(&Kind::Changed("created", "registration")), 0);
}

/// Whatever is sent: 201 or 400 and 413, never 5xx, and nothing of a refused one is kept.
#[tokio::test]
async fn t84_hostile_metadata_is_400_and_never_5xx() {
    let world = World::new();
    let server = world.registering().await;
    let values = [
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1e308),
        json!(u64::MAX),
        json!(""),
        json!("\u{0}"),
        json!("'; DROP TABLE clients; --"),
        json!("<script>alert(1)</script>"),
        json!("${jndi:ldap://x}"),
        json!("../../etc"),
        json!("\u{202e}evil"),
        json!("x".repeat(5000)),
        json!([]),
        json!([null]),
        json!([[]]),
        json!(["x".repeat(3000)]),
        json!({}),
        json!({ "keys": {} }),
        json!({ "$ne": null }),
        json!({ "__proto__": 1 }),
        json!([{}, {}]),
        json!(vec!["x"; 1000]),
        json!({ "keys": vec![json!({}); 51] }),
    ];
    let names = [
        "token_endpoint_auth_method",
        "token_endpoint_auth_signing_alg",
        "grant_types",
        "response_types",
        "scope",
        "client_name",
        "client_name#fr",
        "client_name#",
        "client_name##",
        "client_uri",
        "logo_uri",
        "tos_uri",
        "policy_uri",
        "contacts",
        "software_id",
        "software_version",
        "software_statement",
        "jwks",
        "jwks_uri",
        "redirect_uris",
        "client_id",
        "x",
    ];
    for name in names {
        for value in &values {
            let before = world.store.usage();
            let answer = register(&server, &json!({ name: value })).await;
            assert!(
                [201, 400].contains(&answer.status),
                "{name} {value}: {} {}",
                answer.status,
                answer.text()
            );
            if answer.status == 400 {
                assert_eq!(world.store.usage(), before);
                refused(&answer, 400, answer.json()["error"].as_str().unwrap());
                for part in ["DROP", "<script", "jndi", "/etc", "$ne", "evil"] {
                    assert!(!answer.text().contains(part), "nothing comes back: {}", answer.text());
                }
            } else {
                Registered::of(&answer, 201);
            }
        }
    }
    let huge = format!("{{\"client_name\":\"{}\"}}", "x".repeat(70_000));
    refused(&ask(&server, registration_of(INITIAL, huge)).await, 413, "invalid_request");
    let nested = format!("{}{}", "{\"x\":".repeat(20_000), "}".repeat(20_000));
    assert!([400, 413].contains(&ask(&server, registration_of(INITIAL, nested)).await.status));
    for number in ["1e999", "-0", "00", "0x1", "1.", ".5", "9".repeat(400).as_str()] {
        let answer = ask(&server, registration_of(INITIAL, format!("{{\"x\":{number}}}"))).await;
        assert!([201, 400].contains(&answer.status), "{number}: {}", answer.text());
    }
}

/// The rules hold for the record that results: for a member that is left out, and for an update as for a registration.
#[tokio::test]
async fn t85_an_update_and_what_is_left_out_are_held_to_the_same_rules() {
    let world = World::new();
    let server = world.registering().await;
    let key = Signing::es256();
    let keyed = json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [key.jwk] } });
    let weak = json!({ "keys": [{ "kty": "oct", "k": "c2VjcmV0" }] });
    let client = registered(&server, &keyed).await;
    for bad in [
        json!({ "token_endpoint_auth_method": "private_key_jwt" }),
        json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": weak }),
        json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": null }),
        json!({ "token_endpoint_auth_method": "none" }),
        json!({ "token_endpoint_auth_method": "workload_jwt" }),
        json!({ "scope": "read admin" }),
        json!({ "grant_types": ["password"] }),
        json!({ "client_name": "a\nb" }),
        json!({ "logo_uri": "javascript:alert(1)" }),
        json!({ "jwks_uri": "http://169.254.169.254/latest" }),
        json!({ "software_statement": "a.b.c" }),
        json!({ "token_endpoint_auth_signing_alg": "none", "token_endpoint_auth_method": "client_secret_jwt" }),
    ] {
        for answer in [register(&server, &bad).await, client.put(&server, &bad).await] {
            assert_eq!(answer.status, 400, "{bad}: {}", answer.text());
        }
    }
    let record = world.record(&client.id).await.unwrap();
    assert_eq!(record.auth_method(), &grantor::store::AuthMethod::PRIVATE_KEY_JWT);
    assert_eq!(client.asks_by(&server, &key).await.status, 200, "nothing of it was kept");
    // What is left out means the default method and the bound, and these are open.
    let changed = client.updated(&server, &json!({})).await;
    assert_eq!(changed.said["token_endpoint_auth_method"], "client_secret_basic");
    assert_eq!(changed.asks(&server).await.status, 200, "with a secret of its own");
    refused(&changed.asks_by(&server, &key).await, 401, "invalid_client");
}

/// Quotas, sizes, and what is never used does not stay.
#[tokio::test]
async fn t86_registration_cannot_fill_the_store() {
    let world = World::new();
    let access = FakeAccess::default();
    let unused = Registration::new().unused_for(Duration::from_secs(24 * 3600));
    let server = world.registering_with(unused, &access).await;
    let token = access.issue(|token| token.max_uses(30));
    let mut ids = BTreeSet::new();
    for round in 0..40 {
        let answer = register_by(&server, token.expose(), &metadata()).await;
        if round < 30 {
            ids.insert(Registered::of(&answer, 201).id);
        } else {
            bad_token(&answer, "the quota");
        }
    }
    let first = world.record(ids.first().unwrap()).await.unwrap();
    assert!(first.to_document().unwrap().len() < 2048, "a small record");
    world.clock.advance(24 * 3600 + 1);
    for _ in 0..40 {
        server.maintain().await;
    }
    for id in &ids {
        assert!(world.record(id).await.is_none(), "never used: gone");
    }
    // As large as metadata can be it still is bounded by what a request may hold.
    let token = access.issue(|token| token);
    let names: Vec<_> = (0..50).map(|n| (format!("client_name#x-{n}"), json!("n".repeat(200)))).collect();
    let large = Value::Object(
        names.into_iter().chain([("contacts".to_owned(), json!(vec!["c".repeat(320); 20]))]).collect(),
    );
    let client = Registered::of(&register_by(&server, token.expose(), &large).await, 201);
    let document = world.record(&client.id).await.unwrap().to_document().unwrap();
    assert!(document.len() < 64 * 1024, "{}", document.len());
}

/// The limiter is asked before any token is looked at, by client id and peer; what fails is counted, and a limited attempt is 429.
#[tokio::test]
async fn t86_the_rate_limiter_is_asked_before_any_token_is_looked_at() {
    let world = World::new();
    let access = FakeAccess::default();
    let limiter = Limiter::new(Verdict::Admit);
    let stores = Stores::from(world.store.clone()).with_initial_access(access.clone());
    let server =
        world.over(stores).registration(registration()).rate_limiter(limiter.clone()).build().await.unwrap();
    let client = registered(&server, &metadata()).await;
    assert_eq!(limiter.take(), ["admit"], "success is not punished");
    assert_eq!(client.read(&server).await.status, 200);
    assert_eq!(limiter.take(), ["admit"]);
    let stored = access.issue(|token| token.max_uses(1));
    bad_token(&register_by(&server, "wrong", &metadata()).await, "wrong");
    assert_eq!(limiter.take(), ["admit", "penalise"]);
    bad_token(&manage(&server, "GET", &client.path(), "wrong", "").await, "wrong");
    assert_eq!(limiter.take(), ["admit", "penalise"]);
    limiter.say(Verdict::Limit(Duration::from_secs(7)));
    for token in [INITIAL, stored.expose(), "wrong"] {
        let answer = register_by(&server, token, &metadata()).await;
        refused(&answer, 429, "temporarily_unavailable");
        assert_eq!(answer.header("retry-after"), Some("7"));
    }
    for answer in [client.read(&server).await, client.delete(&server).await] {
        refused(&answer, 429, "temporarily_unavailable");
    }
    assert_eq!(access.calls.take(), Vec::<&str>::new(), "no store was asked");
    assert!(limiter.take().iter().all(|call| *call == "admit"), "a limited attempt costs nothing");
    // A limiter that is away keeps nobody out, and the operator learns it.
    limiter.say(Verdict::Fail);
    assert_eq!(client.read(&server).await.status, 200);
    assert!(world.events.count(&Kind::RateLimiterFailed) > 0);
    limiter.say(Verdict::Limit(Duration::from_secs(1)));
    register(&server, &metadata()).await;
    let Kind::Rejected(ErrorCode::TooManyRequests(_), _) = world.events.last().kind else {
        panic!("{:?}", world.events.last())
    };
}
