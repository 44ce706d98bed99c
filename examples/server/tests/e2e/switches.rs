//! What the file may loosen: the compatibility switches and the clock skew.

use serde_json::Value;

use crate::assertion::{made, of_a_fast_clock, sent};
use crate::keys::{RESOURCE, with_secret};
use crate::program::{Program, config, new_secret};
use crate::tokens::http;

fn start(top: &str, further: &str, secret: &str) -> Program {
    let client = with_secret("hs256", "client_secret_jwt");
    let config = config(&format!("{top}\n{RESOURCE}{client}{further}"));
    Program::start(&["--config", &config], &[("SHARED", secret)])
}

#[test]
fn clients_md_every_switch_shows_in_the_summary_and_in_the_log() {
    let all = "[dangerous]\ncompatibility = { token_endpoint_audience = \"every_client\", \
               assertion_reuse = \"listed_clients\", raw_basic = \"every_client\", \
               openid_discovery = \"every_client\" }\n";
    let mut program = start("", all, &new_secret());
    for (switch, reach) in [
        ("token_endpoint_audience", "every client"),
        ("assertion_reuse", "the clients that name it"),
        ("raw_basic", "every client"),
        ("openid_discovery", "every client"),
    ] {
        let line = format!("compatibility switch {switch} for {reach}");
        assert!(program.printed.contains(&format!("warning         {line}\n")), "{}", program.printed);
        program.wait_for_log(&line);
    }
    assert!(!start("", "", &new_secret()).printed.contains("compatibility"));
}

#[tokio::test]
async fn clients_md_assertion_reuse_is_for_the_clients_that_name_it() {
    let secret = new_secret();
    let permitted = "[dangerous.compatibility]\nassertion_reuse = \"listed_clients\"\n";
    for (named, second) in [("", 401), ("compatibility = [\"assertion_reuse\"]\n", 200)] {
        let mut program = start("", &format!("{named}{permitted}"), &secret);
        let assertion = made("hs256", &program.issuer(), &["--secret-env", "SHARED"], &secret);
        assert_eq!(sent(&program, &assertion).await.0, 200);
        assert_eq!(sent(&program, &assertion).await.0, second, "{named}");
        if second == 200 {
            program.wait_for_log("compatibility switch used");
        }
    }
}

#[tokio::test]
async fn rfc7523bis_s4_the_token_endpoint_is_no_audience_without_its_switch() {
    let secret = new_secret();
    let switch = "[dangerous.compatibility]\ntoken_endpoint_audience = \"every_client\"\n";
    for (further, status) in [("", 401), (switch, 200)] {
        let program = start("", further, &secret);
        let assertion = of_a_fast_clock(&program, &secret, 0, &program.token_url());
        assert_eq!(sent(&program, &assertion).await.0, status);
        let elsewhere = of_a_fast_clock(&program, &secret, 0, "https://other.example");
        assert_eq!(sent(&program, &elsewhere).await.0, 401);
    }
}

#[tokio::test]
async fn rfc7523_s3_5_clock_skew_is_10_s_and_what_the_file_says() {
    let secret = new_secret();
    for (top, told, status) in [
        ("", None, 401),
        ("clock_skew = 0", Some("\nclock skew      0 s\n"), 401),
        ("clock_skew = \"60s\"", Some("\nclock skew      60 s\n"), 200),
    ] {
        let program = start(top, "", &secret);
        assert!(told.is_none_or(|told| program.printed.contains(told)), "{}", program.printed);
        let fast = of_a_fast_clock(&program, &secret, 40, &program.issuer());
        assert_eq!(sent(&program, &fast).await.0, status, "{top}");
    }
}

#[tokio::test]
async fn clients_md_openid_discovery_adds_what_openid_clients_insist_on() {
    let get = async |program: &Program, path: &str| {
        let answer = http().get(format!("{}{path}", program.issuer())).send().await.expect("answer");
        (answer.status().as_u16(), answer.text().await.expect("text"))
    };
    let (openid, plain) = ("/.well-known/openid-configuration", "/.well-known/oauth-authorization-server");
    let off = start("", "", &new_secret());
    assert_eq!(get(&off, openid).await, get(&off, plain).await, "the same document");
    assert_eq!(get(&off, "/oauth2/authorize").await.0, 404);

    let on = start("", "[dangerous.compatibility]\nopenid_discovery = \"every_client\"\n", &new_secret());
    let (status, text) = get(&on, openid).await;
    assert_eq!(status, 200);
    let document: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(document["authorization_endpoint"], format!("{}/oauth2/authorize", on.issuer()));
    assert_eq!(document["id_token_signing_alg_values_supported"][0], "ES256");
    for member in ["jwks_uri", "response_types_supported", "subject_types_supported"] {
        assert!(document.get(member).is_some(), "{member}: {text}");
    }
    assert!(!get(&on, plain).await.1.contains("authorization_endpoint"), "RFC 8414's stays as it is");
    let (status, text) = get(&on, "/oauth2/authorize?response_type=code&client_id=x").await;
    let refused: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((status, refused["error"].as_str()), (400, Some("unsupported_response_type")));
}
