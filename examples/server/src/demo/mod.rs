//! Clients to try the server with, one for each method, and commands that can be pasted.

mod commands;
mod key;

use grantor::store::{AuthMethod, Client, ClientRegistry, Credential, Insert, Revision};
use grantor::{AssertionAlgorithm, ClientId, ClientSecret, HostKeys, Scope, SystemEntropy};
use grantor_storage_memory::MemoryStore;

pub(crate) use commands::public_commands;
use key::DemoKey;

use crate::config::{Config, Target};
use crate::failure::Failure;

const BASIC: &str = "demo-basic";
const POST: &str = "demo-post";
const SECRET_JWT: &str = "demo-secret-jwt";
const KEY_JWT: &str = "demo-key-jwt";

/// The demo clients of this run. Their secrets are new each time, and shown: that is what they are for.
pub(crate) struct Demo {
    basic: ClientSecret,
    post: ClientSecret,
    secret_jwt: ClientSecret,
    /// Not where no file can be written. It is removed with this.
    key_jwt: Option<DemoKey>,
    target: Target,
}

impl Demo {
    /// Registers them, where the configuration declares no client.
    pub(crate) async fn register(
        config: &Config,
        memory: &MemoryStore,
        host_keys: &HostKeys,
    ) -> Result<Option<Self>, Failure> {
        if !config.document.clients.is_empty() {
            return Ok(None);
        }
        let target = config.demo_target();
        // What is wrong with a declared scope is said where the resources are checked.
        let scope = Scope::parse(&target.scope).unwrap_or_else(|_| Scope::empty());
        let register = async |id, method, credential| {
            let made = Client::builder(named(id)?, method).name("Demo").scope(scope.clone());
            let client = made.credential(credential).build().map_err(|error| failed(id, &error))?;
            let first = Revision::first(&SystemEntropy::new()).map_err(|error| failed(id, &error))?;
            match memory.insert(first, &client).await.map_err(|error| failed(id, &error))? {
                Insert::Done => Ok(()),
                Insert::Exists => Err(failed(id, &"it exists already")),
            }
        };
        let (basic, credential) = secret(host_keys, BASIC)?;
        register(BASIC, AuthMethod::CLIENT_SECRET_BASIC, credential).await?;
        let (post, credential) = secret(host_keys, POST)?;
        register(POST, AuthMethod::CLIENT_SECRET_POST, credential).await?;
        let (secret_jwt, credential) = sealed(host_keys)?;
        register(SECRET_JWT, AuthMethod::CLIENT_SECRET_JWT, credential).await?;
        let key_jwt = match DemoKey::make(KEY_JWT)? {
            Some((key, credential)) => {
                register(KEY_JWT, AuthMethod::PRIVATE_KEY_JWT, credential).await?;
                Some(key)
            }
            None => None,
        };
        Ok(Some(Self { basic, post, secret_jwt, key_jwt, target }))
    }
}

fn secret(host_keys: &HostKeys, id: &str) -> Result<(ClientSecret, Credential), Failure> {
    host_keys.new_secret(&named(id)?, &SystemEntropy::new()).map_err(|error| failed(id, &error))
}

/// For the one that signs with its secret.
fn sealed(host_keys: &HostKeys) -> Result<(ClientSecret, Credential), Failure> {
    let (made, digest) = secret(host_keys, SECRET_JWT)?;
    let (id, entropy) = (digest.id().clone(), SystemEntropy::new());
    let algorithm = AssertionAlgorithm::Hs256;
    let sealed = host_keys.sealed_credential(&named(SECRET_JWT)?, id, made.expose(), algorithm, &entropy);
    Ok((made, sealed.map_err(|error| failed(SECRET_JWT, &error))?))
}

fn named(id: &str) -> Result<ClientId, Failure> {
    ClientId::new(id).map_err(|error| failed(id, &error))
}

fn failed(id: &str, why: &dyn std::fmt::Display) -> Failure {
    Failure::Runtime(format!("demo client `{id}`: {why}"))
}
