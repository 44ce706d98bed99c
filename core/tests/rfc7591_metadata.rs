//! RFC 7591 §2: what a client says about itself, member by member.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use std::collections::BTreeSet;

use grantor::Resource;
use grantor::event::Reason;
use grantor::store::{AuthMethod, GrantType};
use serde_json::{Value, json};
use support::*;

/// Row 151: of whatever type, and nothing of it comes back.
#[tokio::test]
async fn s2_unknown_metadata_is_ignored() {
    let world = World::new();
    let server = world.registering().await;
    let unknown = json!({
        "redirect_uris": ["https://client.example.org/callback"], "application_type": "web",
        "subject_type": "pairwise", "id_token_signed_response_alg": "RS256",
        "post_logout_redirect_uris": [], "require_auth_time": true, "default_max_age": 3600,
        "example_extension_parameter": "example_value", "example#fr": 1, "": "", "__proto__": { "x": [] },
        "CLIENT_NAME": "no", "client_name ": 7, "deep": { "deep": { "deep": [[[{}]]] } },
    });
    let plain = registered(&server, &json!({})).await;
    let client = registered(&server, &unknown).await;
    let names = |client: &Registered| -> BTreeSet<String> {
        client.said.as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(names(&client), names(&plain));
    assert!(!world.record(&client.id).await.unwrap().to_document().unwrap().contains("example"));
    for odd in [json!(7), json!(true), json!({}), json!("x"), json!([1]), json!(1.5), Value::Null] {
        for name in
            ["redirect_uris", "application_type", "request_uris", "backchannel_logout_uri", "dpop_bound_x"]
        {
            let mut metadata = json!({});
            metadata[name] = odd.clone();
            assert_eq!(names(&registered(&server, &metadata).await), names(&plain), "{name}: {odd}");
        }
    }
    // Row 162: no redirection URI is ever the reason for a refusal.
    registered(&server, &json!({ "redirect_uris": ["javascript:alert(1)", "http://sketchy.example.com"] }))
        .await;
}

/// Every member that is known, null, and the same left out: one answer.
#[tokio::test]
async fn s2_null_counts_as_left_out() {
    let world = World::new();
    let server = world.registering().await;
    let mut metadata = json!({ "client_name#fr": null });
    for name in KNOWN {
        metadata[name] = Value::Null;
    }
    let (nulls, none) =
        (registered(&server, &metadata).await.said, registered(&server, &json!({})).await.said);
    for (name, value) in none.as_object().unwrap() {
        let own = ["client_id", "client_secret", "registration_access_token", "registration_client_uri"];
        assert!(own.contains(&name.as_str()) || nulls[name] == *value, "{name}: {nulls}");
    }
    assert_eq!(nulls.as_object().unwrap().len(), none.as_object().unwrap().len());
}

const KNOWN: [&str; 16] = [
    "token_endpoint_auth_method",
    "token_endpoint_auth_signing_alg",
    "grant_types",
    "response_types",
    "scope",
    "client_name",
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
];

/// The type of a member that is known is held (row 162, T84).
#[tokio::test]
async fn s2_a_known_member_of_another_type_is_refused() {
    let world = World::new();
    let server = world.registering().await;
    let usage = world.store.usage();
    for name in KNOWN {
        let wrong = match name {
            "grant_types" | "response_types" | "contacts" => {
                vec![
                    json!("x"),
                    json!(1),
                    json!({}),
                    json!([1]),
                    json!([null]),
                    json!([["x"]]),
                    json!(["x", 1]),
                ]
            }
            "jwks" => vec![json!("{\"keys\":[]}"), json!(1), json!([]), json!([{}]), json!(true)],
            _ => vec![json!(1), json!(true), json!([]), json!(["x"]), json!({}), json!(1.5)],
        };
        for value in wrong {
            let mut metadata = metadata();
            metadata[name] = value.clone();
            let answer = register(&server, &metadata).await;
            match name {
                "software_statement" => assert_eq!(answer.status, 400, "{value}"),
                _ => drop(bad_metadata(&answer, format!("{name}: {value}"))),
            }
        }
    }
    assert_eq!(world.store.usage(), usage);
}

/// The document itself: one JSON object, no member twice, neither deep nor endless.
#[tokio::test]
async fn s3_1_the_body_is_one_json_object() {
    let world = World::new();
    let server = world.registering().await;
    let many = |count: usize| {
        let members: Vec<_> = (0..count).map(|n| format!("\"x{n}\":{n}")).collect();
        format!("{{{}}}", members.join(","))
    };
    let deep = format!("{{\"x\":{}1{}}}", "[".repeat(500), "]".repeat(500));
    for bad in [
        "",
        " ",
        "null",
        "[]",
        "\"x\"",
        "1",
        "{",
        "{}{}",
        "{} x",
        "{\"a\":1,}",
        "{'a':1}",
        "{\"a\":}",
        "\u{feff}{}",
        r#"{"client_name":"a","client_name":"b"}"#,
        r#"{"x":1,"x":1}"#,
        r#"{"x":{"y":1,"y":2}}"#,
        r#"{"client_name":"a","client\u005fname":"b"}"#,
        r#"{"client_name":"\ud800"}"#,
        r#"{"x":NaN}"#,
        "client_name=Billing",
        &deep,
        &many(101),
    ] {
        bad_metadata(&ask(&server, registration_of(INITIAL, bad)).await, bad);
    }
    bad_metadata(
        &ask(&server, registration_of(INITIAL, b"{\"client_name\":\"\xff\"}".as_slice())).await,
        "no UTF-8",
    );
    assert_eq!(ask(&server, registration_of(INITIAL, many(100))).await.status, 201);
    assert_eq!(ask(&server, registration_of(INITIAL, " {} \r\n")).await.status, 201);
    refused(&ask(&server, registration_of(INITIAL, "{}").incomplete_body()).await, 400, "invalid_request");
    let large = json!({ "x": "x".repeat(64 * 1024) }).to_string();
    refused(&ask(&server, registration_of(INITIAL, large)).await, 413, "invalid_request");
}

#[tokio::test]
async fn s2_token_endpoint_auth_method_is_one_that_registration_is_open_to() {
    let world = World::new();
    let server = world.registering().await;
    assert_eq!(
        registered(&server, &json!({})).await.said["token_endpoint_auth_method"],
        "client_secret_basic"
    );
    for method in [
        "none",
        "workload_jwt",
        "tls_client_auth",
        "self_signed_tls_client_auth",
        "Client_Secret_Basic",
        "x",
        "",
    ] {
        bad_metadata(&register(&server, &json!({ "token_endpoint_auth_method": method })).await, method);
    }
    let keys_alone = registration().auth_methods([AuthMethod::PRIVATE_KEY_JWT]);
    let server = world.builder().registration(keys_alone).build().await.unwrap();
    for closed in ["client_secret_basic", "client_secret_post", "client_secret_jwt"] {
        bad_metadata(&register(&server, &json!({ "token_endpoint_auth_method": closed })).await, closed);
    }
    bad_metadata(&register(&server, &json!({})).await, "the default is closed too");
    let key = Signing::es256();
    let keys = json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [key.jwk] } });
    registered(&server, &keys).await;
}

