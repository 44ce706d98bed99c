//! A marked secret goes down every path, and shows up nowhere but where it was asked for (T95).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use std::time::Duration;

use grantor::http::{Request, RequestBuilder, Transport};
use grantor::policy::PolicyRefusal;
use grantor::store::{AuthMethod, Client, Credential, KeyStore};
use grantor::{
    AuthorizationServer, ClientSecret, CredentialId, HostKey, HostKeyId, HostKeys, Resource, Stores,
    TokenFormat,
};
use support::*;

/// Every way to present `secret`, rightly and wrongly.
fn presentations(id: &str, secret: &str) -> Vec<RequestBuilder> {
    let by_header =
        |header: String| post(&[("grant_type", "client_credentials")]).header("authorization", header);
    vec![
        grant(id, secret, &[]),
        grant_post(id, secret, &[]),
        grant("nobody", secret, &[]),
        grant_post("nobody", secret, &[]),
        grant("other", secret, &[]),
        grant(id, &format!("{secret}x"), &[]),
        grant(id, &secret.to_uppercase(), &[]),
        grant(id, &format!("{secret}\0"), &[]),
        grant_post(id, &format!("{secret}\0"), &[]),
        grant(id, secret, &[("client_secret", secret)]),
        grant(id, secret, &[("client_id", "other")]),
        grant(id, secret, &[]).header("authorization", basic(id, secret)),
        grant(id, secret, &[("scope", secret)]),
        grant(id, secret, &[("scope", "unknown")]),
        grant(id, secret, &[("resource", secret)]),
        grant(id, secret, &[("resource", &format!("urn:{secret}"))]),
        grant(id, secret, &[("assertion", secret), (secret, secret)]),
        grant(id, secret, &[(secret, "1"), (secret, "2")]),
        grant(id, secret, &[]).incomplete_body(),
        grant(id, secret, &[]).transport(Transport::Plain),
        grant(id, secret, &[]).header("content-encoding", secret),
        grant_post(id, secret, &[("padding", &"x".repeat(70_000))]),
        post(&[("grant_type", secret)]).header("authorization", basic(id, secret)),
        post_raw(format!("client_secret={secret}%zz")),
        post_raw(format!("client_secret={secret}&client_secret={secret}")),
        post_raw(secret),
        by_header(format!("Bearer {secret}")),
        by_header(secret.to_owned()),
        by_header(basic_raw(secret)),
        by_header(basic_raw(format!("{id}:{secret}%zz"))),
        Request::builder("GET", &format!("/oauth2/token?client_secret={secret}")),
        Request::builder("POST", &format!("/oauth2/token?client_secret={secret}"))
            .header("content-type", format!("text/plain; x={secret}"))
            .body(secret),
    ]
}

/// Sends every presentation of `secret`; gives how many got a token.
async fn walk(world: &World, log: &Log, server: &AuthorizationServer, id: &str, secret: &str) -> usize {
    shown_nowhere(world, log, server, (presentations(id, secret), secret)).await
}

#[tokio::test]
async fn t95_a_generated_secret_shows_up_nowhere() {
    let (log, _guard) = Log::capture();
    let world = World::new();
    let server = world.server().await;
    let by_basic = world.client("by-basic").await;
    let by_post =
        world.client_with("by-post", |client| client.auth_method(AuthMethod::CLIENT_SECRET_POST)).await;
    let disabled = world.client_with("disabled", |client| client.enabled(false)).await;
    let no_grant = world.client_with("no-grant", |client| client.grant_types([])).await;
    let (ended, credential) = world.secret("ended");
    world.client_with("ended", |client| client.credentials([credential.valid_until(at(1))])).await;
    assert_eq!(walk(&world, &log, &server, "by-basic", &by_basic).await, 2);
    assert_eq!(walk(&world, &log, &server, "by-post", &by_post).await, 1);
    for (id, secret) in [("disabled", disabled), ("no-grant", no_grant), ("ended", ended.expose().to_owned())]
    {
        assert_eq!(walk(&world, &log, &server, id, &secret).await, 0);
    }
    for expected in ["token issued", "request refused", "by-basic", "secret_expired", "client_disabled"] {
        assert!(log.text().contains(expected), "the log was captured, and says {expected}");
    }
}

