//! Administering clients: what an administrator's console, a command or host code does with them.
//!
//! Every change is one compare-and-swap on the client's record, made anew when somebody else was first, and told as an
//! [`Event::ClientChanged`](crate::event::Event::ClientChanged) once the store has kept it.

mod error;
mod secret;

pub use error::ClientsError;
pub(crate) use secret::{NewSecret, is_secret, takes_secret};

use std::sync::Arc;
use std::time::Duration;

use crate::clock::{Clock, SystemClock};
use crate::config::ConfigError;
use crate::entropy::{Entropy, EntropyError, SystemEntropy};
use crate::event::{ChangedBy, ClientChange, ClientChanged, Event, EventSink, NoSink, report};
use crate::host_keys::HostKeys;
use crate::store::{
    Client, ClientBuilder, ClientPage, ClientQuery, ClientRegistry, Credential, CredentialUsage, Delete,
    Insert, Revision, StoreError, TrustStore, Update, Versioned, latest_client,
};
use crate::stores::Stores;
use crate::types::{ClientId, ClientSecret, InvalidValue, IssuerName, RegistrationAccessToken, Timestamp};

/// How often a change is made anew because somebody else changed the client meanwhile.
const ATTEMPTS: usize = 8;

/// The administration of clients, over the stores of a server and beside it: in the same process or in another one.
///
/// ```
/// use std::time::Duration;
/// use grantor::store::{AuthMethod, Client, ClientQuery};
/// use grantor::{ClientId, Clients, HostKeys, Scope};
/// use grantor_storage_memory::MemoryStore;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let clients = Clients::new(MemoryStore::new(), HostKeys::ephemeral())?;
///
/// // Register one. Its secret is shown once.
/// let billing = Client::builder(ClientId::new("billing")?, AuthMethod::CLIENT_SECRET_BASIC).scope(Scope::parse("read")?);
/// let created = clients.create(billing).await?;
/// let secret = created.secret.ok_or("a client of this method has a secret")?;
/// println!("client_secret: {}", secret.expose());
///
/// // Another secret, while the first works on for a day.
/// let id = ClientId::new("billing")?;
/// let rotated = clients.rotate_secret(&id, Duration::from_secs(24 * 3600)).await?;
/// assert_eq!(clients.credentials(&id).await?.len(), 2);
///
/// // Change it, list them, end what it holds.
/// clients.update(&id, |client| client.name("Billing")).await?;
/// assert_eq!(clients.list(&ClientQuery::first(50).with_name_prefix("Bill")).await?.clients.len(), 1);
/// clients.disable(&id).await?;
/// clients.delete(&id).await?;
/// # drop(rotated); Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Clients {
    registry: Arc<dyn ClientRegistry>,
    usage: Option<Arc<dyn CredentialUsage>>,
    trust: Option<Arc<dyn TrustStore>>,
    host_keys: HostKeys,
    events: Arc<dyn EventSink>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

/// A client that was created.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CreatedClient {
    /// Its record.
    pub client: Versioned<Client>,
    /// Its secret, where one was made for it: to be shown once, and kept nowhere.
    pub secret: Option<ClientSecret>,
}

/// A secret that was made for a client that had others.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RotatedSecret {
    /// The record with it.
    pub client: Versioned<Client>,
    /// The new secret, which works at once: to be shown once, and kept nowhere.
    pub secret: ClientSecret,
    /// When the older ones end at the latest.
    pub others_until: Timestamp,
}

/// A credential and when it was last used.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HeldCredential {
    /// The credential, without what it proves.
    pub credential: Credential,
    /// When the client last proved itself with it, to the hour or so; `None` where it did not, or that is not kept.
    pub last_used: Option<Timestamp>,
}

impl Clients {
    /// The clients of these stores. `host_keys` are those of the server: what is made with others, it cannot check.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] where the stores have none in which clients can be registered ([`Stores::with_registry`]), or there is
    /// no host key.
    pub fn new(stores: impl Into<Stores>, host_keys: HostKeys) -> Result<Self, ConfigError> {
        let Stores { registry, usage, trust, .. } = stores.into();
        if host_keys.is_empty() {
            return Err(ConfigError::NoHostKey);
        }
        Ok(Self {
            registry: registry.ok_or(ConfigError::NoRegistry)?,
            usage,
            trust,
            host_keys,
            events: Arc::new(NoSink),
            clock: Arc::new(SystemClock::new()),
            entropy: Arc::new(SystemEntropy::new()),
        })
    }

    /// Who is told of changes. `tracing` always is.
    #[must_use]
    pub fn events(mut self, sink: impl EventSink) -> Self {
        self.events = Arc::new(sink);
        self
    }

