//! The registered claims of a received JWT (RFC 7519 §4.1), each with its exact type.

use super::json::{Json, Members};
use crate::error::Reason;
use crate::types::{ClientId, Jti, Scope, Timestamp};

/// Claims as they stand in the token. What is absent is `None`; a wrong type is an error (T27).
#[derive(Debug)]
pub(crate) struct ReceivedClaims {
    pub(crate) iss: Option<String>,
    pub(crate) sub: Option<String>,
    /// The one audience, as a string or as an array of one. Two or none are an error (T02).
    pub(crate) aud: Option<String>,
    pub(crate) exp: Option<Timestamp>,
    pub(crate) nbf: Option<Timestamp>,
    pub(crate) iat: Option<Timestamp>,
    pub(crate) jti: Option<Jti>,
}

impl ReceivedClaims {
    pub(crate) fn parse(payload: &[u8]) -> Result<Self, Reason> {
        let members = Members::parse(payload).ok_or(Reason::JwtMalformed)?;
        Ok(Self {
            iss: text(&members, "iss")?,
            sub: text(&members, "sub")?,
            aud: audience(members.get("aud"))?,
            exp: numeric_date(members.get("exp"))?,
            nbf: numeric_date(members.get("nbf"))?,
            iat: numeric_date(members.get("iat"))?,
            jti: jti(&members)?,
        })
    }
}

/// The claims of an access token (RFC 9068 §2.2). What is absent is `None`; a wrong type is an error (T27).
#[derive(Debug)]
pub(crate) struct AccessTokenClaims {
    pub(crate) iss: Option<String>,
    pub(crate) sub: Option<String>,
    /// All audiences; none where the claim is absent.
    pub(crate) aud: Vec<String>,
    pub(crate) client_id: Option<ClientId>,
    pub(crate) scope: Option<Scope>,
    pub(crate) exp: Option<Timestamp>,
    pub(crate) nbf: Option<Timestamp>,
    pub(crate) iat: Option<Timestamp>,
    pub(crate) jti: Option<Jti>,
    /// Ours; 0 where it is left out.
    pub(crate) epoch: u64,
    /// Whether there is a `cnf`: it works only together with a key (RFC 7800).
    pub(crate) is_bound: bool,
}

impl AccessTokenClaims {
    pub(crate) fn parse(payload: &[u8]) -> Result<Self, Reason> {
        let members = Members::parse(payload).ok_or(Reason::JwtMalformed)?;
        let client_id = text(&members, "client_id")?.map(ClientId::new).transpose();
        let scope = members.text("scope").map_err(|_| Reason::JwtClaimType)?.map(Scope::parse).transpose();
        Ok(Self {
            iss: text(&members, "iss")?,
            sub: text(&members, "sub")?,
            aud: audiences(members.get("aud"))?,
            client_id: client_id.map_err(|_| Reason::JwtClaimType)?,
            scope: scope.map_err(|_| Reason::JwtClaimType)?,
            exp: numeric_date(members.get("exp"))?,
            nbf: numeric_date(members.get("nbf"))?,
            iat: numeric_date(members.get("iat"))?,
            jti: jti(&members)?,
            epoch: epoch(members.get("grantor_epoch"))?,
            is_bound: members.get("cnf").is_some(),
        })
    }
}

fn text(members: &Members<'_>, name: &str) -> Result<Option<String>, Reason> {
    members.text(name).map(|text| text.map(str::to_owned)).map_err(|_| Reason::JwtClaimType)
}

fn jti(members: &Members<'_>) -> Result<Option<Jti>, Reason> {
    let jti = members.text("jti").map_err(|_| Reason::JwtClaimType)?;
    jti.map(Jti::new).transpose().map_err(|_| Reason::JwtJti)
}

fn audiences(value: Option<&Json<'_>>) -> Result<Vec<String>, Reason> {
    let one = |value: &Json<'_>| match value {
        Json::Text(text) => Ok(text.clone().into_owned()),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => {
            Err(Reason::JwtClaimType)
        }
    };
    match value {
        None => Ok(Vec::new()),
        Some(Json::Array(values)) => values.iter().map(one).collect(),
        Some(value) => Ok(vec![one(value)?]),
    }
}

