//! Requests and answers as they go over the wire.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use grantor::AuthorizationServer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A request of a vector. `Debug` shows all of it: its secrets are those of the vectors.
#[derive(Clone, Debug)]
pub struct Request {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Request {
    /// The method.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The path, with the query where there is one.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }

    /// Names and values in order. Those of the connection and the length of the body are not among them.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Asks core itself, without an adapter.
    pub async fn ask(&self, server: &AuthorizationServer) -> Answer {
        let path = self.target.split('?').next();
        let Some((_, endpoint)) = server.routes().find(|(own, _)| Some(*own) == path) else {
            return Answer::new(404, [], []);
        };
        let request = self
            .headers()
            .fold(grantor::http::Request::builder(&self.method, &self.target), |builder, (name, value)| {
                builder.header(name, value)
            });
        let response = server.handle(endpoint, request.body(self.body()).build()).await;
        // Leaving it out is the duty of whoever writes HTTP (RFC 9110 §9.3.2).
        let body = if self.method == "HEAD" { Vec::new() } else { response.body().to_vec() };
        Answer::new(response.status(), response.headers(), body)
    }

    /// Sends it by HTTP/1.1 to whoever listens at `address`, on a connection of its own.
    ///
    /// # Errors
    ///
    /// [`io::Error`] where there is no connection, no answer within 30 seconds, or one that is not HTTP.
    pub async fn send(&self, address: SocketAddr) -> io::Result<Answer> {
        let mut received = Vec::new();
        let exchange = async {
            let mut stream = TcpStream::connect(address).await?;
            // Whoever refuses a large body may answer before all of it has gone out, and close on the rest.
            let sent = stream.write_all(&self.to_http1()).await;
            let read = stream.read_to_end(&mut received).await;
            sent.and(read.map(drop))
        };
        let ended = timeout(Duration::from_secs(30), exchange).await?;
        let no_http = || io::Error::new(io::ErrorKind::InvalidData, String::from_utf8_lossy(&received));
        Answer::from_http1(&received, self.method == "HEAD")
            .ok_or_else(|| ended.err().unwrap_or_else(no_http))
    }

    fn to_http1(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\nConnection: close\r\n", self.method, self.target);
        if !self.headers().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            head.push_str("Host: localhost\r\n");
        }
        if !self.body.is_empty() || self.method == "POST" {
            head.push_str(&format!("Content-Length: {}\r\n", self.body.len()));
        }
        for (name, value) in self.headers() {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        [head.as_bytes(), &self.body].concat()
    }
}

/// What came back, without what belongs to the connection (`connection`, `content-length`, `date`, `keep-alive`,
/// `transfer-encoding`). The headers are in the order of their names.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// What says nothing of the protocol.
const OF_THE_CONNECTION: [&str; 5] =
    ["connection", "content-length", "date", "keep-alive", "transfer-encoding"];

impl Answer {
    /// An answer with these headers and this body.
    pub fn new<'n, 'v>(
        status: u16,
        headers: impl IntoIterator<Item = (&'n str, &'v str)>,
        body: impl Into<Vec<u8>>,
    ) -> Self {
        let mut headers: Vec<_> = headers
            .into_iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .filter(|(name, _)| !OF_THE_CONNECTION.contains(&name.as_str()))
            .collect();
        headers.sort_unstable();
        Self { status, headers, body: body.into() }
    }

    /// The status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// Names in lower case and values, in the order of the names.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The answer that ends with the connection. Interim ones are passed over.
    fn from_http1(mut received: &[u8], without_body: bool) -> Option<Self> {
        loop {
            let end = received.windows(4).position(|window| window == b"\r\n\r\n")?;
            let (head, body) = received.split_at(end);
            let body = body.get(4..)?;
            let mut lines = str::from_utf8(head).ok()?.split("\r\n");
            let status: u16 = lines.next()?.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
            if status < 200 {
                received = body;
                continue;
            }
            let headers: Option<Vec<_>> =
                lines.map(|line| Some((line.split_once(':')?.0, line.split_once(':')?.1.trim()))).collect();
            let headers = headers?;
            let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"))?.1;
            let whole = if without_body { body.is_empty() } else { length.parse() == Ok(body.len()) };
            return whole.then(|| Self::new(status, headers, body));
        }
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status)?;
        for (name, value) in &self.headers {
            write!(f, " | {name}: {value}")?;
        }
        write!(f, " | {}", String::from_utf8_lossy(&self.body))
    }
}
