//! The adapter over real sockets: what arrives is what core sees, and no request outlives its bounds.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::{Router, routing};
use grantor::http::Transport;
use grantor::store::{AuthMethod, Client, ClientRegistry, Revision, StoreError};
use grantor::{
    Admission, Attempt, AuthorizationServer, ClientId, ClientSecret, HostKeys, Limits, RateLimiter, Resource,
    Scope, SystemEntropy, async_trait,
};
use grantor_storage_memory::MemoryStore;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Remembers where attempts came from.
#[derive(Clone, Debug, Default)]
struct Peers(Arc<Mutex<Vec<Option<IpAddr>>>>);

#[async_trait]
impl RateLimiter for Peers {
    async fn admit(&self, attempt: &Attempt<'_>) -> Result<Admission, StoreError> {
        self.0.lock().unwrap().push(attempt.peer());
        Ok(Admission::Admitted)
    }

    async fn penalise(&self, _attempt: &Attempt<'_>) -> Result<(), StoreError> {
        Ok(())
    }
}

struct Site {
    address: SocketAddr,
    secret: ClientSecret,
    peers: Peers,
}

async fn server(limits: Limits) -> (AuthorizationServer, ClientSecret, Peers) {
    let (store, host_keys, peers) = (MemoryStore::new(), HostKeys::ephemeral(), Peers::default());
    let id = ClientId::new("machine").unwrap();
    let (secret, credential) = host_keys.new_secret(&id, &SystemEntropy::new()).unwrap();
    let client = Client::builder(id, AuthMethod::CLIENT_SECRET_POST)
        .credential(credential)
        .scope(Scope::parse("read").unwrap())
        .build()
        .unwrap();
    let _done = ClientRegistry::insert(&store, Revision::new(1), &client).await.unwrap();
    let server = AuthorizationServer::builder("https://auth.example.com/tenant", store, host_keys)
        .resource(Resource::new("https://api.example.com").scopes(["read"]))
        .limits(limits)
        .rate_limiter(peers.clone())
        .build()
        .await
        .unwrap();
    (server, secret, peers)
}

async fn serve(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
    address
}

async fn site(limits: Limits) -> Site {
    let (server, secret, peers) = server(limits).await;
    let address = serve(Router::new().merge(grantor_axum::router(server))).await;
    Site { address, secret, peers }
}

impl Site {
    fn form(&self) -> String {
        format!("grant_type=client_credentials&client_id=machine&client_secret={}", self.secret.expose())
    }

    /// Sends raw bytes and reads until the server closes.
    async fn raw(&self, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request).await.unwrap();
        read_to_end(stream).await
    }
}

async fn read_to_end(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    // A reset after the answer is as good as a close.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

fn post(path: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {length}\r\n{headers}\r\n{body}"
    )
    .into_bytes()
}

const TOKEN: &str = "/tenant/oauth2/token";

#[tokio::test]
async fn s3_2_a_token_over_a_socket() {
    let site = site(Limits::default()).await;
    let answer = site.raw(&post(TOKEN, "", &site.form())).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(answer.contains("cache-control: no-store"));
    assert!(answer.contains("\"token_type\":\"Bearer\""));
    assert_eq!(*site.peers.0.lock().unwrap(), [Some("127.0.0.1".parse::<IpAddr>().unwrap())]);
}

