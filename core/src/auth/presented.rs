//! What a request presents to authenticate: exactly one thing (RFC 6749 §2.3).

use zeroize::Zeroizing;

use super::assertion::PresentedAssertion;
use crate::basic::BasicCredentials;
use crate::error::{ErrorCode, Reason, Rejection, Step, reject};
use crate::form::Form;
use crate::http::Request;
use crate::types::ClientId;

/// The methods' names in RFC 7591 §2.
const BASIC: &str = "client_secret_basic";
const POST: &str = "client_secret_post";
/// A longer Authorization header cannot hold an id and a secret that this server would look at.
const AUTHORIZATION_MAX_BYTES: usize = 8 * 1024;

/// What a request shows. Nothing of it has been checked against a registration.
#[derive(Debug)]
pub(crate) enum Presented<'a> {
    Secret(PresentedCredentials),
    Assertion(Box<PresentedAssertion<'a>>),
}

/// A client id and a secret, from header or body.
pub(crate) struct PresentedCredentials {
    pub(crate) method: &'static str,
    pub(crate) client_id: ClientId,
    /// Form-decoded, or as it came in the header where it cannot be.
    pub(crate) secret: Zeroizing<String>,
    /// Whether `secret` is form-decoded. If not it is right only under `raw_basic`.
    pub(crate) is_decoded: bool,
    /// The secret as it came in the header, where form-decoding changes it.
    pub(crate) raw_secret: Option<Zeroizing<String>>,
}

impl<'a> Presented<'a> {
    /// Finds the one authentication method of a request, if it tries to authenticate. Credentials in the URL are not looked
    /// at (T51).
    pub(crate) fn read(request: &Request, form: &'a Form<'_>) -> Step<Option<Self>> {
        let authorization = authorization(request)?;
        let secret = form.get("client_secret");
        let assertion = form.get("client_assertion");
        let assertion_type = form.get("client_assertion_type");
        let methods = [authorization.is_some(), secret.is_some(), assertion.or(assertion_type).is_some()];
        if methods.into_iter().filter(|presented| *presented).count() > 1 {
            return reject(ErrorCode::InvalidRequest, Reason::SeveralMethods);
        }
        let presented = match (authorization, secret, assertion, assertion_type) {
            (Some(header), ..) => Self::Secret(PresentedCredentials::from_header(header)?),
            (None, Some(secret), ..) => {
                return PresentedCredentials::from_body(secret, form)
                    .map(|secret| Some(Self::Secret(secret)));
            }
            (None, None, Some(assertion), Some(kind)) => {
                let client_id = form.get("client_id");
                Self::Assertion(Box::new(PresentedAssertion::read(assertion, kind, client_id)?))
            }
            (None, None, None, None) => return Ok(None),
            (None, None, _, _) => return reject(ErrorCode::InvalidRequest, Reason::AssertionMissing),
        };
        // A `client_id` beside header or assertion is fine when it is the same one (RFC 7521 §4.2).
        if form.get("client_id").is_some_and(|other| other != presented.client_id().as_str()) {
            return reject(ErrorCode::InvalidRequest, Reason::ClientIdMismatch);
        }
        Ok(Some(presented))
    }

    pub(crate) const fn client_id(&self) -> &ClientId {
        match self {
            Self::Secret(credentials) => &credentials.client_id,
            Self::Assertion(assertion) => &assertion.client_id,
        }
    }

    pub(crate) fn method(&self) -> &'static str {
        match self {
            Self::Secret(credentials) => credentials.method,
            Self::Assertion(assertion) => assertion.method(),
        }
    }
}

impl PresentedCredentials {
    /// `client_secret_basic`.
    fn from_header(header: &[u8]) -> Step<Self> {
        let credentials = BasicCredentials::parse(header).map_err(invalid_client)?;
        let BasicCredentials { client_id: id, secret, raw_secret } = credentials;
        let is_decoded = secret.is_some();
        let secret = secret.or_else(|| raw_secret.clone()).unwrap_or_default();
        if secret.is_empty() {
            return reject(ErrorCode::InvalidClient, Reason::CredentialsMissing);
        }
        let client_id = client_id(&id)?;
        Ok(Self { method: BASIC, client_id, secret, is_decoded, raw_secret })
    }

    /// `client_secret_post`.
    fn from_body(secret: &str, form: &Form<'_>) -> Step<Self> {
        let Some(id) = form.get("client_id") else {
            return reject(ErrorCode::InvalidClient, Reason::ClientIdMissing);
        };
        let secret = Zeroizing::new(secret.to_owned());
        Ok(Self { method: POST, client_id: client_id(id)?, secret, is_decoded: true, raw_secret: None })
    }
}

pub(super) fn invalid_client(reason: Reason) -> Rejection {
    Rejection::new(ErrorCode::InvalidClient, reason)
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
    Ok(ClientId::new(text).map_err(|_| invalid_client(Reason::ClientIdMalformed))?)
}

impl std::fmt::Debug for PresentedCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PresentedCredentials")
            .field("method", &self.method)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}
