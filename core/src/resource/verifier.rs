//! The checks of an API on what it is shown: one verifier for each resource.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::Refused;
use super::metadata::{MetadataDocument, Place};
use super::protected::ProtectedResource;
use super::remembered::Remembered;
use super::remote::RemoteIssuer;
use crate::bearer::bearer;
use crate::config::ConfigError;
use crate::error::Reason;
use crate::guard::guarded;
use crate::http::{Request, Response};
use crate::token::{AccessToken, Inactive};
use crate::types::{Issuer, ResourceUri, Scope};

/// The longest time for which an answer may be taken for granted.
const REMEMBER_MAX: Duration = Duration::from_secs(60);

/// Who knows about tokens: the authorization server in this process, or one elsewhere.
#[async_trait]
pub(crate) trait TokenSource: Debug + Send + Sync {
    /// The token, if it is valid for `resource`.
    async fn judge(
        &self,
        token: &str,
        resource: &ResourceUri,
        remembered: &Remembered,
    ) -> Result<AccessToken, Inactive>;
}

/// Checks access tokens for one resource (RFC 9068 §4, RFC 6750). Cheap to clone.
#[derive(Clone, Debug)]
pub struct AccessTokenVerifier(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    source: Arc<dyn TokenSource>,
    resource: Arc<ProtectedResource>,
    remembered: Remembered,
    metadata: Option<MetadataDocument>,
}

impl AccessTokenVerifier {
    /// A verifier for tokens of an issuer elsewhere. It does not see the revocation of a JWT, which is good until it expires.
    pub fn of_issuer(issuer: RemoteIssuer, resource: impl Into<String>) -> AccessTokenVerifierBuilder {
        AccessTokenVerifierBuilder::new(Source::Elsewhere(Box::new(issuer)), resource.into())
    }

    /// The token of a request, from the values of its `Authorization` headers (RFC 6750 §2.1). A token in the body or the URL
    /// is not looked at (§2.3).
    ///
    /// # Errors
    ///
    /// [`Refused`], which is the answer to the request: no token, a bad one, or none that could be checked.
    pub async fn authorize<'a>(
        &self,
        authorization: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<AccessToken, Refused> {
        match self.authorize_optional(authorization).await? {
            Some(token) => Ok(token),
            None => Err(self.0.resource.refuse(Refused::token_missing())),
        }
    }

    /// As [`AccessTokenVerifier::authorize`], for what is served without a token too: `None` where none came. A bad one is
    /// still refused.
    ///
    /// # Errors
    ///
    /// [`Refused`], which is the answer to the request: a bad token, or one that could not be checked.
    pub async fn authorize_optional<'a>(
        &self,
        authorization: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<Option<AccessToken>, Refused> {
        match bearer(authorization) {
            Ok(Some(token)) => self.verify(token).await.map(Some),
            Ok(None) => Ok(None),
            Err(reason) => Err(self.0.resource.refuse(Refused::invalid_request(reason))),
        }
    }

    /// A token, however it came.
    ///
    /// # Errors
    ///
    /// [`Refused`] where it is not valid for this resource, or could not be checked.
    pub async fn verify(&self, token: &str) -> Result<AccessToken, Refused> {
        let Inner { source, resource, remembered, .. } = &*self.0;
        // A panic of a host's store or fetcher is a fault here as it is at the endpoints (T94).
        match guarded(source.judge(token, &resource.uri, remembered)).await {
            Ok(mut token) => {
                token.0.checked_for = Some(Arc::clone(resource));
                Ok(token)
            }
            Err(inactive) => {
                if let Inactive::Failed(fault) = &inactive {
                    let (resource, source) = (resource.uri.as_str(), crate::event::Chain(&*fault.source));
                    tracing::error!(resource, %source, "an access token could not be checked");
                }
                Err(resource.refuse(inactive.into()))
            }
        }
    }

    /// Whether it was this verifier, or a clone of it, that checked `token`. For adapters, which keep a checked token with
    /// its request.
    #[must_use]
    pub fn has_checked(&self, token: &AccessToken) -> bool {
        token.0.checked_for.as_ref().is_some_and(|resource| Arc::ptr_eq(resource, &self.0.resource))
    }

    /// The resource that tokens have to be for.
    #[must_use]
    pub fn resource(&self) -> &ResourceUri {
        &self.0.resource.uri
    }

