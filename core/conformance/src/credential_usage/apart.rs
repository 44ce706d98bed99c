//! Whose use it was.

use grantor::Timestamp;
use grantor::store::{Client, CredentialUsage, CredentialUse};

use super::{expect, used};
use crate::broken::{Broken, Checked, Promise};
use crate::fixture::Fixture;
use crate::ids::{at, hostile_ids};

/// A client that has not come yet, or that there is not.
pub async fn nothing_is_known_of_a_client_without_a_use<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: CredentialUsage,
{
    let promise = Promise::new(
        "of a client without a use, or that does not exist, nothing is known, and that is no error",
        "an operator could not look at a client that was never used, or would believe that it was",
    );
    let (one, other) = (fixture.open().await, fixture.open().await);
    for store in [&one, &other] {
        expect(promise, store, "client", &[]).await?;
    }
    promise.of(one.touch(&[used(promise, "used", "secret", at(1))?])).await?;
    for store in [&one, &other] {
        for client in ["client", "use", "Used", "used ", "secret", "%"] {
            expect(promise, store, client, &[]).await?;
        }
    }
    Ok(())
}

/// Ids that differ by case, by spaces, by what a pattern, a joined key or a cut-off column would overlook.
pub async fn clients_do_not_see_each_others_uses<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: CredentialUsage,
{
    let promise = Promise::new(
        "each client has its own uses and no other's, by ids that compare byte for byte",
        "a use of another client would hide that a secret is not in use any more, and tell of who else there is",
    );
    // `a` and `b.c` written one after the other are `a.b` and `c`, and so on.
    const JOINED: [&str; 4] = ["a.b", "a-b", "a_b", "ab"];
    const CREDENTIALS: [&str; 6] = ["secret", "c", "b.c", "b-c", "b_c", "bc"];
    let (one, other) = (fixture.open().await, fixture.open().await);
    let ids: Vec<String> = hostile_ids::<Client>().into_iter().chain(JOINED.map(str::to_owned)).collect();
    let uses_of = |number: u64| {
        CREDENTIALS.map(|credential| (credential, at(10_000 * credential.len() as u64 + number)))
    };
    let uses: Checked<Vec<CredentialUse>> = ids
        .iter()
        .zip(0..)
        .flat_map(|(id, number)| uses_of(number).map(|(credential, at)| used(promise, id, credential, at)))
        .collect();
    for batch in uses?.chunks(1000) {
        promise.of(one.touch(batch)).await?;
    }
    for (id, number) in ids.iter().zip(0..) {
        expect(promise, &other, id, &uses_of(number)).await?;
    }
    Ok(())
}

/// All characters of a credential's id count, up to its 64th.
pub async fn credentials_of_a_client_are_told_apart<F: Fixture>(fixture: &F) -> Result<(), Broken>
where
    F::Store: CredentialUsage,
{
    let promise = Promise::new(
        "ids of credentials compare byte for byte, over all of 1 to 64 characters",
        "a new secret that is in use would be taken for the old one that is not, or the other way round",
    );
    let (one, other) = (fixture.open().await, fixture.open().await);
    let long = "x".repeat(63);
    let longest = ["x", "y", "X", "."].map(|last| format!("{long}{last}"));
    let mut ids = vec![
        "a", "A", "aa", "aA", "a.", ".a", "a-", "-a", "a_", "_a", "a-b", "a_b", "a.b", "ab", ".", "..", "-",
        "--", "_", "0", "00", "1", "01", "1.0", "-1", "1e0", "null", "ss", "I", "i",
    ];
    ids.extend(longest.iter().map(String::as_str));
    ids.push(&long);
    let told: Vec<(&str, Timestamp)> = ids.into_iter().zip((0..).map(at)).collect();
    let uses: Checked<Vec<CredentialUse>> =
        told.iter().map(|(credential, at)| used(promise, "client", credential, *at)).collect();
    promise.of(one.touch(&uses?)).await?;
    expect(promise, &other, "client", &told).await
}
