//! Initial access tokens, registration access tokens, secrets and software statements go down every path of registration, and show
//! up nowhere but in the answer that gives them (T95).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use grantor::http::{Request, RequestBuilder, Transport};
use grantor::store::InitialAccess;
use grantor::{AuthorizationServer, Endpoint, Stores, SystemEntropy};
use serde_json::{Value, json};
use support::*;

/// Everything that may show no secret: what is printed, told, logged and stored.
struct Watched {
    world: World,
    log: Log,
    access: FakeAccess,
    registry: FakeRegistry,
    shown: String,
}

impl Watched {
    /// Sends a request, and gives its answer. Of the answer's text only what is no 2xx must be clean.
    async fn send(
        &mut self,
        server: &AuthorizationServer,
        endpoint: Endpoint,
        request: RequestBuilder,
    ) -> Answer {
        let request = request.build();
        // A path is shown, and what stands there is its sender's doing: it gets no further.
        if request.path() == REGISTER || request.path().starts_with("/oauth2/register/client-") {
            self.shown += &format!("{request:?}{request:#?}");
        }
        let response = server.handle(endpoint, request).await;
        self.shown += &format!("{response:?}{response:#?}");
        let answer = Answer::of(response);
        self.shown += &format!("{:?}", answer.headers);
        if answer.status >= 300 {
            self.shown += &answer.text();
        }
        answer
    }

    fn all(&self) -> String {
        let told: String = self
            .world
            .events
            .all()
            .iter()
            .map(|event| format!("{} {}\n", event.debug, event.source))
            .collect();
        format!("{}\n{told}{}{}", self.shown, self.log.text(), self.access.documents())
    }

    #[track_caller]
    fn clean_of(&self, secrets: &[(&str, &str)]) {
        let all = self.all();
        for (what, secret) in secrets {
            clean(&all, secret, what);
            let start = &secret[secret.len() / 2 - 12..secret.len() / 2 + 12];
            assert!(!all.contains(start), "the middle of {what}");
        }
    }
}

/// Every way to present `token` to the registration endpoint, rightly and wrongly.
fn registrations(token: &str, body: &str) -> Vec<RequestBuilder> {
    let post =
        |path: &str| Request::builder("POST", path).header("content-type", "application/json").body(body);
    let named: Vec<Value> =
        ["client_name", "scope", "jwks_uri", "token_endpoint_auth_method", "client_id", "x", "grant_types"]
            .map(|name| json!({ name: token }))
            .to_vec();
    let mut all = vec![
        registration_of(token, body),
        registration_of(&format!("{token}x"), body),
        registration_of(&token.to_uppercase(), body),
        registration_of(token, "{not json"),
        registration_of(token, format!("{{\"{token}\":1,\"{token}\":2}}")),
        registration_of(token, token),
        registration_of(token, body).incomplete_body(),
        registration_of(token, body).transport(Transport::Plain),
        registration_of(token, body).header("authorization", format!("Bearer {token}")),
        registration_of(token, body).header("content-type", token),
        registration_of(token, format!("{{\"x\":\"{}\"}}", token.repeat(2000))),
        post(REGISTER).header("authorization", token),
        post(REGISTER).header("authorization", format!("Basic {token}")),
        post(REGISTER).header("authorization", basic("", token)),
        post(&format!("{REGISTER}?access_token={token}")),
        post(&format!("{REGISTER}/{token}")),
        Request::builder("GET", &format!("{REGISTER}?{token}")),
    ];
    all.extend(named.iter().map(|metadata| registration_of(token, metadata.to_string())));
    all
}

/// Every way to present `token` to the client configuration endpoint of `client`.
fn managements(client: &Registered, token: &str, secret: &str) -> Vec<RequestBuilder> {
    let body = |more: Value| merged(&json!({ "client_id": client.id }), &more).to_string();
    let put = |token: &str, more: Value| management("PUT", &client.path(), token, body(more));
    vec![
        management("GET", &client.path(), token, ""),
        management("GET", &format!("{REGISTER}/{token}"), token, ""),
        management("GET", &format!("{}?access_token={token}", client.path()), "wrong", ""),
        management("GET", &client.path(), &format!("{token}x"), ""),
        management("POST", &client.path(), token, token),
        management("GET", &client.path(), token, "").header("authorization", format!("Bearer {token}")),
        put("wrong", json!({ "client_secret": secret })),
        put(token, json!({ "client_secret": format!("{secret}x") })),
        put(token, json!({ "client_secret": [secret] })),
        put(token, json!({ "client_name": 7, "client_secret": secret })),
        put(token, json!({ "registration_access_token": token })),
        put(token, json!({ "client_id": token })),
        put(token, json!({ "scope": token })),
        put(token, json!({ token: token, "software_statement": token })),
        management("PUT", &client.path(), token, format!("{{\"{token}\"")),
    ]
}

