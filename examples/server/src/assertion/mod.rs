//! `assertion`: a client assertion or a grant made by hand (RFC 7523 §2 and §3, draft rfc7523bis §4).

mod key_file;
mod made_key;
mod signing_key;

use std::path::Path;

use data_encoding::BASE64URL_NOPAD;
use grantor::{AssertionAlgorithm, ClientId, Clock, Entropy, Issuer, SystemClock, SystemEntropy};
use serde_json::{Map, Value, json};

pub(crate) use made_key::MadeKey;
use signing_key::SigningKey;

use crate::config::{Mistake, span_of_time};
use crate::failure::Failure;
use crate::flags::{Flags, NewAssertion};
use crate::paste::say;
use crate::private_file;

/// Prints one assertion: for one request, to one server, for a short time.
pub(crate) fn assertion(flags: &Flags, wanted: &NewAssertion) -> Result<(), Failure> {
    let issuer = flags.issuer.as_deref().ok_or_else(|| {
        let remedy =
            "write the issuer of the server, as its metadata tell it, such as https://auth.example.com";
        Mistake::new("--issuer (GRANTOR_ISSUER)", "missing", remedy)
    })?;
    Issuer::new(issuer).map_err(|rule| mistake("--issuer (GRANTOR_ISSUER)", rule.to_string()))?;
    let client =
        ClientId::new(wanted.client.as_str()).map_err(|rule| mistake("--client", rule.to_string()))?;
    let key = key(wanted)?;
    let (algorithm, name) = algorithm(&key, wanted.alg.as_deref())?;
    let seconds =
        span_of_time(&wanted.lifetime).map(|span| span.as_secs()).filter(|s| (1..=3600).contains(s));
    let seconds =
        seconds.ok_or_else(|| mistake("--lifetime", "1 second to 1 hour, such as 60s".to_owned()))?;

    let mut jti = [0; 16];
    let no_randomness = |error| Failure::because("no assertion could be made", error);
    SystemEntropy::new().fill(&mut jti).map_err(no_randomness)?;
    let now = SystemClock::new().now().as_unix();
    let mut header = Map::new();
    header.insert("alg".to_owned(), name.into());
    // What is typed as a client assertion is no grant, and a grant needs no type.
    if !wanted.grant {
        header.insert("typ".to_owned(), "client-authentication+jwt".into());
    }
    if let Some(kid) = wanted.kid.as_deref().or(key.kid()) {
        header.insert("kid".to_owned(), kid.into());
    }
    let claims = json!({
        "iss": client.as_str(),
        "sub": client.as_str(),
        "aud": issuer,
        "jti": BASE64URL_NOPAD.encode(&jti),
        "iat": now,
        "exp": now.saturating_add_unsigned(seconds),
    });
    let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let signed = format!("{}.{}", part(&Value::Object(header)), part(&claims));
    let signature = key
        .sign(algorithm, signed.as_bytes())
        .map_err(|_| Failure::Runtime("the key signs nothing: it is damaged".to_owned()))?;
    say(&format!("{signed}.{}\n", BASE64URL_NOPAD.encode(&signature)))
}

/// What to sign with: the key of a file, or a secret, which never stands on the command line.
fn key(wanted: &NewAssertion) -> Result<SigningKey, Mistake> {
    let unreadable = |flag: &str, path: &Path, error: std::io::Error| {
        let wrong = format!("`{}` cannot be read: {error}", path.display());
        Mistake::new(flag, wrong, "name a readable file that holds it alone")
    };
    let from = &wanted.from;
    if let Some(path) = &from.key {
        let text = private_file::read(path).map_err(|error| unreadable("--key", path, error))?;
        return key_file::parse(&format!("--key {}", path.display()), &text);
    }
    if let Some(path) = &from.secret_file {
        let secret =
            private_file::read_secret(path).map_err(|error| unreadable("--secret-file", path, error))?;
        return Ok(SigningKey::secret(&secret));
    }
    let name = from.secret_env.as_deref().unwrap_or_default();
    // Without the error: it shows the value.
    match std::env::var(name).ok().filter(|value| !value.is_empty()).map(zeroize::Zeroizing::new) {
        Some(secret) => Ok(SigningKey::secret(&secret)),
        None => Err(Mistake::new(
            "--secret-env",
            format!("the environment variable `{}` is not set, or empty", name.escape_debug()),
            "set it to the client's secret; this flag takes its name",
        )),
    }
}

/// The algorithm, and its name as it was asked for: `EdDSA` and `Ed25519` are one.
fn algorithm(key: &SigningKey, asked: Option<&str>) -> Result<(AssertionAlgorithm, String), Mistake> {
    let fitting = key.algorithms();
    let Some(asked) = asked.or(key.alg()) else {
        let [first, ..] = fitting else { return Err(mistake("--key", "a key that signs".to_owned())) };
        return checked(key, *first).map(|first| (first, first.as_str().to_owned()));
    };
    let found = AssertionAlgorithm::from_name(asked).filter(|named| fitting.contains(named));
    let Some(found) = found else {
        let known: Vec<_> = fitting.iter().map(|algorithm| algorithm.as_str()).collect();
        let wrong = format!("`{}` is no algorithm of this key", asked.escape_debug());
        return Err(Mistake::new("--alg", wrong, format!("write one of {}", known.join(", "))));
    };
    checked(key, found).map(|found| (found, asked.to_owned()))
}

/// A secret shorter than its hash is no key (RFC 7518 §3.2), and no server should take it for one.
fn checked(key: &SigningKey, algorithm: AssertionAlgorithm) -> Result<AssertionAlgorithm, Mistake> {
    if key.secret_bytes().is_none_or(|bytes| bytes >= algorithm.secret_bytes()) {
        return Ok(algorithm);
    }
    Err(Mistake::new(
        "--secret-env, --secret-file",
        format!("the secret is shorter than {} bytes, as {algorithm} needs", algorithm.secret_bytes()),
        "use a secret that `grantor-server clients create --auth client_secret_jwt` made",
    ))
}

fn mistake(flag: &str, remedy: String) -> Mistake {
    Mistake::new(flag, "breaks the rule for its value", remedy)
}
