//! The identity of a workload that its platform vouches for: what a client has instead of a secret.

mod ci;
mod profiles;
mod spiffe;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{ClaimMatch, IssuerKeys};
use crate::types::{InvalidValue, IssuerName, all_hold, is_line};

/// A workload, as the tokens of its platform name it: who issues them, whose they are and what else they have to say.
///
/// The workload sends such a token as `client_assertion` with its `client_id` beside it. That `iss` and `sub` are not the
/// client is a deviation from RFC 7523 §3 (1) and (2)(B): the client's record says which workload it is.
///
/// Made by a profile ([`kubernetes`](Self::kubernetes), [`github_actions`](Self::github_actions), [`gitlab_ci`](Self::gitlab_ci),
/// [`spiffe`](Self::spiffe), [`google_service_account`](Self::google_service_account), [`entra`](Self::entra)), or by
/// [`builder`](Self::builder) for other platforms.
#[derive(Clone, PartialEq)]
pub struct WorkloadIdentity(pub(super) WorkloadDocument);

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WorkloadDocument {
    profile: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    iss: Option<IssuerName>,
    keys: IssuerKeys,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    aud: Option<String>,
    #[serde(default, skip_serializing_if = "super::document::is_false")]
    several_aud: bool,
    sub: ClaimMatch,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    claims: BTreeMap<String, ClaimMatch>,
    reusable: bool,
    longest_life: u64,
}

impl WorkloadDocument {
    fn issuer_is(&self, name: &str) -> bool {
        self.iss.as_ref().is_some_and(|issuer| issuer.as_str() == name)
    }
}

/// The members of a document, all of them.
pub(super) const MEMBERS: [&str; 9] =
    ["profile", "iss", "keys", "aud", "several_aud", "sub", "claims", "reusable", "longest_life"];

/// Unless something else is said.
const DEFAULT_LIFE: Duration = Duration::from_secs(3600);
const MOST_CLAIMS: usize = 20;
/// What many tokens of an issuer have, whosesoever they are.
const NAMES_NOBODY: [&str; 11] =
    ["iss", "aud", "exp", "nbf", "iat", "jti", "ver", "tid", "idtyp", "email_verified", "ref_protected"];

/// Whether this claim can tell whose a token is, by its name or by a JSON Pointer that begins with it.
fn names_somebody(claim: &str) -> bool {
    let name = claim.strip_prefix('/').map_or(claim, |pointer| pointer.split('/').next().unwrap_or_default());
    !NAMES_NOBODY.contains(&name)
}

impl WorkloadIdentity {
    /// Longer lives are no workload's: a token that lives for days is a password.
    pub(crate) const LONGEST_LIFE: Duration = Duration::from_secs(25 * 3600);

    /// A workload of `issuer` whose `sub` is `subject`: keys by discovery, this server as the only audience, each token
    /// taken once, none that lives longer than an hour.
    pub fn builder(issuer: IssuerName, subject: ClaimMatch) -> WorkloadIdentityBuilder {
        WorkloadIdentityBuilder::of("custom", Some(issuer), subject)
    }

    /// What a store kept goes by the same rules.
    pub(super) fn from_document(document: WorkloadDocument) -> Result<Self, InvalidValue> {
        WorkloadIdentityBuilder(document).build()
    }

    /// The profile that it was made by, or `custom`.
    #[must_use]
    pub fn profile(&self) -> &str {
        &self.0.profile
    }

    /// `iss`; `None` where the platform has none to speak of (SPIFFE), and then it is not looked at.
    #[must_use]
    pub const fn issuer(&self) -> Option<&IssuerName> {
        self.0.iss.as_ref()
    }

    /// Where the issuer's keys are.
    #[must_use]
    pub const fn keys(&self) -> &IssuerKeys {
        &self.0.keys
    }

    /// `aud`; `None` for the issuer identifier of this server.
    #[must_use]
    pub fn audience(&self) -> Option<&str> {
        self.0.aud.as_deref()
    }

    /// Whether that audience may be one of several.
    #[must_use]
    pub const fn takes_several_audiences(&self) -> bool {
        self.0.several_aud
    }

    /// What `sub` has to say.
    #[must_use]
    pub const fn subject(&self) -> &ClaimMatch {
        &self.0.sub
    }

    /// What further claims have to say, by their name or JSON Pointer.
    pub fn claims(&self) -> impl Iterator<Item = (&str, &ClaimMatch)> {
        self.0.claims.iter().map(|(name, rule)| (name.as_str(), rule))
    }

    /// Whether a token is taken again until it expires; else its `jti` is demanded and spent.
    #[must_use]
    pub const fn is_reusable(&self) -> bool {
        self.0.reusable
    }