/// The registered method and no other authenticates.
#[tokio::test]
async fn s2_token_endpoint_auth_method_is_held() {
    let world = World::new();
    let server = world.registering().await;
    let by = async |method: &str| registered(&server, &json!({ "token_endpoint_auth_method": method })).await;
    let client = by("client_secret_post").await;
    refused(&send(&server, grant(&client.id, client.secret(), &[])).await, 401, "invalid_client");
    let client = by("client_secret_jwt").await;
    refused(&send(&server, grant(&client.id, client.secret(), &[])).await, 401, "invalid_client");
    refused(&send(&server, grant_post(&client.id, client.secret(), &[])).await, 401, "invalid_client");
    let client = by("client_secret_basic").await;
    refused(&send(&server, grant_post(&client.id, client.secret(), &[])).await, 401, "invalid_client");
    let key = Signing::secret("HS256", client.secret().as_bytes());
    refused(&client.asks_by(&server, &key).await, 401, "invalid_client");
}

#[tokio::test]
async fn s2_token_endpoint_auth_signing_alg_fits_the_method_and_is_held() {
    let world = World::new();
    let server = world.registering().await;
    let with = |method: &str, alg: &str| json!({ "token_endpoint_auth_method": method, "token_endpoint_auth_signing_alg": alg });
    for alg in ["HS256", "HS384", "HS512"] {
        let client = registered(&server, &with("client_secret_jwt", alg)).await;
        assert_eq!(client.said["token_endpoint_auth_signing_alg"], alg);
        for used in ["HS256", "HS384", "HS512"] {
            let key = Signing::secret(used, client.secret().as_bytes());
            let status = client.asks_by(&server, &key).await.status;
            assert_eq!(status, if used == alg { 200 } else { 401 }, "{used} for {alg}");
        }
    }
    for alg in ["none", "ES256", "RS256", "hs256", "HS1", "", "A128KW"] {
        bad_metadata(&register(&server, &with("client_secret_jwt", alg)).await, alg);
    }
    // Two keys, one algorithm.
    let (one, two) = (Signing::new("ES256"), Signing::new("ES384"));
    let keys = json!({ "jwks": { "keys": [one.jwk, two.jwk] } });
    let client = registered(&server, &merged(&keys, &with("private_key_jwt", "ES384"))).await;
    assert_eq!(client.asks_by(&server, &two).await.status, 200);
    refused(&client.asks_by(&server, &one).await, 401, "invalid_client");
    let client =
        registered(&server, &merged(&keys, &json!({ "token_endpoint_auth_method": "private_key_jwt" })))
            .await;
    for key in [&one, &two] {
        assert_eq!(client.asks_by(&server, key).await.status, 200, "{}", key.alg);
    }
    for alg in ["none", "HS256", "es256", "RSA-OAEP", ""] {
        bad_metadata(&register(&server, &merged(&keys, &with("private_key_jwt", alg))).await, alg);
    }
    // For a secret there is nothing that it could mean.
    for method in ["client_secret_basic", "client_secret_post"] {
        let client = registered(&server, &with(method, "RS256")).await;
        assert!(client.said.get("token_endpoint_auth_signing_alg").is_none(), "{}", client.said);
        assert_eq!(client.asks(&server).await.status, 200);
    }
}

