//! RFC 9068 §4: access tokens of an issuer elsewhere, checked by the keys that it publishes, or by asking it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use std::sync::atomic::Ordering;
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use grantor::event::Reason;
use grantor::resource::{AccessTokenVerifier, RemoteIssuer};
use grantor::{ConfigError, KeySource};
use serde_json::{Value, json};
use support::*;

/// A verifier of tokens of a fresh ES256 key, with what it fetches.
fn verifier() -> (AccessTokenVerifier, IssuerKeySets, Signing) {
    let key = Signing::es256();
    let sets = IssuerKeySets::of(&[&key]);
    (there(remote(&sets)).build().unwrap(), sets, key)
}

/// Why it refuses, which must be with 401.
async fn refusal(verifier: &AccessTokenVerifier, token: &str) -> Reason {
    let refused = match verifier.verify(token).await {
        Ok(token) => panic!("taken: {token:?}"),
        Err(refused) => refused,
    };
    let reason = refused.reason().expect("a reason");
    let answer = Answer::of(refused.into_response());
    assert_eq!(answer.status, 401, "{token}");
    assert!(answer.header("www-authenticate").unwrap().contains("error=\"invalid_token\""));
    reason
}

#[tokio::test]
async fn s4_a_good_token_says_who_may_do_what() {
    let (verifier, sets, key) = verifier();
    let token = Foreign::token().claim("tenant", "blue").sign(&key);
    let checked = verifier.verify(&token).await.unwrap();
    assert_eq!(
        (checked.issuer(), checked.client_id().as_str(), checked.subject()),
        (ELSEWHERE, "demo", "demo")
    );
    assert_eq!(checked.audience().collect::<Vec<_>>(), [API]);
    assert_eq!(checked.scope().as_str(), "read write");
    assert_eq!(checked.expires_at(), at(NOW + 600));
    assert_eq!(checked.claims::<Value>().unwrap()["tenant"], "blue");
    assert!(!format!("{checked:?}").contains("blue"), "claims may be personal");
    let calls = sets.calls.lock().unwrap().clone();
    assert!(matches!(&calls[..], [(KeySource::Issuer(issuer), false)] if issuer.as_str() == ELSEWHERE));
}

/// `typ` is `at+jwt`, with or without `application/`, whatever the case (RFC 7515 §4.1.9), and nothing else (T29, T69).
#[tokio::test]
async fn s4_typ_is_that_of_an_access_token() {
    let (verifier, sets, key) = verifier();
    for good in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/AT+jwt"] {
        assert!(verifier.verify(&Foreign::token().header("typ", good).sign(&key)).await.is_ok(), "{good}");
    }
    sets.take();
    for bad in [
        "JWT",
        "at+jwt ",
        "application/application/at+jwt",
        "text/at+jwt",
        "token-introspection+jwt",
        "client-authentication+jwt",
        "dpop+jwt",
        "id+jwt",
        "logout+jwt",
        "",
    ] {
        let token = Foreign::token().header("typ", bad).sign(&key);
        assert_eq!(refusal(&verifier, &token).await, Reason::JwtType, "{bad}");
    }
    let untyped = Foreign::token().without_header("typ").sign(&key);
    assert_eq!(refusal(&verifier, &untyped).await, Reason::JwtType);
    assert_eq!(sets.take(), 0, "nothing is fetched for these");
}

/// The issuer, byte for byte (T67).
#[tokio::test]
async fn s4_iss_is_the_issuer() {
    let (verifier, sets, key) = verifier();
    let near = [
        "https://issuer.example.net/",
        "https://ISSUER.example.net",
        "http://issuer.example.net",
        ISSUER,
        "",
    ];
    for bad in near {
        let token = Foreign::token().claim("iss", bad).sign(&key);
        assert_eq!(refusal(&verifier, &token).await, Reason::JwtIssuer, "{bad}");
    }
    assert_eq!(refusal(&verifier, &Foreign::token().without("iss").sign(&key)).await, Reason::JwtIssuer);
    let list = Foreign::token().claim("iss", json!([ELSEWHERE])).sign(&key);
    assert_eq!(refusal(&verifier, &list).await, Reason::JwtClaimType);
    assert_eq!(sets.take(), 0);
}

