//! The payment service: a client with a private key.

use std::error::Error;
use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use grantor::{Clock, Entropy, PublicKey, SystemClock, SystemEntropy};
use reqwest::{RequestBuilder, Response, StatusCode};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

pub(crate) const ID: &str = "payment-service";
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

type Failed = Box<dyn Error>;

pub(crate) struct PaymentService {
    issuer: String,
    key: EcdsaKeyPair,
    http: reqwest::Client,
}

/// RFC 6749 §5.1.
#[derive(serde::Deserialize)]
pub(crate) struct Token {
    access_token: String,
    pub(crate) token_type: String,
    pub(crate) expires_in: u32,
    pub(crate) scope: String,
}

/// What came back: status, challenge and body.
pub(crate) struct Answer {
    status: StatusCode,
    challenge: Option<String>,
    body: String,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status.as_u16())?;
        match &self.challenge {
            Some(challenge) => write!(f, " WWW-Authenticate: {challenge}"),
            None => write!(f, " {}", self.body),
        }
    }
}

impl Answer {
    async fn of(response: Response) -> Result<Self, Failed> {
        let challenge =
            response.headers().get("www-authenticate").map(|value| value.to_str().map(str::to_owned));
        Ok(Self {
            status: response.status(),
            challenge: challenge.transpose()?,
            body: response.text().await?,
        })
    }
}

impl PaymentService {
    /// Makes its key, of which the public half goes to the authorization server.
    pub(crate) fn new(issuer: &str) -> Result<(Self, PublicKey), Failed> {
        let (scheme, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, system_random());

        let pkcs8 = EcdsaKeyPair::generate_pkcs8(scheme, &random).map_err(|_| "no key could be made")?;
        let key =
            EcdsaKeyPair::from_pkcs8(scheme, pkcs8.as_ref(), &random).map_err(|_| "no key could be made")?;
        // An uncompressed point: 04 ‖ x ‖ y.
        let point = key.public_key().as_ref();
        let (x, y) = point.get(1..).and_then(|point| point.split_at_checked(32)).ok_or("no point")?;
        let (x, y) = (BASE64URL_NOPAD.encode(x), BASE64URL_NOPAD.encode(y));
        let public = PublicKey::from_jwk(&json!({"kty": "EC", "crv": "P-256", "x": x, "y": y}).to_string())?;
        let http = reqwest::Client::builder().no_proxy().build()?;
        Ok((Self { issuer: issuer.to_owned(), key, http }, public))
    }

    pub(crate) async fn token(&self, resource: &str, scope: &str) -> Result<Token, Failed> {
        let form = [("grant_type", "client_credentials"), ("resource", resource), ("scope", scope)];
        let response = self.ask("/oauth2/token", &form).await?;
        Ok(response.error_for_status()?.json().await?)
    }

    pub(crate) async fn revoke(&self, token: &Token) -> Result<StatusCode, Failed> {
        Ok(self.ask("/oauth2/revoke", &[("token", &token.access_token)]).await?.status())
    }

    pub(crate) async fn get(&self, url: &str, token: Option<&Token>) -> Result<Answer, Failed> {
        Answer::of(with_token(self.http.get(url), token).send().await?).await
    }

    pub(crate) async fn post(
        &self,
        url: &str,
        token: Option<&Token>,
        body: &Value,
    ) -> Result<Answer, Failed> {
        Answer::of(with_token(self.http.post(url), token).json(body).send().await?).await
    }

    /// Asks the authorization server, with an assertion that is good for this one request (RFC 7523 §2.2).
    async fn ask(&self, endpoint: &str, form: &[(&str, &str)]) -> Result<Response, Failed> {
        let assertion = self.assertion()?;
        let proof = [("client_assertion_type", ASSERTION_TYPE), ("client_assertion", &assertion)];
        let form: Vec<_> = form.iter().chain(&proof).collect();
        Ok(self.http.post(format!("{}{endpoint}", self.issuer)).form(&form).send().await?)
    }

    fn assertion(&self) -> Result<String, Failed> {
        let mut jti = [0; 16];
        SystemEntropy::new().fill(&mut jti)?;
        let now = SystemClock::new().now().as_unix();
        let header = json!({ "alg": "ES256", "typ": "client-authentication+jwt" });
        let jti = BASE64URL_NOPAD.encode(&jti);
        let claims =
            json!({ "iss": ID, "sub": ID, "aud": self.issuer, "jti": jti, "iat": now, "exp": now + 60 });
        let part = |value: Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let signed = format!("{}.{}", part(header), part(claims));
        let signature =
            self.key.sign(&system_random(), signed.as_bytes()).map_err(|_| "the key signs nothing")?;
        Ok(format!("{signed}.{}", BASE64URL_NOPAD.encode(signature.as_ref())))
    }
}

fn with_token(request: RequestBuilder, token: Option<&Token>) -> RequestBuilder {
    match token {
        Some(token) => request.bearer_auth(&token.access_token),
        None => request,
    }
}

/// ring's signature schemes take no other source.
#[allow(clippy::disallowed_methods)]
fn system_random() -> SystemRandom {
    SystemRandom::new()
}