#[tokio::test]
async fn t95_an_imported_secret_shows_up_nowhere() {
    const SECRET: &str = "correct-horse-battery-staple-marked-4711";
    let (log, _guard) = Log::capture();
    let world = World::new();
    let server = world
        .builder()
        .executor(TestExecutor::default())
        .imported_secrets(CountingVerifier::default())
        .build()
        .await
        .unwrap();
    let id = CredentialId::new("imported").unwrap();
    let credential = Credential::imported(id.clone(), format!("plain:{SECRET}"));
    clean(&format!("{credential:?}{credential:#?}"), SECRET, "the credential");
    let unreadable = Credential::imported(id, format!("md5:{SECRET}"));
    world.client_with("demo", |client| client.credentials([credential])).await;
    world.client_with("unreadable", |client| client.credentials([unreadable])).await;
    assert_eq!(walk(&world, &log, &server, "demo", SECRET).await, 2);
    walk(&world, &log, &server, "unreadable", SECRET).await;
    let off = world.server().await;
    assert_eq!(walk(&world, &log, &off, "demo", SECRET).await, 0);
}

#[tokio::test]
async fn t95_faults_show_no_secret() {
    let (log, _guard) = Log::capture();
    let world = World::new();
    let clients = FakeClients::new(&world.store);
    let limiter = Limiter::new(Verdict::Fail);
    let server = AuthorizationServer::builder(
        ISSUER,
        Stores::from(world.store.clone()).with_clients(clients.clone()),
        world.host_keys.clone(),
    )
    .events(world.events.clone())
    .resource(Resource::new(API).scopes(["read", "write"]))
    .rate_limiter(limiter.clone())
    .policy(FixedPolicy(|_| Err(PolicyRefusal::unavailable("policy-engine-down-7f3"))))
    .build()
    .await
    .unwrap();
    let secret = world.client("demo").await;
    for answer in [FakeAnswer::PassOn, FakeAnswer::Unavailable, FakeAnswer::Corrupt] {
        clients.say(answer);
        assert_eq!(walk(&world, &log, &server, "demo", &secret).await, 0);
    }
    limiter.say(Verdict::Limit(Duration::from_secs(1)));
    walk(&world, &log, &server, "demo", &secret).await;
    let (foreign, _) = host_keys(&[("elsewhere", 7)])
        .new_secret(&client_id("pepper"), &grantor::SystemEntropy::new())
        .unwrap();
    let credential = host_keys(&[("elsewhere", 7)]).credential(&client_id("pepper"), &foreign).unwrap();
    world.client_with("pepper", |client| client.credentials([credential])).await;
    limiter.say(Verdict::Admit);
    clients.say(FakeAnswer::PassOn);
    walk(&world, &log, &server, "pepper", foreign.expose()).await;
    for told in ["client-table-down-7f3", "client-row-broken-7f3", "policy-engine-down-7f3", "elsewhere"] {
        assert!(log.text().contains(told), "the operator learns of {told}");
    }
}

/// `tracing` is told of everything, with a sink of the host's or without one.
#[tokio::test]
async fn s4_a_limiter_that_is_away_is_traced() {
    let (log, _guard) = Log::capture();
    let world = World::new();
    let server = AuthorizationServer::builder(ISSUER, world.store.clone(), world.host_keys.clone())
        .resource(Resource::new(API))
        .rate_limiter(Limiter::new(Verdict::Fail))
        .build()
        .await
        .unwrap();
    let secret = world.client("demo").await;
    assert_eq!(send(&server, grant("demo", &secret, &[])).await.status, 200);
    assert!(log.text().contains("limiter-down-7f3"), "{}", log.text());
}

