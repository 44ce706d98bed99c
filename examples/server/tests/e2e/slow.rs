//! Clients that hold connections and send next to nothing.

use std::time::Duration;

use oauth2::AuthType;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::program::{ADAPTERS, Program};
use crate::tokens::{demo_secrets, token};

/// Until when all are cut: T93 asks for 60 s, this server promises 10, and hyper by itself would take 30.
const CUT_WITHIN: Duration = Duration::from_secs(25);

/// How a dribbler begins: with nothing, inside the head, inside the body, and idle after an answer.
const BEGINNINGS: [&str; 4] = [
    "",
    "POST /oauth2/token HTTP/1.1\r\nHost: x\r\nX-",
    "POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n\
     Content-Length: 9000\r\n\r\n",
    "GET /.well-known/jwks.json HTTP/1.1\r\nHost: x\r\n\r\n",
];

/// Sends a byte whenever nothing came for a while, until the server hangs up.
async fn dribble(mut stream: TcpStream) {
    let mut answer = [0; 1024];
    loop {
        match timeout(Duration::from_millis(500), stream.read(&mut answer)).await {
            Ok(Ok(0) | Err(_)) => return,
            Ok(Ok(_)) => {}
            Err(_quiet) if stream.write_all(b"x").await.is_err() => return,
            Err(_quiet) => {}
        }
    }
}

async fn dribblers_are_cut(adapter: &str) {
    let program = Program::start(&["--adapter", adapter], &[("RUST_LOG", "warn")]);
    let mut dribblers = tokio::task::JoinSet::new();
    for beginning in BEGINNINGS.iter().cycle().take(200) {
        let mut stream = TcpStream::connect(&program.address).await.expect("connect");
        stream.write_all(beginning.as_bytes()).await.expect("write");
        dribblers.spawn(dribble(stream));
    }
    let client = ("demo-basic", demo_secrets(&program).0);
    let served = timeout(Duration::from_secs(2), token(&program, client, AuthType::BasicAuth, "read")).await;
    served.expect("in under 2 s").expect("a token");
    assert_eq!(dribblers.len(), 200);
    let cut = timeout(CUT_WITHIN, async { while dribblers.join_next().await.is_some() {} }).await;
    assert!(cut.is_ok(), "{} are still connected to {adapter} after 25 s", dribblers.len());
}

#[tokio::test]
async fn t93_200_dribblers_are_cut_and_others_are_served_meanwhile() {
    let [axum, actix] = ADAPTERS.map(dribblers_are_cut);
    tokio::join!(axum, actix);
}

/// What it says before it hangs up.
async fn silence_is_cut(adapter: &str) -> String {
    let program = Program::start(&["--adapter", adapter], &[]);
    let mut silent = TcpStream::connect(&program.address).await.expect("connect");
    let mut said = String::new();
    let read = timeout(CUT_WITHIN, silent.read_to_string(&mut said)).await;
    assert!(read.is_ok(), "still connected to {adapter} after 25 s");
    said
}

#[tokio::test]
async fn t93_a_silent_connection_is_cut_though_it_never_sends_a_byte() {
    let [axum, actix] = ADAPTERS.map(silence_is_cut);
    let (axum, actix) = tokio::join!(axum, actix);
    assert!(axum.is_empty(), "{axum}");
    assert!(actix.starts_with("HTTP/1.1 408 "), "{actix}");
}
