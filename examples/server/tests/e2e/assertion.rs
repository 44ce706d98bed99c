//! The command `assertion`, and what the server makes of its output.

use grantor::{Clock, SystemClock};
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Value, json};

use crate::keys::{ED25519, P384, RESOURCE, RSA, with_jwk, with_new_key, with_secret};
use crate::program::{Program, config, file, new_secret, printed, run};
use crate::tokens::http;

/// What the token endpoint answers to an assertion.
pub(crate) async fn sent(program: &Program, assertion: &str) -> (u16, Value) {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", assertion),
    ];
    let answer = http().post(program.token_url()).form(&form).send().await.expect("answer");
    let status = answer.status().as_u16();
    (status, serde_json::from_str(&answer.text().await.expect("text")).expect("JSON"))
}

/// An assertion of `client` for `issuer`, by these arguments.
pub(crate) fn made(client: &str, issuer: &str, arguments: &[&str], secret: &str) -> String {
    let all = [&["assertion", "--client", client, "--issuer", issuer], arguments].concat();
    printed(&all, &[("SHARED", secret)]).trim_end().to_owned()
}

fn parts(assertion: &str) -> [Value; 2] {
    let part = |at: usize| {
        let part =
            data_encoding::BASE64URL_NOPAD.decode(assertion.split('.').nth(at).expect("part").as_bytes());
        serde_json::from_slice(&part.expect("base64url")).expect("JSON")
    };
    [part(0), part(1)]
}

#[tokio::test]
async fn rfc7523_s3_7_what_it_prints_is_accepted_once_by_each_kind_of_key() {
    let ((es256, pem), secret) = (with_new_key("es256"), new_secret());
    let secret_file = file("shared.secret", &format!("{secret}\n"));
    let secret_file = secret_file.to_str().expect("UTF-8");
    let hmac = |algorithm: &str| {
        let id = algorithm.to_lowercase();
        let algorithm = format!("env = \"SHARED\", algorithm = \"{algorithm}\"");
        with_secret(&id, "client_secret_jwt").replace("env = \"SHARED\"", &algorithm)
    };
    let rsa = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]
        .map(|algorithm| with_jwk(&algorithm.to_lowercase(), RSA, algorithm));
    let blocks = [
        es256,
        with_jwk("es384", P384, "ES384"),
        rsa.concat(),
        with_jwk("eddsa", ED25519, "EdDSA"),
        with_secret("by-default", "client_secret_jwt"),
        hmac("HS384"),
        hmac("HS512"),
    ];
    let config = config(&format!("{RESOURCE}{}", blocks.concat()));
    let program = Program::start(&["--config", &config], &[("SHARED", &secret)]);
    let cases: [(&str, &[&str], &str); 14] = [
        ("es256", &["--key", &pem], "ES256"),
        ("es384", &["--key", P384], "ES384"),
        ("rs256", &["--key", RSA, "--kid", "another"], "RS256"),
        ("rs384", &["--key", RSA, "--alg", "RS384"], "RS384"),
        ("rs512", &["--key", RSA, "--alg", "RS512"], "RS512"),
        ("ps256", &["--key", RSA, "--alg", "PS256"], "PS256"),
        ("ps384", &["--key", RSA, "--alg", "PS384"], "PS384"),
        ("ps512", &["--key", RSA, "--alg", "PS512"], "PS512"),
        ("eddsa", &["--key", ED25519], "EdDSA"),
        ("eddsa", &["--key", ED25519, "--alg", "Ed25519"], "Ed25519"),
        ("by-default", &["--secret-env", "SHARED"], "HS256"),
        ("by-default", &["--secret-file", secret_file, "--lifetime", "1h"], "HS256"),
        ("hs384", &["--secret-env", "SHARED", "--alg", "HS384"], "HS384"),
        ("hs512", &["--secret-file", secret_file, "--alg", "HS512"], "HS512"),
    ];
    for (client, arguments, algorithm) in cases {
        let assertion = made(client, &program.issuer(), arguments, &secret);
        assert_eq!(parts(&assertion)[0]["alg"], algorithm);
        let (status, token) = sent(&program, &assertion).await;
        assert_eq!((status, &token["scope"]), (200, &json!("read")), "{algorithm}: {token}");
        let (status, refused) = sent(&program, &assertion).await;
        assert_eq!((status, &refused["error"]), (401, &json!("invalid_client")), "{algorithm}: {refused}");
        let crossed = made("nobody", &program.issuer(), arguments, &secret);
        assert_eq!(sent(&program, &crossed).await.0, 401, "{algorithm}: another client's");
    }
}

#[test]
fn rfc7523bis_s4_it_says_who_for_whom_and_for_how_long() {
    let issuer = "https://auth.example.com";
    let make = |arguments: &[&str]| parts(&made("shop 1", issuer, arguments, &"s".repeat(64)));
    let [header, claims] = make(&["--secret-env", "SHARED"]);
    assert_eq!(header, json!({ "alg": "HS256", "typ": "client-authentication+jwt" }));
    let now = SystemClock::new().now().as_unix();
    let (iat, exp) = (claims["iat"].as_i64().expect("iat"), claims["exp"].as_i64().expect("exp"));
    assert!((now - 60..=now).contains(&iat) && exp == iat + 60, "{claims}");
    let jti = claims["jti"].as_str().expect("jti");
    assert_eq!(jti.len(), 22);
    let expected =
        json!({ "iss": "shop 1", "sub": "shop 1", "aud": issuer, "jti": jti, "iat": iat, "exp": exp });
    assert_eq!(claims, expected);
    let [header, other] = make(&["--secret-env", "SHARED", "--lifetime", "5m", "--kid", "k1"]);
    assert_eq!(header["kid"], "k1");
    assert_ne!(other["jti"], jti);
    assert_eq!(other["exp"].as_i64().unwrap() - other["iat"].as_i64().unwrap(), 300);
    let [header, of_grant] = make(&["--grant", "--secret-env", "SHARED"]);
    assert_eq!(header, json!({ "alg": "HS256" }), "t35: a grant is not typed as a client assertion");
    assert_eq!((&of_grant["sub"], &of_grant["aud"]), (&json!("shop 1"), &json!(issuer)));
    let [header, _] = make(&["--key", RSA]);
    assert_eq!(header["kid"], "bilbo.baggins@hobbiton.example", "that of the JWK");
}