#[tokio::test]
async fn t95_values_that_hold_secrets_cannot_be_printed() {
    const HOST_KEY: &[u8] = b"host-key-of-32-bytes-marked-4711";
    let world = World::new();
    let key = HostKey::new(HostKeyId::new("a").unwrap(), HOST_KEY).unwrap();
    let mut shown = format!("{key:?}{key:#?}");
    let keys = HostKeys::new([key]).unwrap();
    let (secret, credential) = keys.new_secret(&client_id("demo"), &grantor::SystemEntropy::new()).unwrap();
    let builder =
        AuthorizationServer::builder(ISSUER, world.store.clone(), keys.clone()).resource(Resource::new(API));
    shown += &format!("{keys:?}{secret:?}{secret:#?}{credential:?}{builder:?}");
    let parsed = ClientSecret::parse(secret.expose()).unwrap();
    let error = ClientSecret::parse(&format!("{}x", secret.expose())).unwrap_err();
    let client = Client::builder(client_id("demo"), AuthMethod::CLIENT_SECRET_BASIC).credential(credential);
    shown += &format!("{parsed:?}{error}{error:?}{client:?}{:?}", client.clone().build().unwrap());
    let server = builder.build().await.unwrap();
    shown += &format!("{server:?}{server:#?}{}{:?}", server.summary(), server.summary());
    let (set, _) = KeyStore::load(&world.store).await.unwrap();
    shown += &format!("{set:?}{set:#?}{:?}", world.store);
    clean(&shown, secret.expose(), "a value");
    clean(&shown, "host-key-of-32-bytes-marked-4711", "a value");
    let numbers: Vec<String> = HOST_KEY.iter().map(u8::to_string).collect();
    assert!(!shown.contains(&numbers[..8].join(", ")), "nor as a list of numbers");
    let document: serde_json::Value = serde_json::from_str(&set.to_document().unwrap()).unwrap();
    let sealed = document["keys"][0]["private"]["sealed"]["ciphertext"].as_str().unwrap();
    let stored: serde_json::Value =
        serde_json::from_str(&client.build().unwrap().to_document().unwrap()).unwrap();
    let digest = stored["credentials"][0]["kind"]["digest"]["digest"].as_str().unwrap();
    clean(&shown, sealed, "a value");
    clean(&shown, digest, "a value");
}

/// T95: tokens of both formats, good and ended ones, are shown to both endpoints and to an API, rightly and wrongly. No log,
/// no event, no answer and no value repeats one: the token endpoint alone has ever said it.
#[tokio::test]
async fn t95_tokens_that_come_back_show_up_nowhere() {
    for format in FORMATS {
        let (log, _guard) = Log::capture();
        let world = World::new();
        let tokens = FakeTokens::new(&world.store);
        let stores = Stores::from(world.store.clone()).with_tokens(tokens.clone());
        let server = AuthorizationServer::builder(ISSUER, stores, world.host_keys.clone())
            .clock(world.clock.clone())
            .events(world.events.clone())
            .resource(api(format))
            .build()
            .await
            .unwrap();
        let secret = world.client("billing").await;
        let third = world.client("third").await;
        let (live, revoked) =
            (token_of(&server, "billing", &secret).await, token_of(&server, "billing", &secret).await);
        let verifier = server.access_token_verifier(API).build().unwrap();
        let mut shown = String::new();
        for broken in
            [None, Some(("find", FakeClaim::Unavailable)), Some(("revoke", FakeClaim::Corrupt)), None]
        {
            match broken {
                Some((call, instead)) => tokens.break_call(call, instead),
                None => tokens.mend(),
            }
            for token in [&live, &revoked, &format!("{live}="), &format!("x{revoked}")] {
                for caller in
                    [Caller::Basic("billing", &secret), Caller::Basic("third", &third), Caller::Nobody]
                {
                    for path in [INTROSPECTION, REVOCATION] {
                        if path == REVOCATION && token == &live {
                            continue;
                        }
                        for pairs in [
                            vec![("token", token.as_str())],
                            vec![("token", token), ("token_type_hint", token)],
                            vec![("token", token), ("token", token)],
                            vec![(token.as_str(), "x")],
                        ] {
                            let request = caller.asks(path, &pairs).header("accept", AS_JWT);
                            shown += &format!("{request:?}{:?}", request.clone().build());
                            shown += &format!("{:?}", at_path(&server, path, request).await);
                        }
                    }
                }
                let header = format!("Bearer {token}");
                for headers in [vec![header.as_bytes()], vec![header.as_bytes(); 2], vec![token.as_bytes()]] {
                    match verifier.authorize(headers).await {
                        Ok(token) => {
                            shown += &format!("{token:?}{token:#?}{:?}", token.require("admin").unwrap_err());
                        }
                        Err(refused) => {
                            shown += &format!("{refused:?}{refused}");
                            shown += &format!("{:?}", Answer::of(refused.into_response()));
                        }
                    }
                }
            }
        }
        shown += &format!("{verifier:?}{verifier:#?}{server:?}{:?}", world.store);
        shown += &tokens.records.lock().unwrap().join("");
        shown += &log.text();
        shown.extend(world.events.all().iter().map(|event| format!("{} {}", event.debug, event.source)));
        assert!(world.events.count(&Kind::Revoked) > 0 && world.events.count(&Kind::Introspected(None)) > 0);
        for told in ["token issued", "token introspected", "revocation", "access token refused", "7f3"] {
            assert!(log.text().contains(told), "the log was captured, and says {told}");
        }
        for token in [&live, &revoked] {
            clean(&shown, token, "something");
            // The header of a JWT is the same for all of them, and says nothing.
            let payload =
                if format == TokenFormat::Jwt { token.split('.').nth(1).unwrap() } else { &token[11..] };
            clean(&shown, payload, "something");
            clean(&shown, &token[..token.len() - 24], "something");
        }
    }
}