    /// Another clock, for tests.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Another source of randomness.
    #[must_use]
    pub fn entropy(mut self, entropy: impl Entropy) -> Self {
        self.entropy = Arc::new(entropy);
        self
    }

    /// A new id, `client-` and 128 random bits, for a client whose id nobody chose. In a space of its own, so that none is ever
    /// that of a user (RFC 9700 §4.15).
    ///
    /// # Errors
    ///
    /// [`ClientsError::Entropy`].
    pub fn new_id(&self) -> Result<ClientId, ClientsError> {
        Ok(new_client_id(&*self.entropy)?)
    }

    /// Registers a client. Where its method goes by a secret and it has no credential, one is made. When it was created is
    /// written down, and an epoch is drawn for its tokens, so that those of an earlier client of its id stay ended.
    ///
    /// # Errors
    ///
    /// [`ClientsError`]: among others [`Exists`](ClientsError::Exists), and
    /// [`IsTrustedIssuer`](ClientsError::IsTrustedIssuer), since a client is the issuer of its own assertions.
    pub async fn create(&self, client: ClientBuilder) -> Result<CreatedClient, ClientsError> {
        let draft =
            client.created_at(self.clock.now()).token_epoch(Client::first_token_epoch(&*self.entropy)?);
        let draft = draft.build()?;
        let id = draft.id().clone();
        self.check_no_issuer(&id).await?;
        let (client, secret) = if draft.credentials().is_empty() && takes_secret(draft.auth_method()) {
            let NewSecret { secret, credential } = self.new_secret(&draft)?;
            (draft.to_builder().credential(credential).build()?, Some(secret))
        } else {
            (draft, None)
        };
        let first = Revision::first(&*self.entropy)?;
        match self.registry.insert(first, &client).await {
            Ok(Insert::Done) => {}
            Ok(Insert::Exists) => return Err(ClientsError::Exists(id)),
            Err(source) => return Err(ClientsError::Unconfirmed { secret: secret.map(Box::new), source }),
        }
        self.tell(&id, ClientChange::Created);
        Ok(CreatedClient { client: Versioned::new(client, first), secret })
    }

    /// The client of this id, with the revision at which it was read.
    ///
    /// # Errors
    ///
    /// [`ClientsError::Store`].
    pub async fn get(&self, id: &ClientId) -> Result<Option<Versioned<Client>>, ClientsError> {
        self.find(id).await
    }

    /// One page of clients. Go on with [`ClientPage::next`].
    ///
    /// # Errors
    ///
    /// [`ClientsError::Store`].
    pub async fn list(&self, query: &ClientQuery) -> Result<ClientPage, ClientsError> {
        Ok(self.registry.list(query).await?)
    }

    /// Changes the record as it is when it is stored: `change` is called again where somebody else was first.
    ///
    /// Credentials are changed here too, for example keys: with [`ClientBuilder::credential`] and
    /// [`ClientBuilder::credentials`].
    ///
    /// # Errors
    ///
    /// [`ClientsError`]: among others [`Invalid`](ClientsError::Invalid) where the record would break a rule.
    pub async fn update(
        &self,
        id: &ClientId,
        mut change: impl FnMut(ClientBuilder) -> ClientBuilder,
    ) -> Result<Versioned<Client>, ClientsError> {
        self.try_update(id, |client| Ok(change(client.to_builder()))).await
    }

    /// The same for a change that depends on the record: it may refuse, with an error of the caller's own, and nothing has
    /// changed.
    ///
    /// ```
    /// # use grantor::{ClientId, Clients, ClientsError};
    /// # enum Refused { Protected, Failed(ClientsError) }
    /// # impl From<ClientsError> for Refused { fn from(error: ClientsError) -> Self { Self::Failed(error) } }
    /// # async fn rename(clients: &Clients, id: &ClientId) -> Result<(), Refused> {
    /// clients
    ///     .try_update(id, |client| match client.is_introspector() {
    ///         true => Err(Refused::Protected),
    ///         false => Ok(client.to_builder().name("Billing")),
    ///     })
    ///     .await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// What `change` says, and what [`Clients::update`] does.
    pub async fn try_update<E: From<ClientsError>>(
        &self,
        id: &ClientId,
        mut change: impl FnMut(&Client) -> Result<ClientBuilder, E>,
    ) -> Result<Versioned<Client>, E> {
        let (client, ()) = self
            .swap(id, |client| {
                let changed = change(client)?.build().map_err(ClientsError::from)?;
                Ok::<_, E>((changed, ()))
            })
            .await?;
        self.tell(id, ClientChange::Updated);
        Ok(client)
    }

