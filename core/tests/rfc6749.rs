//! RFC 6749: client authentication, requests and answers of the token endpoint.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use grantor::event::{ErrorCode, Reason};
use grantor::http::{Request, Transport};
use grantor::store::{AuthMethod, GrantType};
use grantor::{ClientSecret, Resource};
use support::*;

#[tokio::test]
async fn s2_2_a_client_id_alone_never_authenticates() {
    let world = World::new();
    let server = world.server().await;
    world.client("demo").await;
    let only_id = [("grant_type", "client_credentials"), ("client_id", "demo")];
    refused(&send(&server, post(&only_id)).await, 401, "invalid_client");
    assert_eq!(world.events.reason(), Reason::CredentialsMissing);
    for pair in ["demo:", "demo"] {
        let request = post(&[("grant_type", "client_credentials")]).header("authorization", basic_raw(pair));
        refused(&send(&server, request).await, 401, "invalid_client");
    }
}

#[tokio::test]
async fn s2_3_more_than_one_method_is_refused() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("demo").await;
    let jwt = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let assertion = [("client_assertion_type", jwt), ("client_assertion", "a.b.c")];
    for request in [
        grant("demo", &secret, &[("client_secret", &secret)]),
        grant("demo", &secret, &[("client_id", "demo"), ("client_secret", &secret)]),
        grant("demo", &secret, &assertion),
        grant("demo", &secret, &assertion[..1]),
        grant_post("demo", &secret, &assertion),
        grant_post("demo", &secret, &assertion[1..]),
        grant_post("demo", &secret, &[]).header("authorization", "Bearer x"),
    ] {
        refused(&send(&server, request).await, 400, "invalid_request");
        assert_eq!(world.events.reason(), Reason::SeveralMethods);
    }
}

#[tokio::test]
async fn s2_3_1_basic_and_body_are_taken_from_clients_registered_for_them() {
    let world = World::new();
    let server = world.server().await;
    let by_basic = world.client("by-basic").await;
    let by_post =
        world.client_with("by-post", |client| client.auth_method(AuthMethod::CLIENT_SECRET_POST)).await;
    assert_eq!(send(&server, grant("by-basic", &by_basic, &[])).await.status, 200);
    assert_eq!(send(&server, grant("by-basic", &by_basic, &[("client_id", "by-basic")])).await.status, 200);
    assert_eq!(send(&server, grant_post("by-post", &by_post, &[])).await.status, 200);
}

#[tokio::test]
async fn s2_3_1_every_character_may_be_percent_encoded_in_basic() {
    let world = World::new();
    let server = world.server().await;
    let id: String = (0x20..0x7f_u8).map(char::from).collect();
    let secret = world.client(&id).await;
    let every = |text: &str| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
    let request = post(&[("grant_type", "client_credentials")])
        .header("authorization", basic_raw(format!("{}:{}", every(&id), every(&secret))));
    let answer = send(&server, request).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(decode(&answer.access_token()).text("sub"), id);
    // `+` is a space (appendix B).
    let secret = world.client("a b").await;
    let request = post(&[("grant_type", "client_credentials")])
        .header("authorization", basic_raw(format!("a+b:{secret}")));
    assert_eq!(send(&server, request).await.status, 200);
}

#[tokio::test]
async fn s2_3_1_plain_http_to_an_https_issuer_is_refused() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("demo").await;
    let request = |transport| grant("demo", &secret, &[]).transport(transport);
    refused(&send(&server, request(Transport::Plain)).await, 400, "invalid_request");
    assert_eq!(world.events.reason(), Reason::PlainHttp);
    assert_eq!(send(&server, request(Transport::Tls)).await.status, 200);
    assert_eq!(send(&server, request(Transport::Unknown)).await.status, 200);
}

#[tokio::test]
async fn s3_2_tokens_by_post_only() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("demo").await;
    for method in ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "post", ""] {
        let request = Request::builder(method, "/oauth2/token")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("authorization", basic("demo", &secret))
            .body("grant_type=client_credentials");
        let answer = send(&server, request).await;
        refused(&answer, 405, "invalid_request");
        assert_eq!(answer.header("allow"), Some("POST"), "{method}");
    }
}