#[tokio::test]
async fn t95_nothing_of_registration_shows_up() {
    let (log, _guard) = Log::capture();
    let world = World::new();
    let (access, registry) = (FakeAccess::default(), FakeRegistry::new(&world.store));
    let stores = Stores::from(world.store.clone()).with_clients(registry.clone());
    let stores = stores.with_registry(registry.clone()).with_initial_access(access.clone());
    let key = Signing::es256();
    let open = registration().software_issuer(issuer_name("https://publisher.example"), inline(&[&key]));
    let opened = format!("{open:?}{open:#?}");
    let builder = world.over(stores).registration(open);
    let shown = format!("{opened}{builder:?}");
    let server = builder.build().await.unwrap();
    let mut watched = Watched { world, log, access, registry, shown };
    let stored = watched.access.issue(|token| token.label("for the walk"));
    let statement = key.sign_raw(
        r#"{"alg":"ES256"}"#,
        json!({ "iss": "https://publisher.example", "client_name": "Vouched", "software_id": "a-marked-software-4711" }).to_string(),
    );
    let forged = format!("{}x", &statement[..statement.len() - 1]);
    let with = |statement: &str| json!({ "software_statement": statement }).to_string();
    let mut given = 0;
    for token in [INITIAL, stored.expose()] {
        for body in ["{}".to_owned(), with(&statement), with(&forged), with(&statement[1..])] {
            for request in registrations(token, &body) {
                let answer = watched.send(&server, Endpoint::Registration, request).await;
                assert!(answer.status < 500, "{}", answer.text());
                if answer.status == 201 {
                    given += 1;
                    assert!(
                        !answer.text().contains(token)
                            || body.contains(token)
                            || answer.json()["client_name"] == token
                    );
                }
            }
        }
    }
    assert!(given >= 8, "{given}: good ones were among them");
    let mut secrets =
        vec![("the configured token", INITIAL.to_owned()), ("a stored token", stored.expose().to_owned())];
    secrets.push(("a statement", statement.clone()));
    secrets.push(("what it is signed with", statement.rsplit('.').next().unwrap().to_owned()));
    for metadata in [
        json!({}),
        json!({ "token_endpoint_auth_method": "client_secret_jwt", "software_statement": statement }),
    ] {
        let client = registered(&server, &metadata).await;
        let requests = managements(&client, &client.token, client.secret());
        for request in requests {
            let answer = watched.send(&server, Endpoint::ClientConfiguration, request).await;
            assert!(answer.status < 500 && answer.status != 204, "{}", answer.text());
        }
        for (call, broken, methods) in [
            ("find", Broken::Unavailable, ["GET", "PUT", "DELETE"].as_slice()),
            ("update", Broken::Corrupt, &["PUT"]),
            ("delete", Broken::Unavailable, &["DELETE"]),
        ] {
            watched.registry.calls.fail(call, broken);
            for method in methods {
                let body = json!({ "client_id": client.id, "client_secret": client.secret() }).to_string();
                let request = management(method, &client.path(), &client.token, body);
                let answer = watched.send(&server, Endpoint::ClientConfiguration, request).await;
                assert!(answer.status >= 500, "{call} {method}: {}", answer.text());
            }
            watched.registry.calls.mend();
        }
        let record = watched.world.record(&client.id).await.unwrap();
        watched.shown += &format!("{record:?}{record:#?}{:?}", record.registration());
        let document = record.to_document().unwrap();
        // A statement is part of what is registered; a secret and a token are not.
        for (what, secret) in [("the secret", client.secret()), ("the token", client.token.as_str())] {
            clean(&document, secret, what);
        }
        let clients = watched.world.clients();
        let rotated = clients.rotate_registration_token(&client_id(&client.id)).await.unwrap();
        let secret = clients.rotate_secret(&client_id(&client.id), std::time::Duration::ZERO).await.unwrap();
        watched.shown += &format!("{rotated:?}{secret:?}{clients:?}");
        secrets.push(("another token", rotated.expose().to_owned()));
        secrets.push(("another secret", secret.secret.expose().to_owned()));
        let read = manage(&server, "GET", &client.path(), rotated.expose(), "").await;
        assert_eq!(read.status, 200);
        assert!(!read.text().contains(secret.secret.expose()), "a read shows no secret");
        secrets.push(("the secret", client.secret().to_owned()));
        secrets.push(("the registration access token", client.token.clone()));
        let digest = document.split("\"token\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        secrets.push(("its digest", digest));
    }
    watched.shown += &format!("{server:?}{server:#?}{}{:?}", server.summary(), server.summary());
    for told in ["client", "registration", "registry-down-7f3", "registry-row-broken-7f3"] {
        assert!(watched.log.text().contains(told), "the log was captured, and says {told}");
    }
    let secrets: Vec<_> = secrets.iter().map(|(what, secret)| (*what, secret.as_str())).collect();
    watched.clean_of(&secrets);
}

#[test]
fn t95_tokens_and_their_records_cannot_be_printed() {
    let (token, access) = InitialAccess::issue(&SystemEntropy::new()).unwrap();
    let record = access.clone().label("billing").build().unwrap();
    let shown = format!("{token:?}{token:#?}{access:?}{record:?}{record:#?}");
    clean(&shown, token.expose(), "a value");
    assert!(shown.contains(token.id().as_str()), "named, without being it");
    let document = record.to_document().unwrap();
    clean(&document, token.expose(), "the record");
    let digest = serde_json::from_str::<Value>(&document).unwrap()["digest"].as_str().unwrap().to_owned();
    clean(&shown, &digest, "a value");
}
