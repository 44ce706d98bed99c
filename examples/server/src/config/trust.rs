//! An issuer whose assertions are grants: by the flags of `trust add`, or by a block `[[trust]]`.

use clap::Args;
use grantor::store::{GrantType, IssuerKeys, TrustedIssuer};
use grantor::{ClientId, IssuerName};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::stated::Stated;
use super::value::Lifetime;
use super::{Config, Mistake};
use crate::paste::{toml_list, toml_text};

/// An issuer, and what its assertions are good for.
#[derive(Args, Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrustEntry {
    /// `iss` of its assertions, byte for byte
    pub(crate) issuer: String,
    /// A name for people
    #[arg(long)]
    name: Option<String>,
    #[arg(skip)]
    enabled: Option<bool>,
    /// `aud` of its assertions, if it cannot name this server; it must stand for this server alone
    /// [default: the issuer identifier or the token endpoint]
    #[arg(long, value_name = "TEXT")]
    audience: Option<String>,
    /// About whom its assertions may speak: `sub`; a * at its end for what begins so, * alone for anybody
    #[arg(long, value_name = "PATTERN")]
    subject: String,
    /// Takes assertions without `sub` as ones about the issuer itself, as Google's libraries make them
    #[arg(long)]
    #[serde(default)]
    subject_optional: bool,
    /// Demands no client authentication: tokens of who does not authenticate are for this client
    #[arg(long, value_name = "ID")]
    pub(crate) client: Option<String>,
    /// A client that may bring its assertions, authenticated; may be repeated [default: any that is registered for the grant,
    /// or with --client that one alone]
    #[arg(long = "brought-by", value_name = "ID")]
    clients: Option<Vec<String>>,
    /// The widest scope that its assertions can get, separated by spaces. Without it they get nothing, but for a --resource
    /// that has no scopes
    #[arg(long, default_value = "", hide_default_value = true)]
    #[serde(default)]
    scope: String,
    /// The `scope` of an assertion bounds what it gets, and stands for the request's where that has none
    #[arg(long)]
    #[serde(default)]
    scope_claim: bool,
    /// A resource that its assertions are good for; may be repeated [default: all]
    #[arg(long = "resource", value_name = "URI")]
    resources: Option<Vec<String>>,
    #[arg(skip)]
    jwks: Option<Map<String, Value>>,
    /// Its public keys, a JWK Set
    #[arg(long = "jwks", value_name = "FILE", group = "keys")]
    pub(crate) jwks_file: Option<String>,
    /// Where it publishes its keys
    #[arg(long, value_name = "URL", group = "keys")]
    jwks_uri: Option<String>,
    /// Its keys are where its metadata says, which is the default
    #[arg(long, group = "keys")]
    #[serde(skip)]
    discovery: bool,
    /// How far ahead the `exp` of an assertion may lie, such as 10m; 24h at most [default: 1h]
    #[arg(long, value_name = "TIME", value_parser = Lifetime::from_text)]
    longest_life: Option<Lifetime>,
    /// How long the tokens may live [default: no longer than their assertion]
    #[arg(long, value_name = "TIME", value_parser = Lifetime::from_text)]
    token_lifetime: Option<Lifetime>,
    /// Takes an assertion again until it expires, also one without `jti`: whoever sees it can use it that long
    #[arg(long)]
    #[serde(default)]
    reusable: bool,
}

impl TrustEntry {
    pub(crate) fn record(&self, stated: &Stated<'_>) -> Result<TrustedIssuer, Mistake> {
        let issuer = stated.issuer(&self.issuer)?;
        let subject = stated.pattern("subject", &self.subject)?;
        let keys =
            stated.issuer_keys(self.jwks.as_ref(), self.jwks_file.as_deref(), self.jwks_uri.as_deref())?;
        let client = self.client.as_deref().map(ClientId::new).transpose();
        let resources =
            self.resources.as_deref().map(|listed| stated.uris("resources", listed)).transpose()?;
        let clients = self.clients.as_ref().map(|listed| {
            let ids: Result<Vec<_>, _> = listed.iter().map(|id| ClientId::new(id.as_str())).collect();
            ids.map_err(|rule| stated.invalid("clients", rule))
        });
        let built = TrustedIssuer::builder(issuer, keys.unwrap_or(IssuerKeys::Discovery), subject)
            .name(self.name.as_deref().unwrap_or_default())
            .enabled(self.enabled.unwrap_or(true))
            .audience(self.audience.clone())
            .clients(clients.transpose()?)
            .subject_optional(self.subject_optional)
            .without_client_authentication(client.map_err(|rule| stated.invalid("client", rule))?)
            .scope(stated.scope("scope", &self.scope)?)
            .scope_claim(self.scope_claim)
            .resources(resources)
            .token_lifetime(self.token_lifetime.as_ref().map(|life| life.0))
            .reusable(self.reusable);
        let built = match &self.longest_life {
            Some(life) => built.longest_life(life.0),
            None => built,
        };
        built.build().map_err(|rule| stated.broken("it breaks a rule", rule))
    }