    /// How far ahead the `exp` of a token may lie.
    #[must_use]
    pub const fn longest_life(&self) -> Duration {
        Duration::from_secs(self.0.longest_life)
    }
}

impl fmt::Debug for WorkloadIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkloadIdentity")
            .field("profile", &self.0.profile)
            .field("iss", &self.0.iss)
            .field("sub", &self.0.sub)
            .finish_non_exhaustive()
    }
}

/// Makes a [`WorkloadIdentity`].
#[derive(Clone)]
#[must_use = "a builder makes nothing until `build`"]
pub struct WorkloadIdentityBuilder(WorkloadDocument);

impl WorkloadIdentityBuilder {
    pub(super) fn of(profile: &str, issuer: Option<IssuerName>, subject: ClaimMatch) -> Self {
        Self(WorkloadDocument {
            profile: profile.to_owned(),
            iss: issuer,
            keys: IssuerKeys::Discovery,
            aud: None,
            several_aud: false,
            sub: subject,
            claims: BTreeMap::new(),
            reusable: false,
            longest_life: DEFAULT_LIFE.as_secs(),
        })
    }

    /// Another issuer, for example that of an installation of one's own.
    pub fn issuer(mut self, issuer: IssuerName) -> Self {
        self.0.iss = Some(issuer);
        self
    }

    /// Where the issuer's keys are. By default in the metadata that it publishes.
    pub fn keys(mut self, keys: IssuerKeys) -> Self {
        self.0.keys = keys;
        self
    }

    /// Another `sub`.
    pub fn subject(mut self, subject: ClaimMatch) -> Self {
        self.0.sub = subject;
        self
    }

    /// The `aud` of the tokens, where the platform does not let the workload name this server's issuer identifier. It must
    /// stand for this server alone: whoever else is named by it can use what it is sent here.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.0.aud = Some(audience.into());
        self
    }

    /// Takes tokens with further audiences beside this one. Each of those can then use them here (T02).
    pub fn several_audiences(mut self, several: bool) -> Self {
        self.0.several_aud = several;
        self
    }

    /// What a further claim has to say. `name` is that of the claim, or where it begins with `/` a JSON Pointer (RFC 6901)
    /// into the claims, such as `/kubernetes.io/serviceaccount/uid`.
    pub fn claim(mut self, name: impl Into<String>, says: ClaimMatch) -> Self {
        self.0.claims.insert(name.into(), says);
        self
    }

    /// Whether a token is taken again until it expires, since the workload gets the same one for a while. Whoever sees one
    /// can use it that long.
    pub fn reusable(mut self, reusable: bool) -> Self {
        self.0.reusable = reusable;
        self
    }

    /// How far ahead the `exp` of a token may lie, in whole seconds, 25 hours at most.
    pub fn longest_life(mut self, life: Duration) -> Self {
        self.0.longest_life = life.as_secs();
        self
    }

    /// The identity.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] where any workload of the issuer would fit, since neither `sub` nor a claim says which one; for a CI job
    /// that its profile finds too wide; for keys by discovery without an issuer that is an https URL; for a life of none or
    /// more than 25 hours, more than 20 claims, and what cannot be compared.
    pub fn build(self) -> Result<WorkloadIdentity, InvalidValue> {
        let own = &self.0;
        own.sub.clone().checked()?;
        for rule in own.claims.values() {
            rule.clone().checked()?;
        }
        let text_ok = |text: &str| !text.is_empty() && is_line(text, 1024);
        let life = Duration::from_secs(own.longest_life);
        all_hold([
            (
                own.sub.pins() || own.claims.iter().any(|(name, rule)| names_somebody(name) && rule.pins()),
                "sub",
                "pinned, or a claim beside it: else any workload of that issuer is this client",
            ),
            (
                own.keys.fit(own.iss.as_ref()),
                "keys",
                "given, unless the issuer is an https URL that publishes metadata",
            ),
            (own.aud.as_deref().is_none_or(text_ok), "aud", "1 to 1024 bytes without control characters"),
            (own.claims.len() <= MOST_CLAIMS, "claims", "at most 20"),
            (
                own.claims.keys().all(|name| text_ok(name)),
                "a claim's name",
                "1 to 1024 bytes without control characters",
            ),
            (
                !life.is_zero() && life <= WorkloadIdentity::LONGEST_LIFE,
                "longest_life",
                "1 second to 25 hours",
            ),
        ])?;
        ci::check(own)?;
        Ok(WorkloadIdentity(self.0))
    }
}

impl fmt::Debug for WorkloadIdentityBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkloadIdentityBuilder").field("profile", &self.0.profile).finish_non_exhaustive()
    }
}
