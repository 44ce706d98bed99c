//! Clients that register themselves (RFC 7591) and manage that (RFC 7592).

use grantor::http::{Request, RequestBuilder};
use grantor::store::{Client, ClientStore};
use grantor::{AuthorizationServer, Builder, Clients, Registration, Stores};
use serde_json::{Value, json};

use super::{
    Answer, Assertion, FakeAccess, ISSUER, Signing, World, client_id, grant, grant_post, present, refused,
    send,
};

/// The initial access token of the configuration.
pub const INITIAL: &str = "an-initial-access-token-of-the-configuration-4711";
pub const REGISTER: &str = "/oauth2/register";

/// Registration for whoever has [`INITIAL`].
pub fn registration() -> Registration {
    Registration::new().initial_access_token(INITIAL)
}

/// What client libraries send whose users have left most of it to them.
pub fn metadata() -> Value {
    json!({ "client_name": "Billing" })
}

/// A POST of this text with this bearer token.
pub fn registration_of(token: &str, body: impl Into<Vec<u8>>) -> RequestBuilder {
    Request::builder("POST", REGISTER)
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {token}"))
        .body(body)
}

pub async fn ask(server: &AuthorizationServer, request: RequestBuilder) -> Answer {
    Answer::of(server.register(request.build()).await)
}

/// Registers by this bearer token.
pub async fn register_by(server: &AuthorizationServer, token: &str, metadata: &Value) -> Answer {
    ask(server, registration_of(token, metadata.to_string())).await
}

/// Registers by [`INITIAL`].
pub async fn register(server: &AuthorizationServer, metadata: &Value) -> Answer {
    register_by(server, INITIAL, metadata).await
}

/// The same, and it must work.
pub async fn registered(server: &AuthorizationServer, metadata: &Value) -> Registered {
    Registered::of(&register(server, metadata).await, 201)
}

/// A client as the server told it.
#[derive(Clone, Debug)]
pub struct Registered {
    pub id: String,
    pub secret: Option<String>,
    /// Its registration access token.
    pub token: String,
    /// All of the answer.
    pub said: Value,
}

impl Registered {
    /// Holds an answer to all that RFC 7591 §3.2.1 and RFC 7592 §3 say of every one.
    #[track_caller]
    pub fn of(answer: &Answer, status: u16) -> Self {
        assert_eq!(answer.status, status, "{}", answer.text());
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("pragma"), Some("no-cache"));
        let said = answer.json();
        let text = |name: &str| said[name].as_str().map(str::to_owned);
        let (id, token) = (text("client_id").unwrap(), text("registration_access_token").unwrap());
        assert_eq!(said["registration_client_uri"], format!("{ISSUER}{REGISTER}/{id}"));
        assert!(token.starts_with("grantor_rat_"), "recognised by scanners");
        let members = said.as_object().unwrap();
        assert_eq!(
            members.contains_key("client_secret"),
            said["client_secret_expires_at"].is_u64(),
            "{said}"
        );
        assert!(said["client_id_issued_at"].is_u64(), "{said}");
        for name in ["token_endpoint_auth_method", "scope"] {
            assert!(said[name].is_string(), "{name}: {said}");
        }
        assert_eq!(said["response_types"], json!([]));
        assert!(said["grant_types"].as_array().is_some_and(|grants| !grants.is_empty()), "{said}");
        assert!(members.values().all(|value| !value.is_null()), "{said}");
        assert!(!(members.contains_key("jwks") && members.contains_key("jwks_uri")), "{said}");
        Self { id, secret: text("client_secret"), token, said }
    }

    pub fn secret(&self) -> &str {
        self.secret.as_deref().expect("a secret")
    }

    /// The path of its `registration_client_uri`.
    pub fn path(&self) -> String {
        let uri = self.said["registration_client_uri"].as_str().unwrap();
        uri.strip_prefix(ISSUER).unwrap().to_owned()
    }

    pub async fn read(&self, server: &AuthorizationServer) -> Answer {
        manage(server, "GET", &self.path(), &self.token, "").await
    }

    /// Replaces what is registered by `metadata`, to which its `client_id` is added.
    pub async fn put(&self, server: &AuthorizationServer, metadata: &Value) -> Answer {
        let whole = super::merged(metadata, &json!({ "client_id": self.id }));
        manage(server, "PUT", &self.path(), &self.token, whole.to_string()).await
    }

    /// The same, and it must work: the client as it is now.
    pub async fn updated(&self, server: &AuthorizationServer, metadata: &Value) -> Self {
        Self::of(&self.put(server, metadata).await, 200)
    }

    pub async fn delete(&self, server: &AuthorizationServer) -> Answer {
        manage(server, "DELETE", &self.path(), &self.token, "").await
    }

    /// Asks for a token by this secret, by the method that it is registered for.
    pub async fn asks_with(&self, server: &AuthorizationServer, secret: &str) -> Answer {
        match self.said["token_endpoint_auth_method"].as_str().unwrap() {
            "client_secret_basic" => send(server, grant(&self.id, secret, &[])).await,
            "client_secret_post" => send(server, grant_post(&self.id, secret, &[])).await,
            "client_secret_jwt" => {
                let key = Signing::secret("HS256", secret.as_bytes());
                present(server, &Assertion::of(&self.id).sign(&key)).await
            }
            other => panic!("{other} has no secret"),
        }
    }

    pub async fn asks(&self, server: &AuthorizationServer) -> Answer {
        self.asks_with(server, self.secret()).await
    }

    /// Asks by an assertion of this key.
    pub async fn asks_by(&self, server: &AuthorizationServer, key: &Signing) -> Answer {
        present(server, &Assertion::of(&self.id).sign(key)).await
    }
}