    /// As it stands in the file.
    pub(crate) fn block(&self) -> String {
        let mut text = format!("[[trust]]\nissuer = {}\n", toml_text(&self.issuer));
        if self.scope.is_empty() {
            text.push_str("# Without scope = \"…\" its assertions get nothing, but for one of its resources that has no scopes.\n");
        }
        let mut line = |name: &str, value: String| text.push_str(&format!("{name} = {value}\n"));
        let texts = [
            ("name", self.name.as_deref()),
            ("audience", self.audience.as_deref()),
            ("subject", Some(&*self.subject)),
            ("client", self.client.as_deref()),
            ("scope", Some(&*self.scope).filter(|scope| !scope.is_empty())),
            ("jwks_file", self.jwks_file.as_deref()),
            ("jwks_uri", self.jwks_uri.as_deref()),
        ];
        for (name, value) in texts {
            if let Some(value) = value {
                line(name, toml_text(value));
            }
        }
        if let Some(clients) = &self.clients {
            line("clients", toml_list(clients.iter().map(String::as_str)));
        }
        if let Some(resources) = &self.resources {
            line("resources", toml_list(resources.iter().map(String::as_str)));
        }
        let lives = [("longest_life", &self.longest_life), ("token_lifetime", &self.token_lifetime)];
        for (name, life) in lives {
            if let Some(life) = life {
                line(name, life.0.as_secs().to_string());
            }
        }
        let switches = [
            ("subject_optional", self.subject_optional),
            ("scope_claim", self.scope_claim),
            ("reusable", self.reusable),
        ];
        for (name, _) in switches.into_iter().filter(|(_, is_on)| *is_on) {
            line(name, "true".to_owned());
        }
        text
    }
}

impl Config {
    /// The trusted issuers of the file.
    pub(crate) fn trust(&self) -> Result<Vec<TrustedIssuer>, Mistake> {
        let entries = &self.document.trust;
        let issuer = |(at, entry): (usize, &TrustEntry)| {
            let key = format!("trust[{at}].issuer");
            let shown = entry.issuer.escape_debug();
            if let Some(first) = entries.iter().take(at).position(|other| other.issuer == entry.issuer) {
                let wrong = format!("`{shown}` is the issuer of trust[{first}] too");
                return Err(self.mistake(&key, wrong, "put both into one [[trust]]"));
            }
            if let Some(client) = self.document.clients.iter().position(|client| client.id == entry.issuer) {
                let wrong = format!("`{shown}` is the id of clients[{client}] too, which is its own issuer");
                let remedy = "take one of them out: a name means one party";
                return Err(self.mistake(&key, wrong, remedy));
            }
            self.check_stand_in(at, entry)?;
            entry.record(&Stated::in_block(self, format!("trust[{at}]")))
        };
        entries.iter().enumerate().map(issuer).collect()
    }

    /// The client that the tokens are for where none authenticates. It may be a stored one, which is not looked at here.
    fn check_stand_in(&self, at: usize, entry: &TrustEntry) -> Result<(), Mistake> {
        let Some(id) = &entry.client else { return Ok(()) };
        let mut clients = self.document.clients.iter().enumerate();
        let Some((number, client)) = clients.find(|(_, client)| client.id == *id) else { return Ok(()) };
        let grants = self.grants(&format!("clients[{number}].grant_types"), client.grant_types.as_deref())?;
        if grants.contains(&GrantType::JWT_BEARER) {
            return Ok(());
        }
        let wrong = format!("`{}` is not registered for the grant", id.escape_debug());
        let remedy = format!("write grant_types = [\"jwt-bearer\"] at clients[{number}]");
        Err(self.mistake(&format!("trust[{at}].client"), wrong, remedy))
    }

    /// Where the file is all there is, as on memory storage, the clients of its trusted issuers stand there too.
    pub(crate) fn check_clients_of_trust(&self) -> Result<(), Mistake> {
        for (at, entry) in self.document.trust.iter().enumerate() {
            let own = entry.client.iter().map(|id| (format!("trust[{at}].client"), id));
            let listed = entry.clients.iter().flatten().enumerate();
            let listed = listed.map(|(number, id)| (format!("trust[{at}].clients[{number}]"), id));
            let is_missing = |id: &str| self.document.clients.iter().all(|client| client.id != id);
            let Some((key, id)) = own.chain(listed).find(|(_, id)| is_missing(id)) else { continue };
            let wrong = format!(
                "there is no client `{}`, and memory storage keeps none beside the file",
                id.escape_debug()
            );
            let remedy = "write the id of one of the [[clients]]; `clients create --grant jwt-bearer` prints a new one";
            return Err(self.mistake(&key, wrong, remedy));
        }
        Ok(())
    }

    /// Whether this issuer stands in the file.
    pub(crate) fn trusts(&self, issuer: &IssuerName) -> bool {
        self.document.trust.iter().any(|entry| entry.issuer == issuer.as_str())
    }
}