/// The resource is one of the audiences, byte for byte (T69).
#[tokio::test]
async fn s4_aud_names_the_resource() {
    let (verifier, sets, key) = verifier();
    for good in [json!(API), json!([API]), json!(["https://other.example.com", API]), json!([API, API])] {
        let token = Foreign::token().claim("aud", good.clone()).sign(&key);
        assert!(verifier.verify(&token).await.is_ok(), "{good}");
    }
    sets.take();
    for bad in [
        json!("https://api.example.com/"),
        json!("https://API.example.com"),
        json!("https://api.example.co"),
        json!("https://api.example.com.attacker.example"),
        json!("demo"),
        json!(ELSEWHERE),
        json!(""),
        json!([]),
        json!(["https://other.example.com"]),
        json!(format!("{API} {API}")),
        json!("*"),
    ] {
        let token = Foreign::token().claim("aud", bad.clone()).sign(&key);
        assert_eq!(refusal(&verifier, &token).await, Reason::TokenAudience, "{bad}");
    }
    assert_eq!(refusal(&verifier, &Foreign::token().without("aud").sign(&key)).await, Reason::TokenAudience);
    for wrong in [json!(7), json!(null), json!({}), json!([API, 7]), json!([[API]]), json!(true)] {
        let token = Foreign::token().claim("aud", wrong.clone()).sign(&key);
        assert_eq!(refusal(&verifier, &token).await, Reason::JwtClaimType, "{wrong}");
    }
    assert_eq!(sets.take(), 0);
}

/// `exp` and `nbf`, with the skew of the issuer's clock and not a second more.
#[tokio::test]
async fn s4_times_with_the_skew() {
    for (skew, name) in [(10, "default"), (0, "none"), (60, "the most")] {
        let key = Signing::es256();
        let mut issuer = remote(&IssuerKeySets::of(&[&key]));
        if name != "default" {
            issuer = issuer.clock_skew(Duration::from_secs(skew));
        }
        let verifier = there(issuer).build().unwrap();
        let skew = i64::try_from(skew).unwrap();
        let token = |claim: &str, moment: i64| Foreign::token().claim(claim, moment).sign(&key);
        assert!(verifier.verify(&token("exp", NOW - skew + 1)).await.is_ok(), "{name}");
        assert_eq!(refusal(&verifier, &token("exp", NOW - skew)).await, Reason::JwtExpired, "{name}");
        assert!(verifier.verify(&token("nbf", NOW + skew)).await.is_ok(), "{name}");
        assert_eq!(refusal(&verifier, &token("nbf", NOW + skew + 1)).await, Reason::JwtNotYetValid, "{name}");
    }
    for bad in [Duration::from_secs(61), Duration::from_millis(1500)] {
        let error = there(remote(&IssuerKeySets::default()).clock_skew(bad)).build().unwrap_err();
        assert!(matches!(error, ConfigError::Limits { .. }), "{error}");
    }
}

/// Rows 133 and 139: what every token has. A claim of a wrong type is not an absent one (T27), and times are times (T26).
#[tokio::test]
async fn s2_2_what_every_token_has() {
    let (verifier, sets, key) = verifier();
    for (name, reason) in [
        ("exp", Reason::JwtExpiryMissing),
        ("client_id", Reason::JwtSubject),
        ("jti", Reason::JwtJti),
        ("iat", Reason::JwtClaimType),
    ] {
        assert_eq!(refusal(&verifier, &Foreign::token().without(name).sign(&key)).await, reason, "{name}");
    }
    for (name, value) in [
        ("exp", json!("4102444800")),
        ("exp", json!(null)),
        ("exp", json!(1e308)),
        ("exp", json!(-1)),
        ("nbf", json!("x")),
        ("nbf", json!([])),
        ("iat", json!(u64::MAX)),
        ("iat", json!({})),
        ("scope", json!(["read"])),
        ("scope", json!(7)),
        ("scope", json!("read\"")),
        ("client_id", json!(7)),
        ("client_id", json!("")),
        ("client_id", json!("a\u{0}")),
        ("sub", json!(7)),
        ("grantor_epoch", json!("1")),
        ("grantor_epoch", json!(-1)),
        ("grantor_epoch", json!(1.5)),
    ] {
        let token = Foreign::token().claim(name, value.clone()).sign(&key);
        assert_eq!(refusal(&verifier, &token).await, Reason::JwtClaimType, "{name} {value}");
    }
    for value in [json!(""), json!("j".repeat(257)), json!("a\nb")] {
        let token = Foreign::token().claim("jti", value).sign(&key);
        assert_eq!(refusal(&verifier, &token).await, Reason::JwtJti);
    }
    assert_eq!(sets.take(), 0, "what can be refused without a key fetches none (T60)");
    let unscoped = Foreign::token().without("scope").sign(&key);
    let checked = verifier.verify(&unscoped).await.unwrap();
    assert!(checked.scope().is_empty() && checked.require("read").is_err(), "no scope is none");
}