/// Row 153, the one half: what is not for machines is dropped, and told by what is left.
#[tokio::test]
async fn s2_grant_types_that_are_not_offered_are_dropped_unless_there_is_no_other() {
    let world = World::new();
    // jwt-bearer is not open unless the host says so: with it come all trusted issuers that name no clients.
    let closed = world.registering().await;
    bad_metadata(&register(&closed, &json!({ "grant_types": [JWT_BEARER] })).await, "not open");
    let both = json!({ "grant_types": [JWT_BEARER, "client_credentials"] });
    assert_eq!(registered(&closed, &both).await.said["grant_types"], json!(["client_credentials"]));
    let open = registration().grant_types([GrantType::CLIENT_CREDENTIALS, GrantType::JWT_BEARER]);
    let server = world.builder().registration(open).build().await.unwrap();
    let both = ["client_credentials", JWT_BEARER];
    for (sent, kept) in [
        (json!([]), vec!["client_credentials"]),
        (json!(["client_credentials"]), vec!["client_credentials"]),
        (json!(["authorization_code", "client_credentials", "refresh_token"]), vec!["client_credentials"]),
        (json!([JWT_BEARER]), vec![JWT_BEARER]),
        (json!([JWT_BEARER, "client_credentials", "implicit"]), both.to_vec()),
        (json!(["client_credentials", "client_credentials"]), vec!["client_credentials"]),
    ] {
        let client = registered(&server, &json!({ "grant_types": sent })).await;
        let told: BTreeSet<_> = client.said["grant_types"]
            .as_array()
            .unwrap()
            .iter()
            .map(|grant| grant.as_str().unwrap())
            .collect();
        assert_eq!(told, kept.iter().copied().collect(), "{sent}");
        assert_eq!(client.said["grant_types"].as_array().unwrap().len(), kept.len(), "each once");
        let record = world.record(&client.id).await.unwrap();
        assert_eq!(record.may_use(&GrantType::CLIENT_CREDENTIALS), kept.contains(&"client_credentials"));
        assert_eq!(record.may_use(&GrantType::JWT_BEARER), kept.contains(&JWT_BEARER));
        let status = client.asks(&server).await.status;
        assert_eq!(status, if kept.contains(&"client_credentials") { 200 } else { 400 }, "{sent}");
    }
    for foreign in [
        json!(["authorization_code"]),
        json!(["password", "implicit", "refresh_token"]),
        json!(["urn:ietf:params:oauth:grant-type:saml2-bearer"]),
        json!(["CLIENT_CREDENTIALS"]),
        json!([""]),
    ] {
        bad_metadata(&register(&server, &json!({ "grant_types": foreign })).await, foreign);
    }
}