#[tokio::test]
async fn s3_2_a_parameter_without_a_value_counts_as_left_out() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("demo").await;
    for body in [
        "grant_type=client_credentials&scope=",
        "grant_type=client_credentials&scope",
        "grant_type=client_credentials&resource=",
        "grant_type=client_credentials&client_secret=&client_assertion=&client_id=",
        "&&grant_type=client_credentials&",
    ] {
        let request = post_raw(body).header("authorization", basic("demo", &secret));
        let answer = send(&server, request).await;
        assert_eq!(answer.status, 200, "{body}: {answer:?}");
        assert_eq!(answer.json()["scope"], "read write");
    }
    for body in ["", "grant_type=", "grant_type", "scope=read"] {
        let request = post_raw(body).header("authorization", basic("demo", &secret));
        refused(&send(&server, request).await, 400, "invalid_request");
        assert_eq!(world.events.reason(), Reason::GrantTypeMissing);
    }
}

#[tokio::test]
async fn s3_2_unknown_parameters_are_ignored() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("demo").await;
    let more = [("audience", "x"), ("GRANT_TYPE", "password"), ("code", "y"), ("", "z")];
    assert_eq!(send(&server, grant("demo", &secret, &more)).await.status, 200);
}

#[tokio::test]
async fn s3_2_no_parameter_more_than_once() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client_with("demo", |client| client.auth_method(AuthMethod::CLIENT_SECRET_POST)).await;
    for name in ["grant_type", "client_id", "client_secret", "scope", "unknown"] {
        let mut pairs = vec![("grant_type", "client_credentials"), ("client_id", "demo")];
        pairs.extend([("client_secret", secret.as_str()), ("scope", "read"), ("unknown", "1")]);
        assert_eq!(send(&server, post(&pairs)).await.status, 200);
        let again = *pairs.iter().find(|(own, _)| *own == name).unwrap();
        pairs.push(again);
        refused(&send(&server, post(&pairs)).await, 400, "invalid_request");
        assert_eq!(world.events.reason(), Reason::FormRepeatedParameter, "{name}");
    }
}

#[tokio::test]
async fn s3_2_1_confidential_clients_authenticate() {
    let world = World::new();
    let server = world.server().await;
    world.client("demo").await;
    let answer = send(&server, post(&[("grant_type", "client_credentials")])).await;
    refused(&answer, 401, "invalid_client");
    let secret_without_id = [("grant_type", "client_credentials"), ("client_secret", "x")];
    refused(&send(&server, post(&secret_without_id)).await, 401, "invalid_client");
    assert_eq!(world.events.reason(), Reason::ClientIdMissing);
}

#[tokio::test]
async fn s4_4_2_nothing_is_issued_or_stored_after_a_refusal() {
    let world = World::new();
    let server = world.server().await;
    world.client("demo").await;
    let other = world.secret("demo").0;
    let before = world.store.usage();
    refused(&send(&server, grant("demo", other.expose(), &[])).await, 401, "invalid_client");
    assert_eq!(world.store.usage(), before);
    assert_eq!(world.events.count(&Kind::Issued), 0);
}

#[tokio::test]
async fn s4_4_3_no_refresh_token_and_no_row() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("demo").await;
    let answer = send(&server, grant("demo", &secret, &[])).await;
    let json = answer.json();
    let mut members: Vec<_> = json.as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(members, ["access_token", "expires_in", "scope", "token_type"]);
    assert_eq!((world.store.usage().tokens, world.store.usage().claims), (0, 0));
}

#[tokio::test]
async fn s5_1_the_answer_is_json_that_nobody_keeps() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("demo").await;
    let answer = send(&server, grant("demo", &secret, &[])).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("pragma"), Some("no-cache"));
    assert_eq!(answer.json()["token_type"], "Bearer");
    assert!(!answer.access_token().is_empty());
}

#[tokio::test]
async fn s5_1_expires_in_is_exp_minus_iat() {
    let world = World::new();
    let server = world
        .bare()
        .resource(Resource::new(API).lifetime(std::time::Duration::from_millis(90_999)))
        .build()
        .await
        .unwrap();
    let secret = world.client("demo").await;
    let answer = send(&server, grant("demo", &secret, &[])).await;
    let token = decode(&answer.access_token());
    assert_eq!(answer.json()["expires_in"], 90);
    assert_eq!(token.number("exp") - token.number("iat"), 90);
    assert_eq!(token.number("iat"), NOW);
    let answer = send(&world.server().await, grant("demo", &secret, &[])).await;
    assert_eq!(answer.json()["expires_in"], 600, "ten minutes by default");
}

