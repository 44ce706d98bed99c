//! What `clients create` and `clients update` are told.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use grantor::SigningAlgorithm;
use grantor::store::{AuthMethod, GrantType};

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
    /// Its public keys, for private_key_jwt, instead of --key-out: a JWK Set, a JWK, or one public key in PEM
    #[arg(long, value_name = "FILE")]
    pub(crate) jwks: Option<PathBuf>,
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

/// What to change. What is not named stays as it is.
#[derive(Args, Debug)]
#[group(required = true, multiple = true)]
pub(crate) struct ClientChanges {
    /// A name for people; an empty one takes it away
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// The widest scope that it can get, separated by spaces. Tokens that it has keep theirs
    #[arg(long)]
    pub(crate) scope: Option<String>,
    /// What it gets when it asks for no scope
    #[arg(long, value_name = "SCOPE", conflicts_with = "no_default_scope")]
    pub(crate) default_scope: Option<String>,
    /// When it asks for no scope, it gets all of its scope
    #[arg(long)]
    pub(crate) no_default_scope: bool,
    /// A resource that it may ask for, in place of those of before; may be repeated
    #[arg(long = "resource", value_name = "URI", conflicts_with = "all_resources")]
    pub(crate) resources: Vec<String>,
    /// It may ask for every resource
    #[arg(long)]
    pub(crate) all_resources: bool,
    /// A grant that it may use, in place of those of before: client_credentials or jwt-bearer; may be repeated
    #[arg(long = "grant", value_name = "GRANT", value_parser = grant_type)]
    pub(crate) grants: Vec<GrantType>,
    /// Its public keys, in place of those of before, for private_key_jwt: a JWK Set, a JWK, or one public key in PEM
    #[arg(long, value_name = "FILE", conflicts_with = "jwks_uri")]
    pub(crate) jwks: Option<PathBuf>,
    /// Where it publishes its public keys, in place of those of before, for private_key_jwt: an https URL
    #[arg(long, value_name = "URL")]
    pub(crate) jwks_uri: Option<String>,
}

/// Which clients to list.
#[derive(Args, Debug)]
pub(crate) struct ClientFilter {
    /// Only those whose name begins so
    #[arg(long, value_name = "PREFIX", default_value = "", hide_default_value = true)]
    pub(crate) name: String,
    /// So many at most [default: all]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: Option<u32>,
    /// Only those that come after this id: where the page before ended
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    pub(crate) after: Option<String>,
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

/// How long an initial access token may be used: ten years at most.
pub(super) fn end(text: &str) -> Result<Duration, String> {
    let bounded = |span: &Duration| !span.is_zero() && *span <= Duration::from_secs(3653 * 86_400);
    let remedy = || "write a number and s, m, h or d, such as 1h or 30d; ten years at most".to_owned();
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

impl Method {
    pub(crate) const fn auth_method(self) -> AuthMethod {
        match self {
            Self::ClientSecretBasic => AuthMethod::CLIENT_SECRET_BASIC,
            Self::ClientSecretPost => AuthMethod::CLIENT_SECRET_POST,
            Self::ClientSecretJwt => AuthMethod::CLIENT_SECRET_JWT,
            Self::PrivateKeyJwt => AuthMethod::PRIVATE_KEY_JWT,
            Self::WorkloadJwt => AuthMethod::WORKLOAD_JWT,
        }
    }
}