/// A token that is bound to a key is none for a bearer (RFC 7800, RFC 9449 §7.1, RFC 8705 §3).
#[tokio::test]
async fn s4_a_bound_token_is_no_bearer_token() {
    let (verifier, sets, key) = verifier();
    for cnf in [json!({"jkt": "x"}), json!({"x5t#S256": "x"}), json!({}), json!(null), json!("x")] {
        let token = Foreign::token().claim("cnf", cnf.clone()).sign(&key);
        assert_eq!(refusal(&verifier, &token).await, Reason::TokenBound, "{cnf}");
    }
    assert_eq!(sets.take(), 0);
}

/// T12: an HMAC under anything that is public.
#[tokio::test]
async fn t12_hmac_keyed_with_the_public_key() {
    let (verifier, sets, key) = verifier();
    let bytes = |name: &str| BASE64URL_NOPAD.decode(key.jwk[name].as_str().unwrap().as_bytes()).unwrap();
    let point = [vec![4], bytes("x"), bytes("y")].concat();
    let texts = [key.jwk.to_string(), json!({ "keys": [key.jwk] }).to_string(), String::new()];
    let forms = texts.map(String::into_bytes).into_iter().chain([bytes("x"), point]);
    for form in forms {
        for alg in ["HS256", "HS384", "HS512"] {
            let mac = Signing::secret(alg, &form);
            let kid = Foreign::token().header("kid", "ES256");
            assert_eq!(refusal(&verifier, &kid.sign(&mac)).await, Reason::JwtAlgorithm);
            assert_eq!(sets.take(), 0);
            assert_eq!(
                refusal(&verifier, &kid.header("alg", "ES256").sign(&mac)).await,
                Reason::JwtSignature
            );
            sets.take();
        }
    }
}

/// T13, T14: no signature, an algorithm that nobody knows, one that is not the key's.
#[tokio::test]
async fn t13_t14_the_algorithm_is_the_keys() {
    let (es256, es384) = (Signing::es256(), Signing::new("ES384"));
    let sets = IssuerKeySets::of(&[&es256, &es384]);
    let verifier = there(remote(&sets)).build().unwrap();
    let nothing = Signing::constant("none", Vec::new());
    for alg in ["none", "None", "nOnE", "", "ES256K", "es256", "RS1", "dir", "A128GCM"] {
        let header =
            |signing: &Signing| Foreign::token().header("alg", alg).header("kid", "ES256").sign(signing);
        for token in [header(&nothing), header(&es256)] {
            assert_eq!(refusal(&verifier, &token).await, Reason::JwtAlgorithm, "{alg:?}");
        }
    }
    assert_eq!(sets.take(), 0);
    // Signed by one key and named as the other.
    let lying = Foreign::token().header("kid", "ES384").sign(&es256);
    assert_eq!(refusal(&verifier, &lying).await, Reason::JwtKeyUnknown);
    let lying = Foreign::token().header("alg", "ES384").header("kid", "ES384").sign(&es256);
    assert_eq!(refusal(&verifier, &lying).await, Reason::JwtSignature);
    let both = [Foreign::token().sign(&es256), Foreign::token().sign(&es384)];
    for token in both {
        assert!(verifier.verify(&token).await.is_ok());
    }
    // Without a kid every key of the algorithm is tried.
    let unnamed = es384.sign_raw(
        json!({"alg": "ES384", "typ": "at+jwt"}).to_string(),
        json!(Foreign::token().claims).to_string(),
    );
    assert!(verifier.verify(&unnamed).await.is_ok());
}

