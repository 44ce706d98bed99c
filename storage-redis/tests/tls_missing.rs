//! `rediss://` in a program that cannot speak TLS: an error that names the remedy, and no panic. In a process of its
//! own, since a provider is installed for a whole process.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use grantor_storage_redis::{ConfigError, Loss, RedisStore, RedisStoreBuilder};
use redis::{Client, ConnectionAddr, IntoConnectionInfo};

/// As `redis::Client::open("rediss://localhost:6379")`, which refuses to be made where nobody turned TLS on.
fn encrypted() -> Client {
    let address = ConnectionAddr::TcpTls {
        host: "localhost".to_owned(),
        port: 6379,
        insecure: false,
        tls_params: None,
    };
    Client::open("redis://localhost".into_connection_info().unwrap().set_addr(address)).unwrap()
}

fn refusal(builder: RedisStoreBuilder) -> String {
    let Some(ConfigError::Tls(said)) = builder.build().err() else { panic!("it was accepted") };
    said
}

#[test]
fn tls_without_its_feature_or_provider_is_a_clear_error() {
    let plain = Client::open("redis://localhost").unwrap();
    let builders = [
        RedisStore::single(encrypted()),
        RedisStore::cluster([plain.clone(), encrypted()]),
        RedisStore::sentinel([encrypted()], "mymaster", plain.clone()).accept_loss(Loss::FailOver),
        RedisStore::sentinel([plain], "mymaster", encrypted()).accept_loss(Loss::FailOver),
    ];
    for builder in builders {
        let said = refusal(builder);
        let remedy = if cfg!(feature = "tls") { "install_default()" } else { "feature `tls`" };
        assert!(said.contains(remedy), "{said}");
    }
}
