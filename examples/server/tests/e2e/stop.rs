//! Stopping: what has begun is answered, nothing new is taken, and the program ends well.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::program::{ADAPTERS, Program, between};
use crate::tokens::demo_secrets;

const BODY: &str = "grant_type=client_credentials&client_id=demo-post&scope=read&client_secret=";

/// A request of which the server has read the head and waits for the body.
fn begin(program: &Program) -> (TcpStream, String) {
    let body = format!("{BODY}{}", demo_secrets(program).1);
    let mut stream = TcpStream::connect(&program.address).expect("connect");
    let head = format!(
        "POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).expect("write");
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).expect("read");
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    (stream, body)
}

fn drains_on(signal: &str) {
    for adapter in ADAPTERS {
        let mut program = Program::start(&["--adapter", adapter], &[]);
        let (mut stream, body) = begin(&program);
        program.signal(signal);
        program.wait_for_log("stopping");
        takes_no_connection(&program, adapter);
        stream.write_all(body.as_bytes()).expect("write");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("read to the end");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        assert!(!between(&answer, "\"access_token\":\"", "\"").is_empty());
        let ended = program.ended();
        assert_eq!(ended.code, Some(0));
        assert!(ended.written.contains("every request was answered"), "{}", ended.written);
    }
}

/// axum's listener is gone before the server says so, actix-web's a moment later.
fn takes_no_connection(program: &Program, adapter: &str) {
    let attempts = if adapter == "axum" { 1 } else { 10_000 };
    let refused = (0..attempts).any(|_| TcpStream::connect(&program.address).is_err());
    assert!(refused, "a stopping server takes no connection");
}

#[test]
fn s10_sigterm_answers_what_has_begun_and_exits_0() {
    drains_on("TERM");
}

#[test]
fn s10_sigint_answers_what_has_begun_and_exits_0() {
    drains_on("INT");
}

#[test]
fn s10_an_idle_connection_does_not_hold_up_the_end() {
    for adapter in ADAPTERS {
        let program = Program::start(&["--adapter", adapter], &[]);
        let mut idle = TcpStream::connect(&program.address).expect("connect");
        idle.write_all(b"GET /.well-known/jwks.json HTTP/1.1\r\nHost: x\r\n\r\n").expect("write");
        let mut first = [0; 12];
        idle.read_exact(&mut first).expect("read");
        assert_eq!(&first, b"HTTP/1.1 200");
        let ended = program.stopped();
        assert_eq!(ended.code, Some(0));
        assert!(ended.written.contains("every request was answered"), "{}", ended.written);
    }
}

#[test]
fn s10_a_second_signal_ends_it_at_once() {
    for adapter in ADAPTERS {
        let mut program = Program::start(&["--adapter", adapter], &[]);
        let (mut stream, _never_sent) = begin(&program);
        program.signal("TERM");
        program.wait_for_log("stopping");
        program.signal("TERM");
        let ended = program.ended();
        assert_eq!(ended.code, Some(0));
        assert!(ended.written.contains("a second signal"), "{}", ended.written);
        let mut rest = Vec::new();
        let cut_off = stream.read_to_end(&mut rest);
        assert!(cut_off.is_err() || rest.is_empty(), "cut off without an answer");
    }
}
