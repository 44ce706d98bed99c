//! Records of opaque tokens are kept as they are.

use grantor::store::{Insert, TokenRecord, TokenState, TokenStore};

use super::word;
use crate::broken::{Broken, Checked, Promise};
use crate::fixture::{Fixture, Planted};
use crate::hostile::{DAMAGED, other_versions, token_document, with_unknown_members};
use crate::ids::{at, token};
use crate::outage::corrupt;
use crate::records::token_of;

/// Every member at its limit, with what databases stumble over.
pub async fn big_and_hostile_tokens_come_back_whole<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: TokenStore,
{
    let promise = Promise::new(
        "a token record comes back as it was stored, however big or odd",
        "a store that cuts, normalises or refuses a member changes what the token means, or fails for one client",
    );
    comes_back(fixture, promise, &token_document()).await
}

/// Members that a newer release wrote.
pub async fn unknown_members_of_a_token_survive<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: TokenStore,
{
    let promise = Promise::new(
        "members of a token record that this release does not know survive",
        "a node of an older release would drop a newer one's restriction of the token",
    );
    comes_back(fixture, promise, &with_unknown_members(&token_document())).await
}

async fn comes_back<F: Fixture>(fixture: &F, promise: Promise, document: &str) -> Checked
where
    F::Store: TokenStore,
{
    let (one, other) = (fixture.open().await, fixture.open().await);
    let record = promise.made(TokenRecord::from_document(document))?;
    let insert = promise.of(one.insert(&token(1), &record)).await?;
    promise.holds(insert == Insert::Done, || format!("the insert was {insert:?}"))?;
    match promise.of(other.find(&token(1))).await? {
        TokenState::Live(found) => promise.holds(*found == record, || {
            let found = found.to_document().unwrap_or_default();
            format!("{} bytes came back of {}, or other ones", found.len(), document.len())
        }),
        state @ (TokenState::Absent | TokenState::Revoked) => {
            Err(promise.broken(format!("it is {}, not Live", word(&state))))
        }
    }
}

/// What a release of another version, or with critical members, wrote.
pub async fn a_token_of_an_unknown_version_is_corrupt<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: TokenStore,
{
    let promise = Promise::new(
        "a token record of an unknown version is corrupt, never Absent, and is not overwritten",
        "rules of a newer release would be overlooked, or a good token be told to be inactive",
    );
    for (number, document) in other_versions(&token_document()).iter().enumerate() {
        planted(fixture, promise, number, document).await?;
    }
    Ok(())
}

/// What is no record at all.
pub async fn a_damaged_token_is_corrupt<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: TokenStore,
{
    let promise = Promise::new(
        "a token record that cannot be read is corrupt, never Absent, and is not overwritten",
        "damage would pass for a token that never was, and nobody would look into it",
    );
    for (number, document) in DAMAGED.iter().enumerate() {
        planted(fixture, promise, number, document).await?;
    }
    Ok(())
}

/// Such a token is no outcome of `find` and of no use to `insert`; it can be revoked.
async fn planted<F: Fixture>(fixture: &F, promise: Promise, number: usize, document: &str) -> Checked
where
    F::Store: TokenStore,
{
    let id = token(number);
    if !fixture.plant(Planted::Token { id: &id, document, until: at(100) }).await {
        return Ok(());
    }
    let store = fixture.open().await;
    corrupt(promise, "find", store.find(&id)).await?;
    let over = promise.within(store.insert(&id, &token_of(promise, "client", at(100))?)).await?;
    promise.holds(!matches!(over, Ok(Insert::Done)), || "insert was Done over it".to_owned())?;
    corrupt(promise, "find after an insert", store.find(&id)).await?;
    if promise.within(store.revoke(&id, at(100))).await?.is_ok() {
        let state = promise.of(store.find(&id)).await?;
        promise.holds(word(&state) == "Revoked", || format!("after revoke it is {}", word(&state)))?;
    }
    Ok(())
}
