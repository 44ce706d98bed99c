//! A client that signs: a fresh assertion whenever it is asked.

use std::sync::atomic::{AtomicU64, Ordering};

use grantor::{Clock, SystemClock};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::json;

use super::issuer::ISSUER;

pub(crate) struct Signer {
    id: String,
    key: EncodingKey,
    next: AtomicU64,
}

impl Signer {
    /// With the private key that `clients create` wrote.
    pub(crate) fn read(id: &str, pem: &str) -> Self {
        let pem = std::fs::read_to_string(pem).expect("read");
        let text: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        let der = data_encoding::BASE64.decode(text.as_bytes()).expect("base64");
        Self { id: id.to_owned(), key: EncodingKey::from_ec_der(&der), next: AtomicU64::new(0) }
    }

    /// Good for one request within half an hour, so that its replay is not refused for its age.
    pub(crate) fn assertion(&self) -> String {
        let now = SystemClock::new().now().as_unix();
        let jti = self.next.fetch_add(1, Ordering::Relaxed).to_string();
        let claims = json!({
            "iss": self.id, "sub": self.id, "aud": ISSUER, "jti": jti, "iat": now, "exp": now + 1800,
        });
        let header =
            Header { typ: Some("client-authentication+jwt".to_owned()), ..Header::new(Algorithm::ES256) };
        encode(&header, &claims, &self.key).expect("signed")
    }
}
