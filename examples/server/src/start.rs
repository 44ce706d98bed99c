//! Starting the server: everything that can be wrong is found before it listens or right after.

use std::time::Duration;

use grantor::AuthorizationServer;
use grantor_axum::TokioExecutor;
use grantor_fetch::{Fetcher, KeySets};
use tokio::net::TcpListener;

use crate::config::Config;
use crate::demo::{Demo, public_commands};
use crate::failure::Failure;
use crate::flags::{Adapter, Flags};
use crate::issuer::Place;
use crate::paste::say;
use crate::rate_limit::{self, Brake};
use crate::serve;
use crate::stop::StopSignals;
use crate::storage::{Backends, NotReady};
use crate::when;

/// How often a store that is away is tried again.
const PREPARE_AGAIN: Duration = Duration::from_secs(1);

pub(crate) async fn start(flags: &Flags) -> Result<(), Failure> {
    let config = Config::load(flags.config.as_deref())?;
    let place = Place::read(flags, &config)?;
    let backends = Backends::open(flags, &config)?;
    let brake = Brake::read(flags, &config, &backends)?;
    let host_keys = backends.host_keys.clone();
    let configured = config.clients(&host_keys)?;
    let declared = configured.len();
    let trust = config.trust()?;
    let trusted = trust.len();
    if backends.memory().is_some() {
        config.check_clients_of_trust()?;
    }

    let stop = StopSignals::listen().map_err(|error| Failure::because("no signals", error))?;
    let listener = TcpListener::bind(place.listen).await.map_err(|error| {
        Failure::because(&format!("cannot listen on {} (choose another --listen)", place.listen), error)
    })?;
    let address =
        listener.local_addr().map_err(|error| Failure::because("the listener has no address", error))?;

    // Their secrets are printed, so they are only for whoever is at this machine, and in no database.
    let demo = match backends.memory() {
        Some(memory) if address.ip().is_loopback() => Demo::register(&config, memory, &host_keys).await?,
        Some(_) | None => None,
    };
    let is_shared = backends.memory().is_none();
    let registration = config.registration(flags.initial_access_token.as_ref(), is_shared)?;
    let stores = backends.stores(configured, trust, config.takes_stored_tokens());
    prepare(backends).await?;
    let issuer = place.issuer(address);
    let key_sets = key_sets(&config, issuer.starts_with("http://"))?;
    let mut builder = AuthorizationServer::builder(issuer, stores, host_keys)
        .executor(TokioExecutor::current())
        .dangerous()
        .allow_http_on_loopback();
    if let Some(key_sets) = key_sets {
        builder = builder.key_sets(key_sets);
    }
    let mut initial_access = String::new();
    if let Some(registration) = registration {
        builder = builder.registration(registration);
        let stored = is_shared && config.takes_stored_tokens();
        initial_access = initial_access_line(flags.initial_access_token.is_some(), stored).to_owned();
    }
    let mut builder = config.apply(builder)?;
    if let Some(verifier) = config.imported_secrets() {
        builder = builder.imported_secrets(verifier);
    }
    if let Some(brake) = &brake {
        builder = brake.apply(builder);
    }
    let server = builder.build().await.map_err(|error| config.refused(error, place.issuer_at()))?;
    match flags.adapter {
        Adapter::Axum => grantor_axum::spawn_maintenance(server.clone()),
        Adapter::Actix => grantor_actix::spawn_maintenance(server.clone()),
    };

    let clients = match (&demo, config.path()) {
        (None, Some(path)) if is_shared => {
            format!("clients         {declared} of {}, and those of the store\n\n", path.display())
        }
        (None, Some(path)) => format!("clients         {declared}, of {}\n\n", path.display()),
        (None, None) if is_shared => {
            "clients         those of the store; `grantor-server clients create` registers one\n\n".to_owned()
        }
        (None, None) | (Some(_), _) => "\n".to_owned(),
    };
    let trusted = match trusted {
        0 => String::new(),
        count => format!(
            "trust           {count} of {}{}\n",
            config.place("trust"),
            if is_shared { ", and those of the store" } else { "" }
        ),
    };
    let skew = config.clock_skew().map(|skew| format!("clock skew      {} s\n", skew.as_secs()));
    let skew = skew.unwrap_or_default();
    let rotation = config.key_rotation();
    let rotation = format!(
        "rotation        keys rotate every {}, each published {} before it signs\n",
        when::exactly(rotation.interval()),
        when::exactly(rotation.propagation_time())
    );
    let brake = rate_limit::line(brake.as_ref());
    let commands = demo.as_ref().map(|demo| demo.commands(&server)).unwrap_or_default();
    say(&format!(
        "grantor-server {} listens on {address}\n\n{}{initial_access}{rotation}{brake}{skew}{trusted}{clients}{commands}{}Ready. Ctrl-C or SIGTERM stops it.\n",
        env!("CARGO_PKG_VERSION"),
        server.summary(),
        public_commands(&server),
    ))?;
    match flags.adapter {
        Adapter::Axum => serve::on_axum(listener, grantor_axum::router(server), stop).await,
        Adapter::Actix => serve::on_actix(listener, server, stop).await?,
    }
    // The file of its key goes now, and no sooner.
    drop(demo);
    Ok(())
}

/// Who may register clients.
const fn initial_access_line(configured: bool, stored: bool) -> &'static str {
    match (configured, stored) {
        (true, true) => {
            "initial access  the token of --initial-access-token, and those of `initial-access create`\n"
        }
        (true, false) => "initial access  the token of --initial-access-token\n",
        (false, _) => "initial access  the tokens of `grantor-server initial-access create`\n",
    }
}

/// What fetches keys that are published. A machine without root certificates serves whoever needs none of those.
fn key_sets(config: &Config, http_on_loopback: bool) -> Result<Option<KeySets>, Failure> {
    let fetcher = config.allow(Fetcher::builder())?;
    let fetcher = if http_on_loopback { fetcher.dangerous().allow_http_on_loopback() } else { fetcher };
    match fetcher.build() {
        Ok(fetcher) => Ok(Some(KeySets::new(fetcher))),
        Err(error) => match config.not_allowed(&error) {
            Some(mistake) => Err(mistake.into()),
            None => {
                tracing::warn!("{}", Failure::because("whoever publishes its keys is refused", error));
                Ok(None)
            }
        },
    }
}

/// A store that is away is no reason to die: it is prepared when it comes, and until then requests are answered 503.
async fn prepare(backends: Backends) -> Result<(), Failure> {
    match backends.prepare().await {
        Ok(()) => return Ok(()),
        Err(NotReady::Wrong(failure)) => return Err(failure),
        Err(NotReady::Away(failure)) => tracing::error!("{failure}; answering 503 until it is"),
    }
    tokio::spawn(async move {
        loop {
            #[allow(clippy::disallowed_methods)] // Nothing waits for it but the next attempt.
            tokio::time::sleep(PREPARE_AGAIN).await;
            match backends.prepare().await {
                Ok(()) => return tracing::info!("the stores are ready"),
                Err(NotReady::Away(_)) => {}
                Err(NotReady::Wrong(failure)) => tracing::error!("{failure}"),
            }
        }
    });
    Ok(())
}
