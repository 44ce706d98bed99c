//! What the introspection endpoint says (RFC 7662 §2.2, RFC 9701 §5): one decision, then one serializer for both forms.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::claim::Claimed;
use crate::error::{Fault, Step, uncached, unkept};
use crate::http::{Request, Response};
use crate::token::AccessToken;
use crate::types::{ClientId, Issuer, Timestamp};

/// The media type of an answer as JWT, and its `typ` without `application/` (RFC 9701 §4, §5).
const JWT: &str = "application/token-introspection+jwt";
const TYP: &str = "token-introspection+jwt";

/// What is said of a token. Of one that is not active, or not for the caller, nothing else (§2.2, T71, T72).
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Introspection<'a> {
    Active(Box<Active<'a>>),
    Inactive { active: bool },
}

/// RFC 7662 §2.2.
#[derive(Serialize)]
pub(crate) struct Active<'a> {
    active: bool,
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    client_id: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    scope: &'a str,
    token_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    iat: Option<i64>,
    exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<&'a str>,
    #[serde(flatten)]
    further: Map<String, Value>,
}

/// RFC 9701 §5. No `sub` and no `exp` at the top, so that it cannot pass for an access token (§8.1).
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    iat: i64,
    token_introspection: &'a Introspection<'a>,
}

impl<'a> Introspection<'a> {
    pub(crate) const INACTIVE: Self = Self::Inactive { active: false };

    pub(crate) fn active(token: &'a AccessToken) -> Self {
        let further = token.further();
        let is_dpop = further.get("cnf").is_some_and(|key| key.get("jkt").is_some());
        Self::Active(Box::new(Active {
            active: true,
            iss: token.issuer(),
            sub: token.subject(),
            aud: token.audience().next().unwrap_or_default(),
            client_id: token.client_id().as_str(),
            scope: token.scope().as_str(),
            // RFC 9449 §6.2: whoever takes it has to know that it is worth nothing without its key.
            token_type: if is_dpop { "DPoP" } else { "Bearer" },
            iat: token.issued_at().map(Timestamp::as_unix),
            exp: token.expires_at().as_unix(),
            jti: token.jti().map(|jti| jti.as_str()),
            further,
        }))
    }

    /// The answer as JSON. `_claimed` shows that the caller's proof was spent by this request.
    pub(crate) fn to_json(&self, _claimed: Claimed) -> Step<Response> {
        let body = serde_json::to_vec(self).map_err(Fault::internal)?;
        Ok(uncached(Response::new(200, body)))
    }

    /// The answer as a JWT for `caller`, made by `sign` from a `typ` and a payload.
    pub(crate) async fn to_jwt(
        &self,
        _claimed: Claimed,
        (issuer, caller, now): (&Issuer, &ClientId, Timestamp),
        sign: impl AsyncFnOnce(&str, &[u8]) -> Step<String>,
    ) -> Step<Response> {
        let claims = Claims {
            iss: issuer.as_str(),
            aud: caller.as_str(),
            iat: now.as_unix(),
            token_introspection: self,
        };
        let jwt = sign(TYP, &serde_json::to_vec(&claims).map_err(Fault::internal)?).await?;
        Ok(unkept(Response::new(200, jwt.into_bytes()).header("content-type", JWT)))
    }
}

/// Whether the caller asks for a JWT: it names that type and likes JSON no better (RFC 9701 §4, RFC 9110 §12.5.1).
pub(crate) fn wants_jwt(request: &Request) -> bool {
    let ranges = || {
        let values = request.header("accept").filter_map(|value| std::str::from_utf8(value).ok());
        values.flat_map(|value| value.split(','))
    };
    let quality = |wanted: &str| {
        let of = |range: &str| {
            let mut parts = range.split(';').map(str::trim);
            let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(wanted));
            let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
            named.then(|| weight.map_or(1.0, |weight| weight.parse::<f32>().unwrap_or(0.0)))
        };
        ranges()
            .filter_map(of)
            .fold(None, |best: Option<f32>, own| Some(best.map_or(own, |best| best.max(own))))
    };
    let (jwt, json) = (quality(JWT), quality("application/json"));
    jwt.is_some_and(|jwt| jwt > 0.0 && json.is_none_or(|json| jwt >= json))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc9701_s4_asked_for_by_accept() {
        let wants = |values: &[&str]| {
            let request = Request::builder("POST", "/");
            wants_jwt(&values.iter().fold(request, |request, value| request.header("Accept", value)).build())
        };
        for yes in [
            vec![JWT],
            vec!["Application/Token-Introspection+JWT"],
            vec!["application/json", JWT],
            vec!["application/json;q=0.5, application/token-introspection+jwt;q=0.5"],
            vec!["*/*, application/token-introspection+jwt ; q=0.1"],
        ] {
            assert!(wants(&yes), "{yes:?}");
        }
        for no in [
            vec![],
            vec!["*/*"],
            vec!["application/*"],
            vec!["application/json"],
            vec!["application/token-introspection+jwt;q=0"],
            vec!["application/token-introspection+jwt;q=0.4, application/json"],
            vec!["application/token-introspection+jwt;q=x"],
            vec!["application/jwt"],
        ] {
            assert!(!wants(&no), "{no:?}");
        }
    }
}
