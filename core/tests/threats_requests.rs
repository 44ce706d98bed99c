//! Attacks by what a request holds and on what the server publishes, by their number in the threat record.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use grantor::event::Reason;
use grantor::http::Request;
use grantor::store::ClientRegistry;
use grantor::{AuthorizationServer, Limits, Resource, TokenId};
use support::*;

#[tokio::test]
async fn t51_credentials_in_the_url_are_not_looked_at() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("demo").await;
    let query = form(&[
        ("client_id", "demo"),
        ("client_secret", &secret),
        ("grant_type", "client_credentials"),
        ("scope", "write"),
    ]);
    let to = |body: &str| {
        Request::builder("POST", &format!("/oauth2/token?{query}"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
    };
    refused(&send(&server, to("grant_type=client_credentials")).await, 401, "invalid_client");
    assert_eq!(world.events.reason(), Reason::CredentialsMissing);
    refused(&send(&server, to("")).await, 400, "invalid_request");
    let request =
        to("grant_type=client_credentials&scope=read").header("authorization", basic("demo", &secret));
    assert_eq!(send(&server, request).await.json()["scope"], "read", "other parameters neither");
}

#[tokio::test]
async fn t52_only_a_form_is_a_form() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("demo").await;
    let with = |types: &[&str]| {
        let request = Request::builder("POST", "/oauth2/token")
            .header("authorization", basic("demo", &secret))
            .body("grant_type=client_credentials");
        types.iter().fold(request, |request, value| request.header("Content-Type", value))
    };
    for bad in [
        "application/json",
        "multipart/form-data; boundary=x",
        "text/plain",
        "application/x-www-form-urlencoded2",
        "application/x-www-form-urlencoded, text/plain",
        "x application/x-www-form-urlencoded",
        "",
        "*/*",
    ] {
        refused(&send(&server, with(&[bad])).await, 400, "invalid_request");
        assert_eq!(world.events.reason(), Reason::ContentTypeNotForm, "{bad}");
    }
    refused(&send(&server, with(&[])).await, 400, "invalid_request");
    assert_eq!(world.events.reason(), Reason::ContentTypeMissing);
    let own = "application/x-www-form-urlencoded";
    refused(&send(&server, with(&[own, "application/json"])).await, 400, "invalid_request");
    assert_eq!(world.events.reason(), Reason::ContentTypeRepeated);
    for good in
        [own, "Application/X-WWW-Form-URLEncoded ; charset=UTF-8", "application/x-www-form-urlencoded;"]
    {
        assert_eq!(send(&server, with(&[good])).await.status, 200, "{good}");
    }
}

#[tokio::test]
async fn t53_no_scope_beyond_the_registered_one() {
    let world = World::new();
    let server = world.server().await;
    world.client("other").await;
    let secret = world.client_with("demo", |client| client.scope(scope("read"))).await;
    for asked in ["write", "read write", "write read", "*", "read.write", "read/../write"] {
        refused(&send(&server, grant("demo", &secret, &[("scope", asked)])).await, 400, "invalid_scope");
    }
    for left_out in ["", "read"] {
        let answer = send(&server, grant("demo", &secret, &[("scope", left_out)])).await;
        assert_eq!(answer.json()["scope"], "read", "absent never means all");
    }
}

#[tokio::test]
async fn t54_giant_or_malformed_scopes_are_refused() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("demo").await;
    let too_many: String = (0..129).map(|n| format!("s{n} ")).collect();
    for bad in ["x".repeat(4097), "s ".repeat(20_000), too_many.trim_end().to_owned(), "re\"ad".to_owned()] {
        let body = format!("grant_type=client_credentials&scope={}", bad.replace(' ', "+"));
        let request = post_raw(body).header("authorization", basic("demo", &secret));
        refused(&send(&server, request).await, 400, "invalid_scope");
        assert_eq!(world.events.reason(), Reason::ScopeMalformed);
    }
    refused(&send(&server, grant("demo", &secret, &[("scope", "read\0")])).await, 400, "invalid_request");
    let giant = "x".repeat(256 * 1024);
    refused(&send(&server, grant("demo", &secret, &[("scope", &giant)])).await, 413, "invalid_request");
}

