//! Clients that publish their keys at a `jwks_uri`.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::assertion::{made, sent};
use crate::keys::{ED25519, RESOURCE, RSA, public, with_jwk};
use crate::program::{Program, between, config, printed, run};

/// Publishes the Ed25519 key at a URL on loopback, and counts who asks.
fn publish() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listen");
    let url = format!("http://{}/jwks.json", listener.local_addr().expect("address"));
    let hits = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&hits);
    let body = json!({"keys": [public(ED25519)]}).to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            counted.fetch_add(1, Ordering::SeqCst);
            let _ = stream.read(&mut [0; 4096]);
            let length = body.len();
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
            );
        }
    });
    (url, hits)
}

fn with_jwks_uri(id: &str, url: &str) -> String {
    format!(
        "[[clients]]\nid = \"{id}\"\nauth = \"private_key_jwt\"\nscope = \"read\"\njwks_uri = \"{url}\"\n"
    )
}

#[tokio::test]
async fn rfc7591_s2_a_published_key_gets_a_token_and_is_fetched_once() {
    let (url, hits) = publish();
    let blocks = [RESOURCE, &with_jwks_uri("publisher", &url), &with_jwk("inline", RSA, "RS256")].concat();
    let program = Program::start(&["--config", &config(&blocks)], &[]);
    let assertion = |client: &str, key: &str| made(client, &program.issuer(), &["--key", key], "");
    for _ in 0..3 {
        let (status, token) = sent(&program, &assertion("publisher", ED25519)).await;
        assert_eq!((status, &token["scope"]), (200, &json!("read")), "{token}");
    }
    let refused = sent(&program, &assertion("nobody", ED25519)).await;
    for _ in 0..3 {
        assert_eq!(sent(&program, &assertion("publisher", RSA)).await, refused, "none of its keys (T60)");
    }
    assert_eq!(sent(&program, &assertion("inline", RSA)).await.0, 200);
    assert_eq!(hits.load(Ordering::SeqCst), 1);
}

/// Plain http to this machine is for an issuer on plain http on this machine alone (T58), and a refusal tells the client
/// nothing (T63).
#[tokio::test]
async fn t58_t63_under_an_https_issuer_no_inner_address_is_asked() {
    let (url, hits) = publish();
    let secure = url.replace("http:", "https:");
    let blocks = [RESOURCE, &with_jwks_uri("plain", &url), &with_jwks_uri("inner", &secure)].concat();
    let issuer = "https://auth.example.com";
    let mut program = Program::start(&["--config", &config(&blocks), "--issuer", issuer], &[]);
    let assertion = |client: &str| made(client, issuer, &["--key", ED25519], "");
    let refused = sent(&program, &assertion("nobody")).await;
    assert_eq!((refused.0, &refused.1["error"]), (401, &json!("invalid_client")));
    for (client, told) in [("plain", "its scheme is not https"), ("inner", "its address is not a public one")]
    {
        assert_eq!(sent(&program, &assertion(client)).await, refused, "{client}");
        program.wait_for_log(told);
    }
    assert_eq!(hits.load(Ordering::SeqCst), 0);
}

#[test]
fn s10_create_and_show_know_the_place_of_keys() {
    let create = ["clients", "create", "--id", "publisher", "--auth", "private_key_jwt", "--scope", "read"];
    let url = "https://keys.example.com/jwks.json";
    let made = printed(&[&create[..], &["--jwks-uri", url]].concat(), &[]);
    let block = between(&made, "(--config FILE):\n", "\n# Its public keys");
    let config = config(&format!("{RESOURCE}{block}"));
    let shown = printed(&["clients", "show", "publisher", "--config", &config], &[]);
    assert!(shown.contains(url), "{shown}");
    let shown = printed(&["clients", "show", "publisher", "--json", "--config", &config], &[]);
    let shown: Value = serde_json::from_str(&shown).expect("JSON");
    let held = &shown["credentials"][0];
    assert_eq!((&held["kind"], &held["jwks_uri"]), (&json!("jwks_uri"), &json!(url)));
    for (arguments, part) in [
        (&["--jwks-uri", "ftp://keys.example.com"][..], "https URL"),
        (&["--jwks-uri", url, "--key-out", "/nowhere/x.key"], "--key-out beside it"),
        (&["--jwks-uri", url, "--auth", "client_secret_basic"], "no public keys with this --auth"),
    ] {
        let method = if arguments.contains(&"--auth") { &create[..4] } else { &create[..] };
        let output = run(&[method, arguments].concat(), &[]);
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains("--jwks-uri") && text.contains(part) && output.stdout.is_empty(), "{text}");
    }
}
