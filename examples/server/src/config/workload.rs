//! A workload of a client: by the flags of `clients federate add`, or by a block `[[clients.workloads]]`.

use std::collections::BTreeMap;

use clap::Args;
use grantor::store::{AuthMethod, Credential, IssuerKeys, WorkloadIdentity, WorkloadIdentityBuilder};
use grantor::{ClientId, CredentialId, InvalidValue};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::profile::Profile;
use super::stated::Stated;
use super::value::Lifetime;
use super::{Config, Mistake};

/// A workload as its platform names it. What every platform has comes last.
#[derive(Args, Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WorkloadEntry {
    /// The client that the block is for: pasted in another place it would be for another one.
    #[arg(skip)]
    client: Option<String>,
    /// The platform
    #[arg(long, value_enum)]
    pub(crate) profile: Profile,
    /// Who issues its tokens, byte for byte [github-actions, google and entra know theirs]
    #[arg(long, value_name = "URL")]
    pub(crate) issuer: Option<String>,
    /// kubernetes: the namespace
    #[arg(long, value_name = "NAME")]
    namespace: Option<String>,
    /// kubernetes: the service account
    #[arg(long, value_name = "NAME")]
    service_account: Option<String>,
    /// github-actions: the repository
    #[arg(long, value_name = "OWNER/NAME")]
    repository: Option<String>,
    /// gitlab-ci: the project
    #[arg(long, value_name = "GROUP/PROJECT")]
    project: Option<String>,
    /// github-actions and gitlab-ci: the environment
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    /// github-actions and gitlab-ci: the branch or tag in full, such as refs/heads/main
    #[arg(long = "ref", value_name = "REF")]
    #[serde(rename = "ref")]
    git_ref: Option<String>,
    /// spiffe: the SPIFFE ID, such as spiffe://example.org/billing; with /* at its end all under it
    #[arg(long, value_name = "ID")]
    spiffe_id: Option<String>,
    /// google: the number of the service account
    #[arg(long, value_name = "NUMBER")]
    unique_id: Option<String>,
    /// entra: the tenant
    #[arg(long, value_name = "GUID")]
    tenant: Option<String>,
    /// entra: the object id of the service principal or managed identity
    #[arg(long, value_name = "GUID")]
    object_id: Option<String>,
    /// custom, github-actions and gitlab-ci: `sub`; a * at its end for what begins so
    #[arg(long, value_name = "PATTERN")]
    subject: Option<String>,
    /// What a further claim says, by its name or JSON Pointer; may be repeated
    #[arg(long = "claim", value_name = "NAME=PATTERN", value_parser = claim)]
    #[serde(default, deserialize_with = "claims")]
    claims: Vec<(String, String)>,
    /// `aud` [default: the issuer identifier of this server]
    #[arg(long, value_name = "TEXT")]
    pub(crate) audience: Option<String>,
    /// Takes tokens with further audiences beside this one: each of those can use them here
    #[arg(long)]
    #[serde(default)]
    several_audiences: bool,
    #[arg(skip)]
    jwks: Option<Map<String, Value>>,
    /// The issuer's public keys, a JWK Set [default: by the metadata that it publishes]
    #[arg(long = "jwks", value_name = "FILE")]
    pub(crate) jwks_file: Option<String>,
    /// Where the issuer publishes its keys, if not by its metadata
    #[arg(long, value_name = "URL")]
    jwks_uri: Option<String>,
    /// Takes a token again until it expires [default: as the platform needs it]
    #[arg(long, num_args = 0, default_missing_value = "true", conflicts_with = "once")]
    reusable: Option<bool>,
    /// Takes each token once, by its `jti` [default: as the platform allows it]
    #[arg(long)]
    #[serde(skip)]
    once: bool,
    /// How far ahead the `exp` of a token may lie, such as 1h; 25h at most
    #[arg(long, value_name = "TIME", value_parser = Lifetime::from_text)]
    longest_life: Option<Lifetime>,
    /// A word for people
    #[arg(long, value_name = "TEXT")]
    label: Option<String>,
}

impl WorkloadEntry {
    /// The credential of this id.
    pub(crate) fn credential(&self, id: CredentialId, stated: &Stated<'_>) -> Result<Credential, Mistake> {
        let identity = self.identity(stated)?;
        Ok(Credential::workload(id, identity).labelled(self.label.as_deref().unwrap_or_default()))
    }

