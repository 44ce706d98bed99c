//! Clients: their records by id, and their ids in byte order.

use grantor::store::{
    Client, ClientPage, ClientQuery, ClientRegistry, ClientStore, Delete, Insert, Revision, StoreError,
    Update, Versioned,
};
use grantor::{ClientId, async_trait};

use crate::problem::Problem;
use crate::scripts::{DELETE_CLIENT, INSERT_CLIENT, LIST_CLIENTS, UPDATE_CLIENT};
use crate::store::RedisStore;
use crate::stored;

/// How many clients a listing reads at once: while it does, Redis does nothing else.
const STRIDE: usize = 128;

/// How many strides a page is worth. A search by name that finds nothing in so many ends with an empty page and goes
/// on with the next.
const STRIDES: usize = 16;

#[async_trait]
impl ClientStore for RedisStore {
    async fn find(&self, id: &ClientId) -> Result<Option<Versioned<Client>>, StoreError> {
        let key = &self.parts().layout.clients;
        let command = redis::cmd("HGET").arg(&key.name).arg(id.as_str()).clone();
        let held = self.parts().access.read(key, &command).await?;
        held.map(|held| client(id.as_str().as_bytes(), &held)).transpose()
    }

    fn caveats(&self) -> Vec<String> {
        self.parts().caveats.clone()
    }
}

#[async_trait]
impl ClientRegistry for RedisStore {
    async fn insert(&self, first: Revision, client: &Client) -> Result<Insert, StoreError> {
        let layout = &self.parts().layout;
        let record = stored::write(first, &client.to_document()?);
        let args: [&[u8]; 2] = [client.id().as_str().as_bytes(), &record];
        match self.parts().access.write(&INSERT_CLIENT, &[&layout.clients, &layout.client_ids], &args).await?
        {
            1 => Ok(Insert::Done),
            _ => Ok(Insert::Exists),
        }
    }

    async fn update(&self, expected: Revision, client: &Client) -> Result<Update, StoreError> {
        let next = stored::write(expected.next(), &client.to_document()?);
        let expected = expected.get().to_string();
        let args: [&[u8]; 3] = [client.id().as_str().as_bytes(), expected.as_bytes(), &next];
        match self.parts().access.write(&UPDATE_CLIENT, &[&self.parts().layout.clients], &args).await? {
            1 => Ok(Update::Done),
            0 => Ok(Update::Conflict),
            _ => Ok(Update::Missing),
        }
    }

    async fn delete(&self, id: &ClientId) -> Result<Delete, StoreError> {
        let layout = &self.parts().layout;
        let args: [&[u8]; 1] = [id.as_str().as_bytes()];
        let gone =
            self.parts().access.write(&DELETE_CLIENT, &[&layout.clients, &layout.client_ids], &args).await?;
        self.forget_uses(id).await;
        Ok(if gone == 1 { Delete::Done } else { Delete::Missing })
    }

    async fn list(&self, query: &ClientQuery) -> Result<ClientPage, StoreError> {
        let mut found: Vec<Versioned<Client>> = Vec::new();
        let mut last = query.after().cloned();
        for _ in 0..STRIDES {
            let most =
                if query.name_prefix().is_some() { STRIDE } else { STRIDE.min(query.limit() - found.len()) };
            let stride = self.stride(last.as_ref(), most).await?;
            let is_last = stride.len() < most;
            for client in stride {
                last = Some(client.record().id().clone());
                if !matches_name(client.record(), query) {
                    continue;
                }
                found.push(client);
                if found.len() == query.limit() {
                    return Ok(ClientPage::new(found, last));
                }
            }
            if is_last {
                return Ok(ClientPage::new(found, None));
            }
        }
        Ok(ClientPage::new(found, last))
    }
}

impl RedisStore {
    /// Up to `most` clients after `last`, read in one step.
    async fn stride(
        &self,
        last: Option<&ClientId>,
        most: usize,
    ) -> Result<Vec<Versioned<Client>>, StoreError> {
        let layout = &self.parts().layout;
        let start = last.map_or_else(|| "-".to_owned(), |last| format!("({}", last.as_str()));
        let most = most.to_string();
        let args: [&[u8]; 2] = [start.as_bytes(), most.as_bytes()];
        let keys = [&layout.clients, &layout.client_ids];
        let answer = self.parts().access.read_all(&LIST_CLIENTS, &keys, &args).await?;
        let (ids, records): (Vec<Vec<u8>>, Vec<Option<Vec<u8>>>) =
            redis::from_redis_value(answer).map_err(|_| Problem::Shape("a script"))?;
        let missing = Problem::Stored("a client whose id is listed and whose record is not there");
        let listed = ids.into_iter().zip(records);
        listed.map(|(id, held)| client(&id, &held.ok_or_else(|| missing.clone())?)).collect()
    }
}

/// What is held under an id, which must be a client of this id: a caller who pages or updates goes by the client's own.
fn client(id: &[u8], held: &[u8]) -> Result<Versioned<Client>, StoreError> {
    let (revision, document) = stored::read(held)?;
    let client = Client::from_document(document)?;
    if client.id().as_str().as_bytes() != id {
        return Err(Problem::Stored("a client under the id of another").into());
    }
    Ok(Versioned::new(client, revision))
}

fn matches_name(client: &Client, query: &ClientQuery) -> bool {
    query.name_prefix().is_none_or(|prefix| client.name().unwrap_or_default().starts_with(prefix))
}
