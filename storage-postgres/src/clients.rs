//! Clients: one row each.

use grantor::store::{
    Client, ClientPage, ClientQuery, ClientRegistry, ClientStore, Delete, Insert, Revision, StoreError,
    Update, Versioned,
};
use grantor::{ClientId, async_trait};

use crate::PostgresStore;
use crate::columns::to_number;
use crate::records::one_more;

#[async_trait]
impl ClientStore for PostgresStore {
    async fn find(&self, id: &ClientId) -> Result<Option<Versioned<Client>>, StoreError> {
        self.find_record(self.statement(&self.parts().statements.find_client).bind(id.as_str())).await
    }

    fn caveats(&self) -> Vec<String> {
        Vec::new()
    }
}

#[async_trait]
impl ClientRegistry for PostgresStore {
    async fn latest(&self, id: &ClientId) -> Result<Option<Versioned<Client>>, StoreError> {
        ClientStore::find(self, id).await
    }

    async fn insert(&self, first: Revision, client: &Client) -> Result<Insert, StoreError> {
        let insert = self
            .statement(&self.parts().statements.insert_client)
            .bind(client.id().as_str())
            .bind(to_number(first)?)
            .bind(client.name())
            .bind(client.to_document()?);
        Ok(if self.execute(insert).await? == 1 { Insert::Done } else { Insert::Exists })
    }

    async fn update(&self, expected: Revision, client: &Client) -> Result<Update, StoreError> {
        let update = self
            .statement(&self.parts().statements.update_client)
            .bind(client.id().as_str())
            .bind(to_number(expected)?)
            .bind(to_number(expected.next())?)
            .bind(client.name())
            .bind(client.to_document()?);
        self.update_record(update).await
    }

    async fn delete(&self, id: &ClientId) -> Result<Delete, StoreError> {
        let delete = self.statement(&self.parts().statements.delete_client).bind(id.as_str());
        Ok(if self.execute(delete).await? == 1 { Delete::Done } else { Delete::Missing })
    }

    async fn list(&self, query: &ClientQuery) -> Result<ClientPage, StoreError> {
        let statements = &self.parts().statements;
        let prefix = query.name_prefix();
        // No name has a NUL, and PostgreSQL refuses to be asked for one.
        if prefix.is_some_and(|prefix| prefix.contains('\0')) {
            return Ok(ClientPage::new(Vec::new(), None));
        }
        let by_name = prefix.is_some();
        let mut list = self
            .statement(if by_name { &statements.list_clients_by_name } else { &statements.list_clients })
            // Every id comes after the empty text.
            .bind(query.after().map_or("", ClientId::as_str))
            .bind(one_more(query.limit()));
        if let Some(prefix) = prefix {
            list = list.bind(prefix);
        }
        let (page, has_more) = self.page::<Client>(list, query.limit()).await?;
        let next = page.last().filter(|_| has_more).map(|last| last.record().id().clone());
        Ok(ClientPage::new(page, next))
    }
}
