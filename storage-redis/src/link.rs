//! One connection to one server, shared by all calls.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ErrorKind, Pipeline, ProtocolVersion, RedisError,
    RedisResult, ServerErrorKind, Value,
};

use crate::check::Refused;
use crate::problem::Problem;
use crate::tls;

/// How long a call may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// From nothing to a connection to a checked server.
    pub(crate) connect: Duration,
    /// From a command to its answer.
    pub(crate) response: Duration,
}

/// A write counts once so many replicas have it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WaitFor {
    pub(crate) replicas: u32,
    pub(crate) at_most: Duration,
}

/// What is asked after a command, in the same piece.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Then {
    Nothing,
    /// Whether it is a primary that has answered. One that is made a replica keeps its connections and goes on to answer
    /// reads, with what it gets from the new primary late. (One of a Cluster does not.)
    Role,
    /// How many replicas have the write.
    Replicas(WaitFor),
}

/// Cheap to clone: a further handle on the same connection. It never connects again by itself and never repeats a
/// command, which is why it is not the `ConnectionManager` or the `ClusterConnection` of the redis crate: the one
/// connects to what may be another server without a look at its settings, the other repeats a command whose answer
/// was lost, and so answers "replayed" to the only one who ever asked.
#[derive(Clone)]
pub(crate) struct Link {
    connection: MultiplexedConnection,
    closed: Arc<AtomicBool>,
}

/// Says so when the task that drives a connection ends, for whatever reason: it owns this.
struct ClosedWithIt(Arc<AtomicBool>);

impl Drop for ClosedWithIt {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

impl Link {
    pub(crate) async fn open(client: &Client, limits: Limits) -> Result<Self, Problem> {
        let info = client.get_connection_info();
        can_speak_tls(info.addr())?;
        let closed = Arc::new(AtomicBool::new(false));
        let end = ClosedWithIt(Arc::clone(&closed));
        // Only in RESP3 may the connection have a listener, and only that tells us early that it is closed.
        let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(limits.connect))
            .set_response_timeout(Some(limits.response))
            .set_push_sender(move |_| {
                let _owned = &end;
                Ok::<(), redis::aio::SendError>(())
            });
        let client = Client::open(info.clone().set_redis_settings(settings))?;
        match client.get_multiplexed_async_connection_with_config(&config).await {
            Ok(connection) => Ok(Self { connection, closed }),
            Err(error) => Err(Problem::connect(info, error)),
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.closed, &other.closed)
    }

    /// Sends one command and waits for its answer.
    pub(crate) async fn ask(&self, command: &Cmd) -> RedisResult<Value> {
        self.connection.clone().req_packed_command(command).await?.extract_error()
    }

    /// Sends commands as one piece, and waits for all answers, refusals included.
    pub(crate) async fn ask_all(&self, commands: &Pipeline) -> Result<Vec<Value>, Problem> {
        Ok(self.connection.clone().req_packed_commands(commands, 0, commands.len()).await?)
    }

    /// By `ROLE`, which says more than `PING` and is what each read asks for anyway.
    pub(crate) async fn ping(&self) -> Result<(), Problem> {
        let answers = self.ask_all(redis::pipe().cmd("ROLE")).await?;
        is_primary(answers.into_iter().next())
    }

    /// Sends one command with what goes before and after it, as one piece.
    pub(crate) async fn run(&self, command: &Cmd, asking: bool, then: Then) -> Result<Value, Problem> {
        if !asking && matches!(then, Then::Nothing) {
            return Ok(self.ask(command).await?);
        }
        let mut piece = Pipeline::new();
        if asking {
            piece.cmd("ASKING");
        }
        piece.add_command(command.clone());
        match then {
            Then::Nothing => {}
            Then::Role => drop(piece.cmd("ROLE")),
            Then::Replicas(WaitFor { replicas, at_most }) => {
                piece.cmd("WAIT").arg(replicas).arg(u64::try_from(at_most.as_millis()).unwrap_or(u64::MAX));
            }
        }
        let mut answers = self.ask_all(&piece).await?.into_iter().skip(usize::from(asking));
        let answer = answers.next().ok_or(Problem::Shape("a pipeline"))?.extract_error()?;
        match then {
            Then::Nothing => {}
            Then::Role => is_primary(answers.next())?,
            Then::Replicas(WaitFor { replicas, .. }) => {
                let answer = answers.next().ok_or(Problem::Shape("a pipeline"))?.extract_error()?;
                let Value::Int(had) = answer else { return Err(Problem::Shape("WAIT")) };
                if had < i64::from(replicas) {
                    return Err(Problem::Replicas { wanted: replicas, had });
                }
            }
        }
        Ok(answer)
    }
}

/// What `ROLE` says. Where it may not be asked for, the check of the connection was the last word.
fn is_primary(role: Option<Value>) -> Result<(), Problem> {
    let role = match role.ok_or(Problem::Shape("a pipeline"))?.extract_error() {
        Ok(role) => role,
        Err(error) if cannot_be_asked(&error) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let Value::Array(role) = role else { return Err(Problem::Shape("ROLE")) };
    let role: Option<String> = role.into_iter().next().and_then(|role| redis::from_redis_value(role).ok());
    match role {
        Some(role) if role == "master" => Ok(()),
        Some(role) => Err(Refused::Replica(role).into()),
        None => Err(Problem::Shape("ROLE")),
    }
}

/// Whether the server does not permit the command, or knows none of this name.
fn cannot_be_asked(error: &RedisError) -> bool {
    let ErrorKind::Server(kind) = error.kind() else { return false };
    kind == ServerErrorKind::NoPerm
        || kind == ServerErrorKind::ResponseError
            && error.detail().is_some_and(|detail| detail.starts_with("unknown command"))
}

/// Rustls panics where no provider was installed, so that is found out before.
fn can_speak_tls(address: &ConnectionAddr) -> Result<(), Problem> {
    if matches!(address, ConnectionAddr::TcpTls { .. }) {
        tls::ready().map_err(Problem::Tls)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(answer: &str) -> bool {
        is_primary(Some(redis::parse_redis_value(answer.as_bytes()).unwrap())).is_ok()
    }

    #[test]
    fn only_a_role_that_may_not_be_asked_for_is_taken_for_a_primary_s() {
        assert!(said("*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n"));
        assert!(said("-NOPERM this user has no permissions to run the 'role' command\r\n"));
        assert!(said("-ERR unknown command 'ROLE', with args beginning with: \r\n"));
        assert!(said("-ERR unknown command `ROLE`, with args beginning with: \r\n"), "Redis 6");
        for answer in [
            "*1\r\n$5\r\nslave\r\n",
            "-LOADING Redis is loading the dataset in memory\r\n",
            "-MASTERDOWN Link with MASTER is down\r\n",
            "-BUSY Redis is busy running a script\r\n",
            "-ERR the proxy has no server\r\n",
            "+OK\r\n",
            "*0\r\n",
            "$-1\r\n",
        ] {
            assert!(!said(answer), "{answer}");
        }
        assert!(is_primary(None).is_err());
    }
}
