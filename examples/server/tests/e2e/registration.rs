//! Clients that register themselves, at a server whose file or flag lets them.

use oauth2::AuthType;
use oauth2::reqwest::{Method, header};
use serde_json::{Value, json};

use crate::program::{ADAPTERS, Program, between, config, file, run};
use crate::tokens::{http, token};

pub(crate) const TOKEN: &str = "initial-0123456789abcdef0123456789abcdef";
const RESOURCE: &str = "[[resources]]\nuri = \"https://api.example.com\"\nscopes = [\"read\", \"write\"]\n[[clients]]\nid = \"idle\"\nenabled = false\n";

/// Status and body of one request of registration.
pub(crate) async fn asked(method: Method, url: &str, bearer: &str, body: Option<&Value>) -> (u16, Value) {
    let mut request = http().request(method, url).bearer_auth(bearer);
    if let Some(body) = body {
        request = request.header(header::CONTENT_TYPE, "application/json").body(body.to_string());
    }
    let answer = request.send().await.expect("an answer");
    let status = answer.status().as_u16();
    let text = answer.text().await.expect("text");
    (status, if text.is_empty() { Value::Null } else { serde_json::from_str(&text).expect("JSON") })
}

pub(crate) async fn registered(server: &Program, bearer: &str, metadata: &Value) -> (u16, Value) {
    asked(Method::POST, &format!("{}/oauth2/register", server.issuer()), bearer, Some(metadata)).await
}

#[tokio::test]
async fn rfc7591_s3_registration_is_off_without_a_token_and_on_with_one() {
    for adapter in ADAPTERS {
        let off = Program::start(&["--adapter", adapter], &[]);
        let url = format!("{}/oauth2/register", off.issuer());
        let absent = http().post(&url).bearer_auth(TOKEN).send().await.expect("an answer");
        assert_eq!(absent.status().as_u16(), 404);
        assert!(!off.printed.contains("initial access"), "{}", off.printed);

        let on = Program::start(&["--adapter", adapter], &[("GRANTOR_INITIAL_ACCESS_TOKEN", TOKEN)]);
        let line = "\ninitial access  the token of --initial-access-token\n";
        assert!(on.printed.contains(line) && !on.printed.contains(TOKEN), "{}", on.printed);
        let (status, _) = registered(&on, "another-0123456789abcdef0123456789abcdef", &json!({})).await;
        assert_eq!(status, 401);
        let (status, told) = registered(&on, TOKEN, &json!({ "scope": "read", "client_name": "App" })).await;
        assert_eq!(status, 201, "{told}");
        let (id, secret) =
            (told["client_id"].as_str().expect("id"), told["client_secret"].as_str().expect("secret"));
        token(&on, (id, secret), AuthType::BasicAuth, "read").await.expect("a token");
        let stopped = on.stopped();
        assert!(!stopped.written.contains(TOKEN) && !stopped.written.contains(secret));
    }
}

#[tokio::test]
async fn rfc7591_s3_the_file_says_what_registration_is_open_to() {
    let file = config(&format!(
        "{RESOURCE}[registration]\nscope = \"read\"\nauth_methods = [\"client_secret_post\"]\nsecret_lifetime = \"90d\"\n\
         unused_for = \"7d\"\n[endpoints]\nregistration = \"/clients\"\n"
    ));
    let server = Program::start(&["--config", &file, "--initial-access-token", TOKEN], &[]);
    assert!(
        server.printed.contains("scope [read] by client_secret_post; goes after 7 days"),
        "{}",
        server.printed
    );
    let url = format!("{}/clients", server.issuer());
    let post = async |metadata: Value| asked(Method::POST, &url, TOKEN, Some(&metadata)).await;
    let (status, told) = post(json!({ "token_endpoint_auth_method": "client_secret_post" })).await;
    assert_eq!((status, &told["scope"]), (201, &json!("read")), "{told}");
    let life = told["client_secret_expires_at"].as_i64().expect("an end")
        - told["client_id_issued_at"].as_i64().expect("a start");
    assert_eq!(life, 90 * 86_400);
    for wide in [
        json!({ "token_endpoint_auth_method": "client_secret_basic" }),
        json!({ "token_endpoint_auth_method": "client_secret_post", "scope": "write" }),
    ] {
        let (status, told) = post(wide).await;
        assert_eq!((status, &told["error"]), (400, &json!("invalid_client_metadata")), "{told}");
    }
}

#[test]
fn s5_what_registration_cannot_be_is_named_at_start() {
    let strong = [("GRANTOR_INITIAL_ACCESS_TOKEN", TOKEN)];
    let refused = |entry: &str, environment: &[(&str, &str)], parts: &[&str]| {
        let path = config(&format!("{RESOURCE}{entry}"));
        let output = run(&["--config", &path], environment);
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{entry}: {text}");
        for part in parts {
            assert!(text.contains(part), "{part} is not in {text}");
        }
    };
    for weak in ["", "short", "0123456789abcdef 0123456789abcdef"] {
        let output = run(&[], &[("GRANTOR_INITIAL_ACCESS_TOKEN", weak)]);
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains("--initial-access-token") && text.contains("openssl rand -hex 32"), "{text}");
        assert!(weak.is_empty() || !text.contains(weak), "{text}");
    }
    refused("[registration]\n", &[], &["registration", "nobody could register", "--initial-access-token"]);
    let cases: [(&str, &[&str]); 9] = [
        ("scope = \"admin\"", &["registration.scope", "`admin`"]),
        (
            "auth_methods = [\"client_secret_post\", \"none\"]",
            &["registration.auth_methods[1]", "`none`", "private_key_jwt"],
        ),
        ("auth_methods = []", &["registration.auth_methods", "there is none"]),
        ("secret_lifetime = \"10m\"", &["registration.secret_lifetime", "an hour"]),
        ("unused_for = \"1h\"", &["registration.unused_for", "365d", "never"]),
        ("unused_for = \"soon\"", &["registration.unused_for", "\"never\""]),
        ("token = \"x\"", &["registration.token", "unknown key", "stored_tokens"]),
        (
            "[[registration.software_issuers]]\nissuer = \"partner\"",
            &["software_issuers[0]", "keys are missing", "jwks_uri"],
        ),
        (
            "[[registration.software_issuers]]\nissuer = \"https://a.example\"\n[[registration.software_issuers]]\nissuer = \"https://a.example\"",
            &["software_issuers[1].issuer", "twice"],
        ),
    ];
    for (entry, parts) in cases {
        refused(&format!("[registration]\n{entry}\n"), &strong, parts);
    }
}

#[test]
fn rule_10_what_the_example_says_of_registration_can_be_put_in() {
    let example = include_str!("../../grantor.example.toml");
    let block = between(example, "\n# [registration]\n", "\n\n");
    let text = format!("[registration]\n{block}").replace("\n# ", "\n").replace("write = ", "write =");
    let text = text.replace("orders:read", "read");
    let path = file("grantor.toml", &format!("{RESOURCE}{text}\n"));
    std::fs::write(
        path.with_file_name("vendor.jwks.json"),
        format!("{{\"keys\":[{}]}}", crate::keys::public(crate::keys::ED25519)),
    )
    .expect("write");
    let path = path.to_str().expect("UTF-8").to_owned();
    let server = Program::start(&["--config", &path], &[("GRANTOR_INITIAL_ACCESS_TOKEN", TOKEN)]);
    assert!(server.printed.contains("\nregistration "), "{}", server.printed);
}
