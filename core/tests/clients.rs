//! Administering clients by `Clients`: every change is kept or refused whole, told once, and no secret is lost by it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::time::Duration;

use grantor::store::{
    AuthMethod, Client, ClientBuilder, ClientPage, ClientQuery, ClientRegistry, ClientStore, Credential,
    CredentialKind, Delete, Insert, Revision, StoreError, Update, Versioned,
};
use grantor::{
    AssertionAlgorithm, ClientId, Clients, ClientsError, ConfigError, CredentialId, HostKeys, Stores,
    async_trait,
};
use grantor_storage_memory::MemoryStore;
use support::*;

const DAY: Duration = Duration::from_secs(86_400);

fn clients(world: &World) -> Clients {
    over(world, world.store.clone())
}

fn over(world: &World, stores: impl Into<Stores>) -> Clients {
    let clients = Clients::new(stores, world.host_keys.clone()).unwrap();
    clients.clock(world.clock.clone()).events(world.events.clone())
}

fn new_client(id: &str, method: AuthMethod) -> ClientBuilder {
    Client::builder(client_id(id), method).scope(scope("read write"))
}

fn changes(world: &World) -> Vec<Kind> {
    world
        .events
        .all()
        .into_iter()
        .map(|seen| seen.kind)
        .filter(|kind| matches!(kind, Kind::Changed(..)))
        .collect()
}

/// A registry in which somebody else is first a number of times, or that fails once the change is made.
#[derive(Clone, Debug)]
struct Rival {
    inner: MemoryStore,
    first: Arc<AtomicUsize>,
    fails: bool,
}

impl Rival {
    fn new(inner: &MemoryStore, first: usize, fails: bool) -> Self {
        Self { inner: inner.clone(), first: Arc::new(AtomicUsize::new(first)), fails }
    }

    fn stores(&self) -> Stores {
        Stores::from(self.inner.clone()).with_registry(self.clone())
    }
}

#[async_trait]
impl ClientStore for Rival {
    async fn find(&self, id: &ClientId) -> Result<Option<Versioned<Client>>, StoreError> {
        ClientStore::find(&self.inner, id).await
    }

    fn caveats(&self) -> Vec<String> {
        Vec::new()
    }
}

#[async_trait]
impl ClientRegistry for Rival {
    async fn latest(&self, id: &ClientId) -> Result<Option<Versioned<Client>>, StoreError> {
        ClientStore::find(self, id).await
    }

    async fn insert(&self, first: Revision, client: &Client) -> Result<Insert, StoreError> {
        let done = ClientRegistry::insert(&self.inner, first, client).await?;
        if self.fails { Err(StoreError::unavailable("cut off")) } else { Ok(done) }
    }

    async fn update(&self, expected: Revision, client: &Client) -> Result<Update, StoreError> {
        let is_rivalled =
            self.first.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok();
        if is_rivalled {
            let found = ClientStore::find(&self.inner, client.id()).await?.unwrap();
            let theirs =
                found.record().to_builder().token_epoch(found.record().token_epoch() + 1).build().unwrap();
            assert_eq!(ClientRegistry::update(&self.inner, found.revision(), &theirs).await?, Update::Done);
        }
        let done = ClientRegistry::update(&self.inner, expected, client).await?;
        if self.fails { Err(StoreError::unavailable("cut off")) } else { Ok(done) }
    }

    async fn delete(&self, id: &ClientId) -> Result<Delete, StoreError> {
        let done = ClientRegistry::delete(&self.inner, id).await?;
        if self.fails { Err(StoreError::unavailable("cut off")) } else { Ok(done) }
    }

    async fn list(&self, query: &ClientQuery) -> Result<ClientPage, StoreError> {
        ClientRegistry::list(&self.inner, query).await
    }
}

