//! Where the endpoints are.

use crate::config::ConfigError;
use crate::types::{ClientId, Issuer};

/// One of the endpoints. An adapter routes to it, whatever the method: core answers 405.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Endpoint {
    /// RFC 6749 §3.2.
    Token,
    /// RFC 7662 §2.
    Introspection,
    /// RFC 7009 §2.
    Revocation,
    /// Where clients register themselves (RFC 7591 §3), if that is switched on.
    Registration,
    /// Where a client that did reads, changes and deletes its registration (RFC 7592 §2). Its path ends in `{client_id}`, one segment of
    /// any text, as axum and actix-web write it; core reads the id from the raw path.
    ClientConfiguration,
    /// The published keys (RFC 7517 §5).
    Jwks,
    /// RFC 8414, at each of its places.
    Metadata,
    /// The metadata with what OpenID clients insist on, under the switch `openid_discovery`.
    OpenIdConfiguration,
    /// Where that document says that people are sent. There is nothing for them: it answers with an error.
    Authorization,
}

/// Only there under `openid_discovery`.
const AUTHORIZATION: &str = "/oauth2/authorize";

/// The paths of the endpoints, each under the path of the issuer.
#[derive(Clone, Debug)]
pub struct Endpoints {
    token: String,
    introspection: String,
    revocation: String,
    jwks: String,
    registration: String,
    metadata: Option<String>,
}

impl Default for Endpoints {
    /// `/oauth2/token`, `/oauth2/introspect`, `/oauth2/revoke`, `/oauth2/register`, `/.well-known/jwks.json`, and the metadata where RFC 8414 §3
    /// and §5 say.
    fn default() -> Self {
        Self {
            token: "/oauth2/token".to_owned(),
            introspection: "/oauth2/introspect".to_owned(),
            revocation: "/oauth2/revoke".to_owned(),
            jwks: "/.well-known/jwks.json".to_owned(),
            registration: "/oauth2/register".to_owned(),
            metadata: None,
        }
    }
}

impl Endpoints {
    /// Another path for the token endpoint.
    #[must_use]
    pub fn token(mut self, path: impl Into<String>) -> Self {
        self.token = path.into();
        self
    }

    /// Another path for the introspection endpoint.
    #[must_use]
    pub fn introspection(mut self, path: impl Into<String>) -> Self {
        self.introspection = path.into();
        self
    }

    /// Another path for the revocation endpoint.
    #[must_use]
    pub fn revocation(mut self, path: impl Into<String>) -> Self {
        self.revocation = path.into();
        self
    }

    /// Another path for the published keys.
    #[must_use]
    pub fn jwks(mut self, path: impl Into<String>) -> Self {
        self.jwks = path.into();
        self
    }

    /// Another path for the registration endpoint. Under it each client that registered itself has its own.
    #[must_use]
    pub fn registration(mut self, path: impl Into<String>) -> Self {
        self.registration = path.into();
        self
    }

    /// One more place for the metadata, for clients that look elsewhere.
    #[must_use]
    pub fn metadata(mut self, path: impl Into<String>) -> Self {
        self.metadata = Some(path.into());
        self
    }

    pub(crate) fn token_url(&self, issuer: &Issuer) -> String {
        issuer.url(&self.token)
    }

    pub(crate) fn introspection_url(&self, issuer: &Issuer) -> String {
        issuer.url(&self.introspection)
    }

    pub(crate) fn revocation_url(&self, issuer: &Issuer) -> String {
        issuer.url(&self.revocation)
    }

    pub(crate) fn authorization_url(&self, issuer: &Issuer) -> String {
        issuer.url(AUTHORIZATION)
    }

    pub(crate) fn registration_url(&self, issuer: &Issuer) -> String {
        issuer.url(&self.registration)
    }

    /// The client configuration endpoint of one client (RFC 7592 §3). Ids that registration makes need no escaping.
    pub(crate) fn client_url(&self, issuer: &Issuer, id: &ClientId) -> String {
        format!("{}/{id}", self.registration_url(issuer))
    }

    pub(crate) fn jwks_url(&self, issuer: &Issuer) -> String {
        issuer.url(&self.jwks)
    }

