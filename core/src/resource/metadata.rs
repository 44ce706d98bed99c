//! Protected resource metadata (RFC 9728).

use std::sync::Arc;

use serde::Serialize;

use crate::config::ConfigError;
use crate::endpoint::read_document_request;
use crate::error::{FaultKind, Refusal};
use crate::http::{Request, Response};
use crate::types::{InvalidValue, Issuer, ResourceUri, Scope};

/// Between host and path of the resource (§3).
const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";
const CACHE: &str = "public, max-age=3600";

/// §2. `jwks_uri` is of keys of the resource itself, which has none here.
#[derive(Serialize)]
struct Metadata<'a> {
    resource: &'a str,
    authorization_servers: [&'a str; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scopes_supported: Vec<&'a str>,
    bearer_methods_supported: [&'a str; 1],
}

/// Where the metadata of a resource is.
pub(super) struct Place {
    url: String,
    path: String,
}

impl Place {
    /// §3.1: the path of the resource comes behind the well-known one; a slash that is all of it goes. Plain http is for
    /// development, where the issuer is too.
    pub(super) fn of(resource: &ResourceUri, plain_http: bool) -> Result<Self, ConfigError> {
        let rule = "an https URL without query where its metadata is published (RFC 9728 §1.2)";
        let invalid = || ConfigError::Resource {
            uri: resource.as_str().to_owned(),
            source: InvalidValue::new("the resource", rule),
        };
        let text = resource.as_str();
        // What makes a good issuer makes a good place: a plain path that means the same to every router.
        let place = Issuer::new(text).map_err(|_| invalid())?;
        if place.is_plain_http() && !plain_http {
            return Err(invalid());
        }
        let (scheme, rest) = text.split_once("://").ok_or_else(invalid)?;
        let (host, own) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let path = format!("{WELL_KNOWN}{}", if own == "/" { "" } else { own });
        Ok(Self { url: format!("{scheme}://{host}{path}"), path })
    }
}

/// The document, made once.
#[derive(Debug)]
pub(super) struct MetadataDocument {
    path: String,
    url: Arc<str>,
    body: Vec<u8>,
}

impl MetadataDocument {
    pub(super) fn new(
        place: &Place,
        resource: &ResourceUri,
        issuer: &Issuer,
        scopes: &Scope,
    ) -> Result<Self, ConfigError> {
        let body = serde_json::to_vec(&Metadata {
            resource: resource.as_str(),
            authorization_servers: [issuer.as_str()],
            scopes_supported: scopes.tokens().collect(),
            bearer_methods_supported: ["header"],
        });
        let body = body.map_err(|error| ConfigError::Keys(error.into()))?;
        Ok(Self { path: place.path.clone(), url: place.url.as_str().into(), body })
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn url(&self) -> Arc<str> {
        Arc::clone(&self.url)
    }

    pub(super) fn answer(published: Option<&Self>, request: &Request) -> Response {
        let answer = || {
            read_document_request(request)?;
            let document = published.ok_or_else(|| {
                tracing::error!("the metadata of a resource was asked for and not published");
                Refusal::from(FaultKind::Internal)
            })?;
            Ok(Response::new(200, document.body.clone())
                .header("content-type", "application/json")
                .header("cache-control", CACHE))
        };
        answer().unwrap_or_else(|refusal: Refusal| refusal.into_response())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc9728_s3_1_between_host_and_path_of_the_resource() {
        for (resource, url) in [
            ("https://api.example", "https://api.example/.well-known/oauth-protected-resource"),
            ("https://api.example/", "https://api.example/.well-known/oauth-protected-resource"),
            ("https://api.example/v1/", "https://api.example/.well-known/oauth-protected-resource/v1/"),
            (
                "https://api.example:8443/v1/pdf",
                "https://api.example:8443/.well-known/oauth-protected-resource/v1/pdf",
            ),
        ] {
            let place = Place::of(&ResourceUri::new(resource).expect("uri"), false).expect("place");
            assert_eq!(place.url, url);
            assert!(place.url.ends_with(&place.path) && place.path.starts_with(WELL_KNOWN));
        }
        for bad in [
            "urn:example:api",
            "http://api.example",
            "http://127.0.0.1:8080",
            "https://api.example/?x=1",
            "https://api.example//x",
        ] {
            assert!(Place::of(&ResourceUri::new(bad).expect("uri"), false).is_err(), "{bad}");
        }
    }
}
