//! RFC 7591: dynamic registration, who may register and what is answered.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use std::collections::BTreeSet;
use std::time::Duration;

use grantor::http::{Request, Transport};
use grantor::store::{AuthMethod, GrantType};
use grantor::{ConfigError, Endpoint, Registration, ResourceUri, Stores};
use serde_json::{Value, json};
use support::*;

/// Row 157 and the whole way: register, and get a token by the method that was registered.
#[tokio::test]
async fn s3_2_1_a_client_registers_and_gets_a_token() {
    let world = World::new();
    let server = world.registering().await;
    for method in ["client_secret_basic", "client_secret_post", "client_secret_jwt"] {
        let client = registered(&server, &json!({ "token_endpoint_auth_method": method })).await;
        assert_eq!(world.events.last().kind, Kind::Changed("created", "registration"));
        assert_eq!(world.events.last().client_id.as_deref(), Some(&*client.id));
        let answer = client.asks(&server).await;
        assert_eq!(answer.status, 200, "{method}: {}", answer.text());
        assert_eq!(verified(&server, &answer.access_token()).await.text("sub"), client.id);
    }
    let key = Signing::es256();
    let keys = json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [key.jwk] } });
    let client = registered(&server, &keys).await;
    assert_eq!(client.secret, None, "there is none");
    assert_eq!(client.asks_by(&server, &key).await.status, 200);
}

/// Row 155.
#[tokio::test]
async fn s3_1_a_request_is_json_by_post() {
    let world = World::new();
    let server = world.registering().await;
    for method in ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "post"] {
        let answer = ask(&server, Request::builder(method, REGISTER)).await;
        refused(&answer, 405, "invalid_request");
        assert_eq!(answer.header("allow"), Some("POST"), "{method}");
    }
    let by_type = |content_type: &str| {
        Request::builder("POST", REGISTER)
            .header("authorization", format!("Bearer {INITIAL}"))
            .header("content-type", content_type)
            .body(metadata().to_string())
    };
    for content_type in
        ["application/json", "Application/JSON; charset=utf-8", "application/json;charset=UTF-8"]
    {
        assert_eq!(ask(&server, by_type(content_type)).await.status, 201, "{content_type}");
    }
    for content_type in [
        "application/x-www-form-urlencoded",
        "text/plain",
        "text/json",
        "application/json-patch+json",
        "application/jsonx",
        "multipart/form-data; boundary=x",
        "application/json, text/plain",
        "",
    ] {
        refused(&ask(&server, by_type(content_type)).await, 400, "invalid_request");
    }
    let untyped = Request::builder("POST", REGISTER)
        .header("authorization", format!("Bearer {INITIAL}"))
        .body(metadata().to_string());
    refused(&ask(&server, untyped).await, 400, "invalid_request");
    refused(
        &ask(&server, by_type("application/json").header("content-type", "text/plain")).await,
        400,
        "invalid_request",
    );
    let form = by_type("application/x-www-form-urlencoded").body("client_name=Billing");
    refused(&ask(&server, form).await, 400, "invalid_request");
}

/// Row 155: TLS, as for everything that carries a credential.
#[tokio::test]
async fn s5_plain_http_is_refused() {
    let world = World::new();
    let server = world.registering().await;
    let request = || registration_of(INITIAL, metadata().to_string());
    refused(&ask(&server, request().transport(Transport::Plain)).await, 400, "invalid_request");
    assert_eq!(ask(&server, request().transport(Transport::Tls)).await.status, 201);
    let client = registered(&server, &metadata()).await;
    for method in ["GET", "DELETE"] {
        let plain = management(method, &client.path(), &client.token, "").transport(Transport::Plain);
        refused(&Answer::of(server.client_configuration(plain.build()).await), 400, "invalid_request");
    }
    assert_eq!(client.read(&server).await.status, 200, "nothing became of it");
}

