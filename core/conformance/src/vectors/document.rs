//! What stands in a file of vectors.

use std::collections::BTreeMap;

use grantor::store::{AuthMethod, CompatibilitySwitch, GrantType};
use serde::Deserialize;

use super::own;

/// Each file and its text, so that they come with the crate.
macro_rules! files {
    ($($name:literal)*) => {
        [$(($name, include_str!(concat!("../../vectors/", $name)))),*]
    };
}

pub(super) const FILES: [(&str, &str); 11] = files![
    "assertions.toml" "client-assertions.json" "documents.toml" "grants.toml" "issuer_with_path.toml" "limits.toml"
    "openid_discovery.toml" "requests.toml" "threats.toml" "token.toml" "tokens.toml"
];
const ANSWERS: &str = include_str!("../../vectors/answers.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) world: World,
    pub(super) vectors: Vec<Vector>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct World {
    pub(super) issuer: String,
    pub(super) now: i64,
    #[serde(default)]
    pub(super) resources: Vec<DeclaredResource>,
    pub(super) default_resource: Option<String>,
    #[serde(default)]
    pub(super) clients: Vec<RegisteredClient>,
    #[serde(default)]
    pub(super) issuers: Vec<Issuer>,
    #[serde(default)]
    pub(super) limits: Bounds,
    #[serde(default)]
    pub(super) compatibility: Vec<CompatibilitySwitch>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DeclaredResource {
    pub(super) uri: String,
    #[serde(default)]
    pub(super) scopes: Vec<String>,
    #[serde(default)]
    pub(super) format: Format,
}

/// What the tokens of a resource look like.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    #[default]
    Jwt,
    Opaque,
}

/// A trusted issuer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Issuer {
    pub(super) iss: String,
    pub(super) jwks: String,
    pub(super) subject: String,
    pub(super) scope: String,
    pub(super) client: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RegisteredClient {
    pub(super) id: String,
    pub(super) method: AuthMethod,
    pub(super) secret: Option<String>,
    pub(super) alg: Option<String>,
    pub(super) jwk: Option<String>,
    pub(super) scope: Option<String>,
    pub(super) default_scope: Option<String>,
    pub(super) resources: Option<Vec<String>>,
    pub(super) grant_types: Option<Vec<GrantType>>,
    pub(super) enabled: Option<bool>,
    #[serde(default)]
    pub(super) serves: Vec<String>,
    #[serde(default)]
    pub(super) introspector: bool,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Bounds {
    pub(super) body: Option<usize>,
    pub(super) headers: Option<usize>,
    pub(super) parameters: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Vector {
    pub(super) name: String,
    pub(super) away: Option<Port>,
    pub(super) limited: Option<u64>,
    pub(super) steps: Vec<Step>,
}

/// A store that can be out of reach.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Port {
    Clients,
    Keys,
    Tokens,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    #[serde(default)]
    pub(super) after: i64,
    /// Method and target.
    pub(super) request: String,
    #[serde(default)]
    pub(super) headers: Vec<String>,
    pub(super) form: Option<String>,
    pub(super) body: Option<String>,
    pub(super) answer: Expected,
    #[serde(default)]
    pub(super) shows: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Expected {
    Named(String),
    Whole(WholeAnswer),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WholeAnswer {
    pub(super) status: u16,
    pub(super) headers: Vec<String>,
    pub(super) body: String,
}

pub(super) fn read(name: &str, text: &str) -> Result<File, String> {
    if name.ends_with(".json") {
        return own::read(name, text);
    }
    toml::from_str(text).map_err(|error| format!("{name}: {error}"))
}

/// The answers that have a name.
pub(super) fn answers() -> Result<BTreeMap<String, WholeAnswer>, String> {
    toml::from_str(ANSWERS).map_err(|error| format!("answers.toml: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_comes_with_the_crate() {
        let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/vectors")).expect("folder");
        let mut there: Vec<_> =
            folder.map(|entry| entry.expect("entry").file_name().into_string().expect("UTF-8")).collect();
        there.retain(|name| name != "answers.toml");
        there.sort_unstable();
        assert_eq!(there, FILES.map(|(name, _)| name));
    }

    #[test]
    fn every_vector_has_a_name_of_its_own_and_every_answer_a_user() {
        let files: Vec<_> = FILES.iter().map(|(name, text)| read(name, text).expect("a file")).collect();
        let vectors = || files.iter().flat_map(|file| &file.vectors);
        let mut names: Vec<_> = vectors().map(|vector| &vector.name).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!((names.len(), count > 30), (count, true));
        for name in answers().expect("answers").into_keys() {
            let mut steps = vectors().flat_map(|vector| &vector.steps);
            assert!(steps.any(|step| matches!(&step.answer, Expected::Named(own) if *own == name)), "{name}");
        }
    }
}