#[tokio::test]
async fn rfc8414_s3_metadata_at_each_of_its_places_and_t64_from_the_issuer_alone() {
    let site = site(Limits::default()).await;
    let mut bodies = Vec::new();
    for path in [
        "/.well-known/oauth-authorization-server/tenant",
        "/.well-known/openid-configuration/tenant",
        "/tenant/.well-known/openid-configuration",
    ] {
        let forged = "X-Forwarded-Host: evil.example\r\nForwarded: host=evil.example\r\n";
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n{forged}\r\n");
        let answer = site.raw(request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
        assert!(!answer.contains("evil"), "{answer}");
        bodies.push(answer.split_once("\r\n\r\n").unwrap().1.to_owned());
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1);
    assert!(bodies[0].contains("\"token_endpoint\":\"https://auth.example.com/tenant/oauth2/token\""));
}

#[tokio::test]
async fn s3_2_other_methods_are_405_with_allow() {
    let site = site(Limits::default()).await;
    for method in ["GET", "HEAD", "PUT", "DELETE", "TRACE", "OPTIONS", "PATCH", "BREW"] {
        let answer = site
            .raw(format!("{method} {TOKEN} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes())
            .await;
        assert!(answer.starts_with("HTTP/1.1 405"), "{method}: {answer}");
        assert!(answer.contains("allow: POST\r\n"), "{method}: {answer}");
    }
    let answer = site
        .raw(b"POST /tenant/.well-known/jwks.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await;
    assert!(answer.starts_with("HTTP/1.1 405") && answer.contains("allow: GET, HEAD"), "{answer}");
    let answer = site
        .raw(b"HEAD /tenant/.well-known/jwks.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("\r\n\r\n"), "{answer}");
}

#[tokio::test]
async fn t57_a_large_body_is_413_without_being_read() {
    let site = site(Limits::default()).await;
    // Eight MiB are announced; the server answers after 64 KiB of them.
    let head = format!(
        "POST {TOKEN} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 8388608\r\n\r\n"
    );
    let mut request = head.into_bytes();
    request.extend(std::iter::repeat_n(b'a', 64 * 1024 + 1));
    let answer = site.raw(&request).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
    let exactly = format!("{}&pad={}", site.form(), "a".repeat(64 * 1024 - site.form().len() - 5));
    assert_eq!(exactly.len(), 64 * 1024);
    let answer = site.raw(&post(TOKEN, "", &exactly)).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "at the limit: {answer}");
}

#[tokio::test]
async fn t93_a_slow_body_ends_at_the_deadline_of_the_whole_request() {
    let site = site(Limits::default().with_deadline(Duration::from_millis(50))).await;
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    let head = format!(
        "POST {TOKEN} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\ngrant"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 400", "a slow body is the client's doing");
}

#[tokio::test]
async fn a_body_that_breaks_off_is_never_taken_for_the_whole() {
    let site = site(Limits::default()).await;
    let form = site.form();
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    let head = format!(
        "POST {TOKEN} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n\
         {:x}\r\n{form}\r\n",
        form.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let answer = read_to_end(stream).await;
    assert!(!answer.contains("access_token"), "{answer}");
    assert!(site.peers.0.lock().unwrap().is_empty(), "nobody tried to authenticate");
}

#[tokio::test]
async fn t92_ambiguous_framing_gives_at_most_one_answer_and_never_the_hidden_request() {
    let site = site(Limits::default()).await;
    let hidden = String::from_utf8(post(TOKEN, "", &site.form())).unwrap();
    for framing in [
        format!("Content-Length: 4\r\nContent-Length: {}\r\n", hidden.len() + 4),
        "Transfer-Encoding : chunked\r\nContent-Length: 4\r\n".to_owned(),
        "Transfer-Encoding: chunked, identity\r\n".to_owned(),
        "Content-Length: +4\r\n".to_owned(),
    ] {
        let request = format!("POST {TOKEN} HTTP/1.1\r\nHost: x\r\n{framing}\r\n0\r\n\r\n{hidden}");
        let answer = site.raw(request.as_bytes()).await;
        assert!(!answer.contains("access_token"), "{framing}: {answer}");
    }
}

#[tokio::test]
async fn every_header_reaches_core_repeats_included() {
    let site = site(Limits::default()).await;
    let twice = "Authorization: Basic eDp5\r\nAuthorization: Basic eDp5\r\n";
    let answer = site.raw(&post(TOKEN, twice, "grant_type=client_credentials")).await;
    assert!(answer.starts_with("HTTP/1.1 400"), "T48: {answer}");
    let answer = site.raw(&post(TOKEN, "Content-Encoding: gzip\r\n", &site.form())).await;
    assert!(answer.starts_with("HTTP/1.1 400"), "T57: {answer}");
}

#[tokio::test]
async fn s3_2_what_the_acceptor_reports_as_plain_http_is_refused_and_no_header_is_believed() {
    let (server, secret, peers) = server(Limits::default()).await;
    let plain = from_fn(|mut request: Request, next: Next| async move {
        let peer: SocketAddr = "192.0.2.7:443".parse().unwrap();
        let transport =
            if request.headers().contains_key("x-test-tls") { Transport::Tls } else { Transport::Plain };
        request.extensions_mut().insert(grantor_axum::Connection::new(transport).peer(peer));
        let answer: Response = next.run(request).await;
        answer
    });
    let address = serve(Router::new().merge(grantor_axum::router(server)).layer(plain)).await;
    let site = Site { address, secret, peers };
    let answer = site.raw(&post(TOKEN, "X-Forwarded-Proto: https\r\n", &site.form())).await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    let answer =
        site.raw(&post(TOKEN, "X-Test-Tls: 1\r\nX-Forwarded-For: 198.51.100.1\r\n", &site.form())).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(*site.peers.0.lock().unwrap(), [Some("192.0.2.7".parse::<IpAddr>().unwrap())]);
}

#[tokio::test]
#[should_panic(expected = "Overlapping method route")]
async fn a_route_of_the_hosts_at_the_same_path_is_found_at_start() {
    let (server, ..) = server(Limits::default()).await;
    let theirs = Router::new().route(TOKEN, routing::post(async || "theirs"));
    drop(theirs.merge(grantor_axum::router::<()>(server)));
}

#[tokio::test]
async fn single_handlers_serve_a_route_of_ones_own() {
    let (server, secret, peers) = server(Limits::default()).await;
    let app = Router::new()
        .route("/t", routing::post(grantor_axum::token))
        .route("/i", routing::post(grantor_axum::introspect))
        .route("/r", routing::post(grantor_axum::revoke))
        .route("/k", routing::get(grantor_axum::jwks))
        .route("/m", routing::get(grantor_axum::metadata))
        .with_state(server);
    let site = Site { address: serve(app).await, secret, peers };
    assert!(site.raw(&post("/t", "", &site.form())).await.starts_with("HTTP/1.1 200"));
    let about = format!("{}&token=x", site.form());
    assert!(site.raw(&post("/i", "", &about)).await.ends_with(r#"{"active":false}"#));
    let ended = site.raw(&post("/r", "", &about)).await;
    assert!(ended.starts_with("HTTP/1.1 200") && ended.ends_with("\r\n\r\n"), "{ended}");
    for path in ["/k", "/m"] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        assert!(site.raw(request.as_bytes()).await.starts_with("HTTP/1.1 200"), "{path}");
    }
}

#[tokio::test]
async fn what_was_asked_for_with_expect_is_read_after_an_interim_answer() {
    let site = site(Limits::default()).await;
    let answer = site.raw(&post(TOKEN, "Expect: 100-continue\r\n", &site.form())).await;
    let (interim, answer) = answer.split_once("\r\n\r\n").unwrap();
    assert_eq!(interim, "HTTP/1.1 100 Continue");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn a_chunked_body_is_read_to_its_end() {
    let site = site(Limits::default()).await;
    let (one, two) = (site.form(), "&scope=read");
    let request = format!(
        "POST {TOKEN} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{one}\r\n{:x}\r\n{two}\r\n0\r\n\r\n",
        one.len(),
        two.len()
    );
    let answer = site.raw(request.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn t93_a_chunked_body_without_end_is_not_read_on_after_its_answer() {
    let site = site(Limits::default()).await;
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    let head = format!("POST {TOKEN} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut answer, mut body) = stream.into_split();
    let chunk = format!("{:x}\r\n{}\r\n", 8192, "a".repeat(8192));
    let endless = async move { while body.write_all(chunk.as_bytes()).await.is_ok() {} };
    let mut first = [0; 12];
    let read = async {
        answer.read_exact(&mut first).await.unwrap();
    };
    // The end of what is written is the server's doing: it closes.
    let both = async { tokio::join!(endless, read) };
    assert!(tokio::time::timeout(Duration::from_secs(8), both).await.is_ok(), "it still reads");
    assert_eq!(&first, b"HTTP/1.1 413");
}

#[tokio::test]
async fn maintenance_runs_by_itself_until_it_is_stopped() {
    let (server, ..) = server(Limits::default()).await;
    let handle = grantor_axum::spawn_maintenance(server);
    tokio::task::yield_now().await;
    assert!(!handle.is_finished());
    handle.abort();
    assert!(handle.await.unwrap_err().is_cancelled());
}