/// What could break out of JSON, a header, a page, a query or a log, each with a mark to look for.
const HOSTILE: [&str; 9] = [
    "zq7\"},{\"access_token\":\"zq7",
    "zq7\r\nset-cookie: zq7=1",
    "<script>zq7</script>",
    "zq7' OR '1'='1'; DROP TABLE clients;--",
    "zq7\\u0000zq7",
    "zq7\u{202e}zq7\u{2028}",
    "{{zq7}}${zq7}%0azq7",
    "zq7\u{7f}\u{1b}[2J",
    "../../zq7",
];

#[tokio::test]
async fn t56_t97_nothing_of_the_input_comes_back() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("demo").await;
    let mut answers = Vec::new();
    for hostile in HOSTILE {
        for name in [
            "grant_type",
            "scope",
            "resource",
            "client_id",
            "client_secret",
            "client_assertion",
            "client_assertion_type",
            "assertion",
        ] {
            let pairs = match name {
                "grant_type" => vec![("grant_type", hostile)],
                _ => vec![("grant_type", "client_credentials"), (name, hostile)],
            };
            answers.push(send(&server, post(&pairs).header("authorization", basic("demo", &secret))).await);
            answers.push(send(&server, post(&pairs)).await);
        }
        let named = [("grant_type", "client_credentials"), (hostile, "x")];
        answers.push(send(&server, post(&named)).await);
        answers.push(send(&server, grant(hostile, &secret, &[])).await);
        answers.push(send(&server, grant("demo", hostile, &[])).await);
        answers.push(send(&server, grant_post(hostile, hostile, &[])).await);
        answers.push(send(&server, post(&[]).header("authorization", hostile)).await);
        answers.push(send(&server, post(&[]).header("content-type", hostile)).await);
        answers.push(Answer::of(server.token(Request::builder(hostile, hostile).build()).await));
        answers.push(Answer::of(server.jwks(Request::builder(hostile, hostile).build()).await));
    }
    for answer in answers {
        if answer.status == 200 {
            continue; // `assertion` is not a parameter of this grant, and ignored.
        }
        assert!((400..500).contains(&answer.status), "{answer:?}");
        refused(&answer, answer.status, answer.json()["error"].as_str().unwrap());
        assert!(!answer.text().contains("zq7"));
        for (name, value) in &answer.headers {
            assert!(!value.contains("zq7"), "{name}");
            assert!(value.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{name}");
        }
    }
}

#[tokio::test]
async fn t57_bodies_and_parameters_are_bounded() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("demo").await;
    let padded = |size: usize| {
        let head = "grant_type=client_credentials&x=";
        let body = format!("{head}{}", "y".repeat(size - head.len()));
        post_raw(body).header("authorization", basic("demo", &secret))
    };
    assert_eq!(send(&server, padded(64 * 1024)).await.status, 200);
    let answer = send(&server, padded(64 * 1024 + 1)).await;
    refused(&answer, 413, "invalid_request");
    assert_eq!(answer.header("connection"), Some("close"), "the rest of the body is not waited for");
    let many = |count: usize| {
        let body: String = (1..count).map(|n| format!("&p{n}=1")).collect();
        post_raw(format!("grant_type=client_credentials{body}"))
            .header("authorization", basic("demo", &secret))
    };
    assert_eq!(send(&server, many(64)).await.status, 200);
    refused(&send(&server, many(65)).await, 400, "invalid_request");
    assert_eq!(world.events.reason(), Reason::FormTooManyParameters);
    let resources = "&resource=https://api.example.com".repeat(65);
    let request = post_raw(resources).header("authorization", basic("demo", &secret));
    refused(&send(&server, request).await, 400, "invalid_request");
}

