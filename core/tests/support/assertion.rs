//! Client assertions, right and wrong: made by hand, so that nothing stops one from being broken.

use std::sync::atomic::{AtomicU64, Ordering};

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use grantor::http::RequestBuilder;
use grantor::store::{AuthMethod, Client, ClientBuilder, Credential, GrantType};
use grantor::{
    AssertionAlgorithm, AuthorizationServer, CredentialId, PublicKey, SystemEntropy, event::Reason,
};
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair as _,
};
use serde_json::{Map, Value, json};

use super::{Answer, ISSUER, NOW, World, bring, client_id, post, refused, scope, send};

pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Long enough for HS512.
pub const SECRET: &str = "a secret of sixty-four bytes, so that it is long enough for HS512";

type Sign = Box<dyn Fn(&[u8]) -> Vec<u8> + Send + Sync>;

/// What a client signs with.
pub struct Signing {
    pub alg: &'static str,
    /// The public half, with `alg`. Null for a secret.
    pub jwk: Value,
    sign: Sign,
}

impl Signing {
    /// A fresh ES256 key.
    pub fn es256() -> Self {
        Self::new("ES256")
    }

    /// A fresh key; the secret [`SECRET`] for HS*.
    pub fn new(alg: &'static str) -> Self {
        match alg {
            "HS256" | "HS384" | "HS512" => Self::secret(alg, SECRET.as_bytes()),
            "ES256" => Self::ec(alg, "P-256", &ECDSA_P256_SHA256_FIXED_SIGNING),
            "ES384" => Self::ec(alg, "P-384", &ECDSA_P384_SHA384_FIXED_SIGNING),
            "EdDSA" | "Ed25519" => {
                let pkcs8 = Ed25519KeyPair::generate_pkcs8(&random()).unwrap();
                let pair = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap();
                let x = BASE64URL_NOPAD.encode(pair.public_key().as_ref());
                let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": x, "alg": alg});
                Self { alg, jwk, sign: Box::new(move |message| pair.sign(message).as_ref().to_vec()) }
            }
            #[cfg(feature = "josekit")]
            other => Self::openssl(other),
            #[cfg(not(feature = "josekit"))]
            other => panic!("{other} needs josekit"),
        }
    }

    /// HMAC under any key, for attacks too.
    pub fn secret(alg: &'static str, secret: &[u8]) -> Self {
        let algorithm = match alg {
            "HS256" => hmac::HMAC_SHA256,
            "HS384" => hmac::HMAC_SHA384,
            "HS512" => hmac::HMAC_SHA512,
            other => panic!("{other}"),
        };
        let key = hmac::Key::new(algorithm, secret);
        let sign = move |message: &[u8]| hmac::sign(&key, message).as_ref().to_vec();
        Self { alg, jwk: Value::Null, sign: Box::new(sign) }
    }

    /// A signature that is always the same bytes.
    pub fn constant(alg: &'static str, signature: Vec<u8>) -> Self {
        Self { alg, jwk: Value::Null, sign: Box::new(move |_| signature.clone()) }
    }

