//! Attacks on the claims and the form of client assertions, by their number in the threat record.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use grantor::event::Reason;
use serde_json::{Value, json};
use support::*;

const HEADER: &str = r#"{"alg":"ES256"}"#;

#[tokio::test]
async fn t01_audience_injection() {
    let world = World::new();
    let (server, key) = world.demo().await;
    for aud in [
        "https://auth.example.com/oauth2/token",
        "https://auth.example.com/oauth2/introspect",
        "https://auth.example.com/oauth2/revoke",
        "https://auth.example.com/oauth2/register",
        "https://auth.example.com/.well-known/oauth-authorization-server",
        "https://auth.example.com/",
        "https://auth.example.com:443",
        "https://auth.example.com#",
        "https://auth.example.com?",
        "https://AUTH.example.com",
        "HTTPS://auth.example.com",
        "http://auth.example.com",
        "auth.example.com",
        "https://auth.example.com.",
        "https://auth.example.com.evil.example",
        "https://evil.example/https://auth.example.com",
        "https://user@auth.example.com",
        " https://auth.example.com",
        "https://auth.example.com ",
        "https://auth.example.com\u{0}",
        "https://auth.example.co",
        "demo",
        API,
        "",
    ] {
        let assertion = Assertion::of("demo").claim("aud", aud).sign(&key);
        assert_eq!(rejected(&world, &server, &assertion).await, Reason::JwtAudience, "{aud:?}");
    }
}

#[tokio::test]
async fn t02_the_issuer_among_others() {
    let world = World::new();
    let (server, key) = world.demo().await;
    for aud in [
        json!([ISSUER, "https://evil.example"]),
        json!(["https://evil.example", ISSUER]),
        json!([ISSUER, ISSUER]),
        json!([ISSUER, ""]),
        json!([]),
    ] {
        let assertion = Assertion::of("demo").claim("aud", aud.clone()).sign(&key);
        assert_eq!(rejected(&world, &server, &assertion).await, Reason::JwtAudience, "{aud}");
    }
    for aud in [json!([ISSUER, null]), json!([[ISSUER]]), json!([null]), json!([7])] {
        let assertion = Assertion::of("demo").claim("aud", aud.clone()).sign(&key);
        assert_eq!(rejected(&world, &server, &assertion).await, Reason::JwtClaimType, "{aud}");
    }
    for _ in 0..3 {
        let assertion = Assertion::of("demo").claim("aud", json!([ISSUER])).sign(&key);
        accepted(&server, &assertion, "alone in an array, each time").await;
    }
}

#[tokio::test]
async fn t03_typ_of_another_kind() {
    let world = World::new();
    let (server, key) = world.demo().await;
    for typ in [
        "at+jwt",
        "application/at+jwt",
        "AT+JWT",
        "dpop+jwt",
        "token-introspection+jwt",
        "secevent+jwt",
        "logout+jwt",
        "oauth-authz-req+jwt",
        "statuslist+jwt",
        "client-authentication+jwt+x",
        "x/jwt",
    ] {
        let assertion = Assertion::of("demo").header("typ", typ).sign(&key);
        assert_eq!(rejected(&world, &server, &assertion).await, Reason::JwtType, "{typ}");
    }
    for typ in [json!(7), json!(null), json!(["JWT"]), json!({"typ": "JWT"})] {
        let assertion = Assertion::of("demo").header("typ", typ.clone()).sign(&key);
        assert_eq!(rejected(&world, &server, &assertion).await, Reason::JwtMalformed, "{typ}");
    }
}

#[tokio::test]
async fn t07_a_jti_that_is_none() {
    let world = World::new();
    let (server, key) = world.demo().await;
    for (jti, reason) in [
        (json!(""), Reason::JwtJti),
        (json!("\u{0}"), Reason::JwtJti),
        (json!(7), Reason::JwtClaimType),
        (json!(null), Reason::JwtClaimType),
        (json!(true), Reason::JwtClaimType),
        (json!(["x"]), Reason::JwtClaimType),
        (json!({"x": 1}), Reason::JwtClaimType),
    ] {
        let assertion = Assertion::of("demo").claim("jti", jti.clone()).sign(&key);
        assert_eq!(rejected(&world, &server, &assertion).await, reason, "{jti}");
    }
}