#[tokio::test]
async fn a_client_of_each_method_that_takes_a_secret_gets_one_that_works() {
    let world = World::new();
    let (clients, server) = (clients(&world), world.server().await);
    for (id, method) in [("basic", AuthMethod::CLIENT_SECRET_BASIC), ("post", AuthMethod::CLIENT_SECRET_POST)]
    {
        let created = clients.create(new_client(id, method)).await.unwrap();
        let secret = created.secret.expect("a secret");
        let request = if id == "basic" {
            grant(id, secret.expose(), &[])
        } else {
            grant_post(id, secret.expose(), &[])
        };
        assert_eq!(send(&server, request).await.status, 200, "{id}");
        assert_eq!(created.client.record().created_at(), Some(at(NOW)));
        assert_ne!(
            created.client.record().token_epoch(),
            0,
            "those of an earlier client of its id stay ended"
        );
    }
    let wanted = new_client("jwt", AuthMethod::CLIENT_SECRET_JWT).auth_signing_alg(AssertionAlgorithm::Hs384);
    let created = clients.create(wanted).await.unwrap();
    let [held] = created.client.record().credentials() else { panic!("one") };
    let CredentialKind::SealedSecret(sealed) = held.kind() else { panic!("sealed: {held:?}") };
    assert_eq!(sealed.algorithm(), AssertionAlgorithm::Hs384);
    let keyed = clients.create(new_client("keyed", AuthMethod::PRIVATE_KEY_JWT)).await.unwrap();
    assert!(keyed.secret.is_none() && keyed.client.record().credentials().is_empty());
    assert_eq!(changes(&world), vec![Kind::Changed("created", "host"); 4]);
}

#[tokio::test]
async fn a_client_that_brings_its_credential_gets_no_other() {
    let world = World::new();
    let (_, credential) = world.secret("own");
    let wanted = new_client("own", AuthMethod::CLIENT_SECRET_BASIC).credential(credential.clone());
    let created = clients(&world).create(wanted).await.unwrap();
    assert!(created.secret.is_none());
    assert_eq!(created.client.record().credentials(), [credential]);
}

#[tokio::test]
async fn t70_an_id_that_nobody_chose_is_random_and_in_a_space_of_its_own() {
    let clients = clients(&World::new());
    let (one, other) = (clients.new_id().unwrap(), clients.new_id().unwrap());
    assert_ne!(one, other);
    let random = one.as_str().strip_prefix("client-").expect("their space");
    assert!(random.len() == 32 && random.bytes().all(|byte| byte.is_ascii_hexdigit()), "{one}");
}

#[tokio::test]
async fn nothing_is_created_over_a_client_or_a_trusted_issuer() {
    let world = World::new();
    let clients = clients(&world);
    let first = clients.create(new_client("taken", AuthMethod::CLIENT_SECRET_BASIC)).await.unwrap();
    let again = clients.create(new_client("taken", AuthMethod::CLIENT_SECRET_POST)).await;
    assert!(matches!(again, Err(ClientsError::Exists(id)) if id.as_str() == "taken"));
    let found = clients.get(&client_id("taken")).await.unwrap().unwrap();
    assert_eq!((found.record(), found.revision()), (first.client.record(), first.client.revision()));

    let (trust, partner) = (FakeTrust::default(), partner(&Signing::es256()).build().unwrap());
    let name = partner.issuer().as_str().to_owned();
    trust.put(partner);
    let trusting = over(&world, Stores::from(world.store.clone()).with_trust(trust));
    let refused = trusting.create(new_client(&name, AuthMethod::CLIENT_SECRET_BASIC)).await;
    assert!(matches!(refused, Err(ClientsError::IsTrustedIssuer(_))), "{refused:?}");
    assert!(clients.get(&client_id(&name)).await.unwrap().is_none());
    assert_eq!(changes(&world).len(), 1, "what was refused is not told");
}

#[tokio::test]
async fn s6_a_rotated_secret_works_beside_the_old_one_until_its_overlap_has_passed() {
    let world = World::new();
    let (clients, server, id) = (clients(&world), world.server().await, client_id("billing"));
    let old =
        clients.create(new_client("billing", AuthMethod::CLIENT_SECRET_BASIC)).await.unwrap().secret.unwrap();
    let rotated = clients.rotate_secret(&id, DAY).await.unwrap();
    assert_eq!(rotated.others_until, at(NOW + 86_400));
    let works = async |secret: &str| send(&server, grant("billing", secret, &[])).await.status == 200;
    assert!(works(old.expose()).await && works(rotated.secret.expose()).await);
    world.clock.advance(86_399);
    assert!(works(old.expose()).await, "for the whole of the overlap");
    // A further one gives the first no longer life, and takes none of the second's.
    let third = clients.rotate_secret(&id, DAY).await.unwrap();
    world.clock.advance(1);
    assert!(!works(old.expose()).await);
    assert!(works(rotated.secret.expose()).await && works(third.secret.expose()).await);
    world.clock.advance(86_400);
    clients.rotate_secret(&id, Duration::ZERO).await.unwrap();
    assert!(!works(third.secret.expose()).await, "at once");
    assert_eq!(clients.credentials(&id).await.unwrap().len(), 2, "those that had ended before are gone");
}

