//! Tokens that come back: to the introspection endpoint, to the revocation endpoint, to an API.

use data_encoding::BASE64URL_NOPAD;
use grantor::http::{Request, RequestBuilder};
use grantor::store::{AuthMethod, Client, ClientBuilder, ClientRegistry, ClientStore, Delete, Update};
use grantor::{AuthorizationServer, Resource, TokenFormat};
use serde_json::Value;

use super::{
    API, ASSERTION_TYPE, Answer, Assertion, SECRET, Signing, World, basic, client_id, form, grant, send,
};

pub const INTROSPECTION: &str = "/oauth2/introspect";
pub const REVOCATION: &str = "/oauth2/revoke";
/// All that is said of a token that is not active, byte for byte (RFC 7662 §2.2).
pub const INACTIVE: &str = r#"{"active":false}"#;
/// What asks for an answer as JWT (RFC 9701 §4).
pub const AS_JWT: &str = "application/token-introspection+jwt";
pub const FORMATS: [TokenFormat; 2] = [TokenFormat::Jwt, TokenFormat::Opaque];

/// Who asks, and by which method of client authentication.
#[derive(Clone, Copy)]
pub enum Caller<'a> {
    Nobody,
    Basic(&'a str, &'a str),
    Post(&'a str, &'a str),
    /// By a fresh assertion.
    Key(&'a str, &'a Signing),
    /// By this assertion.
    Assertion(&'a str),
}

impl Caller<'_> {
    /// A POST of these parameters, authenticated.
    pub fn asks(self, path: &str, pairs: &[(&str, &str)]) -> RequestBuilder {
        let mut pairs: Vec<_> = pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let mut header = None;
        match self {
            Self::Nobody => {}
            Self::Basic(id, secret) => header = Some(basic(id, secret)),
            Self::Post(id, secret) => {
                pairs.extend([("client_id", id.to_owned()), ("client_secret", secret.to_owned())]);
            }
            Self::Key(id, key) => pairs.extend(proof(&Assertion::of(id).sign(key))),
            Self::Assertion(assertion) => pairs.extend(proof(assertion)),
        }
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let request = Request::builder("POST", path)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form(&pairs));
        header.into_iter().fold(request, |request, value| request.header("authorization", value))
    }
}

