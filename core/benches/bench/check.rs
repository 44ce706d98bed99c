//! What it costs to check a token where it is spent.
//!
//! The floor of the check in process is the raw verification of the signature over the same bytes. That of an introspection over
//! HTTP is the same, and the same web server answering the same request with a constant of the same headers and size. Client and
//! servers are on one thread, so that work is measured and no waiting; the connections are kept.

use std::cell::RefCell;
use std::hint::black_box;

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use data_encoding::BASE64URL_NOPAD;
use grantor::SigningAlgorithm;
use grantor::http::Request;
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

use super::{Bench, Measure, RESOURCE, request, run, signing_input};

const FORM: &str = "application/x-www-form-urlencoded";

/// A server, a token of it, the header by which its client authenticates, and the raw check of that token.
struct Checked {
    bench: Bench,
    token: String,
    authorization: String,
    floor: Box<dyn Fn()>,
}

fn checked(algorithm: SigningAlgorithm) -> Checked {
    let (bench, _secret, authorization) = Bench::with_secret(algorithm);
    let form = "grant_type=client_credentials&scope=invoices%3Aread";
    let token = bench.token(request(Some(&authorization), form));
    let floor = raw_check(&bench, algorithm, &token);
    Checked { bench, token, authorization, floor }
}

/// The signature of `token`, checked by ring with the published key.
fn raw_check(bench: &Bench, algorithm: SigningAlgorithm, token: &str) -> Box<dyn Fn()> {
    let published = run(bench.0.jwks(Request::builder("GET", "/").build()));
    let published: Value = serde_json::from_slice(published.body()).unwrap();
    let number =
        |name: &str| BASE64URL_NOPAD.decode(published["keys"][0][name].as_str().unwrap().as_bytes()).unwrap();
    let message = signing_input(token);
    let proof = BASE64URL_NOPAD.decode(token.rsplit_once('.').unwrap().1.as_bytes()).unwrap();
    match algorithm {
        SigningAlgorithm::Es256 => {
            let point = [vec![4], number("x"), number("y")].concat();
            let key = UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point);
            Box::new(move || key.verify(black_box(&message), black_box(&proof)).unwrap())
        }
        SigningAlgorithm::EdDsa => {
            let key = UnparsedPublicKey::new(&signature::ED25519, number("x"));
            Box::new(move || key.verify(black_box(&message), black_box(&proof)).unwrap())
        }
        SigningAlgorithm::Rs256 => {
            let key = RsaPublicKeyComponents { n: number("n"), e: number("e") };
            let scheme = &signature::RSA_PKCS1_2048_8192_SHA256;
            Box::new(move || key.verify(scheme, black_box(&message), black_box(&proof)).unwrap())
        }
        other @ (SigningAlgorithm::Es384 | SigningAlgorithm::Ps256 | _) => panic!("{other} is not measured"),
    }
}

fn in_process(measure: &impl Measure, algorithm: SigningAlgorithm) {
    let Checked { bench, token, floor, .. } = checked(algorithm);
    let verifier = bench.0.access_token_verifier(RESOURCE).build().unwrap();
    let check = || drop(black_box(run(verifier.verify(black_box(&token))).unwrap()));
    check();
    measure.case(&format!("check in process, {algorithm}"), || (), |()| check(), floor);
}

/// A kept connection, and the answer that comes over it each time.
struct Connection {
    stream: TcpStream,
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl Connection {
    /// Serves `app` and sends it `request`, whose answer gives the size of all that follow.
    async fn open(app: Router, request: Vec<u8>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        stream.set_nodelay(true).unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        let mut connection = Self { stream, request, answer: Vec::new() };
        connection.stream.write_all(&connection.request).await.unwrap();
        while connection.missing() != Some(0) {
            connection.stream.read_buf(&mut connection.answer).await.unwrap();
        }
        connection.exchange().await;
        connection
    }

    /// How much of the body is still to come, once the head is there.
    fn missing(&self) -> Option<usize> {
        let (head, body) = self.parts()?;
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        Some(length.parse::<usize>().unwrap() - body.len())
    }

    fn parts(&self) -> Option<(&str, &str)> {
        std::str::from_utf8(&self.answer).unwrap().split_once("\r\n\r\n")
    }

    async fn exchange(&mut self) {
        self.stream.write_all(&self.request).await.unwrap();
        self.stream.read_exact(&mut self.answer).await.unwrap();
        assert!(self.answer.starts_with(b"HTTP/1.1 200"));
    }
}

/// A server that does nothing else: it reads the request, and its answer has the headers and the size of `like`.
fn constant(like: &Connection) -> Router {
    let (_, body) = like.parts().unwrap();
    let body = Bytes::from(body.to_owned());
    let headers =
        [("content-type", "application/json"), ("cache-control", "no-store"), ("pragma", "no-cache")];
    Router::new().route("/oauth2/introspect", post(move |_form: Bytes| async move { (headers, body) }))
}

fn over_http(measure: &impl Measure, algorithm: SigningAlgorithm, runtime: &Runtime) {
    let Checked { bench, token, authorization, floor } = checked(algorithm);
    let form = format!("token={token}&token_type_hint=access_token");
    let head = format!(
        "POST /oauth2/introspect HTTP/1.1\r\nhost: auth.example.com\r\nuser-agent: bench/1.0\r\naccept: application/json\r\n\
         authorization: {authorization}\r\ncontent-type: {FORM}\r\ncontent-length: {}\r\n\r\n",
        form.len()
    );
    let request = (head + &form).into_bytes();
    let (path, bare) = runtime.block_on(async {
        let path = Connection::open(grantor_axum::router(bench.0.clone()), request.clone()).await;
        assert!(path.parts().unwrap().1.starts_with(r#"{"active":true,"#));
        let bare = Connection::open(constant(&path), request).await;
        assert_eq!(path.answer.len(), bare.answer.len(), "the same size");
        (RefCell::new(path), RefCell::new(bare))
    });
    let introspect = || runtime.block_on(path.borrow_mut().exchange());
    let bare = || {
        floor();
        runtime.block_on(bare.borrow_mut().exchange());
    };
    measure.case(&format!("introspection over HTTP, {algorithm}"), || (), |()| introspect(), bare);
}

/// All of them.
pub(crate) fn cases(measure: &impl Measure) {
    let algorithms = [SigningAlgorithm::Es256, SigningAlgorithm::EdDsa, SigningAlgorithm::Rs256];
    for algorithm in algorithms {
        in_process(measure, algorithm);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for algorithm in algorithms {
        over_http(measure, algorithm, &runtime);
    }
}
