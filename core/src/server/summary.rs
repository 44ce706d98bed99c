//! What a server is, for people to read at start.

use std::fmt;

use super::Inner;
use crate::compatibility::Reach;
use crate::resource::declared::{DeclaredResource, TokenFormat};

/// What a server is and where it is weaker than it could be. Made to be printed.
#[derive(Clone, Debug)]
pub struct Summary {
    facts: Vec<(&'static str, String)>,
    warnings: Vec<String>,
}

impl Summary {
    pub(super) fn of(server: &Inner) -> Self {
        let resource = |r: &DeclaredResource| {
            let (scope, seconds) = (r.scope(), r.lifetime().as_secs());
            let format = match r.format() {
                TokenFormat::Jwt => r.signing_algorithm().as_str(),
                TokenFormat::Opaque => "opaque",
            };
            format!("{} [{scope}] {format} for {seconds} s", r.uri())
        };
        let mut facts = vec![
            ("issuer", server.issuer.as_str().to_owned()),
            ("token endpoint", server.endpoints.token_url(&server.issuer)),
            ("keys", server.endpoints.jwks_url(&server.issuer)),
        ];
        facts.extend(server.resources.iter().map(|declared| ("resource", resource(declared))));
        if let Some(registration) = &server.registration {
            facts.push(("registration", server.endpoints.registration_url(&server.issuer)));
            facts.push(("", registration.summary()));
        }
        let mut warnings = Vec::new();
        if server.issuer.is_plain_http() {
            warnings.push("plain http on loopback: for development only".to_owned());
        }
        if server.host_keys.is_ephemeral() {
            warnings.push("ephemeral host keys: secrets and signing keys end with this process".to_owned());
        }
        if server.imported.is_some() && server.limiter.is_none() {
            warnings.push(
                "imported secrets without a rate limiter: they can be guessed at, a few at a time".to_owned(),
            );
        }
        warnings.extend(server.stores.caveats());
        for (switch, reach) in server.compatibility.iter() {
            let who = match reach {
                Reach::EveryClient => "every client",
                Reach::ListedClients => "the clients that name it",
            };
            warnings.push(format!("compatibility switch {} for {who}", switch.as_str()));
        }
        Self { facts, warnings }
    }

    /// Where the server is weaker than it could be.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, fact) in &self.facts {
            writeln!(f, "{name:<15} {fact}")?;
        }
        for warning in &self.warnings {
            writeln!(f, "{:<15} {warning}", "warning")?;
        }
        Ok(())
    }
}