fn proof(assertion: &str) -> [(&'static str, String); 2] {
    [("client_assertion_type", ASSERTION_TYPE.to_owned()), ("client_assertion", assertion.to_owned())]
}

/// Sends a request to the endpoint of this path.
pub async fn at_path(server: &AuthorizationServer, path: &str, request: RequestBuilder) -> Answer {
    let endpoint = server.routes().find(|(own, _)| *own == path).expect("a route").1;
    Answer::of(server.handle(endpoint, request.build()).await)
}

/// What the introspection endpoint says of `token` to this caller.
pub async fn asked(server: &AuthorizationServer, caller: Caller<'_>, token: &str) -> Answer {
    at_path(server, INTROSPECTION, caller.asks(INTROSPECTION, &[("token", token)])).await
}

/// What the revocation endpoint says of `token` to this caller.
pub async fn ended(server: &AuthorizationServer, caller: Caller<'_>, token: &str) -> Answer {
    at_path(server, REVOCATION, caller.asks(REVOCATION, &[("token", token)])).await
}

/// A token of this client by HTTP Basic, as text.
pub async fn token_of(server: &AuthorizationServer, id: &str, secret: &str) -> String {
    send(server, grant(id, secret, &[])).await.access_token()
}

/// Holds an answer to be the one about tokens that are not active.
#[track_caller]
pub fn inactive(answer: &Answer, what: impl std::fmt::Display) {
    assert_eq!((answer.status, answer.text().as_str()), (200, INACTIVE), "{what}");
    assert_eq!(answer.header("content-type"), Some("application/json"), "{what}");
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{what}");
}

#[track_caller]
pub fn active(answer: &Answer, what: impl std::fmt::Display) -> Value {
    assert_eq!(answer.status, 200, "{what}: {}", answer.text());
    let said = answer.json();
    assert_eq!(said["active"], true, "{what}: {said}");
    said
}

impl World {
    /// A server with one resource, whose tokens have this format.
    pub async fn with_format(&self, format: TokenFormat) -> AuthorizationServer {
        self.bare().resource(api(format)).build().await.unwrap()
    }

    /// Clients of the four methods of authentication, each as a caller and with the scope `read write`.
    pub async fn four_clients(&self) -> Four {
        let basic = self.client("basic").await;
        let post =
            self.client_with("post", |client| client.auth_method(AuthMethod::CLIENT_SECRET_POST)).await;
        self.mac_client("mac", "HS256").await;
        let key = Signing::es256();
        self.key_client("key", &[&key]).await;
        Four { basic, post, mac: Signing::secret("HS256", SECRET.as_bytes()), key }
    }

    /// Changes a client's record, as an administrator does.
    pub async fn change(&self, id: &str, change: impl FnOnce(ClientBuilder) -> ClientBuilder) {
        let found = ClientStore::find(&self.store, &client_id(id)).await.unwrap().unwrap();
        let changed: Client = change(found.record().to_builder()).build().unwrap();
        let updated = ClientRegistry::update(&self.store, found.revision(), &changed).await.unwrap();
        assert_eq!(updated, Update::Done);
    }

    pub async fn delete(&self, id: &str) {
        let deleted = ClientRegistry::delete(&self.store, &client_id(id)).await.unwrap();
        assert_eq!(deleted, Delete::Done);
    }
}

/// The API with tokens of this format.
pub fn api(format: TokenFormat) -> Resource {
    Resource::new(API).scopes(["read", "write"]).format(format)
}

pub struct Four {
    basic: String,
    post: String,
    mac: Signing,
    key: Signing,
}

impl Four {
    pub fn callers(&self) -> [Caller<'_>; 4] {
        [
            Caller::Basic("basic", &self.basic),
            Caller::Post("post", &self.post),
            Caller::Key("mac", &self.mac),
            Caller::Key("key", &self.key),
        ]
    }

    /// A token of each of them, in that order, by its own method.
    pub async fn tokens(&self, server: &AuthorizationServer) -> Vec<String> {
        let mut tokens = Vec::new();
        for caller in self.callers() {
            let request = caller.asks("/oauth2/token", &[("grant_type", "client_credentials")]);
            tokens.push(send(server, request).await.access_token());
        }
        tokens
    }
}

/// The order of P-256.
const N: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
    0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// The same ES256 token with the other valid signature: `n - s` in the place of `s`.
pub fn flipped(token: &str) -> String {
    let (message, signature) = token.rsplit_once('.').unwrap();
    let mut signature = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
    let mut borrow = false;
    for (byte, n) in signature[32..].iter_mut().zip(N).rev() {
        let (less, first) = n.overflowing_sub(*byte);
        let (less, second) = less.overflowing_sub(u8::from(borrow));
        (*byte, borrow) = (less, first || second);
    }
    format!("{message}.{}", BASE64URL_NOPAD.encode(&signature))
}

/// The same token in spellings that a lax reader would take for it.
pub fn misspelled(token: &str) -> Vec<String> {
    let mut other = vec![
        format!("{token}="),
        format!("{token}=="),
        format!("{token}\n"),
        format!("\n{token}"),
        format!("{token} "),
        format!(" {token}"),
        format!("{token}\r\n"),
        format!("\u{feff}{token}"),
        format!("\"{token}\""),
        format!("Bearer {token}"),
        format!("{token}."),
        format!(".{token}"),
        token.to_uppercase(),
        token[..token.len() - 1].to_owned(),
        token[1..].to_owned(),
    ];
    // Bits that a decoder throws away: 64 bytes leave four, 256 random bits in base32 one.
    const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let last = token.chars().next_back().unwrap();
    let at = LETTERS.find(last).unwrap();
    let next = LETTERS.chars().nth(if at.is_multiple_of(2) { at + 1 } else { at - 1 }).unwrap();
    other.push(format!("{}{next}", &token[..token.len() - 1]));
    other.extend([token.replacen('.', "=.", 1), token.replacen('.', "\n.", 1), token.replacen('.', "..", 1)]);
    other.retain(|spelling| spelling != token);
    other
}
