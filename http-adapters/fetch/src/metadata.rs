//! The metadata of an issuer (RFC 8414 §3), as much of it as is of use here.

use grantor::{Issuer, KeySetUrl};
use serde_json::{Map, Value};

use crate::failure::Failure;
use crate::fetcher::{Fetched, Fetcher};

#[derive(Debug)]
pub(crate) struct Metadata {
    pub(crate) jwks_uri: Option<KeySetUrl>,
    pub(crate) introspection_endpoint: Option<String>,
}

impl Metadata {
    /// At the place of RFC 8414 §3.1, or, where no metadata is there, at that of OpenID Connect Discovery.
    pub(crate) async fn fetch(fetcher: Fetcher, issuer: Issuer) -> Result<Fetched<Self>, Failure> {
        let [first, second] = places(&issuer);
        let found = match object(&fetcher, &first).await {
            Err(Failure::Status(_) | Failure::NotJson) => object(&fetcher, &second).await?,
            found => found?,
        };
        found.map(|members| Self::read(&members, &issuer))
    }

    fn read(members: &Map<String, Value>, issuer: &Issuer) -> Result<Self, Failure> {
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        // Byte for byte, else it is not used (§3.3).
        if text("issuer") != Some(issuer.as_str()) {
            return Err(Failure::OtherIssuer);
        }
        Ok(Self {
            jwks_uri: text("jwks_uri").and_then(|url| KeySetUrl::new(url).ok()),
            introspection_endpoint: text("introspection_endpoint").map(str::to_owned),
        })
    }
}

/// Between host and path, and behind the path; without the slash at the issuer's end.
fn places(issuer: &Issuer) -> [String; 2] {
    let whole = issuer.as_str().trim_end_matches('/');
    let path = issuer.path();
    let origin = whole.strip_suffix(path).unwrap_or(whole);
    [
        format!("{origin}/.well-known/oauth-authorization-server{path}"),
        format!("{whole}/.well-known/openid-configuration"),
    ]
}

/// What stands there, if it is a JSON object.
async fn object(fetcher: &Fetcher, url: &str) -> Result<Fetched<Map<String, Value>>, Failure> {
    fetcher.get(url).await?.map(|body| serde_json::from_slice(&body).map_err(|_| Failure::NotJson))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc8414_s3_1_between_host_and_path() {
        for (issuer, first, second) in [
            (
                "https://a.example",
                "https://a.example/.well-known/oauth-authorization-server",
                "https://a.example/.well-known/openid-configuration",
            ),
            (
                "https://a.example/",
                "https://a.example/.well-known/oauth-authorization-server",
                "https://a.example/.well-known/openid-configuration",
            ),
            (
                "https://a.example:8443/t/1/",
                "https://a.example:8443/.well-known/oauth-authorization-server/t/1",
                "https://a.example:8443/t/1/.well-known/openid-configuration",
            ),
        ] {
            assert_eq!(places(&Issuer::new(issuer).expect("an issuer")), [first, second]);
        }
    }

    #[test]
    fn rfc8414_s3_3_the_issuer_is_the_same_byte_for_byte() {
        let issuer = Issuer::new("https://a.example").expect("an issuer");
        let read = |text: &str| {
            let members = serde_json::from_str(text).expect("an object");
            Metadata::read(&members, &issuer)
        };
        let good = r#"{"issuer":"https://a.example","jwks_uri":"https://k.example/j","introspection_endpoint":"https://a.example/i"}"#;
        let good = read(good).expect("metadata");
        assert_eq!(good.jwks_uri.expect("a URL").as_str(), "https://k.example/j");
        assert_eq!(good.introspection_endpoint.as_deref(), Some("https://a.example/i"));
        for other in ["https://a.example/", "https://A.example", "https://b.example", "a.example"] {
            assert!(
                matches!(read(&format!(r#"{{"issuer":"{other}"}}"#)), Err(Failure::OtherIssuer)),
                "{other}"
            );
        }
        assert!(matches!(read("{}"), Err(Failure::OtherIssuer)));
        let odd =
            read(r#"{"issuer":"https://a.example","jwks_uri":"file:///etc/passwd"}"#).expect("metadata");
        assert!(odd.jwks_uri.is_none() && odd.introspection_endpoint.is_none());
    }
}
