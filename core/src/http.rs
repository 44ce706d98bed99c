//! Requests and responses in Grantor's own words, since web frameworks sit on different versions of `http`.

use std::borrow::Cow;
use std::fmt;
use std::net::SocketAddr;

/// What an adapter hands over: everything that arrived, nothing interpreted.
///
/// `Debug` shows method, path and peer; never the query, a header or the body, which carry secrets.
#[derive(Clone, Default)]
pub struct Request {
    method: String,
    path_and_query: String,
    text: Vec<u8>,
    headers: Vec<Header>,
    body: Vec<u8>,
    body_incomplete: bool,
    peer: Option<SocketAddr>,
    transport: Transport,
    certificates: Vec<Vec<u8>>,
}

/// Offsets into `Request::text`: one buffer for all headers instead of two allocations for each.
#[derive(Clone, Copy)]
struct Header {
    name_at: usize,
    value_at: usize,
    end: usize,
}

/// What the adapter knows of the connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Transport {
    /// Nothing: TLS may end in front of this process, as behind a proxy.
    #[default]
    Unknown,
    /// TLS from the client to here.
    Tls,
    /// Plain HTTP from the client to here. Refused where the issuer is https (RFC 6749 §3.2).
    Plain,
}

impl Request {
    /// A request with this method and raw path, query included.
    pub fn builder(method: &str, path_and_query: &str) -> RequestBuilder {
        RequestBuilder(Self {
            method: method.to_owned(),
            path_and_query: path_and_query.to_owned(),
            text: Vec::with_capacity(512),
            headers: Vec::with_capacity(12),
            ..Self::default()
        })
    }

    /// The method, as it came.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The raw path without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.path_and_query.split_once('?').map_or(self.path_and_query.as_str(), |(path, _)| path)
    }

    /// The values of all headers of this name, in order. Names compare without case.
    pub fn header<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.headers().filter(|(own, _)| own.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| value)
    }

    /// All headers in the order in which they came.
    pub fn headers(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.headers.iter().map(|header| {
            let name = self.text.get(header.name_at..header.value_at).unwrap_or_default();
            (name, self.text.get(header.value_at..header.end).unwrap_or_default())
        })
    }

    /// How many bytes the headers take, names and values.
    pub(crate) fn header_bytes(&self) -> usize {
        self.text.len()
    }

    /// The body. An adapter stops reading one byte past the limit, and core answers 413.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Whether the body broke off. What there is of it must not be taken for the whole.
    pub(crate) const fn is_body_incomplete(&self) -> bool {
        self.body_incomplete
    }

    /// The other end of the connection, if the adapter knows it.
    #[must_use]
    pub const fn peer(&self) -> Option<SocketAddr> {
        self.peer
    }

    /// What is known of the connection.
    #[must_use]
    pub const fn transport(&self) -> Transport {
        self.transport
    }

    /// The client's certificate chain in DER, its own first. From the TLS connection, never from a header.
    #[must_use]
    pub fn certificates(&self) -> &[Vec<u8>] {
        &self.certificates
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.path())
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}

/// Makes a [`Request`].
#[derive(Clone, Debug)]
#[must_use = "a builder makes nothing until `build`"]
pub struct RequestBuilder(Request);

impl RequestBuilder {
    /// Adds a header after those before it.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let request = &mut self.0;
        let name_at = request.text.len();
        request.text.extend_from_slice(name.as_bytes());
        let value_at = request.text.len();
        request.text.extend_from_slice(value.as_ref());
        request.headers.push(Header { name_at, value_at, end: request.text.len() });
        self
    }

    /// The body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.0.body = body.into();
        self
    }

    /// The body broke off before its end: the request is refused, whatever there is of it.
    pub fn incomplete_body(mut self) -> Self {
        self.0.body_incomplete = true;
        self
    }

    /// The other end of the connection.
    pub fn peer(mut self, peer: Option<SocketAddr>) -> Self {
        self.0.peer = peer;
        self
    }

    /// What is known of the connection.
    pub fn transport(mut self, transport: Transport) -> Self {
        self.0.transport = transport;
        self
    }

    /// The client's certificate chain in DER, its own first.
    pub fn certificates(mut self, chain: Vec<Vec<u8>>) -> Self {
        self.0.certificates = chain;
        self
    }

    /// The request.
    #[must_use]
    pub fn build(self) -> Request {
        self.0
    }
}

/// What an adapter sends back, unchanged.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    status: u16,
    headers: Vec<(&'static str, Cow<'static, str>)>,
    body: Cow<'static, [u8]>,
}

impl Response {
    pub(crate) fn new(status: u16, body: impl Into<Cow<'static, [u8]>>) -> Self {
        Self { status, headers: Vec::with_capacity(5), body: body.into() }
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Another status, for which there is no content to describe (RFC 9110 §15.4.5).
    pub(crate) fn without_body(mut self, status: u16) -> Self {
        self.status = status;
        self.body = Cow::Borrowed(&[]);
        self.headers.retain(|(name, _)| *name != "content-type");
        self
    }

    /// The status code.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// Headers as lower-case names and values of visible ASCII.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.headers.iter().map(|(name, value)| (*name, value.as_ref()))
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body, without a copy where it was made for this response.
    #[must_use]
    pub fn into_body(self) -> Cow<'static, [u8]> {
        self.body
    }
}

impl fmt::Debug for Response {
    /// Without the body, which may hold a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response").field("status", &self.status).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_keep_order_and_repeats() {
        let request = Request::builder("POST", "/t?x=1")
            .header("Accept", "a")
            .header("accept", [0xff])
            .header("Empty", "")
            .build();
        assert_eq!(request.path(), "/t");
        assert_eq!(request.header("ACCEPT").collect::<Vec<_>>(), [b"a".as_slice(), &[0xff]]);
        assert_eq!(request.header("empty").collect::<Vec<_>>(), [b""]);
        assert_eq!(request.headers().count(), 3);
        assert_eq!(request.header("none").count(), 0);
    }

    #[test]
    fn t95_debug_shows_no_header_query_or_body() {
        let request = Request::builder("POST", "/t?client_secret=hunter2")
            .header("Authorization", "hunter2")
            .body("client_secret=hunter2")
            .build();
        assert!(!format!("{request:?}").contains("hunter2"));
        assert!(!format!("{:?}", Response::new(200, b"hunter2".as_slice())).contains("hunter2"));
    }
}