#[test]
fn s10_mistakes_of_assertion_are_named_with_flag_and_remedy() {
    const MARK: &str = "hunter2";
    let keep = |name: &str, text: &str| file(name, text).to_str().expect("UTF-8").to_owned();
    let pem = |label: &str| format!("-----BEGIN {label}-----\nhunter2=\n-----END {label}-----\n");
    let sec1 = keep("a", &pem("EC PRIVATE KEY"));
    let locked = keep("a", &pem("ENCRYPTED PRIVATE KEY"));
    let public = keep("a", &pem("PUBLIC KEY"));
    let torn = keep("a", &pem("PRIVATE KEY"));
    let other = keep("a", &pem("PRIVATE KEY").replace("hunter2=", "aHVudGVyMg=="));
    let text = keep("a", MARK);
    let broken = keep("a", "{ \"d\": hunter2 }");
    let no_half = keep("a", r#"{ "kty": "EC", "x": "hunter2" }"#);
    let set = keep("a", r#"{ "keys": ["hunter2"] }"#);
    let odd = keep("a", r#"{ "kty": "OKP", "crv": "Ed25519", "d": "hunter2", "x": "hunter2" }"#);
    let long = keep("a", &MARK.repeat(10_000));
    let cases: [(&[&str], &[&str]); 18] = [
        (&["--key", &sec1], &["--key", &sec1, "not PKCS#8", "openssl pkcs8 -topk8"]),
        (&["--key", &locked], &["encrypted", "openssl pkcs8"]),
        (&["--key", &public], &["signs nothing", "BEGIN PRIVATE KEY"]),
        (&["--key", &torn], &["no base64"]),
        (&["--key", &other], &["no key that can sign", "P-256", "clients create --auth private_key_jwt"]),
        (&["--key", &text], &["no private key", "PKCS#8 PEM", "private JWK"]),
        (&["--key", &broken], &["no JSON"]),
        (&["--key", &no_half], &["without its private half", "--secret-file"]),
        (&["--key", &set], &["a set of keys", "one JWK"]),
        (&["--key", &odd], &["no key that can sign"]),
        (&["--key", &long], &["--key", "longer than"]),
        (&["--key", "/nowhere"], &["--key", "`/nowhere` cannot be read"]),
        (&["--secret-file", "/nowhere"], &["--secret-file", "`/nowhere` cannot be read"]),
        (&["--secret-env", "NOT_SET"], &["--secret-env", "`NOT_SET` is not set"]),
        (&["--secret-env", "SHORT"], &["shorter than 32 bytes", "clients create --auth client_secret_jwt"]),
        (&["--key", ED25519, "--alg", "ES256"], &["--alg", "`ES256`", "write one of EdDSA"]),
        (&["--key", ED25519, "--lifetime", "2h"], &["--lifetime", "1 hour"]),
        (&["--key", ED25519, "--client", "\u{e9}"], &["--client", "1 to 255"]),
    ];
    for (arguments, expected) in cases {
        let client: &[&str] = if arguments.contains(&"--client") { &[] } else { &["--client", "shop"] };
        let all = [&["assertion", "--issuer", "https://a.example"], client, arguments].concat();
        check(&all, expected, MARK);
    }
    let whole = ["assertion", "--client", "shop", "--key", ED25519];
    check(&whole, &["--issuer (GRANTOR_ISSUER)", "missing", "https://auth.example.com"], MARK);
    check(&[&whole[..], &["--issuer", "auth"]].concat(), &["--issuer", "https"], MARK);
}

fn check(arguments: &[&str], expected: &[&str], mark: &str) {
    let output = run(arguments, &[("SHORT", mark)]);
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {message}");
    assert!(output.stdout.is_empty() && message.contains("\n  remedy: "), "{arguments:?}: {message}");
    for part in expected {
        assert!(message.contains(part), "{part} is not in the message for {arguments:?}: {message}");
    }
    assert!(!message.contains(mark), "t95: {message}");
}

#[test]
fn t95_exactly_one_thing_signs_and_no_secret_stands_on_the_command_line() {
    let base = ["assertion", "--client", "shop", "--issuer", "https://a.example"];
    for wrong in [&[][..], &["--key", RSA, "--secret-env", "X"], &["--secret", "hunter2"]] {
        let output = run(&[&base[..], wrong].concat(), &[]);
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
        assert!(output.stdout.is_empty());
    }
}

/// An assertion of the client `hs256` whose clock is `ahead` seconds fast.
pub(crate) fn of_a_fast_clock(program: &Program, secret: &str, ahead: i64, aud: &str) -> String {
    let now = SystemClock::new().now().as_unix() + ahead;
    let jti = format!("{}-{ahead}-{aud}", program.address);
    let claims =
        json!({ "iss": "hs256", "sub": "hs256", "aud": aud, "jti": jti, "iat": now, "exp": now + 60 });
    encode(&Header::default(), &claims, &EncodingKey::from_secret(secret.as_bytes())).expect("encode")
}