/// Row 153: no grant here has a response type, so none is registered, whatever was asked for.
#[tokio::test]
async fn s2_1_response_types_cannot_be_inconsistent() {
    let world = World::new();
    let server = world.registering().await;
    for sent in [json!([]), json!(["code"]), json!(["code", "token", "id_token token"]), Value::Null] {
        let asked =
            json!({ "response_types": sent, "grant_types": ["authorization_code", "client_credentials"] });
        let client = registered(&server, &asked).await;
        assert_eq!(client.said["response_types"], json!([]), "{sent}");
        assert_eq!(client.said["grant_types"], json!(["client_credentials"]));
    }
    // Alone they say that the client is not a machine, and the grant is the one refused.
    let browser = json!({ "response_types": ["code"], "grant_types": ["authorization_code"] });
    bad_metadata(&register(&server, &browser).await, "a browser's client");
}

#[tokio::test]
async fn s2_scope_is_within_what_registration_is_open_to() {
    let world = World::new();
    let books = Resource::new("https://books.example.com").scopes(["borrow"]);
    let open = registration().scope(["read", "borrow"]);
    let server = world.builder().resource(books).registration(open).build().await.unwrap();
    let scope_of = async |sent: Value| {
        let client = registered(&server, &json!({ "scope": sent })).await;
        let mut told: Vec<_> = client.said["scope"].as_str().unwrap().split(' ').map(str::to_owned).collect();
        told.sort_unstable();
        (told.join(" "), client)
    };
    assert_eq!(scope_of(Value::Null).await.0, "borrow read", "left out: all of it");
    assert_eq!(scope_of(json!("read")).await.0, "read");
    assert_eq!(scope_of(json!("read borrow read")).await.0, "borrow read");
    let (told, client) = scope_of(json!("")).await;
    assert_eq!(told, "", "none is none");
    let text = |name: &str| client.said[name].as_str().unwrap().to_owned();
    let asked = grant(&text("client_id"), &text("client_secret"), &[("resource", API)]);
    refused(&send(&server, asked).await, 400, "invalid_scope");
    for wide in ["write", "read write", "unknown", "READ", "admin", "read borrow audit"] {
        bad_metadata(&register(&server, &json!({ "scope": wide })).await, wide);
    }
    for malformed in ["read\"", "read\\", "r\u{e9}ad", "read\twrite", "read\n"] {
        bad_metadata(&register(&server, &json!({ "scope": malformed })).await, malformed);
    }
    // RFC 6749 §3.3: and it is held at the token endpoint.
    let (_, client) = scope_of(json!("read")).await;
    let token = issued(&server, &client.id, client.secret(), &[("scope", "read")]).await;
    assert_eq!(token.text("scope"), "read");
    let more = grant(&client.id, client.secret(), &[("scope", "borrow")]);
    refused(&send(&server, more).await, 400, "invalid_scope");
    assert_eq!(world.events.reason(), Reason::ScopeNotRegistered);
}