/// T95: the same for an API elsewhere, with keys, with introspection, and without either.
#[tokio::test]
async fn t95_tokens_checked_elsewhere_show_up_nowhere() {
    let (log, _guard) = Log::capture();
    let key = Signing::es256();
    let (sets, issuer) = (IssuerKeySets::of(&[&key]), FakeIntrospector::default());
    let verifier = there(remote(&sets).introspection(issuer.clone()));
    let verifier = verifier.remember_for(Duration::from_secs(60)).build().unwrap();
    let opaque = "an-opaque-token-of-somebody-else-marked-4711".to_owned();
    let mut shown = String::new();
    let tokens = [
        Foreign::token().sign(&key),
        Foreign::token().claim("exp", NOW - 60).sign(&key),
        Foreign::token().claim("aud", "x").sign(&key),
        Foreign::token().sign(&Signing::es256()),
        Foreign::token().header("kid", "unknown").sign(&key),
        opaque,
    ];
    for away in [false, true] {
        sets.away.store(away, std::sync::atomic::Ordering::SeqCst);
        issuer.away.store(away, std::sync::atomic::Ordering::SeqCst);
        for said in
            [None, Some(serde_json::json!({"active": true, "aud": API, "client_id": "x", "exp": NOW + 60}))]
        {
            issuer.say(said);
            for token in &tokens {
                match verifier.verify(token).await {
                    Ok(token) => shown += &format!("{token:?}{token:#?}"),
                    Err(refused) => {
                        shown +=
                            &format!("{refused:?}{refused}{:?}", Answer::of(refused.clone().into_response()));
                    }
                }
            }
        }
    }
    shown += &format!("{verifier:?}{verifier:#?}{}", log.text());
    assert!(log.text().contains("away-7f3"), "the operator learns of the outage");
    for token in &tokens {
        clean(&shown, token, "something");
        let payload = token.split('.').nth(1).unwrap_or(token);
        clean(&shown, payload, "something");
    }
}

