//! Named weakenings for software that cannot be changed (see the guide): off unless the builder permits them under
//! `dangerous()`, and each use raises an event.

use crate::store::{Client, CompatibilitySwitch};

/// For whom a switch is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reach {
    /// For clients whose record names it.
    ListedClients,
    /// For every client.
    EveryClient,
}

/// The switches that the builder permits.
#[derive(Clone, Debug, Default)]
pub(crate) struct Compatibility(Vec<(CompatibilitySwitch, Reach)>);

impl Compatibility {
    pub(crate) fn permit(&mut self, switch: CompatibilitySwitch, reach: Reach) {
        self.0.retain(|(other, _)| *other != switch);
        self.0.push((switch, reach));
    }

    /// Whether it is on for at least one client.
    pub(crate) fn permits(&self, switch: &CompatibilitySwitch) -> bool {
        self.0.iter().any(|(permitted, _)| permitted == switch)
    }

    /// Whether it is on for this client.
    pub(crate) fn is_on(&self, switch: &CompatibilitySwitch, client: &Client) -> bool {
        self.0.iter().any(|(permitted, reach)| match reach {
            Reach::EveryClient => permitted == switch,
            Reach::ListedClients => permitted == switch && client.compatibility().any(|own| own == switch),
        })
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &(CompatibilitySwitch, Reach)> {
        self.0.iter()
    }
}