    fn ec(alg: &'static str, crv: &str, algorithm: &'static ring::signature::EcdsaSigningAlgorithm) -> Self {
        let rng = random();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &rng).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &rng).unwrap();
        let point = &pair.public_key().as_ref()[1..];
        let (x, y) = point.split_at(point.len() / 2);
        let jwk = json!({
            "kty": "EC", "crv": crv, "alg": alg, "x": BASE64URL_NOPAD.encode(x), "y": BASE64URL_NOPAD.encode(y),
        });
        let sign = move |message: &[u8]| pair.sign(&random(), message).unwrap().as_ref().to_vec();
        Self { alg, jwk, sign: Box::new(sign) }
    }

    /// RSA (one key for a whole test binary, since making one takes long) and P-521.
    #[cfg(feature = "josekit")]
    fn openssl(alg: &'static str) -> Self {
        use josekit::jwk::Jwk;
        use josekit::jwk::alg::ec::EcCurve;
        use josekit::jws::{ES512, JwsSigner, PS256, PS384, PS512, RS256, RS384, RS512};
        let pair = match alg {
            "ES512" => Jwk::generate_ec_key(EcCurve::P521).unwrap(),
            _ => rsa_pair(),
        };
        let signer: Box<dyn JwsSigner> = match alg {
            "ES512" => Box::new(ES512.signer_from_jwk(&pair).unwrap()),
            "RS256" => Box::new(RS256.signer_from_jwk(&pair).unwrap()),
            "RS384" => Box::new(RS384.signer_from_jwk(&pair).unwrap()),
            "RS512" => Box::new(RS512.signer_from_jwk(&pair).unwrap()),
            "PS256" => Box::new(PS256.signer_from_jwk(&pair).unwrap()),
            "PS384" => Box::new(PS384.signer_from_jwk(&pair).unwrap()),
            "PS512" => Box::new(PS512.signer_from_jwk(&pair).unwrap()),
            other => panic!("{other}"),
        };
        let mut jwk = serde_json::to_value(pair.to_public_key().unwrap().as_ref()).unwrap();
        for name in ["use", "key_ops", "kid"] {
            jwk.as_object_mut().unwrap().remove(name);
        }
        jwk["alg"] = alg.into();
        Self { alg, jwk, sign: Box::new(move |message| signer.sign(message).unwrap()) }
    }

    /// Signs header and payload just as they are.
    pub fn sign_raw(&self, header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
        let encode = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
        let message = format!("{}.{}", encode(header.as_ref()), encode(payload.as_ref()));
        let signature = encode(&self.sign_bytes(message.as_bytes()));
        format!("{message}.{signature}")
    }

    pub fn sign_bytes(&self, message: &[u8]) -> Vec<u8> {
        (self.sign)(message)
    }

    /// The public half as it is registered.
    pub fn public(&self) -> PublicKey {
        PublicKey::from_jwk(&self.jwk.to_string()).unwrap()
    }

    /// The public half with more members, for example a `kid`.
    /// Bytes that stand for the DER of a certificate: the key is among them, as it is in a real one.
    pub fn certificate(&self) -> Vec<u8> {
        let part = |name: &str| Some(BASE64URL_NOPAD.decode(self.jwk[name].as_str()?.as_bytes()).unwrap());
        let key = ["x", "y", "n"].into_iter().filter_map(part).flatten();
        b"certificate ".iter().copied().chain(key).chain(*b" of a client").collect()
    }

    pub fn public_with(&self, more: &Value) -> PublicKey {
        PublicKey::from_jwk(&merged(&self.jwk, more).to_string()).unwrap()
    }

    pub fn credential(&self) -> Credential {
        Credential::key(self.public()).unwrap()
    }
}

/// The one RSA key of this test binary, private.
#[cfg(feature = "josekit")]
pub fn rsa_pair() -> josekit::jwk::Jwk {
    static PAIR: std::sync::OnceLock<josekit::jwk::Jwk> = std::sync::OnceLock::new();
    PAIR.get_or_init(|| josekit::jwk::Jwk::generate_rsa_key(2048).unwrap()).clone()
}

/// For the few tests of how long an answer takes.
#[allow(clippy::disallowed_methods)]
pub fn stopwatch() -> std::time::Instant {
    std::time::Instant::now()
}

/// Randomness for ring's signing, which takes nothing but its own.
#[allow(clippy::disallowed_methods)]
fn random() -> SystemRandom {
    SystemRandom::new()
}

/// `base` with the members of `more` over its own.
pub fn merged(base: &Value, more: &Value) -> Value {
    let mut all = base.clone();
    for (name, value) in more.as_object().unwrap() {
        all[name] = value.clone();
    }
    all
}

/// The claims and header of a good assertion, to be changed at will.
#[derive(Clone, Debug)]
pub struct Assertion {
    pub header: Map<String, Value>,
    pub claims: Map<String, Value>,
}