/// A request to the client configuration endpoint.
pub fn management(method: &str, path: &str, token: &str, body: impl Into<Vec<u8>>) -> RequestBuilder {
    let request =
        Request::builder(method, path).header("authorization", format!("Bearer {token}")).body(body);
    if method == "PUT" { request.header("content-type", "application/json") } else { request }
}

pub async fn manage(
    server: &AuthorizationServer,
    method: &str,
    path: &str,
    token: &str,
    body: impl Into<Vec<u8>>,
) -> Answer {
    Answer::of(server.client_configuration(management(method, path, token, body).build()).await)
}

/// Holds a refusal of metadata to RFC 7591 §3.2.2, and gives its description.
#[track_caller]
pub fn bad_metadata(answer: &Answer, what: impl std::fmt::Display) -> String {
    assert_eq!(answer.status, 400, "{what}: {}", answer.text());
    refused(answer, 400, "invalid_client_metadata");
    answer.json()["error_description"].as_str().unwrap().to_owned()
}

/// Holds a refusal of a bearer token to RFC 6750 §3.1.
#[track_caller]
pub fn bad_token(answer: &Answer, what: impl std::fmt::Display) {
    assert_eq!(answer.status, 401, "{what}: {}", answer.text());
    refused(answer, 401, "invalid_token");
    let challenge = answer.header("www-authenticate").unwrap();
    assert!(challenge.starts_with("Bearer "), "{what}: {challenge}");
    assert!(challenge.contains(r#"error="invalid_token""#), "{what}: {challenge}");
}

impl World {
    /// A builder whose server takes registrations by [`INITIAL`], over the world's own store.
    pub fn open(&self) -> Builder {
        self.builder().registration(registration())
    }

    /// A server that takes registrations by [`INITIAL`].
    pub async fn registering(&self) -> AuthorizationServer {
        self.open().build().await.unwrap()
    }

    /// The same with this registration and these initial access tokens.
    pub async fn registering_with(
        &self,
        registration: Registration,
        access: &FakeAccess,
    ) -> AuthorizationServer {
        let stores = Stores::from(self.store.clone()).with_initial_access(access.clone());
        self.over(stores).registration(registration).build().await.unwrap()
    }

    /// The same data at another time: its own clock, and what happens there.
    pub fn over_the_store_of(other: &Self) -> Self {
        Self { store: other.store.clone(), host_keys: other.host_keys.clone(), ..Self::new() }
    }

    /// What an administrator has.
    pub fn clients(&self) -> Clients {
        let clients = Clients::new(self.store.clone(), self.host_keys.clone()).unwrap();
        clients.clock(self.clock.clone()).events(self.events.clone())
    }

    /// The record of a client, if there is one.
    pub async fn record(&self, id: &str) -> Option<Client> {
        let found = ClientStore::find(&self.store, &client_id(id)).await.unwrap();
        found.map(|found| found.record().clone())
    }
}
