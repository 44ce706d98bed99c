//! A way to the server that counts what is sent, falls silent, and breaks.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use grantor_storage_postgres::sqlx::postgres::{PgConnectOptions, PgSslMode};

use crate::database::server;

/// Ends with the test.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    lines: Arc<Lines>,
}

/// How to reach the server through a proxy on that port, which reads no TLS.
pub(crate) fn through(port: u16) -> PgConnectOptions {
    server().host("127.0.0.1").port(port).ssl_mode(PgSslMode::Disable)
}

/// A port of this machine, without a server's name and password.
pub(crate) fn nowhere(port: u16) -> PgConnectOptions {
    PgConnectOptions::new().host("127.0.0.1").port(port).username("grantor").ssl_mode(PgSslMode::Disable)
}

#[derive(Default)]
struct Lines {
    state: Mutex<State>,
    changed: Condvar,
    /// What to put in the place of what, on the way to the server.
    replace: Option<(&'static str, &'static str)>,
}

#[derive(Default)]
struct State {
    /// The kind of each message that a client sent: B bind, C close, D describe, E execute, P parse, S sync.
    sent: String,
    open: Vec<TcpStream>,
    /// Connections with a number below this get no answers any more.
    silent_below: usize,
    ended: bool,
}

impl Proxy {
    pub(crate) fn start() -> Self {
        Self::run(TcpListener::bind("127.0.0.1:0").unwrap(), None)
    }

    pub(crate) fn on_port(port: u16) -> Self {
        Self::run(TcpListener::bind(("127.0.0.1", port)).unwrap(), None)
    }

    /// Puts one text in the place of another of the same length.
    pub(crate) fn replacing(from: &'static str, to: &'static str) -> Self {
        assert_eq!(from.len(), to.len());
        Self::run(TcpListener::bind("127.0.0.1:0").unwrap(), Some((from, to)))
    }

    fn run(listener: TcpListener, replace: Option<(&'static str, &'static str)>) -> Self {
        let port = listener.local_addr().unwrap().port();
        let lines = Arc::new(Lines { replace, ..Lines::default() });
        let accepting = Arc::clone(&lines);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if accepting.state.lock().unwrap().ended {
                    return;
                }
                let lines = Arc::clone(&accepting);
                thread::spawn(move || lines.connect(&client));
            }
        });
        Self { port, lines }
    }

    /// How to reach the server through it.
    pub(crate) fn options(&self) -> PgConnectOptions {
        through(self.port)
    }

    /// What was sent since it was last asked for.
    pub(crate) fn take_sent(&self) -> String {
        std::mem::take(&mut self.lines.state.lock().unwrap().sent)
    }

    /// No answer comes through any more on the connections that there are. New ones work.
    pub(crate) fn silence(&self) {
        let mut state = self.lines.state.lock().unwrap();
        state.silent_below = state.open.len();
    }

    /// Breaks all connections that there are. New ones work.
    pub(crate) fn sever(&self) {
        for open in &self.lines.state.lock().unwrap().open {
            let _gone_already = open.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.sever();
        self.lines.state.lock().unwrap().ended = true;
        self.lines.changed.notify_all();
        let _wakes_it = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl Lines {
    fn connect(self: Arc<Self>, client: &TcpStream) {
        let target = server();
        let Ok(server) = TcpStream::connect((target.get_host(), target.get_port())) else { return };
        let number = {
            let mut state = self.state.lock().unwrap();
            state.open.push(client.try_clone().unwrap());
            state.open.len() - 1
        };
        client.set_nodelay(true).unwrap();
        server.set_nodelay(true).unwrap();
        let (from_server, to_client) = (server.try_clone().unwrap(), client.try_clone().unwrap());
        let back = Arc::clone(&self);
        thread::spawn(move || {
            let _broken = back.answers(number, &from_server, &to_client);
            let _gone = to_client.shutdown(Shutdown::Both);
        });
        let _broken = self.messages(client, &server);
        let _gone = server.shutdown(Shutdown::Both);
    }

    /// The first message has no kind; each has its length, without the kind, in four bytes.
    fn messages(&self, mut client: &TcpStream, mut server: &TcpStream) -> io::Result<()> {
        let mut is_first = true;
        loop {
            let mut head = vec![0; if is_first { 4 } else { 5 }];
            client.read_exact(&mut head)?;
            let length = u32::from_be_bytes(*head.last_chunk().unwrap()) as usize;
            let mut body = vec![0; length - 4];
            client.read_exact(&mut body)?;
            if !is_first {
                self.state.lock().unwrap().sent.push(char::from(head[0]));
            }
            if let Some((from, to)) = self.replace
                && let Some(at) = body.windows(from.len()).position(|text| text == from.as_bytes())
            {
                body[at..at + to.len()].copy_from_slice(to.as_bytes());
            }
            server.write_all(&[head, body].concat())?;
            is_first = false;
        }
    }

    fn answers(&self, number: usize, mut server: &TcpStream, mut client: &TcpStream) -> io::Result<()> {
        let mut bytes = [0; 4096];
        loop {
            let length = server.read(&mut bytes)?;
            if length == 0 {
                return Ok(());
            }
            let state = self.state.lock().unwrap();
            let is_silent = |state: &mut State| number < state.silent_below && !state.ended;
            drop(self.changed.wait_while(state, is_silent).unwrap());
            client.write_all(&bytes[..length])?;
        }
    }
}
