//! Starting the server: everything that can be wrong is found before it listens or right after.

use grantor::{AuthorizationServer, HostKeys, Stores};
use grantor_axum::TokioExecutor;
use grantor_storage_memory::MemoryStore;
use tokio::net::TcpListener;

use crate::clients::ConfiguredClients;
use crate::config::Config;
use crate::demo::{Demo, public_commands};
use crate::failure::Failure;
use crate::flags::{Adapter, Flags, Storage};
use crate::issuer::Place;
use crate::paste::say;
use crate::serve::serve;
use crate::stop::StopSignals;

pub(crate) async fn start(flags: &Flags) -> Result<(), Failure> {
    let config = Config::load(flags.config.as_deref())?;
    let place = Place::read(flags, &config)?;
    let host_keys = HostKeys::ephemeral();
    let configured = config.clients(&host_keys)?;
    let declared = configured.len();

    let stop = StopSignals::listen().map_err(|error| Failure::because("no signals", error))?;
    let listener = TcpListener::bind(place.listen).await.map_err(|error| {
        Failure::because(&format!("cannot listen on {} (choose another --listen)", place.listen), error)
    })?;
    let address =
        listener.local_addr().map_err(|error| Failure::because("the listener has no address", error))?;

    let Storage::Memory = flags.storage;
    let memory = MemoryStore::new();
    // Their secrets are printed, so they are only for whoever is at this machine.
    let demo =
        if address.ip().is_loopback() { Demo::register(&config, &memory, &host_keys).await? } else { None };
    let stores = Stores::from(memory.clone()).with_clients(ConfiguredClients::new(configured, memory));
    let builder = AuthorizationServer::builder(place.issuer(address), stores, host_keys)
        .executor(TokioExecutor::current())
        .dangerous()
        .allow_http_on_loopback();
    let mut builder = config.apply(builder)?;
    if let Some(verifier) = config.imported_secrets() {
        builder = builder.imported_secrets(verifier);
    }
    let server = builder.build().await.map_err(|error| config.refused(error, place.issuer_at()))?;
    grantor_axum::spawn_maintenance(server.clone());

    let clients = match (&demo, config.path()) {
        (None, Some(path)) => format!("clients         {declared}, of {}\n\n", path.display()),
        (None, None) | (Some(_), _) => "\n".to_owned(),
    };
    let skew = config.clock_skew().map(|skew| format!("clock skew      {} s\n", skew.as_secs()));
    let skew = skew.unwrap_or_default();
    let commands = demo.as_ref().map(|demo| demo.commands(&server)).unwrap_or_default();
    say(&format!(
        "grantor-server {} listens on {address}\n\n{}{skew}{clients}{commands}{}Ready. Ctrl-C or SIGTERM stops it.\n",
        env!("CARGO_PKG_VERSION"),
        server.summary(),
        public_commands(&server),
    ))?;
    let Adapter::Axum = flags.adapter;
    serve(listener, grantor_axum::router(server), stop).await;
    // The file of its key goes now, and no sooner.
    drop(demo);
    Ok(())
}
