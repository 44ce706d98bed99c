//! A client of the KMS that stands in for AWS's, and what verifies its signatures without it.

#![allow(dead_code)]

use aws_sdk_kms::Client;
use aws_sdk_kms::config::retry::RetryConfig;
use aws_sdk_kms::config::timeout::TimeoutConfig;
use aws_sdk_kms::config::{BehaviorVersion, Config, Credentials, Region};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use data_encoding::BASE64URL_NOPAD;
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::Value;
use std::time::Duration;

pub(crate) const ISSUER: &str = "https://auth.example.com";

/// Where `.ci/servers start DIR moto` has started it.
pub(crate) fn moto() -> String {
    std::env::var("GRANTOR_TEST_KMS")
        .expect("GRANTOR_TEST_KMS tells where a KMS is; `bash .ci/servers start DIR moto` starts one")
}

/// As `KmsSigner::from_environment` has it, of an endpoint.
pub(crate) fn client(endpoint: &str) -> Client {
    let http =
        aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    let second = Duration::from_secs(1);
    let timeouts =
        TimeoutConfig::builder().operation_attempt_timeout(second).operation_timeout(3 * second).build();
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .http_client(http)
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_max_attempts(2))
        .build();
    Client::from_conf(config)
}

/// Whether `signature` is that of `jwk` over `message`, by ring alone.
pub(crate) fn verifies(jwk: &Value, message: &[u8], signature: &[u8]) -> bool {
    let member = |name: &str| BASE64URL_NOPAD.decode(jwk[name].as_str().unwrap().as_bytes()).unwrap();
    let ec = |algorithm| {
        let point = [vec![4], member("x"), member("y")].concat();
        UnparsedPublicKey::new(algorithm, point).verify(message, signature).is_ok()
    };
    let rsa = |parameters| {
        let key = RsaPublicKeyComponents { n: member("n"), e: member("e") };
        key.verify(parameters, message, signature).is_ok()
    };
    match jwk["alg"].as_str().unwrap() {
        "ES256" => ec(&signature::ECDSA_P256_SHA256_FIXED),
        "ES384" => ec(&signature::ECDSA_P384_SHA384_FIXED),
        "RS256" => rsa(&signature::RSA_PKCS1_2048_8192_SHA256),
        "PS256" => rsa(&signature::RSA_PSS_2048_8192_SHA256),
        other => panic!("{other}"),
    }
}
