//! One request and its answer, and waiting for what will come.

use std::time::Duration;

use oauth2::reqwest::{Client, header};
use tokio::time::{Instant, interval};

use crate::program::between;

/// Every answer comes within this time, whatever the store does. The adapters promise 10 s.
const ANSWERED_WITHIN: Duration = Duration::from_secs(12);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<String>,
    pub(crate) body: String,
}

/// What the token endpoint answers to an assertion.
pub(crate) async fn sent(http: &Client, url: &str, assertion: &str) -> Answer {
    posted(http, url, assertion, &[("grant_type", "client_credentials")]).await
}

/// What an endpoint answers to these parameters and an assertion.
pub(crate) async fn posted(http: &Client, url: &str, assertion: &str, more: &[(&str, &str)]) -> Answer {
    let own = [
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", assertion),
    ];
    let form = [&own[..], more].concat();
    let answer = http.post(url).timeout(ANSWERED_WITHIN).form(&form).send().await.expect("an answer in time");
    let retry_after = answer.headers().get(header::RETRY_AFTER);
    let retry_after = retry_after.map(|value| value.to_str().expect("text").to_owned());
    let status = answer.status().as_u16();
    Answer { status, retry_after, body: answer.text().await.expect("the whole answer in time") }
}

impl Answer {
    /// One of those that there may be, each with its fixed body: a token, what is said of one, a refusal, or an outage.
    pub(crate) fn check(&self) -> u16 {
        let wait = self.retry_after.as_deref().map(|seconds| seconds.parse::<u32>().expect("seconds"));
        let fixed = match (self.status, wait) {
            (200, None) => self.body.starts_with("{\"access_token\":\"") || self.is_about_a_token(),
            (401, None) => self.body == REFUSED,
            (503, Some(1..)) => self.body == AWAY,
            _ => false,
        };
        assert!(fixed, "{self:?}");
        self.status
    }
}

impl Answer {
    /// Revoked, inactive or active.
    fn is_about_a_token(&self) -> bool {
        self.body.is_empty() || self.body == INACTIVE || self.body.starts_with("{\"active\":true,")
    }

    /// The token in it.
    pub(crate) fn token(&self) -> String {
        assert_eq!(self.check(), 200);
        between(&self.body, "{\"access_token\":\"", "\"").to_owned()
    }
}

pub(crate) const INACTIVE: &str = r#"{"active":false}"#;
const REFUSED: &str = r#"{"error":"invalid_client","error_description":"Client authentication failed."}"#;
const AWAY: &str = r#"{"error":"temporarily_unavailable","error_description":"The server cannot answer now. Try again later."}"#;

/// Asks again and again until it is so, for a time at the most. How long it took.
pub(crate) async fn until(within: Duration, what: &str, mut is_so: impl AsyncFnMut() -> bool) -> Duration {
    let (begun, mut beat) = (Instant::now(), interval(Duration::from_millis(10)));
    loop {
        beat.tick().await;
        if is_so().await {
            return begun.elapsed();
        }
        assert!(begun.elapsed() < within, "not within {within:?}: {what}");
    }
}
