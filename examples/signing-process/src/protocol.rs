//! What the two processes say to each other: frames of a length (32 bits, big-endian) and a body; a body is one byte that
//! says what it is, and fields, each of a length and bytes.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

/// More than any token. A peer that announces more is none of ours.
const MOST_BYTES: u32 = 256 * 1024;

/// What the authorization server asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)] // Both sides are built together.
pub enum Request<'a> {
    /// A new key for the algorithm of this name.
    Create {
        /// `alg` (RFC 7518 §3.1).
        algorithm: &'a str,
    },
    /// A signature by a key, and with the algorithm that it was made for.
    Sign {
        /// Its name.
        key: &'a str,
        /// `alg` (RFC 7518 §3.1).
        algorithm: &'a str,
        /// What is signed.
        message: &'a [u8],
    },
    /// The end of a key.
    Delete {
        /// Its name.
        key: &'a str,
    },
}

/// What it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)] // Both sides are built together.
pub enum Answer {
    /// The key is there.
    Created {
        /// Its name.
        key: String,
        /// Its public half, as a JWK.
        public: String,
    },
    /// The signature, as JWS has it.
    Signed(Vec<u8>),
    /// The key is not there any more, or never was.
    Deleted,
    /// It will not do that.
    Refused(String),
}

impl<'a> Request<'a> {
    /// As a body.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Create { algorithm } => body(b'c', &[algorithm.as_bytes()]),
            Self::Sign { key, algorithm, message } => {
                body(b's', &[key.as_bytes(), algorithm.as_bytes(), message])
            }
            Self::Delete { key } => body(b'd', &[key.as_bytes()]),
        }
    }

    /// Out of a body; `None` if it is no request.
    #[must_use]
    pub fn decode(body: &'a [u8]) -> Option<Self> {
        Some(match (body.split_first()?.0, fields(body)?.as_slice()) {
            (b'c', [algorithm]) => Self::Create { algorithm: text(algorithm)? },
            (b's', [key, algorithm, message]) => {
                Self::Sign { key: text(key)?, algorithm: text(algorithm)?, message }
            }
            (b'd', [key]) => Self::Delete { key: text(key)? },
            _ => return None,
        })
    }
}

impl Answer {
    /// As a body.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Created { key, public } => body(b'C', &[key.as_bytes(), public.as_bytes()]),
            Self::Signed(signature) => body(b'S', &[signature]),
            Self::Deleted => body(b'D', &[]),
            Self::Refused(why) => body(b'R', &[why.as_bytes()]),
        }
    }

    /// Out of a body; `None` if it is no answer.
    #[must_use]
    pub fn decode(body: &[u8]) -> Option<Self> {
        Some(match (body.split_first()?.0, fields(body)?.as_slice()) {
            (b'C', [key, public]) => {
                Self::Created { key: text(key)?.to_owned(), public: text(public)?.to_owned() }
            }
            (b'S', [signature]) => Self::Signed(signature.to_vec()),
            (b'D', []) => Self::Deleted,
            (b'R', [why]) => Self::Refused(text(why)?.to_owned()),
            _ => return None,
        })
    }
}

fn body(kind: u8, fields: &[&[u8]]) -> Vec<u8> {
    let mut body = vec![kind];
    for field in fields {
        // A longer one makes a frame that is refused below.
        body.extend(u32::try_from(field.len()).unwrap_or(u32::MAX).to_be_bytes());
        body.extend_from_slice(field);
    }
    body
}

fn fields(body: &[u8]) -> Option<Vec<&[u8]>> {
    let (_, mut rest) = body.split_first()?;
    let mut fields = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk() {
        let (field, after) = after.split_at_checked(u32::from_be_bytes(*length).try_into().ok()?)?;
        fields.push(field);
        rest = after;
    }
    rest.is_empty().then_some(fields)
}

fn text(field: &[u8]) -> Option<&str> {
    std::str::from_utf8(field).ok()
}

/// Sends one body.
///
/// # Errors
///
/// Where the peer is gone, or the body longer than a peer would take.
pub async fn write(connection: &mut UnixStream, body: &[u8]) -> io::Result<()> {
    let length = u32::try_from(body.len()).ok().filter(|length| *length <= MOST_BYTES);
    let length = length.ok_or(io::ErrorKind::InvalidInput)?;
    connection.write_all(&[&length.to_be_bytes(), body].concat()).await
}

/// The next body; `None` where the peer has ended between two.
///
/// # Errors
///
/// Where it has ended within one, or announces one that is longer than any of ours.
pub async fn read(connection: &mut UnixStream) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    if connection.read(&mut length[..1]).await? == 0 {
        return Ok(None);
    }
    connection.read_exact(&mut length[1..]).await?;
    let length = u32::from_be_bytes(length);
    if length > MOST_BYTES {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut body = vec![0; usize::try_from(length).map_err(|_| io::ErrorKind::InvalidData)?];
    connection.read_exact(&mut body).await?;
    Ok(Some(body))
}