#[tokio::test]
async fn t57_limits_are_the_hosts_to_choose() {
    let world = World::new();
    let limits = Limits::default().with_body(1024).with_parameters(8);
    let server = world.builder().limits(limits).build().await.unwrap();
    let secret = world.client("demo").await;
    let seven = ["a", "b", "c", "d", "e", "f", "g"].map(|name| (name, "1"));
    assert_eq!(send(&server, grant("demo", &secret, &seven)).await.status, 200);
    let eight = [seven.as_slice(), &[("h", "1")]].concat();
    refused(&send(&server, grant("demo", &secret, &eight)).await, 400, "invalid_request");
    refused(
        &send(&server, grant("demo", &secret, &[("a", &"x".repeat(1024))])).await,
        413,
        "invalid_request",
    );
    assert_eq!((server.limits().body(), server.limits().parameters()), (1024, 8));
}

#[tokio::test]
async fn t57_requests_are_not_decompressed() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("demo").await;
    for coding in ["gzip", "br", "deflate", "zstd", "identity, gzip", "x"] {
        let request = grant("demo", &secret, &[]).header("Content-Encoding", coding);
        refused(&send(&server, request).await, 400, "invalid_request");
        assert_eq!(world.events.reason(), Reason::ContentEncoded);
    }
    let request = grant("demo", &secret, &[]).header("Content-Encoding", "Identity");
    assert_eq!(send(&server, request).await.status, 200);
}

/// RFC 9700 §4.13 too.
#[tokio::test]
async fn t64_forged_proxy_headers_change_nothing() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("demo").await;
    let plain = Answer::of(server.metadata(Request::builder("GET", "/x").build()).await);
    let forge = |request: grantor::http::RequestBuilder| {
        ["Host", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "X-Original-Host", "X-Real-IP"]
            .into_iter()
            .fold(request, |request, name| request.header(name, "host=evil.example;proto=http"))
            .header("X-SSL-Client-Cert", "x")
            .header("Origin", "https://evil.example")
    };
    let forged =
        Answer::of(server.metadata(forge(Request::builder("GET", "//evil.example/x")).build()).await);
    assert_eq!(forged, plain);
    let answer = send(&server, forge(grant("demo", &secret, &[]))).await;
    assert_eq!(decode(&answer.access_token()).text("iss"), ISSUER);
    assert!(answer.headers.iter().all(|(name, _)| !name.starts_with("access-control")), "T106: no CORS");
    refused(
        &send(&server, forge(post(&[("grant_type", "client_credentials")]))).await,
        401,
        "invalid_client",
    );
}

#[tokio::test]
async fn t67_a_token_of_one_issuer_does_not_verify_at_another() {
    let (world, other) = (World::new(), World::new());
    let server = world.server().await;
    let elsewhere = AuthorizationServer::builder(
        "https://other.example.com",
        other.store.clone(),
        other.host_keys.clone(),
    )
    .resource(Resource::new(API))
    .build()
    .await
    .unwrap();
    let secret = world.client("demo").await;
    let token = send(&server, grant("demo", &secret, &[])).await.access_token();
    let foreign = jwks(&elsewhere).await;
    assert_ne!(decode(&token).header["kid"], foreign[0]["kid"]);
    assert!(!verifies(&foreign[0], &token));
}

#[tokio::test]
async fn t68_answers_with_and_without_a_token_are_not_kept() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("demo").await;
    let wrong_scope = grant("demo", &secret, &[("scope", "x")]);
    for request in [grant("demo", &secret, &[]), wrong_scope, post(&[]), Request::builder("GET", "/")] {
        let answer = send(&server, request).await;
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("pragma"), Some("no-cache"));
    }
}