    /// Where the metadata of the resource is to be served (RFC 9728 §3.1), if it was published.
    #[must_use]
    pub fn metadata_path(&self) -> Option<&str> {
        self.0.metadata.as_ref().map(MetadataDocument::path)
    }

    /// The metadata of the resource (RFC 9728 §3.2), for a request to [`AccessTokenVerifier::metadata_path`].
    #[must_use]
    pub fn metadata(&self, request: &Request) -> Response {
        MetadataDocument::answer(self.0.metadata.as_ref(), request)
    }
}

/// What every token has to fulfil, wherever it comes from: it is for this resource (RFC 9068 §4, T69), and it is a bearer
/// token. One that is bound to a key (RFC 7800) is worth nothing without a look at that key (RFC 9449 §7.1).
pub(crate) fn is_meant_for(token: &AccessToken, resource: &ResourceUri) -> Result<(), Reason> {
    if !token.audience().any(|audience| audience == resource.as_str()) {
        return Err(Reason::TokenAudience);
    }
    if token.0.is_bound { Err(Reason::TokenBound) } else { Ok(()) }
}

/// Puts an [`AccessTokenVerifier`] together.
#[derive(Debug)]
#[must_use = "a builder makes nothing until `build`"]
pub struct AccessTokenVerifierBuilder {
    source: Source,
    resource: String,
    remember: Duration,
    published: bool,
    scopes: Vec<String>,
}

#[derive(Debug)]
pub(crate) enum Source {
    Here { source: Arc<dyn TokenSource>, issuer: Issuer, scopes: Option<Scope> },
    Elsewhere(Box<RemoteIssuer>),
}

impl AccessTokenVerifierBuilder {
    pub(crate) const fn new(source: Source, resource: String) -> Self {
        Self { source, resource, remember: Duration::ZERO, published: false, scopes: Vec::new() }
    }

    /// Takes it for granted, for this span, that a token which was found to live still does: no store and no introspection
    /// endpoint is asked about it again. That is how long a revoked token or one of a disabled client goes on working here.
    /// Off by default; whole seconds, at most 60.
    pub const fn remember_for(mut self, span: Duration) -> Self {
        self.remember = span;
        self
    }

    /// Publishes the metadata of the resource (RFC 9728), which has to be an https URL, and names it in every challenge. The
    /// adapters serve it.
    pub const fn publish_metadata(mut self) -> Self {
        self.published = true;
        self
    }

    /// The scopes that the metadata of the resource tells of. Those that the resource was declared with, where the
    /// authorization server is in this process.
    pub fn scopes(mut self, scopes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// The verifier.
    ///
    /// # Errors
    ///
    /// [`ConfigError`], exact enough that the fix is obvious.
    pub fn build(self) -> Result<AccessTokenVerifier, ConfigError> {
        let invalid = |source| ConfigError::Resource { uri: self.resource.clone(), source };
        let resource = ResourceUri::new(self.resource.as_str()).map_err(invalid)?;
        if self.remember > REMEMBER_MAX || self.remember.subsec_nanos() != 0 {
            return Err(ConfigError::Limits { rule: "remember_for: whole seconds, at most 60" });
        }
        let listed = Scope::from_tokens(self.scopes.iter().map(String::as_str)).map_err(invalid)?;
        let (source, issuer, declared): (Arc<dyn TokenSource>, _, _) = match self.source {
            Source::Here { scopes: None, .. } => {
                return Err(ConfigError::UndeclaredResource { uri: self.resource });
            }
            Source::Here { source, issuer, scopes: Some(scopes) } => (source, issuer, scopes),
            Source::Elsewhere(issuer) => {
                let issuer = issuer.check()?;
                let name = issuer.issuer().clone();
                (Arc::new(issuer), name, Scope::empty())
            }
        };
        let scopes = if listed.is_empty() { declared } else { listed };
        let metadata = match self.published {
            true => {
                let place = Place::of(&resource, issuer.is_plain_http())?;
                Some(MetadataDocument::new(&place, &resource, &issuer, &scopes)?)
            }
            false => None,
        };
        let remembered = Remembered::new(self.remember);
        let url = metadata.as_ref().map(MetadataDocument::url);
        let resource = Arc::new(ProtectedResource { uri: resource, metadata: url });
        Ok(AccessTokenVerifier(Arc::new(Inner { source, resource, remembered, metadata })))
    }
}
