//! The registered claims of a received JWT (RFC 7519 §4.1), each with its exact type.

use std::borrow::Cow;

use super::json::{Json, Members};
use crate::error::Reason;
use crate::types::{ClientId, InvalidValue, Jti, Scope, Timestamp};

/// Claims as they stand in the token. What is absent is `None`; a wrong type is an error (T27).
#[derive(Debug, Default)]
pub(crate) struct ReceivedClaims {
    pub(crate) iss: Option<String>,
    pub(crate) sub: Option<String>,
    /// All audiences; none where the claim is absent. How many there may be is judged by whoever takes the assertion.
    pub(crate) aud: Vec<String>,
    pub(crate) exp: Option<Timestamp>,
    pub(crate) nbf: Option<Timestamp>,
    pub(crate) iat: Option<Timestamp>,
    pub(crate) jti: Option<Jti>,
}

impl ReceivedClaims {
    pub(crate) fn parse(payload: &[u8]) -> Result<Self, Reason> {
        let mut claims = Self::default();
        for (name, value) in Members::parse(payload).ok_or(Reason::JwtMalformed)? {
            match &*name {
                "iss" => claims.iss = Some(own_text(value)?.into_owned()),
                "sub" => claims.sub = Some(own_text(value)?.into_owned()),
                "aud" => claims.aud = audiences(value)?,
                "exp" => claims.exp = Some(numeric_date(&value)?),
                "nbf" => claims.nbf = Some(numeric_date(&value)?),
                "iat" => claims.iat = Some(numeric_date(&value)?),
                "jti" => claims.jti = Some(jti(value)?),
                _ => {}
            }
        }
        Ok(claims)
    }
}

/// The claims beside the registered ones, for whoever has to know what they say.
pub(crate) struct FurtherClaims<'a>(Members<'a>);

impl<'a> FurtherClaims<'a> {
    pub(crate) fn parse(payload: &'a [u8]) -> Result<Self, Reason> {
        Members::parse(payload).map(Self).ok_or(Reason::JwtMalformed)
    }

    /// What the claim of this name says, or the one that a JSON Pointer of objects leads to (RFC 6901 §4): text as it is, `true`,
    /// `false` and whole numbers as they are written. `None` for what says nothing.
    pub(crate) fn said(&self, name: &str) -> Option<Cow<'_, str>> {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        match self.find(name)? {
            Json::Text(text) => Some(Cow::Borrowed(text)),
            Json::Bool(value) => Some(Cow::Borrowed(if *value { "true" } else { "false" })),
            Json::Number(number) if number.fract() == 0.0 && number.abs() < EXACT => {
                Some(format!("{number:.0}").into())
            }
            Json::Null | Json::Number(_) | Json::Array(_) | Json::Object(_) => None,
        }
    }

    fn find(&self, name: &str) -> Option<&Json<'a>> {
        let Some(pointer) = name.strip_prefix('/') else { return self.0.get(name) };
        let mut steps = pointer.split('/').map(|step| step.replace("~1", "/").replace("~0", "~"));
        let first = self.0.get(&steps.next()?)?;
        steps.try_fold(
            first,
            |value, step| if let Json::Object(members) = value { members.get(&step) } else { None },
        )
    }

    /// The `scope` (RFC 8693 §4.2).
    pub(crate) fn scope(&self) -> Result<Option<Scope>, Reason> {
        let scope = self.0.text("scope").map_err(|_| Reason::JwtClaimType)?;
        scope.map(Scope::parse).transpose().map_err(|_| Reason::ScopeMalformed)
    }
}

/// The claims of an access token (RFC 9068 §2.2). What is absent is `None`; a wrong type is an error (T27).
#[derive(Debug, Default)]
pub(crate) struct AccessTokenClaims<'a> {
    pub(crate) iss: Option<Cow<'a, str>>,
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
    /// Whether there are any that are not here as they came: `cnf`, or one beside these.
    pub(crate) has_further: bool,
}

impl<'a> AccessTokenClaims<'a> {
    /// In one pass: this is done for every check of a token.
    pub(crate) fn parse(payload: &'a [u8]) -> Result<Self, Reason> {
        let mut claims = Self::default();
        for (name, value) in Members::parse(payload).ok_or(Reason::JwtMalformed)? {
            match &*name {
                "iss" => claims.iss = Some(own_text(value)?),
                "sub" => claims.sub = Some(own_text(value)?.into_owned()),
                "aud" => claims.aud = audiences(value)?,
                "client_id" => claims.client_id = Some(read(value, |text| ClientId::new(text))?),
                "scope" => claims.scope = Some(read(value, Scope::parse)?),
                "exp" => claims.exp = Some(numeric_date(&value)?),
                "nbf" => claims.nbf = Some(numeric_date(&value)?),
                "iat" => claims.iat = Some(numeric_date(&value)?),
                "jti" => claims.jti = Some(jti(value)?),
                "grantor_epoch" => claims.epoch = epoch(&value)?,
                "cnf" => (claims.is_bound, claims.has_further) = (true, true),
                _ => claims.has_further = true,
            }
        }
        Ok(claims)
    }
}

