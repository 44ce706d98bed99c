//! Answers, as a client reads them.

use grantor::http::Response;
use serde_json::Value;

#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn of(response: Response) -> Self {
        let headers = response.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self { status: response.status(), headers, body: response.into_body().into_owned() }
    }

    /// The value of a header that must not be repeated.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(own, _)| own == name).map(|(_, value)| value.as_str());
        let first = values.next();
        assert!(values.next().is_none(), "{name} comes twice");
        first
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub fn access_token(&self) -> String {
        self.json()["access_token"].as_str().unwrap().to_owned()
    }
}

/// Holds a refusal to all that RFC 6749 §5.2 says of every one of them.
#[track_caller]
pub fn refused(answer: &Answer, status: u16, error: &str) {
    let text = answer.text();
    assert_eq!(answer.status, status, "{text}");
    let json = answer.json();
    assert_eq!(json["error"], error, "{text}");
    let members: Vec<_> = json.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, ["error", "error_description"]);
    for value in json.as_object().unwrap().values() {
        let ok = |byte: u8| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        assert!(value.as_str().unwrap().bytes().all(ok), "{text}");
    }
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("pragma"), Some("no-cache"));
    assert_eq!(answer.header("retry-after").is_some(), matches!(status, 429 | 503));
    assert_eq!(answer.header("www-authenticate").is_some(), status == 401);
    assert_eq!(answer.header("allow").is_some(), status == 405);
}
