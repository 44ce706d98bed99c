//! JWT access tokens (RFC 9068).

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Mint, NewToken};
use crate::error::{Fault, Step};
use crate::keys::OpenKey;
use crate::types::{Jti, Timestamp};

/// Private, ours: raised to end all tokens of a client. Left out at 0.
pub(crate) const EPOCH: &str = "grantor_epoch";

/// Encoded and signed this is less than the server itself takes back (T54).
const MAX_PAYLOAD_BYTES: usize = 11 * 1024;

/// RFC 9068 §2.2, in the order in which people read them.
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_id: Option<&'a Value>,
    aud: &'a str,
    client_id: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    scope: &'a str,
    iat: i64,
    exp: i64,
    jti: &'a str,
    #[serde(rename = "grantor_epoch", skip_serializing_if = "is_zero")]
    epoch: u64,
    #[serde(flatten)]
    further: &'a Map<String, Value>,
}

impl Mint<'_> {
    /// A JWT of these terms, signed by `key`. Nothing is stored.
    pub(super) async fn sign(
        &self,
        token: &NewToken<'_>,
        jti: &Jti,
        (key, expires_at): (&OpenKey, Timestamp),
    ) -> Step<String> {
        let claims = Claims {
            iss: token.issuer.as_str(),
            sub: token.subject,
            sub_id: token.subject_id.as_ref(),
            aud: token.terms.audience().as_str(),
            client_id: token.client.id().as_str(),
            scope: token.terms.granted_scope().as_str(),
            iat: token.issued_at.as_unix(),
            exp: expires_at.as_unix(),
            jti: jti.as_str(),
            epoch: token.client.token_epoch(),
            further: token.terms.claims(),
        };
        // Room for what most tokens say, so that it need not grow.
        let mut payload = Vec::with_capacity(512);
        serde_json::to_writer(&mut payload, &claims).map_err(Fault::internal)?;
        if payload.len() > MAX_PAYLOAD_BYTES {
            return Err(
                Fault::internal("the issuance policy gave claims that make the token too large").into()
            );
        }
        key.sign_access_token(&payload).await
    }
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde hands it its field by reference
fn is_zero(value: &u64) -> bool {
    *value == 0
}
