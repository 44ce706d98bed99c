//! `rediss://`, with a certificate of one's own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

// The same helpers as those of the other tests, of which these need only some.
#[allow(dead_code)]
#[path = "promises/fixture.rs"]
mod fixture;
#[allow(dead_code)]
#[path = "promises/server.rs"]
mod server;

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use grantor::store::{Claim, TokenStore};
use grantor_storage_redis::RedisStore;
use redis::{Client, TlsCertificates};

use crate::fixture::{free_port, later, own_prefix, proof, run};
use crate::server::Server;

/// A key and a certificate for `localhost` that it signs itself.
struct Certificate(PathBuf);

impl Certificate {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("grantor-{}", own_prefix()));
        fs::create_dir(&folder).unwrap();
        let made = Command::new("openssl")
            .current_dir(&folder)
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"])
            .args(["-keyout", "key.pem", "-out", "cert.pem", "-days", "2", "-subj", "/CN=localhost"])
            .args([
                "-addext",
                "subjectAltName=DNS:localhost,IP:127.0.0.1",
                "-addext",
                "basicConstraints=critical,CA:FALSE",
            ])
            .stderr(Stdio::null())
            .status();
        assert!(made.expect("the tests of TLS need the command openssl").success());
        Self(folder)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    async fn server(&self, more: &[&str]) -> (Server, u16) {
        let (key, certificate, port) = (self.path("key.pem"), self.path("cert.pem"), free_port());
        let port_option = port.to_string();
        let tls = ["--tls-port", &port_option, "--tls-cert-file", &certificate, "--tls-key-file", &key];
        let ca = ["--tls-ca-cert-file", &certificate, "--tls-auth-clients", "no"];
        (Server::start(&[&tls[..], &ca, more].concat()).await, port)
    }

    /// Trusts this certificate alone.
    fn client(&self, port: u16) -> Client {
        let certificates =
            TlsCertificates { client_tls: None, root_cert: Some(fs::read(self.path("cert.pem")).unwrap()) };
        Client::build_with_tls(format!("rediss://localhost:{port}"), certificates).unwrap()
    }
}

impl Drop for Certificate {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

/// Once a process, as a program does.
fn install_provider() {
    let _was_installed_by_another_test = rustls::crypto::ring::default_provider().install_default();
}

#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn a_store_works_over_tls() {
    install_provider();
    let certificate = Certificate::new();
    let (_server, port) = certificate.server(&[]).await;
    let store = RedisStore::single(certificate.client(port)).build().unwrap();
    let spent = proof();
    assert_eq!(store.claim(&spent, later()).await.unwrap(), Claim::First);
    assert_eq!(store.claim(&spent, later()).await.unwrap(), Claim::Replayed);
}

/// The servers that a Cluster names are met with the certificates of the seed.
#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn a_cluster_works_over_tls() {
    install_provider();
    let certificate = Certificate::new();
    let bus = free_port().to_string();
    let cluster = ["--cluster-enabled", "yes", "--cluster-port", &bus, "--tls-cluster", "yes"];
    let (server, port) = certificate.server(&cluster).await;
    let slots = redis::cmd("CLUSTER").arg("ADDSLOTSRANGE").arg(0).arg(16383).clone();
    run::<()>(&server.client(), &slots).await.unwrap();
    let store = RedisStore::cluster([certificate.client(port)]).build().unwrap();
    server::until("the Cluster is whole", async || store.claim(&proof(), later()).await.is_ok()).await;
}

#[tokio::test]
#[ignore = "needs Redis: bash .ci/test starts one"]
async fn a_certificate_of_somebody_else_is_refused() {
    install_provider();
    let (certificate, other) = (Certificate::new(), Certificate::new());
    let (_server, port) = certificate.server(&[]).await;
    let store = RedisStore::single(other.client(port)).build().unwrap();
    let error = store.claim(&proof(), later()).await.unwrap_err();
    assert!(error.is_unavailable());
    let said = error.source().unwrap().source().unwrap().to_string();
    assert!(said.contains("certificate"), "{said}");
}