    /// Gives it another secret, which works at once, and ends its older ones after `overlap`, so that nobody has to change
    /// over at a stroke. Those that have ended by now are removed.
    ///
    /// # Errors
    ///
    /// [`ClientsError`]: among others [`NoSecret`](ClientsError::NoSecret) for a client of another method, and
    /// [`Unconfirmed`](ClientsError::Unconfirmed) with the secret that it perhaps has now.
    pub async fn rotate_secret(
        &self,
        id: &ClientId,
        overlap: Duration,
    ) -> Result<RotatedSecret, ClientsError> {
        let now = self.clock.now();
        let others_until = now.plus(overlap);
        let mut last = None;
        let swapped = self
            .swap(id, |client| {
                if !takes_secret(client.auth_method()) {
                    return Err(ClientsError::NoSecret {
                        id: id.clone(),
                        method: client.auth_method().clone(),
                    });
                }
                let NewSecret { secret, credential } = self.new_secret(client)?;
                last = Some(secret.clone());
                let kept = client.credentials().iter().filter(|held| !held.has_ended(now)).cloned();
                let kept = kept.map(|held| if is_secret(&held) { ending(held, others_until) } else { held });
                let client = client.to_builder().credentials(kept.chain([credential])).build()?;
                Ok((client, secret))
            })
            .await;
        match swapped {
            Ok((client, secret)) => {
                let credential = secret.credential_id();
                self.tell(id, ClientChange::SecretRotated { credential, others_until });
                Ok(RotatedSecret { client, secret, others_until })
            }
            Err(ClientsError::Unconfirmed { source, .. }) => {
                Err(ClientsError::Unconfirmed { secret: last.map(Box::new), source })
            }
            Err(error) => Err(error),
        }
    }

    /// Gives a client that registered itself another registration access token (RFC 7592 §1.2), because the one that it had was
    /// lost. That one is dead.
    ///
    /// # Errors
    ///
    /// [`ClientsError`]: among others [`NotRegistered`](ClientsError::NotRegistered).
    pub async fn rotate_registration_token(
        &self,
        id: &ClientId,
    ) -> Result<RegistrationAccessToken, ClientsError> {
        let token = new_registration_token(&*self.entropy)?;
        self.swap(id, |client| {
            let Some(registration) = client.registration().cloned() else {
                return Err(ClientsError::NotRegistered(id.clone()));
            };
            let metadata = registration.metadata().clone();
            let registration = registration.renewed(token.digest(id), metadata);
            Ok((client.to_builder().registration(registration).build()?, ()))
        })
        .await?;
        self.tell(id, ClientChange::RegistrationTokenRotated);
        Ok(token)
    }

    /// Ends all tokens that it has. It can get new ones; [`Clients::disable`] ends that too.
    ///
    /// # Errors
    ///
    /// [`ClientsError`].
    pub async fn revoke_tokens(&self, id: &ClientId) -> Result<Versioned<Client>, ClientsError> {
        let (client, ()) = self
            .swap(id, |client| {
                let raised = client.to_builder().token_epoch(client.token_epoch() + 1);
                Ok::<_, ClientsError>((raised.build()?, ()))
            })
            .await?;
        self.tell(id, ClientChange::TokensRevoked);
        Ok(client)
    }

    /// Lets it have no tokens, and ends those that it has. Enabling it does not bring them back.
    ///
    /// # Errors
    ///
    /// [`ClientsError`].
    pub async fn disable(&self, id: &ClientId) -> Result<Versioned<Client>, ClientsError> {
        self.set_enabled(id, false).await
    }

    /// Lets it have tokens again.
    ///
    /// # Errors
    ///
    /// [`ClientsError`].
    pub async fn enable(&self, id: &ClientId) -> Result<Versioned<Client>, ClientsError> {
        self.set_enabled(id, true).await
    }

    /// Ends it with all that it has: secrets, keys, tokens and, if it registered itself, its registration access token. For
    /// good: another client of its id would be a new one.
    ///
    /// # Errors
    ///
    /// [`ClientsError`]: among others [`Unknown`](ClientsError::Unknown) where there is none.
    pub async fn delete(&self, id: &ClientId) -> Result<(), ClientsError> {
        match self.registry.delete(id).await.map_err(unconfirmed)? {
            Delete::Done => {
                self.tell(id, ClientChange::Deleted);
                Ok(())
            }
            Delete::Missing => Err(ClientsError::Unknown(id.clone())),
        }
    }

