//! The rules for assertions (RFC 7523 §3, draft rfc7523bis §4): who says it, for whom, until when, and only once.

use std::time::Duration;

use crate::error::Reason;
use crate::jose::ReceivedClaims;
use crate::types::{Jti, Timestamp};

/// `exp` may lie at most this far ahead, which bounds what has to be remembered (T11).
const MAX_AHEAD: Duration = Duration::from_secs(3600);

/// What every assertion is judged by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AssertionRules<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) now: Timestamp,
    pub(crate) skew: Duration,
}

/// A client's own assertion: everything that can be said of it before its signature is looked at.
#[derive(Debug)]
pub(crate) struct SelfIssued<'a> {
    pub(crate) audience: &'a str,
    pub(crate) issued_at: Option<Timestamp>,
    pub(crate) expires_at: Timestamp,
    pub(crate) jti: &'a Jti,
}

impl AssertionRules<'_> {
    /// `iss` = `sub`, one `aud`, `exp` present and near, `jti` present (RFC 7523 §3, OIDC Core §9).
    pub(crate) fn self_issued<'a>(&self, claims: &'a ReceivedClaims) -> Result<SelfIssued<'a>, Reason> {
        let subject = claims.sub.as_ref().ok_or(Reason::JwtSubject)?;
        if claims.iss.as_ref() != Some(subject) {
            return Err(Reason::JwtIssuer);
        }
        let audience = claims.aud.as_deref().ok_or(Reason::JwtAudience)?;
        let expires_at = self.check_times(claims.exp, claims.nbf, claims.iat)?;
        let jti = claims.jti.as_ref().ok_or(Reason::JwtJti)?;
        Ok(SelfIssued { audience, issued_at: claims.iat, expires_at, jti })
    }

    fn check_times(
        &self,
        exp: Option<Timestamp>,
        nbf: Option<Timestamp>,
        iat: Option<Timestamp>,
    ) -> Result<Timestamp, Reason> {
        let exp = exp.ok_or(Reason::JwtExpiryMissing)?;
        if exp.plus(self.skew) <= self.now {
            return Err(Reason::JwtExpired);
        }
        if exp > self.now.plus(MAX_AHEAD).plus(self.skew) {
            return Err(Reason::JwtExpiryTooFar);
        }
        if nbf.into_iter().chain(iat).any(|moment| moment > self.now.plus(self.skew)) {
            return Err(Reason::JwtNotYetValid);
        }
        Ok(exp)
    }

    /// Until when a spent assertion is remembered: as long as it could be presented again, on any node.
    pub(crate) fn remembered_until(&self, expires_at: Timestamp) -> Timestamp {
        expires_at.plus(self.skew).plus(self.skew)
    }
}

/// Whether `typ` may be that of a client assertion: absent, `JWT` or `client-authentication+jwt`, in any case, with or
/// without `application/` (rfc7523bis §4; refusing untyped ones is NOT RECOMMENDED, other kinds are refused).
pub(crate) fn is_client_assertion_type(typ: Option<&str>) -> bool {
    let Some(typ) = typ else { return true };
    let typ = typ.to_ascii_lowercase();
    let typ = typ.strip_prefix("application/").unwrap_or(&typ);
    typ == "jwt" || typ == "client-authentication+jwt"
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_900_000_000;

    fn check(claims: &str) -> Option<Reason> {
        let now = Timestamp::from_unix(NOW).expect("in range");
        let rules = AssertionRules { issuer: "https://as.example", now, skew: Duration::from_secs(10) };
        ReceivedClaims::parse(claims.as_bytes()).and_then(|claims| rules.self_issued(&claims).map(drop)).err()
    }

    fn claims(exp: i64, further: &str) -> String {
        format!(r#"{{"iss":"c","sub":"c","aud":"x","jti":"1","exp":{exp}{further}}}"#)
    }

    #[test]
    fn rfc7523_s3_4_exp_within_skew_and_one_hour() {
        assert_eq!(check(&claims(NOW - 9, "")), None, "10 s of skew");
        assert_eq!(check(&claims(NOW - 10, "")), Some(Reason::JwtExpired));
        assert_eq!(check(&claims(NOW + 3610, "")), None);
        assert_eq!(check(&claims(NOW + 3611, "")), Some(Reason::JwtExpiryTooFar));
        assert_eq!(check(r#"{"iss":"c","sub":"c","aud":"x","jti":"1"}"#), Some(Reason::JwtExpiryMissing));
    }

    #[test]
    fn rfc7523_s3_5_s3_6_nbf_and_iat_ahead() {
        for name in ["nbf", "iat"] {
            assert_eq!(
                check(&claims(NOW + 60, &format!(r#","{name}":{}"#, NOW + 10))),
                None,
                "FAPI 2.0: up to 10 s"
            );
            let ahead = format!(r#","{name}":{}"#, NOW + 11);
            assert_eq!(check(&claims(NOW + 60, &ahead)), Some(Reason::JwtNotYetValid));
            assert_eq!(check(&claims(NOW + 60, &format!(r#","{name}":0"#))), None);
        }
    }

    #[test]
    fn t03_typ() {
        for good in [
            None,
            Some("JWT"),
            Some("jwt"),
            Some("application/JWT"),
            Some("client-authentication+jwt"),
            Some("Application/Client-Authentication+JWT"),
        ] {
            assert!(is_client_assertion_type(good), "{good:?}");
        }
        for bad in [
            "at+jwt",
            "dpop+jwt",
            "token-introspection+jwt",
            "",
            "application/",
            "application/application/jwt",
            "JOSE",
        ] {
            assert!(!is_client_assertion_type(Some(bad)), "{bad}");
        }
    }
}
