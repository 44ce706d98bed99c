//! RFC 7662 §2: what is asked, and what of the answer counts.

use data_encoding::BASE64;
use grantor::{ClientId, Issuer, TokenIntrospector};
use grantor_fetch::{Fetcher, Introspection};

use crate::source::{ManualClock, Reply, Source, fetcher, impatient};

const SECRET: &str = "s3cret: +%\u{20ac}";

fn id() -> ClientId {
    ClientId::new("api one").unwrap()
}

fn at(source: &Source) -> Introspection {
    Introspection::at(fetcher(&ManualClock::new()), &source.url("/introspect"), &id(), SECRET).unwrap()
}

#[tokio::test]
async fn rfc7662_s2_1_a_form_and_the_caller_in_the_header() {
    let source = Source::start().await;
    source.put("/introspect", Reply::json(r#"{"active":true,"scope":"read","x":{"y":[1]}}"#));
    let found = at(&source).introspect("to+ken/1=&a b").await.unwrap();
    assert_eq!((found["scope"].as_str(), found["x"]["y"][0].as_i64()), (Some("read"), Some(1)));
    let request = source.requests().pop().unwrap();
    assert!(request.starts_with("POST /introspect HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("\r\ncontent-type: application/x-www-form-urlencoded\r\n"), "{request}");
    assert!(request.contains("\r\naccept: application/json\r\n"), "{request}");
    assert!(
        request.ends_with("\r\n\r\ntoken=to%2Bken%2F1%3D%26a%20b&token_type_hint=access_token"),
        "{request}"
    );
    // RFC 6749 §2.3.1: both form-encoded, then joined.
    let header = request.split("authorization: Basic ").nth(1).unwrap().lines().next().unwrap();
    let pair = String::from_utf8(BASE64.decode(header.as_bytes()).unwrap()).unwrap();
    assert_eq!(pair, "api%20one:s3cret%3A%20%2B%25%E2%82%AC");
}

#[tokio::test]
async fn rfc7662_s2_2_only_true_is_active_and_only_false_is_not() {
    let source = Source::start().await;
    source.put("/introspect", Reply::json(r#"{"active":false,"scope":"read"}"#));
    assert_eq!(at(&source).introspect("t").await.unwrap()["active"], false);
    for odd in
        [r#"{"active":"true"}"#, r#"{"active":1}"#, r#"{"active":null}"#, "{}", "[]", "true", "", "not json"]
    {
        source.put("/introspect", Reply::json(odd));
        assert!(at(&source).introspect("t").await.is_err(), "{odd}: an outage, and no word about the token");
    }
    for status in [201, 302, 400, 401, 404, 500, 503] {
        source.put("/introspect", Reply::new(status, "", r#"{"active":true}"#));
        assert!(at(&source).introspect("t").await.is_err(), "{status}");
    }
}

#[tokio::test]
async fn rfc8414_s2_the_endpoint_is_found_by_the_issuer_and_remembered() {
    let (source, clock) = (Source::start().await, ManualClock::new());
    let issuer = Issuer::new(source.url("")).unwrap();
    let by_issuer = Introspection::of_issuer(fetcher(&clock), issuer, &id(), SECRET).unwrap();
    assert!(by_issuer.introspect("t").await.is_err(), "no metadata");
    clock.advance(30);
    let metadata = |more: &str| format!(r#"{{"issuer":"{}"{more}}}"#, source.url(""));
    let endpoint = format!(r#","introspection_endpoint":"{}""#, source.url("/introspect"));
    source.put("/.well-known/oauth-authorization-server", Reply::json(metadata(&endpoint)));
    source.put("/introspect", Reply::json(r#"{"active":true}"#));
    source.requests();
    for _ in 0..5 {
        assert_eq!(by_issuer.introspect("t").await.unwrap()["active"], true);
    }
    let posts = source.requests().iter().filter(|request| request.starts_with("POST /introspect")).count();
    assert_eq!(posts, 5, "answers are not kept here");
    clock.advance(300);
    source.put("/.well-known/oauth-authorization-server", Reply::json(metadata("")));
    assert!(by_issuer.introspect("t").await.is_err(), "it no longer names an endpoint");
}

#[tokio::test]
async fn t58_t62_the_same_guard_holds() {
    let source = Source::start().await;
    source.put("/introspect", Reply::json(r#"{"active":true}"#));
    let strict = Fetcher::builder().build().unwrap();
    for url in
        [source.url("/introspect"), format!("https://{}/introspect", source.address), "file:///x".to_owned()]
    {
        assert!(Introspection::at(strict.clone(), &url, &id(), SECRET).is_err(), "{url}");
    }
    assert_eq!(source.hits(), 0);
    for reply in [Reply::Silence, Reply::Endless("HTTP/1.1 200 X\r\n\r\n", vec![b' '; 4096])] {
        source.put("/introspect", reply);
        let slow = Introspection::at(impatient(), &source.url("/introspect"), &id(), SECRET).unwrap();
        assert!(slow.introspect("t").await.is_err());
    }
}

#[tokio::test]
async fn t95_neither_secret_nor_token_can_be_printed() {
    let source = Source::start().await;
    let introspection = at(&source);
    let error = introspection.introspect("token-7f3").await.unwrap_err();
    let text = format!("{introspection:?} {introspection:#?} {error} {error:?}");
    let encoded = BASE64.encode(b"api%20one:s3cret%3A%20%2B%25%E2%82%AC");
    for secret in ["s3cret", &encoded, "token-7f3"] {
        assert!(!text.contains(secret), "{text}");
    }
}
