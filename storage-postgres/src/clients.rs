//! Clients: one row each.

use grantor::store::{
    Client, ClientPage, ClientQuery, ClientRegistry, ClientStore, Delete, Insert, Revision, StoreError,
    Update, Versioned,
};
use grantor::{ClientId, async_trait};
use sqlx::postgres::PgRow;

use crate::PostgresStore;
use crate::columns::{column, from_primary, to_number, to_revision};
use crate::failure::Failure;

#[async_trait]
impl ClientStore for PostgresStore {
    async fn find(&self, id: &ClientId) -> Result<Option<Versioned<Client>>, StoreError> {
        let find = self.statement(&self.parts().statements.find_client).bind(id.as_str());
        let row = from_primary(self.one_row(find).await?)?;
        match column::<Option<&str>>(&row, 1)? {
            None => Ok(None),
            Some(held) => read(&row, held).map(Some),
        }
    }

    fn caveats(&self) -> Vec<String> {
        Vec::new()
    }
}

#[async_trait]
impl ClientRegistry for PostgresStore {
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
        let row = self.one_row(update).await?;
        Ok(match (column(&row, 0)?, column(&row, 1)?) {
            (true, _) => Update::Done,
            (false, true) => Update::Conflict,
            (false, false) => Update::Missing,
        })
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
            // One more than asked for tells whether there is a next page.
            .bind(i64::try_from(query.limit()).map_or(i64::MAX, |limit| limit.saturating_add(1)));
        if let Some(prefix) = prefix {
            list = list.bind(prefix);
        }
        let mut page = Vec::new();
        let mut has_more = false;
        for row in self.rows(list).await? {
            let row = from_primary(row)?;
            // The one row of an empty page has none.
            let Some(id) = column::<Option<&str>>(&row, 1)? else { break };
            has_more = page.len() == query.limit();
            if !has_more {
                page.push(read(&row, id)?);
            }
        }
        let next = page.last().filter(|_| has_more).map(|last| last.record().id().clone());
        Ok(ClientPage::new(page, next))
    }
}

/// The client in a row of `id`, with revision and document in the columns after it.
fn read(row: &PgRow, id: &str) -> Result<Versioned<Client>, StoreError> {
    let client = Client::from_document(column(row, 3)?)?;
    if client.id().as_str() != id {
        return Err(StoreError::corrupt(Failure::AnotherClient));
    }
    Ok(Versioned::new(client, to_revision(column(row, 2)?)?))
}
