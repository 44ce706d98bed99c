//! Reading tokens of this server, for the endpoints and for the APIs in its process.

use std::sync::Arc;

use super::Inner;
use crate::error::{Fault, Reason};
use crate::jose::is_access_token_header;
use crate::keys::RETRY_EVERY;
use crate::token::{AccessToken, Inactive, TokenRegister};
use crate::types::{OpaqueToken, Timestamp};

impl Inner {
    pub(super) fn token_register(&self, now: Timestamp) -> TokenRegister<'_> {
        TokenRegister {
            issuer: &self.issuer,
            clients: &*self.stores.clients,
            tokens: &*self.stores.tokens,
            now,
        }
    }

    /// The token, if it is ours and lives: signature or record, issuer, expiry, then revocation and its client (RFC 7662 §4,
    /// T74). What has another spelling than ours never gets to a store.
    pub(super) async fn active_token(
        self: &Arc<Self>,
        text: &str,
        now: Timestamp,
    ) -> Result<AccessToken, Inactive> {
        let token = self.issued_token(text, now).await?;
        let register = self.token_register(now);
        register.check_expiry(&token)?;
        register.check_lives(&token).await?;
        Ok(token)
    }

    /// The token, if it is ours, whether or not it has ended: a clock that is ahead must not keep one from being revoked.
    pub(super) async fn issued_token(
        self: &Arc<Self>,
        text: &str,
        now: Timestamp,
    ) -> Result<AccessToken, Inactive> {
        let register = self.token_register(now);
        if let Some(id) = OpaqueToken::id(text) {
            return register.stored(id).await;
        }
        let held = self.keys_held(now);
        let keys = self.keys_at_hand(held, now).await?;
        match register.signed(text, &keys) {
            Err(Inactive::Because(Reason::TokenUnknown)) if is_access_token_header(text) => {
                // Another process may have made that key since the keys were read here.
                self.read_keys_anew(now).await?;
                let keys = self.keys_at_hand(self.keys.snapshot(), now).await?;
                register.signed(text, &keys)
            }
            known => known,
        }
    }

    /// At most once a second, however many unknown keys are named.
    async fn read_keys_anew(&self, now: Timestamp) -> Result<(), Fault> {
        let Some(turn) = self.keys.turn(now, RETRY_EVERY) else { return Ok(()) };
        if self.look_at_keys(turn).await {
            return Ok(());
        }
        Err(Fault::unavailable(
            "a token names a signing key that is not known, and the keys could not be read",
        ))
    }
}