#[tokio::test]
async fn s6_another_secret_of_client_secret_jwt_is_for_the_same_algorithm() {
    let world = World::new();
    let (clients, id) = (clients(&world), client_id("jwt"));
    let wanted = new_client("jwt", AuthMethod::CLIENT_SECRET_JWT).auth_signing_alg(AssertionAlgorithm::Hs512);
    clients.create(wanted).await.unwrap();
    clients.update(&id, |client| client.auth_signing_alg(None)).await.unwrap();
    clients.rotate_secret(&id, DAY).await.unwrap();
    let held = clients.credentials(&id).await.unwrap();
    let algorithms = held.iter().filter_map(|held| {
        if let CredentialKind::SealedSecret(sealed) = held.credential.kind() {
            Some(sealed.algorithm())
        } else {
            None
        }
    });
    assert_eq!(algorithms.collect::<Vec<_>>(), [AssertionAlgorithm::Hs512; 2]);
}

#[tokio::test]
async fn a_client_without_secrets_has_none_to_rotate() {
    let world = World::new();
    let (clients, id) = (clients(&world), client_id("keyed"));
    clients.create(new_client("keyed", AuthMethod::PRIVATE_KEY_JWT)).await.unwrap();
    let refused = clients.rotate_secret(&id, DAY).await;
    assert!(matches!(refused, Err(ClientsError::NoSecret { .. })), "{refused:?}");
    let refused = clients.rotate_registration_token(&id).await;
    assert!(matches!(refused, Err(ClientsError::NotRegistered(_))), "{refused:?}");
}

#[tokio::test]
async fn t82_disabling_and_revoking_end_the_tokens_and_enabling_brings_none_back() {
    let world = World::new();
    let (clients, server, id) = (clients(&world), world.server().await, client_id("c"));
    let secret =
        clients.create(new_client("c", AuthMethod::CLIENT_SECRET_BASIC)).await.unwrap().secret.unwrap();
    let reader = world.client_with("reader", |client| client.introspector(true)).await;
    let is_active =
        async |token: &str| introspect(&server, "reader", &reader, token).await.json()["active"] == true;
    let first = send(&server, grant("c", secret.expose(), &[])).await.access_token();
    assert!(is_active(&first).await);
    clients.revoke_tokens(&id).await.unwrap();
    assert!(!is_active(&first).await);
    let second = send(&server, grant("c", secret.expose(), &[])).await.access_token();
    assert!(is_active(&second).await, "revoking keeps nobody out");
    clients.disable(&id).await.unwrap();
    clients.disable(&id).await.unwrap();
    assert_eq!(send(&server, grant("c", secret.expose(), &[])).await.status, 401);
    assert!(!is_active(&second).await);
    clients.enable(&id).await.unwrap();
    assert!(!is_active(&second).await && !is_active(&first).await);
    let third = send(&server, grant("c", secret.expose(), &[])).await.access_token();
    clients.delete(&id).await.unwrap();
    assert!(!is_active(&third).await);
    assert!(matches!(clients.delete(&id).await, Err(ClientsError::Unknown(_))));
    // One of the same id later is another one.
    clients.create(new_client("c", AuthMethod::CLIENT_SECRET_BASIC)).await.unwrap();
    assert!(!is_active(&third).await);
    let told = ["created", "tokens revoked", "disabled", "disabled", "enabled", "deleted", "created"];
    assert_eq!(changes(&world), told.map(|what| Kind::Changed(what, "host")));
}

