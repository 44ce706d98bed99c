//! Access tokens: made, one file for each format, and read again when they come back.

mod access_token;
mod both;
mod jti;
mod jwt;
mod opaque;
mod register;

pub use access_token::AccessToken;
pub(crate) use access_token::{Claims, Contents};
pub(crate) use jti::JtiSource;
pub(crate) use register::{Inactive, TokenRegister};

use serde_json::Value;

use crate::claim::Claimed;
use crate::entropy::Entropy;
use crate::error::{Fault, Step};
use crate::keys::{CurrentKey, Snapshot};
use crate::policy::Terms;
use crate::resource::declared::{DeclaredResource, TokenFormat};
use crate::store::{Client, TokenStore};
use crate::types::{Issuer, Jti, Timestamp};

/// What a token is made of, decided and approved.
pub(crate) struct NewToken<'a> {
    pub(crate) issuer: &'a Issuer,
    pub(crate) client: &'a Client,
    /// `sub`.
    pub(crate) subject: &'a str,
    /// `sub_id` (RFC 9493 §4.1): whose that subject is, where it is not this issuer's.
    pub(crate) subject_id: Option<Value>,
    pub(crate) terms: &'a Terms,
    pub(crate) resource: &'a DeclaredResource,
    pub(crate) issued_at: Timestamp,
    /// As long as the grant is good for.
    pub(crate) not_after: Option<Timestamp>,
}

/// A token, and what may be told of it.
pub(crate) struct Minted {
    pub(crate) token: String,
    pub(crate) jti: Jti,
    pub(crate) expires_at: Timestamp,
}

/// What making takes.
pub(crate) struct Mint<'a> {
    pub(crate) keys: &'a Snapshot,
    pub(crate) tokens: &'a dyn TokenStore,
    pub(crate) entropy: &'a dyn Entropy,
    pub(crate) jtis: &'a JtiSource,
}

impl Mint<'_> {
    /// Makes the token. `_claimed` shows that every single-use proof of the request was spent by it.
    pub(crate) async fn make(&self, _claimed: Claimed, token: &NewToken<'_>) -> Step<Minted> {
        let jti = self.jtis.next(self.entropy, token.issued_at)?;
        let decided = token.issued_at.plus(token.terms.granted_lifetime());
        let expires_at = token.not_after.map_or(decided, |end| decided.min(end));
        Ok(match token.resource.format() {
            TokenFormat::Jwt => {
                let algorithm = token.resource.signing_algorithm();
                let current = self.keys.signing(algorithm, token.issued_at);
                let missing = || Fault::unavailable(format!("there is no signing key for {algorithm} now"));
                let CurrentKey { key, tokens_until } = current.ok_or_else(missing)?;
                // No token outlives the publication of its key.
                let expires_at = expires_at.min(tokens_until);
                let text = self.sign(token, &jti, (key, expires_at)).await?;
                Minted { token: text, jti, expires_at }
            }
            TokenFormat::Opaque => {
                Minted { token: self.store(token, &jti, expires_at).await?, jti, expires_at }
            }
        })
    }
}
