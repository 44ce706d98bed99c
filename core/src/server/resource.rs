//! Tokens of this server, checked in its own process (RFC 9068 §4): no HTTP, and what was revoked is seen at once.

use std::sync::Arc;

use async_trait::async_trait;

use super::{AuthorizationServer, Inner};
use crate::resource::{AccessTokenVerifierBuilder, Remembered, Source, TokenSource, is_meant_for};
use crate::token::{AccessToken, Inactive};
use crate::types::{OpaqueToken, ResourceUri};

impl AuthorizationServer {
    /// A verifier for tokens of this server at one of its resources, in this process. It sees a revocation and a disabled client
    /// on the next check, as far as the stores do. How long a check may take is for the host to say, as for all that its handlers
    /// do.
    pub fn access_token_verifier(&self, resource: impl Into<String>) -> AccessTokenVerifierBuilder {
        let resource = resource.into();
        let declared =
            ResourceUri::new(resource.as_str()).ok().and_then(|uri| self.0.resources.find(&uri).cloned());
        let scopes = declared.map(|declared| declared.scope().clone());
        let source = Arc::new(Here(Arc::clone(&self.0)));
        AccessTokenVerifierBuilder::new(
            Source::Here { source, issuer: self.0.issuer.clone(), scopes },
            resource,
        )
    }
}

/// This server, as one that knows its tokens.
#[derive(Debug)]
struct Here(Arc<Inner>);

#[async_trait]
impl TokenSource for Here {
    async fn judge(
        &self,
        token: &str,
        resource: &ResourceUri,
        remembered: &Remembered,
    ) -> Result<AccessToken, Inactive> {
        let server = &self.0;
        let now = server.clock.now();
        if let Some(known) = OpaqueToken::id(token).and_then(|id| remembered.token(&id, now)) {
            is_meant_for(&known, resource)?;
            return Ok(known);
        }
        let token = server.issued_token(token, now).await?;
        let register = server.token_register(now);
        register.check_expiry(&token)?;
        is_meant_for(&token, resource)?;
        if !remembered.lives(&token, now) {
            register.check_lives(&token).await?;
            remembered.keep(&token, now);
        }
        Ok(token)
    }
}
