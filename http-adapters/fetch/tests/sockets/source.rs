//! A web server that answers as it is told and counts, and a clock that moves when it is told to.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use grantor::{Clock, KeySetUrl, KeySource, Timestamp};
use grantor_fetch::{Fetcher, KeySets};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// What stands at a path.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// These bytes, and the end.
    Raw(Vec<u8>),
    /// Nothing, for as long as the other side waits.
    Silence,
    /// This, and then more of the same without an end.
    Endless(&'static str, Vec<u8>),
}

impl Reply {
    pub(crate) fn new(status: u16, headers: &str, body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n{headers}\r\n", body.len());
        Self::Raw([head.as_bytes(), body].concat())
    }

    pub(crate) fn json(body: impl AsRef<[u8]>) -> Self {
        Self::new(200, "content-type: application/json\r\n", body)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
    replies: Arc<Mutex<HashMap<String, Reply>>>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Source {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let source = Self {
            address: listener.local_addr().unwrap(),
            connections: Arc::default(),
            replies: Arc::default(),
            requests: Arc::default(),
        };
        let own = source.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                own.connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(own.clone().answer(stream));
            }
        });
        source
    }

    async fn answer(self, mut stream: tokio::net::TcpStream) {
        let mut request = Vec::new();
        loop {
            let mut bytes = [0; 4096];
            let read = stream.read(&mut bytes).await.unwrap_or(0);
            request.extend_from_slice(&bytes[..read]);
            let text = String::from_utf8_lossy(&request);
            let length = text.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
            let length: usize = length.map_or(0, |length| length.parse().unwrap());
            let head = text.find("\r\n\r\n");
            if read == 0 || head.is_some_and(|head| request.len() >= head + 4 + length) {
                break;
            }
        }
        let request = String::from_utf8(request).unwrap();
        let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
        self.requests.lock().unwrap().push(request);
        let reply = self.replies.lock().unwrap().get(&path).cloned();
        match reply.unwrap_or_else(|| Reply::new(404, "", "no")) {
            Reply::Raw(bytes) => drop(stream.write_all(&bytes).await),
            // Until the other side has had enough.
            Reply::Silence => drop(stream.read(&mut [0]).await),
            Reply::Endless(head, more) => {
                let _ = stream.write_all(head.as_bytes()).await;
                while stream.write_all(&more).await.is_ok() {}
            }
        }
    }

    pub(crate) fn put(&self, path: &str, reply: Reply) {
        self.replies.lock().unwrap().insert(path.to_owned(), reply);
    }

    /// How many connections there were since the last call.
    pub(crate) fn hits(&self) -> usize {
        self.connections.swap(0, Ordering::SeqCst)
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        std::mem::take(&mut *self.requests.lock().unwrap())
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn at(&self, path: &str) -> KeySource {
        url(&self.url(path))
    }
}

pub(crate) fn url(text: &str) -> KeySource {
    KeySource::Url(KeySetUrl::new(text).unwrap())
}

/// A key set of so many Ed25519 keys, their public halves made up.
pub(crate) fn keys(count: u8) -> String {
    let key = |number: u8| {
        let x = data_encoding::BASE64URL_NOPAD.encode(&[number.wrapping_mul(3).wrapping_add(7); 32]);
        format!(r#"{{"kty":"OKP","crv":"Ed25519","kid":"{number}","x":"{x}"}}"#)
    };
    format!(r#"{{"keys":[{}]}}"#, (0..count).map(key).collect::<Vec<_>>().join(","))
}

#[derive(Clone, Debug)]
pub(crate) struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicI64::new(1_800_000_000)))
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

/// A fetcher that may ask this machine.
pub(crate) fn fetcher(clock: &ManualClock) -> Fetcher {
    Fetcher::builder().clock(clock.clone()).dangerous().allow_http_on_loopback().build().unwrap()
}

/// The same, for sources that keep it waiting.
pub(crate) fn impatient() -> Fetcher {
    let patience = Duration::from_millis(300);
    Fetcher::builder().deadline(patience).dangerous().allow_http_on_loopback().build().unwrap()
}

pub(crate) fn key_sets(clock: &ManualClock) -> KeySets {
    KeySets::new(fetcher(clock))
}

/// Lets what was begun behind a request end: until `done` holds, with a bound so that a test fails instead of hanging.
pub(crate) async fn until(mut done: impl FnMut() -> bool) {
    let wait = async {
        while !done() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), wait).await.expect("it never happened");
}
