//! `trust list` and `trust show`.

use grantor::store::{TrustQuery, TrustStore, TrustedIssuer, Versioned};
use grantor::{ClientId, ResourceUri};
use serde_json::{Value, json};

use super::{named, unknown};
use crate::clients::{Desk, place_of_keys, taken};
use crate::failure::Failure;
use crate::paste::{pretty, say, table};
use crate::when::exactly;

/// How many are asked for at a time.
const PAGE: usize = 500;

impl Desk {
    pub(super) async fn list_trust(&self, as_json: bool) -> Result<(), Failure> {
        let issuers = self.issuers().await?;
        if as_json {
            return say(&pretty(&Value::Array(issuers.iter().map(document).collect())));
        }
        if issuers.is_empty() {
            let none = match self.trust {
                None => {
                    "No trusted issuers: memory storage keeps none, and no configuration file (--config) has any.\n"
                }
                Some(_) => "No trusted issuers yet: `trust add` adds one.\n",
            };
            return say(none);
        }
        let head = ["ISSUER", "NAME", "ENABLED", "KEYS", "SUBJECT", "CLIENT", "TAKEN", "SCOPE"];
        let head = head.map(str::to_owned).to_vec();
        say(&table(&std::iter::once(head).chain(issuers.iter().map(row)).collect::<Vec<_>>()))
    }

    pub(super) async fn show_trust(&self, issuer: &str, as_json: bool) -> Result<(), Failure> {
        let name = named(issuer)?;
        let configured = self.config.trust()?.into_iter().find(|own| *own.issuer() == name);
        let found = match (configured, &self.trust) {
            (Some(configured), _) => Some(configured),
            (None, Some(trust)) => {
                let found = TrustStore::find(&**trust, &name).await;
                let found = found.map_err(|error| Failure::because("the issuer cannot be read", error))?;
                found.map(|found| found.record().clone())
            }
            (None, None) => None,
        };
        let found = found.ok_or_else(|| unknown(issuer))?;
        say(&if as_json { pretty(&document(&found)) } else { page(&found) })
    }

    /// All, in the order of their names. One of the file stands before a stored one of its name.
    async fn issuers(&self) -> Result<Vec<TrustedIssuer>, Failure> {
        let mut issuers = self.config.trust()?;
        let Some(trust) = &self.trust else {
            issuers.sort_by(|one, other| one.issuer().cmp(other.issuer()));
            return Ok(issuers);
        };
        let mut query = TrustQuery::first(PAGE);
        loop {
            let page = trust.list(&query).await;
            let page =
                page.map_err(|error| Failure::because("the trusted issuers cannot be listed", error))?;
            let stored = page.issuers.iter().map(Versioned::record);
            issuers.extend(stored.filter(|stored| !self.config.trusts(stored.issuer())).cloned());
            let Some(last) = page.next else { break };
            query = query.starting_after(last);
        }
        issuers.sort_by(|one, other| one.issuer().cmp(other.issuer()));
        Ok(issuers)
    }
}

fn row(issuer: &TrustedIssuer) -> Vec<String> {
    vec![
        issuer.issuer().as_str().to_owned(),
        issuer.name().unwrap_or("-").to_owned(),
        yes_no(issuer.is_enabled()).to_owned(),
        place_of_keys(issuer.keys()),
        issuer.subject().to_string(),
        issuer.client().map_or("that authenticates", |client| client.as_str()).to_owned(),
        taken(issuer.is_reusable()).to_owned(),
        issuer.scope().as_str().to_owned(),
    ]
}

fn page(issuer: &TrustedIssuer) -> String {
    let list = |uris: &[ResourceUri]| uris.iter().map(ResourceUri::as_str).collect::<Vec<_>>().join(" ");
    let lifetime = issuer.token_lifetime().map_or_else(|| "no longer than the assertion".to_owned(), exactly);
    let facts = [
        ("issuer", issuer.issuer().as_str().to_owned()),
        ("name", issuer.name().unwrap_or("-").to_owned()),
        ("enabled", yes_no(issuer.is_enabled()).to_owned()),
        ("added", issuer.created_at().map_or_else(|| "-".to_owned(), |moment| moment.to_string())),
        ("keys", place_of_keys(issuer.keys())),
        ("audience", issuer.audience().unwrap_or("the issuer identifier or the token endpoint").to_owned()),
        ("subject", issuer.subject().to_string()),
        ("subject optional", yes_no(issuer.may_omit_subject()).to_owned()),
        ("client", issuer.client().map_or("the one that authenticates", |id| id.as_str()).to_owned()),
        ("brought by", brought_by(issuer)),
        ("scope", issuer.scope().as_str().to_owned()),
        ("scope claim", if issuer.heeds_scope_claim() { "heeded" } else { "says nothing" }.to_owned()),
        ("resources", issuer.resources().map_or_else(|| "all".to_owned(), list)),
        ("longest life", exactly(issuer.longest_life())),
        ("token lifetime", lifetime),
        ("taken", taken(issuer.is_reusable()).to_owned()),
    ];
    table(&facts.map(|(name, fact)| vec![name.to_owned(), fact]))
}

fn document(issuer: &TrustedIssuer) -> Value {
    let uris = |uris: &[ResourceUri]| uris.iter().map(|uri| uri.as_str().to_owned()).collect::<Vec<_>>();
    json!({
        "issuer": issuer.issuer().as_str(),
        "name": issuer.name(),
        "enabled": issuer.is_enabled(),
        "created_at": issuer.created_at().map(|moment| moment.to_string()),
        "keys": place_of_keys(issuer.keys()),
        "audience": issuer.audience(),
        "subject": issuer.subject().to_string(),
        "subject_optional": issuer.may_omit_subject(),
        "client": issuer.client().map(|client| client.as_str()),
        "clients": issuer.clients().map(|clients| clients.iter().map(ClientId::as_str).collect::<Vec<_>>()),
        "scope": issuer.scope().as_str(),
        "scope_claim": issuer.heeds_scope_claim(),
        "resources": issuer.resources().map(uris),
        "longest_life": issuer.longest_life().as_secs(),
        "token_lifetime": issuer.token_lifetime().map(|life| life.as_secs()),
        "reusable": issuer.is_reusable(),
    })
}

/// Who may bring its assertions.
fn brought_by(issuer: &TrustedIssuer) -> String {
    match (issuer.clients(), issuer.client()) {
        (Some(listed), _) => listed.iter().map(ClientId::as_str).collect::<Vec<_>>().join(" "),
        (None, Some(_)) => "the client alone".to_owned(),
        (None, None) => "any client for this grant".to_owned(),
    }
}

const fn yes_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}