/// T15 to T17, T22, T23: what a header offers selects nothing.
#[tokio::test]
async fn t15_t22_keys_and_extensions_in_the_header() {
    let (verifier, sets, key) = verifier();
    let attacker = Signing::es256();
    for (name, value) in [
        ("jwk", attacker.jwk.clone()),
        ("jku", json!("https://a.example")),
        ("x5u", json!("https://a.example")),
        ("x5c", json!(["AA"])),
    ] {
        let token = Foreign::token().header(name, value).sign(&attacker);
        assert_eq!(refusal(&verifier, &token).await, Reason::JwtSignature, "{name}");
    }
    sets.take();
    for (name, value) in [("crit", json!([])), ("crit", json!(["exp"])), ("b64", json!(false))] {
        let token = Foreign::token().header(name, value).sign(&key);
        assert_eq!(refusal(&verifier, &token).await, Reason::JwtCritical, "{name}");
    }
    assert_eq!(sets.take(), 0);
}

/// T08, T24, T30, T33: the strict compact form and no other.
#[tokio::test]
async fn t08_t24_t30_other_forms() {
    let (verifier, sets, key) = verifier();
    let token = Foreign::token().sign(&key);
    let mut other = misspelled(&token);
    other.extend(["", ".", "..", "a.b.c", "a.b.c.d.e", "*", "\u{1f512}"].map(str::to_owned));
    other.push(format!("{}.{}", "a".repeat(20_000), token));
    let [header, payload, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!() };
    other.push(json!({"payload": payload, "protected": header, "signature": signature}).to_string());
    for text in other {
        refusal(&verifier, &text).await;
    }
    let fetched = sets.take();
    assert!(fetched <= 2, "only what looks like a token asks for keys: {fetched}");
    let changed = Foreign::token().claim("scope", "admin").sign(&key);
    let swapped = format!("{}.{signature}", changed.rsplit_once('.').unwrap().0);
    assert_eq!(refusal(&verifier, &swapped).await, Reason::JwtSignature);
}

/// T60: for a key that is not in the set a newer one is asked for once in a request, and no more; a wrong signature of a
/// known key asks for nothing.
#[tokio::test]
async fn t60_an_unknown_kid_asks_once_more_and_no_more() {
    let (verifier, sets, key) = verifier();
    let unknown = Foreign::token().header("kid", "unknown").sign(&key);
    assert_eq!(refusal(&verifier, &unknown).await, Reason::JwtKeyUnknown);
    let wanted: Vec<bool> = sets.calls.lock().unwrap().iter().map(|(_, newer)| *newer).collect();
    assert_eq!(wanted, [false, true]);
    sets.take();
    let forged = Foreign::token().sign(&Signing::es256());
    assert_eq!(refusal(&verifier, &forged).await, Reason::JwtSignature);
    assert_eq!(sets.take(), 1);
    assert!(verifier.verify(&Foreign::token().sign(&key)).await.is_ok());
    assert_eq!(sets.take(), 1);
}

/// T61, T66: a new key is found by the one question more, and one that is gone from the set verifies nothing.
#[tokio::test]
async fn t61_t66_keys_that_come_and_go() {
    let (verifier, sets, old) = verifier();
    let new = Signing::new("EdDSA");
    sets.rotate(&[&new]);
    assert!(verifier.verify(&Foreign::token().sign(&new)).await.is_ok(), "the request that finds it out");
    assert_eq!(sets.take(), 2);
    assert!(verifier.verify(&Foreign::token().sign(&new)).await.is_ok());
    assert_eq!(sets.take(), 1);
    assert_eq!(
        refusal(&verifier, &Foreign::token().sign(&old)).await,
        Reason::JwtKeyUnknown,
        "it was removed"
    );
}

/// An issuer that is away says nothing about a token: 503, never 401, with nothing of the outage on the wire (T63).
#[tokio::test]
async fn s5_t63_an_outage_is_503_and_never_401() {
    let (verifier, sets, key) = verifier();
    let token = Foreign::token().sign(&key);
    sets.away.store(true, Ordering::SeqCst);
    let refused = verifier.verify(&token).await.unwrap_err();
    assert_eq!(refused.reason(), None, "it was not the token's fault");
    assert!(!format!("{refused:?}{refused}").contains("7f3"));
    let answer = Answer::of(refused.into_response());
    assert_eq!((answer.status, answer.header("www-authenticate")), (503, None));
    assert!(answer.header("retry-after").is_some() && !answer.text().contains("7f3"));
    // What is refused without a key is refused all the same.
    let expired = Foreign::token().claim("exp", NOW - 100).sign(&key);
    assert_eq!(refusal(&verifier, &expired).await, Reason::JwtExpired);
    sets.away.store(false, Ordering::SeqCst);
    assert!(verifier.verify(&token).await.is_ok());
}