#[tokio::test]
async fn a_change_is_made_anew_where_somebody_else_was_first_and_loses_nothing_of_theirs() {
    let world = World::new();
    let id = client_id("c");
    clients(&world).create(new_client("c", AuthMethod::CLIENT_SECRET_BASIC)).await.unwrap();
    let before = clients(&world).get(&id).await.unwrap().unwrap().record().token_epoch();
    let rivalled = over(&world, Rival::new(&world.store, 3, false).stores());
    let changed = rivalled.update(&id, |client| client.name("Mine")).await.unwrap();
    assert_eq!((changed.record().name(), changed.record().token_epoch()), (Some("Mine"), before + 3));
    let found = rivalled.get(&id).await.unwrap().unwrap();
    assert_eq!(
        (found.record(), found.revision()),
        (changed.record(), changed.revision()),
        "as it was stored"
    );
    let busy = over(&world, Rival::new(&world.store, usize::MAX, false).stores());
    let refused = busy.update(&id, |client| client.name("Never")).await;
    assert!(matches!(refused, Err(ClientsError::Busy(_))), "{refused:?}");
    assert_eq!(rivalled.get(&id).await.unwrap().unwrap().record().name(), Some("Mine"));
    assert_eq!(changes(&world).len(), 2);
}

/// T104: of changes at the same time each is kept.
#[test]
fn t104_changes_at_the_same_time_are_all_kept() {
    let world = World::new();
    let runtime = || tokio::runtime::Builder::new_current_thread().build().unwrap();
    let id = client_id("c");
    runtime().block_on(clients(&world).create(new_client("c", AuthMethod::CLIENT_SECRET_BASIC))).unwrap();
    let barrier = Arc::new(Barrier::new(6));
    let threads: Vec<_> = (0..6)
        .map(|_| {
            let (clients, id, barrier) = (clients(&world), id.clone(), Arc::clone(&barrier));
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                barrier.wait();
                runtime.block_on(clients.rotate_secret(&id, DAY)).map(|rotated| rotated.secret)
            })
        })
        .collect();
    let secrets: Vec<_> = threads.into_iter().filter_map(|thread| thread.join().unwrap().ok()).collect();
    let held = runtime().block_on(clients(&world).credentials(&id)).unwrap();
    assert!(!secrets.is_empty(), "of several that change one record at least one gets through");
    assert_eq!(held.len(), secrets.len() + 1, "each secret that was given out is there");
    assert!(
        secrets.iter().all(|secret| held.iter().any(|held| held.credential.id() == secret.credential_id()))
    );
}

#[tokio::test]
async fn s5_a_change_that_may_have_been_made_says_so_and_keeps_its_secret() {
    let world = World::new();
    let id = client_id("c");
    let cut_off = over(&world, Rival::new(&world.store, 0, true).stores());
    let server = world.server().await;
    let created = cut_off.create(new_client("c", AuthMethod::CLIENT_SECRET_BASIC)).await;
    let Err(ClientsError::Unconfirmed { secret: Some(first), .. }) = created else { panic!("{created:?}") };
    assert_eq!(send(&server, grant("c", first.expose(), &[])).await.status, 200);
    let rotated = cut_off.rotate_secret(&id, DAY).await;
    let text = format!("{rotated:?} {}", rotated.as_ref().unwrap_err());
    let Err(ClientsError::Unconfirmed { secret: Some(second), .. }) = rotated else { panic!("{rotated:?}") };
    assert_eq!(send(&server, grant("c", second.expose(), &[])).await.status, 200);
    assert!(!text.contains(&second.expose()[26..]), "T95: {text}");
    let renamed = cut_off.update(&id, |client| client.name("x")).await;
    assert!(matches!(renamed, Err(ClientsError::Unconfirmed { secret: None, .. })), "{renamed:?}");
    assert!(matches!(cut_off.delete(&id).await, Err(ClientsError::Unconfirmed { .. })));
    assert!(changes(&world).is_empty(), "only what is known to be kept is told");
}

#[tokio::test]
async fn a_record_that_would_break_a_rule_is_refused_and_nothing_changes() {
    let world = World::new();
    let (clients, id) = (clients(&world), client_id("c"));
    clients.create(new_client("c", AuthMethod::CLIENT_SECRET_BASIC)).await.unwrap();
    let refused = clients.update(&id, |client| client.default_scope(scope("admin"))).await;
    assert!(matches!(refused, Err(ClientsError::Invalid(_))), "{refused:?}");
    let refused = clients.update(&client_id("nobody"), |client| client.name("x")).await;
    assert!(matches!(refused, Err(ClientsError::Unknown(_))), "{refused:?}");
    assert_eq!(clients.get(&id).await.unwrap().unwrap().record().default_scope().as_str(), "read write");
    assert_eq!(changes(&world).len(), 1);
}