    /// Its credentials, past and future ones included, and when each was last used.
    ///
    /// # Errors
    ///
    /// [`ClientsError`]: among others [`Unknown`](ClientsError::Unknown).
    pub async fn credentials(&self, id: &ClientId) -> Result<Vec<HeldCredential>, ClientsError> {
        let found = self.find(id).await?.ok_or_else(|| ClientsError::Unknown(id.clone()))?;
        let uses = match &self.usage {
            Some(usage) => usage.last_used(id).await?,
            None => Vec::new(),
        };
        let last_used = |held: &Credential| uses.iter().find(|(id, _)| id == held.id()).map(|(_, at)| *at);
        let held = found.record().credentials().iter();
        Ok(held.map(|held| HeldCredential { credential: held.clone(), last_used: last_used(held) }).collect())
    }

    async fn set_enabled(&self, id: &ClientId, enabled: bool) -> Result<Versioned<Client>, ClientsError> {
        let (client, ()) = self
            .swap(id, |client| Ok::<_, ClientsError>((client.to_builder().enabled(enabled).build()?, ())))
            .await?;
        self.tell(id, if enabled { ClientChange::Enabled } else { ClientChange::Disabled });
        Ok(client)
    }

    async fn find(&self, id: &ClientId) -> Result<Option<Versioned<Client>>, ClientsError> {
        Ok(latest_client(&*self.registry, id).await?)
    }

    /// Swaps the record for the one that `make` makes of it, however often others change it meanwhile.
    async fn swap<T, E: From<ClientsError>>(
        &self,
        id: &ClientId,
        mut make: impl FnMut(&Client) -> Result<(Client, T), E>,
    ) -> Result<(Versioned<Client>, T), E> {
        for _ in 0..ATTEMPTS {
            let found = self.find(id).await?.ok_or_else(|| ClientsError::Unknown(id.clone()))?;
            let (client, made) = make(found.record())?;
            let client = looked_after(found.record(), &client).map_err(ClientsError::from)?;
            match self.registry.update(found.revision(), &client).await.map_err(unconfirmed)? {
                Update::Done => return Ok((Versioned::new(client, found.revision().next()), made)),
                Update::Missing => return Err(ClientsError::Unknown(id.clone()).into()),
                Update::Conflict => {}
            }
        }
        Err(ClientsError::Busy(id.clone()).into())
    }

    async fn check_no_issuer(&self, id: &ClientId) -> Result<(), ClientsError> {
        let (Some(trust), Ok(name)) = (&self.trust, IssuerName::new(id.as_str())) else { return Ok(()) };
        match trust.find(&name).await? {
            Some(_) => Err(ClientsError::IsTrustedIssuer(id.clone())),
            None => Ok(()),
        }
    }

    fn new_secret(&self, client: &Client) -> Result<NewSecret, ClientsError> {
        NewSecret::make(client, &self.host_keys, &*self.entropy)
    }

    fn tell(&self, client_id: &ClientId, change: ClientChange<'_>) {
        let by = ChangedBy::Host;
        report(&*self.events, &Event::ClientChanged(ClientChanged { client_id, change, by }));
    }
}

/// See [`Clients::new_id`].
pub(crate) fn new_client_id(entropy: &dyn Entropy) -> Result<ClientId, EntropyError> {
    let mut bytes = [0; 16];
    entropy.fill(&mut bytes)?;
    let id = ClientId::new(format!("client-{}", data_encoding::HEXLOWER.encode(&bytes)));
    id.map_err(|_| EntropyError::new())
}

/// Whether an id has the form of those.
pub(crate) fn is_made_here(id: &str) -> bool {
    let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    id.strip_prefix("client-").is_some_and(|random| random.len() == 32 && random.bytes().all(hex))
}

/// A registration access token of 256 random bits.
pub(crate) fn new_registration_token(entropy: &dyn Entropy) -> Result<RegistrationAccessToken, EntropyError> {
    let mut random = zeroize::Zeroizing::new([0; 32]);
    entropy.fill(&mut *random)?;
    Ok(RegistrationAccessToken::from_random(&random))
}

/// What an operator has changed is kept, also if it was never used. Whoever loses its right loses its tokens, and no change
/// revives those that were ended.
fn looked_after(before: &Client, after: &Client) -> Result<Client, InvalidValue> {
    if after.id() != before.id() {
        return Err(InvalidValue::new("the id of a client", "left as it is: it would be another client"));
    }
    let is_disabled = before.is_enabled() && !after.is_enabled();
    let least = before.token_epoch() + u64::from(is_disabled);
    let epoch = after.token_epoch().max(least);
    after.to_builder().token_epoch(epoch).kept().build()
}

fn unconfirmed(source: StoreError) -> ClientsError {
    ClientsError::Unconfirmed { secret: None, source }
}

/// No later than it would have ended anyway.
fn ending(credential: Credential, ends: Timestamp) -> Credential {
    let ends = credential.expires_at().map_or(ends, |own| own.min(ends));
    credential.valid_until(ends)
}