/// Row 156: a stated deviation. Off by default, and closed where it is on.
#[tokio::test]
async fn s3_registration_is_off_unless_it_is_configured_and_never_open() {
    let world = World::new();
    let off = world.server().await;
    assert!(off.routes().all(|(_, endpoint)| endpoint != Endpoint::Registration));
    assert!(off.routes().all(|(_, endpoint)| endpoint != Endpoint::ClientConfiguration));
    let usage = world.store.usage();
    let answer = register(&off, &metadata()).await;
    assert!(answer.status >= 400, "also where an adapter would route to it: {}", answer.text());
    assert_eq!(world.store.usage(), usage);

    let on = world.registering().await;
    let anonymous = Request::builder("POST", REGISTER)
        .header("content-type", "application/json")
        .body(metadata().to_string());
    let answer = ask(&on, anonymous).await;
    assert_eq!(answer.status, 401);
    // RFC 6750 §3.1: nothing was presented, so no error is named.
    let challenge = answer.header("www-authenticate").unwrap();
    assert!(challenge.starts_with("Bearer") && !challenge.contains("error"), "{challenge}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(world.store.usage(), usage);
}

/// Without a way in, or without a place to register in, there is no such server.
#[tokio::test]
async fn s3_a_registration_that_nobody_could_use_is_a_mistake() {
    let world = World::new();
    let store = || world.store.clone();
    let tokenless = Stores::new(store(), store(), store()).with_registry(store());
    let no_way_in = world.over(tokenless).registration(Registration::new()).build().await;
    assert!(matches!(no_way_in, Err(ConfigError::Registration { .. })), "no way in");
    let elsewhere = Stores::from(world.store.clone()).with_clients(FakeClients::new(&world.store));
    let no_place = world.over(elsewhere).registration(registration()).build().await;
    assert!(matches!(no_place, Err(ConfigError::NoRegistry)), "{:?}", no_place.err());
    let (short, unsendable) = ("x".repeat(31), format!("{INITIAL} \u{e9}"));
    for weak in ["", &short, &unsendable] {
        let weak = Registration::new().initial_access_token(weak);
        let built = world.builder().registration(weak).build().await;
        assert!(matches!(built, Err(ConfigError::Registration { .. })), "{:?}", built.err());
    }
    for wrong in [
        registration().scope(["read", "undeclared"]),
        registration().scope(["not a token"]),
        registration().auth_methods([]),
        registration().auth_methods([AuthMethod::WORKLOAD_JWT]),
        registration().secret_lifetime(Duration::from_secs(3599)),
        registration().unused_for(Duration::from_secs(24 * 3600 - 1)),
    ] {
        let built = world.builder().registration(wrong).build().await;
        assert!(matches!(built, Err(ConfigError::Registration { .. })), "{:?}", built.err());
    }
}

/// Rows 140, 147, 158, 159 and 165: nobody gets anything that another has.
#[tokio::test]
async fn s3_2_1_ids_secrets_and_tokens_are_unique() {
    let world = World::new();
    let server = world.registering().await;
    let (mut ids, mut secrets, mut tokens) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for _ in 0..20 {
        let client = registered(&server, &json!({ "software_id": "one", "client_name": "One" })).await;
        let random = client.id.strip_prefix("client-").expect("a space of its own");
        assert_eq!(random.len(), 32);
        assert!(random.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)));
        secrets.insert(client.secret().to_owned());
        tokens.insert(client.token.clone());
        ids.insert(client.id);
    }
    assert_eq!((ids.len(), secrets.len(), tokens.len()), (20, 20, 20));
}

