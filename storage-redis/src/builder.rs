//! The settings of a store.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use redis::{Client, ConnectionAddr};

use crate::check::Place;
use crate::cluster::Cluster;
use crate::layout::Layout;
use crate::link::{Limits, WaitFor};
use crate::loss::Accepted;
use crate::node::{Node, Source, Terms};
use crate::sentinel::Sentinels;
use crate::servers::{Access, Servers};
use crate::store::Parts;
use crate::{Loss, RedisStore, tls};

/// Makes a [`RedisStore`].
#[derive(Clone)]
#[must_use = "a builder makes nothing until `build`"]
pub struct RedisStoreBuilder {
    target: Target,
    prefix: String,
    limits: Limits,
    accepted: Accepted,
    wait_for: Option<WaitFor>,
}

#[derive(Clone)]
enum Target {
    Single(Client),
    Sentinel(Sentinels),
    Cluster(Vec<Client>),
}

/// A setting with which no store can work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The prefix could collide with another or change the slot of a key.
    #[error("a key prefix has 1 to 64 characters of A-Z, a-z, 0-9, '.', '_', ':' and '-'")]
    Prefix,
    /// There is no address to begin with.
    #[error("at least one address of a Sentinel or of a server of the Cluster is needed")]
    NoAddress,
    /// The primary that Sentinels name may change.
    #[error(
        "with Sentinel a replica may be promoted that lacks what was acknowledged: accept it by \
         `.accept_loss(Loss::FailOver)`"
    )]
    FailOver,
    /// `rediss://` cannot work in this program.
    #[error("{0}")]
    Tls(String),
}

impl RedisStoreBuilder {
    fn new(target: Target) -> Self {
        Self {
            target,
            prefix: "grantor".to_owned(),
            limits: Limits { connect: Duration::from_secs(2), response: Duration::from_secs(2) },
            accepted: Accepted::default(),
            wait_for: None,
        }
    }

    pub(crate) fn single(client: Client) -> Self {
        Self::new(Target::Single(client))
    }

    pub(crate) fn sentinel(clients: Vec<Client>, master: String, server: Client) -> Self {
        Self::new(Target::Sentinel(Sentinels { clients, master, server }))
    }

    pub(crate) fn cluster(seeds: Vec<Client>) -> Self {
        Self::new(Target::Cluster(seeds))
    }

    /// What all keys begin with, `grantor` by default: 1 to 64 characters of `A-Z a-z 0-9 . _ : -`. Several issuers
    /// share a Redis by a prefix each.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// How long to try for a connection, finding the primary and checking its settings included. 2 s by default.
    ///
    /// Together with the [response timeout](Self::response_timeout) it bounds every call.
    pub const fn connect_timeout(mut self, at_most: Duration) -> Self {
        self.limits.connect = at_most;
        self
    }

    /// How long to wait for the answer to a command. 2 s by default, for a disk that is slow at times: with
    /// `appendfsync always` each write waits for it.
    pub const fn response_timeout(mut self, at_most: Duration) -> Self {
        self.limits.response = at_most;
        self
    }

    /// Works with servers that may lose what they have acknowledged, in this way. Call it once for each way; the
    /// start-up summary shows them. By default no loss is accepted, and a server that is set up for one is refused.
    pub fn accept_loss(mut self, loss: Loss) -> Self {
        self.accepted.accept(loss);
        self
    }

    /// Takes your word for what cannot be read: that the server is a primary, has `maxmemory-policy noeviction`, and
    /// persists as strictly as was not [accepted](Self::accept_loss) otherwise.
    ///
    /// For managed services without `CONFIG` and users without `INFO`. What can be read is checked as ever. The
    /// start-up summary shows it.
    pub const fn vouch_for_settings(mut self) -> Self {
        self.accepted.vouched = true;
        self
    }

    /// Counts a write only once `replicas` of the primary's replicas have it (`WAIT`), and fails it where they have
    /// not after `at_most`. It narrows what a fail-over loses and does not close it: Redis may promote another one.
    ///
    /// A `WAIT` holds up the connection that all calls share, so use it where the replicas are near.
    pub const fn wait_for_replicas(mut self, replicas: u32, at_most: Duration) -> Self {
        self.wait_for = Some(WaitFor { replicas, at_most });
        self
    }

    /// The store. It connects when it is first used, so it may be made before Redis is there.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] for what no server could make up for.
    pub fn build(self) -> Result<RedisStore, ConfigError> {
        let layout = Layout::new(self.prefix)?;
        let waiting = self.wait_for.map_or(Duration::ZERO, |wait_for| wait_for.at_most);
        let limits = Limits { response: self.limits.response.saturating_add(waiting), ..self.limits };
        let place = if matches!(self.target, Target::Cluster(_)) { Place::Cluster } else { Place::Alone };
        let terms = Terms { limits, accepted: self.accepted, place };
        self.target.can_work(self.accepted)?;
        let servers = match self.target {
            Target::Single(client) => Servers::One(Arc::new(Node::new(Source::Fixed(client), terms))),
            Target::Sentinel(sentinels) => {
                Servers::One(Arc::new(Node::new(Source::Sentinels(sentinels), terms)))
            }
            Target::Cluster(seeds) => {
                let server = seeds.first().ok_or(ConfigError::NoAddress)?.clone();
                Servers::Cluster(Arc::new(Cluster::new(server, seeds, terms)))
            }
        };
        let caveats = self.accepted.caveats(self.wait_for.map(|wait_for| wait_for.replicas));
        let access = Access { servers, limits, wait_for: self.wait_for };
        Ok(RedisStore::from_parts(Parts { access, layout, caveats }))
    }
}

impl Target {
    fn can_work(&self, accepted: Accepted) -> Result<(), ConfigError> {
        let clients: Vec<&Client> = match self {
            Self::Single(client) => vec![client],
            Self::Sentinel(Sentinels { clients, .. }) if clients.is_empty() => {
                return Err(ConfigError::NoAddress);
            }
            Self::Sentinel(_) if !accepted.fail_over() => return Err(ConfigError::FailOver),
            Self::Sentinel(Sentinels { clients, server, .. }) => clients.iter().chain([server]).collect(),
            Self::Cluster(seeds) => seeds.iter().collect(),
        };
        let encrypted =
            |client: &&Client| matches!(client.get_connection_info().addr(), ConnectionAddr::TcpTls { .. });
        if clients.iter().any(encrypted) {
            tls::ready().map_err(|missing| ConfigError::Tls(missing.to_string()))?;
        }
        Ok(())
    }
}

/// Shows no address: those come with passwords.
impl fmt::Debug for RedisStoreBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStoreBuilder")
            .field("prefix", &self.prefix)
            .field("connect_timeout", &self.limits.connect)
            .field("response_timeout", &self.limits.response)
            .finish_non_exhaustive()
    }
}