/// A whole number up to where a float is exact; beyond that no two can be told apart, and none is taken.
fn epoch(value: Option<&Json<'_>>) -> Result<u64, Reason> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match value {
        None => Ok(0),
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // in range and whole
        Some(Json::Number(epoch)) if (0.0..EXACT).contains(epoch) && epoch.fract() == 0.0 => {
            Ok(*epoch as u64)
        }
        Some(_) => Err(Reason::JwtClaimType),
    }
}

fn audience(value: Option<&Json<'_>>) -> Result<Option<String>, Reason> {
    match value {
        None => Ok(None),
        Some(Json::Text(text)) => Ok(Some(text.clone().into_owned())),
        Some(Json::Array(values)) => match values.as_slice() {
            [Json::Text(text)] => Ok(Some(text.clone().into_owned())),
            [] | [..] => Err(Reason::JwtAudience),
        },
        Some(_) => Err(Reason::JwtClaimType),
    }
}

/// NumericDate (RFC 7519 §2): a number, may be fractional, from 1970 to the year 9999 (T26).
fn numeric_date(value: Option<&Json<'_>>) -> Result<Option<Timestamp>, Reason> {
    match value {
        None => Ok(None),
        Some(Json::Number(seconds)) => {
            #[allow(clippy::cast_precision_loss)]
            let range = 0.0..Timestamp::MAX.as_unix() as f64;
            if !range.contains(seconds) {
                return Err(Reason::JwtClaimType);
            }
            #[allow(clippy::cast_possible_truncation)] // in range: the fraction goes, and nothing else
            let whole = *seconds as i64;
            Timestamp::from_unix(whole).map(Some).map_err(|_| Reason::JwtClaimType)
        }
        Some(_) => Err(Reason::JwtClaimType),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(claims: &str) -> Result<ReceivedClaims, Reason> {
        ReceivedClaims::parse(claims.as_bytes())
    }

    #[test]
    fn t26_times_are_numbers_from_1970_to_9999() {
        for bad in [
            "1e308",
            "-1e308",
            "1e19",
            "18446744073709551616",
            "9223372036854775808",
            "-1",
            "-0.5",
            "253402300800",
            "1e999",
        ] {
            for name in ["exp", "nbf", "iat"] {
                assert!(parse(&format!(r#"{{"{name}":{bad}}}"#)).is_err(), "{name} {bad}");
            }
        }
        let claims = parse(r#"{"exp":1900000058.75,"iat":0}"#).expect("claims");
        assert_eq!(claims.exp.expect("exp").as_unix(), 1_900_000_058);
        assert_eq!(claims.iat.expect("iat").as_unix(), 0);
    }

    #[test]
    fn t27_a_wrong_type_is_not_an_absent_claim() {
        for bad in [r#""x""#, "null", "true", "[]", "{}", r#""4102444800""#] {
            for name in ["exp", "nbf", "iat"] {
                assert_eq!(
                    parse(&format!(r#"{{"{name}":{bad}}}"#)).err(),
                    Some(Reason::JwtClaimType),
                    "{name} {bad}"
                );
            }
        }
        for bad in ["1", "null", "true", "[]", "{}"] {
            for name in ["iss", "sub", "jti"] {
                assert_eq!(
                    parse(&format!(r#"{{"{name}":{bad}}}"#)).err(),
                    Some(Reason::JwtClaimType),
                    "{name} {bad}"
                );
            }
        }
    }

    #[test]
    fn t02_one_audience() {
        assert_eq!(parse(r#"{"aud":"a"}"#).expect("claims").aud.as_deref(), Some("a"));
        assert_eq!(parse(r#"{"aud":["a"]}"#).expect("claims").aud.as_deref(), Some("a"));
        for bad in [r#"["a","b"]"#, r#"["a","a"]"#, "[]", "[1]", "1", "{}", "null", r#"[["a"]]"#] {
            assert!(parse(&format!(r#"{{"aud":{bad}}}"#)).is_err(), "{bad}");
        }
    }

    #[test]
    fn t07_t11_jti_is_text_of_bounded_length() {
        for bad in [r#""""#, &format!(r#""{}""#, "j".repeat(257)), r#""a\u0000""#] {
            assert_eq!(parse(&format!(r#"{{"jti":{bad}}}"#)).err(), Some(Reason::JwtJti), "{bad}");
        }
    }
}
