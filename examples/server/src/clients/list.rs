//! `clients list`: those of the configuration file and those of the store, page by page.

use grantor::ClientId;
use grantor::store::{Client, ClientQuery, Versioned};
use serde_json::Value;

use super::desk::Desk;
use super::document::document;
use crate::config::Mistake;
use crate::failure::Failure;
use crate::flags::ClientFilter;
use crate::paste::{pretty, say, shell_word, table};

/// How many clients are asked for at a time.
const PAGE: usize = 500;

impl Desk {
    pub(super) async fn list(&self, filter: &ClientFilter, as_json: bool) -> Result<(), Failure> {
        let after = filter.after.as_deref().map(ClientId::new).transpose();
        let after = after
            .map_err(|rule| Mistake::new("--after", "breaks the rule for its value", rule.to_string()))?;
        let limit = filter.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        // One more than is shown tells whether there are more.
        let mut clients = self.clients_after(after.as_ref(), &filter.name, limit.saturating_add(1)).await?;
        let more = clients.len() > limit;
        clients.truncate(limit);
        if as_json {
            return say(&pretty(&Value::Array(clients.iter().map(document).collect())));
        }
        if clients.is_empty() {
            let none = match (after.is_some() || !filter.name.is_empty(), self.keeps) {
                (true, _) => "No such clients.\n",
                (false, true) => "No clients yet: `clients create` registers one.\n",
                (false, false) => {
                    "No clients: memory storage keeps none, and no configuration file (--config) declares any.\n"
                }
            };
            return say(none);
        }
        let head = ["ID", "NAME", "AUTH", "ENABLED", "CREDENTIALS", "SCOPE"].map(str::to_owned).to_vec();
        let rows: Vec<_> = std::iter::once(head).chain(clients.iter().map(row)).collect();
        let go_on = match (more, clients.last()) {
            (true, Some(last)) => format!("\nThere are more: --after {}\n", shell_word(last.id().as_str())),
            _ => String::new(),
        };
        say(&format!("{}{go_on}", table(&rows)))
    }

    /// The first of those whose id comes after `after`, and whose name begins with `name`, in the order of their ids. One of
    /// the file stands before a stored one of its id.
    async fn clients_after(
        &self,
        after: Option<&ClientId>,
        name: &str,
        most: usize,
    ) -> Result<Vec<Client>, Failure> {
        let mut clients = self.configured()?;
        let configured: Vec<ClientId> = clients.iter().map(|client| client.id().clone()).collect();
        clients.retain(|client| after.is_none_or(|after| client.id() > after));
        clients.retain(|client| client.name().unwrap_or_default().starts_with(name));
        let mut query = ClientQuery::first(most.min(PAGE)).with_name_prefix(name);
        if let Some(after) = after {
            query = query.starting_after(after.clone());
        }
        let mut stored = Vec::new();
        while stored.len() < most {
            let page = self.clients.list(&query).await?;
            let records = page.clients.iter().map(Versioned::record);
            stored.extend(records.filter(|client| !configured.contains(client.id())).cloned());
            let Some(last) = page.next else { break };
            query = query.starting_after(last);
        }
        clients.append(&mut stored);
        clients.sort_by(|one, other| one.id().cmp(other.id()));
        clients.truncate(most);
        Ok(clients)
    }

    /// Those of the store, also where one of the file stands before it.
    pub(super) async fn stored(&self) -> Result<Vec<Client>, Failure> {
        let mut clients = Vec::new();
        let mut query = ClientQuery::first(PAGE);
        loop {
            let page = self.clients.list(&query).await?;
            clients.extend(page.clients.iter().map(Versioned::record).cloned());
            let Some(last) = page.next else { return Ok(clients) };
            query = query.starting_after(last);
        }
    }
}

fn row(client: &Client) -> Vec<String> {
    vec![
        client.id().as_str().to_owned(),
        client.name().unwrap_or("-").to_owned(),
        client.auth_method().as_str().to_owned(),
        if client.is_enabled() { "yes" } else { "no" }.to_owned(),
        client.credentials().len().to_string(),
        client.scope().as_str().to_owned(),
    ]
}