#[tokio::test]
async fn s5_2_missing_grant_type_is_invalid_request() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("demo").await;
    let request = post(&[("scope", "read")]).header("authorization", basic("demo", &secret));
    refused(&send(&server, request).await, 400, "invalid_request");
}

#[tokio::test]
async fn s5_2_unknown_grant_is_unsupported_grant_type() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("demo").await;
    for grant_type in [
        "authorization_code",
        "refresh_token",
        "implicit",
        "Client_Credentials",
        "client_credentials ",
        "client_credentials client_credentials",
        "urn:ietf:params:oauth:grant-type:saml2-bearer",
        "URN:ietf:params:oauth:grant-type:jwt-bearer",
        "jwt-bearer",
        "x",
    ] {
        let request = post(&[("grant_type", grant_type)]).header("authorization", basic("demo", &secret));
        refused(&send(&server, request).await, 400, "unsupported_grant_type");
        assert_eq!(world.events.reason(), Reason::GrantTypeUnknown);
    }
}

/// RFC 9700 §2.4.
#[tokio::test]
async fn s5_2_the_password_grant_is_unsupported() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("demo").await;
    let pairs = [("grant_type", "password"), ("username", "u"), ("password", "p")];
    let request = post(&pairs).header("authorization", basic("demo", &secret));
    refused(&send(&server, request).await, 400, "unsupported_grant_type");
}

#[tokio::test]
async fn s5_2_failed_basic_is_401_with_a_basic_challenge() {
    let world = World::new();
    let server = world.server().await;
    world.client("demo").await;
    let wrong = world.secret("demo").0;
    let by_header = send(&server, grant("demo", wrong.expose(), &[])).await;
    refused(&by_header, 401, "invalid_client");
    let challenge = by_header.header("www-authenticate").unwrap();
    assert!(challenge.starts_with("Basic realm=\""), "{challenge}");
    assert_eq!(
        send(&server, grant_post("demo", wrong.expose(), &[])).await,
        by_header,
        "the same after a wrong secret in the body"
    );
}

#[tokio::test]
async fn s5_2_a_scheme_that_is_not_basic_is_invalid_client() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("demo").await;
    for header in ["Bearer abc", "Digest x=y", "Basic", "", "Basic !", "Negotiate"] {
        let request = post(&[("grant_type", "client_credentials")]).header("authorization", header);
        refused(&send(&server, request).await, 401, "invalid_client");
    }
    let header = basic("demo", &secret).replace("Basic", "bASIC");
    let request = post(&[("grant_type", "client_credentials")]).header("authorization", header);
    assert_eq!(send(&server, request).await.status, 200, "RFC 9110 §11.1: the scheme is case-insensitive");
}

#[tokio::test]
async fn s5_2_a_grant_that_is_not_the_clients_is_unauthorized_client() {
    let world = World::new();
    let server = world.server().await;
    for (id, grants) in [("none", vec![]), ("other", vec![GrantType::new("Client_Credentials")])] {
        let secret = world.client_with(id, |client| client.grant_types(grants)).await;
        refused(&send(&server, grant(id, &secret, &[])).await, 400, "unauthorized_client");
        assert_eq!(world.events.reason(), Reason::GrantNotRegistered);
        let wrong = world.secret(id).0;
        let answer = send(&server, grant(id, wrong.expose(), &[])).await;
        refused(&answer, 401, "invalid_client");
    }
}

#[tokio::test]
async fn s5_2_a_disabled_client_is_invalid_client() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client_with("demo", |client| client.enabled(false)).await;
    refused(&send(&server, grant("demo", &secret, &[])).await, 401, "invalid_client");
    assert_eq!(world.events.reason(), Reason::ClientDisabled);
}

#[tokio::test]
async fn s5_2_a_malformed_body_is_invalid_request() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("demo").await;
    for (body, reason) in [
        (b"grant_type=%zz".to_vec(), Reason::FormBadEscape),
        (b"grant_type=client_credentials&x=%4".to_vec(), Reason::FormBadEscape),
        (b"grant_type=client_credentials&x=%00".to_vec(), Reason::FormNul),
        (b"grant_type=client_credentials&x=\0".to_vec(), Reason::FormNul),
    ] {
        let request = post_raw(body).header("authorization", basic("demo", &secret));
        refused(&send(&server, request).await, 400, "invalid_request");
        assert_eq!(world.events.reason(), reason);
    }
    let request = grant("demo", &secret, &[]).incomplete_body();
    refused(&send(&server, request).await, 400, "invalid_request");
    assert_eq!(world.events.reason(), Reason::BodyIncomplete);
}