    fn identity(&self, stated: &Stated<'_>) -> Result<WorkloadIdentity, Mistake> {
        self.check_is_of_use(stated)?;
        let keys =
            stated.issuer_keys(self.jwks.as_ref(), self.jwks_file.as_deref(), self.jwks_uri.as_deref())?;
        let mut identity = self.of_profile(stated, keys.as_ref())?;
        if let Some(keys) = keys {
            identity = identity.keys(keys);
        }
        if let Some(issuer) = &self.issuer {
            identity = identity.issuer(stated.issuer(issuer)?);
        }
        if let Some(subject) = &self.subject {
            identity = identity.subject(stated.pattern("subject", subject)?);
        }
        if let Some(name) = &self.environment {
            identity = identity.environment(name);
        }
        if let Some(name) = &self.git_ref {
            identity = identity.git_ref(name);
        }
        for (name, pattern) in &self.claims {
            identity = identity.claim(name, stated.pattern(&format!("claims.{name}"), pattern)?);
        }
        if let Some(audience) = &self.audience {
            identity = identity.audience(audience);
        }
        if self.several_audiences {
            identity = identity.several_audiences(true);
        }
        if let Some(reusable) = self.reuse() {
            identity = identity.reusable(reusable);
        }
        if let Some(life) = &self.longest_life {
            identity = identity.longest_life(life.0);
        }
        identity.build().map_err(|rule| stated.broken("no workload could be told by it", rule))
    }

    fn of_profile(
        &self,
        stated: &Stated<'_>,
        keys: Option<&IssuerKeys>,
    ) -> Result<WorkloadIdentityBuilder, Mistake> {
        let needed =
            |member: &str, text: &Option<String>| stated.needed(member, text.as_deref()).map(str::to_owned);
        let invalid = |member: &'static str| move |rule: InvalidValue| stated.invalid(member, rule);
        let issuer = || stated.issuer(&needed("issuer", &self.issuer)?);
        match self.profile {
            Profile::Kubernetes => {
                let (namespace, account) = (
                    needed("namespace", &self.namespace)?,
                    needed("service_account", &self.service_account)?,
                );
                WorkloadIdentity::kubernetes(issuer()?, &namespace, &account)
                    .map_err(|rule| stated.invalid(kubernetes_member(rule), rule))
            }
            Profile::GithubActions => {
                WorkloadIdentity::github_actions(&needed("repository", &self.repository)?)
                    .map_err(invalid("repository"))
            }
            Profile::GitlabCi => WorkloadIdentity::gitlab_ci(issuer()?, &needed("project", &self.project)?)
                .map_err(invalid("project")),
            Profile::Spiffe => {
                let id = needed("spiffe_id", &self.spiffe_id)?;
                let keys = match (keys, &self.issuer) {
                    (Some(keys), _) => keys.clone(),
                    (None, Some(_)) => IssuerKeys::Discovery,
                    (None, None) => {
                        let remedy = "say where the keys of the trust domain are: the URL of its bundle endpoint, its bundle as \
                                      a file, or the issuer whose metadata names them";
                        return Err(stated.mistake("jwks_uri", "missing", remedy));
                    }
                };
                WorkloadIdentity::spiffe(&id, keys).map_err(invalid("spiffe_id"))
            }
            Profile::Google => {
                WorkloadIdentity::google_service_account(&needed("unique_id", &self.unique_id)?)
                    .map_err(invalid("unique_id"))
            }
            Profile::Entra | Profile::EntraV1 => {
                let (tenant, object) =
                    (needed("tenant", &self.tenant)?, needed("object_id", &self.object_id)?);
                let audience = needed("audience", &self.audience)?;
                let made = if self.profile == Profile::Entra {
                    WorkloadIdentity::entra(&tenant, &object, audience)
                } else {
                    WorkloadIdentity::entra_v1(&tenant, &object, audience)
                };
                made.map_err(invalid("object_id"))
            }
            Profile::Custom => {
                let subject = needed("subject", &self.subject)?;
                Ok(WorkloadIdentity::builder(issuer()?, stated.pattern("subject", &subject)?))
            }
        }
    }

    /// Refuses what its platform would never look at.
    fn check_is_of_use(&self, stated: &Stated<'_>) -> Result<(), Mistake> {
        let own = self.profile.own();
        match self.of_some().into_iter().find(|(name, text)| text.is_some() && !own.contains(name)) {
            None => Ok(()),
            Some((name, _)) => {
                let wrong = format!("{} has no use for it", self.profile.name());
                let known = own.join(", ").replace('_', if stated.is_block() { "_" } else { "-" });
                let remedy = format!("take it out, or choose another profile; this one has {known}");
                Err(stated.mistake(name, wrong, remedy))
            }
        }
    }