/// Another spelling of a spent assertion is no fresh one; of an unspent one neither.
#[tokio::test]
async fn t08_other_spellings() {
    let world = World::new();
    let (server, key) = world.demo().await;
    let [spent, fresh] = [(); 2].map(|()| Assertion::of("demo").sign(&key));
    accepted(&server, &spent, "first").await;
    for text in [&spent, &fresh] {
        let parts: Vec<_> = text.split('.').collect();
        // 64 bytes leave two bits of the last character free: 0 in the one true spelling.
        let last = text.chars().last().unwrap();
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let value = alphabet.find(last).unwrap();
        let stray = alphabet.chars().nth(value | 1).unwrap();
        let mut spellings: Vec<String> =
            ["=", "==", "\n", " ", "\t", "\r\n", "\u{200b}", "%3D", ".", "+", "/"]
                .into_iter()
                .map(|more| format!("{text}{more}"))
                .collect();
        spellings.extend([
            format!(" {text}"),
            format!("\u{feff}{text}"),
            format!(".{text}"),
            format!("{}{stray}", &text[..text.len() - 1]),
            format!("{}=.{}.{}", parts[0], parts[1], parts[2]),
            format!("{}.{}=.{}", parts[0], parts[1], parts[2]),
            format!("{}.{}\n.{}", parts[0], parts[1], parts[2]),
            format!("{}. {}.{}", parts[0], parts[1], parts[2]),
            text.replace('.', ".."),
            text.replace('.', "%2E"),
            text.replace('.', "\u{3002}"),
            format!("Bearer {text}"),
            format!("\"{text}\""),
        ]);
        for spelling in spellings {
            assert_eq!(rejected(&world, &server, &spelling).await, Reason::JwtMalformed, "{spelling:?}");
        }
    }
    assert_eq!(rejected(&world, &server, &spent).await, Reason::ProofReplayed);
    accepted(&server, &fresh, "unspent").await;
}

#[tokio::test]
async fn t11_far_exp_and_huge_jti() {
    let world = World::new();
    let (server, key) = world.demo().await;
    for ahead in [3611, 86_400, 315_360_000, 7_000_000_000] {
        let assertion = Assertion::of("demo").claim("exp", NOW + ahead).sign(&key);
        assert_eq!(rejected(&world, &server, &assertion).await, Reason::JwtExpiryTooFar, "{ahead}");
    }
    for (bytes, reason) in [(257, Reason::JwtJti), (4096, Reason::JwtJti), (20_000, Reason::JwtTooLarge)] {
        let assertion = Assertion::of("demo").claim("jti", "j".repeat(bytes)).sign(&key);
        assert_eq!(rejected(&world, &server, &assertion).await, reason, "{bytes}");
    }
    let assertion = Assertion::of("demo").claim("jti", "j".repeat(64 * 1024)).sign(&key);
    refused(&present(&server, &assertion).await, 413, "invalid_request");
}

#[tokio::test]
async fn t24_json_serialization() {
    let world = World::new();
    let (server, key) = world.demo().await;
    let good = Assertion::of("demo").sign(&key);
    let parts: Vec<_> = good.split('.').collect();
    let signature = json!({"protected": parts[0], "signature": parts[2]});
    let flattened = json!({"payload": parts[1], "protected": parts[0], "signature": parts[2]});
    let unprotected = json!({"payload": parts[1], "header": {"alg": "ES256"}, "protected": parts[0], "signature": parts[2]});
    let general = json!({"payload": parts[1], "signatures": [signature]});
    // Compact for one parser, JSON for another (RFC 8725bis, format confusion).
    let polyglot = json!({"payload": good, "x": good});
    for form in [flattened, unprotected, general, polyglot, json!([good]), json!(good)] {
        assert_eq!(rejected(&world, &server, &form.to_string()).await, Reason::JwtMalformed, "{form}");
        let encoded = BASE64URL_NOPAD.encode(form.to_string().as_bytes());
        assert_eq!(rejected(&world, &server, &encoded).await, Reason::JwtMalformed, "{form}");
    }
    accepted(&server, &good, "unspent").await;
}

