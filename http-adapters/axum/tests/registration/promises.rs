//! What registration promises over a socket, whatever the framework. Shared with `grantor-actix`.

use std::net::SocketAddr;

use grantor::{AuthorizationServer, HostKeys, Registration, Resource};
use grantor_storage_memory::MemoryStore;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::serve;

pub const INITIAL: &str = "an-initial-access-token-of-the-configuration-4711";
pub const REGISTER: &str = "/tenant/oauth2/register";
const ORIGIN: &str = "https://auth.example.com";

pub async fn server(registration: Option<Registration>) -> AuthorizationServer {
    let builder =
        AuthorizationServer::builder(format!("{ORIGIN}/tenant"), MemoryStore::new(), HostKeys::ephemeral());
    let builder = builder.resource(Resource::new("https://api.example.com").scopes(["read", "write"]));
    match registration {
        Some(registration) => builder.registration(registration),
        None => builder,
    }
    .build()
    .await
    .unwrap()
}

pub fn open() -> Registration {
    Registration::new().initial_access_token(INITIAL)
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// Sends raw bytes, and reads one answer.
pub async fn raw(address: SocketAddr, request: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    // Not to the end: with a body that nobody has read actix-web waits before it closes.
    while !is_whole(&answer) {
        match stream.read_buf(&mut answer).await {
            Ok(0) | Err(_) => break,
            Ok(_) => {}
        }
    }
    parsed(&answer)
}

async fn read_to_end(mut stream: TcpStream) -> Answer {
    let mut answer = Vec::new();
    // A reset after the answer is as good as a close.
    let _ = stream.read_to_end(&mut answer).await;
    parsed(&answer)
}

fn parsed(answer: &[u8]) -> Answer {
    let answer = std::str::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    Answer { status, head: head.to_lowercase(), body: body.to_owned() }
}

/// Whether all that its length announces is there.
fn is_whole(answer: &[u8]) -> bool {
    let Answer { head, body, .. } = parsed(answer);
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    length.is_some_and(|length| body.len() >= length.parse::<usize>().unwrap())
}

/// A request whose bytes nothing has made neat.
pub async fn send(address: SocketAddr, start: &str, token: &str, more: &str, body: &str) -> Answer {
    let length = body.len();
    let request = format!(
        "{start} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n{more}\r\n{body}"
    );
    raw(address, request.as_bytes()).await
}

/// A client that has just registered itself.
pub struct Own {
    pub id: String,
    pub token: String,
    pub path: String,
    pub said: Value,
}

impl Own {
    #[track_caller]
    pub fn of(answer: &Answer) -> Self {
        assert_eq!(answer.status, 201, "{answer:?}");
        let said = answer.json();
        let text = |name: &str| said[name].as_str().unwrap().to_owned();
        let uri = text("registration_client_uri");
        let path = uri.strip_prefix(ORIGIN).expect("from the issuer alone").to_owned();
        Self { id: text("client_id"), token: text("registration_access_token"), path, said }
    }

    pub async fn registered(address: SocketAddr, name: &str) -> Self {
        let body = json!({ "client_name": name }).to_string();
        Self::of(&send(address, &format!("POST {REGISTER}"), INITIAL, "", &body).await)
    }

    async fn name(&self, address: SocketAddr) -> Value {
        let answer = send(address, &format!("GET {}", self.path), &self.token, "", "").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["client_name"].clone()
    }
}

#[tokio::test]
async fn rfc7591_s3_rfc7592_s2_a_client_registers_reads_changes_and_deletes_itself() {
    let address = serve(server(Some(open())).await).await;
    let own = Own::registered(address, "Billing").await;
    assert_eq!(own.path, format!("{REGISTER}/{}", own.id));
    assert_eq!(own.name(address).await, "Billing");
    let body = json!({ "client_id": own.id, "client_name": "Ledger" }).to_string();
    let changed = send(address, &format!("PUT {}", own.path), &own.token, "", &body).await;
    assert_eq!((changed.status, &changed.json()["client_name"]), (200, &json!("Ledger")));
    let stale = send(address, &format!("DELETE {}", own.path), &own.token, "", "").await;
    assert_eq!(stale.status, 401, "the token was rotated");
    assert!(
        stale.head.contains("www-authenticate: bearer") && stale.head.contains("invalid_token"),
        "{}",
        stale.head
    );
    let token = changed.json()["registration_access_token"].as_str().unwrap().to_owned();
    let gone = send(address, &format!("DELETE {}", own.path), &token, "", "").await;
    assert_eq!((gone.status, gone.body.as_str()), (204, ""));
    assert!(
        gone.head.contains("cache-control: no-store") && gone.head.contains("pragma: no-cache"),
        "{}",
        gone.head
    );
    assert!(!gone.head.contains("content-type"), "there is nothing to describe: {}", gone.head);
    assert_eq!(send(address, &format!("GET {}", own.path), &token, "", "").await.status, 401);
}

/// The registered client gets a token over the same socket.
#[tokio::test]
async fn rfc7591_s3_2_1_what_was_answered_gets_a_token() {
    let address = serve(server(Some(open())).await).await;
    let metadata = r#"{"token_endpoint_auth_method":"client_secret_post","scope":"read"}"#;
    let own = Own::of(&send(address, &format!("POST {REGISTER}"), INITIAL, "", metadata).await);
    let secret = own.said["client_secret"].as_str().unwrap();
    let form = format!("grant_type=client_credentials&client_id={}&client_secret={secret}", own.id);
    let request = format!(
        "POST /tenant/oauth2/token HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{form}",
        form.len()
    );
    let answer = raw(address, request.as_bytes()).await;
    assert_eq!((answer.status, &answer.json()["scope"]), (200, &json!("read")), "{answer:?}");
}

/// T81: a path that is not the one that was told, byte for byte, opens nobody's record, whatever a router makes of it.
#[tokio::test]
async fn t81_tricks_with_the_path_open_nothing() {
    let address = serve(server(Some(open())).await).await;
    let (own, other) = (Own::registered(address, "Mine").await, Own::registered(address, "Another's").await);
    let (a, b) = (&own.id, &other.id);
    let escaped: String = b.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let of_b = &b["client-".len()..];
    let paths = [
        format!("{REGISTER}/{b}"),
        format!("{REGISTER}/{a}/../{b}"),
        format!("{REGISTER}/./{b}"),
        format!("{REGISTER}/x/../{b}"),
        format!("{REGISTER}/{a}/%2e%2e/{b}"),
        format!("{REGISTER}/%2e%2e/register/{b}"),
        format!("{REGISTER}/%2E/{b}"),
        format!("{REGISTER}/{a}%2f..%2f{b}"),
        format!("{REGISTER}/{a}%2F%2e%2e%2F{b}"),
        format!("{REGISTER}/%2f{b}"),
        format!("{REGISTER}%2f{b}"),
        format!("{REGISTER}//{b}"),
        format!("//{}/{b}", &REGISTER[1..]),
        format!("/tenant//oauth2/register/{b}"),
        format!("/tenant/../tenant/oauth2/register/{b}"),
        format!("{REGISTER}/{b}/"),
        format!("{REGISTER}/{b}//"),
        format!("{REGISTER}/{b}/."),
        format!("{REGISTER}/{b}/x"),
        format!("{REGISTER}/{b}%00"),
        format!("{REGISTER}/{b}%20"),
        format!("{REGISTER}/{b};a={a}"),
        format!("{REGISTER}/{b}?client_id={a}"),
        format!("{REGISTER}/{escaped}"),
        format!("{REGISTER}/%63lient-{of_b}"),
        format!("{REGISTER}/client%2d{of_b}"),
        format!("{REGISTER}/%2563lient-{of_b}"),
        format!("{REGISTER}/{}", b.to_uppercase()),
        format!("{REGISTER}/{{client_id}}"),
        format!("{REGISTER}/%7Bclient_id%7D"),
        format!("{REGISTER}/*"),
        format!("{REGISTER}/"),
        format!("{REGISTER}/."),
        format!("{REGISTER}/.."),
        format!("/oauth2/register/{b}"),
        format!("http://auth.example.com{REGISTER}/{b}"),
        format!("{REGISTER}/{a}\\..\\{b}"),
    ];
    let body = json!({ "client_id": b, "client_name": "Taken over" }).to_string();
    for path in &paths {
        for method in ["GET", "PUT", "DELETE"] {
            let answer = send(address, &format!("{method} {path}"), &own.token, "", &body).await;
            assert!([400, 401, 404].contains(&answer.status), "{method} {path}: {answer:?}");
            assert!(!answer.body.contains(b.as_str()) && !answer.body.contains("Another"), "{answer:?}");
        }
    }
    // Whoever has the right token reaches it by the path that was told, and by no other spelling of it.
    for path in paths.iter().filter(|path| path.contains('%')) {
        let answer = send(address, &format!("GET {path}"), &other.token, "", "").await;
        assert!([400, 401, 404].contains(&answer.status), "{path}: {answer:?}");
    }
    assert_eq!((own.name(address).await, other.name(address).await), (json!("Mine"), json!("Another's")));
}

/// T64: every URL comes from the issuer.
#[tokio::test]
async fn t64_forged_host_headers_change_no_url() {
    let address = serve(server(Some(open())).await).await;
    let forged = "X-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Prefix: /evil\r\nX-Forwarded-For: 192.0.2.9\r\n\
                  Forwarded: for=192.0.2.9;host=evil.example;proto=http\r\nX-Original-URL: /evil\r\nX-Rewrite-URL: /evil\r\n\
                  X-Original-Host: evil.example\r\nX-HTTP-Method-Override: DELETE\r\n";
    let own = Own::registered(address, "Billing").await;
    for start in [
        format!("POST {REGISTER}"),
        format!("POST http://evil.example{REGISTER}"),
        format!("POST {REGISTER}?evil.example"),
    ] {
        let answer = send(address, &start, INITIAL, forged, "{}").await;
        drop(Own::of(&answer));
        assert!(!answer.body.contains("evil") && !answer.head.contains("evil"), "{start}: {answer:?}");
    }
    let body = json!({ "client_id": own.id }).to_string();
    for (method, token) in [("GET", &own.token), ("PUT", &own.token)] {
        for host in ["", "http://evil.example"] {
            if method == "PUT" && !host.is_empty() {
                continue;
            }
            let answer = send(address, &format!("{method} {host}{}", own.path), token, forged, &body).await;
            assert_eq!(answer.status, 200, "{method}: {answer:?}");
            assert_eq!(answer.json()["registration_client_uri"], format!("{ORIGIN}{}", own.path));
        }
    }
    let document = "GET /.well-known/oauth-authorization-server/tenant";
    let answer = send(address, document, "x", forged, "").await;
    assert_eq!(answer.json()["registration_endpoint"], format!("{ORIGIN}{REGISTER}"));
}

#[tokio::test]
async fn rfc7592_s2_other_methods_are_405_with_allow() {
    let address = serve(server(Some(open())).await).await;
    let own = Own::registered(address, "Billing").await;
    for method in ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"] {
        let answer = send(address, &format!("{method} {REGISTER}"), INITIAL, "", "").await;
        assert_eq!(answer.status, 405, "{method}: {answer:?}");
        assert!(answer.head.contains("allow: post"), "{method}: {}", answer.head);
    }
    for method in ["POST", "HEAD", "PATCH", "OPTIONS", "TRACE", "BREW"] {
        let answer = send(address, &format!("{method} {}", own.path), &own.token, "", "{}").await;
        assert_eq!(answer.status, 405, "{method}: {answer:?}");
        assert!(answer.head.contains("allow: get, put, delete"), "{method}: {}", answer.head);
    }
    assert_eq!(own.name(address).await, "Billing");
}