    /// Every path as it comes over the wire, with its endpoint.
    pub(crate) fn routes(
        &self,
        issuer: &Issuer,
        registration: bool,
        openid_discovery: bool,
    ) -> Result<Vec<(String, Endpoint)>, ConfigError> {
        let base = issuer.path();
        let openid = if openid_discovery { Endpoint::OpenIdConfiguration } else { Endpoint::Metadata };
        let mut routes = vec![
            (format!("{base}{}", self.token), Endpoint::Token),
            (format!("{base}{}", self.introspection), Endpoint::Introspection),
            (format!("{base}{}", self.revocation), Endpoint::Revocation),
            (format!("{base}{}", self.jwks), Endpoint::Jwks),
            // RFC 8414 §3: between host and path of the issuer. §5: also under the name of OpenID Connect, which
            // itself puts it behind the path.
            (format!("/.well-known/oauth-authorization-server{base}"), Endpoint::Metadata),
            (format!("/.well-known/openid-configuration{base}"), openid),
        ];
        if !base.is_empty() {
            routes.push((format!("{base}/.well-known/openid-configuration"), openid));
        }
        if registration {
            let path = format!("{base}{}", self.registration);
            routes.push((format!("{path}/{{client_id}}"), Endpoint::ClientConfiguration));
            routes.push((path, Endpoint::Registration));
        }
        if openid_discovery {
            routes.push((format!("{base}{AUTHORIZATION}"), Endpoint::Authorization));
        }
        if let Some(path) = &self.metadata {
            routes.push((format!("{base}{path}"), Endpoint::Metadata));
        }
        let fixed = [&self.token, &self.introspection, &self.revocation, &self.jwks, &self.registration];
        for own in fixed.into_iter().chain(&self.metadata) {
            check(own)?;
        }
        for (at, (path, _)) in routes.iter().enumerate() {
            if routes.iter().take(at).any(|(other, _)| other == path) {
                let rule = "it is taken by another endpoint";
                return Err(ConfigError::Endpoint { path: path.clone(), rule });
            }
        }
        Ok(routes)
    }
}

/// A plain path that means the same to every router.
fn check(path: &str) -> Result<(), ConfigError> {
    let segment_ok = |segment: &str| {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~');
        !segment.is_empty() && segment != "." && segment != ".." && segment.bytes().all(plain)
    };
    match path.strip_prefix('/') {
        Some(rest) if rest.split('/').all(segment_ok) => Ok(()),
        Some(_) | None => Err(ConfigError::Endpoint {
            path: path.to_owned(),
            rule: "it must begin with `/`, without a slash at its end, of `A-Z a-z 0-9 - . _ ~` in between",
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes(issuer: &str, endpoints: &Endpoints) -> Result<Vec<(String, Endpoint)>, ConfigError> {
        endpoints.routes(&Issuer::new(issuer).expect("issuer"), false, false)
    }

    #[test]
    fn rfc8414_s3_between_host_and_path_of_the_issuer() {
        let routes = routes("https://a.example/tenant/", &Endpoints::default()).expect("routes");
        let paths: Vec<_> = routes.iter().map(|(path, _)| path.as_str()).collect();
        assert!(paths.contains(&"/.well-known/oauth-authorization-server/tenant"));
        assert!(paths.contains(&"/.well-known/openid-configuration/tenant"));
        assert!(paths.contains(&"/tenant/.well-known/openid-configuration"));
        assert!(paths.contains(&"/tenant/oauth2/token"));
        assert!(paths.contains(&"/tenant/.well-known/jwks.json"));
    }

    #[test]
    fn paths_that_cannot_be_routed_are_named() {
        for bad in ["token", "/", "/a/", "/a//b", "/{x}", "/*", "/a?b", "/../a", "/a b", ""] {
            assert!(routes("https://a.example", &Endpoints::default().token(bad)).is_err(), "{bad:?}");
        }
        assert!(routes("https://a.example", &Endpoints::default().token("/x").jwks("/x")).is_err());
        assert!(
            routes("https://a.example", &Endpoints::default().token("/token").metadata("/about")).is_ok()
        );
    }
}
