//! The clients of the configuration file: read-only, and in front of those of a store.

use std::collections::HashMap;

use grantor::store::{Client, ClientStore, Revision, StoreError, Versioned};
use grantor::{ClientId, async_trait};

/// Wins by id, and is never written to the store behind it.
#[derive(Debug)]
pub(crate) struct ConfiguredClients<S> {
    overlay: HashMap<ClientId, Versioned<Client>>,
    behind: S,
}

impl<S: ClientStore> ConfiguredClients<S> {
    pub(crate) fn new(clients: impl IntoIterator<Item = Client>, behind: S) -> Self {
        let entry = |client: Client| (client.id().clone(), Versioned::new(client, Revision::new(1)));
        Self { overlay: clients.into_iter().map(entry).collect(), behind }
    }
}

#[async_trait]
impl<S: ClientStore> ClientStore for ConfiguredClients<S> {
    async fn find(&self, id: &ClientId) -> Result<Option<Versioned<Client>>, StoreError> {
        match self.overlay.get(id) {
            Some(configured) => Ok(Some(configured.clone())),
            None => self.behind.find(id).await,
        }
    }

    fn caveats(&self) -> Vec<String> {
        self.behind.caveats()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use grantor::Scope;
    use grantor::store::{AuthMethod, ClientRegistry, Insert};
    use grantor_storage_memory::MemoryStore;

    fn client(id: &str, scope: &str) -> Client {
        let id = ClientId::new(id).expect("id");
        let scope = Scope::parse(scope).expect("scope");
        Client::builder(id, AuthMethod::CLIENT_SECRET_BASIC).scope(scope).build().expect("client")
    }

    #[tokio::test]
    async fn s10_the_overlay_wins_by_id_and_is_never_written() {
        let memory = MemoryStore::new();
        for stored in [client("both", "stored"), client("behind", "stored")] {
            assert_eq!(memory.insert(Revision::new(1), &stored).await.expect("insert"), Insert::Done);
        }
        let clients =
            ConfiguredClients::new([client("both", "file"), client("front", "file")], memory.clone());
        for (id, scope) in [("both", "file"), ("front", "file"), ("behind", "stored")] {
            let found = clients.find(&ClientId::new(id).expect("id")).await.expect("find").expect(id);
            assert_eq!(found.record().scope().as_str(), scope, "{id}");
        }
        assert!(clients.find(&ClientId::new("FRONT").expect("id")).await.expect("find").is_none());
        assert_eq!(memory.usage().clients, 2);
        let kept = memory.find(&ClientId::new("both").expect("id")).await.expect("find").expect("both");
        assert_eq!(kept.record().scope().as_str(), "stored");
    }
}
