//! Where the administrator's commands work: the store, and the clients of the configuration file in front of it.

use std::sync::Arc;

use grantor::store::{Client, ClientQuery, ClientRegistry, TrustRegistry, Versioned};
use grantor::{ClientId, HostKeys, IssuerName};

use crate::config::{Config, Mistake};
use crate::failure::Failure;
use crate::flags::Flags;
use crate::storage::{Backends, NotReady};

/// How many clients are asked for at a time.
const PAGE: usize = 500;

pub(crate) struct Desk {
    pub(crate) config: Config,
    pub(super) backends: Backends,
    pub(super) host_keys: HostKeys,
    /// `None` for memory, which keeps nothing from one process to the next.
    pub(super) registry: Option<Arc<dyn ClientRegistry>>,
    /// The same for trusted issuers.
    pub(crate) trust: Option<Arc<dyn TrustRegistry>>,
}

impl Desk {
    pub(crate) async fn open(flags: &Flags) -> Result<Self, Failure> {
        let config = Config::load(flags.config.as_deref())?;
        let backends = Backends::open(flags, &config)?;
        match backends.prepare_registry().await {
            Ok(()) => {}
            Err(NotReady::Away(failure) | NotReady::Wrong(failure)) => return Err(failure),
        }
        backends.check_host_keys().await?;
        Ok(Self {
            config,
            registry: backends.registry(),
            trust: backends.trust_registry(),
            host_keys: backends.host_keys.clone(),
            backends,
        })
    }

    /// Those of the configuration file, in the order of their ids.
    pub(super) fn configured(&self) -> Result<Vec<Client>, Failure> {
        let mut clients = self.config.clients(&self.host_keys)?;
        clients.sort_by(|one, other| one.id().cmp(other.id()));
        Ok(clients)
    }

    /// The one of the configuration file or else of the store, if there is one.
    pub(crate) async fn client(&self, id: &ClientId) -> Result<Option<Client>, Failure> {
        let mut configured = self.configured()?.into_iter();
        if let Some(client) = configured.find(|client| client.id() == id) {
            return Ok(Some(client));
        }
        let Some(registry) = &self.registry else { return Ok(None) };
        let found =
            registry.find(id).await.map_err(|error| Failure::because("the client cannot be read", error))?;
        Ok(found.map(|found| found.record().clone()))
    }

    /// Whether assertions of an issuer of this name are grants.
    pub(super) async fn trusts(&self, name: &str) -> Result<bool, Failure> {
        let Ok(issuer) = IssuerName::new(name) else { return Ok(false) };
        if self.config.trusts(&issuer) {
            return Ok(true);
        }
        let Some(trust) = &self.trust else { return Ok(false) };
        let found = trust.find(&issuer).await;
        found
            .map(|found| found.is_some())
            .map_err(|error| Failure::because("the trusted issuers cannot be read", error))
    }

    /// All, in the order of their ids. One of the file stands before a stored one of its id.
    pub(super) async fn clients(&self) -> Result<Vec<Client>, Failure> {
        let mut clients = self.configured()?;
        let configured: Vec<ClientId> = clients.iter().map(|client| client.id().clone()).collect();
        let stored = self.stored().await?;
        clients.extend(stored.into_iter().filter(|client| !configured.contains(client.id())));
        clients.sort_by(|one, other| one.id().cmp(other.id()));
        Ok(clients)
    }

    /// Those of the store, also where one of the file stands before it.
    pub(super) async fn stored(&self) -> Result<Vec<Client>, Failure> {
        let mut clients = Vec::new();
        let Some(registry) = &self.registry else { return Ok(clients) };
        let mut query = ClientQuery::first(PAGE);
        loop {
            let page = registry
                .list(&query)
                .await
                .map_err(|error| Failure::because("the clients cannot be listed", error))?;
            clients.extend(page.clients.iter().map(Versioned::record).cloned());
            let Some(last) = page.next else { return Ok(clients) };
            query = query.starting_after(last);
        }
    }

    /// The store, for a command that changes this client: one of the file is changed there.
    pub(super) fn registry_for(&self, id: &str) -> Result<&dyn ClientRegistry, Failure> {
        let shown = id.escape_debug();
        let Some(registry) = &self.registry else {
            let wrong = format!("memory storage keeps no client `{shown}` that a command could change");
            let remedy = "change it in the configuration file, or write --storage postgres or redis";
            return Err(Mistake::new("--storage (GRANTOR_STORAGE)", wrong, remedy).into());
        };
        if let Some(file) = self.file_of(id) {
            return Err(Failure::Runtime(format!("the client `{shown}` stands in {file}: change it there")));
        }
        Ok(&**registry)
    }

    /// The configuration file, if this client is declared in it.
    pub(super) fn file_of(&self, id: &str) -> Option<String> {
        let declared = self.config.document.clients.iter().any(|entry| entry.id == id);
        let path = self.config.path().unwrap_or(std::path::Path::new("the configuration"));
        declared.then(|| path.display().to_string())
    }
}

pub(super) fn unknown(id: &str) -> Failure {
    Failure::Runtime(format!("there is no client `{}`; see `clients list`", id.escape_debug()))
}
