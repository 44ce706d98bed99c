//! What a request presents to authenticate: exactly one thing (RFC 6749 §2.3).

use zeroize::Zeroizing;

use crate::basic::BasicCredentials;
use crate::error::{ErrorCode, Reason, Step, reject};
use crate::form::Form;
use crate::http::Request;
use crate::types::ClientId;

/// The methods' names in RFC 7591 §2.
const BASIC: &str = "client_secret_basic";
const POST: &str = "client_secret_post";
/// A longer Authorization header cannot hold an id and a secret that this server would look at.
const AUTHORIZATION_MAX_BYTES: usize = 8 * 1024;

/// Who a request claims to come from, and the secret that it shows. Nothing of it has been checked.
pub(crate) struct Presented {
    pub(crate) method: &'static str,
    pub(crate) client_id: ClientId,
    pub(crate) secret: Zeroizing<String>,
}

impl Presented {
    /// Finds the one authentication method of a request. Credentials in the URL are not looked at (T51).
    pub(crate) fn read(request: &Request, form: &Form<'_>) -> Step<Self> {
        let authorization = authorization(request)?;
        let secret = form.get("client_secret");
        let assertion = form.get("client_assertion").or(form.get("client_assertion_type"));
        let methods = [authorization.is_some(), secret.is_some(), assertion.is_some()];
        if methods.into_iter().filter(|presented| *presented).count() > 1 {
            return reject(ErrorCode::InvalidRequest, Reason::SeveralMethods);
        }
        match (authorization, secret) {
            (Some(header), _) => Self::from_header(header, form),
            (None, Some(secret)) => Self::from_body(secret, form),
            (None, None) => reject(ErrorCode::InvalidClient, Reason::CredentialsMissing),
        }
    }

    /// `client_secret_basic`. A `client_id` beside it is fine when it is the same one.
    fn from_header(header: &[u8], form: &Form<'_>) -> Step<Self> {
        let credentials = match BasicCredentials::parse(header) {
            Ok(credentials) => credentials,
            Err(reason) => return reject(ErrorCode::InvalidClient, reason),
        };
        let client_id = client_id(&credentials.client_id)?;
        if form.get("client_id").is_some_and(|other| other != client_id.as_str()) {
            return reject(ErrorCode::InvalidRequest, Reason::ClientIdMismatch);
        }
        if credentials.secret.is_empty() {
            return reject(ErrorCode::InvalidClient, Reason::CredentialsMissing);
        }
        Ok(Self { method: BASIC, client_id, secret: credentials.secret })
    }

    /// `client_secret_post`.
    fn from_body(secret: &str, form: &Form<'_>) -> Step<Self> {
        let Some(id) = form.get("client_id") else {
            return reject(ErrorCode::InvalidClient, Reason::ClientIdMissing);
        };
        let secret = Zeroizing::new(secret.to_owned());
        Ok(Self { method: POST, client_id: client_id(id)?, secret })
    }
}

fn authorization(request: &Request) -> Step<Option<&[u8]>> {
    let mut headers = request.header("authorization");
    let first = headers.next();
    if headers.next().is_some() {
        return reject(ErrorCode::InvalidRequest, Reason::AuthorizationRepeated);
    }
    if first.is_some_and(|header| header.len() > AUTHORIZATION_MAX_BYTES) {
        return reject(ErrorCode::InvalidRequest, Reason::AuthorizationTooLarge);
    }
    Ok(first)
}

fn client_id(text: &str) -> Step<ClientId> {
    match ClientId::new(text) {
        Ok(id) => Ok(id),
        Err(_) => reject(ErrorCode::InvalidClient, Reason::ClientIdMalformed),
    }
}

impl std::fmt::Debug for Presented {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Presented")
            .field("method", &self.method)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}