#[tokio::test]
async fn t96_no_request_begins_a_line_in_the_log() {
    let (log, _guard) = Log::capture();
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("demo").await;
    for hostile in
        ["x\nERROR forged-4711", "x\r\nforged-4711", "x\u{2028}forged-4711", "x\u{1b}[2Jforged-4711"]
    {
        for name in ["client_id", "client_secret", "scope", "resource", "grant_type", hostile] {
            send(&server, post(&[("grant_type", "client_credentials"), (name, hostile)])).await;
            send(&server, post(&[(name, hostile)]).header("user-agent", hostile)).await;
        }
        send(&server, grant(hostile, &secret, &[])).await;
        send(&server, grant("demo", hostile, &[("scope", hostile)])).await;
        server.jwks(Request::builder(hostile, hostile).build()).await;
    }
    let quoted = "x\" outcome=\"issued\" ERROR quoted-4711";
    send(&server, grant(quoted, &secret, &[])).await;
    let text = log.text();
    assert!(!text.contains("forged-4711"));
    assert!(text.contains("quoted-4711"), "an id of plain characters is told");
    for line in text.lines() {
        let level = line.trim_start().split(' ').next().unwrap();
        assert!(["TRACE", "DEBUG", "INFO", "WARN", "ERROR"].contains(&level), "{line}");
        assert!(level != "ERROR", "{line}");
    }
}

/// Id and secret swapped: the secret stands where the id belongs, and ids are written to the log.
#[tokio::test]
async fn t96_a_secret_in_the_place_of_the_id_is_not_named() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("demo").await;
    let fields: [(&str, &str); 3] =
        [("grant_type", "client_credentials"), ("client_id", &secret), ("client_secret", "demo")];
    let swapped = [grant(&secret, "demo", &[]), post(&fields)];
    for request in swapped {
        refused(&send(&server, request).await, 401, "invalid_client");
        let seen = world.events.last();
        assert_eq!(seen.client_id, None);
        assert!(!format!("{seen:?}").contains(&secret));
    }
}

/// Grants and the tokens of workloads are credentials: what names them may be told, they may not.
#[tokio::test]
async fn t95_grants_and_workload_tokens_show_up_nowhere() {
    let (log, _guard) = Log::capture();
    let world = World::new();
    let (key, stranger) = (Signing::es256(), Signing::es256());
    let (server, _) = world.partnered(&key).await;
    world.service_account("robot", &key, |client| client).await;
    let identity = workloads::kubernetes().unwrap().identity.keys(inline(&[&key])).build().unwrap();
    let held = Credential::workload(CredentialId::new("w").unwrap(), identity);
    let pod =
        Client::builder(client_id("pod"), AuthMethod::WORKLOAD_JWT).credential(held).scope(scope("read"));
    world.insert(&pod.build().unwrap()).await;
    let token = || workloads::kubernetes().unwrap().token;
    let mut sent = Vec::new();
    for assertion in [
        vouched(),
        vouched().claim("sub", "robot"),
        vouched().claim("iss", "https://elsewhere.example"),
        Assertion::of("robot"),
        Assertion::of("robot").claim("exp", NOW - 60),
        token(),
    ] {
        for assertion in [assertion.sign(&key), assertion.sign(&stranger)] {
            sent.extend(
                [bearer(&assertion, &[]), bearer(&assertion, &[])]
                    .map(|request| (assertion.clone(), request)),
            );
        }
    }
    for token in [token(), token().claim("sub", "system:serviceaccount:other:x"), token().claim("iss", "x")] {
        for token in [token.sign(&key), token.sign(&stranger)] {
            let request = assert_with(&token, &[("client_id", "pod")]);
            sent.push((token, request));
        }
    }
    let mut issued = 0;
    for (assertion, request) in sent {
        clean(&format!("{:?}", request.clone().build()), &assertion, "the request");
        let answer = send(&server, request).await;
        issued += usize::from(answer.status == 200);
        let (rest, signature) = assertion.rsplit_once('.').unwrap();
        for part in [rest, rest.split('.').nth(1).unwrap(), signature] {
            clean(&log.text(), part, "the log");
            clean(&answer.text(), part, "the answer");
            world
                .events
                .all()
                .iter()
                .for_each(|event| clean(&format!("{}{}", event.debug, event.source), part, "an event"));
        }
    }
    assert_eq!(issued, 3, "one of each kind");
    assert!(
        log.text().contains(PARTNER) && log.text().contains("system:serviceaccount:other:x"),
        "{}",
        log.text()
    );
}