#[tokio::test]
async fn t25_a_member_twice() {
    let world = World::new();
    let (server, key) = world.demo().await;
    world.key_client("victim", &[&Signing::es256()]).await;
    let payload = Assertion::of("demo").payload();
    for (header, payload) in [
        (r#"{"alg":"none","alg":"ES256"}"#, payload.clone()),
        (r#"{"alg":"ES256","alg":"none"}"#, payload.clone()),
        (r#"{"alg":"ES256","alg":"ES256"}"#, payload.clone()),
        (r#"{"\u0061lg":"none","alg":"ES256"}"#, payload.clone()),
        (r#"{"alg":"ES256","kid":"a","kid":"b"}"#, payload.clone()),
        (r#"{"alg":"ES256","x":{"y":1,"y":1}}"#, payload.clone()),
        (HEADER, payload.replacen('{', r#"{"sub":"victim","#, 1)),
        (HEADER, payload.replacen('}', r#","sub":"victim"}"#, 1)),
        (HEADER, payload.replacen('{', r#"{"iss":"victim","sub":"victim","#, 1)),
        (HEADER, payload.replacen('{', r#"{"\u0073ub":"victim","#, 1)),
        (HEADER, payload.replacen('{', r#"{"jti":"another","#, 1)),
        (HEADER, payload.replacen('{', r#"{"x":[{"y":1,"y":1}],"#, 1)),
    ] {
        let assertion = key.sign_raw(header, &payload);
        assert_eq!(rejected(&world, &server, &assertion).await, Reason::JwtMalformed, "{header} {payload}");
    }
    accepted(&server, &key.sign_raw(HEADER, &payload), "unspent").await;
}

#[tokio::test]
async fn t26_numeric_date_overflow() {
    let world = World::new();
    let (server, key) = world.demo().await;
    for name in ["exp", "nbf", "iat"] {
        for bad in [
            "1e308",
            "-1e308",
            "1e19",
            "1e22",
            "18446744073709551615",
            "18446744073709551616",
            "9223372036854775807",
            "9223372036854775808",
            "-9223372036854775808",
            "1000000000000000000000000000000",
            "253402300800",
            "-1",
            "-0.1",
            "-1e-300",
        ] {
            let payload = Assertion::of("demo").claim(name, "#").payload().replace("\"#\"", bad);
            let assertion = key.sign_raw(HEADER, payload);
            assert_eq!(rejected(&world, &server, &assertion).await, Reason::JwtClaimType, "{name} {bad}");
        }
        for bad in ["1e999", "-1e999", "NaN", "Infinity", "0x7fffffff", "01", "+1", "1.", ".5"] {
            let payload = Assertion::of("demo").claim(name, "#").payload().replace("\"#\"", bad);
            let assertion = key.sign_raw(HEADER, payload);
            assert_eq!(rejected(&world, &server, &assertion).await, Reason::JwtMalformed, "{name} {bad}");
        }
    }
    let exponent = Assertion::of("demo").claim("exp", "#").payload().replace("\"#\"", "180000006e1");
    accepted(&server, &key.sign_raw(HEADER, exponent), "a number is a number").await;
}

#[tokio::test]
async fn t27_a_claim_of_a_wrong_type_is_not_an_absent_one() {
    let world = World::new();
    let (server, key) = world.demo().await;
    let wrong: [(&[&str], Vec<Value>); 3] = [
        (
            &["exp", "nbf", "iat"],
            vec![json!("4102444800"), json!("x"), json!(null), json!([NOW + 60]), json!({}), json!(true)],
        ),
        (&["iss", "sub", "jti"], vec![json!(7), json!(null), json!(["demo"]), json!({}), json!(false)]),
        (&["aud"], vec![json!(7), json!(null), json!({"aud": ISSUER}), json!(true)]),
    ];
    for (names, values) in wrong {
        for (name, value) in names.iter().flat_map(|name| values.iter().map(move |value| (*name, value))) {
            let assertion = Assertion::of("demo").claim(name, value.clone()).sign(&key);
            assert_eq!(rejected(&world, &server, &assertion).await, Reason::JwtClaimType, "{name} {value}");
        }
    }
}

#[tokio::test]
async fn t28_missing_claims() {
    let world = World::new();
    let (server, key) = world.demo().await;
    for name in ["iss", "sub", "aud", "exp", "jti"] {
        rejected(&world, &server, &Assertion::of("demo").without(name).sign(&key)).await;
    }
    assert_eq!(rejected(&world, &server, &key.sign_raw(HEADER, "{}")).await, Reason::JwtSubject);
    assert_eq!(world.events.count(&Kind::Issued), 0);
}

/// Row 124: tokens of this server and of other kinds are no assertions, and an assertion is no credential elsewhere.
#[tokio::test]
async fn t29_cross_jwt_confusion() {
    let world = World::new();
    let (server, key) = world.demo().await;
    let own = present(&server, &Assertion::of("demo").sign(&key)).await.access_token();
    assert_eq!(decode(&own).header["typ"], "at+jwt");
    assert_eq!(rejected(&world, &server, &own).await, Reason::JwtType, "an access token");
    // The server's own key as a client's: the typ still tells the kinds apart.
    let published = jwks(&server).await[0].to_string();
    let server_key = grantor::PublicKey::from_jwk(&published).unwrap();
    let held = grantor::store::Credential::key(server_key).unwrap();
    world.jwt_client("mirror", |client| client.credential(held)).await;
    let mirrored = present(&server, &Assertion::of("demo").sign(&key)).await.access_token();
    assert_eq!(rejected(&world, &server, &mirrored).await, Reason::JwtType);
    for typ in ["dpop+jwt", "token-introspection+jwt"] {
        let other = Assertion::of("demo").header("typ", typ).sign(&key);
        assert_eq!(rejected(&world, &server, &other).await, Reason::JwtType, "{typ}");
    }
    // An assertion in the place of a secret, of a bearer token, of a grant.
    let assertion = Assertion::of("demo").sign(&key);
    refused(&send(&server, grant("demo", &assertion, &[])).await, 401, "invalid_client");
    refused(&send(&server, grant_post("demo", &assertion, &[])).await, 401, "invalid_client");
    let bearer = post(&[("grant_type", "client_credentials")]);
    let bearer = bearer.header("authorization", format!("Bearer {assertion}"));
    refused(&send(&server, bearer).await, 401, "invalid_client");
    // One that says what it is for is no grant.
    let typed = Assertion::of("demo").header("typ", "client-authentication+jwt").sign(&key);
    refused(&bring(&server, &typed).await, 400, "invalid_grant");
    assert_eq!(world.events.reason(), Reason::JwtType);
    accepted(&server, &typed, "it authenticates").await;
    accepted(&server, &assertion, "none of that has spent it").await;
    // One that does not is either, and once (the client is registered for that grant).
    let assertion = Assertion::of("demo").sign(&key);
    granted(&server, &assertion, "as a grant").await;
    assert_eq!(rejected(&world, &server, &assertion).await, Reason::ProofReplayed);
}

/// Rows 114, 117 and 125: five parts are told apart by their number and never decrypted or inflated.
#[tokio::test]
async fn t30_t31_t32_a_jwe_is_never_opened() {
    let world = World::new();
    let (server, key) = world.demo().await;
    world.mac_client("mac", "HS256").await;
    let encode = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
    let part = encode(&[7; 32]);
    let payload = encode(Assertion::of("demo").payload().as_bytes());
    for header in [
        r#"{"alg":"dir","enc":"A128CBC-HS256"}"#,
        r#"{"alg":"RSA-OAEP","enc":"A256GCM"}"#,
        r#"{"alg":"PBES2-HS256+A128KW","enc":"A128GCM","p2c":2147483647,"p2s":"AAAAAAAAAAAAAAAA"}"#,
        r#"{"alg":"dir","enc":"A256GCM","zip":"DEF"}"#,
        r#"{"alg":"ES256"}"#,
    ] {
        let header = encode(header.as_bytes());
        for jwe in [
            format!("{header}.{part}.{part}.{payload}.{part}"),
            format!("{header}..{part}.{payload}.{part}"),
            format!("{header}...."),
            format!("{header}.{}.{part}", "A".repeat(15_000)),
            format!("{header}.{part}.{part}.{}.{part}", "A".repeat(15_000)),
        ] {
            let began = stopwatch();
            let reason = rejected(&world, &server, &jwe).await;
            assert!(matches!(reason, Reason::JwtMalformed | Reason::JwtAlgorithm), "{reason:?} {jwe}");
            assert!(began.elapsed() < Duration::from_millis(100), "{:?}", began.elapsed());
        }
    }
    // A header of JWE over three parts that are signed well: `p2c` and `zip` mean nothing.
    for (key, id) in [(&key, "demo"), (&Signing::new("HS256"), "mac")] {
        let assertion =
            Assertion::of(id).header("zip", "DEF").header("p2c", 2_147_483_647).header("enc", "A128GCM");
        accepted(&server, &assertion.sign(key), id).await;
        let assertion = Assertion::of(id).header("alg", "PBES2-HS256+A128KW").sign(key);
        assert_eq!(rejected(&world, &server, &assertion).await, Reason::JwtAlgorithm);
    }
}

#[tokio::test]
async fn t33_oversized_and_deeply_nested() {
    let world = World::new();
    let (server, key) = world.demo().await;
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let with = |depth: usize| {
        let payload = Assertion::of("demo").claim("x", "#").payload();
        key.sign_raw(HEADER, payload.replace("\"#\"", &nested(depth)))
    };
    accepted(&server, &with(10), "ten deep").await;
    for depth in [16, 200, 5000] {
        assert_eq!(rejected(&world, &server, &with(depth)).await, Reason::JwtMalformed, "{depth}");
    }
    let began = stopwatch();
    let deep_header = key.sign_raw(format!(r#"{{"alg":"ES256","x":{}}}"#, nested(5000)), "{}");
    assert_eq!(rejected(&world, &server, &deep_header).await, Reason::JwtMalformed);
    refused(&present(&server, &with(100_000)).await, 413, "invalid_request");
    for bytes in [16 * 1024, 40 * 1024] {
        let assertion = Assertion::of("demo").claim("x", "x".repeat(bytes)).sign(&key);
        assert_eq!(rejected(&world, &server, &assertion).await, Reason::JwtTooLarge, "{bytes}");
    }
    let assertion = Assertion::of("demo").claim("x", "x".repeat(1 << 20)).sign(&key);
    refused(&present(&server, &assertion).await, 413, "invalid_request");
    let many: String = (0..1500).map(|n| format!(r#","m{n}":0"#)).collect();
    let many = Assertion::of("demo").payload().replacen('}', &format!("{many}}}"), 1);
    let answer = present(&server, &key.sign_raw(HEADER, many)).await;
    assert!(matches!(answer.status, 200 | 401), "{}", answer.status);
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
}

/// Exactly one method in a request, and what did not authenticate is not looked at.
#[tokio::test]
async fn t38_an_assertion_beside_a_secret() {
    let world = World::new();
    let (server, key) = world.demo().await;
    let secret = world.client("basic").await;
    let good = Assertion::of("demo").sign(&key);
    let unsigned = key.sign_raw(r#"{"alg":"none"}"#, Assertion::of("basic").payload());
    for assertion in ["junk", good.as_str(), unsigned.as_str(), "."] {
        for pairs in [
            vec![("client_assertion_type", ASSERTION_TYPE), ("client_assertion", assertion)],
            vec![("client_assertion", assertion)],
            vec![("client_assertion_type", ASSERTION_TYPE)],
        ] {
            for request in [grant("basic", &secret, &pairs), grant_post("basic", &secret, &pairs)] {
                refused(&send(&server, request).await, 400, "invalid_request");
                assert_eq!(world.events.reason(), Reason::SeveralMethods);
            }
        }
    }
    accepted(&server, &good, "unspent").await;
}
