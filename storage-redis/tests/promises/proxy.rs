//! A server between the store and Redis that counts commands, and can lose answers or freeze connections.

use std::future::pending;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use redis::Client;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(crate) struct Proxy {
    address: SocketAddr,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    commands: Mutex<Vec<String>>,
    connections: AtomicUsize,
    lose_next_answer: AtomicBool,
    frozen: AtomicUsize,
}

impl Proxy {
    pub(crate) async fn before(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Seen::default());
        let all = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let far = TcpStream::connect(("127.0.0.1", port)).await;
                if let Ok(far) = far {
                    let number = all.connections.fetch_add(1, Ordering::SeqCst) + 1;
                    tokio::spawn(between(near, far, number, Arc::clone(&all)));
                }
            }
        });
        Self { address, seen }
    }

    pub(crate) fn client(&self) -> Client {
        Client::open((self.address.ip().to_string(), self.address.port())).unwrap()
    }

    /// The next command goes to Redis and is done there, and then the connection breaks instead of an answer.
    pub(crate) fn lose_next_answer(&self) {
        self.seen.lose_next_answer.store(true, Ordering::SeqCst);
    }

    /// The connections there are stay open, and nothing goes through them any more. New ones work.
    pub(crate) fn freeze(&self) {
        self.seen.frozen.store(self.connections(), Ordering::SeqCst);
    }

    /// The names of the commands since the last call.
    pub(crate) fn commands(&self) -> Vec<String> {
        std::mem::take(&mut self.seen.commands.lock().unwrap())
    }

    pub(crate) fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::SeqCst)
    }
}

async fn between(near: TcpStream, far: TcpStream, number: usize, seen: Arc<Seen>) {
    let (mut from_near, mut to_near) = near.into_split();
    let (mut from_far, mut to_far) = far.into_split();
    let up = Arc::clone(&seen);
    let upstream = async move {
        let mut bytes = vec![0; 1 << 16];
        while let Ok(read @ 1..) = from_near.read(&mut bytes).await {
            if number <= up.frozen.load(Ordering::SeqCst) {
                pending::<()>().await;
            }
            up.commands.lock().unwrap().extend(names(&bytes[..read]));
            if to_far.write_all(&bytes[..read]).await.is_err() {
                return;
            }
        }
    };
    let downstream = async move {
        let mut bytes = vec![0; 1 << 16];
        while let Ok(read @ 1..) = from_far.read(&mut bytes).await {
            if number <= seen.frozen.load(Ordering::SeqCst) {
                pending::<()>().await;
            }
            if seen.lose_next_answer.swap(false, Ordering::SeqCst) {
                return;
            }
            if to_near.write_all(&bytes[..read]).await.is_err() {
                return;
            }
        }
    };
    tokio::select! { () = upstream => {}, () = downstream => {} }
}

/// The first word of each command. What these tests send comes in one piece.
fn names(mut bytes: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    while let Some(count) = number(&mut bytes, b'*') {
        for position in 0..count {
            let length = number(&mut bytes, b'$').unwrap();
            if position == 0 {
                names.push(String::from_utf8_lossy(&bytes[..length]).into_owned());
            }
            bytes = &bytes[length + 2..];
        }
    }
    names
}

fn number(bytes: &mut &[u8], mark: u8) -> Option<usize> {
    let end = bytes.iter().position(|byte| *byte == b'\r')?;
    let line = bytes[..end].strip_prefix(&[mark])?;
    let number = str::from_utf8(line).unwrap().parse().unwrap();
    *bytes = &bytes[end + 2..];
    Some(number)
}
