//! What is said in a block of the file or by the flags of a command, and checked by the same rules.

use std::path::PathBuf;

use grantor::store::{ClaimMatch, IssuerKeys};
use grantor::{InvalidValue, IssuerName, KeySetUrl, ResourceUri, Scope};
use serde_json::{Map, Value};

use super::keys::is_on_loopback;
use super::{Config, Mistake};

/// Where a description stands. Its members are named as they are written there.
pub(crate) struct Stated<'a> {
    config: &'a Config,
    /// The block; `None` for flags.
    block: Option<String>,
}

impl<'a> Stated<'a> {
    pub(super) const fn in_block(config: &'a Config, block: String) -> Self {
        Self { config, block: Some(block) }
    }

    pub(crate) const fn by_flags(config: &'a Config) -> Self {
        Self { config, block: None }
    }

    /// `clients[0].workloads[1].service_account`, or `--service-account`.
    pub(super) fn name(&self, member: &str) -> String {
        match (&self.block, member) {
            (Some(block), "") => block.clone(),
            (Some(block), _) => format!("{block}.{member}"),
            (None, "") => "the command".to_owned(),
            (None, "jwks_file") => "--jwks".to_owned(),
            (None, _) if member.starts_with("claims") => "--claim".to_owned(),
            (None, "resources") => "--resource".to_owned(),
            (None, "clients") => "--brought-by".to_owned(),
            (None, _) => format!("--{}", member.replace('_', "-")),
        }
    }

    pub(crate) fn mistake(
        &self,
        member: &str,
        wrong: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Mistake {
        let name = self.name(member);
        match self.block {
            Some(_) => self.config.mistake(&name, wrong, remedy),
            None => Mistake::new(name, wrong, remedy),
        }
    }

    pub(super) fn invalid(&self, member: &str, rule: InvalidValue) -> Mistake {
        self.mistake(member, "breaks the rule for its value", rule.to_string())
    }

    /// What core refuses of the whole. It says what broke the rule in its own words, which most members share.
    pub(crate) fn broken(&self, wrong: &str, rule: InvalidValue) -> Mistake {
        let said = rule.to_string();
        let is_of = |what: &str| said.strip_prefix(what).is_some_and(|rest| rest.starts_with(" must be "));
        if is_of("keys") {
            let (name, ways) = match &self.block {
                Some(block) => (self.config.place(block), "jwks, jwks_file or jwks_uri"),
                None => ("--jwks, --jwks-uri".to_owned(), "--jwks or --jwks-uri"),
            };
            let remedy = format!(
                "give {ways}: only an issuer that is an https URL publishes metadata that names them"
            );
            return Mistake::new(name, "its keys are missing", remedy);
        }
        let members = [
            ("longest_life", "longest_life"),
            ("token_lifetime", "token_lifetime"),
            ("aud", "audience"),
            ("name", "name"),
            ("label", "label"),
            ("default_scope", "default_scope"),
        ];
        match members.into_iter().find(|(what, _)| is_of(what)) {
            Some((_, member)) => self.invalid(member, rule),
            None => self.mistake("", wrong, said),
        }
    }

    pub(super) const fn is_block(&self) -> bool {
        self.block.is_some()
    }

    /// A path in the file begins beside the file, one on the command line where the command runs.
    fn beside(&self, path: &str) -> PathBuf {
        if self.block.is_some() { self.config.beside(path) } else { PathBuf::from(path) }
    }

    /// A value that the description cannot do without.
    pub(super) fn needed<'t>(&self, member: &str, text: Option<&'t str>) -> Result<&'t str, Mistake> {
        text.ok_or_else(|| {
            let remedy = match self.block {
                Some(_) => format!("add {member} = \"…\""),
                None => format!("add {} …", self.name(member)),
            };
            self.mistake(member, "missing", remedy)
        })
    }

    pub(super) fn issuer(&self, text: &str) -> Result<IssuerName, Mistake> {
        IssuerName::new(text).map_err(|rule| self.invalid("issuer", rule))
    }

    pub(super) fn pattern(&self, member: &str, text: &str) -> Result<ClaimMatch, Mistake> {
        ClaimMatch::from_pattern(text).map_err(|rule| self.invalid(member, rule))
    }

    /// A scope of which every word means something to a declared resource, if there is a configuration.
    pub(crate) fn scope(&self, member: &str, text: &str) -> Result<Scope, Mistake> {
        let scope = Scope::parse(text).map_err(|rule| self.invalid(member, rule))?;
        let declared = self.config.declared_scopes();
        let is_unknown = |token: &&str| self.config.path().is_some() && !declared.contains(token);
        if let Some(unknown) = scope.tokens().find(is_unknown) {
            let remedy = "add it to the scopes of one of the [[resources]], or take it out";
            return Err(self.mistake(member, format!("no resource has the scope `{unknown}`"), remedy));
        }
        Ok(scope)
    }

    /// Identifiers of declared resources, if there is a configuration.
    pub(crate) fn uris(&self, member: &str, listed: &[String]) -> Result<Vec<ResourceUri>, Mistake> {
        let uri = |(at, text): (usize, &String)| {
            let member = if self.block.is_some() { format!("{member}[{at}]") } else { member.to_owned() };
            let uri = ResourceUri::new(text.as_str()).map_err(|rule| self.invalid(&member, rule))?;
            if self.config.path().is_none() || self.config.declares(text) {
                return Ok(uri);
            }
            let remedy = "write the uri of one of the [[resources]], byte for byte";
            Err(self.mistake(&member, format!("the resource `{uri}` is not declared"), remedy))
        };
        listed.iter().enumerate().map(uri).collect()
    }

    /// Where the keys of an issuer are; `None` where nothing is said of them.
    pub(super) fn issuer_keys(
        &self,
        jwks: Option<&Map<String, Value>>,
        jwks_file: Option<&str>,
        jwks_uri: Option<&str>,
    ) -> Result<Option<IssuerKeys>, Mistake> {
        match (jwks, jwks_file, jwks_uri) {
            (None, None, None) => Ok(None),
            (Some(jwks), None, None) => {
                let text = Value::Object(jwks.clone()).to_string();
                IssuerKeys::inline(&text).map(Some).map_err(|rule| self.invalid("jwks", rule))
            }
            (None, Some(path), None) => {
                let text = super::keys::read_jwks(&self.beside(path))
                    .map_err(|(wrong, remedy)| self.mistake("jwks_file", wrong, remedy))?;
                IssuerKeys::inline(&text).map(Some).map_err(|rule| self.invalid("jwks_file", rule))
            }
            (None, None, Some(url)) => {
                self.key_set_url("jwks_uri", url).map(|url| Some(IssuerKeys::Url(url)))
            }
            _ => {
                let member = if jwks_uri.is_some() { "jwks_uri" } else { "jwks_file" };
                Err(self.mistake(member, "there are keys beside it", "say in one way where the keys are"))
            }
        }
    }

    /// The place is all that is known now: it is asked when somebody comes.
    pub(crate) fn key_set_url(&self, member: &str, text: &str) -> Result<KeySetUrl, Mistake> {
        let url = KeySetUrl::new(text).map_err(|rule| self.invalid(member, rule))?;
        if text.starts_with("http://") && !is_on_loopback(text) {
            let remedy =
                "write an https URL; plain http is for an address on loopback, under an issuer on loopback";
            return Err(self.mistake(member, "plain http: whoever is on the way chooses the keys", remedy));
        }
        Ok(url)
    }
}
