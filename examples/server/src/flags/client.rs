//! What `clients create` is told.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use grantor::SigningAlgorithm;
use grantor::store::GrantType;

use crate::config::{GRANTS, grant, span_of_time};

/// The client to make.
#[derive(Args, Debug)]
pub(crate) struct NewClient {
    /// Its id [default: a random one]
    #[arg(long)]
    pub(crate) id: Option<String>,
    /// A name for people
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// How it proves itself
    #[arg(long, value_enum, default_value = "client_secret_basic")]
    pub(crate) auth: Method,
    /// Where to write the private key, for private_key_jwt: a new file, PKCS#8 PEM
    #[arg(long, value_name = "FILE")]
    pub(crate) key_out: Option<PathBuf>,
    /// Where it publishes its public keys, for private_key_jwt, instead of --key-out: an https URL
    #[arg(long, value_name = "URL")]
    pub(crate) jwks_uri: Option<String>,
    /// A grant that it may use: client_credentials or jwt-bearer; may be repeated [default: client_credentials]
    #[arg(long = "grant", value_name = "GRANT", value_parser = grant_type)]
    pub(crate) grants: Vec<GrantType>,
    /// A compatibility switch that it needs, and that the configuration permits; may be repeated
    #[arg(long = "switch", value_name = "SWITCH")]
    pub(crate) switches: Vec<String>,
    /// The widest scope that it can get, separated by spaces
    #[arg(long, default_value = "", hide_default_value = true)]
    pub(crate) scope: String,
    /// A resource that it may ask for; may be repeated [default: all]
    #[arg(long = "resource", value_name = "URI")]
    pub(crate) resources: Vec<String>,
    /// A resource that it itself is, so that it may introspect its tokens; may be repeated
    #[arg(long, value_name = "URI")]
    pub(crate) serves: Vec<String>,
    /// Lets it introspect every token
    #[arg(long)]
    pub(crate) introspector: bool,
    /// Signs the introspection answers that it asks for as JWTs with it [default: RS256 if tokens are, else as they are]
    #[arg(long, value_name = "ALGORITHM", value_parser = algorithm)]
    pub(crate) introspection_alg: Option<SigningAlgorithm>,
}

fn grant_type(text: &str) -> Result<GrantType, String> {
    grant(text).ok_or_else(|| format!("write {}", GRANTS.map(|(name, _)| name).join(" or ")))
}

pub(super) fn algorithm(text: &str) -> Result<SigningAlgorithm, String> {
    let known = || SigningAlgorithm::ALL.map(SigningAlgorithm::as_str).join(", ");
    SigningAlgorithm::from_name(text).ok_or_else(|| format!("write one of {}", known()))
}

/// How long an old secret may work on: a year at most.
pub(super) fn overlap(text: &str) -> Result<Duration, String> {
    let bounded = |span: &Duration| *span <= Duration::from_secs(366 * 86_400);
    let remedy = || "write a number and s, m, h or d, such as 0s, 1h or 7d; a year at most".to_owned();
    span_of_time(text).filter(bounded).ok_or_else(remedy)
}

/// How a client proves itself, by the names of RFC 7591 §2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Method {
    /// The secret in the Authorization header
    #[value(alias = "basic")]
    ClientSecretBasic,
    /// The secret in the body
    #[value(alias = "post")]
    ClientSecretPost,
    /// A JWT made with the secret
    ClientSecretJwt,
    /// A JWT signed with its private key
    PrivateKeyJwt,
    /// A token that its platform makes about it: see `clients federate add`
    WorkloadJwt,
}
