//! A whole request in process, and the check of a token, over each backend.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use data_encoding::{BASE64, BASE64URL_NOPAD};
use grantor::http::Request;
use grantor::store::{AuthMethod, Client, ClientRegistry, Credential, Revision};
use grantor::{
    AuthorizationServer, ClientId, HostKey, HostKeyId, HostKeys, PublicKey, Resource, Scope, SystemEntropy,
};
use grantor_axum::TokioExecutor;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};

use crate::backend::{Backend, Kind};
use crate::{Call, call};

const ISSUER: &str = "https://auth.example.com";
const RESOURCE: &str = "https://api.example.com";

pub(crate) fn measure(kind: Kind) {
    crate::measure(&format!("{}: token by secret", kind.name()), async |connections| {
        by_secret(kind.open(connections).await).await
    });
    crate::measure(&format!("{}: token by key", kind.name()), async |connections| {
        by_key(kind.open(connections).await).await
    });
    crate::measure(&format!("{}: introspection", kind.name()), async |connections| {
        introspection(kind.open(connections).await).await
    });
    crate::measure(&format!("{}: check in process", kind.name()), async |connections| {
        check(kind.open(connections).await).await
    });
    crate::measure(&format!("{}: revocation", kind.name()), async |connections| {
        revocation(kind.open(connections).await, connections).await
    });
}

/// A client of a server, which proves itself by its secret.
#[derive(Clone)]
struct WithSecret {
    server: AuthorizationServer,
    header: String,
}

impl WithSecret {
    async fn new(backend: Backend) -> Self {
        let (id, host_keys) = (new_id(), host_keys());
        let (secret, credential) = host_keys.new_secret(&id, &SystemEntropy::new()).unwrap();
        register(&*backend.registry, &id, AuthMethod::CLIENT_SECRET_BASIC, credential).await;
        let header = format!("Basic {}", BASE64.encode(format!("{id}:{}", secret.expose()).as_bytes()));
        Self { server: server(backend, host_keys).await, header }
    }

    fn request(&self, form: &str) -> Request {
        request(form).header("authorization", &self.header).build()
    }

    async fn token(&self) -> String {
        let response = self.server.token(self.request("grant_type=client_credentials")).await;
        let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
        body["access_token"].as_str().unwrap().to_owned()
    }
}

async fn by_secret(backend: Backend) -> Call {
    let client = WithSecret::new(backend).await;
    call(move |_| send(client.server.clone(), client.request("grant_type=client_credentials")))
}

async fn introspection(backend: Backend) -> Call {
    let client = WithSecret::new(backend).await;
    let form = format!("token={}", client.token().await);
    call(move |_| {
        let (server, request) = (client.server.clone(), client.request(&form));
        async move {
            let response = server.introspect(request).await;
            assert!(response.body().starts_with(br#"{"active":true"#));
        }
    })
}

/// Looks for the client and for a revocation at the same time.
async fn check(backend: Backend) -> Call {
    let client = WithSecret::new(backend).await;
    let verifier = client.server.access_token_verifier(RESOURCE).build().unwrap();
    let token: Arc<str> = client.token().await.into();
    call(move |_| {
        let (verifier, token) = (verifier.clone(), Arc::clone(&token));
        async move { drop(verifier.verify(&token).await.unwrap()) }
    })
}

/// Each call ends another token.
async fn revocation(backend: Backend, connections: usize) -> Call {
    let client = WithSecret::new(backend).await;
    let mut tokens = Vec::new();
    for _ in 0..crate::calls(connections) {
        tokens.push(client.token().await);
    }
    call(move |number| {
        let token = &tokens[usize::try_from(number).unwrap() % tokens.len()];
        let (server, request) = (client.server.clone(), client.request(&format!("token={token}")));
        async move { assert_eq!(server.revoke(request).await.status(), 200) }
    })
}

async fn by_key(backend: Backend) -> Call {
    let (id, host_keys, random) = (new_id(), host_keys(), SystemRandom::new());
    let scheme = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(scheme, &random).unwrap();
    let pair = Arc::new(EcdsaKeyPair::from_pkcs8(scheme, pkcs8.as_ref(), &random).unwrap());
    let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
    let encode = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
    let jwk = format!(r#"{{"kty":"EC","crv":"P-256","x":"{}","y":"{}"}}"#, encode(x), encode(y));
    let credential = Credential::key(PublicKey::from_jwk(&jwk).unwrap()).unwrap();
    register(&*backend.registry, &id, AuthMethod::PRIVATE_KEY_JWT, credential).await;
    let server = server(backend, host_keys).await;
    call(move |number| {
        let expires_at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + 300;
        let claims =
            format!(r#"{{"iss":"{id}","sub":"{id}","aud":"{ISSUER}","exp":{expires_at},"jti":"{number}"}}"#);
        let input = format!("{}.{}", encode(br#"{"alg":"ES256"}"#), encode(claims.as_bytes()));
        let signature = encode(pair.sign(&random, input.as_bytes()).unwrap().as_ref());
        let form = format!(
            "grant_type=client_credentials&client_assertion={input}.{signature}&client_assertion_type=\
             urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
        );
        send(server.clone(), request(&form).build())
    })
}

async fn send(server: AuthorizationServer, request: Request) {
    let response = server.token(request).await;
    assert_eq!(response.status(), 200, "{}", String::from_utf8_lossy(response.body()));
}

fn request(form: &str) -> grantor::http::RequestBuilder {
    Request::builder("POST", "/oauth2/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form.as_bytes())
}

async fn register(registry: &dyn ClientRegistry, id: &ClientId, method: AuthMethod, credential: Credential) {
    let client =
        Client::builder(id.clone(), method).credential(credential).scope(Scope::parse("read").unwrap());
    let _done = registry.insert(Revision::new(1), &client.build().unwrap()).await.unwrap();
}

async fn server(backend: Backend, host_keys: HostKeys) -> AuthorizationServer {
    AuthorizationServer::builder(ISSUER, backend.stores, host_keys)
        .resource(Resource::new(RESOURCE).scopes(["read"]))
        .executor(TokioExecutor::current())
        .build()
        .await
        .unwrap()
}

/// The same in each measurement, since the data lasts longer than one.
fn host_keys() -> HostKeys {
    let secret: Vec<u8> = (0..32).collect();
    HostKeys::new([HostKey::new(HostKeyId::new("bench").unwrap(), &secret).unwrap()]).unwrap()
}

fn new_id() -> ClientId {
    let name = Revision::first(&SystemEntropy::new()).unwrap();
    ClientId::new(format!("bench-{}", name.get())).unwrap()
}
