//! Records to store.

use std::time::Duration;

use grantor::store::{KeyRecord, KeySet, PrivateKey, TokenRecord};
use grantor::{Jti, KeyId, ResourceUri, Timestamp};

use crate::broken::{Checked, Promise};
use crate::ids::client_id;

/// A small token of `subject`, to be kept until `until`.
pub(crate) fn token_of(promise: Promise, subject: &str, until: Timestamp) -> Checked<TokenRecord> {
    let client = client_id(promise, "client")?;
    let audience = promise.made(ResourceUri::new("https://api.example.com"))?;
    let jti = promise.made(Jti::new("jti"))?;
    // A record is kept for a minute past its `exp`.
    let expires = until.minus(Duration::from_secs(60));
    Ok(TokenRecord::builder(client, audience, jti, Timestamp::EPOCH, expires).subject(subject).build())
}

/// A set of one key, told from others by its `kid`.
pub(crate) fn keys_of(promise: Promise, kid: &str) -> Checked<KeySet> {
    let kid = promise.made(KeyId::new(kid))?;
    let key = KeyRecord::builder(kid, "ES256", Default::default(), PrivateKey::Unknown(Default::default()));
    let (start, end) = (Timestamp::EPOCH, Timestamp::MAX);
    let key = promise.made(key.published(start, end).signs(start, end).build())?;
    promise.made(KeySet::default().with(key))
}
