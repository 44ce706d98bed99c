//! JWT access tokens (RFC 9068).

use data_encoding::BASE64URL_NOPAD;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::claim::Claimed;
use crate::entropy::Entropy;
use crate::error::{Fault, Step};
use crate::jose::{SigningAlgorithm, sign_compact};
use crate::keys::Snapshot;
use crate::policy::Terms;
use crate::types::{ClientId, Issuer, Jti, Timestamp};

/// What a token is made of, decided and approved.
pub(crate) struct AccessToken<'a> {
    pub(crate) issuer: &'a Issuer,
    pub(crate) client_id: &'a ClientId,
    pub(crate) epoch: u64,
    pub(crate) terms: &'a Terms,
    pub(crate) algorithm: SigningAlgorithm,
    pub(crate) issued_at: Timestamp,
}

/// A token, and what may be told of it.
pub(crate) struct Minted {
    pub(crate) token: String,
    pub(crate) jti: Jti,
    pub(crate) expires_at: Timestamp,
}

/// RFC 9068 §2.2, in the order in which people read them.
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    client_id: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    scope: &'a str,
    iat: i64,
    exp: i64,
    jti: &'a str,
    /// Ours: raised to end all tokens of a client. Left out at 0.
    #[serde(rename = "grantor_epoch", skip_serializing_if = "is_zero")]
    epoch: u64,
    #[serde(flatten)]
    further: &'a Map<String, Value>,
}

/// Makes the token. `_claimed` shows that every single-use proof of the request was spent by it.
pub(crate) fn mint(
    _claimed: Claimed,
    token: &AccessToken<'_>,
    keys: &Snapshot,
    entropy: &dyn Entropy,
) -> Step<Minted> {
    let jti = new_jti(entropy)?;
    let expires_at = token.issued_at.plus(token.terms.granted_lifetime());
    let claims = Claims {
        iss: token.issuer.as_str(),
        sub: token.client_id.as_str(),
        aud: token.terms.audience().as_str(),
        client_id: token.client_id.as_str(),
        scope: token.terms.granted_scope().as_str(),
        iat: token.issued_at.as_unix(),
        exp: expires_at.as_unix(),
        jti: jti.as_str(),
        epoch: token.epoch,
        further: token.terms.claims(),
    };
    let payload = serde_json::to_vec(&claims).map_err(Fault::internal)?;
    let key = keys.signing(token.algorithm, token.issued_at).and_then(|key| key.signer());
    let Some((header, key)) = key else {
        return Err(Fault::internal(format!("there is no signing key for {} now", token.algorithm)).into());
    };
    let token = sign_compact(header, &payload, key).map_err(Fault::internal)?;
    Ok(Minted { token, jti, expires_at })
}

/// 128 random bits: two tokens never share one.
fn new_jti(entropy: &dyn Entropy) -> Step<Jti> {
    let mut bytes = [0; 16];
    entropy.fill(&mut bytes).map_err(Fault::internal)?;
    Ok(Jti::new(BASE64URL_NOPAD.encode(&bytes)).map_err(Fault::internal)?)
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde hands it its field by reference
fn is_zero(value: &u64) -> bool {
    *value == 0
}
