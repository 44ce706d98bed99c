//! Asking an authorization server about a token (RFC 7662 §2).

use std::fmt;

use async_trait::async_trait;
use data_encoding::BASE64;
use grantor::{ClientId, FetchError, Issuer, TokenIntrospector};
use reqwest::header::HeaderValue;
use serde_json::{Map, Value};

use crate::failure::Failure;
use crate::fetcher::Fetcher;
use crate::kept::Kept;
use crate::metadata::Metadata;

/// The introspection endpoint of an authorization server, asked by `client_secret_basic`.
///
/// It remembers no answer: whoever asks decides for how long one is good. Has to be used inside of a tokio runtime.
pub struct Introspection {
    fetcher: Fetcher,
    endpoint: Endpoint,
    /// Marked as sensitive, so that nothing prints it.
    authorization: HeaderValue,
}

#[derive(Debug)]
enum Endpoint {
    Url(String),
    Issuer(Issuer, Kept<Metadata>),
}

impl Introspection {
    /// The endpoint at this URL, which the fetcher has to allow.
    ///
    /// # Errors
    ///
    /// [`FetchError`] if it does not.
    pub fn at(fetcher: Fetcher, url: &str, client_id: &ClientId, secret: &str) -> Result<Self, FetchError> {
        fetcher.0.guard.url(url)?;
        Self::new(fetcher, Endpoint::Url(url.to_owned()), client_id, secret)
    }

    /// The endpoint that this issuer's metadata names (RFC 8414 §2), found when it is first needed.
    ///
    /// # Errors
    ///
    /// [`FetchError`] never: only if id and secret made no header.
    pub fn of_issuer(
        fetcher: Fetcher,
        issuer: Issuer,
        client_id: &ClientId,
        secret: &str,
    ) -> Result<Self, FetchError> {
        Self::new(fetcher, Endpoint::Issuer(issuer, Kept::new()), client_id, secret)
    }

    fn new(
        fetcher: Fetcher,
        endpoint: Endpoint,
        client_id: &ClientId,
        secret: &str,
    ) -> Result<Self, FetchError> {
        let pair = format!("{}:{}", form_encoded(client_id.as_str()), form_encoded(secret));
        let header = format!("Basic {}", BASE64.encode(pair.as_bytes()));
        let mut authorization = HeaderValue::try_from(header).map_err(FetchError::new)?;
        authorization.set_sensitive(true);
        Ok(Self { fetcher, endpoint, authorization })
    }

    async fn ask(&self, token: &str) -> Result<Map<String, Value>, Failure> {
        let form = format!("token={}&token_type_hint=access_token", form_encoded(token));
        let body = match &self.endpoint {
            Endpoint::Url(url) => self.fetcher.post(url, &self.authorization, form).await?,
            Endpoint::Issuer(issuer, kept) => {
                let fetch = || Metadata::fetch(self.fetcher.clone(), issuer.clone());
                let metadata = kept.get(&self.fetcher, None, fetch).await?;
                let url = metadata.introspection_endpoint.as_deref();
                let url = url.ok_or(Failure::Lacks("introspection_endpoint"))?;
                self.fetcher.post(url, &self.authorization, form).await?
            }
        };
        let members: Map<String, Value> = serde_json::from_slice(&body).map_err(|_| Failure::NotJson)?;
        // Anything but true or false says nothing of the token (RFC 7662 §2.2).
        match members.get("active").and_then(Value::as_bool) {
            Some(_) => Ok(members),
            None => Err(Failure::Lacks("active")),
        }
    }
}

#[async_trait]
impl TokenIntrospector for Introspection {
    async fn introspect(&self, token: &str) -> Result<Map<String, Value>, FetchError> {
        Ok(self.fetcher.in_time(self.ask(token)).await?)
    }
}

/// Everything but letters, digits and `-._~` as `%XX` (RFC 6749 appendix B).
fn form_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

impl fmt::Debug for Introspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Introspection").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}
