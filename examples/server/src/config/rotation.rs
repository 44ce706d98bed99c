//! `[keys]` of the file: how often the signing keys change.

use grantor::KeyRotation;

use super::{Config, Mistake};

impl Config {
    /// Core's own times where the file says nothing.
    pub(crate) fn key_rotation(&self) -> KeyRotation {
        let (keys, mut rotation) = (&self.document.keys, KeyRotation::default());
        if let Some(every) = &keys.rotate_every {
            rotation = rotation.every(every.0);
        }
        if let Some(time) = &keys.propagation {
            rotation = rotation.propagation(time.0);
        }
        rotation
    }

    /// The rule of core that they break.
    pub(super) fn bad_rotation(&self, rule: &str) -> Mistake {
        let (about, rule) = rule.split_once(": ").unwrap_or(("every", rule));
        if about == "propagation" || self.document.keys.rotate_every.is_none() {
            let remedy = "write how long verifiers may keep the published keys, such as \"1d\": at least \"1s\", and less than \
                          rotate_every";
            return self.mistake("keys.propagation", format!("breaks the rule `{rule}`"), remedy);
        }
        let remedy = "write how long a key signs, such as \"90d\": longer than propagation and clock_skew, not many times shorter \
                      than the longest lifetime, and 2 years at most";
        self.mistake("keys.rotate_every", format!("breaks the rule `{rule}`"), remedy)
    }
}
