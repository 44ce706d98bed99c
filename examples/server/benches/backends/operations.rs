//! Each operation of each store.

use std::sync::Arc;

use grantor::store::{
    AuthMethod, Client, ClientRegistry, ClientStore, KeyStore, Revision, TokenRecord, TokenStore,
};
use grantor::{ClientId, Jti, ProofId, ResourceUri, Timestamp, TokenId};

use crate::backend::{Backend, Kind};
use crate::{Call, call};

/// A client, a token and a proof that are there from the beginning, by a number that no call has.
const THERE: u64 = u64::MAX;

pub(crate) fn measure(kind: Kind) {
    for (name, operation) in OPERATIONS {
        crate::measure(&format!("{}: {name}", kind.name()), async |connections| {
            let backend = kind.open(connections).await;
            prepare(&backend).await;
            operation(backend)
        });
    }
}

async fn prepare(backend: &Backend) {
    let _there = backend.registry.insert(Revision::new(1), &client(THERE)).await.unwrap();
    let _there = backend.tokens.insert(&token(THERE), &record()).await.unwrap();
    let _spent = backend.tokens.claim(&ProofId::from_bytes(bytes(THERE)), until()).await.unwrap();
}

type Operation = (&'static str, fn(Backend) -> Call);

const OPERATIONS: [Operation; 9] = [
    ("claim", |backend| {
        let tokens = backend.tokens;
        call(move |number| {
            let tokens = Arc::clone(&tokens);
            async move {
                let _first = tokens.claim(&ProofId::from_bytes(bytes(number)), until()).await.unwrap();
            }
        })
    }),
    ("claim, replayed", |backend| {
        let tokens = backend.tokens;
        call(move |_| {
            let tokens = Arc::clone(&tokens);
            async move {
                let _replayed = tokens.claim(&ProofId::from_bytes(bytes(THERE)), until()).await.unwrap();
            }
        })
    }),
    ("find a client", |backend| {
        let registry = backend.registry;
        call(move |_| {
            let registry = Arc::clone(&registry);
            async move {
                assert!(registry.find(client(THERE).id()).await.unwrap().is_some());
            }
        })
    }),
    ("insert a client", |backend| {
        let registry = backend.registry;
        call(move |number| {
            let registry = Arc::clone(&registry);
            async move {
                let _done = registry.insert(Revision::new(1), &client(number)).await.unwrap();
            }
        })
    }),
    ("load keys", |backend| {
        let keys = backend.keys;
        call(move |_| {
            let keys = Arc::clone(&keys);
            async move {
                let _keys = keys.load().await.unwrap();
            }
        })
    }),
    ("find an absent token", |backend| {
        let tokens = backend.tokens;
        call(move |number| {
            let tokens = Arc::clone(&tokens);
            async move {
                let _absent = tokens.find(&token(number | 1 << 63)).await.unwrap();
            }
        })
    }),
    ("insert a token", |backend| {
        let tokens = backend.tokens;
        call(move |number| {
            let tokens = Arc::clone(&tokens);
            async move {
                let _done = tokens.insert(&token(number), &record()).await.unwrap();
            }
        })
    }),
    ("find a token", |backend| {
        let tokens = backend.tokens;
        call(move |_| {
            let tokens = Arc::clone(&tokens);
            async move {
                let _live = tokens.find(&token(THERE)).await.unwrap();
            }
        })
    }),
    ("revoke", |backend| {
        let tokens = backend.tokens;
        call(move |number| {
            let tokens = Arc::clone(&tokens);
            async move {
                tokens.revoke(&token(number), until()).await.unwrap();
            }
        })
    }),
];

/// As scattered as digests are, and another set of them in each run.
fn bytes(number: u64) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    bytes[16..20].copy_from_slice(&std::process::id().to_be_bytes());
    bytes[24..].copy_from_slice(&number.to_be_bytes());
    bytes
}

fn token(number: u64) -> TokenId {
    TokenId::from_bytes(bytes(number))
}

fn until() -> Timestamp {
    Timestamp::from_unix(2_000_000_000).unwrap()
}

fn client(number: u64) -> Client {
    let id = ClientId::new(format!("bench-{number}")).unwrap();
    Client::builder(id, AuthMethod::CLIENT_SECRET_BASIC).build().unwrap()
}

fn record() -> TokenRecord {
    let audience = ResourceUri::new("https://api.example.com").unwrap();
    let client = ClientId::new("bench").unwrap();
    TokenRecord::builder(client, audience, Jti::new("jti").unwrap(), until(), until()).build()
}