fn own_text(value: Json<'_>) -> Result<Cow<'_, str>, Reason> {
    if let Json::Text(text) = value { Ok(text) } else { Err(Reason::JwtClaimType) }
}

fn read<T>(value: Json<'_>, parse: impl FnOnce(&str) -> Result<T, InvalidValue>) -> Result<T, Reason> {
    parse(&own_text(value)?).map_err(|_| Reason::JwtClaimType)
}

fn jti(value: Json<'_>) -> Result<Jti, Reason> {
    Jti::new(own_text(value)?).map_err(|_| Reason::JwtJti)
}

fn audiences(value: Json<'_>) -> Result<Vec<String>, Reason> {
    let one = |value| own_text(value).map(Cow::into_owned);
    match value {
        Json::Array(values) => values.into_iter().map(one).collect(),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Text(_) | Json::Object(_) => {
            Ok(vec![one(value)?])
        }
    }
}

/// A whole number up to where a float is exact; beyond that no two can be told apart, and none is taken.
fn epoch(value: &Json<'_>) -> Result<u64, Reason> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let Json::Number(epoch) = value else { return Err(Reason::JwtClaimType) };
    if !(0.0..EXACT).contains(epoch) || epoch.fract() != 0.0 {
        return Err(Reason::JwtClaimType);
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // in range and whole
    Ok(*epoch as u64)
}

/// NumericDate (RFC 7519 §2): a number, may be fractional, from 1970 to the year 9999 (T26).
fn numeric_date(value: &Json<'_>) -> Result<Timestamp, Reason> {
    let Json::Number(seconds) = value else { return Err(Reason::JwtClaimType) };
    #[allow(clippy::cast_precision_loss)]
    let range = 0.0..Timestamp::MAX.as_unix() as f64;
    if !range.contains(seconds) {
        return Err(Reason::JwtClaimType);
    }
    #[allow(clippy::cast_possible_truncation)] // in range: the fraction goes, and nothing else
    let whole = *seconds as i64;
    Timestamp::from_unix(whole).map_err(|_| Reason::JwtClaimType)
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
        for (aud, told) in
            [(r#""a""#, vec!["a"]), (r#"["a"]"#, vec!["a"]), (r#"["a","b"]"#, vec!["a", "b"]), ("[]", vec![])]
        {
            assert_eq!(parse(&format!(r#"{{"aud":{aud}}}"#)).expect("claims").aud, told);
        }
        for bad in ["[1]", "1", "{}", "null", r#"[["a"]]"#, r#"["a",null]"#] {
            assert_eq!(parse(&format!(r#"{{"aud":{bad}}}"#)).err(), Some(Reason::JwtClaimType), "{bad}");
        }
    }

    #[test]
    fn t27_a_further_claim_says_only_what_can_be_compared() {
        let json = br#"{"a":"x","b":true,"c":7,"d":1.5,"e":null,"f":["x"],"g":{"h/i":{"~":"deep"}},"":"none","n":-3}"#;
        let claims = FurtherClaims::parse(json).expect("claims");
        for (name, said) in [
            ("a", "x"),
            ("b", "true"),
            ("c", "7"),
            ("n", "-3"),
            ("/g/h~1i/~0", "deep"),
            ("/a", "x"),
            ("/", "none"),
        ] {
            assert_eq!(claims.said(name).as_deref(), Some(said), "{name}");
        }
        for silent in ["d", "e", "f", "g", "/f/0", "/g/h", "/a/x", "x", "", "g/h~1i"] {
            let empty = silent.is_empty();
            assert_eq!(claims.said(silent).is_some(), empty, "{silent}");
        }
    }

    #[test]
    fn t07_t11_jti_is_text_of_bounded_length() {
        for bad in [r#""""#, &format!(r#""{}""#, "j".repeat(257)), r#""a\u0000""#] {
            assert_eq!(parse(&format!(r#"{{"jti":{bad}}}"#)).err(), Some(Reason::JwtJti), "{bad}");
        }
    }
}
