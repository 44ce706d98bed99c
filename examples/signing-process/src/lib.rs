//! A [`Signer`] whose keys live in a process of their own, on the other side of a Unix socket. The authorization server holds
//! public keys and names; whoever breaks into it can ask for signatures while he is there, and takes no key with him.

/// The README's code, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

pub mod protocol;

use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use grantor::{PublicKey, Signer, SignerError, SignerKey, SigningAlgorithm, async_trait};
use tokio::net::UnixStream;

use protocol::{Answer, Request};

/// Connections that are kept for the next calls.
const MOST_IDLE: usize = 16;

/// Talks to the process that holds the keys. Each call has a connection of its own while it lasts, so any number may go on
/// at once.
#[derive(Debug)]
pub struct ProcessSigner {
    socket: PathBuf,
    deadline: Duration,
    idle: Mutex<Vec<UnixStream>>,
}

impl ProcessSigner {
    /// By the socket on which the process listens. It need not be there yet. A call has 2 seconds.
    #[must_use]
    pub fn new(socket: impl Into<PathBuf>) -> Self {
        Self { socket: socket.into(), deadline: Duration::from_secs(2), idle: Mutex::default() }
    }

    /// How long a call may take, with the making of its connection.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Whatever keeps the answer from coming is an outage. A connection is kept only after a whole answer, so that no call
    /// ever reads that of another one.
    async fn call(&self, request: &Request<'_>) -> Result<Answer, SignerError> {
        let exchange = async {
            let mut connection = match self.idle_connection() {
                Some(connection) => connection,
                None => UnixStream::connect(&self.socket).await?,
            };
            protocol::write(&mut connection, &request.encode()).await?;
            let answer = protocol::read(&mut connection).await?.ok_or(io::ErrorKind::UnexpectedEof)?;
            io::Result::Ok((connection, answer))
        };
        let outcome = tokio::time::timeout(self.deadline, exchange).await;
        // What is too long to be sent is so now and ever.
        let (connection, answer) = outcome.map_err(SignerError::unavailable)?.map_err(|error| {
            let too_long = error.kind() == io::ErrorKind::InvalidInput;
            if too_long { SignerError::refused(error) } else { SignerError::unavailable(error) }
        })?;
        self.keep(connection);
        match Answer::decode(&answer) {
            Some(Answer::Refused(why)) => Err(SignerError::refused(why)),
            Some(answer) => Ok(answer),
            None => Err(unexpected()),
        }
    }

    /// One that still stands: a process that was started anew has closed those of before.
    fn idle_connection(&self) -> Option<UnixStream> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let stands = |connection: &UnixStream| {
            connection.try_read(&mut [0]).is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
        };
        std::iter::from_fn(|| idle.pop()).find(stands)
    }

    fn keep(&self, connection: UnixStream) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MOST_IDLE {
            idle.push(connection);
        }
    }
}

fn unexpected() -> SignerError {
    SignerError::refused("the signing process gave an answer that was not asked for")
}

#[async_trait]
impl Signer for ProcessSigner {
    fn name(&self) -> &'static str {
        "signing-process"
    }

    async fn create(&self, algorithm: SigningAlgorithm) -> Result<SignerKey, SignerError> {
        match self.call(&Request::Create { algorithm: algorithm.as_str() }).await? {
            Answer::Created { key, public } => {
                let public =
                    PublicKey::from_jwk_for(&public, algorithm.into()).map_err(SignerError::refused)?;
                Ok(SignerKey::new(key, public))
            }
            Answer::Signed(_) | Answer::Deleted | Answer::Refused(_) => Err(unexpected()),
        }
    }

    async fn sign(
        &self,
        key: &str,
        algorithm: SigningAlgorithm,
        message: &[u8],
    ) -> Result<Vec<u8>, SignerError> {
        match self.call(&Request::Sign { key, algorithm: algorithm.as_str(), message }).await? {
            Answer::Signed(signature) => Ok(signature),
            Answer::Created { .. } | Answer::Deleted | Answer::Refused(_) => Err(unexpected()),
        }
    }

    async fn delete(&self, key: &str) -> Result<(), SignerError> {
        match self.call(&Request::Delete { key }).await? {
            Answer::Deleted => Ok(()),
            Answer::Created { .. } | Answer::Signed(_) | Answer::Refused(_) => Err(unexpected()),
        }
    }
}