impl Assertion {
    /// A good one of this client, made now, for a minute, with a `jti` of its own.
    pub fn of(client: &str) -> Self {
        let claims = json!({
            "iss": client, "sub": client, "aud": ISSUER, "jti": fresh_jti(), "iat": NOW, "exp": NOW + 60,
        });
        Self { header: Map::new(), claims: claims.as_object().unwrap().clone() }
    }

    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.claims.remove(name).unwrap();
        self
    }

    /// A header parameter; an `alg` stands in place of the key's.
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.insert(name.to_owned(), value.into());
        self
    }

    pub fn payload(&self) -> String {
        Value::Object(self.claims.clone()).to_string()
    }

    pub fn sign(&self, key: &Signing) -> String {
        let mut header = self.header.clone();
        header.entry("alg").or_insert_with(|| key.alg.into());
        key.sign_raw(Value::Object(header).to_string(), self.payload())
    }
}

pub fn fresh_jti() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("jti-{}", HEXLOWER.encode(&NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes()))
}

/// A client credentials request with this assertion, and these parameters besides.
pub fn assert_with(assertion: &str, more: &[(&str, &str)]) -> RequestBuilder {
    let mut pairs = vec![
        ("grant_type", "client_credentials"),
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", assertion),
    ];
    pairs.extend_from_slice(more);
    post(&pairs)
}

/// Asks for a token with this assertion.
pub async fn present(server: &AuthorizationServer, assertion: &str) -> Answer {
    send(server, assert_with(assertion, &[])).await
}

/// Presents an assertion that must get a token.
pub async fn accepted(server: &AuthorizationServer, assertion: &str, name: impl std::fmt::Display) {
    let answer = present(server, assertion).await;
    assert_eq!(answer.status, 200, "{name}: {assertion} {}", answer.text());
}

/// Presents an assertion that is refused to whoever authenticates with it and to whoever brings it as a grant: the rules for
/// both are the same. Gives the private reason of the one.
pub async fn rejected(world: &World, server: &AuthorizationServer, assertion: &str) -> Reason {
    let reason = unauthenticated(world, server, assertion).await;
    let answer = bring(server, assertion).await;
    assert_eq!(answer.status, 400, "as a grant: {assertion} {}", answer.text());
    refused(&answer, 400, "invalid_grant");
    reason
}

/// Presents an assertion that must get the one answer of every failed authentication, and gives the private reason.
pub async fn unauthenticated(world: &World, server: &AuthorizationServer, assertion: &str) -> Reason {
    let answer = present(server, assertion).await;
    assert_eq!(answer.status, 401, "{assertion} {}", answer.text());
    refused(&answer, 401, "invalid_client");
    let reason = world.events.reason();
    let unauthenticated = send(server, post(&[("grant_type", "client_credentials")])).await;
    assert_eq!(answer, unauthenticated, "byte for byte");
    reason
}

impl World {
    /// Registers a client by `private_key_jwt` with these keys and the scope `read write`, for both grants.
    pub async fn key_client(&self, id: &str, keys: &[&Signing]) {
        self.jwt_client(id, |client| client.credentials(keys.iter().map(|key| key.credential()))).await;
    }

    /// The same, changed by `change`.
    pub async fn jwt_client(&self, id: &str, change: impl FnOnce(ClientBuilder) -> ClientBuilder) {
        let client = Client::builder(client_id(id), AuthMethod::PRIVATE_KEY_JWT)
            .scope(scope("read write"))
            .grant_types([GrantType::CLIENT_CREDENTIALS, GrantType::JWT_BEARER]);
        self.insert(&change(client).build().unwrap()).await;
    }

    /// Registers a client by `client_secret_jwt` with [`SECRET`].
    pub async fn mac_client(&self, id: &str, alg: &str) {
        let sealed = self.sealed(id, "secret", SECRET, alg);
        self.jwt_client(id, |client| client.auth_method(AuthMethod::CLIENT_SECRET_JWT).credential(sealed))
            .await;
    }

    pub fn sealed(&self, id: &str, credential: &str, secret: &str, alg: &str) -> Credential {
        let (name, alg) =
            (CredentialId::new(credential).unwrap(), AssertionAlgorithm::from_name(alg).unwrap());
        let sealed =
            self.host_keys.sealed_credential(&client_id(id), name, secret, alg, &SystemEntropy::new());
        sealed.unwrap()
    }

    /// A server, and the client `demo` with one ES256 key.
    pub async fn demo(&self) -> (AuthorizationServer, Signing) {
        let key = Signing::es256();
        self.key_client("demo", &[&key]).await;
        (self.server().await, key)
    }
}
