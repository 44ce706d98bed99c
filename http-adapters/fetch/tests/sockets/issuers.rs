//! RFC 8414: the keys of an issuer, found by its metadata.

use grantor::{Issuer, KeySetFetcher, KeySource};

use crate::source::{ManualClock, Reply, Source, key_sets, keys};

const OAUTH: &str = "/.well-known/oauth-authorization-server/t/1";
const OPENID: &str = "/t/1/.well-known/openid-configuration";

fn issuer(source: &Source) -> KeySource {
    KeySource::Issuer(Issuer::new(source.url("/t/1")).unwrap())
}

fn metadata(source: &Source, path: &str) -> Reply {
    let (issuer, jwks) = (source.url(path), source.url("/jwks"));
    Reply::json(format!(r#"{{"issuer":"{issuer}","jwks_uri":"{jwks}"}}"#))
}

#[tokio::test]
async fn rfc8414_s3_metadata_and_keys_are_kept() {
    for place in [OAUTH, OPENID] {
        let (source, clock) = (Source::start().await, ManualClock::new());
        source.put(place, metadata(&source, "/t/1"));
        source.put("/jwks", Reply::json(keys(2)));
        let sets = key_sets(&clock);
        for _ in 0..10 {
            assert_eq!(sets.key_set(&issuer(&source), None).await.unwrap().len(), 2);
        }
        let paths: Vec<_> =
            source.requests().iter().map(|request| request.split(' ').nth(1).unwrap().to_owned()).collect();
        let expected = if place == OAUTH { vec![OAUTH, "/jwks"] } else { vec![OAUTH, OPENID, "/jwks"] };
        assert_eq!(paths, expected);
        // An unknown kid asks for keys, and the metadata is at hand.
        clock.advance(60);
        let seen = sets.key_set(&issuer(&source), None).await.unwrap();
        sets.key_set(&issuer(&source), Some(&seen)).await.unwrap();
        assert_eq!(source.requests().len(), 1);
    }
}

#[tokio::test]
async fn rfc8414_s3_3_metadata_of_another_issuer_is_not_used() {
    for other in ["/t/1/", "/t/2", "", "/T/1"] {
        let source = Source::start().await;
        source.put(OAUTH, metadata(&source, other));
        source.put(OPENID, metadata(&source, "/t/1"));
        source.put("/jwks", Reply::json(keys(2)));
        assert!(key_sets(&ManualClock::new()).key_set(&issuer(&source), None).await.is_err(), "{other}");
        assert_eq!(source.hits(), 1, "{other}: and nothing else was asked");
    }
}

/// What metadata names is judged as any other URL is.
#[tokio::test]
async fn t58_t59_metadata_leads_to_no_inner_address() {
    let inside = Source::start().await;
    inside.put("/jwks", Reply::json(keys(1)));
    let port = inside.address.port();
    for jwks in [
        format!("https://127.0.0.1:{port}/jwks"),
        format!("https://localhost:{port}/jwks"),
        format!("http://0.0.0.0:{port}/jwks"),
        "file:///etc/passwd".to_owned(),
        String::new(),
    ] {
        let source = Source::start().await;
        let text = format!(r#"{{"issuer":"{}","jwks_uri":"{jwks}"}}"#, source.url("/t/1"));
        source.put(OAUTH, Reply::json(text));
        assert!(key_sets(&ManualClock::new()).key_set(&issuer(&source), None).await.is_err(), "{jwks}");
    }
    assert_eq!(inside.hits(), 0);
}

#[tokio::test]
async fn t60_an_issuer_that_is_away_rests_as_well() {
    let (source, clock) = (Source::start().await, ManualClock::new());
    let sets = key_sets(&clock);
    for _ in 0..40 {
        assert!(sets.key_set(&issuer(&source), None).await.is_err());
    }
    assert_eq!(source.hits(), 2, "both places, once");
    source.put(OAUTH, metadata(&source, "/t/1"));
    source.put("/jwks", Reply::json(keys(2)));
    clock.advance(30);
    assert_eq!(sets.key_set(&issuer(&source), None).await.unwrap().len(), 2);
}
