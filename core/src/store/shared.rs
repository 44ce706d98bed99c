//! A shared store is a store: each port goes through an `Arc`, sized or not.

use std::sync::Arc;

use async_trait::async_trait;

use super::{
    Claim, Client, ClientPage, ClientQuery, ClientRegistry, ClientStore, Consume, CountedAccess,
    CredentialUsage, CredentialUse, Delete, InitialAccess, InitialAccessPage, InitialAccessQuery,
    InitialAccessStore, Insert, KeySet, KeyStore, Replace, Revision, StoreError, TokenRecord, TokenState,
    TokenStore, TrustPage, TrustQuery, TrustRegistry, TrustStore, TrustedIssuer, Update, Versioned,
};
use crate::types::{ClientId, CredentialId, InitialAccessId, IssuerName, ProofId, Timestamp, TokenId};

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
    async fn latest(&self, id: &ClientId) -> Result<Option<Versioned<Client>>, StoreError> {
        T::latest(self, id).await
    }

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

#[async_trait]
impl<T: TrustStore + ?Sized> TrustStore for Arc<T> {
    async fn find(&self, issuer: &IssuerName) -> Result<Option<Versioned<TrustedIssuer>>, StoreError> {
        T::find(self, issuer).await
    }

    fn caveats(&self) -> Vec<String> {
        T::caveats(self)
    }
}

#[async_trait]
impl<T: TrustRegistry + ?Sized> TrustRegistry for Arc<T> {
    async fn insert(&self, first: Revision, issuer: &TrustedIssuer) -> Result<Insert, StoreError> {
        T::insert(self, first, issuer).await
    }

    async fn update(&self, expected: Revision, issuer: &TrustedIssuer) -> Result<Update, StoreError> {
        T::update(self, expected, issuer).await
    }

    async fn delete(&self, issuer: &IssuerName) -> Result<Delete, StoreError> {
        T::delete(self, issuer).await
    }

    async fn list(&self, query: &TrustQuery) -> Result<TrustPage, StoreError> {
        T::list(self, query).await
    }
}

#[async_trait]
impl<T: CredentialUsage + ?Sized> CredentialUsage for Arc<T> {
    async fn touch(&self, uses: &[CredentialUse]) -> Result<(), StoreError> {
        T::touch(self, uses).await
    }

    async fn last_used(&self, client: &ClientId) -> Result<Vec<(CredentialId, Timestamp)>, StoreError> {
        T::last_used(self, client).await
    }

    fn caveats(&self) -> Vec<String> {
        T::caveats(self)
    }
}

#[async_trait]
impl<T: InitialAccessStore + ?Sized> InitialAccessStore for Arc<T> {
    async fn find(&self, id: &InitialAccessId) -> Result<Option<CountedAccess>, StoreError> {
        T::find(self, id).await
    }

    async fn consume(&self, id: &InitialAccessId, most: u32) -> Result<Consume, StoreError> {
        T::consume(self, id, most).await
    }

    async fn insert(&self, access: &InitialAccess) -> Result<Insert, StoreError> {
        T::insert(self, access).await
    }

    async fn delete(&self, id: &InitialAccessId) -> Result<Delete, StoreError> {
        T::delete(self, id).await
    }

    async fn list(&self, query: &InitialAccessQuery) -> Result<InitialAccessPage, StoreError> {
        T::list(self, query).await
    }

    fn caveats(&self) -> Vec<String> {
        T::caveats(self)
    }
}
