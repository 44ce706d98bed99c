//! When each credential was last used: a hash for each client.

use std::collections::BTreeMap;

use grantor::store::{CredentialUsage, CredentialUse, StoreError};
use grantor::{ClientId, CredentialId, Timestamp, async_trait};
use tokio::task::{JoinError, JoinSet};

use crate::problem::Problem;
use crate::scripts::{FORGET_USES, LAST_USED, TOUCH};
use crate::store::RedisStore;

/// How many clients of a batch are written at a time: enough that one wait for the disk serves many, and few enough
/// that requests get their turn between them.
const AT_ONCE: usize = 16;

#[async_trait]
impl CredentialUsage for RedisStore {
    /// Each client's uses happen whole or not at all. They are in slots of their own, so a batch of several clients may
    /// be done in part when it fails; telling of it again does no harm.
    async fn touch(&self, uses: &[CredentialUse]) -> Result<(), StoreError> {
        let mut by_client: BTreeMap<&ClientId, Vec<Vec<u8>>> = BTreeMap::new();
        for CredentialUse { client, credential, at, .. } in uses {
            let pair = [credential.as_str().to_owned(), at.as_unix().to_string()];
            by_client.entry(client).or_default().extend(pair.map(String::into_bytes));
        }
        let writes = async {
            let (mut running, mut all) = (JoinSet::new(), Ok(()));
            for (client, pairs) in by_client {
                if running.len() == AT_ONCE {
                    all = all.and(ended(running.join_next().await));
                }
                let (store, key) = (self.clone(), self.parts().layout.uses(client));
                running.spawn(async move {
                    let pairs: Vec<&[u8]> = pairs.iter().map(Vec::as_slice).collect();
                    store.parts().access.write_for_information(&TOUCH, &[&key], &pairs).await
                });
            }
            // One server of a Cluster that is away keeps nothing from the others.
            while !running.is_empty() {
                all = all.and(ended(running.join_next().await));
            }
            all
        };
        Ok(self.parts().access.in_time(writes).await?)
    }

    async fn last_used(&self, client: &ClientId) -> Result<Vec<(CredentialId, Timestamp)>, StoreError> {
        let key = self.parts().layout.uses(client);
        let answer = self.parts().access.read_all(&LAST_USED, &[&key], &[]).await?;
        let held: Vec<(String, i64)> = redis::from_redis_value(answer).map_err(|_| unreadable())?;
        let read = |(credential, at): (String, i64)| {
            let credential = CredentialId::new(credential).map_err(|_| unreadable())?;
            Ok((credential, Timestamp::from_unix(at).map_err(|_| unreadable())?))
        };
        held.into_iter().map(read).collect()
    }

    fn caveats(&self) -> Vec<String> {
        self.parts().caveats.clone()
    }
}

impl RedisStore {
    /// Once the client is gone. They are in another slot, so this is a command of its own. Where it fails they go by
    /// themselves in time: what is information must not make a delete that was done look as if it was not.
    pub(crate) async fn forget_uses(&self, client: &ClientId) {
        let key = self.parts().layout.uses(client);
        let _goes_in_time = self.parts().access.write_for_information(&FORGET_USES, &[&key], &[]).await;
    }
}

fn ended(write: Option<Result<Result<i64, Problem>, JoinError>>) -> Result<(), Problem> {
    write.map_or(Ok(()), |write| write.unwrap_or(Err(Problem::Ended)).map(drop))
}

fn unreadable() -> Problem {
    Problem::Stored("the uses of a client's credentials")
}
