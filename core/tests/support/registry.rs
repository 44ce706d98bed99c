//! A registry of clients and a store of initial access tokens that remember what they were asked, fail when they are told
//! to, and let something happen in between.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use grantor::store::{
    Client, ClientPage, ClientQuery, ClientRegistry, ClientStore, Consume, CountedAccess, Delete,
    InitialAccess, InitialAccessBuilder, InitialAccessPage, InitialAccessQuery, InitialAccessStore, Insert,
    Revision, StoreError, Update, Versioned,
};
use grantor::{ClientId, InitialAccessId, InitialAccessToken, SystemEntropy, async_trait};
use grantor_storage_memory::MemoryStore;

/// What a store does instead of its work.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Broken {
    Unavailable,
    Corrupt,
    /// It does it, and the answer gets lost.
    AnswerLost,
}

/// The calls of a store, and the one that does not do what it should.
#[derive(Clone, Default)]
pub struct Calls(Arc<Mutex<State>>);

type Happening = Pin<Box<dyn Future<Output = ()> + Send>>;

#[derive(Default)]
struct State {
    made: Vec<&'static str>,
    broken: Option<(&'static str, Broken)>,
    between: Option<(&'static str, Happening)>,
}

impl fmt::Debug for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Calls")
    }
}

impl Calls {
    /// The names of the calls since the last look.
    pub fn take(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.0.lock().unwrap().made)
    }

    /// From now on this call does this.
    pub fn fail(&self, call: &'static str, broken: Broken) {
        self.0.lock().unwrap().broken = Some((call, broken));
    }

    pub fn mend(&self) {
        self.0.lock().unwrap().broken = None;
    }

    /// Before the next call of this name does its work, this happens.
    pub fn before(&self, call: &'static str, what: impl Future<Output = ()> + Send + 'static) {
        self.0.lock().unwrap().between = Some((call, Box::pin(what)));
    }

    /// Does `work`, or what was said instead.
    async fn make<T>(
        &self,
        call: &'static str,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let (broken, between) = {
            let mut state = self.0.lock().unwrap();
            state.made.push(call);
            let broken = state.broken.filter(|(name, _)| *name == call).map(|(_, broken)| broken);
            let between = state.between.take_if(|(name, _)| *name == call);
            (broken, between)
        };
        if let Some((_, between)) = between {
            between.await;
        }
        match broken {
            None => work.await,
            Some(Broken::Unavailable) => Err(StoreError::unavailable("registry-down-7f3")),
            Some(Broken::Corrupt) => Err(StoreError::corrupt("registry-row-broken-7f3")),
            Some(Broken::AnswerLost) => {
                let _lost = work.await?;
                Err(StoreError::unavailable("registry-down-7f3"))
            }
        }
    }
}

/// Clients and their registry, over those of a memory store.
#[derive(Clone, Debug)]
pub struct FakeRegistry {
    pub inner: MemoryStore,
    pub calls: Calls,
}

impl FakeRegistry {
    pub fn new(inner: &MemoryStore) -> Self {
        Self { inner: inner.clone(), calls: Calls::default() }
    }
}

#[async_trait]
impl ClientStore for FakeRegistry {
    async fn find(&self, id: &ClientId) -> Result<Option<Versioned<Client>>, StoreError> {
        self.calls.make("find", ClientStore::find(&self.inner, id)).await
    }

    fn caveats(&self) -> Vec<String> {
        Vec::new()
    }
}

#[async_trait]
impl ClientRegistry for FakeRegistry {
    async fn insert(&self, first: Revision, client: &Client) -> Result<Insert, StoreError> {
        self.calls.make("insert", ClientRegistry::insert(&self.inner, first, client)).await
    }

    async fn update(&self, expected: Revision, client: &Client) -> Result<Update, StoreError> {
        self.calls.make("update", ClientRegistry::update(&self.inner, expected, client)).await
    }

    async fn delete(&self, id: &ClientId) -> Result<Delete, StoreError> {
        self.calls.make("delete", ClientRegistry::delete(&self.inner, id)).await
    }

    async fn list(&self, query: &ClientQuery) -> Result<ClientPage, StoreError> {
        self.calls.make("list", ClientRegistry::list(&self.inner, query)).await
    }
}

/// The initial access tokens of one test.
#[derive(Clone, Debug, Default)]
pub struct FakeAccess {
    tokens: Arc<Mutex<BTreeMap<String, CountedAccess>>>,
    pub calls: Calls,
}

impl FakeAccess {
    /// Issues a token, changed by `change`, and keeps it.
    pub fn issue(
        &self,
        change: impl FnOnce(InitialAccessBuilder) -> InitialAccessBuilder,
    ) -> InitialAccessToken {
        let (token, access) = InitialAccess::issue(&SystemEntropy::new()).unwrap();
        let access = change(access).build().unwrap();
        // As text, as every other store keeps it.
        let kept = InitialAccess::from_document(&access.to_document().unwrap()).unwrap();
        let counted = CountedAccess::new(kept, 0);
        self.tokens.lock().unwrap().insert(token.id().as_str().to_owned(), counted);
        token
    }

    /// Answers with the record of `other` when it is asked for `id`.
    pub fn mix_up(&self, id: &InitialAccessId, other: &InitialAccessId) {
        let mut tokens = self.tokens.lock().unwrap();
        let other = tokens[other.as_str()].clone();
        tokens.insert(id.as_str().to_owned(), other);
    }

    pub fn uses(&self, token: &InitialAccessToken) -> u32 {
        self.tokens.lock().unwrap()[token.id().as_str()].uses
    }

    pub fn documents(&self) -> String {
        let tokens = self.tokens.lock().unwrap();
        tokens.values().map(|kept| kept.access.to_document().unwrap()).collect()
    }
}

#[async_trait]
impl InitialAccessStore for FakeAccess {
    async fn find(&self, id: &InitialAccessId) -> Result<Option<CountedAccess>, StoreError> {
        let find = async { Ok(self.tokens.lock().unwrap().get(id.as_str()).cloned()) };
        self.calls.make("find access", find).await
    }

    async fn consume(&self, id: &InitialAccessId, most: u32) -> Result<Consume, StoreError> {
        let consume = async {
            let mut tokens = self.tokens.lock().unwrap();
            Ok(match tokens.get_mut(id.as_str()) {
                None => Consume::Missing,
                Some(kept) if kept.uses >= most => Consume::Spent,
                Some(kept) => {
                    kept.uses += 1;
                    Consume::Done
                }
            })
        };
        self.calls.make("consume", consume).await
    }

    async fn insert(&self, access: &InitialAccess) -> Result<Insert, StoreError> {
        let mut tokens = self.tokens.lock().unwrap();
        if tokens.contains_key(access.id().as_str()) {
            return Ok(Insert::Exists);
        }
        tokens.insert(access.id().as_str().to_owned(), CountedAccess::new(access.clone(), 0));
        Ok(Insert::Done)
    }

    async fn delete(&self, id: &InitialAccessId) -> Result<Delete, StoreError> {
        let gone = self.tokens.lock().unwrap().remove(id.as_str()).is_some();
        Ok(if gone { Delete::Done } else { Delete::Missing })
    }

    async fn list(&self, _query: &InitialAccessQuery) -> Result<InitialAccessPage, StoreError> {
        Ok(InitialAccessPage::new(self.tokens.lock().unwrap().values().cloned().collect(), None))
    }

    fn caveats(&self) -> Vec<String> {
        Vec::new()
    }
}
