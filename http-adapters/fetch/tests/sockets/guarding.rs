//! T58, T59, T62, T63: what is never reached, and what never takes long.

use std::error::Error;
use std::time::Duration;

use grantor::{FetchError, KeySetFetcher, KeySetUrl};
use grantor_fetch::{BuildError, Fetcher, KeySets};

use crate::source::{ManualClock, Reply, Source, fetcher, impatient, key_sets, keys, until, url};

#[tokio::test]
async fn t58_no_spelling_of_loopback_is_connected_to() {
    let source = Source::start().await;
    source.put("/jwks", Reply::json(keys(1)));
    let port = source.address.port();
    let hosts = [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.0.0.1.",
        "localhost",
        "LOCALHOST.",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "0.0.0.0",
        "0",
        "a.localhost",
        "%6c%6f%63alhost",
    ];
    let strict = KeySets::new(Fetcher::builder().build().unwrap());
    for host in hosts {
        for scheme in ["http", "https"] {
            let of = format!("{scheme}://{host}:{port}/jwks");
            assert!(strict.key_set(&url(&of), None).await.is_err(), "{of}");
        }
    }
    assert_eq!(source.hits(), 0, "nothing connected");
    // The source is there all the while, and whoever may ask it gets its keys.
    let loopback = key_sets(&ManualClock::new());
    assert_eq!(loopback.key_set(&source.at("/jwks"), None).await.unwrap().len(), 1);
    let by_name = url(&format!("http://localhost:{port}/jwks"));
    assert_eq!(loopback.key_set(&by_name, None).await.unwrap().len(), 1);
    assert_eq!(source.hits(), 2);
    // Plain http is as far as that goes: no other address of this machine, and no https without `allow_host`.
    for of in [
        format!("http://0.0.0.0:{port}/jwks"),
        format!("http://[::ffff:127.0.0.1]:{port}/jwks"),
        format!("https://127.0.0.1:{port}/jwks"),
    ] {
        assert!(loopback.key_set(&url(&of), None).await.is_err(), "{of}");
    }
    assert_eq!(source.hits(), 0);
}

#[test]
fn t58_other_schemes_are_no_key_set_url() {
    for text in [
        "file:///etc/passwd",
        "gopher://127.0.0.1/_GET",
        "ftp://a.example/",
        "data:,{}",
        "jar:https://a.example/",
    ] {
        assert!(KeySetUrl::new(text).is_err(), "{text}");
    }
}

#[tokio::test]
async fn t59_no_redirect_is_followed() {
    let (source, inside) = (Source::start().await, Source::start().await);
    inside.put("/jwks", Reply::json(keys(1)));
    let location = format!("location: {}\r\n", inside.url("/jwks"));
    for status in [301, 302, 303, 307, 308] {
        source.put(&format!("/{status}"), Reply::new(status, &location, keys(1)));
        let sets = key_sets(&ManualClock::new());
        assert!(sets.key_set(&source.at(&format!("/{status}")), None).await.is_err(), "{status}");
    }
    assert_eq!((source.hits(), inside.hits()), (5, 0));
}

/// Only 200 is a key set, whatever comes with it.
#[tokio::test]
async fn t59_only_status_200_counts() {
    let source = Source::start().await;
    for status in [201, 203, 204, 206, 226, 300, 400, 401, 404, 500, 503] {
        source.put("/jwks", Reply::new(status, "", if status == 204 { String::new() } else { keys(1) }));
        assert!(key_sets(&ManualClock::new()).key_set(&source.at("/jwks"), None).await.is_err(), "{status}");
    }
}

#[tokio::test]
async fn t62_512_kib_and_no_more_whatever_the_length_says() {
    let source = Source::start().await;
    let padded = |bytes: usize| keys(1) + &" ".repeat(bytes - keys(1).len());
    let most = 512 * 1024;
    let chunked = |body: &str| {
        let head = "HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n";
        Reply::Raw(format!("{head}{:x}\r\n{body}\r\n0\r\n\r\n", body.len()).into_bytes())
    };
    let until_closed = |body: &str| Reply::Raw(format!("HTTP/1.1 200 X\r\n\r\n{body}").into_bytes());
    for (name, reply, fits) in [
        ("most", Reply::json(padded(most)), true),
        ("more", Reply::json(padded(most + 1)), false),
        ("chunked", chunked(&padded(most)), true),
        ("chunked more", chunked(&padded(most + 1)), false),
        ("until closed", until_closed(&padded(most)), true),
        ("until closed more", until_closed(&padded(most + 1)), false),
        ("endless", Reply::Endless("HTTP/1.1 200 X\r\n\r\n", vec![b' '; 4096]), false),
        (
            "endless chunks",
            Reply::Endless(
                "HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n",
                format!("1000\r\n{}\r\n", " ".repeat(0x1000)).into_bytes(),
            ),
            false,
        ),
        ("endless head", Reply::Endless("HTTP/1.1 200 X\r\n", b"x-y: z\r\n".to_vec()), false),
        (
            "shorter than it says",
            Reply::Raw(format!("HTTP/1.1 200 X\r\ncontent-length: 99999\r\n\r\n{}", keys(1)).into_bytes()),
            false,
        ),
        (
            "longer than it says",
            Reply::Raw(format!("HTTP/1.1 200 X\r\ncontent-length: 5\r\n\r\n{}", keys(1)).into_bytes()),
            false,
        ),
    ] {
        source.put("/jwks", reply);
        let got = KeySets::new(fetcher(&ManualClock::new())).key_set(&source.at("/jwks"), None).await;
        assert_eq!(got.is_ok(), fits, "{name} {got:?}");
        // Refused while it came, and not when it had all come or the time was up.
        let is_cut = got.is_err_and(|error| chain(&error).contains("larger than 524288 bytes"));
        assert_eq!(is_cut, name.ends_with("more") || ["endless", "endless chunks"].contains(&name), "{name}");
    }
}