#[tokio::test]
async fn s5_2_the_event_names_the_code_that_was_told() {
    let world = World::new();
    let server = world.server().await;
    send(&server, post(&[("grant_type", "x")])).await;
    let kind = Kind::Rejected(ErrorCode::UnsupportedGrantType, Reason::GrantTypeUnknown);
    assert_eq!(world.events.last().kind, kind);
}

#[tokio::test]
async fn s7_1_token_type_is_bearer() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("demo").await;
    assert_eq!(send(&server, grant("demo", &secret, &[])).await.json()["token_type"], "Bearer");
}

#[tokio::test]
async fn s10_3_an_altered_token_does_not_verify() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("demo").await;
    let token = send(&server, grant("demo", &secret, &[])).await.access_token();
    let keys = jwks(&server).await;
    assert!(verifies(&keys[0], &token));
    let (header, rest) = token.split_once('.').unwrap();
    let (claims, signature) = rest.split_once('.').unwrap();
    let mut parsed = decode(&token).claims;
    parsed["scope"] = "admin".into();
    let forged = data_encoding::BASE64URL_NOPAD.encode(parsed.to_string().as_bytes());
    assert!(!verifies(&keys[0], &format!("{header}.{forged}.{signature}")));
    assert!(!verifies(&keys[0], &format!("{claims}.{header}.{signature}")));
}

#[tokio::test]
async fn s10_10_secrets_carry_256_bits_and_jtis_128() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("demo").await;
    let parsed = ClientSecret::parse(&secret).unwrap();
    let random = secret.rsplit('_').next().unwrap();
    assert!(random.len() - 7 >= 52, "52 characters of five bits, and a checksum");
    assert!(secret.starts_with(&format!("grantor_{}_", parsed.credential_id())));
    let mut jtis = Vec::new();
    for _ in 0..20 {
        let jti = issued(&server, "demo", &secret, &[]).await.text("jti").to_owned();
        assert!(jti.len() >= 22, "128 bits in base64url");
        assert!(!jtis.contains(&jti));
        jtis.push(jti);
    }
}

#[tokio::test]
async fn appendix_b_forms_are_utf8() {
    let world = World::new();
    let server = world.server().await;
    let secret = world.client("demo").await;
    let body = |tail: &[u8]| [b"grant_type=client_credentials&note=".as_slice(), tail].concat();
    for bad in [b"\xff".as_slice(), b"%ff", b"%c3", b"\xc3("] {
        let request = post_raw(body(bad)).header("authorization", basic("demo", &secret));
        refused(&send(&server, request).await, 400, "invalid_request");
        assert_eq!(world.events.reason(), Reason::FormNotUtf8);
    }
    for good in ["é".as_bytes(), b"%C3%A9", b"%E2%82%AC"] {
        let request = post_raw(body(good)).header("authorization", basic("demo", &secret));
        assert_eq!(send(&server, request).await.status, 200);
    }
}

/// No round trip that is not needed: one read for a secret, one more write for an assertion.
#[tokio::test]
async fn s4_4_a_token_by_a_secret_is_one_read_and_by_an_assertion_one_write_more() {
    let world = World::new();
    let (clients, tokens) = (FakeClients::new(&world.store), FakeTokens::new(&world.store));
    let keys = FakeKeys::new(&world.store);
    let stores = grantor::Stores::new(clients.clone(), keys.clone(), tokens.clone());
    let server = world.over(stores).build().await.unwrap();
    let secret = world.client("demo").await;
    let key = Signing::es256();
    world.key_client("signer", &[&key]).await;
    let loads = keys.loads.load(std::sync::atomic::Ordering::SeqCst);
    assert_eq!(send(&server, grant("demo", &secret, &[])).await.status, 200);
    assert_eq!((clients.take(), tokens.take().len()), (1, 0));
    accepted(&server, &Assertion::of("signer").sign(&key), "by an assertion").await;
    assert_eq!((clients.take(), tokens.take().len()), (1, 1));
    assert_eq!(keys.loads.load(std::sync::atomic::Ordering::SeqCst), loads);
}
