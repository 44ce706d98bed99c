//! One assertion on many connections at once.

use std::future::IntoFuture;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use grantor::store::{AuthMethod, Client, ClientRegistry, Credential, Revision};
use grantor::{AuthorizationServer, ClientId, Clock, HostKeys, PublicKey, Resource, Scope, Timestamp};
use grantor_storage_memory::MemoryStore;
use serde_json::Value;

const AT_ONCE: usize = 24;

#[derive(Debug)]
struct Standing(i64);

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(self.0).unwrap()
    }
}

async fn server(vectors: &Value) -> AuthorizationServer {
    let store = MemoryStore::new();
    let key = PublicKey::from_jwk(&vectors["clients"]["c-es"]["jwks"]["keys"][0].to_string()).unwrap();
    let client = Client::builder(ClientId::new("c-es").unwrap(), AuthMethod::PRIVATE_KEY_JWT)
        .credential(Credential::key(key).unwrap())
        .scope(Scope::parse("read").unwrap())
        .build()
        .unwrap();
    let _done = ClientRegistry::insert(&store, Revision::new(1), &client).await.unwrap();
    AuthorizationServer::builder(vectors["issuer"].as_str().unwrap(), store, HostKeys::ephemeral())
        .clock(Standing(vectors["now"].as_i64().unwrap()))
        .resource(Resource::new("https://api.example.com").scopes(["read"]))
        .build()
        .await
        .unwrap()
}

/// Sends all but the last byte, waits for the others, and lets that one follow.
fn present(address: SocketAddr, body: &str, start: &Barrier) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.set_nodelay(true).unwrap();
    let length = body.len();
    let request = format!(
        "POST /oauth2/token HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    let (most, last) = request.as_bytes().split_at(request.len() - 1);
    stream.write_all(most).unwrap();
    start.wait();
    stream.write_all(last).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn t05_twenty_four_connections_with_one_assertion_are_one_token() {
    let vectors =
        include_str!("../../../../core/conformance/vectors/client-assertions.json").parse::<Value>().unwrap();
    let assertion = vectors["tests"][0]["assertion"].as_str().unwrap();
    let body: Arc<str> = format!(
        "grant_type=client_credentials&client_assertion={assertion}\
         &client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
    )
    .into();
    for round in 0..10 {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = grantor_axum::router(server(&vectors).await);
        let serving = tokio::spawn(axum::serve(listener, router).into_future());
        let start = Arc::new(Barrier::new(AT_ONCE));
        let threads: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                let (body, start) = (Arc::clone(&body), Arc::clone(&start));
                thread::spawn(move || present(address, &body, &start))
            })
            .collect();
        let answers: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        serving.abort();
        let issued =
            |answer: &&String| answer.starts_with("HTTP/1.1 200 ") && answer.contains("\"access_token\":\"");
        let refused = |answer: &&String| {
            answer.starts_with("HTTP/1.1 401 ") && answer.contains("\"error\":\"invalid_client\"")
        };
        let counts = (answers.iter().filter(issued).count(), answers.iter().filter(refused).count());
        assert_eq!(counts, (1, AT_ONCE - 1), "round {round}: {answers:#?}");
    }
}