    /// The members that only some platforms have.
    fn of_some(&self) -> [(&'static str, Option<&str>); 11] {
        [
            ("namespace", self.namespace.as_deref()),
            ("service_account", self.service_account.as_deref()),
            ("repository", self.repository.as_deref()),
            ("project", self.project.as_deref()),
            ("environment", self.environment.as_deref()),
            ("ref", self.git_ref.as_deref()),
            ("spiffe_id", self.spiffe_id.as_deref()),
            ("unique_id", self.unique_id.as_deref()),
            ("tenant", self.tenant.as_deref()),
            ("object_id", self.object_id.as_deref()),
            ("subject", self.subject.as_deref()),
        ]
    }

    /// What is said of taking a token again, if anything is.
    fn reuse(&self) -> Option<bool> {
        self.reusable.or(self.once.then_some(false))
    }

    /// As it stands in the file, under its client.
    pub(crate) fn block(&self, client: &ClientId) -> String {
        use crate::paste::{toml_key, toml_text};
        let (client, profile) = (toml_text(client.as_str()), toml_text(self.profile.name()));
        let mut text = format!("[[clients.workloads]]\nclient = {client}\nprofile = {profile}\n");
        let mut line = |name: &str, value: String| text.push_str(&format!("{name} = {value}\n"));
        let of_all = [
            ("audience", self.audience.as_deref()),
            ("jwks_file", self.jwks_file.as_deref()),
            ("jwks_uri", self.jwks_uri.as_deref()),
            ("label", self.label.as_deref()),
        ];
        let texts = std::iter::once(("issuer", self.issuer.as_deref())).chain(self.of_some()).chain(of_all);
        for (name, value) in texts {
            if let Some(value) = value {
                line(name, toml_text(value));
            }
        }
        if !self.claims.is_empty() {
            let claims =
                self.claims.iter().map(|(name, says)| format!("{} = {}", toml_key(name), toml_text(says)));
            line("claims", format!("{{ {} }}", claims.collect::<Vec<_>>().join(", ")));
        }
        if self.several_audiences {
            line("several_audiences", "true".to_owned());
        }
        if let Some(reusable) = self.reuse() {
            line("reusable", reusable.to_string());
        }
        if let Some(life) = &self.longest_life {
            line("longest_life", life.0.as_secs().to_string());
        }
        text
    }
}

impl Config {
    /// TOML gives a block to the last client before it, whichever that is.
    pub(super) fn check_stand_behind(
        &self,
        key: &str,
        id: &str,
        entries: &[WorkloadEntry],
    ) -> Result<(), Mistake> {
        let is_astray = |entry: &WorkloadEntry| entry.client.as_deref().is_some_and(|client| client != id);
        let Some(at) = entries.iter().position(is_astray) else { return Ok(()) };
        let meant = entries.get(at).and_then(|entry| entry.client.as_deref()).unwrap_or_default();
        let (meant, id) = (meant.escape_debug(), id.escape_debug());
        let wrong = format!("it is for `{meant}`, and stands behind the block of `{id}`");
        let remedy = format!("move it right behind the [[clients]] block with id = \"{meant}\"");
        Err(self.mistake(&format!("{key}.workloads[{at}].client"), wrong, remedy))
    }

    /// Whether the block that is printed for this client could stand in the file, if there is one.
    pub(crate) fn check_can_be(&self, client: &ClientId, wanted: &WorkloadEntry) -> Result<(), Mistake> {
        let Some(path) = self.path() else { return Ok(()) };
        let mut entries = self.document.clients.iter().enumerate();
        let Some((at, entry)) = entries.find(|(_, entry)| entry.id == client.as_str()) else {
            let wrong = format!("there is no client `{client}` in {}", path.display());
            let remedy = "put it there first: `clients create --auth workload_jwt` prints its block";
            return Err(Mistake::new("ID", wrong, remedy));
        };
        let method = self.auth(&format!("clients[{at}].auth"), entry.auth.as_deref())?;
        if method != AuthMethod::WORKLOAD_JWT {
            let wrong = format!("`{client}` authenticates by {}", method.as_str());
            let remedy =
                "a workload needs a client of its own: make one by `clients create --auth workload_jwt`";
            return Err(self.mistake(&format!("clients[{at}].auth"), wrong, remedy));
        }
        let added = wanted.identity(&Stated::by_flags(self))?;
        for (number, held) in entry.workloads.iter().enumerate() {
            let key = format!("clients[{at}].workloads[{number}]");
            if held.identity(&Stated::in_block(self, key.clone()))? == added {
                let wrong = format!("`{client}` has this very workload already");
                return Err(self.mistake(
                    &key,
                    wrong,
                    "take the block out, if another one is to stand there",
                ));
            }
        }
        Ok(())
    }

    /// The workloads of the client at `key`, each with the key where it stands.
    pub(super) fn workloads(
        &self,
        key: &str,
        entries: &[WorkloadEntry],
    ) -> Result<Vec<(String, Credential)>, Mistake> {
        let workload = |(at, entry): (usize, &WorkloadEntry)| {
            let key = format!("{key}.workloads[{at}]");
            let id = CredentialId::new(format!("workload-{at}")).map_err(|rule| self.invalid(&key, rule))?;
            Ok((key.clone(), entry.credential(id, &Stated::in_block(self, key))?))
        };
        entries.iter().enumerate().map(workload).collect()
    }
}

/// Core names what broke the rule, and there are two that can.
fn kubernetes_member(rule: InvalidValue) -> &'static str {
    if rule.to_string().starts_with("a namespace") { "namespace" } else { "service_account" }
}

fn claim(text: &str) -> Result<(String, String), String> {
    let (name, pattern) = text
        .split_once('=')
        .ok_or("write NAME=PATTERN, such as repository_id=1234 or /kubernetes.io/serviceaccount/uid=…")?;
    Ok((name.to_owned(), pattern.to_owned()))
}

fn claims<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<(String, String)>, D::Error> {
    BTreeMap::deserialize(input).map(|claims| claims.into_iter().collect())
}
