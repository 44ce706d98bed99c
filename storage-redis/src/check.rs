//! Whether a server keeps what it acknowledges.

use std::collections::HashMap;

use grantor::store::StoreError;
use redis::{ErrorKind, FromRedisValue, RedisError, ServerErrorKind, Value};

use crate::link::Link;
use crate::loss::{Accepted, Durability};
use crate::problem::Problem;

/// Why [`RedisStore::check`](crate::RedisStore::check) failed. The sources tell more.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// A server cannot be reached, is not ready, or no primary: that may pass by itself.
    #[error(transparent)]
    Away(StoreError),
    /// A server has a setting that loses what it acknowledges, or is another kind of server than was said, or turns the
    /// user or the password away; or `rediss://` cannot work in this program. The source names it, and the remedy.
    #[error(transparent)]
    Setting(StoreError),
}

impl From<Problem> for CheckError {
    fn from(problem: Problem) -> Self {
        let may_pass = |refused: &Refused| {
            matches!(refused, Refused::Replica(_) | Refused::Loading | Refused::WriteFailed(_))
        };
        let is_setting = matches!(&problem, Problem::Refused(refused) if !may_pass(refused));
        let is_setting = is_setting || matches!(&problem, Problem::Tls(_)) || problem.is_about_the_user();
        if is_setting { Self::Setting(problem.into()) } else { Self::Away(problem.into()) }
    }
}

/// A setting that would break a promise, with what to do about it.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Refused {
    #[error("this Redis is a replica (role `{0}`), and reads and writes must go to the primary")]
    Replica(String),
    #[error("Redis is still loading its data")]
    Loading,
    #[error("this Redis is part of a Cluster: use `RedisStore::cluster`")]
    InCluster,
    #[error("this Redis is not part of a Cluster: use `RedisStore::single` or `RedisStore::sentinel`")]
    NotInCluster,
    #[error(
        "Redis has maxmemory-policy `{0}`, so it drops claims and revocations when its memory is full: \
         `CONFIG SET maxmemory-policy noeviction`, and in redis.conf (no loss can be accepted here: give Grantor a \
         Redis that is not a cache)"
    )]
    Eviction(String),
    #[error(
        "Redis has appendonly `no`, so whenever it stops it loses what came after its last snapshot: \
         `CONFIG SET appendonly yes`, and in redis.conf, or accept it: `.accept_loss(Loss::SinceSnapshot)`"
    )]
    NoAppendOnly,
    #[error(
        "Redis has appendfsync `everysec`, so a crash of its machine loses the last second: \
         `CONFIG SET appendfsync always`, and in redis.conf, or accept it: `.accept_loss(Loss::LastSecond)`"
    )]
    EverySecond,
    #[error(
        "Redis has appendfsync `{0}`, so a crash of its machine loses what is not yet on the disk: \
         `CONFIG SET appendfsync always`, and in redis.conf, or accept it: `.accept_loss(Loss::Unflushed)`"
    )]
    Unflushed(String),
    #[error(
        "Redis has no-appendfsync-on-rewrite `yes`, so a crash of its machine during a rewrite loses what is not yet \
         on the disk: `CONFIG SET no-appendfsync-on-rewrite no`, and in redis.conf, or accept it: \
         `.accept_loss(Loss::Unflushed)`"
    )]
    UnflushedOnRewrite,
    #[error(
        "Redis failed to write its append-only file (aof_last_write_status `{0}`): see to its disk, its log has the \
         reason"
    )]
    WriteFailed(String),
    #[error(
        "Redis has {0} replicas, and one that is promoted may lack what was acknowledged: take them away, or accept \
         it: `.accept_loss(Loss::FailOver)`"
    )]
    Replicas(u64),
    #[error(
        "Redis does not let `{0}` be read ({1}): allow INFO and CONFIG GET for this user, or, where a managed service \
         has none, make sure of it yourself and say so: `.vouch_for_settings()`"
    )]
    Unreadable(&'static str, String),
}

/// Where the server was found, and so what it must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Alone,
    Cluster,
}

/// Asks a server for its settings and judges them.
pub(crate) async fn check(link: &Link, place: Place, accepted: Accepted) -> Result<(), Problem> {
    let found = Settings::read(link).await?;
    found.judge(place, accepted).map_err(Problem::from)
}

/// `INFO` and `CONFIG GET`, each as text by name, or why it cannot be read.
struct Settings {
    info: Result<HashMap<String, String>, String>,
    config: Result<HashMap<String, String>, String>,
}

