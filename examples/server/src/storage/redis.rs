//! Redis, by `--redis-url`: one URL for a single server, several with commas between for a Cluster.

use grantor_storage_redis::{CheckError, RedisStore};

use super::{NotReady, missing};
use crate::config::{Config, Mistake};
use crate::failure::Failure;
use crate::flags::Flags;

const FLAG: &str = "--redis-url (GRANTOR_REDIS_URL)";
const REMEDY: &str = "write redis://HOST:6379, or rediss:// for TLS; the URLs of several servers of a Redis Cluster with \
                      commas between";

pub(super) fn open(flags: &Flags, config: &Config) -> Result<RedisStore, Failure> {
    // rediss:// needs a provider of the program's choice. Where there is one already it stays.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let urls = flags.redis_url.as_ref().ok_or_else(|| missing(FLAG, REMEDY))?;
    // Without the error, which may quote the URL.
    let wrong = |_| Mistake::new(FLAG, "no URL of a Redis server", REMEDY);
    let clients = urls.expose().split(',').map(|url| redis::Client::open(url.trim()).map_err(wrong));
    let mut clients = clients.collect::<Result<Vec<_>, _>>()?;
    let is_single = clients.len() == 1;
    let mut builder = match clients.pop() {
        Some(only) if is_single => RedisStore::single(only),
        last => RedisStore::cluster(clients.into_iter().chain(last)),
    };
    for loss in config.accepted_losses() {
        builder = builder.accept_loss(loss);
    }
    builder.build().map_err(|error| Mistake::new(FLAG, error.to_string(), REMEDY).into())
}

/// The library's remedies are Rust.
fn in_words_of_the_file(failure: Failure) -> Failure {
    let Failure::Runtime(mut text) = failure else { return failure };
    for (rust, words) in [
        (
            "`.accept_loss(Loss::LastSecond)`",
            "redis_accept_loss = [\"last_second\"] under [dangerous] of --config",
        ),
        (
            "`.accept_loss(Loss::Unflushed)`",
            "redis_accept_loss = [\"unflushed\"] under [dangerous] of --config",
        ),
        (
            "`.accept_loss(Loss::SinceSnapshot)`",
            "redis_accept_loss = [\"since_snapshot\"] under [dangerous] of --config",
        ),
        (
            "`.accept_loss(Loss::FailOver)`",
            "redis_accept_loss = [\"fail_over\"] under [dangerous] of --config",
        ),
        ("use `RedisStore::cluster`", "give --redis-url several of its servers with commas between"),
        ("use `RedisStore::single` or `RedisStore::sentinel`", "give --redis-url this server alone"),
    ] {
        text = text.replace(rust, words);
    }
    Failure::Runtime(text)
}

pub(super) async fn prepare(redis: &RedisStore) -> Result<(), NotReady> {
    let Err(error) = redis.check().await else { return Ok(()) };
    let is_away = matches!(error, CheckError::Away(_));
    let failure = in_words_of_the_file(Failure::because("Redis is not ready", error));
    Err(if is_away { NotReady::Away(failure) } else { NotReady::Wrong(failure) })
}
