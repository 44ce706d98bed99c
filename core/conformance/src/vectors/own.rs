//! The client assertions that were made for this project, as vectors: each has a server to itself.

use std::collections::BTreeMap;

use grantor::store::AuthMethod;
use serde::Deserialize;
use serde_json::Value;

use super::document::{
    Bounds, DeclaredResource, Expected, File, Format, RegisteredClient, Step, Vector, World,
};

/// Where a specification leaves it open: this is how Grantor decides.
const DECIDED: [(&str, Verdict); 4] = [
    ("S011", Verdict::Accept), // `aud` is an array of the issuer alone: RFC 7519 §4.1.3 knows no difference from the text.
    ("S036", Verdict::Reject), // `iat` 1e308 is no time: 1970 to 9999 (T26).
    ("S037", Verdict::Reject), // `iat` -1e308: the same.
    ("S076", Verdict::Reject), // `crit` must not be empty (RFC 7515 §4.1.11), and is refused whatever it names (T22).
];
/// More than this no request may have, and it is not looked at.
const MOST: usize = 64 * 1024;

#[derive(Deserialize)]
struct Own {
    issuer: String,
    now: i64,
    clients: BTreeMap<String, OwnClient>,
    tests: Vec<Test>,
}

#[derive(Deserialize)]
struct OwnClient {
    alg: String,
    secret: Option<String>,
    jwks: Option<Jwks>,
}

#[derive(Deserialize)]
struct Jwks {
    keys: [Value; 1],
}

#[derive(Deserialize)]
struct Test {
    id: String,
    assertion: String,
    expect: Verdict,
    why: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Accept,
    Reject,
    Either,
}

pub(super) fn read(name: &str, text: &str) -> Result<File, String> {
    let own: Own = serde_json::from_str(text).map_err(|error| format!("{name}: {error}"))?;
    let world = World {
        issuer: own.issuer,
        now: own.now,
        resources: vec![DeclaredResource {
            uri: "https://api.example.com".to_owned(),
            scopes: vec!["read".to_owned()],
            format: Format::Jwt,
        }],
        default_resource: None,
        clients: own.clients.into_iter().map(|(id, client)| client.registered(id)).collect(),
        issuers: Vec::new(),
        limits: Bounds::default(),
        compatibility: Vec::new(),
    };
    let vectors = own.tests.into_iter().map(Test::vector).collect::<Result<_, _>>()?;
    Ok(File { world, vectors })
}

impl OwnClient {
    fn registered(self, id: String) -> RegisteredClient {
        let (method, alg) = match self.secret {
            Some(_) => (AuthMethod::CLIENT_SECRET_JWT, Some(self.alg)),
            None => (AuthMethod::PRIVATE_KEY_JWT, None),
        };
        RegisteredClient {
            id,
            method,
            secret: self.secret,
            alg,
            jwk: self.jwks.map(|Jwks { keys: [key] }| key.to_string()),
            scope: Some("read".to_owned()),
            default_scope: None,
            resources: None,
            grant_types: None,
            enabled: None,
            serves: Vec::new(),
            introspector: false,
        }
    }
}

impl Test {
    fn vector(self) -> Result<Vector, String> {
        let decided = DECIDED.iter().find(|(id, _)| *id == self.id).map(|(_, verdict)| *verdict);
        let answer = match (self.expect, decided) {
            (Verdict::Accept, None) | (Verdict::Either, Some(Verdict::Accept)) => "issued",
            (Verdict::Reject, None) if self.assertion.len() > MOST => "too_large",
            (Verdict::Reject, None) | (Verdict::Either, Some(Verdict::Reject)) => "invalid_client",
            _ => return Err(format!("{}: decided where it was, or not where it was left open", self.id)),
        };
        let step = Step {
            after: 0,
            request: "POST /oauth2/token".to_owned(),
            headers: Vec::new(),
            form: Some(format!(
                "grant_type=client_credentials&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3A\
                 client-assertion-type%3Ajwt-bearer&client_assertion={}",
                encoded(&self.assertion)
            )),
            body: None,
            answer: Expected::Named(answer.to_owned()),
            shows: BTreeMap::from([("scope".to_owned(), "read".to_owned())]),
        };
        let name = format!("{}: {}", self.id, self.why);
        Ok(Vector { name, away: None, limited: None, steps: vec![step] })
    }
}

/// As a value of a form.
fn encoded(text: &str) -> String {
    let form = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(form).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_assertion_is_a_vector_and_none_changes_sides() {
        let (name, text) = ("client-assertions.json", include_str!("../../vectors/client-assertions.json"));
        let own: Own = serde_json::from_str(text).expect("JSON");
        let verdicts = |wanted| own.tests.iter().filter(|test| test.expect == wanted).count();
        assert_eq!([Verdict::Accept, Verdict::Reject, Verdict::Either].map(verdicts), [10, 50, 4]);
        assert!(own.tests.iter().all(|test| test.id.starts_with("S0")), "all are asked for by that name");
        let file = read(name, text).expect("read");
        let answers = |answer| {
            let with = |step: &&Step| matches!(&step.answer, Expected::Named(name) if name == answer);
            file.vectors.iter().flat_map(|vector| &vector.steps).filter(with).count()
        };
        assert_eq!(["issued", "invalid_client", "too_large"].map(answers), [11, 52, 1]);
        assert_eq!(file.vectors.len(), 64);
    }
}
