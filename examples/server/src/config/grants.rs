//! The grants that a client may use.

use grantor::store::GrantType;

use super::{Config, Mistake};

/// How people write them: RFC 7591 §2 has the whole name of the second one, which is taken too.
pub(crate) const GRANTS: [(&str, GrantType); 2] =
    [("client_credentials", GrantType::CLIENT_CREDENTIALS), ("jwt-bearer", GrantType::JWT_BEARER)];

/// By its short name or its whole one.
pub(crate) fn grant(name: &str) -> Option<GrantType> {
    let known = GRANTS.into_iter().find(|(short, grant)| *short == name || grant.as_str() == name);
    known.map(|(_, grant)| grant)
}

/// As people write it.
pub(crate) fn short(grant: &GrantType) -> &str {
    let known = GRANTS.iter().find(|(_, known)| known == grant);
    known.map_or(grant.as_str(), |(short, _)| short)
}

impl Config {
    /// Those at `key`; by default the client credentials grant alone.
    pub(super) fn grants(&self, key: &str, names: Option<&[String]>) -> Result<Vec<GrantType>, Mistake> {
        let Some(names) = names else { return Ok(vec![GrantType::CLIENT_CREDENTIALS]) };
        let named = |(at, name): (usize, &String)| {
            grant(name).ok_or_else(|| {
                let wrong = format!("`{}` is no grant of this server", name.escape_debug());
                let known = GRANTS.map(|(name, _)| name).join(" and ");
                self.mistake(&format!("{key}[{at}]"), wrong, format!("write some of {known}"))
            })
        };
        names.iter().enumerate().map(named).collect()
    }
}
