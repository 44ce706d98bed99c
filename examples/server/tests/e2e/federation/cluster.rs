//! An issuer of the test's own that plays Kubernetes: metadata and keys over http or TLS, tokens with the documented claims, keys
//! that rotate, and bad days.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::program::file;

/// A key that signs with ES256.
pub(crate) struct Key {
    kid: String,
    signs: EncodingKey,
    pub(crate) public: Value,
}

impl Key {
    pub(crate) fn new(kid: &str) -> Self {
        let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).expect("a key");
        // An uncompressed point: 04 ‖ x ‖ y.
        let point = pair.public_key_raw();
        let coordinate = |from: usize| BASE64URL_NOPAD.encode(&point[from..from + 32]);
        let public = json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": kid, "x": coordinate(1), "y": coordinate(33),
        });
        Self { kid: kid.to_owned(), signs: EncodingKey::from_ec_der(&pair.serialize_der()), public }
    }

    /// A JWT with this key.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        let mut header = Header::new(Algorithm::ES256);
        header.typ = None;
        header.kid = Some(self.kid.clone());
        encode(&header, claims, &self.signs).expect("encode")
    }

    /// A file with the public half, as a JWK Set.
    pub(crate) fn jwks_file(&self) -> String {
        let set = json!({ "keys": [self.public] }).to_string();
        file("jwks.json", &set).to_str().expect("UTF-8").to_owned()
    }
}

/// What it publishes, and what happened to it. Clones are one.
#[derive(Clone)]
pub(crate) struct Cluster {
    pub(crate) issuer: String,
    /// Who signed its certificate, in PEM.
    pub(crate) authority: String,
    published: Arc<Mutex<Vec<Value>>>,
    hits: Arc<AtomicUsize>,
    away: Arc<AtomicBool>,
}

impl Cluster {
    /// On loopback by plain http.
    pub(crate) async fn over_http() -> Self {
        Self::start(None).await
    }

    /// On `localhost` under a certificate of an authority of its own, as an API server has it.
    pub(crate) async fn over_tls() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("params");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let new_key = || rcgen::KeyPair::generate().expect("a key");
        let authority = CertifiedIssuer::self_signed(params, new_key()).expect("an authority");
        let key = new_key();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).expect("params");
        let certificate = params.signed_by(&key, &authority).expect("a certificate");
        let private = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], private)
            .expect("a certificate");
        Self::start(Some((TlsAcceptor::from(Arc::new(config)), authority.pem()))).await
    }

    async fn start(tls: Option<(TlsAcceptor, String)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("listen");
        let port = listener.local_addr().expect("address").port();
        let (acceptor, authority) = tls.unzip();
        let issuer = match acceptor {
            Some(_) => format!("https://localhost:{port}"),
            None => format!("http://127.0.0.1:{port}"),
        };
        let cluster = Self {
            issuer,
            authority: authority.unwrap_or_default(),
            published: Arc::default(),
            hits: Arc::default(),
            away: Arc::default(),
        };
        let own = cluster.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.expect("a connection");
                if own.away.load(Ordering::SeqCst) {
                    continue;
                }
                match &acceptor {
                    None => own.answer(stream).await,
                    Some(acceptor) => {
                        if let Ok(stream) = acceptor.accept(stream).await {
                            own.answer(stream).await;
                        }
                    }
                }
            }
        });
        cluster
    }

    /// As the API server does: the OpenID document, and keys at a path that only it names.
    async fn answer(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin) {
        self.hits.fetch_add(1, Ordering::SeqCst);
        let mut head = vec![0; 8192];
        let length = stream.read(&mut head).await.unwrap_or_default();
        let head = String::from_utf8_lossy(&head[..length]).into_owned();
        let (status, body) = match head.split(' ').nth(1) {
            Some("/.well-known/openid-configuration") => (
                200,
                json!({
                    "issuer": self.issuer, "jwks_uri": format!("{}/openid/v1/jwks", self.issuer),
                    "response_types_supported": ["id_token"], "subject_types_supported": ["public"],
                    "id_token_signing_alg_values_supported": ["ES256"],
                }),
            ),
            Some("/openid/v1/jwks") => (200, json!({ "keys": *self.published.lock().expect("unpoisoned") })),
            _ => (404, json!({ "kind": "Status", "code": 404 })),
        };
        let body = body.to_string();
        let head =
            format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
        let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
        let _ = stream.shutdown().await;
    }

    /// These keys from now on, and no others.
    pub(crate) fn publish(&self, keys: &[&Key]) {
        *self.published.lock().expect("unpoisoned") = keys.iter().map(|key| key.public.clone()).collect();
    }

    /// How often it was asked since the last look.
    pub(crate) fn hits(&self) -> usize {
        self.hits.swap(0, Ordering::SeqCst)
    }

    /// From now on nobody gets an answer.
    pub(crate) fn goes_away(&self) {
        self.away.store(true, Ordering::SeqCst);
    }

    /// The claims of a token of this service account, by "Managing Service Accounts" in the documentation of Kubernetes: `aud` is
    /// a list, and older clusters write no `jti`.
    pub(crate) fn claims(&self, namespace: &str, account: &str, audience: &str, now: i64) -> Value {
        json!({
            "aud": [audience], "exp": now + 3600, "iat": now, "nbf": now, "iss": self.issuer,
            "kubernetes.io": {
                "namespace": namespace,
                "node": { "name": "node-1", "uid": "646e7c5e-32d6-4d42-9dbd-e504e6cbe6b1" },
                "pod": { "name": "billing-0", "uid": "5e0bd49b-f040-43b0-99b7-22765a53f7f3" },
                "serviceaccount": { "name": account, "uid": "14ee3fa4-a7e2-420f-9f9a-dbc4507c3798" },
            },
            "sub": format!("system:serviceaccount:{namespace}:{account}"),
        })
    }

    /// What lets a server reach it.
    pub(crate) fn key_sets(&self) -> String {
        let roots = file("ca.pem", &self.authority);
        format!("[key_sets]\nallow_hosts = [\"localhost\"]\nroots = [\"{}\"]\n", roots.display())
    }

    /// The arguments by which it becomes known for a client.
    pub(crate) fn federate<'a>(&'a self, client: &'a str) -> Vec<&'a str> {
        let own = ["--profile", "kubernetes", "--issuer", &self.issuer, "--namespace", "payments"];
        let command = ["clients", "federate", "add", client];
        [&command[..], &own, &["--service-account", "billing", "--label", "blue cluster"]].concat()
    }
}

/// What the token endpoint answers to a workload's token.
pub(crate) async fn traded(url: &str, client: &str, token: &str) -> (u16, Value) {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", client),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", token),
    ];
    posted(url, &form).await
}

pub(crate) async fn posted(url: &str, form: &[(&str, &str)]) -> (u16, Value) {
    let answer = crate::tokens::http().post(url).form(form).send().await.expect("an answer");
    let status = answer.status().as_u16();
    (status, serde_json::from_str(&answer.text().await.expect("text")).expect("JSON"))
}
