//! The public keys of a client: inline, in a file, or where it publishes them.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use grantor::store::Credential;
use grantor::{AssertionAlgorithm, InvalidValue, PublicKey};
use serde_json::{Map, Value};

use super::document::ClientEntry;
use super::stated::Stated;
use super::{Config, Mistake};

/// Fifty of the largest keys, each with its certificates; whatever is longer is another file.
const FILE_BYTES: u64 = 256 * 1024;

impl Config {
    /// The keys of the client at `key`, each with the key where it stands.
    pub(super) fn keys(&self, key: &str, entry: &ClientEntry) -> Result<Vec<(String, Credential)>, Mistake> {
        let (key, jwks) = match (&entry.jwks, &entry.jwks_file, &entry.jwks_uri) {
            (None, None, None) => return Ok(Vec::new()),
            (None, None, Some(url)) => return self.jwks_uri(key, url),
            (Some(inline), None, None) => (format!("{key}.jwks"), Value::Object(inline.clone()).to_string()),
            (None, Some(path), None) => {
                let key = format!("{key}.jwks_file");
                let text = read_jwks(&self.beside(path))
                    .map_err(|(wrong, remedy)| self.mistake(&key, wrong, remedy))?;
                (key, text)
            }
            (Some(_), Some(_), _) => {
                let remedy = "keep jwks or jwks_file, and put all keys into it";
                return Err(self.mistake(&format!("{key}.jwks_file"), "there is jwks beside it", remedy));
            }
            (_, _, Some(_)) => {
                let wrong = "there are keys of its own beside it (RFC 7591 §2)";
                let remedy = "keep jwks_uri, or jwks or jwks_file";
                return Err(self.mistake(&format!("{key}.jwks_uri"), wrong, remedy));
            }
        };
        let keys = PublicKey::from_jwks(&jwks)
            .map_err(|rule| bad_keys(&jwks, rule))
            .map_err(|(wrong, remedy)| self.mistake(&key, wrong, remedy))?;
        let credential = |own: PublicKey| {
            let credential = Credential::key(own).map_err(|rule| self.invalid(&key, rule))?;
            Ok((key.clone(), credential))
        };
        keys.into_iter().map(credential).collect()
    }

    fn jwks_uri(&self, client: &str, text: &str) -> Result<Vec<(String, Credential)>, Mistake> {
        let url = Stated::in_block(self, client.to_owned()).key_set_url("jwks_uri", text)?;
        let key = format!("{client}.jwks_uri");
        let credential = Credential::key_set(url).map_err(|rule| self.invalid(&key, rule))?;
        Ok(vec![(key, credential)])
    }
}

impl Stated<'_> {
    /// The public keys in a file that a flag names: a JWK Set, one JWK, or one key in PEM.
    pub(crate) fn public_keys(&self, member: &str, path: &Path) -> Result<Vec<PublicKey>, Mistake> {
        let remedy = "name a readable file that holds a JWK Set, a JWK or one public key in PEM";
        let text = read_jwks(path).map_err(|(wrong, _)| self.mistake(member, wrong, remedy))?;
        let is_key = |jwk: &Map<String, Value>| jwk.contains_key("kty");
        let keys = if text.trim_start().starts_with("-----BEGIN") {
            public_pem(&text).map(|key| vec![key])
        } else if serde_json::from_str(&text).as_ref().is_ok_and(is_key) {
            let key = PublicKey::from_jwk(&text).map(|key| vec![key]);
            key.map_err(|rule| ("the key breaks a rule".to_owned(), rule.to_string()))
        } else {
            PublicKey::from_jwks(&text).map_err(|rule| bad_keys(&text, rule))
        };
        keys.map_err(|(wrong, remedy)| self.mistake(member, wrong, remedy))
    }
}

/// One public key in PEM (RFC 7468 §13), which names no algorithm: the one that its kind is for, and RS256 for RSA.
fn public_pem(text: &str) -> Result<PublicKey, (String, String)> {
    const KINDS: [AssertionAlgorithm; 5] = [
        AssertionAlgorithm::Es256,
        AssertionAlgorithm::Es384,
        AssertionAlgorithm::Es512,
        AssertionAlgorithm::EdDsa,
        AssertionAlgorithm::Rs256,
    ];
    if text.contains("PRIVATE KEY-----") {
        let remedy = "give the public half, which `openssl pkey -in FILE -pubout` prints; a private key is for the client alone";
        return Err(("a private key is in it".to_owned(), remedy.to_owned()));
    }
    let mut why = None;
    for algorithm in KINDS {
        match PublicKey::from_spki_pem(text, algorithm) {
            Ok(key) => return Ok(key),
            // That it is for another algorithm says nothing.
            Err(rule) => {
                why = why.or_else(|| Some(rule.to_string()).filter(|rule| !rule.starts_with("alg ")));
            }
        }
    }
    let remedy =
        why.unwrap_or_else(|| "write one public key on P-256, P-384, P-521, Ed25519 or of RSA".to_owned());
    Err(("no key of a client".to_owned(), remedy))
}

/// Which key of the set breaks which rule. What stands in it is not shown: it may be private.
fn bad_keys(jwks: &str, rule: InvalidValue) -> (String, String) {
    let set: Value = match serde_json::from_str(jwks) {
        Ok(set) => set,
        Err(error) => {
            let wrong = format!("no JSON: line {}, column {}", error.line(), error.column());
            return (wrong, "write a JWK Set, { \"keys\": […] }".to_owned());
        }
    };
    let keys = set.get("keys").and_then(Value::as_array);
    let refused = |jwk: &Value| PublicKey::from_jwk(&jwk.to_string()).err();
    let first = keys.and_then(|keys| keys.iter().enumerate().find_map(|(at, jwk)| Some((at, refused(jwk)?))));
    match first {
        Some((at, rule)) => (format!("keys[{at}] breaks a rule"), rule.to_string()),
        None => ("breaks the rule for its value".to_owned(), rule.to_string()),
    }
}

/// What stands in the file of a JWK Set; else what is wrong and the remedy.
pub(super) fn read_jwks(path: &Path) -> Result<String, (String, &'static str)> {
    let shown = path.display();
    let remedy = "write the path of a readable file that holds a JWK Set, { \"keys\": […] }; relative paths \
                  begin beside this file";
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(FILE_BYTES + 1).read_to_string(&mut text));
    match read {
        Ok(bytes) if bytes as u64 > FILE_BYTES => {
            Err((format!("`{shown}` is larger than {FILE_BYTES} bytes"), remedy))
        }
        Ok(_) => Ok(text),
        Err(error) => Err((format!("`{shown}` cannot be read: {error}"), remedy)),
    }
}

/// Whether a plain URL names this machine, in one of the ways in which people write that.
pub(super) fn is_on_loopback(url: &str) -> bool {
    let hosts = ["http://127.0.0.1", "http://localhost", "http://[::1]"];
    let rest = hosts.iter().find_map(|host| url.strip_prefix(host));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/', '?']))
}
