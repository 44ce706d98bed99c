//! A shared store is a store: each port goes through an `Arc`, sized or not.

use std::sync::Arc;

use async_trait::async_trait;

use super::{
    Claim, Client, ClientPage, ClientQuery, ClientRegistry, ClientStore, Delete, Insert, KeySet, KeyStore,
    Replace, Revision, StoreError, TokenRecord, TokenState, TokenStore, Update, Versioned,
};
use crate::types::{ClientId, ProofId, Timestamp, TokenId};

#[async_trait]
impl<T: ClientStore + ?Sized> ClientStore for Arc<T> {
    async fn find(&self, id: &ClientId) -> Result<Option<Versioned<Client>>, StoreError> {
        T::find(self, id).await
    }

    fn caveats(&self) -> Vec<String> {
        T::caveats(self)
    }
}

#[async_trait]
impl<T: ClientRegistry + ?Sized> ClientRegistry for Arc<T> {
    async fn insert(&self, first: Revision, client: &Client) -> Result<Insert, StoreError> {
        T::insert(self, first, client).await
    }

    async fn update(&self, expected: Revision, client: &Client) -> Result<Update, StoreError> {
        T::update(self, expected, client).await
    }

    async fn delete(&self, id: &ClientId) -> Result<Delete, StoreError> {
        T::delete(self, id).await
    }

    async fn list(&self, query: &ClientQuery) -> Result<ClientPage, StoreError> {
        T::list(self, query).await
    }
}

#[async_trait]
impl<T: KeyStore + ?Sized> KeyStore for Arc<T> {
    async fn load(&self) -> Result<(KeySet, Revision), StoreError> {
        T::load(self).await
    }

    async fn replace(&self, expected: Revision, keys: &KeySet) -> Result<Replace, StoreError> {
        T::replace(self, expected, keys).await
    }

    fn caveats(&self) -> Vec<String> {
        T::caveats(self)
    }
}

#[async_trait]
impl<T: TokenStore + ?Sized> TokenStore for Arc<T> {
    async fn claim(&self, proof: &ProofId, until: Timestamp) -> Result<Claim, StoreError> {
        T::claim(self, proof, until).await
    }

    async fn insert(&self, token: &TokenId, record: &TokenRecord) -> Result<Insert, StoreError> {
        T::insert(self, token, record).await
    }

    async fn find(&self, token: &TokenId) -> Result<TokenState, StoreError> {
        T::find(self, token).await
    }

    async fn revoke(&self, token: &TokenId, until: Timestamp) -> Result<(), StoreError> {
        T::revoke(self, token, until).await
    }

    async fn prune(&self, before: Timestamp, limit: u32) -> Result<u32, StoreError> {
        T::prune(self, before, limit).await
    }

    fn caveats(&self) -> Vec<String> {
        T::caveats(self)
    }
}