#[tokio::test]
async fn t62_a_slow_source_ends_at_the_deadline_and_others_are_served_meanwhile() {
    let source = Source::start().await;
    source.put("/good", Reply::json(keys(1)));
    let sets = KeySets::new(impatient());
    let silent = |number: usize| {
        let path = format!("/silent/{number}");
        source.put(&path, Reply::Silence);
        let (sets, of) = (sets.clone(), source.at(&path));
        tokio::spawn(async move { sets.key_set(&of, None).await.map(drop) })
    };
    let waiting: Vec<_> = (0..15).map(silent).collect();
    let mut arrived = 0;
    until(|| {
        arrived += source.requests().len();
        arrived == 15
    })
    .await;
    assert_eq!(sets.key_set(&source.at("/good"), None).await.unwrap().len(), 1);
    assert!(waiting.iter().all(|task| !task.is_finished()), "served while all others waited");
    for task in waiting {
        assert!(tokio::time::timeout(Duration::from_secs(10), task).await.unwrap().unwrap().is_err());
    }
    // Promises of an answer are none.
    source.put("/interim", Reply::Endless("", b"HTTP/1.1 103 X\r\n\r\n".to_vec()));
    assert!(sets.key_set(&source.at("/interim"), None).await.is_err());
}

/// However many sources are silent, sixteen are waited for at a time.
#[tokio::test]
async fn t62_sixteen_at_a_time() {
    let source = Source::start().await;
    let sets = KeySets::new(impatient());
    let silent = |number: usize| {
        let path = format!("/{number}");
        source.put(&path, Reply::Silence);
        let (sets, of) = (sets.clone(), source.at(&path));
        tokio::spawn(async move { sets.key_set(&of, None).await.map(drop) })
    };
    let tasks: Vec<_> = (0..60).map(silent).collect();
    let mut arrived = 0;
    until(|| {
        arrived += source.requests().len();
        arrived >= 16
    })
    .await;
    // Time enough for all the others, if they did not have to wait for a place.
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    assert_eq!(arrived + source.requests().len(), 16);
    assert!(tasks.iter().all(|task| !task.is_finished()));
    for task in tasks {
        assert!(task.await.unwrap().is_err());
    }
}

/// All that an error can be made to say.
fn chain(error: &FetchError) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!("{cause} {cause:?}"));
        source = cause.source();
    }
    text
}

/// T36, T37: what a published set must not be, and T63: the error has nothing of the answer in it.
#[tokio::test]
async fn t36_t37_t63_what_is_no_key_set_is_refused_and_not_repeated() {
    let source = Source::start().await;
    let private = keys(1).replace(r#""kid""#, r#""d":"marked-7f3","kid""#);
    let secret = r#"{"keys":[{"kty":"oct","k":"marked-7f3"}]}"#.to_owned();
    let bodies = [
        keys(51),
        private,
        secret,
        "marked-7f3".to_owned(),
        String::new(),
        "[]".to_owned(),
        r#"{"keys":{}}"#.to_owned(),
        r#"{"keys":[],"keys":[]}"#.to_owned(),
        "[".repeat(100_000),
    ];
    for body in bodies {
        source.put("/jwks?marked-7f3", Reply::json(&body));
        let sets = key_sets(&ManualClock::new());
        let error = sets.key_set(&source.at("/jwks?marked-7f3"), None).await.unwrap_err();
        let text = chain(&error);
        assert!(!text.contains("marked-7f3"), "{text}");
    }
    source.put("/jwks", Reply::json(keys(50)));
    assert_eq!(key_sets(&ManualClock::new()).key_set(&source.at("/jwks"), None).await.unwrap().len(), 50);
}

/// What is sent says nothing of this server but that it asks.
#[tokio::test]
async fn t58_a_request_carries_no_credentials_and_no_cookies() {
    let source = Source::start().await;
    source.put("/jwks?x=1", Reply::new(200, "set-cookie: a=b; Path=/\r\n", keys(1)));
    let (clock, of) = (ManualClock::new(), source.at("/jwks?x=1"));
    let sets = key_sets(&clock);
    let seen = sets.key_set(&of, None).await.unwrap();
    clock.advance(60);
    sets.key_set(&of, Some(&seen)).await.unwrap();
    let requests = source.requests();
    assert_eq!(requests.len(), 2);
    for request in requests {
        let mut names: Vec<_> =
            request.lines().skip(1).filter_map(|line| Some(line.split_once(':')?.0)).collect();
        names.sort_unstable();
        assert_eq!(names, ["accept", "connection", "host", "user-agent"], "{request}");
        assert!(request.starts_with("GET /jwks?x=1 HTTP/1.1\r\n"), "{request}");
    }
}

#[test]
fn mistakes_of_the_builder_are_named() {
    let build = |change: fn(grantor_fetch::FetcherBuilder) -> grantor_fetch::FetcherBuilder| {
        change(Fetcher::builder()).build().map(drop).unwrap_err()
    };
    assert!(
        matches!(build(|fetcher| fetcher.allow_host("https://a.example")), BuildError::Host(host) if host == "https://a.example")
    );
    assert!(matches!(build(|fetcher| fetcher.allow_host("10.0.0.0/8")), BuildError::Host(_)));
    assert!(matches!(build(|fetcher| fetcher.root_certificates("no PEM")), BuildError::RootCertificates));
    assert!(matches!(build(|fetcher| fetcher.deadline(Duration::ZERO)), BuildError::Deadline));
    assert!(matches!(build(|fetcher| fetcher.deadline(Duration::from_secs(31))), BuildError::Deadline));
}
