//! The configuration file. Every mistake in it is named with file, key, what is wrong and the remedy.

mod accepted_loss;
mod client;
mod compatibility;
mod document;
mod grants;
mod key_sets;
mod keys;
mod mistake;
mod profile;
mod proof;
mod rate_limit;
mod refused;
mod registration;
mod resource;
mod rotation;
mod secret;
mod stated;
mod trust;
mod unreadable;
mod value;
mod workload;

use std::path::{Path, PathBuf};

pub(crate) use compatibility::known_switch;
use document::Document;
pub(crate) use grants::{GRANTS, grant, short as short_grant};
pub(crate) use mistake::Mistake;
pub(crate) use resource::Target;
pub(crate) use stated::Stated;
pub(crate) use trust::TrustEntry;
pub(crate) use value::span_of_time;
pub(crate) use workload::WorkloadEntry;

/// What the file says; where there is none, nothing.
pub(crate) struct Config {
    path: Option<PathBuf>,
    pub(crate) document: Document,
}

impl Config {
    pub(crate) fn load(path: Option<&Path>) -> Result<Self, Mistake> {
        let Some(path) = path else { return Ok(Self { path: None, document: Document::default() }) };
        let text = std::fs::read_to_string(path).map_err(|error| {
            let remedy = "name a readable TOML file with --config (GRANTOR_CONFIG)";
            Mistake::new(path.display().to_string(), format!("cannot be read: {error}"), remedy)
        })?;
        let document = unreadable::parse(path, &text)?;
        Ok(Self { path: Some(path.to_owned()), document })
    }

    /// The file, if there is one.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// `key`, with the file in which it stands.
    pub(crate) fn place(&self, key: &str) -> String {
        match &self.path {
            Some(path) => format!("{}: {key}", path.display()),
            None => key.to_owned(),
        }
    }

    /// A mistake at `key`.
    pub(crate) fn mistake(&self, key: &str, wrong: impl Into<String>, remedy: impl Into<String>) -> Mistake {
        Mistake::new(self.place(key), wrong, remedy)
    }

    /// A path in the file means what it means beside the file.
    fn beside(&self, path: &str) -> PathBuf {
        self.path.as_deref().and_then(Path::parent).unwrap_or(Path::new("")).join(path)
    }
}