/// Everything that this build verifies.
#[tokio::test]
async fn s4_every_asymmetric_algorithm() {
    let mut algorithms = vec!["ES256", "ES384", "EdDSA"];
    if cfg!(feature = "josekit") {
        algorithms.extend(["ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]);
    }
    for alg in algorithms {
        let key = Signing::new(alg);
        let verifier = there(remote(&IssuerKeySets::of(&[&key]))).build().unwrap();
        assert!(verifier.verify(&Foreign::token().sign(&key)).await.is_ok(), "{alg}");
        let (message, _) =
            Foreign::token().sign(&key).rsplit_once('.').map(|(m, s)| (m.to_owned(), s.to_owned())).unwrap();
        let other = Foreign::token().sign(&key);
        let mixed = format!("{message}.{}", other.rsplit_once('.').unwrap().1);
        assert_eq!(refusal(&verifier, &mixed).await, Reason::JwtSignature, "{alg}");
    }
}

/// A token of a Grantor server is good for a verifier of its issuer elsewhere, for this resource alone.
#[tokio::test]
async fn s4_a_token_of_ours_is_good_elsewhere() {
    let world = World::new();
    let books = grantor::Resource::new("https://books.example.com");
    let server = world.builder().resource(books).build().await.unwrap();
    let secret = world.client("billing").await;
    let keys = json!({ "keys": jwks(&server).await }).to_string();
    let sets = IssuerKeySets::holding(grantor::PublicKeySet::from_published(keys.as_bytes()).unwrap());
    let there = there(RemoteIssuer::new(ISSUER, sets).clock(world.clock.clone())).build().unwrap();
    let token = send(&server, grant("billing", &secret, &[("resource", API)])).await.access_token();
    assert_eq!(there.verify(&token).await.unwrap().client_id().as_str(), "billing");
    let other = [("resource", "https://books.example.com")];
    let token = send(&server, grant("billing", &secret, &other)).await.access_token();
    assert_eq!(refusal(&there, &token).await, Reason::TokenAudience);
}

#[tokio::test]
async fn s4_an_issuer_is_https_and_known_by_its_name() {
    let sets = IssuerKeySets::default;
    for bad in
        ["", "issuer", "ftp://issuer.example", "https://issuer.example/?x", "https://issuer.example/#x"]
    {
        let error = there(RemoteIssuer::new(bad, sets())).build().unwrap_err();
        assert!(matches!(error, ConfigError::Issuer { .. }), "{error}");
    }
    let loopback = || RemoteIssuer::new("http://127.0.0.1:1", sets());
    assert!(matches!(there(loopback()).build().unwrap_err(), ConfigError::PlainHttp { .. }));
    assert!(there(loopback().dangerous_allow_http_on_loopback()).build().is_ok());
    let plain = RemoteIssuer::new("http://issuer.example", sets());
    assert!(there(plain.dangerous_allow_http_on_loopback()).build().is_err(), "elsewhere than on loopback");
    let error = AccessTokenVerifier::of_issuer(remote(&sets()), "not a uri").build().unwrap_err();
    assert!(matches!(error, ConfigError::Resource { .. }), "{error}");
}

/// An issuer without metadata: its key set is where the host says.
#[tokio::test]
async fn s4_a_jwks_uri_stands_in_for_metadata() {
    let key = Signing::es256();
    let sets = IssuerKeySets::of(&[&key]);
    let verifier = there(remote(&sets).jwks_uri("https://issuer.example.net/keys")).build().unwrap();
    assert!(verifier.verify(&Foreign::token().sign(&key)).await.is_ok());
    assert!(matches!(&sets.calls.lock().unwrap()[0].0, KeySource::Url(_)));
    for bad in ["keys", "ftp://issuer.example.net/keys", ""] {
        assert!(there(remote(&sets).jwks_uri(bad)).build().is_err(), "{bad}");
    }
}
