//! What may stand in the configuration file. `grantor.example.toml` explains each key.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::accepted_loss::AcceptedLoss;
use super::compatibility::ReachEntry;
use super::registration::RegistrationEntry;
use super::trust::TrustEntry;
use super::value::{Lifetime, Moment};
use super::workload::WorkloadEntry;

/// The whole file. All of it is optional.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Document {
    pub(crate) issuer: Option<String>,
    pub(crate) listen: Option<String>,
    pub(super) signing_algorithm: Option<String>,
    pub(super) default_resource: Option<String>,
    pub(super) resource_default_scope: bool,
    pub(super) clock_skew: Option<Lifetime>,
    pub(super) keys: KeysEntry,
    pub(super) resources: Vec<ResourceEntry>,
    pub(crate) clients: Vec<ClientEntry>,
    pub(super) trust: Vec<TrustEntry>,
    pub(super) key_sets: KeySetsEntry,
    pub(super) rate_limit: RateLimitEntry,
    pub(super) registration: Option<RegistrationEntry>,
    pub(super) endpoints: EndpointsEntry,
    pub(super) dangerous: DangerousEntry,
}

/// When signing keys change.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct KeysEntry {
    pub(super) rotate_every: Option<Lifetime>,
    pub(super) propagation: Option<Lifetime>,
}

/// What may be fetched from inside one's own network.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct KeySetsEntry {
    pub(super) allow_hosts: Vec<String>,
    pub(super) roots: Vec<String>,
}

/// How often a client id may fail, or try, from one network.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RateLimitEntry {
    pub(super) failures: Option<BudgetEntry>,
    pub(super) attempts: Option<BudgetEntry>,
}

/// So many at once, and one more each time.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BudgetEntry {
    pub(super) burst: u32,
    pub(super) every: Lifetime,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ResourceEntry {
    pub(super) uri: String,
    #[serde(default)]
    pub(super) scopes: Vec<String>,
    pub(super) lifetime: Option<Lifetime>,
    pub(super) format: Option<String>,
    pub(super) signing_algorithm: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientEntry {
    pub(crate) id: String,
    pub(super) name: Option<String>,
    pub(super) auth: Option<String>,
    #[serde(default)]
    pub(super) secrets: Vec<SecretEntry>,
    pub(super) jwks: Option<Map<String, Value>>,
    pub(super) jwks_file: Option<String>,
    pub(super) jwks_uri: Option<String>,
    #[serde(default)]
    pub(super) workloads: Vec<WorkloadEntry>,
    pub(super) grant_types: Option<Vec<String>>,
    #[serde(default)]
    pub(super) scope: String,
    pub(super) default_scope: Option<String>,
    pub(super) resources: Option<Vec<String>>,
    pub(super) enabled: Option<bool>,
    #[serde(default)]
    pub(super) serves: Vec<String>,
    #[serde(default)]
    pub(super) introspector: bool,
    pub(super) introspection_signed_response_alg: Option<String>,
    /// Raised to end what it holds. Small enough for a claim.
    #[serde(default)]
    pub(super) token_epoch: u32,
    #[serde(default)]
    pub(super) compatibility: Vec<String>,
}

/// Exactly one of `env`, `file` and `argon2id`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SecretEntry {
    pub(super) env: Option<String>,
    pub(super) file: Option<String>,
    pub(super) argon2id: Option<String>,
    /// For `client_secret_jwt`.
    pub(super) algorithm: Option<String>,
    pub(super) label: Option<String>,
    pub(super) not_before: Option<Moment>,
    pub(super) expires_at: Option<Moment>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct EndpointsEntry {
    pub(super) token: Option<String>,
    pub(super) introspection: Option<String>,
    pub(super) revocation: Option<String>,
    pub(super) registration: Option<String>,
    pub(super) jwks: Option<String>,
    pub(super) metadata: Option<String>,
}

/// What weakens a rule.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct DangerousEntry {
    pub(super) compatibility: CompatibilityEntry,
    pub(super) redis_accept_loss: Vec<AcceptedLoss>,
}

/// For whom each switch is on; by default for nobody.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct CompatibilityEntry {
    pub(super) token_endpoint_audience: Option<ReachEntry>,
    pub(super) assertion_reuse: Option<ReachEntry>,
    pub(super) google_service_account: Option<ReachEntry>,
    pub(super) raw_basic: Option<ReachEntry>,
    pub(super) openid_discovery: Option<ReachEntry>,
}
