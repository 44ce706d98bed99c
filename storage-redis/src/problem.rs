//! Everything that can go wrong on the way to an answer, and which of the two errors of a store it is.

use std::time::Duration;

use grantor::store::StoreError;
use redis::{ConnectionInfo, ErrorKind, RedisError, ServerErrorKind};

use crate::check::Refused;
use crate::tls::NoTls;

/// Shared by all who waited for one attempt to connect, so it can be cloned.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Problem {
    #[error(transparent)]
    Redis(RedisError),
    /// The address and the reason, both without the password.
    #[error("no connection to {at}")]
    Connect { at: String, source: RedisError },
    #[error(
        "{at} does not let this user in: user and password belong into the URL, `redis://user:password@host:port` \
         (`redis://:password@host:port` where there is only a password), and what the user may do into the server's ACL"
    )]
    NotLetIn { at: String, source: RedisError },
    #[error(transparent)]
    Tls(NoTls),
    #[error("none of the Sentinels names a primary `{0}`")]
    NoMaster(String),
    #[error(transparent)]
    Refused(Refused),
    #[error("no answer within {0:?}")]
    Late(Duration),
    #[error("the runtime ended before the answer came")]
    Ended,
    #[error(
        "of {wanted} replicas {had} had the write in time: it stands on the primary and may be lost by a fail-over"
    )]
    Replicas { wanted: u32, had: i64 },
    #[error("the Cluster has no server for slot {0}")]
    Slot(u16),
    #[error("the answer of Redis has another form than `{0}` has")]
    Shape(&'static str),
    #[error("what is stored cannot be read: {0}")]
    Stored(&'static str),
}

impl From<RedisError> for Problem {
    fn from(error: RedisError) -> Self {
        Self::Redis(error)
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl Problem {
    /// A server quotes the arguments of a command that it does not know, and the first one holds the password.
    pub(crate) fn connect(info: &ConnectionInfo, error: RedisError) -> Self {
        let is_let_in = !is_about_the_user(&error);
        let (at, text) = (info.addr().to_string(), error.to_string());
        let password = info.redis_settings().password().filter(|password| !password.is_empty());
        let source = match password.filter(|password| text.contains(password)) {
            Some(password) => {
                RedisError::from((error.kind(), "the server refused it", text.replace(password, "…")))
            }
            None => error,
        };
        if is_let_in { Self::Connect { at, source } } else { Self::NotLetIn { at, source } }
    }

    /// Whether the server turns this user away, which does not pass by waiting.
    pub(crate) fn is_about_the_user(&self) -> bool {
        matches!(self, Self::NotLetIn { .. })
            || matches!(self, Self::Redis(error) if is_about_the_user(error))
    }

    /// Whether the server has not done the command and is not the one to ask.
    pub(crate) fn redirect(&self) -> Option<Redirect> {
        let Self::Redis(error) = self else { return None };
        let (address, _) = error.redirect_node()?;
        let asking = error.kind() == ErrorKind::Server(ServerErrorKind::Ask);
        let (host, port) = address.rsplit_once(':')?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Some(Redirect { host, port: port.parse().ok()?, asking })
    }

    /// Whether the server does not know the script, and so has not done anything.
    pub(crate) fn is_no_script(&self) -> bool {
        matches!(self, Self::Redis(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript))
    }

    /// Whether there is a connection and it may still be used. After anything but a plain refusal of one command
    /// another one is made, so that the server is looked for and checked again.
    pub(crate) fn leaves_the_link(&self) -> bool {
        let Self::Redis(error) = self else {
            return matches!(self, Self::Replicas { .. } | Self::Shape(_) | Self::Stored(_));
        };
        if error.kind() == ErrorKind::Extension {
            return error.code() != Some("NOAUTH");
        }
        let ErrorKind::Server(kind) = error.kind() else { return false };
        if kind == ServerErrorKind::ResponseError {
            // Redis 6 puts the code of what failed in a script inside the text. This one is a primary no more.
            return !error.to_string().contains("-READONLY ");
        }
        matches!(
            kind,
            ServerErrorKind::NoScript
                | ServerErrorKind::NoPerm
                | ServerErrorKind::CrossSlot
                | ServerErrorKind::Moved
                | ServerErrorKind::Ask
                | ServerErrorKind::TryAgain
        )
    }

    fn is_corrupt(&self) -> bool {
        // Inside the text, as above.
        let wrong_type =
            |error: &RedisError| error.code() == Some("WRONGTYPE") || error.to_string().contains("WRONGTYPE");
        matches!(self, Self::Shape(_) | Self::Stored(_))
            || matches!(self, Self::Redis(error) if wrong_type(error))
    }
}

fn is_about_the_user(error: &RedisError) -> bool {
    matches!(error.kind(), ErrorKind::AuthenticationFailed | ErrorKind::Server(ServerErrorKind::NoPerm))
        || matches!(error.code(), Some("NOAUTH" | "WRONGPASS"))
}

/// Another server to ask.
pub(crate) struct Redirect {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Only for this command, while the slot is on its way.
    pub(crate) asking: bool,
}

impl From<Problem> for StoreError {
    fn from(problem: Problem) -> Self {
        if problem.is_corrupt() { Self::corrupt(problem) } else { Self::unavailable(problem) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(text: &str) -> Problem {
        let answer = redis::parse_redis_value(format!("-{text}\r\n").as_bytes()).unwrap();
        Problem::Redis(answer.extract_error().unwrap_err())
    }

    #[test]
    fn a_demoted_primary_is_left_whether_it_says_so_by_its_code_or_as_redis_6_inside_a_text() {
        let by_code = "READONLY You can't write against a read only replica.";
        let in_text = "ERR Error running script (call to f_5ff3): @user_script:3: @user_script: 3: -READONLY You can't \
                       write against a read only replica.";
        for text in [by_code, in_text] {
            assert!(!answered(text).leaves_the_link(), "{text}");
        }
        for text in
            ["ERR unknown command 'X'", "ERR Error running script (call to f_5ff3): @user_script:3: x"]
        {
            assert!(answered(text).leaves_the_link(), "{text}");
        }
    }
}
