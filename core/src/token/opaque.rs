//! Opaque access tokens: what they mean is in the token store, under a digest.

use super::{Mint, NewToken};
use crate::error::{Fault, Step};
use crate::store::{Insert, TokenRecord};
use crate::types::{Jti, OpaqueToken, Timestamp, TokenId};

impl Mint<'_> {
    /// A token of these terms, stored before anybody gets to see it.
    pub(super) async fn store(&self, token: &NewToken<'_>, jti: &Jti, expires_at: Timestamp) -> Step<String> {
        let mut random = zeroize::Zeroizing::new([0; 32]);
        self.entropy.fill(&mut *random).map_err(Fault::internal)?;
        let text = OpaqueToken::from_random(&random);
        let (client, terms) = (token.client, token.terms);
        let mut claims = terms.claims().clone();
        claims.extend(token.subject_id.clone().map(|id| ("sub_id".to_owned(), id)));
        let (id, audience) = (client.id().clone(), terms.audience().clone());
        let record = TokenRecord::builder(id, audience, jti.clone(), token.issued_at, expires_at)
            .issuer(token.issuer)
            .subject(token.subject)
            .scope(terms.granted_scope().clone())
            .epoch(client.token_epoch())
            .claims(claims)
            .build();
        match self.tokens.insert(&TokenId::of_opaque(text.expose().as_bytes()), &record).await? {
            Insert::Done => Ok(text.expose().to_owned()),
            Insert::Exists => {
                Err(Fault::internal("256 random bits came twice: the randomness is broken").into())
            }
        }
    }
}
