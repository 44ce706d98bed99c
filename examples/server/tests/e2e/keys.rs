//! Keys for clients: known ones out of RFCs, in `tests/keys`, and new ones that `clients create` makes.

use serde_json::Value;

use crate::program::{between, file, printed};

/// The RSA key of RFC 7520 §3.4, which everybody knows.
pub(crate) const RSA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys/rfc7520-s3.4.json");
/// The P-384 key of RFC 6979 §A.2.6, which everybody knows.
pub(crate) const P384: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys/rfc6979-a.2.6.json");
/// The Ed25519 key of RFC 8037 §A.1, which everybody knows.
pub(crate) const ED25519: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys/rfc8037-a.1.json");

pub(crate) const RESOURCE: &str = "[[resources]]\nuri = \"https://api.example.com\"\nscopes = [\"read\"]\n";

/// What stands in the file of a JWK.
pub(crate) fn jwk(path: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).expect("read")).expect("JSON")
}

/// The public half of a JWK.
pub(crate) fn public(path: &str) -> Value {
    let own = jwk(path);
    let members = ["kty", "crv", "x", "y", "n", "e"];
    members.iter().filter_map(|name| Some(((*name).to_owned(), own.get(name)?.clone()))).collect()
}

/// A client with the public half of a JWK: its block of the configuration.
pub(crate) fn with_jwk(id: &str, path: &str, alg: &str) -> String {
    let public = public(path);
    let members = public.as_object().expect("object").iter().map(|(name, value)| format!("{name} = {value}"));
    let members = members.collect::<Vec<_>>().join(", ");
    format!(
        "[[clients]]\nid = \"{id}\"\nauth = \"private_key_jwt\"\nscope = \"read\"\n\
         jwks = {{ keys = [{{ {members}, alg = \"{alg}\" }}] }}\n"
    )
}

/// A client with a new key: its block of the configuration, and the file of its private key.
pub(crate) fn with_new_key(id: &str) -> (String, String) {
    let key = file("folder", "").with_file_name("client.key").to_str().expect("UTF-8").to_owned();
    let arguments = ["clients", "create", "--id", id, "--auth", "private_key_jwt", "--scope", "read"];
    let made = printed(&[&arguments[..], &["--key-out", &key]].concat(), &[]);
    (between(&made, "(--config FILE):\n", "\n# Its private key").to_owned(), key)
}

/// A client with the secret that the variable `SHARED` holds.
pub(crate) fn with_secret(id: &str, method: &str) -> String {
    format!(
        "[[clients]]\nid = \"{id}\"\nauth = \"{method}\"\nscope = \"read\"\nsecrets = [{{ env = \"SHARED\" }}]\n"
    )
}
