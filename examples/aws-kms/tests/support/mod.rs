//! A client of the KMS that stands in for AWS's.

#![allow(dead_code)]

#[path = "../../../signing-process/tests/support/world.rs"]
pub(crate) mod world;

use std::time::Duration;

use aws_sdk_kms::Client;
use aws_sdk_kms::config::retry::RetryConfig;
use aws_sdk_kms::config::timeout::TimeoutConfig;
use aws_sdk_kms::config::{BehaviorVersion, Config, Credentials, Region};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

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