/// The bounds of what is only shown to people.
#[tokio::test]
async fn s2_texts_for_people_have_bounds() {
    let world = World::new();
    let server = world.registering().await;
    let long = |length: usize| "n".repeat(length);
    let url = |length: usize| format!("https://x.example/{}", "u".repeat(length - 18));
    let lines: Vec<Value> =
        ["a\nb", "a\rb", "a\0b", "\u{1b}[2J", "a\u{7f}", "\u{85}"].map(Value::from).to_vec();
    for name in ["client_name", "software_id", "software_version"] {
        let fine = registered(&server, &json!({ name: long(200) })).await;
        assert_eq!(fine.said[name], long(200));
        for bad in [lines.clone(), vec![json!(long(201)), json!("\u{30af}".repeat(67))]].concat() {
            bad_metadata(&register(&server, &json!({ name: bad })).await, format!("{name}: {bad}"));
        }
    }
    for name in ["client_uri", "logo_uri", "tos_uri", "policy_uri"] {
        for fine in ["https://x.example", "http://x.example/a?b=c#d", &url(2048)] {
            assert_eq!(registered(&server, &json!({ name: fine })).await.said[name], fine);
        }
        for bad in [
            "x.example",
            "/relative",
            "ftp://x.example/",
            "javascript:alert(1)",
            "data:text/html,x",
            "https://",
            "http:x",
            "https:///x",
            "mailto:x@y.example",
            "https://x.example/\n",
            "https://x.example/ x",
            "file:///etc/passwd",
            &url(2049),
        ] {
            bad_metadata(&register(&server, &json!({ name: bad })).await, format!("{name}: {bad}"));
        }
    }
    let contacts = |count: usize, length: usize| json!({ "contacts": vec![long(length); count] });
    assert_eq!(registered(&server, &contacts(20, 320)).await.said["contacts"], contacts(20, 320)["contacts"]);
    for bad in [contacts(21, 5), contacts(1, 321), json!({ "contacts": ["a\nb"] })] {
        bad_metadata(&register(&server, &bad).await, bad);
    }
}

/// §2.2: names and pages in other languages are kept as they came.
#[tokio::test]
async fn s2_2_names_in_other_languages_are_kept() {
    let world = World::new();
    let server = world.registering().await;
    let sent = json!({
        "client_name": "My Client", "client_name#en": "My Client",
        "client_name#ja-Jpan-JP": "\u{30af}\u{30e9}\u{30a4}\u{30a2}\u{30f3}\u{30c8}\u{540d}",
        "tos_uri#fr": "https://x.example/fr", "policy_uri#de-CH-1996": "https://x.example/de",
        "logo_uri#fr": "https://x.example/logo.fr", "client_uri#zh-Hant": "https://x.example/zh",
    });
    let client = registered(&server, &sent).await;
    for (name, value) in sent.as_object().unwrap() {
        assert_eq!(client.said[name], *value, "{name}");
    }
    assert_eq!(client.read(&server).await.json()["client_name#ja-Jpan-JP"], sent["client_name#ja-Jpan-JP"]);
    for bad in [
        json!({ "client_name#fr": 7 }),
        json!({ "client_name#fr": "n".repeat(201) }),
        json!({ "client_name#fr": "a\nb" }),
        json!({ "logo_uri#fr": "javascript:alert(1)" }),
        json!({ "tos_uri#fr": ["https://x.example"] }),
    ] {
        bad_metadata(&register(&server, &bad).await, &bad);
    }
    // Tags compare without case: never two of one language.
    let twice = register(&server, &json!({ "client_name#fr": "un", "client_name#FR": "deux" })).await;
    if twice.status == 201 {
        let kept = twice.json().as_object().unwrap().keys().filter(|name| name.contains('#')).count();
        assert_eq!(kept, 1, "{}", twice.text());
    }
    let many = |count: usize| -> Value {
        let names = (0..count).map(|n| (format!("client_name#x-{n}"), json!("x")));
        Value::Object(names.collect())
    };
    registered(&server, &many(50)).await;
    bad_metadata(&register(&server, &many(51)).await, "more than fifty");
}
