//! Where the administrator's commands work: the store, and the clients of the configuration file in front of it.

use std::sync::Arc;

use grantor::store::{Client, InitialAccessStore, TrustRegistry};
use grantor::{ClientId, Clients, HostKeys};

use super::change::named;
use crate::config::{Config, Mistake};
use crate::failure::Failure;
use crate::flags::Flags;
use crate::paste::typed;
use crate::storage::{Backends, NotReady};

pub(crate) struct Desk {
    pub(crate) config: Config,
    pub(super) backends: Backends,
    pub(super) host_keys: HostKeys,
    /// The one door to the clients of the store. On memory it opens on one of this process alone.
    pub(super) clients: Clients,
    /// Whether the store keeps anything from one process to the next: memory does not.
    pub(super) keeps: bool,
    /// Trusted issuers; `None` for memory.
    pub(crate) trust: Option<Arc<dyn TrustRegistry>>,
    /// Initial access tokens; `None` for memory.
    pub(crate) initial_access: Option<Arc<dyn InitialAccessStore>>,
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
        let host_keys = backends.host_keys.clone();
        let clients = Clients::new(backends.administered(), host_keys.clone())
            .map_err(|error| Failure::because("the clients cannot be administered", error))?;
        Ok(Self {
            config,
            clients,
            keeps: backends.memory().is_none(),
            trust: backends.trust_registry(),
            initial_access: backends.initial_access(),
            host_keys,
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
        Ok(self.clients.get(id).await?.map(|found| found.record().clone()))
    }

    /// The id of a client that a command may change: one of the file is changed there.
    pub(super) fn changeable(&self, id: &str) -> Result<ClientId, Failure> {
        let shown = typed(id);
        if !self.keeps {
            let wrong = format!("memory storage keeps no client `{shown}` that a command could change");
            let remedy = "change it in the configuration file, or write --storage postgres or redis";
            return Err(Mistake::new("--storage (GRANTOR_STORAGE)", wrong, remedy).into());
        }
        if let Some(file) = self.file_of(id) {
            return Err(Failure::Runtime(format!("the client `{shown}` stands in {file}: change it there")));
        }
        named(id)
    }

    /// The configuration file, if this client is declared in it.
    pub(super) fn file_of(&self, id: &str) -> Option<String> {
        let declared = self.config.document.clients.iter().any(|entry| entry.id == id);
        let path = self.config.path().unwrap_or(std::path::Path::new("the configuration"));
        declared.then(|| path.display().to_string())
    }
}

pub(super) fn unknown(id: &str) -> Failure {
    Failure::Runtime(format!("there is no client `{}`; see `clients list`", typed(id)))
}
