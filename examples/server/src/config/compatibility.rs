//! The compatibility switches: which the server permits, and which a client names.

use std::fmt;

use grantor::store::CompatibilitySwitch;
use grantor::{Builder, Reach};
use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};

use super::{Config, Mistake};

/// For whom a switch is on, as the file says it.
#[derive(Clone, Copy)]
pub(super) struct ReachEntry(Reach);

impl<'de> Deserialize<'de> for ReachEntry {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_any(ReachVisitor)
    }
}

struct ReachVisitor;

impl Visitor<'_> for ReachVisitor {
    type Value = ReachEntry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"listed_clients\" or \"every_client\"")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<ReachEntry, E> {
        match text {
            "listed_clients" => Ok(ReachEntry(Reach::ListedClients)),
            "every_client" => Ok(ReachEntry(Reach::EveryClient)),
            _ => Err(E::invalid_value(Unexpected::Other("text"), &self)),
        }
    }
}

impl Config {
    /// Tells `builder` which switches are permitted, and for whom.
    pub(super) fn permit(&self, mut builder: Builder) -> Builder {
        for (switch, reach) in self.permitted() {
            builder = builder.dangerous().compatibility(switch, reach);
        }
        builder
    }

    /// The switches of the client at `key`, each known and permitted.
    pub(super) fn switches(&self, key: &str, names: &[String]) -> Result<Vec<CompatibilitySwitch>, Mistake> {
        let switch = |(at, name): (usize, &String)| {
            let missing =
                |(wrong, remedy): (String, String)| self.mistake(&format!("{key}[{at}]"), wrong, remedy);
            let switch = known_switch(name).map_err(missing)?;
            self.check_permits(&switch).map_err(missing).map(|()| switch)
        };
        names.iter().enumerate().map(switch).collect()
    }

    /// Whether the server honours it for clients that name it. If not, what is wrong and the remedy.
    pub(crate) fn check_permits(&self, switch: &CompatibilitySwitch) -> Result<(), (String, String)> {
        if self.permitted().any(|(permitted, _)| permitted == *switch) {
            return Ok(());
        }
        let shown = switch.as_str();
        let remedy =
            format!("write {shown} = \"listed_clients\" in [dangerous.compatibility], or take it out");
        Err((format!("the server does not permit `{shown}`"), remedy))
    }

    fn permitted(&self) -> impl Iterator<Item = (CompatibilitySwitch, Reach)> {
        let entry = &self.document.dangerous.compatibility;
        let own: [(_, Option<ReachEntry>); 5] = [
            (CompatibilitySwitch::TOKEN_ENDPOINT_AUDIENCE, entry.token_endpoint_audience),
            (CompatibilitySwitch::ASSERTION_REUSE, entry.assertion_reuse),
            (CompatibilitySwitch::GOOGLE_SERVICE_ACCOUNT, entry.google_service_account),
            (CompatibilitySwitch::RAW_BASIC, entry.raw_basic),
            (CompatibilitySwitch::OPENID_DISCOVERY, entry.openid_discovery),
        ];
        own.into_iter().filter_map(|(switch, reach)| Some((switch, reach?.0)))
    }
}

/// The switch of this name that a client can have. If there is none, what is wrong and the remedy.
pub(crate) fn known_switch(name: &str) -> Result<CompatibilitySwitch, (String, String)> {
    if name == CompatibilitySwitch::OPENID_DISCOVERY.as_str() {
        let remedy =
            "take it out, and write openid_discovery = \"every_client\" in [dangerous.compatibility]";
        return Err(("one document serves all clients".to_owned(), remedy.to_owned()));
    }
    let all = CompatibilitySwitch::ALL.into_iter();
    let known: Vec<_> = all.filter(|switch| *switch != CompatibilitySwitch::OPENID_DISCOVERY).collect();
    let named = known.iter().find(|switch| switch.as_str() == name);
    named.cloned().ok_or_else(|| {
        let names: Vec<_> = known.iter().map(CompatibilitySwitch::as_str).collect();
        let wrong = format!("there is no switch `{}`", name.escape_debug());
        (wrong, format!("write one of {}", names.join(", ")))
    })
}