/// Whichever way a client is disabled, its tokens end for good; and no change revives what was ended.
#[tokio::test]
async fn t82_an_update_that_disables_ends_the_tokens_and_none_revives_them() {
    let world = World::new();
    let (clients, id) = (clients(&world), client_id("c"));
    let epoch = clients.create(new_client("c", AuthMethod::CLIENT_SECRET_BASIC)).await.unwrap();
    let epoch = epoch.client.record().token_epoch();
    let after = async |change: fn(ClientBuilder) -> ClientBuilder| {
        clients.update(&id, change).await.unwrap().record().token_epoch()
    };
    assert_eq!(after(|client| client.name("c")).await, epoch, "a change of its name ends nothing");
    assert_eq!(after(|client| client.enabled(false)).await, epoch + 1);
    assert_eq!(after(|client| client.enabled(false)).await, epoch + 1);
    assert_eq!(after(|client| client.enabled(true).token_epoch(0)).await, epoch + 1);
    let other = new_client("other", AuthMethod::CLIENT_SECRET_BASIC);
    let refused = clients.update(&id, |_| other.clone()).await;
    assert!(matches!(refused, Err(ClientsError::Invalid(_))), "{refused:?}");
    assert!(clients.get(&client_id("other")).await.unwrap().is_none());
}

#[tokio::test]
async fn credentials_are_listed_with_their_last_use() {
    let world = World::new();
    let (clients, server, id) = (clients(&world), world.server().await, client_id("c"));
    let secret =
        clients.create(new_client("c", AuthMethod::CLIENT_SECRET_BASIC)).await.unwrap().secret.unwrap();
    let unused = Credential::imported(CredentialId::new("unused").unwrap(), "$argon2id$…");
    clients.update(&id, |client| client.credential(unused.clone())).await.unwrap();
    issued(&server, "c", secret.expose(), &[]).await;
    server.maintain().await;
    let held = clients.credentials(&id).await.unwrap();
    let used: Vec<_> = held.iter().map(|held| (held.credential.id().as_str(), held.last_used)).collect();
    assert_eq!(used, [(secret.credential_id().as_str(), Some(at(NOW))), ("unused", None)]);
    assert!(matches!(clients.credentials(&client_id("nobody")).await, Err(ClientsError::Unknown(_))));
}

#[tokio::test]
async fn a_page_goes_on_where_the_one_before_ended_and_by_the_beginning_of_a_name() {
    let world = World::new();
    let clients = clients(&world);
    for n in 0..5 {
        let name = if n % 2 == 0 { "Even" } else { "Odd" };
        let wanted = new_client(&format!("c{n}"), AuthMethod::PRIVATE_KEY_JWT).name(format!("{name} {n}"));
        clients.create(wanted).await.unwrap();
    }
    let ids =
        |page: &ClientPage| page.clients.iter().map(|c| c.record().id().to_string()).collect::<Vec<_>>();
    let query = ClientQuery::first(2).with_name_prefix("Even");
    let first = clients.list(&query).await.unwrap();
    assert_eq!(ids(&first), ["c0", "c2"]);
    let second = clients.list(&query.starting_after(first.next.unwrap())).await.unwrap();
    assert_eq!(ids(&second), ["c4"]);
}

#[tokio::test]
async fn the_server_gives_its_own_administration_with_its_events() {
    let world = World::new();
    let server = world.server().await;
    let secret = server
        .clients()
        .unwrap()
        .create(new_client("c", AuthMethod::CLIENT_SECRET_BASIC))
        .await
        .unwrap()
        .secret;
    issued(&server, "c", secret.unwrap().expose(), &[]).await;
    assert_eq!(changes(&world), [Kind::Changed("created", "host")]);
}

#[test]
fn stores_without_a_registry_are_refused_at_once() {
    let store = MemoryStore::new();
    let only_read = Stores::new(store.clone(), store.clone(), store.clone());
    assert!(matches!(Clients::new(only_read, HostKeys::ephemeral()), Err(ConfigError::NoRegistry)));
    let elsewhere = Stores::from(store).with_clients(MemoryStore::new());
    assert!(
        matches!(Clients::new(elsewhere, HostKeys::ephemeral()), Err(ConfigError::NoRegistry)),
        "not into another store"
    );
}
