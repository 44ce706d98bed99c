//! TLS with a private authority, to a host inside one's own network.

use std::sync::Arc;

use grantor::KeySetFetcher;
use grantor_fetch::{Fetcher, FetcherBuilder, KeySets};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::source::{keys, url};

/// Serves a key set under a certificate for `localhost`, and gives its port and its authority in PEM.
async fn serve() -> (u16, String) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let _ = stream.read(&mut [0; 4096]).await;
            let body = keys(3);
            let head = format!("HTTP/1.1 200 X\r\ncontent-length: {}\r\n\r\n", body.len());
            let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    (port, authority.pem())
}

async fn ask(fetcher: FetcherBuilder, host: &str, port: u16) -> Result<usize, grantor::FetchError> {
    let sets = KeySets::new(fetcher.build().unwrap());
    Ok(sets.key_set(&url(&format!("https://{host}:{port}/jwks")), None).await?.len())
}

#[tokio::test]
async fn t58_a_named_host_with_its_own_authority_is_asked_over_tls() {
    let (port, pem) = serve().await;
    let fetcher = || Fetcher::builder().allow_host("localhost").root_certificates(pem.clone());
    assert_eq!(ask(fetcher(), "localhost", port).await.unwrap(), 3);
    assert!(
        ask(Fetcher::builder().allow_host("localhost"), "localhost", port).await.is_err(),
        "unknown authority"
    );
    assert!(
        ask(Fetcher::builder().root_certificates(pem.clone()), "localhost", port).await.is_err(),
        "not named"
    );
    assert!(ask(fetcher(), "127.0.0.1", port).await.is_err(), "another name of it");
    let other_name = fetcher().allow_host("127.0.0.1");
    assert!(ask(other_name, "127.0.0.1", port).await.is_err(), "the certificate is not for it");
}

/// The program needs no default provider of rustls, and gets none.
#[tokio::test]
async fn nothing_of_the_process_is_changed() {
    let (port, pem) = serve().await;
    let fetcher = Fetcher::builder().allow_host("localhost").root_certificates(pem);
    assert_eq!(ask(fetcher, "localhost", port).await.unwrap(), 3);
    assert!(rustls::crypto::CryptoProvider::get_default().is_none());
}
