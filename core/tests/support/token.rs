//! Access tokens, verified by the published keys with ring, as a resource server would.

use data_encoding::BASE64URL_NOPAD;
use grantor::AuthorizationServer;
use grantor::http::Request;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use serde_json::Value;

use super::Answer;

#[derive(Clone, Debug)]
pub struct Token {
    pub header: Value,
    pub claims: Value,
}

impl Token {
    pub fn text(&self, claim: &str) -> &str {
        self.claims[claim].as_str().unwrap_or_else(|| panic!("{claim} is no text: {}", self.claims))
    }

    pub fn number(&self, claim: &str) -> i64 {
        self.claims[claim].as_i64().unwrap_or_else(|| panic!("{claim} is no number: {}", self.claims))
    }
}

/// Header and claims, without a look at the signature.
pub fn decode(token: &str) -> Token {
    let parts: Vec<_> = token.split('.').collect();
    assert_eq!(parts.len(), 3, "compact form");
    let json = |part: &str| serde_json::from_slice(&bytes(part)).unwrap();
    Token { header: json(parts[0]), claims: json(parts[1]) }
}

pub async fn jwks(server: &AuthorizationServer) -> Vec<Value> {
    let answer = Answer::of(server.jwks(Request::builder("GET", "/.well-known/jwks.json").build()).await);
    assert_eq!(answer.status, 200);
    answer.json()["keys"].as_array().unwrap().clone()
}

/// The token, if the published key of its `kid` verifies it with the key's own `alg`.
pub async fn verified(server: &AuthorizationServer, token: &str) -> Token {
    let parsed = decode(token);
    let keys = jwks(server).await;
    let key = keys.iter().find(|key| key["kid"] == parsed.header["kid"]).expect("the kid is published");
    assert_eq!(key["alg"], parsed.header["alg"]);
    assert!(verifies(key, token), "the signature is not valid");
    parsed
}

/// Whether `key` verifies `token`.
pub fn verifies(key: &Value, token: &str) -> bool {
    let (message, signature) = token.rsplit_once('.').unwrap();
    let signature = bytes(signature);
    let member = |name: &str| bytes(key[name].as_str().unwrap());
    let point = || [vec![4], member("x"), member("y")].concat();
    let with = |algorithm: &'static dyn VerificationAlgorithm, public: Vec<u8>| {
        UnparsedPublicKey::new(algorithm, public).verify(message.as_bytes(), &signature).is_ok()
    };
    let rsa = |parameters| {
        RsaPublicKeyComponents { n: member("n"), e: member("e") }
            .verify(parameters, message.as_bytes(), &signature)
            .is_ok()
    };
    match key["alg"].as_str().unwrap() {
        "ES256" => with(&ECDSA_P256_SHA256_FIXED, point()),
        "ES384" => with(&ECDSA_P384_SHA384_FIXED, point()),
        "EdDSA" => with(&ED25519, member("x")),
        "RS256" => rsa(&RSA_PKCS1_2048_8192_SHA256),
        "PS256" => rsa(&RSA_PSS_2048_8192_SHA256),
        other => panic!("{other}"),
    }
}

fn bytes(base64url: &str) -> Vec<u8> {
    BASE64URL_NOPAD.decode(base64url.as_bytes()).unwrap()
}
