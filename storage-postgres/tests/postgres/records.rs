//! Records and ids to store.

use grantor::store::{
    AuthMethod, ClaimMatch, Client, CredentialUse, InitialAccess, IssuerKeys, KeyRecord, KeySet, PrivateKey,
    Revision, TokenRecord, TrustedIssuer,
};
use grantor::{ClientId, CredentialId, IssuerName, Jti, KeyId, ProofId, ResourceUri, Timestamp, TokenId};
use serde_json::Map;

pub(crate) const FIRST: Revision = Revision::new(7);

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix(seconds).unwrap()
}

fn bytes(number: usize) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[24..].copy_from_slice(&(number as u64).to_be_bytes());
    bytes
}

pub(crate) fn proof(number: usize) -> ProofId {
    ProofId::from_bytes(bytes(number))
}

pub(crate) fn token(number: usize) -> TokenId {
    TokenId::from_bytes(bytes(number))
}

/// To be kept until `until`.
pub(crate) fn record(until: i64) -> TokenRecord {
    let audience = ResourceUri::new("https://api.example.com").unwrap();
    TokenRecord::builder(id("client"), audience, Jti::new("jti").unwrap(), at(0), at(until - 60)).build()
}

pub(crate) fn id(text: &str) -> ClientId {
    ClientId::new(text).unwrap()
}

pub(crate) fn client(text: &str) -> Client {
    Client::builder(id(text), AuthMethod::CLIENT_SECRET_BASIC).build().unwrap()
}

pub(crate) fn named(text: &str, name: &str) -> Client {
    client(text).to_builder().name(name).build().unwrap()
}

pub(crate) fn iss(text: &str) -> IssuerName {
    IssuerName::new(text).unwrap()
}

/// Without keys that this release could find, so that it may have any name.
pub(crate) fn issuer(text: &str) -> TrustedIssuer {
    let keys = IssuerKeys::Unknown("newer".into());
    TrustedIssuer::builder(iss(text), keys, ClaimMatch::Any).build().unwrap()
}

pub(crate) fn access(id: &str) -> InitialAccess {
    let digest = "A".repeat(43);
    InitialAccess::from_document(&format!(r#"{{"v":1,"id":"{id}","digest":"{digest}"}}"#)).unwrap()
}

/// A set of one key of that name.
pub(crate) fn keys(kid: &str) -> KeySet {
    let private = PrivateKey::Unknown(Map::new());
    let key = KeyRecord::builder(KeyId::new(kid).unwrap(), "ES256", Map::new(), private)
        .published(at(0), at(100))
        .signs(at(0), at(100))
        .build()
        .unwrap();
    KeySet::default().with(key).unwrap()
}

pub(crate) fn used(client: &str, credential: &str, seconds: i64) -> CredentialUse {
    CredentialUse::new(id(client), CredentialId::new(credential).unwrap(), at(seconds))
}