/// Row 159.
#[tokio::test]
async fn s3_2_1_client_secret_expires_at_goes_with_the_secret() {
    let world = World::new();
    let server = world.registering().await;
    let client = registered(&server, &metadata()).await;
    assert_eq!(client.said["client_secret_expires_at"], 0, "it does not end");
    assert_eq!(client.said["client_id_issued_at"], NOW);
    let limited = world.open().registration(registration().secret_lifetime(Duration::from_secs(7200)));
    let limited = limited.build().await.unwrap();
    let client = registered(&limited, &metadata()).await;
    assert_eq!(client.said["client_secret_expires_at"], NOW + 7200);
    let key = Signing::es256();
    let keys = json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [key.jwk] } });
    let client = registered(&limited, &keys).await;
    assert!(client.said.get("client_secret_expires_at").is_none(), "there is none to expire");
}

/// Row 164: expired secrets stop working.
#[tokio::test]
async fn s5_an_expired_secret_stops_working() {
    let world = World::new();
    let hour = registration().secret_lifetime(Duration::from_secs(3600));
    let server = world.builder().registration(hour).build().await.unwrap();
    for method in ["client_secret_basic", "client_secret_post", "client_secret_jwt"] {
        let client = registered(&server, &json!({ "token_endpoint_auth_method": method })).await;
        assert_eq!(client.asks(&server).await.status, 200, "{method}");
        let late = World::over_the_store_of(&world);
        late.clock.advance(3600);
        let later = late.open().build().await.unwrap();
        let by = match method {
            "client_secret_jwt" => {
                let key = Signing::secret("HS256", client.secret().as_bytes());
                let times = Assertion::of(&client.id).claim("iat", NOW + 3600).claim("exp", NOW + 3660);
                present(&later, &times.sign(&key)).await
            }
            _ => client.asks(&later).await,
        };
        refused(&by, 401, "invalid_client");
        assert_eq!(client.read(&later).await.status, 200, "RFC 7592 §5: the registration token goes on");
    }
}

/// Row 160: all that is registered comes back, as the server registered it.
#[tokio::test]
async fn s3_2_1_all_registered_metadata_is_returned() {
    let world = World::new();
    let key = Signing::es256();
    let fetcher = FakeKeySets::of(&[published(&key, "a")]);
    let both = [GrantType::CLIENT_CREDENTIALS, GrantType::JWT_BEARER];
    let open = world.builder().registration(registration().grant_types(both));
    let server = open.key_sets(fetcher).build().await.unwrap();
    let sent = json!({
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": "ES256",
        "grant_types": ["client_credentials", JWT_BEARER],
        "scope": "write read",
        "client_name": "Billing \u{30af}",
        "client_name#ja-Jpan-JP": "\u{30af}\u{30e9}\u{30a4}\u{30a2}\u{30f3}\u{30c8}\u{540d}",
        "client_uri": "https://billing.example/",
        "client_uri#fr": "https://billing.example/fr",
        "logo_uri": "https://billing.example/logo.png",
        "tos_uri": "https://billing.example/tos",
        "policy_uri": "http://billing.example/policy",
        "contacts": ["ops@billing.example", "+49 30 901820"],
        "software_id": "4NRB1-0XZABZI9E6-5SM3R",
        "software_version": "1.2.3-\u{3b2}",
        "jwks_uri": JWKS_URI,
        "response_types": [],
    });
    let client = registered(&server, &sent).await;
    for (name, value) in sent.as_object().unwrap() {
        match name.as_str() {
            "scope" => assert_eq!(words(&client.said[name]), words(value)),
            "grant_types" => assert_eq!(client.said[name].as_array().unwrap().len(), 2),
            _ => assert_eq!(client.said[name], *value, "{name}"),
        }
    }
    let own = ["client_id", "client_id_issued_at", "registration_access_token", "registration_client_uri"];
    let known: BTreeSet<_> = sent.as_object().unwrap().keys().map(String::as_str).chain(own).collect();
    let told: BTreeSet<_> = client.said.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(told, known, "this, and nothing else");
    let inline = json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [key.jwk] } });
    let client = registered(&server, &inline).await;
    assert_eq!(client.said["jwks"], inline["jwks"]);
    // §3.1: what is left out the server provides, and says so.
    let client = registered(&server, &json!({})).await;
    let told = client.said;
    assert_eq!(told["token_endpoint_auth_method"], "client_secret_basic");
    assert_eq!(told["grant_types"], json!(["client_credentials"]));
    assert_eq!(words(&told["scope"]), ["read", "write"]);
    for name in ["client_name", "jwks", "jwks_uri", "contacts", "token_endpoint_auth_signing_alg"] {
        assert!(told.get(name).is_none(), "{name}: {told}");
    }
}