#[tokio::test]
async fn t69_tokens_say_what_they_are_and_whom_they_are_for() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("demo").await;
    let token = issued(&server, "demo", &secret, &[]).await;
    assert_eq!(token.header["typ"], "at+jwt");
    assert!(["ES256", "ES384", "EdDSA", "RS256", "PS256"].contains(&token.header["alg"].as_str().unwrap()));
    assert_eq!(token.text("aud"), API);
    assert_ne!(token.text("aud"), token.text("client_id"));
    assert_ne!(token.text("aud"), token.text("iss"));
}

/// Deterministic noise: what a parser chokes on, it must refuse and never panic at.
#[tokio::test]
async fn t94_t26_no_body_and_no_header_makes_it_panic() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("demo").await;
    let seed = form(&[("grant_type", "client_credentials"), ("scope", "read"), ("resource", API)]);
    let header = basic("demo", &secret);
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap()
    };
    let alphabet = b"%&=+: \0\xff\xc3\"\\a0Z~/#?\r\n";
    for _ in 0..3000 {
        let (mut body, mut authorization) = (seed.clone().into_bytes(), header.clone().into_bytes());
        for _ in 0..1 + next(4) {
            let target = if next(2) == 0 { &mut body } else { &mut authorization };
            let at = next(target.len());
            match next(3) {
                0 => target[at] = alphabet[next(alphabet.len())],
                1 => target.insert(at, alphabet[next(alphabet.len())]),
                _ => target.truncate(at.max(1)),
            }
        }
        let answer = send(&server, post_raw(body).header("authorization", authorization)).await;
        assert!(matches!(answer.status, 200 | 400 | 401), "{answer:?}");
    }
    assert_eq!(send(&server, grant("demo", &secret, &[])).await.status, 200);
}

#[tokio::test]
async fn t98_nul_in_any_parameter_is_refused_at_the_edge() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("demo").await;
    for name in ["grant_type", "client_id", "client_secret", "scope", "resource", "other", "na\0me"] {
        let request = post(&[(name, "a\0b")]).header("authorization", basic("demo", &secret));
        refused(&send(&server, request).await, 400, "invalid_request");
        assert_eq!(world.events.reason(), Reason::FormNul);
    }
    for (id, secret) in [("demo\0", secret.as_str()), ("demo", "a\0b")] {
        refused(&send(&server, grant(id, secret, &[])).await, 401, "invalid_client");
    }
}

#[tokio::test]
async fn t99_what_reaches_a_store_of_tokens_has_one_length() {
    for hostile in ["x", "a:b*\r\n", &"x".repeat(100_000)] {
        assert_eq!(TokenId::of_opaque(hostile.as_bytes()).as_bytes().len(), 32);
    }
    assert_ne!(TokenId::of_opaque(b"a*"), TokenId::of_opaque(b"a"));
}

#[tokio::test]
async fn t104_enabled_scope_and_secrets_are_judged_on_the_record_read_for_this_request() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("demo").await;
    assert_eq!(send(&server, grant("demo", &secret, &[])).await.status, 200);
    let find = || async {
        grantor::store::ClientStore::find(&world.store, &client_id("demo")).await.unwrap().unwrap()
    };
    let narrower = find().await;
    let record = narrower.record().to_builder().scope(scope("read")).build().unwrap();
    let _ = ClientRegistry::update(&world.store, narrower.revision(), &record).await.unwrap();
    assert_eq!(send(&server, grant("demo", &secret, &[])).await.json()["scope"], "read");
    let disabled = find().await;
    let record = disabled.record().to_builder().enabled(false).build().unwrap();
    let _ = ClientRegistry::update(&world.store, disabled.revision(), &record).await.unwrap();
    refused(&send(&server, grant("demo", &secret, &[])).await, 401, "invalid_client");
    let _ = ClientRegistry::delete(&world.store, &client_id("demo")).await.unwrap();
    refused(&send(&server, grant("demo", &secret, &[])).await, 401, "invalid_client");
    assert_eq!(world.events.reason(), Reason::ClientUnknown);
}