impl Settings {
    async fn read(link: &Link) -> Result<Self, Problem> {
        let mut questions = redis::pipe();
        questions.cmd("INFO");
        questions.cmd("CONFIG").arg("GET").arg("*append*"); // several names at a time are Redis 7's
        questions.cmd("CONFIG").arg("GET").arg("maxmemory-policy");
        let mut answers = link.ask_all(&questions).await?.into_iter();
        let mut next = || answers.next().ok_or(Problem::Shape("a pipeline"));
        let info: Result<String, _> = readable(next()?)?;
        let mut config: Result<HashMap<String, String>, _> = readable(next()?)?;
        let policy: Result<HashMap<String, String>, _> = readable(next()?)?;
        if let Ok(config) = &mut config {
            config.extend(policy.unwrap_or_default());
        }
        let pairs = |text: String| {
            let pairs = text.lines().filter_map(|line| line.split_once(':'));
            pairs.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect()
        };
        Ok(Self { info: info.map(pairs), config })
    }

    fn judge(&self, place: Place, accepted: Accepted) -> Result<(), Refused> {
        match self.info("role", accepted)? {
            Some("master") | None => {}
            Some(role) => return Err(Refused::Replica(role.to_owned())),
        }
        if self.shown("loading") == Some("1") {
            return Err(Refused::Loading);
        }
        match (place, self.shown("cluster_enabled")) {
            (Place::Alone, Some("1")) => return Err(Refused::InCluster),
            (Place::Cluster, Some("0")) => return Err(Refused::NotInCluster),
            _ => {}
        }
        match self.either("maxmemory_policy", "maxmemory-policy", accepted)? {
            Some("noeviction") | None => {}
            Some(policy) => return Err(Refused::Eviction(policy.to_owned())),
        }
        self.judge_persistence(accepted)?;
        let replicas = self.info("connected_slaves", accepted)?.and_then(|count| count.parse().ok());
        match replicas.unwrap_or(0) {
            0 => Ok(()),
            _ if accepted.fail_over() => Ok(()),
            replicas => Err(Refused::Replicas(replicas)),
        }
    }

    fn judge_persistence(&self, accepted: Accepted) -> Result<(), Refused> {
        if accepted.covers(Durability::SinceSnapshot) {
            return Ok(());
        }
        if matches!(self.either("aof_enabled", "appendonly", accepted)?, Some("0" | "no")) {
            return Err(Refused::NoAppendOnly);
        }
        match self.shown("aof_last_write_status") {
            Some("ok") | None => {}
            Some(status) => return Err(Refused::WriteFailed(status.to_owned())),
        }
        if accepted.covers(Durability::Unflushed) {
            return Ok(());
        }
        if self.config("no-appendfsync-on-rewrite", accepted)? == Some("yes") {
            return Err(Refused::UnflushedOnRewrite);
        }
        match self.config("appendfsync", accepted)? {
            Some("always") | None => Ok(()),
            Some("everysec") if accepted.covers(Durability::LastSecond) => Ok(()),
            Some("everysec") => Err(Refused::EverySecond),
            Some(other) => Err(Refused::Unflushed(other.to_owned())),
        }
    }

    /// A line of `INFO` that need not be there.
    fn shown(&self, name: &str) -> Option<&str> {
        self.info.as_ref().ok()?.get(name).map(String::as_str)
    }

    /// A line of `INFO`; `None` where it cannot be read and the host has vouched for it.
    fn info(&self, name: &'static str, accepted: Accepted) -> Result<Option<&str>, Refused> {
        found(&self.info, name, accepted)
    }

    fn config(&self, name: &'static str, accepted: Accepted) -> Result<Option<&str>, Refused> {
        found(&self.config, name, accepted)
    }

    /// The one is as good as the other.
    fn either(
        &self,
        info: &'static str,
        config: &'static str,
        accepted: Accepted,
    ) -> Result<Option<&str>, Refused> {
        match self.info(info, Accepted::default()) {
            Ok(found) => Ok(found),
            Err(_) => self.config(config, accepted),
        }
    }
}

fn found<'a>(
    settings: &'a Result<HashMap<String, String>, String>,
    name: &'static str,
    accepted: Accepted,
) -> Result<Option<&'a str>, Refused> {
    let unreadable = match settings.as_ref().map(|settings| settings.get(name)) {
        Ok(Some(value)) => return Ok(Some(value)),
        Ok(None) => "it is not shown",
        Err(reason) => reason,
    };
    if accepted.vouched { Ok(None) } else { Err(Refused::Unreadable(name, unreadable.to_owned())) }
}

/// Tells a command that the server does not permit from a server that fails.
fn readable<T: FromRedisValue>(answer: Value) -> Result<Result<T, String>, Problem> {
    let error = match answer
        .extract_error()
        .and_then(|value| redis::from_redis_value(value).map_err(RedisError::from))
    {
        Ok(value) => return Ok(Ok(value)),
        Err(error) => error,
    };
    let ErrorKind::Server(ServerErrorKind::ResponseError | ServerErrorKind::NoPerm) = error.kind() else {
        return Err(error.into());
    };
    Ok(Err(error.to_string()))
}