fn words(scope: &Value) -> Vec<&str> {
    let mut words: Vec<_> = scope.as_str().unwrap().split(' ').collect();
    words.sort_unstable();
    words
}

/// Row 163. RFC 6750 §2.1 and §3.1, since an initial access token is a bearer token here.
#[tokio::test]
async fn s3_2_2_a_bad_initial_access_token_is_401_with_a_bearer_challenge() {
    let world = World::new();
    let server = world.registering().await;
    let usage = world.store.usage();
    let (upper, longer) = (INITIAL.to_uppercase(), format!("{INITIAL}x"));
    for bad in ["wrong", "grantor_iat_wrong", &INITIAL[1..], &INITIAL[..INITIAL.len() - 1], &upper, &longer] {
        bad_token(&register_by(&server, bad, &metadata()).await, bad);
    }
    let with = |headers: &[String]| {
        let request = Request::builder("POST", REGISTER).header("content-type", "application/json");
        let request = headers.iter().fold(request, |request, value| request.header("authorization", value));
        request.body(metadata().to_string())
    };
    for scheme in ["Basic", "DPoP", "Token", "MAC", "Bearerx"] {
        let answer = ask(&server, with(&[format!("{scheme} {INITIAL}")])).await;
        assert_eq!(answer.status, 401, "{scheme}: {}", answer.text());
        assert!(answer.header("www-authenticate").unwrap().starts_with("Bearer"), "{scheme}");
    }
    for malformed in ["Bearer", "Bearer ", "Bearer  ", "Bearer a b", "Bearer \u{e9}"] {
        let answer = ask(&server, with(&[malformed.to_owned()])).await;
        assert!([400, 401].contains(&answer.status), "{malformed:?}: {}", answer.text());
    }
    let good = format!("Bearer {INITIAL}");
    let twice = ask(&server, with(&[good.clone(), good.clone()])).await;
    assert_eq!((twice.status, &twice.json()["error"]), (400, &json!("invalid_request")), "{}", twice.text());
    assert_eq!(world.store.usage(), usage, "nobody was registered");
    // §2.2 and §2.3 of RFC 6750 are not offered.
    let in_query = Request::builder("POST", &format!("{REGISTER}?access_token={INITIAL}"))
        .header("content-type", "application/json")
        .body(json!({ "access_token": INITIAL, "initial_access_token": INITIAL }).to_string());
    assert_eq!(ask(&server, in_query).await.status, 401);
    for scheme in ["Bearer", "bearer", "BEARER"] {
        assert_eq!(ask(&server, with(&[format!("{scheme} {INITIAL}")])).await.status, 201, "{scheme}");
    }
    // The token is judged first: whoever has none learns nothing of what else is wrong.
    let nonsense = registration_of("wrong", "{not json").header("content-type", "text/plain");
    bad_token(&ask(&server, nonsense).await, "before the body");
}