/// Bodies of PUT and DELETE arrive as those of POST do: whole, in chunks, broken off, too large.
#[tokio::test]
async fn rfc7592_s2_2_bodies_of_put_and_delete() {
    let address = serve(server(Some(open())).await).await;
    let own = Own::registered(address, "Billing").await;
    let put = format!("PUT {}", own.path);
    let large = json!({ "client_id": own.id, "x": "x".repeat(64 * 1024) }).to_string();
    for (start, token) in [
        (&put, &*own.token),
        (&format!("POST {REGISTER}"), INITIAL),
        (&format!("DELETE {}", own.path), &own.token),
    ] {
        let answer = send(address, start, token, "", &large).await;
        assert_eq!(answer.status, 413, "{start}: {answer:?}");
        assert!(answer.head.contains("connection: close"), "{start}: {}", answer.head);
    }
    let name = |name: &str| json!({ "client_id": own.id, "client_name": name }).to_string();
    let head = |token: &str| {
        format!(
            "{put} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
             Transfer-Encoding: chunked\r\n"
        )
    };
    // Broken off after what would be a whole document.
    let body = name("Broken off");
    let mut stream = TcpStream::connect(address).await.unwrap();
    let part = format!("{}\r\n{:x}\r\n{body}\r\n", head(&own.token), body.len());
    stream.write_all(part.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let answer = read_to_end(stream).await;
    assert!(!answer.body.contains("grantor_rat_"), "{answer:?}");
    assert_eq!(own.name(address).await, "Billing", "never taken for the whole");
    let body = name("In chunks");
    let (one, two) = body.split_at(10);
    let whole = format!(
        "{}Connection: close\r\n\r\n{:x}\r\n{one}\r\n{:x}\r\n{two}\r\n0\r\n\r\n",
        head(&own.token),
        one.len(),
        two.len()
    );
    let answer = raw(address, whole.as_bytes()).await;
    assert_eq!((answer.status, &answer.json()["client_name"]), (200, &json!("In chunks")), "{answer:?}");
    let token = answer.json()["registration_access_token"].as_str().unwrap().to_owned();
    let answer = send(address, &format!("DELETE {}", own.path), &token, "", "{not json").await;
    assert_eq!(answer.status, 204, "what stands in it is not looked at: {answer:?}");
}

#[tokio::test]
async fn rfc7591_s3_where_registration_is_off_there_is_nothing() {
    let address = serve(server(None).await).await;
    for start in [
        format!("POST {REGISTER}"),
        format!("GET {REGISTER}/client-1"),
        format!("DELETE {REGISTER}/client-1"),
    ] {
        assert_eq!(send(address, &start, INITIAL, "", "{}").await.status, 404, "{start}");
    }
}

/// A server that hangs up on nobody who asks rightly: two requests over one connection.
#[tokio::test]
async fn rfc7592_s2_3_an_empty_answer_leaves_the_connection_usable() {
    let address = serve(server(Some(open())).await).await;
    let own = Own::registered(address, "Billing").await;
    let bearer = format!("Host: x\r\nAuthorization: Bearer {}\r\n", own.token);
    let both = format!(
        "DELETE {} HTTP/1.1\r\n{bearer}\r\nGET {} HTTP/1.1\r\n{bearer}Connection: close\r\n\r\n",
        own.path, own.path
    );
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(both.as_bytes()).await.unwrap();
    let answer = read_to_end(stream).await;
    assert_eq!(answer.status, 204, "{answer:?}");
    assert!(answer.body.starts_with("HTTP/1.1 401"), "{answer:?}");
}
