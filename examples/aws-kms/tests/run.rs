//! The example as it stands in the README: started, asked for a token, which verifies by the keys that it publishes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::process::Stdio;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::Command;

mod support;
use support::moto;
use support::world::verified;

/// The body of the answer.
async fn ask(address: &str, request: &str) -> Value {
    let mut connection = TcpStream::connect(address).await.unwrap();
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
    serde_json::from_str(body).unwrap()
}

#[tokio::test]
#[ignore = "needs moto, see .ci/servers"]
async fn the_example_serves_a_token_that_kms_has_signed() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_aws-kms"))
        .env_clear()
        .envs([("AWS_ENDPOINT_URL", moto().as_str()), ("AWS_REGION", "eu-central-1")])
        .envs([("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test")])
        .env("LISTEN", "127.0.0.1:0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(program.stdout.take().unwrap()).lines();
    let command = loop {
        let line = lines.next_line().await.unwrap().expect("it has started");
        if line.starts_with("curl -u ") {
            break line;
        }
    };
    let words: Vec<_> = command.split(' ').collect();
    let address = words[5].strip_prefix("http://").unwrap().split('/').next().unwrap();
    let basic = data_encoding::BASE64.encode(words[2].as_bytes());
    let head = format!("host: {address}\r\nconnection: close\r\n");
    let form = "grant_type=client_credentials";
    let token = format!(
        "POST /oauth2/token HTTP/1.1\r\n{head}authorization: Basic {basic}\r\ncontent-length: {}\r\n\
         content-type: application/x-www-form-urlencoded\r\n\r\n{form}",
        form.len()
    );
    let token = ask(address, &token).await;
    let jwks = ask(address, &format!("GET /.well-known/jwks.json HTTP/1.1\r\n{head}\r\n")).await;
    assert!(verified(token["access_token"].as_str().unwrap(), &jwks).is_some());
}