/// §1.2: a stored initial access token has bounds of its own, within those of the server.
#[tokio::test]
async fn s1_2_a_stored_initial_access_token_has_its_own_bounds() {
    let world = World::new();
    let access = FakeAccess::default();
    let open = Registration::new().scope(["read", "write"]);
    let server = world.registering_with(open, &access).await;
    let plain = access.issue(|token| token);
    let client = Registered::of(&register_by(&server, plain.expose(), &metadata()).await, 201);
    assert_eq!(words(&client.said["scope"]), ["read", "write"]);
    assert_eq!(world.events.last().credential.as_deref(), Some(plain.id().as_str()), "told which");
    assert_eq!(access.uses(&plain), 1, "counted also where there is no end");

    let narrow = access.issue(|token| token.scope(scope("read audit")));
    let client = Registered::of(&register_by(&server, narrow.expose(), &metadata()).await, 201);
    assert_eq!(client.said["scope"], "read", "what token, registration and resources share");
    let wider = register_by(&server, narrow.expose(), &json!({ "scope": "read write" })).await;
    bad_metadata(&wider, "beyond the token");
    let by_post = access.issue(|token| token.auth_methods([AuthMethod::CLIENT_SECRET_POST]));
    bad_metadata(&register_by(&server, by_post.expose(), &metadata()).await, "the default is not for it");
    let post = json!({ "token_endpoint_auth_method": "client_secret_post" });
    Registered::of(&register_by(&server, by_post.expose(), &post).await, 201);

    let twice = access.issue(|token| token.max_uses(2));
    for _ in 0..3 {
        bad_metadata(&register_by(&server, twice.expose(), &json!({ "scope": 1 })).await, "refused");
    }
    assert_eq!(access.uses(&twice), 0, "what is refused uses nothing up");
    for _ in 0..2 {
        Registered::of(&register_by(&server, twice.expose(), &metadata()).await, 201);
    }
    bad_token(&register_by(&server, twice.expose(), &metadata()).await, "spent");
    assert_eq!(access.uses(&twice), 2);

    let brief = access.issue(|token| token.valid_until(at(NOW + 60)));
    Registered::of(&register_by(&server, brief.expose(), &metadata()).await, 201);
    world.clock.advance(60);
    bad_token(&register_by(&server, brief.expose(), &metadata()).await, "expired");
    // Another's digest under this id: what was asked for is what counts.
    let (one, two) = (access.issue(|token| token), access.issue(|token| token));
    access.mix_up(one.id(), two.id());
    let answer = register_by(&server, one.expose(), &metadata()).await;
    assert!([401, 500].contains(&answer.status), "{}", answer.text());
    let gone = access.issue(|token| token);
    let _gone = grantor::store::InitialAccessStore::delete(&access, gone.id()).await.unwrap();
    bad_token(&register_by(&server, gone.expose(), &metadata()).await, "deleted");
}

/// Row 164: what a client says about itself gives it nothing.
#[tokio::test]
async fn s5_self_asserted_metadata_grants_nothing() {
    let world = World::new();
    let server = world.registering().await;
    let greedy = json!({
        "client_name": "grantor admin", "introspector": true, "serves": [API], "enabled": true, "resources": [API],
        "compatibility": ["raw_basic", "token_endpoint_audience", "assertion_reuse"], "token_epoch": 7,
        "credentials": [], "default_scope": "", "metadata": { "tenant": "root" }, "v": 2,
        "registration": { "scope": "read write admin" }, "created_at": 1, "workloads": [{}],
        "introspection_signed_response_alg": "none",
    });
    let client = registered(&server, &greedy).await;
    let record = world.record(&client.id).await.unwrap();
    let api = ResourceUri::new(API).unwrap();
    assert!(!record.is_introspector() && record.serves().is_empty());
    assert_eq!((record.compatibility().count(), record.metadata().len()), (0, 0));
    assert!(record.resources().is_none() && record.may_access(&api));
    assert_eq!(record.created_at(), Some(at(NOW)));
    assert_ne!(record.token_epoch(), 7);
    assert_eq!(record.credentials().len(), 1);
    assert_eq!(record.scope(), &scope("read write"));
    // A registered client asks about tokens of others like anybody else: in vain.
    let other = world.client("other").await;
    let token = token_of(&server, "other", &other).await;
    inactive(&introspect(&server, &client.id, client.secret(), &token).await, "not its own");
}
