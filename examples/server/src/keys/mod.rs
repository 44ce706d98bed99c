//! The administrator's commands about signing keys: on the store that the running servers share, and beside them.

mod list;
mod rotate;
mod transfer;

use std::collections::BTreeSet;

use grantor::{
    AuthorizationServer, Clock, HostKeys, KeyId, SigningAlgorithm, SigningKeyInfo, SigningKeys,
    SigningKeysError, SystemClock, Timestamp,
};
use grantor_axum::TokioExecutor;

use crate::config::{Config, Mistake};
use crate::failure::Failure;
use crate::flags::{Flags, KeysCommand};
use crate::issuer::Place;
use crate::storage::{Backends, NotReady};
use crate::when::exactly;

struct Desk {
    issuer: String,
    keys: SigningKeys,
    host_keys: HostKeys,
    backends: Backends,
    /// Those for which the servers of this configuration keep a key.
    algorithms: BTreeSet<SigningAlgorithm>,
    /// By which times a new key goes, and where they are from.
    times: String,
}

/// One of the commands. No key is made because none is there: that is for the servers.
pub(crate) async fn run(flags: &Flags, command: &KeysCommand) -> Result<(), Failure> {
    let desk = Desk::open(flags).await?;
    match command {
        KeysCommand::List { json } => desk.list(*json).await,
        KeysCommand::Rotate { now, retire, because } => {
            desk.rotate(*now, retire.as_deref(), because.as_deref()).await
        }
        KeysCommand::Import { file, alg, now } => desk.import(file, *alg, *now).await,
        KeysCommand::Export { kid, pem } => desk.export(kid, *pem).await,
    }
}

impl Desk {
    async fn open(flags: &Flags) -> Result<Self, Failure> {
        let config = Config::load(flags.config.as_deref())?;
        let place = Place::read(flags, &config)?;
        let backends = Backends::open(flags, &config)?;
        if backends.memory().is_some() {
            let wrong = "on memory storage signing keys are in the process of their server alone";
            let remedy = "restart the server, which makes new ones; or write --storage postgres or redis";
            return Err(Mistake::new("--storage (GRANTOR_STORAGE)", wrong, remedy).into());
        }
        match backends.prepare_registry().await {
            Ok(()) => {}
            Err(NotReady::Away(failure) | NotReady::Wrong(failure)) => return Err(failure),
        }
        let host_keys = backends.host_keys.clone();
        let issuer = place.issuer(place.listen);
        let builder = AuthorizationServer::builder(&issuer, backends.administered(), host_keys.clone())
            .executor(TokioExecutor::current())
            .dangerous()
            .allow_http_on_loopback();
        let keys = config.apply(builder)?.signing_keys();
        let keys = keys.map_err(|error| config.refused(error, place.issuer_at()))?;
        let rotation = config.key_rotation();
        let from = match config.path() {
            Some(path) => format!("of {}", path.display()),
            None => "the defaults: no --config was given, and the servers may have other times".to_owned(),
        };
        let times = format!(
            "It signs for {} and is published {} before ({from}).\n",
            exactly(rotation.interval()),
            exactly(rotation.propagation_time())
        );
        Ok(Self { issuer, keys, host_keys, algorithms: config.algorithms(), times, backends })
    }

    async fn stored(&self) -> Result<Vec<SigningKeyInfo>, Failure> {
        self.keys.list().await.map_err(|error| Failure::because("the signing keys cannot be read", error))
    }

    /// Keys are bound to their issuer, so it is named: who forgets --issuer means another one.
    fn unchanged(&self, error: SigningKeysError) -> Failure {
        let keys = format!("the signing keys of the issuer {}", self.issuer);
        Failure::because(
            &match error.is_unavailable() {
                true => format!("it is not certain that {keys} were changed"),
                false => format!("{keys} were not changed"),
            },
            error,
        )
    }

    /// A command that changes keys goes by what the servers go by: with other host keys, another issuer or other algorithms
    /// it would make keys that no server can use.
    async fn check_is_the_servers(&self, stored: &[SigningKeyInfo]) -> Result<(), Failure> {
        self.backends.check_host_keys().await?;
        let is_missing =
            |algorithm: &&SigningAlgorithm| stored.iter().all(|key| key.algorithm() != Some(**algorithm));
        let Some(missing) = self.algorithms.iter().find(is_missing) else { return Ok(()) };
        if stored.is_empty() {
            let none = "there are no signing keys yet: the first server that starts makes them";
            return Err(Failure::Runtime(none.to_owned()));
        }
        let held: BTreeSet<&str> = stored.iter().map(|key| key.record().alg()).collect();
        let held = held.into_iter().collect::<Vec<_>>().join(", ");
        let wrong = format!("its servers have keys for {held}, and this would make one for {missing}");
        let remedy =
            "give it the configuration of the servers; a new algorithm they begin with by themselves";
        Err(Mistake::new("--config (GRANTOR_CONFIG)", wrong, remedy).into())
    }
}

/// The key of this kid, byte for byte.
fn named<'k>(stored: &'k [SigningKeyInfo], kid: &str) -> Result<&'k SigningKeyInfo, Failure> {
    stored.iter().find(|key| key.kid().as_str() == kid).ok_or_else(|| {
        let known: Vec<_> = stored.iter().map(SigningKeyInfo::kid).map(KeyId::as_str).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        Failure::Runtime(format!("there is no signing key `{}`; there are: {known}", kid.escape_debug()))
    })
}

fn now() -> Timestamp {
    SystemClock::new().now()
}
