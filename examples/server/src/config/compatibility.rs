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
            let key = format!("{key}[{at}]");
            let shown = name.escape_debug();
            let of_clients = CompatibilitySwitch::ALL
                .into_iter()
                .filter(|switch| *switch != CompatibilitySwitch::OPENID_DISCOVERY);
            if *name == CompatibilitySwitch::OPENID_DISCOVERY.as_str() {
                let remedy =
                    "take it out, and write openid_discovery = \"every_client\" in [dangerous.compatibility]";
                return Err(self.mistake(&key, "one document serves all clients", remedy));
            }
            let known: Vec<_> = of_clients.collect();
            let Some(switch) = known.iter().find(|switch| switch.as_str() == name) else {
                let names: Vec<_> = known.iter().map(CompatibilitySwitch::as_str).collect();
                let remedy = format!("write one of {}", names.join(", "));
                return Err(self.mistake(&key, format!("there is no switch `{shown}`"), remedy));
            };
            if self.permitted().any(|(permitted, _)| permitted == *switch) {
                Ok(switch.clone())
            } else {
                let remedy = format!(
                    "write {shown} = \"listed_clients\" in [dangerous.compatibility], or take it out"
                );
                Err(self.mistake(&key, format!("the server does not permit `{shown}`"), remedy))
            }
        };
        names.iter().enumerate().map(switch).collect()
    }

    fn permitted(&self) -> impl Iterator<Item = (CompatibilitySwitch, Reach)> {
        let entry = &self.document.dangerous.compatibility;
        let own: [(_, Option<ReachEntry>); 4] = [
            (CompatibilitySwitch::TOKEN_ENDPOINT_AUDIENCE, entry.token_endpoint_audience),
            (CompatibilitySwitch::ASSERTION_REUSE, entry.assertion_reuse),
            (CompatibilitySwitch::RAW_BASIC, entry.raw_basic),
            (CompatibilitySwitch::OPENID_DISCOVERY, entry.openid_discovery),
        ];
        own.into_iter().filter_map(|(switch, reach)| Some((switch, reach?.0)))
    }
}
