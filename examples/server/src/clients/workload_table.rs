//! The workloads of a client, as they are shown.

use grantor::store::{Client, Credential, CredentialKind, IssuerKeys, WorkloadIdentity};
use grantor::{Clock, SystemClock};
use serde_json::{Map, Value, json};

use super::show::Uses;
use crate::paste::table;
use crate::when::exactly;

/// The workload that a credential is, if it is one.
pub(super) fn workload(credential: &Credential) -> Option<&WorkloadIdentity> {
    if let CredentialKind::Workload(identity) = credential.kind() { Some(identity) } else { None }
}

/// Nothing where there is none.
pub(super) fn workloads(client: &Client, uses: &Uses) -> String {
    let now = SystemClock::new().now();
    let row = |(held, identity): (&Credential, &WorkloadIdentity)| {
        let claims = identity.claims().map(|(name, says)| format!("{name}={says}"));
        vec![
            held.id().as_str().to_owned(),
            identity.profile().to_owned(),
            identity.issuer().map_or("any", |issuer| issuer.as_str()).to_owned(),
            keys(identity.keys()),
            identity.subject().to_string(),
            claims.collect::<Vec<_>>().join(" "),
            identity.audience().unwrap_or("this issuer").to_owned(),
            taken(identity.is_reusable()).to_owned(),
            exactly(identity.longest_life()),
            held.label().unwrap_or("-").to_owned(),
            uses.in_words(held, now),
        ]
    };
    let rows: Vec<_> =
        client.credentials().iter().filter_map(|held| Some((held, workload(held)?))).map(row).collect();
    if rows.is_empty() {
        return String::new();
    }
    let head = [
        "WORKLOAD",
        "PROFILE",
        "ISSUER",
        "KEYS",
        "SUBJECT",
        "CLAIMS",
        "AUDIENCE",
        "TAKEN",
        "LONGEST LIFE",
        "LABEL",
        "LAST USED",
    ];
    let head = head.map(str::to_owned).to_vec();
    table(&std::iter::once(head).chain(rows).collect::<Vec<_>>())
}

pub(super) fn document(identity: &WorkloadIdentity) -> Value {
    let claims: Map<String, Value> =
        identity.claims().map(|(name, says)| (name.to_owned(), says.to_string().into())).collect();
    json!({
        "profile": identity.profile(),
        "issuer": identity.issuer().map(|issuer| issuer.as_str()),
        "keys": keys(identity.keys()),
        "subject": identity.subject().to_string(),
        "claims": claims,
        "audience": identity.audience(),
        "several_audiences": identity.takes_several_audiences(),
        "reusable": identity.is_reusable(),
        "longest_life": identity.longest_life().as_secs(),
    })
}

/// Where they are: a URL, `discovery`, or how many are kept here.
pub(crate) fn keys(keys: &IssuerKeys) -> String {
    match keys {
        IssuerKeys::Discovery => "discovery".to_owned(),
        IssuerKeys::Url(url) => url.as_str().to_owned(),
        IssuerKeys::Inline(inline) => format!("{} inline", inline.keys().len()),
        IssuerKeys::Unknown(_) | _ => "unknown".to_owned(),
    }
}

pub(crate) const fn taken(again: bool) -> &'static str {
    if again { "again" } else { "once" }
}
